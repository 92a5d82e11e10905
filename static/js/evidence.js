/* Evidence on the page of questions: the form opens in its card, files are dropped on a card or pasted into it, and
   what was added appears without a reload. Without this, the link leads to a page with the same form. */

/* The form of a card, fetched when it is first wanted: a page of fifty questions does not carry fifty of them. */
async function formIn(card) {
  const place = card.querySelector("[data-evidence-place]");
  const open = place.querySelector("form");
  if (open) return open;
  const link = card.querySelector("[data-evidence-add]");
  const [{ enhance }, page] = await Promise.all([import("./upload.js"), fetched(link.href)]);
  const form = page?.querySelector("form[data-upload]");
  if (!form) {
    location.assign(link.href); // signed out, or no longer open: the page itself says so
    return null;
  }
  put(card, place, form, enhance);
  return form;
}

function put(card, place, form, enhance) {
  const words = form.querySelector("[data-drop-words]");
  if (words) words.hidden = false;
  form.querySelector(".buttons a")?.addEventListener("click", (event) => {
    event.preventDefault();
    event.stopPropagation();
    place.replaceChildren();
    card.querySelector("[data-evidence-add]").focus();
  });
  place.replaceChildren(form);
  enhance(form, (page) => settled(card, place, page, enhance));
}

/* Takes the server's answer into the card: the new list, or the form with what is wrong, or what is known already. */
function settled(card, place, page, enhance) {
  const now = page.getElementById(card.id)?.querySelector(".evidence");
  if (now) {
    card.querySelector(".evidence").replaceWith(now);
    card.querySelector("[data-evidence-add]")?.focus();
    announce(page.querySelector(".messages")?.textContent.trim() ?? "", card);
    return true;
  }
  const form = page.querySelector("form[data-upload]");
  if (form) {
    put(card, place, form, enhance);
    form.querySelector("[aria-invalid=true]")?.focus();
    return true;
  }
  const known = page.querySelectorAll("section.known");
  if (!known.length) return false;
  place.replaceChildren(...known);
  known[0].querySelector("button").focus();
  return true;
}

function announce(text, card) {
  const line = document.createElement("p");
  line.className = "small";
  line.setAttribute("role", "status");
  card.querySelector(".evidence").append(line);
  line.textContent = text;
}

async function fetched(address) {
  const response = await fetch(address, { redirect: "manual" });
  return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
}

async function bring(card, files, today) {
  const form = await formIn(card);
  if (!form || !files.length) return form?.elements.title.focus();
  const carried = new DataTransfer();
  for (const file of [...form.elements[`${card.id}_file`].files, ...files]) carried.items.add(file);
  const input = form.elements[`${card.id}_file`];
  input.files = carried.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  if (!form.elements.title.value && files.length === 1) form.elements.title.value = files[0].name.replace(/\.[^.]*$/, "");
  if (today && !form.elements.effective_date.value) form.elements.effective_date.value = isoDay(new Date());
  form.elements.title.focus();
}

const isoDay = (day) => new Date(day - day.getTimezoneOffset() * 60000).toISOString().slice(0, 10);

/* Before the link is followed, and before whatever waits for saves on a click. */
document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest("[data-evidence-add]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    bring(link.closest("[data-card]"), []);
  },
  true,
);

const open = (target) => {
  const card = target.closest?.("[data-card]");
  return card?.querySelector("[data-evidence-add]") ? card : null;
};

document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault(); // a file dropped beside a question does not take the page away
  const card = open(event.target);
  event.dataTransfer.dropEffect = card ? "copy" : "none";
  mark(card);
});
document.addEventListener("dragleave", (event) => event.relatedTarget || mark(null));
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  mark(null);
  const card = open(event.target);
  if (card) bring(card, [...event.dataTransfer.files]);
});

function mark(card) {
  for (const marked of document.querySelectorAll(".dragged-over")) marked.classList.remove("dragged-over");
  card?.classList.add("dragged-over");
}

/* A picture or a file from the clipboard; text goes where it always goes. */
document.addEventListener("paste", (event) => {
  const card = open(event.target);
  const files = [...event.clipboardData.files];
  if (!card || !files.length || event.clipboardData.types.includes("text/plain")) return;
  event.preventDefault();
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, "-");
  const named = files.map((file) =>
    file.name === "image.png" ? new File([file], `pasted-${stamp}.png`, { type: file.type }) : file,
  );
  bring(card, named, true);
});
