/* What others do while a page of an audit is open: who is at which question, what they changed, what they say. Asks the
   server every few seconds, which answers "nothing" for next to nothing. Where somebody types, nothing is overwritten.
   Without this file everything is there after a reload. */
import { fill } from "./stale.js";

const EVERY = 4000; // ms between two questions to the server
const PATIENCE = 60000; // the longest wait after failures
const BEAT = 15000; // ms between two signs of life
const SETTLED = 400; // ms at a question before it is said that somebody is there

const root = document.getElementById("together").dataset;
const cards = new Map([...document.querySelectorAll("[data-card]")].map((card) => [card.id, card]));
const waiting = new Map(); // changes by others that could not be shown yet, by question
let seen = root.seen;
let wait = EVERY;
let timer;

/* Asking ------------------------------------------------------------------------------------------------- */

async function ask() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const headers = { Accept: "application/json", "If-None-Match": seen };
    const response = await fetch(root.changes, { headers, redirect: "manual", cache: "no-store" });
    if (response.status === 200) {
      await take(await response.json());
      seen = response.headers.get("ETag");
    }
    wait = response.ok || response.status === 304 ? EVERY : Math.min(wait * 2, PATIENCE);
  } catch {
    wait = Math.min(wait * 2, PATIENCE); // the autosaving says that the server cannot be reached
  }
  for (const answer of waiting.values()) show(answer);
  timer = setTimeout(ask, wait);
}

async function take(news) {
  for (const [code, card] of cards) card.querySelector("[data-presence]").textContent = news.presence[code] ?? "";
  if (news.reload || news.state !== root.state || String(news.round) !== root.round) movedOn();
  total(news.answered);
  for (const answer of news.answers) await told(answer);
}

function movedOn() {
  if (document.querySelector(".together-moved-on")) return;
  const notice = filled("reload").firstElementChild;
  notice.classList.add("together-moved-on");
  document.querySelector("main h1").after(notice);
}

function total(answered) {
  const place = document.querySelector("[data-total]");
  if (!place || place.textContent === String(answered)) return;
  place.textContent = answered;
  document.querySelector("[data-total-bar]").value = answered;
}

async function told(answer) {
  const open = document.querySelector(`[data-said="${CSS.escape(answer.code)}"]`);
  if (open) await say(open.parentElement, await page(open.querySelector("form.comment-form")?.action ?? location.href));
  const card = cards.get(answer.code);
  if (!card) return;
  count(card, answer);
  const beside = card.querySelector("[data-beside]");
  if (Number(beside.dataset.evidence) !== answer.evidence && !card.querySelector("[data-changed] [data-items]")) {
    const note = filled("evidence");
    note.querySelector("[data-items]").textContent = answer.evidence;
    card.querySelector("[data-changed]").append(note);
  }
  if (known(card) < answer.n) waiting.set(answer.code, answer);
}

function count(card, answer) {
  const word = answer.comments === 1 ? root.comment : root.comments;
  card.querySelector("[data-comments-count]").textContent = `${answer.comments} ${word}`;
  const open = card.querySelector("[data-comments-open]");
  open.hidden = !answer.open;
  open.querySelector("span").textContent = answer.open;
}

/* Changed answers ---------------------------------------------------------------------------------------- */

const answering = (card) => card.querySelector("form[data-autosave]");

/* The number of the save that the card shows. */
function known(card) {
  const form = answering(card);
  return Number(form ? form.elements.base.value : card.querySelector("[data-beside]").dataset.n);
}

function show(answer) {
  const card = cards.get(answer.code);
  if (known(card) >= answer.n) {
    waiting.delete(answer.code);
    card.querySelector("[data-see-both]")?.closest("p").remove();
    return;
  }
  const form = answering(card);
  if (!form) return reread(card, answer);
  if (!typing(form) && offer(form, answer)) {
    waiting.delete(answer.code);
    note(card, "changed", answer);
    return;
  }
  if (String(answer.by_id) === root.person) return; // one's own save, whose reply is still on its way
  if (!card.querySelector("[data-see-both]")) note(card, "both", answer);
}

function typing(form) {
  const at = document.activeElement;
  return form.contains(at) && at.matches("textarea, input:not([type=radio]), select");
}

/* The autosaving takes it, unless something of that card is not saved yet. */
function offer(form, { n, at, by, values }) {
  const detail = { n, at_text: at, by, fill: () => fill(form, values, false) };
  return form.dispatchEvent(new CustomEvent("answer:elsewhere", { detail, cancelable: true }));
}

function note(card, what, answer) {
  const words = filled(what);
  words.querySelector("[data-by]").textContent = answer.by;
  words.querySelector("[data-at]").textContent = answer.at;
  card.querySelector("[data-changed]").replaceChildren(words);
}

/* A card that is only read is taken from the page as it is now; the element stays, for the keys. */
async function reread(card, answer) {
  waiting.delete(answer.code);
  const fresh = (await page(location.href)).getElementById(card.id);
  if (!fresh || card.contains(document.activeElement)) return note(card, "changed", answer);
  card.replaceChildren(...fresh.childNodes);
  return note(card, "changed", answer);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-see-both]");
  if (!button) return;
  const card = button.closest("[data-card]");
  const answer = waiting.get(card.id);
  if (answer && offer(answering(card), answer)) {
    waiting.delete(card.id);
    note(card, "changed", answer);
  } else {
    button.closest("p").remove();
    answering(card).requestSubmit(); // which meets the other save, and shows both
  }
});
document.addEventListener("focusout", () => setTimeout(() => [...waiting.values()].forEach(show)));

