/* The order of a draft's questions: the Up and Down buttons without leaving the page, and a handle to drag. Each move is
   saved by itself and said aloud. Without this file the buttons send a form. */
for (const section of document.querySelectorAll("[data-reorder]")) begin(section);

function begin(section) {
  const list = section.querySelector("ol.ordering");
  const words = section.querySelector("[data-said]");
  const items = () => [...list.querySelectorAll(":scope > [data-code]")];

  list.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-step]");
    if (!form) return;
    event.preventDefault();
    const item = form.closest("[data-code]");
    const order = items();
    const at = order.indexOf(item);
    const up = event.submitter.value === "up";
    const button = event.submitter;
    place(item, up ? order[at - 1] : (order[at + 2] ?? null), () => (button.disabled ? other(form, button) : button).focus());
  });

  for (const item of items()) makeDraggable(item);

  /* Before another item, or last (null). The page shows the new order once the server has it. */
  async function place(item, before, then) {
    if (before === item) return;
    const body = new URLSearchParams({ before: before?.dataset.code ?? "" });
    const headers = { Accept: "application/json", "X-CSRFToken": item.querySelector("[name=csrfmiddlewaretoken]").value };
    const answer = await fetch(item.dataset.place, { method: "POST", body, headers, redirect: "error" }).catch(() => null);
    if (answer?.ok) {
      list.insertBefore(item, before);
      endsOfTheList();
    }
    const order = items();
    words.textContent = (answer?.ok ? words.dataset.moved : words.dataset.failed)
      .replace("CODE", item.dataset.code)
      .replace("PLACE", order.indexOf(item) + 1)
      .replace("COUNT", order.length);
    if (!answer?.ok) words.classList.remove("visually-hidden");
    then?.();
  }

  function endsOfTheList() {
    const order = items();
    order.forEach((item, n) => {
      item.querySelector("[value=up]").disabled = n === 0;
      item.querySelector("[value=down]").disabled = n === order.length - 1;
    });
  }

  /* Only the handle starts a drag: text in the list can still be selected. */
  function makeDraggable(item) {
    const handle = item.querySelector("[data-handle]");
    handle.hidden = false;
    handle.addEventListener("pointerdown", () => (item.draggable = true));
    item.addEventListener("dragstart", (event) => {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", item.dataset.code);
      item.classList.add("dragged");
    });
    item.addEventListener("dragend", () => {
      item.draggable = false;
      item.classList.remove("dragged");
    });
    item.addEventListener("dragover", (event) => {
      if (list.querySelector(".dragged")) event.preventDefault();
    });
    item.addEventListener("drop", (event) => {
      const dragged = list.querySelector(".dragged");
      if (!dragged || dragged === item) return;
      event.preventDefault();
      const box = item.getBoundingClientRect();
      const below = event.clientY > box.top + box.height / 2;
      place(dragged, below ? item.nextElementSibling : item);
    });
  }
}

function other(form, button) {
  return [...form.querySelectorAll("button")].find((each) => each !== button);
}
