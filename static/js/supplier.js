// The link carries its code behind the #, which no browser sends. It goes into the field of the form and out of the
// address, so that neither the history nor a picture of the screen keeps it. A # that names a question is left alone.
const form = document.querySelector("[data-code]");

function open() {
  const code = decodeURIComponent(location.hash.slice(1));
  if (!code || document.getElementById(code)) return;
  history.replaceState(null, "", location.pathname);
  form.elements.token.value = code;
  form.requestSubmit();
}

if (form) {
  open();
  window.addEventListener("hashchange", open);
}
