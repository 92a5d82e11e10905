/* What waits on this device to be saved: on every page the person sees how much it is, it is sent when the server can be
   reached, and signing out asks what shall become of it. Without scripts nothing can wait, so nothing is asked. */
import { canKeep, countOf, hold, onNews, openDevice, throwAway } from "./device.js";
import { post, read, request, waitBefore } from "./sending.js";

const about = document.getElementById("unsent").dataset;
const person = Number(about.person);
const line = document.querySelector("[data-unsent-line]");

/* What the page itself holds, once a page that saves by itself has said so: `waiting` counts what is kept on the page
   alone, `settle` sends what it can, `retry` begins again after a sign-in. */
let page = { waiting: () => 0, settle: async () => {} };
const savesItself = Boolean(document.getElementById("sign_in_again")); // then js/autosave.js begins
let kept = null;
let opening = null;
let syncing = null;
let tries = 0;
let timer;
let gone = false;

export const isReady = () => Boolean(kept);
export const isLeaving = () => gone;

export function register(own) {
  page = own;
}

/* The device with this person's key, or null while there is none; asked for again until there is. */
export async function device() {
  opening ??= openDevice(person, about.keyAddress);
  kept ??= await opening;
  opening = null;
  return kept;
}

export async function refresh() {
  const [onDevice, onPage] = [await countOf(person), page.waiting()];
  const what = onPage ? (canKeep ? "page" : "insecure") : onDevice ? "device" : "";
  const number = onDevice + onPage;
  if (line.dataset.shows === `${what} ${number}`) return;
  line.dataset.shows = `${what} ${number}`;
  line.replaceChildren();
  if (!what) return;
  const filled = document.getElementById(`unsent_${what}_${number === 1 ? "one" : "many"}`).content.cloneNode(true);
  const place = filled.querySelector("[data-number]");
  if (place) place.textContent = number;
  filled.querySelector("[data-show]")?.addEventListener("click", showAll);
  line.append(filled);
}

/* Sends what waits and is no open page's own, in order. Resolves when there is nothing more that can be sent now. */
export function sync() {
  syncing ??= sendAll().finally(() => {
    syncing = null;
    refresh();
    if (document.getElementById("unsent_list").open) showAll(); // with what was said of each
  });
  return syncing;
}

async function sendAll() {
  clearTimeout(timer);
  if (!(await countOf(person))) return;
  const own = await device();
  if (!own) return again();
  let all = true;
  for (const { id } of await own.records()) {
    const release = await hold(id);
    if (!release) continue; // an open page has it and sends it itself
    try {
      const reached = await send(own, id);
      if (reached === null) return again();
      all &&= reached;
    } finally {
      release();
    }
  }
  tries = 0;
  if (!all) again();
}

/* True when there was an answer, false when the server had a fault, null when it was not reached. */
async function send(own, id) {
  const record = await own.record(id);
  while (record?.pending && record.stuck?.how !== "stale") {
    const response = await post(record.action, record.pending).catch(() => null);
    if (!response || response.type === "opaqueredirect" || response.status === 429) return null;
    if (response.status >= 500) return false;
    const reply = await read(response).catch(() => null); // it may break off
    if (!reply) return null;
    if (!reply.saved) {
      const why = reply.why ?? Object.values(reply.errors ?? {}).flat().join(" ");
      record.stuck = { how: reply.stale ? "stale" : "refused", why };
      await own.keep(record);
      return true;
    }
    record.pending = record.after && { ...record.after, base: reply.n };
    record.after = null;
    if (record.pending) await own.keep(record);
    else await own.drop(id);
  }
  return true;
}

function again() {
  clearTimeout(timer);
  timer = setTimeout(sync, waitBefore(tries++));
}

/* A list of all that waits: where it belongs, what was typed, why it was not taken. */
async function showAll() {
  const own = await device();
  const records = own ? await own.records() : [];
  const dialog = document.getElementById("unsent_list");
  dialog.querySelector("[data-items]").replaceChildren(...records.map((record) => item(own, record)));
  dialog.querySelector("[data-closed]").hidden = records.length >= (await countOf(person));
  if (!dialog.open) dialog.showModal();
}

function item(own, record) {
  const filled = document.getElementById("unsent_item").content.cloneNode(true);
  const link = filled.querySelector("a");
  link.href = record.where;
  link.textContent = record.label;
  link.addEventListener("click", () => document.getElementById("unsent_list").close());
  filled.querySelector("[data-why]").textContent = record.stuck?.why ?? "";
  filled.querySelector("[data-stale]").hidden = record.stuck?.how !== "stale";
  filled.querySelector("[data-words]").replaceChildren(...record.shown.flatMap(([name, text]) => described(name, text)));
  const [first, sure] = filled.querySelectorAll("button");
  first.addEventListener("click", () => {
    first.hidden = true;
    sure.hidden = false;
    sure.focus();
  });
  sure.addEventListener("click", async () => {
    await page.forget?.(record.id);
    await own.drop(record.id);
    await refresh();
    await showAll();
  });
  return filled;
}

function described(name, text) {
  const [term, words] = ["dt", "dd"].map((tag) => document.createElement(tag));
  term.textContent = name;
  words.textContent = text;
  words.className = "typed";
  return [term, words];
}

/* Signing out: what waits is sent first; when something stays, the person says what shall become of it. */
window.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!form.matches("[data-sign-out]") || gone) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await page.settle();
    const waiting = (await countOf(person)) + page.waiting();
    if (waiting) ask(form, waiting);
    else await signOut(form);
  },
  true,
);

function ask(form, waiting) {
  const dialog = document.getElementById("unsent_signing_out");
  const told = dialog.querySelector("[data-told]");
  const number = dialog.querySelectorAll("[data-number]");
  for (const place of number) place.textContent = waiting;
  told.textContent = "";
  dialog.querySelector("[data-way=leave]").hidden = page.waiting() > 0;
  const ways = {
    async save() {
      await page.settle();
      await sync();
      const left = (await countOf(person)) + page.waiting();
      if (!left) return signOut(form);
      for (const place of number) place.textContent = left;
      told.textContent = about.stillWaiting;
    },
    stay: () => dialog.close(),
    leave: () => signOut(form, told),
    throw: () => signOut(form, told, () => throwAway(person)),
  };
  for (const button of dialog.querySelectorAll("[data-way]")) button.onclick = ways[button.dataset.way];
  if (!dialog.open) dialog.showModal();
}

/* Says so when the server cannot be reached: nobody must think to be signed out who is not. */
async function signOut(form, told = line, then = async () => {}) {
  const response = await request(form.action, new URLSearchParams()).catch(() => null);
  if (response?.type !== "opaqueredirect") {
    told.textContent = about.notSignedOut;
    return;
  }
  gone = true;
  await then();
  location.assign(form.dataset.signOut);
}

window.addEventListener("online", () => {
  tries = 0;
  if (!savesItself) sync();
});
onNews(refresh);
if (!savesItself) {
  refresh();
  sync();
}
