/* Find choices by their words: what does not hold all of them is put aside, what is chosen always stays in sight. */
for (const choosing of document.querySelectorAll("[data-choosing]")) {
  const search = choosing.querySelector("[data-choosing-search]");
  const input = search.querySelector("input");
  const told = search.querySelector("[data-choosing-found]");
  const groups = [...choosing.querySelectorAll("[data-choosing-group]")];
  const wasOpen = new Map(groups.map((group) => [group, group.open]));

  const show = () => {
    const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const group of groups) {
      let shown = 0;
      for (const item of group.querySelectorAll("[data-choosing-item]")) {
        const text = item.textContent.toLocaleLowerCase();
        const fits = words.every((word) => text.includes(word));
        const stays = fits || item.querySelector("input").checked;
        item.hidden = !stays;
        shown += stays;
        found += fits;
      }
      group.hidden = words.length > 0 && shown === 0;
      group.open = words.length > 0 ? shown > 0 : wasOpen.get(group) || Boolean(group.querySelector("input:checked"));
    }
    told.textContent = words.length === 0 ? "" : found ? told.dataset.some.replace("{n}", found) : told.dataset.none;
  };

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  search.hidden = false;
}
