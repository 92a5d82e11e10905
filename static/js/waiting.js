// While a report is being prepared or signed, look every few seconds whether it has moved on, and then show it.
const shown = document.querySelector("main")?.textContent;
const start = Date.now();

async function look() {
  if (Date.now() - start > 120_000) return;
  if (!document.hidden) {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (response?.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const main = page.querySelector("main");
      if (main && main.textContent !== shown) {
        location.reload();
        return;
      }
    }
  }
  setTimeout(look, 3000);
}

setTimeout(look, 2000);
