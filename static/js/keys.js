/* Single keys on the fill page: 1 to 4 in a question, n, j, k and ?. They can be switched off, and rest while typing. */
const OFF = "shortcuts-off";
const dialog = document.getElementById("shortcuts");
const opener = document.querySelector("[data-shortcuts]");
const switchOff = dialog.querySelector("[data-shortcuts-off]");
const cards = [...document.querySelectorAll("[data-card]")];

opener.hidden = false;
opener.addEventListener("click", () => dialog.showModal());
switchOff.checked = localStorage.getItem(OFF) === "yes";
switchOff.addEventListener("change", () => localStorage.setItem(OFF, switchOff.checked ? "yes" : "no"));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || typing(event.target) || switchOff.checked) return;
  const act = /^[1-4]$/.test(event.key) ? () => choose(Number(event.key)) : ACTS[event.key];
  if (act?.()) event.preventDefault();
});

const ACTS = {
  "?": () => (dialog.showModal(), true),
  n: nextUnanswered,
  j: () => step(1),
  k: () => step(-1),
};

function typing(element) {
  return element.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])");
}

const current = () => cards.findIndex((card) => card.contains(document.activeElement));

function goTo(card) {
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "start" });
  return true;
}

function step(by) {
  const card = cards[Math.min(Math.max(current() + by, 0), cards.length - 1)];
  return card ? goTo(card) : false;
}

function choose(number) {
  const radio = cards[current()]?.querySelectorAll("input[name=verdict]")[number - 1];
  if (!radio?.checkVisibility()) return false; // folded away: an inherited answer is not changed by a key
  radio.focus();
  radio.click();
  return true;
}

/* The next one below, then from the top, then the next category that has one. */
function nextUnanswered() {
  const at = current();
  const around = [...cards.slice(at + 1), ...cards.slice(0, Math.max(at, 0))];
  const open = around.find((card) => card.querySelector("form[data-autosave]") && !card.querySelector("input[name=verdict]:checked"));
  if (open) return goTo(open);
  const onward = document.querySelector("[data-next-category]");
  onward?.click();
  return Boolean(onward);
}
