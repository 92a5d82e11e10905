/* Two things for table.listing: on phones CSS lays rows out as cards, which makes browsers forget that it is a table,
   so its roles are written down; and a table marked data-sort, whose rows are all on the page, sorts in place. */
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
const compare = new Intl.Collator(undefined, { numeric: true }).compare;

for (const table of document.querySelectorAll("table.listing")) {
  for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, td, th")]) {
    if (part.hasAttribute("role")) continue;
    part.setAttribute("role", ROLES[part.tagName] ?? (part.scope === "row" ? "rowheader" : "columnheader"));
  }
  if ("sort" in table.dataset) makeSortable(table);
}

function makeSortable(table) {
  for (const header of table.tHead.rows[0].cells) {
    if ("noSort" in header.dataset) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sortBy(table, header));
  }
}

function sortBy(table, header) {
  const down = header.getAttribute("aria-sort") === "ascending";
  const column = header.cellIndex;
  const body = table.tBodies[0];
  const valueOf = (row) => row.cells[column].dataset.sortValue ?? row.cells[column].textContent.trim();
  const rows = [...body.rows].sort((a, b) => compare(valueOf(a), valueOf(b)) * (down ? -1 : 1));
  body.append(...rows);
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
}
