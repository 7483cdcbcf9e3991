// The workbench of a plan: ticked lines tell the bar below, the reasons of a line open in place. It works without.

const form = document.getElementById("plan-bench");
const boxes = [...document.querySelectorAll("[data-plan-pick]")];
const all = document.querySelector("[data-plan-all]");

function show() {
  const on = boxes.filter((box) => box.checked).length;
  for (const box of boxes) box.closest("tr").classList.toggle("selected", box.checked);
  if (all) {
    all.checked = on > 0 && on === boxes.length;
    all.indeterminate = on > 0 && on < boxes.length;
  }
  for (const button of form?.querySelectorAll("button[name=act]") ?? []) button.disabled = on === 0;
}
function changed() {
  show();
  form?.dispatchEvent(new CustomEvent("picked"));
}
if (form && boxes.length) {
  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      changed();
    });
  }
  for (const box of boxes) box.addEventListener("change", changed);
  show();
  // Going back keeps what was ticked.
  if (boxes.some((box) => box.checked)) window.addEventListener("load", changed);
}

// Reasons: the first click asks for them, the next ones close and open the row.
for (const link of document.querySelectorAll("[data-plan-why]")) {
  const cell = document.getElementById(link.dataset.planWhy);
  const row = cell.closest("tr");
  link.setAttribute("role", "button");
  link.setAttribute("aria-expanded", "false");
  link.setAttribute("aria-controls", cell.id);
  const open = (on) => {
    row.hidden = !on;
    link.setAttribute("aria-expanded", String(on));
  };
  link.addEventListener("htmx:beforeRequest", (event) => {
    if (!cell.hasChildNodes()) return;
    event.preventDefault();
    open(row.hidden);
  });
  cell.addEventListener("htmx:afterSwap", () => open(true));
  link.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    link.click();
  });
}