/* Being there -------------------------------------------------------------------------------------------- */

let at = "";
let settling;

/* The question with the focus, else the one in the middle of the window. */
function here() {
  const focused = document.activeElement?.closest("[data-card]");
  const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest("[data-card]");
  return (focused ?? middle)?.id ?? "";
}

function beat() {
  if (document.hidden || !cards.size) return;
  at = here();
  if (!at) return;
  const body = new URLSearchParams({ at });
  const headers = { "X-CSRFToken": token() };
  fetch(root.presence, { method: "POST", body, headers, redirect: "manual", keepalive: true }).catch(() => {});
}

function moved() {
  clearTimeout(settling);
  settling = setTimeout(() => here() !== at && beat(), SETTLED);
}

function leave() {
  if (!at) return;
  at = "";
  navigator.sendBeacon(root.presence, new URLSearchParams({ at: "", csrfmiddlewaretoken: token() }));
}

function token() {
  return document.cookie.split("; ").find((pair) => pair.startsWith("csrftoken="))?.slice(10) ?? "";
}

document.addEventListener("focusin", moved);
document.addEventListener("scroll", moved, { passive: true });
window.addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) leave();
  else {
    beat();
    ask();
  }
});

/* Comments inside the card -------------------------------------------------------------------------------- */

async function page(address, options = {}) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, ...options });
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/* Puts what is said now into a panel; what is being typed there stays. */
async function say(panel, fresh, { keep = true } = {}) {
  const said = fresh.querySelector("[data-said]");
  if (!said) return false;
  const typed = keep && panel.querySelector("[data-mentions]");
  const focused = typed && document.activeElement === typed;
  const place = typed && [typed.selectionStart, typed.selectionEnd];
  if (typed) said.querySelector("[data-mentions]").value = typed.value;
  panel.replaceChildren(said);
  panel.hidden = false;
  if (focused) {
    const field = panel.querySelector("[data-mentions]");
    field.focus();
    field.setSelectionRange(...place);
  }
  return true;
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-comments-link]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const panel = link.closest("[data-beside]").querySelector("[data-comments-panel]");
  if (!panel.hidden) {
    panel.hidden = true;
    panel.replaceChildren();
    return;
  }
  if (await say(panel, await page(link.href))) panel.querySelector("h2").focus();
  else location.assign(link.href);
}, true);

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const panel = form.closest("[data-comments-panel]");
  if (!panel || event.defaultPrevented) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const own = form.matches(".comment-form");
  const fresh = await page(form.action, { method: "POST", body });
  if (!(await say(panel, fresh, { keep: !own }))) location.assign(form.action);
  else (panel.querySelector("[aria-invalid]") ?? panel.querySelector("h2")).focus();
});

/* Names after “@” ----------------------------------------------------------------------------------------- */

let list = null; // the open list of names: {box, field, from}

const names = (field) => [...field.form.querySelectorAll("[data-people] [data-name]")].map((item) => item.dataset.name);

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches?.("[data-mentions]")) return;
  const before = field.value.slice(0, field.selectionStart);
  const typed = /(?:^|[\s(])@([^\s@]{0,30}(?: [^\s@]{0,30})?)$/u.exec(before);
  const found = typed && names(field).filter((name) => name.toLowerCase().startsWith(typed[1].toLowerCase()));
  close();
  if (found?.length && found[0] !== typed[1]) open(field, found.slice(0, 8), before.length - typed[1].length);
});

function open(field, found, from) {
  const box = filled("names").firstElementChild;
  box.id = `${field.id}_names`;
  box.append(...found.map((name, n) => option(name, `${box.id}_${n}`)));
  field.after(box);
  field.setAttribute("aria-controls", box.id);
  list = { box, field, from };
  choose(0);
}

function option(name, id) {
  const item = document.createElement("li");
  item.id = id;
  item.role = "option";
  item.textContent = name;
  item.addEventListener("mousedown", (event) => {
    event.preventDefault();
    insert(name);
  });
  return item;
}

function choose(n) {
  const items = [...list.box.children];
  list.at = (n + items.length) % items.length;
  items.forEach((item, place) => item.setAttribute("aria-selected", place === list.at));
  list.field.setAttribute("aria-activedescendant", items[list.at].id);
  items[list.at].scrollIntoView({ block: "nearest" });
}

function insert(name) {
  const { field, from } = list;
  close();
  field.setRangeText(`${name} `, from, field.selectionStart, "end");
}

function close() {
  list?.box.remove();
  list?.field.removeAttribute("aria-activedescendant");
  list?.field.removeAttribute("aria-controls");
  list = null;
}

document.addEventListener("keydown", (event) => {
  if (!list || event.target !== list.field) return;
  const acts = {
    ArrowDown: () => choose(list.at + 1),
    ArrowUp: () => choose(list.at - 1),
    Enter: () => insert(list.box.children[list.at].textContent),
    Tab: () => insert(list.box.children[list.at].textContent),
    Escape: close,
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  acts[event.key]();
}, true);
document.addEventListener("focusout", (event) => event.target === list?.field && close());

function filled(what) {
  return document.getElementById(`together_${what}`).content.cloneNode(true);
}

beat();
setInterval(beat, BEAT);
timer = setTimeout(ask, EVERY);
