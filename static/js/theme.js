/* Switches light and dark in place and keeps the choice by posting the same form that works without this. */
const MEDIA = { "": "screen and (prefers-color-scheme: dark)", light: "not all", dark: "screen" };

function show(theme, form) {
  const root = document.documentElement;
  if (theme) root.dataset.bsTheme = theme;
  else delete root.dataset.bsTheme;
  document.getElementById("dark-tokens").media = MEDIA[theme];
  document.querySelector("meta[name=color-scheme]").content = theme || "light dark";
  for (const button of form.querySelectorAll("button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

for (const form of document.querySelectorAll("form[data-theme-form]")) {
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (!button || !document.getElementById("dark-tokens")) return; // let the server do it
    event.preventDefault();
    const body = new FormData(form, button);
    try {
      const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
      if (!answer.ok && answer.type !== "opaqueredirect") throw new Error(answer.statusText);
      show(button.value, form);
    } catch {
      HTMLFormElement.prototype.submit.call(withTheme(form, button.value));
    }
  });
}

function withTheme(form, theme) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "theme", value: theme });
  form.append(field);
  return form;
}
