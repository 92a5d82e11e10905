/* The counts of the fill page, kept current while answers are saved: what the server counted when it sent the page,
   and what has changed on this page since. */
export class Tally {
  /* `cards` each say whether they are `answered` and whether they are `unfinished`, as last saved. */
  constructor(cards) {
    this.cards = cards;
    this.here = read(".fill-nav [aria-current] [data-answered]") - this.count("answered");
    this.left = read("[data-left]") - this.count("unfinished");
  }

  count(what) {
    return this.cards.filter((card) => card[what]).length;
  }

  /* `answered` of the whole audit comes with each save. */
  update(answered) {
    const left = this.left + this.count("unfinished");
    write(".fill-nav [aria-current] [data-answered]", this.here + this.count("answered"));
    write("[data-total]", answered);
    write("[data-left]", left);
    document.querySelector("[data-total-bar]")?.setAttribute("value", answered);
    document.querySelector("[data-left-to-do]")?.toggleAttribute("hidden", left <= 0);
    document.querySelector("[data-submit]")?.toggleAttribute("hidden", left > 0);
  }
}

function read(place) {
  return Number(document.querySelector(place)?.textContent ?? 0);
}

function write(place, number) {
  const found = document.querySelector(place);
  if (found) found.textContent = number;
}
