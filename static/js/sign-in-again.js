/* The session has ended under an open page: its person is asked for the password in place. Nothing typed is touched. */
import { read, renewTokens, request } from "./sending.js";

const QUIET = 1000; // ms without a key: a dialog that opens under someone's fingers would take their words

const dialog = document.getElementById("sign_in_again");
let typed = 0;
let asking = null;

document.addEventListener("input", () => (typed = Date.now()), true);

/* Whether the person signed in again. `why` says that it was somebody else who did meanwhile. */
export function signInAgain(why = "") {
  asking ??= ask(why).finally(() => (asking = null));
  return asking;
}

async function ask(why) {
  while (Date.now() - typed < QUIET) await new Promise((later) => setTimeout(later, QUIET / 4));
  const form = dialog.querySelector("form");
  const told = dialog.querySelector("[data-told]");
  dialog.querySelector("[data-other]").textContent = why;
  tell(told, "");
  form.elements.password.value = "";
  dialog.showModal();
  form.elements.password.focus();
  return new Promise((done) => {
    dialog.onclose = () => done(dialog.returnValue === "signed in");
    dialog.querySelector("[data-not-now]").onclick = () => dialog.close("");
    form.onsubmit = async (event) => {
      event.preventDefault();
      const wrong = await signIn(form);
      form.elements.password.value = "";
      if (!wrong) return dialog.close("signed in");
      tell(told, wrong);
      form.elements.password.focus();
    };
  });
}

/* The session is there again, from another page. */
export function noLongerNeeded() {
  if (dialog.open) dialog.close("signed in");
}

function tell(told, sentence) {
  told.querySelector("[data-why]").textContent = sentence;
  told.hidden = !sentence;
}

/* What is wrong, in a sentence; empty when the person is signed in. */
async function signIn(form) {
  try {
    const response = await request(form.action, new URLSearchParams(new FormData(form)));
    const reply = await read(response);
    if (!reply.signed_in) return reply.errors?.join(" ") || reply.why || form.dataset.notReached;
    renewTokens();
    return "";
  } catch {
    return form.dataset.notReached;
  }
}
