/* Saves a question of a draft while it is written: one request at a time, in order, repeated until the server has
   answered. When somebody else saved first, the form is sent as it is: the server's page shows both texts. */
import { newKey, post, read, say, textOf, waitBefore } from "./sending.js";

const PAUSE = 1000; // ms without a key before it is sent

const form = document.querySelector("[data-draft-form]");
const line = form.querySelector("[data-saved-line]");
const { dataset: words } = document.getElementById("autosave_words");
const text = () => textOf(form);
let sent = text();
let running = null;
let pending = null;
let timer;
let tries = 0;
let stopped = null; // what was not taken: sent again only when it has changed
let leaving = false;

form.addEventListener("input", () => later(PAUSE));
form.addEventListener("change", () => later(0));
form.addEventListener("submit", () => {
  leaving = true; // the whole form is on its way
});
window.addEventListener("online", () => pending && save());
window.addEventListener("beforeunload", (event) => {
  if (!leaving && (pending || text() !== sent)) event.preventDefault();
});

function later(pause) {
  if (text() !== sent && !tries) say(line, "saving");
  clearTimeout(timer);
  timer = setTimeout(save, pause);
}

async function save() {
  if (running || leaving) return;
  if (!pending) {
    const now = text();
    if (now === sent || now === stopped) return;
    pending = { text: now, key: newKey(), base: form.elements.base.value };
  }
  running = send();
  await running;
  running = null;
  if (!pending && text() !== sent && text() !== stopped) later(0);
}

async function send() {
  const response = await post(location.href, pending).catch(() => null);
  if (!response) return again(words.unreachable);
  if (response.status >= 500) return again(words.fault);
  if (response.status === 429) return again(words.busy);
  tries = 0;
  if (response.type === "opaqueredirect") return stop("signed_out");
  const reply = await read(response);
  if (reply.stale) return showBoth();
  if (reply.errors) return stop("refused", Object.values(reply.errors).flat().join(" "));
  if (!reply.saved) return stop("refused", reply.why);
  sent = pending.text;
  pending = null;
  form.elements.base.value = reply.n;
  say(line, "saved", { at: reply.at_text, by: reply.by });
}

function again(why) {
  say(line, "failed", { why, kept: words.onPage });
  clearTimeout(timer);
  timer = setTimeout(save, waitBefore(tries++));
}

/* It is sent again when something is changed or Save is pressed; the words stay in the fields. */
function stop(how, why = "") {
  stopped = pending.text;
  pending = null;
  say(line, how, { why, kept: words.onPage });
}

function showBoth() {
  form.elements.key.value = pending.key;
  leaving = true;
  form.submit();
}
