// Long select lists become a field one can type into. The select stays and keeps the value, so forms work the same.

const words = document.getElementById("words").dataset;
const LEAST = 12;
let serial = 0;

function enhance(select) {
  if (select.multiple || select.dataset.plain !== undefined || select.options.length <= LEAST || select.dataset.combo) return;
  const id = `combo-${++serial}`;
  select.dataset.combo = id;
  const box = document.createElement("div");
  box.className = "combo";
  const input = document.createElement("input");
  Object.assign(input, { type: "text", autocomplete: "off", id: `${id}-input`, disabled: select.disabled });
  const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  const list = document.createElement("ul");
  list.id = `${id}-list`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
  if (label) {
    label.htmlFor = input.id;
    list.setAttribute("aria-label", label.textContent.trim());
  }
  select.hidden = true;
  select.before(box);
  box.append(input, list, select);

  let active = -1;
  // Trees are indented in the list; the field shows the bare name.
  const chosen = () => (select.options[select.selectedIndex]?.text ?? "").trim();
  const show = () => (input.value = chosen());

  function fill(query) {
    const wanted = query.trim().toLowerCase();
    const found = [...select.options].filter(
      (option) => !wanted || option.text.toLowerCase().includes(wanted) || (option.dataset.keys ?? "").includes(wanted),
    );
    list.replaceChildren(
      ...found.slice(0, 200).map((option, place) => {
        const item = document.createElement("li");
        item.id = `${id}-${place}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(option.selected));
        item.textContent = option.text;
        item.dataset.index = option.index;
        return item;
      }),
    );
    if (found.length === 0) {
      const none = document.createElement("li");
      none.className = "none";
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.textContent = words.nomatch;
      list.append(none);
    }
    move(found.findIndex((option) => option.selected));
  }
  function move(place) {
    const items = [...list.querySelectorAll("[data-index]")];
    active = items.length ? Math.min(Math.max(place, wanted() ? 0 : -1), items.length - 1) : -1;
    items.forEach((item, at) => item.classList.toggle("active", at === active));
    if (active >= 0) {
      input.setAttribute("aria-activedescendant", items[active].id);
      items[active].scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }
  const wanted = () => input.value !== chosen() && input.value !== "";
  function open(query) {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    fill(query);
  }
  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    show();
  }
  function take(item) {
    if (item?.dataset.index !== undefined) {
      select.selectedIndex = Number(item.dataset.index);
      select.dispatchEvent(new Event("change", { bubbles: true }));
      select.dispatchEvent(new Event("input", { bubbles: true }));
    }
    close();
  }

  input.addEventListener("click", () => (list.hidden ? open("") : close()));
  input.addEventListener("focus", () => input.select());
  input.addEventListener("input", () => open(input.value));
  input.addEventListener("blur", () => setTimeout(close, 120));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open("");
      else move(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      take(list.querySelector(".active"));
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => take(event.target.closest("[data-index]")));
  select.addEventListener("change", show);
  select.form?.addEventListener("reset", () => setTimeout(show));
  show();
}

function start(root) {
  root.querySelectorAll("form select").forEach(enhance);
}
start(document);
document.addEventListener("htmx:afterSettle", (event) => start(event.target));
