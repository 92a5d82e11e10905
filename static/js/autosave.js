/* Saves each answer of the fill page by itself: one request at a time per answer, in order, repeated until the server
   has answered. "Saved" is only ever said with the server's own words, which it sends after its transaction. What the
   server cannot be given waits in line, and on this device where it may. Without this file each card is a form with a
   Save button. */
import { hold } from "./device.js";
import { answerFor, newKey, post, read, say, says, textOf, waitBefore } from "./sending.js";
import { noLongerNeeded, signInAgain } from "./sign-in-again.js";
import { labelled, showBoth } from "./stale.js";
import { Tally } from "./tally.js";
import { device, isLeaving, isReady, refresh, register, sync } from "./unsent.js";

const PAUSE = 800; // ms without a key before a text is sent
const SLOW = 1000; // ms after which words that are on their way are kept on the device, too

const words = document.getElementById("autosave_words").dataset;

class Card {
  constructor(form) {
    this.form = form;
    this.line = form.querySelector("[data-saved-line]");
    this.sent = this.text(); // what the server is known to have
    this.base = form.elements.base.value; // its revision there
    this.known = this.settled = this.line.cloneNode(true); // what was last certain, and last saved
    this.keeping = Promise.resolve();
    this.answered = Boolean(this.verdict);
    this.unfinished = !this.answered || !form.querySelector("[data-lacks]").hidden;
    form.querySelector("[data-save]").hidden = true;
    form.autocomplete = "off"; // Back brings what the server has, not what once stood in the fields
    form.addEventListener("input", () => this.changed(PAUSE));
    form.addEventListener("change", () => this.changed(0));
    form.addEventListener("focusout", () => this.unsaved && this.changed(0));
    form.addEventListener("answer:elsewhere", (event) => this.elsewhere(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.again();
    });
  }

  /* The answer as it stands in the fields. */
  text() {
    return textOf(this.form);
  }

  get unsaved() {
    return Boolean(this.pending) || this.text() !== this.sent;
  }

  get stuck() {
    return Boolean(this.stale || this.stopped);
  }

  /* Whether it is in trouble: its words may have to wait for long. */
  get waits() {
    return this.unsaved && Boolean(this.stuck || this.slow || queue.has(this));
  }

  changed(pause) {
    this.mark();
    if (this.text() === this.held) return; // nothing new: the person is still being asked
    clearTimeout(this.timer);
    if (this.stale) this.stale.refresh();
    else {
      this.stopped = null;
      if (this.unsaved && !queue.has(this)) this.say("saving");
    }
    this.timer = setTimeout(() => this.save(), pause);
  }

  /* A click on Save: whatever stopped it may be over. */
  again() {
    this.stopped = null;
    queue.declined = false;
    clearTimeout(this.timer);
    if (!queue.has(this)) return this.save();
    this.take();
    return queue.run();
  }

  save() {
    if (this.stale) return this.keep();
    if (this.running) return this.running;
    if (!this.take()) return this.unsay();
    return queue.isEmpty ? this.attempt() : this.later(queue.first.trouble);
  }

  /* What is to be sent next: the same words under the same key until there is an answer. */
  take() {
    if (!this.pending) {
      const text = this.text();
      if (text === this.sent) return null;
      const key = this.next?.text === text ? this.next.key : newKey();
      this.pending = { text, key, base: this.form.elements.base.value };
    }
    return this.pending;
  }

  attempt() {
    if (this.running || !this.pending) return this.running;
    const waiting = setTimeout(() => {
      this.slow = true;
      this.keep();
    }, SLOW);
    this.running = this.send().finally(() => {
      clearTimeout(waiting);
      this.running = null;
      this.slow = false;
      this.keep();
      if (!this.pending && !this.stuck && this.text() !== this.sent) this.changed(0);
    });
    return this.running;
  }

  async send() {
    try {
      const response = await post(this.form.action, this.pending);
      if (response.type === "opaqueredirect") this.signedOut();
      else if (response.status >= 500) this.later("fault");
      else if (response.status === 429) this.later("busy");
      else await this.taken(await read(response));
    } catch (error) {
      this.later(error.name === "TimeoutError" ? "late" : "unreachable");
    }
  }

  async taken(reply) {
    if (reply.held) return this.hold(reply);
    this.problems({});
    if (reply.signed_in_as) return this.signedOut(reply.errors.card[0]);
    this.unhold?.();
    queue.leave(this);
    noLongerNeeded();
    if (reply.saved) return this.saved(reply);
    if (reply.stale) return this.conflict(reply);
    this.pending = null;
    this.stopped = reply.errors ? "wrong" : "refused";
    if (reply.errors) this.problems(reply.errors);
    else this.showButton();
    return this.say(this.stopped, { why: reply.why, kept: this.whereKept });
  }

  /* It looks like patient data: nothing is stored until the person has changed it or said why it is none. It waits like
     what was refused. Where the question cannot be fetched it stays in line, and the server asks again. */
  async hold(reply) {
    const { holdBack } = await import("./identifiers.js");
    queue.leave(this);
    noLongerNeeded();
    holdBack(this, reply);
  }

