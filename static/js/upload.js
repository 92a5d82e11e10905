/* A form marked data-upload: says at once when a file is too large or of a type that is not taken, shows progress
   and can be cancelled. Its file input carries data-max-bytes, data-too-large and data-wrong-type (the sentences),
   and accept. Without this the form posts as any other and the server says the same. */
for (const form of document.querySelectorAll("form[data-upload]")) enhance(form);

function enhance(form) {
  const input = form.querySelector("input[type=file]");
  const status = form.querySelector("[data-upload-status]");
  if (!input || !status) return;
  const words = status.querySelector("[data-upload-words]");
  const bar = status.querySelector("progress");
  let request = null;

  input.addEventListener("change", () => {
    const problem = [...input.files].map((file) => problemWith(file, input)).find(Boolean) ?? "";
    input.setCustomValidity(problem);
    if (problem) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    say(problem);
  });

  form.addEventListener("submit", (event) => {
    if (input.validationMessage) {
      event.preventDefault();
      input.focus();
      return;
    }
    if (!input.files.length) return;
    event.preventDefault();
    send(new FormData(form, event.submitter));
  });

  status.querySelector("[data-upload-cancel]").addEventListener("click", () => request?.abort());

  function say(text) {
    status.hidden = !text;
    status.classList.toggle("upload-idle", !request);
    words.textContent = text;
  }

  function send(body) {
    request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      bar.value = (100 * event.loaded) / event.total;
      words.textContent = `${megabytes(event.loaded)} of ${megabytes(event.total)} MB`;
    });
    request.addEventListener("load", () => show(request) || stop(status.dataset.uploadFailed));
    request.addEventListener("error", () => stop(status.dataset.uploadFailed));
    request.addEventListener("abort", () => stop(status.dataset.uploadCancelled));
    request.open("POST", form.action || window.location.href);
    request.send(body);
    bar.value = 0;
    say(status.dataset.uploadSending);
  }

  function stop(text) {
    request = null;
    say(text);
    input.focus();
  }
}

/* Goes where the server redirected, or puts the form it answered with, errors first, in the place of this one.
   False when the answer is no page of ours, e.g. a proxy's. */
function show(request) {
  const here = window.location.href.split("#")[0];
  if (request.status < 400 && request.responseURL && request.responseURL !== here) {
    window.location.assign(request.responseURL);
    return true;
  }
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const main = page.querySelector("main");
  if (!main) return false;
  document.title = page.title;
  document.querySelector("main").replaceWith(main);
  for (const form of main.querySelectorAll("form[data-upload]")) enhance(form);
  (main.querySelector(".error-summary") ?? main).focus();
  return true;
}

function problemWith(file, input) {
  if (input.dataset.maxBytes && file.size > Number(input.dataset.maxBytes)) {
    return input.dataset.tooLarge.replace("{size}", megabytes(file.size));
  }
  const types = input.accept.split(",").map((type) => type.trim().toLowerCase()).filter(Boolean);
  const taken = !types.length || types.some((type) => matches(file, type));
  return taken ? "" : input.dataset.wrongType;
}

function matches(file, type) {
  if (type.startsWith(".")) return file.name.toLowerCase().endsWith(type);
  return type.endsWith("/*") ? file.type.startsWith(type.slice(0, -1)) : file.type === type;
}

function megabytes(bytes) {
  return (bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0);
}
