/* What looks like patient data is not stored: the server sends, for each field, the passages and what it asks about
   them. They are shown below the field, to change the text or to say why it is not patient data. Fetched when it is
   needed first. Without scripts the card comes back as a page with the same in it. */

import { answerFor, says } from "./sending.js";

const ASIDE = ["input", "change", "focusout"]; // what happens in a warning is no change of the answer

/* `card` is the one of autosave.js, `reply` the server's 428: {held: {field: html}, line: html}. The text stays on the
   page; what is said of a passage becomes a hidden field of the form, which every later save sends along. */
export function holdBack(card, { held, line }) {
  card.held = card.pending.text;
  if (!card.unhold) begin(card);
  card.pending = null;
  card.stopped = card.text() === card.held ? "held" : null; // what was typed meanwhile is sent next
  card.problems({});
  card.line.replaceChildren(parsed(line));
  for (const field of card.form.querySelectorAll("textarea, input[type=text]")) show(card, field, held[field.name] ?? "");
}

/* The first time in this card. */
function begin(card) {
  card.unhold = () => unhold(card);
  card.form.addEventListener("input", () => {
    if (card.held === null || card.text() !== card.sent) return;
    card.unhold();
    card.stopped = null;
    card.keep();
  });
}

/* It was saved, or put back as it was. */
function unhold(card) {
  card.held = null;
  for (const place of card.form.querySelectorAll("[data-held-place]")) place.remove();
  if (says(card.line, "held")) card.line.replaceChildren(...card.known.cloneNode(true).childNodes);
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
    answerFor(card.form, reason.value);
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
