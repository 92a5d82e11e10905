/* What pages that save by themselves do alike: what stands in a form, sending it, reading the reply, saying how it went. */

export const PATIENCE = 20000; // ms until a request counts as lost
export const WAITS = [1000, 2000, 4000, 8000, 15000]; // ms before each new try; the last one stays
const OWN = new Set(["base", "key", "csrfmiddlewaretoken", "show"]); // what a save carries beside the words

export const waitBefore = (tries) => WAITS[Math.min(tries, WAITS.length - 1)];

/* The words as they stand in the fields, in a form that can be compared and sent. */
export function textOf(form) {
  return new URLSearchParams([...new FormData(form)].filter(([name]) => !OWN.has(name))).toString();
}

/* Every later save of the form says along with it why a passage is not patient data ("DIGEST:REASON"): once for each
   passage, with the reason that was chosen last. */
export function answerFor(form, kept) {
  const [digest] = kept.split(":");
  form.querySelector(`input[data-kept="${digest}"]`)?.remove();
  const said = document.createElement("input");
  Object.assign(said, { type: "hidden", name: "kept", value: kept });
  said.dataset.kept = digest;
  form.append(said);
}

/* The name of a request, 32 hex digits; crypto.randomUUID is missing where the address is not https. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* Sends words under their key and base. Rejects when no answer comes. */
export function post(address, { text, key, base }) {
  const body = new URLSearchParams(text);
  body.set("key", key);
  body.set("base", base);
  return request(address, body, { keepalive: body.toString().length < 30000 });
}

export function request(address, body, options = {}) {
  return fetch(address, {
    method: "POST",
    body,
    headers: { Accept: "application/json", "X-CSRFToken": cookie("csrftoken") },
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
    ...options,
  });
}

/* What the server answered: its JSON, or the sentence of its error page. */
export async function read(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/json")) return response.json();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return { why: page.querySelector(".expectation")?.textContent.trim() ?? "" };
}

/* Puts the words of a template into the line; `details` fill its places. Nothing changes while a person types. */
export function say(line, what, details = {}) {
  if (what === "saving" && says(line, what)) return;
  const filled = document.getElementById(`autosave_${what}`).content.cloneNode(true);
  for (const [name, text] of Object.entries(details)) {
    const place = filled.querySelector(`[data-${name}]`);
    if (place) place.textContent = text ?? "";
  }
  line.replaceChildren(filled);
}

export const says = (line, what) => line.firstElementChild?.dataset.saved === what;

function cookie(name) {
  return document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

/* After a new sign-in the forms of an open page carry the token of before. */
export function renewTokens() {
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = cookie("csrftoken");
}
