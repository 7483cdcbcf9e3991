// Drawer and dialog: <dialog> elements that htmx fills. The browser traps focus, closes on Esc and gives focus back.

for (const box of document.querySelectorAll("#drawer, #dialog")) {
  let opener = null;
  box.addEventListener("htmx:afterSwap", () => {
    const heading = box.querySelector("h2");
    if (heading) {
      heading.id = `${box.id}-title`;
      box.setAttribute("aria-labelledby", heading.id);
    }
    if (!box.open) {
      opener = document.activeElement;
      box.showModal();
    }
    (box.querySelector("[autofocus]") ?? box.querySelector("[data-close]"))?.focus();
  });
  box.addEventListener("click", (event) => {
    const outside = event.target === box && !inside(event, box.getBoundingClientRect());
    if (outside || event.target.closest("[data-close]")) box.close();
  });
  box.addEventListener("close", () => {
    box.replaceChildren();
    mark(null);
    if (opener?.isConnected) opener.focus();
  });
}

function inside(event, edge) {
  return event.clientX >= edge.left && event.clientX <= edge.right && event.clientY >= edge.top && event.clientY <= edge.bottom;
}

function mark(row) {
  document.querySelectorAll("tr.here").forEach((other) => other.classList.remove("here"));
  row?.classList.add("here");
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const peek = event.target.closest?.("[data-peek]");
  if (peek) mark(peek.closest("tr"));
});

// A dialog that stands in the page already: <button data-opens="id-of-dialog">
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens]");
  if (button) document.getElementById(button.dataset.opens)?.showModal();
  const close = event.target.closest("dialog:not(#drawer, #dialog) [data-close]");
  if (close) close.closest("dialog").close();
});
