// Answering lines of a plan: picking, keys, how many are picked. Everything works without it.

const form = document.querySelector("[data-answer]");
const boxes = [...document.querySelectorAll("[data-pick-line]")];

if (form && boxes.length) {
  const note = form.querySelector("[data-picked]");
  const groups = [...document.querySelectorAll("[data-pick-group]")];
  const within = (group) => [...group.closest("section").querySelectorAll("[data-pick-line]")];
  const show = () => {
    const picked = boxes.filter((box) => box.checked).length;
    form.querySelector("[data-count]").textContent = picked || "";
    note.textContent = picked ? note.dataset.some.replace("{n}", picked) : note.dataset.none;
    for (const group of groups) {
      const own = within(group);
      const some = own.filter((box) => box.checked).length;
      group.checked = own.length > 0 && some === own.length;
      group.indeterminate = some > 0 && some < own.length;
    }
  };
  for (const group of groups) {
    group.closest("[data-pick-group-label]").hidden = within(group).length === 0;
    group.addEventListener("change", () => {
      for (const box of within(group)) box.checked = group.checked;
      show();
    });
  }
  for (const box of boxes) box.addEventListener("change", show);
  show();
}

// Opening the refusal leads into its reason; what was said of the last answer makes room.
const refuse = document.querySelector("[data-refuse]");
refuse?.addEventListener("toggle", () => {
  if (!refuse.open) return;
  for (const toast of document.querySelectorAll(".toasts > *")) toast.remove();
  refuse.querySelector("textarea").focus();
});

// Keys of one letter: never while typing, never over a dialog; they only move, pick and press what is on the page.
const hint = document.querySelector("[data-keys-hint]");
if (hint && boxes.length) {
  hint.hidden = false;
  const go = (step) => {
    const here = boxes.indexOf(document.activeElement);
    const next = boxes[here < 0 ? 0 : here + step];
    next?.focus();
    next?.closest("[data-line]").scrollIntoView({ block: "nearest" });
  };
  const actions = {
    j: () => go(1),
    k: () => go(-1),
    x: () => boxes.includes(document.activeElement) && document.activeElement.click(),
    a: () => boxes.some((box) => box.checked) && form.querySelector("[data-agree]").click(),
    r: () => {
      if (boxes.some((box) => box.checked)) refuse.open = true;
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (document.querySelector("dialog[open], details.pop[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
