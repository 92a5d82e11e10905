/* A form marked data-upload: says at once when a file is too large or of a type that is not taken, shows progress
   and can be cancelled. Its file input carries data-max-bytes, data-too-large and data-wrong-type (the sentences),
   and accept. With data-uploads, the address where files are announced, what is larger than a part goes there in parts
   first and is resumed when the connection breaks. Without this the form posts as any other and the server says the
   same. */
import { Refusal, sendInParts } from "./parts.js";

const PART = 2 * 1024 * 1024; // bytes; smaller files come with the form

for (const form of document.querySelectorAll("form[data-upload]")) enhance(form);

/* `settled(response page)` may take the server's answer into the page; false lets the whole page become it. */
export function enhance(form, settled = () => false) {
  const input = form.querySelector("input[type=file]");
  const status = form.querySelector("[data-upload-status]");
  if (!input || !status || form.dataset.enhanced) return;
  form.dataset.enhanced = "yes";
  const words = status.querySelector("[data-upload-words]");
  const bar = status.querySelector("progress");
  let running = null; // the AbortController of what is being sent

  form.addEventListener("change", (event) => {
    if (event.target.type === "file") check();
  });
  form.addEventListener("submit", (event) => {
    if (input.validationMessage) {
      event.preventDefault();
      input.focus();
    } else if (form.dataset.uploads || chosen().length) {
      event.preventDefault();
      if (!running && (!form.dataset.uploads || form.reportValidity())) send(event.submitter);
    }
  });
  status.querySelector("[data-upload-cancel]").addEventListener("click", () => running?.abort("cancelled"));
  addEventListener("beforeunload", (event) => running && form.isConnected && event.preventDefault());

  function chosen() {
    return [...form.querySelectorAll("input[type=file]")].flatMap((field) => [...field.files]);
  }

  function check() {
    const problem = chosen().map((file) => problemWith(file, input)).find(Boolean) ?? "";
    input.setCustomValidity(problem);
    if (problem) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    say(problem);
  }

  function say(text) {
    status.hidden = !text;
    status.classList.toggle("upload-idle", !running);
    words.textContent = text;
  }

  async function send(submitter) {
    running = new AbortController();
    bar.value = 0;
    say(status.dataset.uploadSending);
    try {
      const body = new FormData(form, submitter);
      if (form.dataset.uploads) await sendLargeFiles(body);
      const reply = await post(form.action, body, running.signal, progress);
      running = null;
      take(reply);
    } catch (problem) {
      const cancelled = running?.signal.aborted;
      running = null;
      const told = problem instanceof Refusal ? problem.message : "";
      if (cancelled) stop(status.dataset.uploadCancelled);
      else stop(told === "signed_out" ? status.dataset.uploadSignedOut : told || status.dataset.uploadFailed);
    }
  }

  /* What goes in parts is named in the form by its token. */
  async function sendLargeFiles(body) {
    const files = body.getAll("file").filter((file) => file.size);
    body.delete("file");
    for (const file of files) {
      if (file.size <= PART) {
        body.append("file", file);
        continue;
      }
      const sent = await sendInParts(file, form.dataset.uploads, {
        signal: running.signal,
        arrived: (bytes) => progress(bytes, file.size),
        broken: (bytes) => {
          words.textContent = fill(status.dataset.uploadBroken, bytes, file.size);
        },
      });
      body.append("upload", sent.token);
      body.append("upload_sha256", sent.sha256);
    }
  }

  function progress(bytes, all) {
    bar.value = (100 * bytes) / all;
    words.textContent = bytes < all ? fill(status.dataset.uploadProgress, bytes, all) : status.dataset.uploadChecking;
  }

  function take(reply) {
    const page = new DOMParser().parseFromString(reply.responseText, "text/html");
    say("");
    if (!settled(page, reply) && !show(page, reply)) stop(status.dataset.uploadFailed);
  }

  function stop(text) {
    say(text);
    input.focus();
  }
}

const fill = (sentence, bytes, all) => sentence.replace("{done}", megabytes(bytes)).replace("{all}", megabytes(all));

/* With progress, which fetch does not tell. */
function post(address, body, signal, progress) {
  return new Promise((answered, failed) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded, event.total));
    request.addEventListener("load", () => answered(request));
    request.addEventListener("error", failed);
    request.addEventListener("abort", failed);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", address || window.location.href);
    request.send(body);
  });
}

/* Goes where the server redirected, or puts the form it answered with, errors first, in the place of this one.
   False when the answer is no page of ours, e.g. a proxy's. */
function show(page, reply) {
  const here = window.location.href.split("#")[0];
  if (reply.status < 400 && reply.responseURL && reply.responseURL !== here) {
    window.location.assign(reply.responseURL);
    return true;
  }
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
