// Deciding: keys, dialogs in place of pages, phrases for reasons, picking clear cases. Everything works without it.

const KEYS = "review-keys";

// A link that has its dialog on the page opens that instead (overlay.js shows it).
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-opens]");
  const dialog = link && document.getElementById(link.dataset.opens);
  if (!dialog) return;
  event.preventDefault();
  link.closest("details.pop")?.removeAttribute("open");
  (dialog.querySelector("select:not([hidden]), .combo input, textarea") ?? dialog.querySelector("button"))?.focus();
});

// Phrases: appended where something stands already.
for (const group of document.querySelectorAll("[data-phrases]")) {
  const field = document.getElementById(group.dataset.phrases);
  if (!field) continue;
  group.hidden = false;
  group.addEventListener("click", (event) => {
    const phrase = event.target.closest("button")?.textContent;
    if (!phrase) return;
    field.value = field.value.trim() ? `${field.value.trim()}${phrase}` : phrase;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}

// Picking: the button says how many, and is there only for some.
const form = document.querySelector("[data-batch-queue]");
const button = form?.querySelector("[data-batch-button]");
if (button) {
  const boxes = [...form.querySelectorAll("[data-pick-case]")];
  const all = form.querySelector("[data-pick-clear]");
  form.querySelector("[data-pick-clear-label]").hidden = false;
  const show = () => {
    const picked = boxes.filter((box) => box.checked).length;
    button.textContent = button.dataset.label.replace("{n}", picked);
    button.disabled = picked === 0;
    button.classList.toggle("primary", picked > 0);
    all.checked = picked === boxes.length;
    all.indeterminate = picked > 0 && picked < boxes.length;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  form.addEventListener("change", show);
  show();
}

// Keys of one letter: can be turned off, never while typing, never over a dialog.
const legend = document.querySelector("[data-review] [data-keys-legend]");
if (legend) {
  const toggle = document.querySelector("[data-keys-toggle]");
  const status = document.querySelector("[data-review-status]");
  let on = localStorage.getItem(KEYS) !== "off";
  const show = () => {
    const text = toggle.querySelector("span");
    toggle.setAttribute("aria-pressed", String(on));
    text.textContent = on ? text.dataset.on : text.dataset.off;
  };
  legend.hidden = false;
  toggle.addEventListener("click", () => {
    on = !on;
    localStorage.setItem(KEYS, on ? "on" : "off");
    show();
  });
  show();
  const links = [...document.querySelectorAll("[data-case-link]")];
  const here = links.findIndex((link) => link.hasAttribute("aria-current"));
  links[here]?.scrollIntoView({ block: "nearest" });
  window.scrollTo(0, 0);

  const go = (step) => {
    const next = links[here + step];
    if (next) next.click();
    else status.textContent = step > 0 ? status.dataset.last : status.dataset.first;
  };
  const actions = {
    j: () => go(1),
    k: () => go(here < 0 ? 0 : -1),
    a: () => document.querySelector("[data-key=a]")?.click(),
    r: () => document.querySelector("[data-key=r]")?.click(),
    Enter: () => document.querySelector("[data-key-enter]")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (document.querySelector("dialog[open], details.pop[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
    // Enter on a control is that control's own.
    if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