  saved(reply) {
    this.sent = this.pending.text;
    this.pending = null;
    this.form.elements.base.value = reply.n;
    this.base = reply.n;
    this.say("saved", { at: reply.at_text, by: reply.by });
    const lacks = this.form.querySelector("[data-lacks]");
    lacks.hidden = !this.verdict || !reply.lacks.length;
    lacks.querySelector("span").textContent = reply.lacks.join(", ");
    this.answered = Boolean(this.verdict);
    this.unfinished = !this.answered || reply.lacks.length > 0;
    tally.update(reply.answered);
  }

  /* js/together.js brings somebody else's save. It is refused where anything here is not saved: that save will meet it. */
  elsewhere(event) {
    if (this.unsaved || this.stuck) return event.preventDefault();
    event.detail.fill();
    return this.settle(event.detail, "theirs");
  }

  /* Somebody else was first. The server has kept this text too; the person chooses what counts. */
  conflict(reply) {
    const refused = this.pending;
    this.refused = refused;
    this.pending = null;
    this.say("stale_line");
    this.stale = showBoth(this.form, reply, words, async (way) => {
      if (way === "theirs" && this.text() !== refused.text && !(await this.leaveBehind())) return false;
      return () => this.settle(reply, way);
    });
  }

  /* What was typed since the refused save is kept as well, before theirs takes its place. */
  async leaveBehind() {
    const after = { text: this.text(), key: newKey(), base: this.form.elements.base.value };
    const response = await post(this.form.action, after).catch(() => null);
    const reply = response ? await read(response) : { why: words.unreachable };
    if (!reply.stale) this.say(response ? "refused" : "failed", { why: reply.why, kept: this.whereKept });
    return Boolean(reply.stale);
  }

  /* The fields hold what was chosen: theirs is saved already, anything else is saved on top of it. */
  settle(reply, way) {
    this.form.elements.base.value = reply.n;
    this.stale = null;
    this.base = reply.n;
    this.sent = way === "theirs" ? this.text() : null;
    this.mark();
    this.keep();
    if (way === "theirs") this.say("saved", { at: reply.at_text, by: reply.by });
    else this.changed(0);
  }

  /* Not reached: it waits in line. `why` is one of the reasons that `words` has sentences for. */
  later(why) {
    this.trouble = why;
    this.say("failed", { why: words[why], kept: this.whereKept });
    this.showButton();
    queue.join(this);
  }

  signedOut(why = "") {
    this.trouble = "signed_out";
    this.say(why ? "refused" : "signed_out", { why, kept: this.whereKept });
    this.showButton();
    queue.join(this);
    queue.ask(why);
  }

  get whereKept() {
    return isReady() ? words.onDevice : words.onPage;
  }

  showButton() {
    this.form.querySelector("[data-save]").hidden = false;
  }

  say(what, details = {}) {
    if (what === "saving" && says(this.line, "saving")) return;
    say(this.line, what, details);
    if (what !== "saving") this.known = this.line.cloneNode(true);
    if (what !== "saved") return;
    this.settled = this.known;
    this.form.querySelector("[data-save]").hidden = true;
  }

  /* The words were put back as they were: what was said before holds again. */
  unsay() {
    if (says(this.line, "saving")) this.line.replaceChildren(...this.known.cloneNode(true).childNodes);
  }

  /* Brings what is kept on the device to what this card is: there while it waits, gone when it is saved. */
  keep() {
    this.keeping = this.keeping.then(() => this.store()).catch(() => {}).then(refresh);
    return this.keeping;
  }

  async store() {
    const waits = this.waits;
    if (!waits && !this.id) return;
    const own = await device();
    if (!own) return;
    if (!waits) return this.letGo(own);
    this.id ??= newKey();
    this.since ??= Date.now();
    this.release ??= await hold(this.id);
    await own.keep(this.record());
    this.isKept = true;
  }

  async letGo(own) {
    await own.drop(this.id);
    this.release?.();
    this.id = this.since = this.release = this.next = this.refused = null;
    this.isKept = false;
  }

  /* Everything that is needed to go on from here on another page, another day. */
  record() {
    const text = this.text();
    const tried = this.pending ?? (this.stale ? this.refused : null);
    const first = tried ?? { text, key: newKey(), base: this.form.elements.base.value };
    this.next = text === first.text ? null : this.next?.text === text ? this.next : { text, key: newKey() };
    return {
      id: this.id,
      since: this.since,
      place: cards.indexOf(this),
      action: new URL(this.form.action).pathname,
      where: `${location.pathname}#${this.code}`,
      label: this.code,
      shown: labelled(this.form, words),
      pending: first,
      after: this.next,
      stuck: this.stale ? { how: "stale" } : this.stopped ? { how: "refused", why: this.sentence } : null,
    };
  }

  get code() {
    return this.form.closest("[data-card]").id;
  }

  get sentence() {
    return this.line.querySelector("[data-why]")?.textContent ?? "";
  }

