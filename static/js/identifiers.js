/* What looks like patient data is not stored: the server sends, for each field, the passages and what it asks about
   them. They are shown beside the field, to change the text or to say why it is not patient data. Without this file
   the card comes back as a page with the same in it. */

const ASIDE = ["input", "change", "focusout"]; // what happens in a warning is no change of the answer
const agreed = new WeakMap(); // form -> what was said of passages in it, each once: digest -> "digest:reason"

/* `held` maps a field to what the server sends for it; what is not in it is taken away. `keep` is called when the
   person has said of a passage that it is not patient data. */
export function showHeld(form, held = {}, keep = () => {}) {
  for (const place of form.querySelectorAll("[data-held-place]")) {
    const html = held[place.dataset.heldPlace] ?? "";
    if (html === (place.shown ?? "")) continue; // stays as it is, with what was chosen in it
    const before = new Map(boxesIn(place).map((box) => [box.dataset.held, box]));
    place.replaceChildren(document.createRange().createContextualFragment(html));
    place.shown = html;
    for (const box of boxesIn(place)) enliven(box, form, place, before.get(box.dataset.held), keep);
  }
}

/* What the person has said of passages so far, as the server takes it; also of those it no longer asks about. */
export function keptIn(form) {
  return [...(agreed.get(form)?.values() ?? [])];
}

function enliven(box, form, place, before, keep) {
  for (const event of ASIDE) box.addEventListener(event, (happened) => happened.stopPropagation());
  const reason = reasonOf(box);
  if (before) reason.value = reasonOf(before).value;
  reason.addEventListener("change", () => complain(box, false));
  const change = box.querySelector("[data-held-change]");
  change.hidden = false;
  change.addEventListener("click", () => select(form.elements[place.dataset.heldPlace], box));
  box.querySelector("[data-held-keep]").addEventListener("click", (event) => {
    event.preventDefault();
    complain(box, !reason.value);
    if (!reason.value) return reason.focus();
    if (!agreed.has(form)) agreed.set(form, new Map());
    agreed.get(form).set(box.dataset.held, reason.value);
    return keep();
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

const boxesIn = (part) => [...part.querySelectorAll("[data-held]")];
const reasonOf = (box) => box.querySelector("select");
