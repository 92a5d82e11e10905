/* Sends a large file in parts. What has arrived stays on the server when the connection breaks or the page is closed;
   whoever sends the same file again goes on from there. docs/evidence.md has the protocol. */

const WAITS = [1000, 2000, 4000, 8000, 15000]; // ms before each new try
const PATIENCE = 60000; // ms for one part on a slow connection
const HASHED = 512 * 1024 * 1024; // bytes that a browser is asked to hash; the server hashes whatever comes

/* The server said no, or nobody is signed in any more: trying again changes nothing. */
export class Refusal extends Error {}

/* `address` is where files are announced. `arrived(bytes)` and `broken(bytes)` are told how far it is.
   Resolves to {token, sha256}, for the form that makes evidence of it; rejects with Refusal or when `signal` aborts. */
export async function sendInParts(file, address, { signal, arrived, broken }) {
  const digest = hashOf(file);
  const about = new URLSearchParams({ name: file.name, size: file.size, modified: file.lastModified });
  const begun = await insisting(() => request(address, { method: "POST", body: about, signal }), signal, () => broken(0));
  let { offset } = begun;
  let tries = 0;
  while (offset < file.size) {
    arrived(offset);
    try {
      const part = file.slice(offset, offset + begun.part);
      const reply = await request(begun.address, { method: "PATCH", body: part, offset, signal });
      if (reply.offset === offset) throw new Error("no further");
      offset = reply.offset;
      tries = 0;
    } catch (error) {
      if (error instanceof Refusal || signal.aborted) throw error;
      broken(offset);
      await pause(WAITS[Math.min(tries++, WAITS.length - 1)], signal);
      offset = await asked(begun.address, signal) ?? offset;
    }
  }
  arrived(offset);
  return { token: begun.token, sha256: await digest };
}

/* How far the server says it is; nothing while it does not answer. */
async function asked(address, signal) {
  try {
    const response = await fetch(address, { method: "HEAD", redirect: "manual", signal: limited(signal) });
    const offset = response.headers.get("Upload-Offset");
    return response.ok && offset !== null ? Number(offset) : null;
  } catch {
    return null;
  }
}

async function insisting(act, signal, broken) {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Refusal || signal.aborted) throw error;
      broken();
      await pause(WAITS[Math.min(tries, WAITS.length - 1)], signal);
    }
  }
}

async function request(address, { method, body, offset, signal }) {
  const headers = { Accept: "application/json", "X-CSRFToken": cookie("csrftoken") };
  if (offset !== undefined) {
    headers["Upload-Offset"] = offset;
    headers["Content-Type"] = "application/offset+octet-stream";
  }
  const response = await fetch(address, { method, body, headers, redirect: "manual", signal: limited(signal) });
  if (response.type === "opaqueredirect") throw new Refusal("signed_out");
  if (response.status >= 500 || response.status === 429) throw new Error(`status ${response.status}`);
  if (response.ok) return response.json();
  const stands = response.headers.get("Upload-Offset"); // another part was wanted
  if (stands !== null) return { offset: Number(stands) };
  throw new Refusal(await why(response));
}

/* The sentence of the server's refusal, which is JSON or an error page. */
async function why(response) {
  const text = await response.text();
  if ((response.headers.get("Content-Type") ?? "").startsWith("application/json")) return JSON.parse(text).why;
  const page = new DOMParser().parseFromString(text, "text/html");
  return page.querySelector(".expectation")?.textContent.trim() ?? "";
}

async function hashOf(file) {
  if (!crypto.subtle || file.size > HASHED) return "";
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const limited = (signal) => AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);

/* Until the time is over or the network is back. */
function pause(milliseconds, signal) {
  return new Promise((done, stopped) => {
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done, { once: true });
    signal.addEventListener("abort", () => (clearTimeout(timer), stopped(signal.reason)), { once: true });
  });
}

function cookie(name) {
  return document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}
