/* What looks like patient data is not stored: the server sends, for each field, the passages and what it asks about
   them. They are shown below the field, to change the text or to say why it is not patient data. Fetched when it is
   needed first. Without scripts the card comes back as a page with the same in it. */

const ASIDE = ["input", "change", "focusout"]; // what happens in a warning is no change of the answer

/* `card` is the one of autosave.js, `reply` the server's 428: {held: {field: html}, line: html}. The text stays on the
   page; what is said of a passage becomes a hidden field of the form, which every later save sends along. */
export function hold(card, { held, line }) {
  card.held = card.pending.text;
  if (!card.release) begin(card);
  card.pending = null;
  card.stopped = true;
  card.problems({});
  card.line.replaceChildren(parsed(line));
  for (const field of card.form.querySelectorAll("textarea, input[type=text]")) show(card, field, held[field.name] ?? "");
}

/* The first time in this card. */
function begin(card) {
  card.release = () => release(card);
  card.form.addEventListener("input", () => card.text() === card.sent && card.release());
}

/* It was saved, or put back as it was. */
function release(card) {
  card.held = null;
  for (const place of card.form.querySelectorAll("[data-held-place]")) place.remove();
  if (card.says("held")) card.line.replaceChildren(...card.known.cloneNode(true).childNodes);
}

function show(card, field, html) {
  const shown = field.parentElement.querySelector("[data-held-place]");
  if (html === (shown?.html ?? "")) return; // stays as it is, with what was chosen in it
  const place = document.createElement("div");
  place.dataset.heldPlace = field.name;
  place.html = html;
  place.append(parsed(html));
  const before = new Map(boxesIn(shown).map((box) => [box.dataset.held, reasonOf(box).value]));
  for (const box of boxesIn(place)) enliven(card, field, box, before.get(box.dataset.held) ?? "");
  shown?.remove();
  if (html) field.after(place);
}

function enliven(card, field, box, chosen) {
  for (const event of ASIDE) box.addEventListener(event, (happened) => happened.stopPropagation());
  const reason = reasonOf(box);
  reason.name = ""; // the card sends what was agreed to, not what is being chosen
  reason.value = chosen;
  reason.addEventListener("change", () => complain(box, false));
  const change = box.querySelector("[data-held-change]");
  change.hidden = false;
  change.addEventListener("click", () => select(field, box));
  box.querySelector("[data-held-keep]").addEventListener("click", (event) => {
    event.preventDefault();
    complain(box, !reason.value);
    if (!reason.value) return reason.focus();
    keep(card.form, box.dataset.held, reason.value);
    return card.again();
  });
}

/* Once for each passage, with the reason that was chosen last. */
function keep(form, digest, reason) {
  form.querySelector(`input[data-kept="${digest}"]`)?.remove();
  const said = document.createElement("input");
  Object.assign(said, { type: "hidden", name: "kept", value: reason });
  said.dataset.kept = digest;
  form.append(said);
}

function complain(box, wrong) {
  box.querySelector("[data-held-problem]").hidden = !wrong;
  if (wrong) reasonOf(box).setAttribute("aria-invalid", "true");
  else reasonOf(box).removeAttribute("aria-invalid");
}

/* Goes to the passage in its field. */
function select(field, box) {
  const text = box.querySelector("[data-held-text]").textContent;
  const start = field.value.indexOf(text);
  field.focus();
  if (start >= 0) field.setSelectionRange(start, start + text.length);
}

const parsed = (html) => document.createRange().createContextualFragment(html);
const boxesIn = (part) => [...(part?.querySelectorAll("[data-held]") ?? [])];
const reasonOf = (box) => box.querySelector("select");
