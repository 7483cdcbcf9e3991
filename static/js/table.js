// Result tables: header that stays in view, rows picked across pages, keys j k x o Enter.

const words = document.getElementById("words").dataset;

// A table that fits lets its header stick to the page; a wider one scrolls in its own frame.
const sizes = new ResizeObserver((entries) => entries.forEach((entry) => fit(entry.target)));
function fit(frame) {
  const table = frame.querySelector("table");
  if (!table) return;
  const fits = table.scrollWidth <= frame.clientWidth + 1;
  frame.classList.toggle("fits", fits);
  frame.classList.toggle("wide", !fits);
}

// Picked rows live in this tab only, one list per address without paging and sorting.
function storeKey() {
  const query = new URLSearchParams(location.search);
  ["page", "size", "page_size", "o", "sort", "ordering"].forEach((name) => query.delete(name));
  query.sort();
  return `picked:${location.pathname}?${query}`;
}
function picked() {
  return new Set(JSON.parse(sessionStorage.getItem(storeKey()) ?? "[]"));
}
function keep(keys) {
  sessionStorage.setItem(storeKey(), JSON.stringify([...keys]));
}

function showPicked() {
  const bar = document.querySelector("[data-batch]");
  if (!bar) return;
  const keys = picked();
  const boxes = [...document.querySelectorAll("[data-pick]")];
  for (const box of boxes) {
    box.checked = keys.has(box.value);
    box.closest("tr").classList.toggle("selected", box.checked);
  }
  const page = document.querySelector("[data-pick-page]");
  if (page) {
    const on = boxes.filter((box) => box.checked).length;
    page.checked = on > 0 && on === boxes.length;
    page.indeterminate = on > 0 && on < boxes.length;
  }
  const all = bar.querySelector("[data-pick-all]");
  bar.hidden = keys.size === 0;
  if (bar.hidden) all.checked = false;
  const count = all.checked ? bar.dataset.total : keys.size;
  bar.querySelector("[data-batch-count]").textContent = words.selected.replace("{count}", count);
  // Rows on other pages travel as hidden fields.
  bar.querySelectorAll("[data-elsewhere]").forEach((field) => field.remove());
  const shown = new Set(boxes.map((box) => box.value));
  for (const key of keys) {
    if (shown.has(key)) continue;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "selected", value: key });
    field.dataset.elsewhere = "";
    bar.append(field);
  }
}

document.addEventListener("change", (event) => {
  const keys = picked();
  if (event.target.matches("[data-pick]")) {
    event.target.checked ? keys.add(event.target.value) : keys.delete(event.target.value);
  } else if (event.target.matches("[data-pick-page]")) {
    for (const box of document.querySelectorAll("[data-pick]")) {
      event.target.checked ? keys.add(box.value) : keys.delete(box.value);
    }
  } else if (!event.target.matches("[data-pick-all]")) {
    return;
  }
  keep(keys);
  showPicked();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-pick-none]")) return;
  keep(new Set());
  showPicked();
  document.querySelector("[data-pick-page]")?.focus();
});

// keys: j and k move, x picks, o looks, Enter opens; never while typing
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
  const rows = [...document.querySelectorAll("[data-results] tr[data-row]")];
  if (typing || rows.length === 0) return;
  const now = rows.findIndex((row) => row.classList.contains("cursor"));
  if (event.key === "j" || event.key === "k") {
    const next = Math.min(Math.max(now + (event.key === "j" ? 1 : -1), 0), rows.length - 1);
    rows[now]?.classList.remove("cursor");
    rows[next].classList.add("cursor");
    (rows[next].querySelector("th a") ?? rows[next].querySelector("a, input"))?.focus();
    event.preventDefault();
  } else if (event.key === "x" && now >= 0) {
    rows[now].querySelector("[data-pick]")?.click();
  } else if (event.key === "o" && now >= 0) {
    rows[now].querySelector("[data-peek]")?.click();
  }
});

function start() {
  document.querySelectorAll("[data-table]").forEach((frame) => {
    fit(frame);
    sizes.observe(frame);
  });
  showPicked();
}
start();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "results") return;
  start();
  const reached = event.target.getBoundingClientRect().top;
  if (reached < 0) event.target.scrollIntoView({ block: "start" });
});
