// Buttons that fill a number in: the one that equals the number is pressed. Without this script the number is typed.

for (const group of document.querySelectorAll("[data-quick]")) {
  const input = document.getElementById(group.dataset.quick);
  if (!input) continue;
  const buttons = [...group.querySelectorAll("button")];
  const show = () => {
    for (const button of buttons) {
      const same = input.value !== "" && Number(input.value) === Number(button.value);
      button.setAttribute("aria-pressed", String(same));
    }
  };
  group.hidden = false;
  for (const button of buttons) {
    button.addEventListener("click", () => {
      input.value = button.value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  input.addEventListener("input", show);
  input.addEventListener("change", show);
  show();
}
