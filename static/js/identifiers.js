/* What looks like patient data is not stored: the server sends, for each field, the passages and what it asks about
   them. They are shown below the field, to change the text or to say why it is not patient data. Fetched when it is
   needed first. Without scripts the card comes back as a page with the same in it. */

const ASIDE = ["input", "change", "focusout"]; // what happens in a warning is no change of the answer

/* `card` is the one of autosave.js, `reply` the server's 428: {held: {field: html}, line: html}. The text stays on the
   page; the card sends `kept` along with its next save. */
export function hold(card, { held, line }) {
  card.held = card.pending.text;
  card.kept ??= new Map(); // digest -> "digest:reason", once for each passage of this card
  card.release = () => release(card);
  card.pending = null;
  card.stopped = true;
  card.problems({});
  card.line.replaceChildren(parsed(line));
  for (const field of card.form.querySelectorAll("textarea, input[type=text]")) show(card, field, held[field.name] ?? "");
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
  reason.value = chosen;
  reason.addEventListener("change", () => complain(box, false));
  const change = box.querySelector("[data-held-change]");
  change.hidden = false;
  change.addEventListener("click", () => select(field, box));
  box.querySelector("[data-held-keep]").addEventListener("click", (event) => {
    event.preventDefault();
    complain(box, !reason.value);
    if (!reason.value) return reason.focus();
    card.kept.set(box.dataset.held, reason.value);
    return card.again();
  });
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
