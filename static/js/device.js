/* Where words wait while the server cannot be reached: on this device, encrypted under a key that the server gives only
   to the same person on the same device, and that is kept in this page's memory alone.

   In the clear stand only whose a row is and which it is, so that it can be counted, replaced and thrown away. */
import { request } from "./sending.js";

const NAME = "auditapp";
const ROWS = "unsent";
const news = "BroadcastChannel" in self ? new BroadcastChannel("auditapp unsent") : null;

export const canKeep = Boolean(self.isSecureContext && self.crypto?.subtle && self.indexedDB && navigator.locks);

/* The key of this person on this device, or null while the server gives none. */
export async function openDevice(person, address) {
  if (!canKeep) return null;
  try {
    const response = await request(address, new URLSearchParams());
    if (!response.ok) return null;
    const issued = await response.json();
    if (issued.person !== person) return null; // somebody else has signed in since
    const bytes = Uint8Array.from(atob(issued.key), (letter) => letter.charCodeAt(0));
    const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
    bytes.fill(0);
    return new Device(person, key);
  } catch {
    return null;
  }
}

class Device {
  #key;

  constructor(person, key) {
    this.person = person;
    this.#key = key;
  }

  /* `record.id` names it: one kept before under the same name is replaced. */
  async keep(record) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(record));
    const sealed = await crypto.subtle.encrypt(this.#bound(record.id, iv), this.#key, plain);
    await act("readwrite", (rows) => rows.put({ id: record.id, person: this.person, iv, sealed }));
    news?.postMessage("changed");
  }

  async drop(id) {
    await act("readwrite", (rows) => rows.delete(id));
    news?.postMessage("changed");
  }

  /* What waits for this person, in the order in which it began to wait. What no longer opens is left out. */
  async records() {
    const rows = await act("readonly", (store) => store.index("person").getAll(this.person));
    const opened = await Promise.all(rows.map((row) => this.#open(row)));
    return opened.filter(Boolean).sort((a, b) => a.since - b.since || a.place - b.place);
  }

  async record(id) {
    const row = await act("readonly", (rows) => rows.get(id));
    return row ? this.#open(row) : null;
  }

  async #open({ id, iv, sealed }) {
    try {
      const plain = await crypto.subtle.decrypt(this.#bound(id, iv), this.#key, sealed);
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return null;
    }
  }

  #bound(id, iv) {
    return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(`${this.person} ${id}`) };
  }
}

/* How many rows of this person there are; no key is needed to count them or to throw them away. */
export async function countOf(person) {
  return canKeep ? act("readonly", (rows) => rows.index("person").count(person)) : 0;
}

export async function throwAway(person) {
  const ids = await act("readonly", (rows) => rows.index("person").getAllKeys(person));
  await Promise.all(ids.map((id) => act("readwrite", (rows) => rows.delete(id))));
  news?.postMessage("changed");
}

/* Calls back when another page of this browser has kept or dropped something. */
export function onNews(listen) {
  news?.addEventListener("message", listen);
}

/* Makes a row this page's own until the returned function is called or the page is gone; null if another page has it. */
export function hold(id) {
  return new Promise((held) => {
    navigator.locks.request(`auditapp unsent ${id}`, { ifAvailable: true }, (lock) => {
      if (!lock) return held(null);
      return new Promise((release) => held(release));
    });
  });
}

let opening = null;

function database() {
  opening ??= new Promise((opened, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(ROWS, { keyPath: "id" }).createIndex("person", "person");
    asked.onsuccess = () => opened(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  return opening;
}

/* One act in a transaction of its own; resolves with its result when the transaction is complete. */
async function act(mode, what) {
  const transaction = (await database()).transaction(ROWS, mode, { durability: "strict" });
  const asked = what(transaction.objectStore(ROWS));
  return new Promise((done, failed) => {
    transaction.oncomplete = () => done(asked.result);
    transaction.onabort = transaction.onerror = () => failed(transaction.error);
  });
}