  /* Goes on from what was kept on this device: the words of then in the fields, the request of then to be sent first. */
  async adopt(record, release) {
    Object.assign(this, { id: record.id, since: record.since, release, isKept: true, next: record.after });
    this.pending = record.pending;
    put(this.form, (record.after ?? record.pending).text);
    this.form.elements.base.value = record.pending.base;
    this.mark();
    this.later("waited");
  }

  /* Thrown away by the person: the fields show again what the server is known to have. */
  forget() {
    queue.leave(this);
    clearTimeout(this.timer);
    this.pending = this.stopped = this.stale = null;
    this.form.querySelector("[data-stale]").replaceChildren();
    this.unhold?.();
    this.problems({});
    put(this.form, this.sent ?? "");
    this.form.elements.base.value = this.base;
    this.sent = this.text();
    this.mark();
    this.line.replaceChildren(...this.settled.cloneNode(true).childNodes);
    return this.keep();
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

/* The cards whose save did not get through, the one that has waited longest first. While somebody waits, new saves go to
   the end: what was typed first is saved first. */
class Queue {
  cards = new Set();
  tries = 0;

  get isEmpty() {
    return !this.cards.size;
  }

  has(card) {
    return this.cards.has(card);
  }

  get first() {
    return this.cards.values().next().value;
  }

  join(card) {
    this.cards.add(card);
    card.keep();
    this.schedule();
  }

  leave(card) {
    this.cards.delete(card);
    card.trouble = undefined;
    if (this.isEmpty) this.tries = 0;
  }

  schedule() {
    if (this.running || this.asking || this.declined) return;
    this.timer ??= setTimeout(() => this.run(), waitBefore(this.tries));
  }

  run() {
    clearTimeout(this.timer);
    this.timer = null;
    this.running ??= this.sendAll().finally(() => {
      this.running = null;
      if (!this.isEmpty) this.schedule();
      else sync();
    });
    return this.running;
  }

  /* One after the other; a server that is not reached for the first is not asked for the rest. */
  async sendAll() {
    this.tries++;
    for (const card of this.cards) {
      await card.attempt();
      if (this.has(card) && card.trouble !== "fault") return;
      if (!this.has(card)) this.tries = 0;
    }
  }

  /* For the password, once; then everything that waits is sent. Who declines is asked again when they press Save. */
  async ask(why) {
    if (this.asking || this.declined) return;
    this.asking = true;
    this.declined = !(await signInAgain(why));
    this.asking = false;
    if (!this.declined) this.run();
  }
}

/* Words back into the fields. What the page was made with (whose it is, which wording it shows) stays. */
function put(form, text) {
  const said = new URLSearchParams(text);
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field instanceof HTMLButtonElement) continue;
    if (field.type === "radio") field.checked = said.get(field.name) === field.value;
    else field.value = said.get(field.name) ?? "";
  }
  for (const kept of said.getAll("kept")) answerFor(form, kept);
}

function problem(sentence) {
  const filled = document.getElementById("autosave_problem").content.cloneNode(true);
  filled.querySelector("[data-why]").textContent = sentence;
  return filled;
}

/* Sends everything that waits, and resolves when it is saved or four seconds have passed. */
function settle() {
  const sending = Promise.all(cards.filter((card) => card.unsaved).map((card) => card.again()));
  return Promise.race([sending, new Promise((done) => setTimeout(done, 4000))]);
}

/* What was kept on this device for the questions of this page, by an earlier page or before the browser was closed. */
async function adoptAll() {
  const own = await device();
  for (const record of own ? await own.records() : []) {
    const card = cards.find((one) => new URL(one.form.action).pathname === record.action && !one.unsaved && !one.id);
    const release = card && (await hold(record.id));
    if (release) await card.adopt(record, release);
  }
  if (queue.isEmpty) sync();
  else queue.run();
  refresh();
}

const anyUnsaved = () => !isLeaving() && cards.some((card) => card.unsaved);
const queue = new Queue();
const cards = [...document.querySelectorAll("form[data-autosave]")].map((form) => new Card(form));
const tally = new Tally(cards);

register({
  settle,
  waiting: () => cards.filter((card) => card.waits && !card.isKept).length,
  forget: (id) => cards.find((card) => card.id === id)?.forget(),
});
adoptAll();

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !queue.isEmpty) queue.run(); // the person may have signed in on another page
  if (document.hidden) for (const card of cards) if (card.unsaved && !card.stuck) card.save();
});
window.addEventListener("online", () => {
  queue.tries = 0;
  if (queue.isEmpty) sync();
  else queue.run();
});
window.addEventListener("beforeunload", (event) => {
  if (anyUnsaved()) event.preventDefault();
});

/* A link or another form of the page waits until what was typed is saved. Where the network is down, the page stays:
   what the browser would show instead could not be filled. */
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.target || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !anyUnsaved()) return;
  if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
  event.preventDefault();
  await settle();
  if (queue.first?.trouble === "unreachable") return document.getElementById("autosave_stay").showModal();
  location.assign(link.href);
});
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (form.matches("[data-autosave]") || form.closest("dialog") || !anyUnsaved()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await settle();
    if (!anyUnsaved()) form.requestSubmit(event.submitter);
  },
  true,
);
