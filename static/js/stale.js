/* Two people saved one answer: both texts side by side in its card, word by word, and three ways on. */
import { marked } from "./word-marks.js";

/* `reply` is the server's 409: {n, theirs: {field: text}, by, at_text}. `choose(way)` is asked first; when it agrees, it
   gives what to do once the fields hold what was chosen. Returns {refresh}, for while one's own text still changes. */
export function showBoth(form, reply, words, choose) {
  const place = form.querySelector("[data-stale]");
  const filled = document.getElementById("autosave_stale").content.cloneNode(true);
  const box = filled.querySelector(".stale");
  box.querySelector("[data-by]").textContent = reply.by;
  box.querySelector("[data-at]").textContent = reply.at_text;
  const title = box.querySelector("h3");
  title.id = `${form.closest("[data-card]").id}_stale`;
  box.setAttribute("aria-labelledby", title.id);
  const body = box.querySelector("tbody");
  const refresh = () => body.replaceChildren(...rows(form, reply.theirs, words));
  refresh();
  for (const button of box.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => take(button.dataset.choose));
  }
  place.replaceChildren(filled);
  return { refresh };

  async function take(way) {
    const settle = await choose(way);
    if (!settle) return;
    if (way !== "mine") fill(form, reply.theirs, way === "both");
    place.replaceChildren();
    settle();
    form.querySelector("textarea").focus();
  }
}

/* [[label, text], …] of what is filled in. */
export function labelled(form, words) {
  const names = new Set([...form.elements].filter(({ name, type }) => name && type !== "hidden").map(({ name }) => name));
  return [...names]
    .map((name) => [labelOf(form, name, words), spoken(form, name, valueOf(form, name))])
    .filter(([, text]) => text);
}

/* One row per field that either of them filled in; the words that only one of them has are marked. */
function rows(form, theirs, words) {
  return Object.entries(theirs).flatMap(([name, text]) => {
    const mine = valueOf(form, name);
    if (!mine && !text) return [];
    const row = document.createElement("tr");
    row.classList.toggle("differs", mine !== text);
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = labelOf(form, name, words);
    const sides = marked(spoken(form, name, mine), spoken(form, name, text));
    row.append(head, cell(sides[0], words, words.mine), cell(sides[1], words, words.theirs));
    return [row];
  });
}

function cell(stretches, words, label) {
  const made = document.createElement("td");
  made.className = "typed";
  made.dataset.label = label;
  if (!stretches.length) made.textContent = words.none;
  made.append(...stretches.map(([text, onlyHere]) => (onlyHere ? mark(text) : text)));
  return made;
}

function mark(text) {
  const made = document.createElement("mark");
  made.textContent = text;
  return made;
}

function valueOf(form, name) {
  return form.elements[name]?.value?.trim().replaceAll("\r\n", "\n") ?? "";
}

function labelOf(form, name, words) {
  if (name === "verdict") return words.verdict;
  const label = form.elements[name]?.labels?.[0];
  return label ? label.firstChild.textContent.trim() : name;
}

/* A verdict as its radio is labelled, everything else as it is. */
function spoken(form, name, text) {
  if (name !== "verdict" || !text) return text;
  const radio = form.querySelector(`input[name=verdict][value="${CSS.escape(text)}"]`);
  return radio?.closest("label").querySelector(".sign span").textContent ?? text;
}

/* Puts theirs into the fields, or below what stands there; of two verdicts one's own stays. */
export function fill(form, theirs, beside) {
  for (const [name, text] of Object.entries(theirs)) {
    const field = form.elements[name];
    if (!field) continue;
    const mine = valueOf(form, name);
    if (beside && field instanceof HTMLTextAreaElement) {
      field.value = mine === text ? mine : [mine, text].filter(Boolean).join("\n\n");
    } else if (!beside || !mine) {
      field.value = text;
    }
  }
  if (!beside && !theirs.verdict) {
    for (const radio of form.querySelectorAll("input[name=verdict]")) radio.checked = false;
  }
}
