/* The header's menus are <details>: they work without this. Here they also close on Escape, on a click outside,
   and when another one opens. */
const menus = document.querySelectorAll("details.menu");

function closeAll(except) {
  for (const menu of menus) if (menu !== except) menu.open = false;
}

for (const menu of menus) {
  menu.addEventListener("toggle", () => { if (menu.open) closeAll(menu); });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("details.menu")) closeAll();
});
