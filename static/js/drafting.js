/* Saves a question of a draft while it is written: one request at a time, in order, repeated until the server has
   answered. When somebody else saved first, the form is sent as it is: the server's page shows both texts. */
const PAUSE = 1000; // ms without a key before it is sent
const WAITS = [1000, 2000, 4000, 8000, 15000, 30000]; // ms before each new try
const OWN = new Set(["base", "key", "csrfmiddlewaretoken"]);

const form = document.querySelector("[data-draft-form]");
const line = form.querySelector("[data-saved-line]");
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

function text() {
  return new URLSearchParams([...new FormData(form)].filter(([name]) => !OWN.has(name))).toString();
}

function later(pause) {
  if (text() !== sent && !tries) say("saving");
  clearTimeout(timer);
  timer = setTimeout(save, pause);
}

async function save() {
  if (running || leaving) return;
  if (!pending) {
    const now = text();
    if (now === sent || now === stopped) return;
    pending = { text: now, key: crypto.randomUUID() };
  }
  running = send();
  await running;
  running = null;
  if (!pending && text() !== sent && text() !== stopped) later(0);
}

async function send() {
  const body = new URLSearchParams(pending.text);
  body.set("key", pending.key);
  body.set("base", form.elements.base.value);
  const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const options = { method: "POST", body, headers, redirect: "manual", signal: AbortSignal.timeout(20000) };
  const response = await fetch(location.href, options).catch(() => null);
  if (!response || response.status >= 500 || response.status === 429) return again();
  tries = 0;
  if (response.type === "opaqueredirect") return stop("signed_out");
  if (response.status === 409) return showBoth(response);
  const reply = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : {};
  if (reply.errors) return stop("refused", { why: Object.values(reply.errors).flat().join(" ") });
  if (!reply.saved) return stop("refused");
  sent = pending.text;
  pending = null;
  form.elements.base.value = reply.n;
  say("saved", { at: reply.at_text, by: reply.by });
}

function again() {
  say("failed");
  clearTimeout(timer);
  timer = setTimeout(save, WAITS[Math.min(tries++, WAITS.length - 1)]);
}

/* It is sent again when something is changed or Save is pressed; the words stay in the fields. */
function stop(how, details) {
  stopped = pending.text;
  pending = null;
  say(how, details);
}

async function showBoth(response) {
  if (!(await response.json().catch(() => ({}))).stale) return stop("refused");
  form.elements.key.value = pending.key;
  leaving = true;
  form.submit();
}

function say(what, details = {}) {
  if (what === "saving" && line.firstElementChild?.dataset.saved === what) return;
  const filled = document.getElementById(`autosave_${what}`).content.cloneNode(true);
  for (const [name, words] of Object.entries(details)) {
    const place = filled.querySelector(`[data-${name}]`);
    if (place) place.textContent = words ?? "";
  }
  line.replaceChildren(filled);
}
