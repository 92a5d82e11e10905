/* Saves each answer of the fill page by itself: one request at a time per answer, in order, repeated until the server
   has answered. "Saved" is only ever said with the server's own words, which it sends after its transaction. Without
   this file each card is a form with a Save button. */
import { showBoth } from "./stale.js";
import { Tally } from "./tally.js";

const PAUSE = 800; // ms without a key before a text is sent
const PATIENCE = 20000; // ms until a request counts as lost
const WAITS = [1000, 2000, 4000, 8000, 15000, 30000]; // ms before each new try
const OWN = new Set(["base", "key", "csrfmiddlewaretoken", "show"]); // what a save carries beside the answer

const cards = [];
const words = document.getElementById("autosave_words").dataset;

class Card {
  constructor(form) {
    this.form = form;
    this.line = form.querySelector("[data-saved-line]");
    this.sent = this.text(); // what the server is known to have
    this.known = this.line.cloneNode(true); // the last thing that was certain
    this.tries = 0;
    this.answered = Boolean(this.verdict);
    this.unfinished = !this.answered || !form.querySelector("[data-lacks]").hidden;
    form.querySelector("[data-save]").hidden = true;
    form.autocomplete = "off"; // Back brings what the server has, not what once stood in the fields
    form.addEventListener("input", () => this.changed(PAUSE));
    form.addEventListener("change", () => this.changed(0));
    form.addEventListener("focusout", () => this.unsaved && this.changed(0));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.again();
    });
  }

  /* The answer as it stands in the fields, in a form that can be compared and sent. */
  text() {
    const pairs = [...new FormData(this.form)].filter(([name]) => !OWN.has(name));
    return new URLSearchParams(pairs).toString();
  }

  get unsaved() {
    return Boolean(this.pending) || this.text() !== this.sent;
  }

  get stuck() {
    return Boolean(this.stale || this.stopped);
  }

  changed(pause) {
    this.mark();
    if (this.stale) {
      this.stale.refresh();
      return;
    }
    if (this.text() === this.held) return;
    this.stopped = false;
    if (!this.tries && this.unsaved) this.say("saving");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  /* A click on Save: whatever stopped it may be over. */
  again() {
    this.stopped = false;
    this.tries = 0;
    clearTimeout(this.timer);
    return this.save();
  }

  save() {
    if (this.running || this.stale) return this.running;
    if (!this.pending) {
      const text = this.text();
      if (text === this.sent) return this.unsay();
      this.pending = { text, key: crypto.randomUUID(), base: this.form.elements.base.value };
    }
    this.running = this.send().finally(() => {
      this.running = null;
      if (!this.pending && !this.stuck && this.text() !== this.sent) this.changed(0);
    });
    return this.running;
  }

  /* Sends what is pending, the same words under the same key until there is an answer. */
  async send() {
    const { text, key, base } = this.pending;
    const body = new URLSearchParams(text);
    body.set("key", key);
    body.set("base", base);
    try {
      const response = await this.post(body);
      if (response.type === "opaqueredirect") this.stop("signed_out");
      else if (response.status >= 500 || response.status === 429) this.later();
      else await this.take(response);
    } catch {
      this.later();
    }
  }

  post(body) {
    return fetch(this.form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-CSRFToken": cookie("csrftoken") },
      redirect: "manual",
      keepalive: body.toString().length < 30000,
      signal: AbortSignal.timeout(PATIENCE),
    });
  }

  async take(response) {
    const reply = await read(response);
    this.tries = 0;
    if (reply.held) return (await import("./identifiers.js")).hold(this, reply);
    this.release?.();
    this.problems({});
    if (reply.saved) return this.saved(reply);
    if (reply.stale) return this.conflict(reply);
    if (!reply.errors) return this.stop("refused", { why: reply.why });
    this.pending = null;
    this.stopped = true;
    this.problems(reply.errors);
    return this.say("wrong");
  }

  saved(reply) {
    this.sent = this.pending.text;
    this.pending = null;
    this.form.elements.base.value = reply.n;
    this.say("saved", { at: reply.at_text, by: reply.by });
    const lacks = this.form.querySelector("[data-lacks]");
    lacks.hidden = !this.verdict || !reply.lacks.length;
    lacks.querySelector("span").textContent = reply.lacks.join(", ");
    this.answered = Boolean(this.verdict);
    this.unfinished = !this.answered || reply.lacks.length > 0;
    tally.update(reply.answered);
  }

  /* Somebody else was first. The server has kept this text too; the person chooses what counts. */
  conflict(reply) {
    const kept = this.pending.text;
    this.pending = null;
    this.say("stale_line");
    this.stale = showBoth(this.form, reply, words, async (way) => {
      if (way === "theirs" && this.text() !== kept && !(await this.leaveBehind())) return false;
      return () => this.settle(reply, way);
    });
  }

  /* What was typed since the refused save is kept as well, before theirs takes its place. */
  async leaveBehind() {
    const body = new URLSearchParams(this.text());
    body.set("key", crypto.randomUUID());
    body.set("base", this.form.elements.base.value);
    const response = await this.post(body).catch(() => null);
    const kept = Boolean(response && (await read(response)).stale);
    if (!kept) this.say("failed");
    return kept;
  }

  /* The fields hold what was chosen: theirs is saved already, anything else is saved on top of it. */
  settle(reply, way) {
    this.form.elements.base.value = reply.n;
    this.stale = null;
    this.sent = way === "theirs" ? this.text() : null;
    this.mark();
    if (way === "theirs") this.say("saved", { at: reply.at_text, by: reply.by });
    else this.changed(0);
  }

  later() {
    this.say("failed");
    const wait = WAITS[Math.min(this.tries++, WAITS.length - 1)];
    this.showButton();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  stop(how, details) {
    if (how !== "signed_out") this.pending = null;
    this.stopped = true;
    this.say(how, details);
    this.showButton();
  }

  showButton() {
    this.form.querySelector("[data-save]").hidden = false;
  }

  say(what, details = {}) {
    const filled = document.getElementById(`autosave_${what}`).content.cloneNode(true);
    for (const [name, text] of Object.entries(details)) {
      const place = filled.querySelector(`[data-${name}]`);
      if (place) place.textContent = text ?? "";
    }
    if (what === "saving" && this.says("saving")) return; // nothing changes while a person types
    this.line.replaceChildren(filled);
    if (what !== "saving") this.known = this.line.cloneNode(true);
    if (what === "saved") this.form.querySelector("[data-save]").hidden = true;
  }

  says(what) {
    return this.line.firstElementChild?.dataset.saved === what;
  }

  /* The words were put back as they were: what was said before holds again. */
  unsay() {
    if (this.says("saving")) this.line.replaceChildren(...this.known.cloneNode(true).childNodes);
  }

  problems(errors) {
    for (const place of this.form.querySelectorAll("[data-problem]")) {
      const sentences = errors[place.dataset.problem] ?? [];
      place.replaceChildren(...sentences.map(problem));
      const field = this.form.elements[place.dataset.problem];
      if (!(field instanceof HTMLElement)) continue;
      if (sentences.length) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  }

  get verdict() {
    return this.form.elements.verdict.value;
  }

  /* A group that holds something stays in view whatever the verdict: nothing is saved that cannot be seen. */
  mark() {
    for (const group of this.form.querySelectorAll("fieldset.more")) {
      group.classList.toggle("filled", [...group.elements].some((field) => field.value.trim()));
    }
  }
}

/* What the server answered: its JSON, or the sentence of its error page. */
async function read(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/json")) return response.json();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return { why: page.querySelector(".expectation")?.textContent.trim() ?? "" };
}

function problem(sentence) {
  const filled = document.getElementById("autosave_problem").content.cloneNode(true);
  filled.querySelector("[data-why]").textContent = sentence;
  return filled;
}

function cookie(name) {
  return document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

/* Sends everything that waits, and resolves when it is saved or four seconds have passed. */
function settle() {
  const sending = Promise.all(cards.filter((card) => card.unsaved).map((card) => card.again()));
  return Promise.race([sending, new Promise((done) => setTimeout(done, 4000))]);
}

const anyUnsaved = () => cards.some((card) => card.unsaved);

for (const form of document.querySelectorAll("form[data-autosave]")) cards.push(new Card(form));
const tally = new Tally(cards);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) for (const card of cards) if (card.unsaved && !card.stuck) card.save();
});
window.addEventListener("online", () => {
  for (const card of cards) if (card.pending && !card.stuck) card.again();
});
window.addEventListener("beforeunload", (event) => {
  if (anyUnsaved()) event.preventDefault();
});

/* A link or another form of the page waits until what was typed is saved. */
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.target || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !anyUnsaved()) return;
  if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
  event.preventDefault();
  await settle();
  location.assign(link.href);
});
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (form.matches("[data-autosave]") || form.method === "dialog" || !anyUnsaved()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await settle();
    if (!anyUnsaved()) form.requestSubmit(event.submitter);
  },
  true,
);
