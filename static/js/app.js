// The frame: menu, pop-ups, messages, shortcuts, and what happens when the server does not answer.
// Texts come from <template id="words">, so that they are translated with the pages.

const words = document.getElementById("words").dataset;
const year = 365 * 24 * 3600;

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${year}; samesite=lax`;
}

// menu
document.querySelector("[data-menu-fold]")?.addEventListener("click", (event) => {
  const narrow = document.documentElement.classList.toggle("menu-narrow");
  event.currentTarget.setAttribute("aria-pressed", String(narrow));
  remember("cmsys_menu", narrow ? "narrow" : "wide");
});
const here = document.querySelector("#menu [aria-current]");
const groups = here?.closest(".menu-groups");
if (groups && here.offsetTop > groups.clientHeight - 60) groups.scrollTop = here.offsetTop - groups.clientHeight / 2;

// pop-ups made of <details>: Esc and a click elsewhere close them
function closePops(except) {
  for (const pop of document.querySelectorAll("details.pop[open]")) if (pop !== except) pop.open = false;
}
document.addEventListener("click", (event) => closePops(event.target.closest("details.pop")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const pop = document.querySelector("details.pop[open]");
    if (pop) {
      pop.open = false;
      pop.querySelector("summary").focus();
    }
  }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
});

// messages: success goes by itself, errors stay until closed
const SECONDS = 6;
function watch(toast) {
  if (toast.classList.contains("error") || toast.classList.contains("warning")) return;
  let timer = setTimeout(() => toast.remove(), SECONDS * 1000);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), SECONDS * 1000)));
}

function drawing(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${words.icons}#${name}`);
  svg.append(use);
  return svg;
}

function say(text, level = "info") {
  const toast = document.createElement("div");
  toast.className = `toast ${level}`;
  const line = document.createElement("div");
  line.className = "toast-text";
  line.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "icon-button";
  close.setAttribute("aria-label", words.close);
  close.dataset.toastClose = "";
  close.append(drawing("x"));
  toast.append(drawing({ error: "error", warning: "warning", success: "ok" }[level] ?? "info"), line, close);
  document.getElementById("toasts").append(toast);
  watch(toast);
}

document.querySelectorAll("[data-toast]").forEach(watch);
document.getElementById("toasts")?.addEventListener("click", (event) => {
  if (event.target.closest("[data-toast-close]")) event.target.closest(".toast").remove();
});
// Other modules and the server (HX-Trigger: {"toast": {"text": …, "level": …}}) speak through this event.
document.addEventListener("toast", (event) => say(event.detail.text ?? event.detail.value, event.detail.level));

// htmx: a lost session or a failure must never leave half a page
document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = new URL(event.detail.xhr.responseURL || location.href);
  if (answered.pathname.includes("sign-in") && !location.pathname.includes("sign-in")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
document.addEventListener("htmx:sendError", () => say(words.offline, "error"));
document.addEventListener("htmx:responseError", (event) =>
  say(words.failed.replace("{status}", event.detail.xhr.status), "error"),
);

// query form: more fields
for (const button of document.querySelectorAll("[data-unfold]")) {
  const form = button.closest("form");
  const label = button.querySelector("span");
  const show = (open) => {
    form.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
    label.textContent = open ? words.less : words.more;
  };
  const filled = [...form.querySelectorAll(".extra :is(input, select)")].some((control) =>
    control.type === "checkbox" || control.type === "radio" ? control.checked : control.value !== "",
  );
  show(filled);
  button.addEventListener("click", () => show(!form.classList.contains("open")));
}

// empty fields stay out of the address
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches?.("[data-query]")) return;
  for (const [name, value] of [...event.detail.formData.entries()]) {
    if (value === "") event.detail.formData.delete(name);
  }
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-query]") || window.htmx) return;
  for (const control of event.target.elements) if (control.name && control.value === "") control.disabled = true;
});

// density of tables
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-density]");
  if (!button) return;
  const dense = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(dense));
  document.querySelectorAll("#results .table").forEach((table) => table.classList.toggle("dense", dense));
  remember("cmsys_density", dense ? "dense" : "wide");
});

// What was revealed goes by itself, also when the tab lay in the background.
for (const shown of document.querySelectorAll("[data-hide-after]")) {
  setTimeout(() => {
    shown.textContent = words.hidden;
    say(words.hidden);
  }, Number(shown.dataset.hideAfter) * 1000);
}
