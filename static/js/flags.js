/* "Come back to this" without leaving the page. Without this file the button is a form that comes back to its card. */
for (const form of document.querySelectorAll("form[data-flag]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    turn(form, form.querySelector("button"), form.querySelector("[data-flag-said]"));
  });
}

async function turn(form, button, said) {
  const body = new URLSearchParams(new FormData(form));
  body.set("flag", button.value);
  const response = await send(form.action, body);
  if (!response?.ok) {
    said.textContent = said.dataset.failed;
    said.classList.remove("visually-hidden");
    return;
  }
  const { flagged } = await response.json();
  button.value = flagged ? "off" : "on";
  button.setAttribute("aria-pressed", String(flagged));
  said.textContent = flagged ? said.dataset.on : said.dataset.off;
  said.classList.add("visually-hidden");
  form.parentElement.querySelector("[data-flagged]")?.remove(); // who flagged it before
}

async function send(address, body) {
  try {
    return await fetch(address, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" });
  } catch {
    return null;
  }
}
