/* Single keys on the fill page. They rest while somebody types, and can be switched off on the device (WCAG 2.1.4);
   templates/audits/_shortcuts.html lists them. Escape leaves a field, so that the next key is heard again. */
const OFF = "shortcuts-off";
const ONWARD = "go-to-the-next-unanswered";
const dialog = document.getElementById("shortcuts");
const opener = document.querySelector("[data-shortcuts]");
const switchOff = dialog.querySelector("[data-shortcuts-off]");
const cards = [...document.querySelectorAll("[data-card]")];

const ACTS = {
  "?": () => (dialog.showModal(), true),
  n: nextUnanswered,
  j: () => step(1),
  k: () => step(-1),
  f: () => press("[data-flag] button"),
  t: () => press("[data-still-true]"),
  s: save,
  w: () => write("textarea[name=note]"),
  e: () => press("[data-evidence-add]"),
};

opener.hidden = false;
opener.addEventListener("click", () => dialog.showModal());
switchOff.checked = localStorage.getItem(OFF) === "yes";
switchOff.addEventListener("change", () => localStorage.setItem(OFF, switchOff.checked ? "yes" : "no"));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && typing(event.target)) return void here()?.focus({ preventScroll: true });
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || typing(event.target) || switchOff.checked) return;
  const act = /^[1-4]$/.test(event.key) ? () => choose(Number(event.key)) : ACTS[event.key];
  if (act?.()) event.preventDefault();
});

/* Whoever comes by a link to a card, or by `n` from another page, goes on with the keys from there. */
function arrive() {
  const named = cards.find((card) => `#${card.id}` === decodeURIComponent(location.hash));
  const onward = sessionStorage.getItem(ONWARD);
  sessionStorage.removeItem(ONWARD);
  if (named) named.focus({ preventScroll: true });
  else if (onward) nextUnanswered();
}

function typing(element) {
  return element.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])");
}

const current = () => cards.findIndex((card) => card.contains(document.activeElement));
const here = () => cards[current()];

function goTo(card) {
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "start" });
  return true;
}

function step(by) {
  const card = cards[Math.min(Math.max(current() + by, 0), cards.length - 1)];
  return card ? goTo(card) : false;
}

function press(what) {
  const found = here()?.querySelector(what);
  found?.click();
  return Boolean(found);
}

function choose(number) {
  const radio = here()?.querySelectorAll("input[name=verdict]")[number - 1];
  if (!radio?.checkVisibility()) return false; // folded away: an inherited answer is not changed by a key
  radio.focus({ preventScroll: true });
  radio.click();
  return true;
}

function write(where) {
  const field = here()?.querySelector(where);
  if (!field?.checkVisibility()) return false;
  field.focus();
  return true;
}

function save() {
  const form = here()?.querySelector("form[data-autosave]");
  form?.requestSubmit();
  return Boolean(form);
}

const isOpen = (card) => card.querySelector("form[data-autosave]") && !card.querySelector("input[name=verdict]:checked");

/* The next one below, then from the top, then on the next page or in the next category that has one. */
function nextUnanswered() {
  const at = current();
  const open = [...cards.slice(at + 1), ...cards.slice(0, Math.max(at, 0))].find(isOpen);
  if (open) return goTo(open);
  const onward = document.querySelector("[data-next-unanswered]");
  if (onward) sessionStorage.setItem(ONWARD, "yes");
  onward?.click();
  return Boolean(onward);
}

window.addEventListener("hashchange", arrive);
arrive();
