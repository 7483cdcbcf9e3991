// Forms: sent once, drafts kept when the session ends, errors brought into view, passwords shown on demand.
// All of it is comfort: the server checks again.

const words = document.getElementById("words").dataset;

// sent once
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button?.matches("button")) {
    // After the form data was taken, or a named button would not be sent.
    setTimeout(() => {
      button.disabled = true;
      button.dataset.label = button.textContent;
      button.textContent = words.working;
    });
  }
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("[data-sent]")) {
    delete form.dataset.sent;
    form.querySelectorAll("button[data-label]").forEach((button) => {
      button.disabled = false;
      button.textContent = button.dataset.label;
    });
  }
});

// errors
document.querySelector("[data-error-summary]")?.focus();
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-error-summary] a[href^='#']");
  if (!link) return;
  const found = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  const control = found?.matches("input, select, textarea") ? found : found?.querySelector("input, select, textarea");
  if (!control) return;
  event.preventDefault();
  (control.hidden ? control.parentElement.querySelector("[role=combobox]") : control)?.focus();
});

// drafts: kept in this tab, never passwords, files or hidden fields; gone once the page moves on after a save
const DRAFT = "draft:";
const form = document.querySelector("form[data-draft]");
const key = `${DRAFT}${location.pathname}`;

function fields() {
  return [...form.elements].filter(
    (control) => control.name && !["hidden", "password", "file", "submit", "button"].includes(control.type),
  );
}
function valuesNow() {
  return fields().map((control) => [
    control.name,
    control.value,
    control.type === "checkbox" || control.type === "radio" ? control.checked : null,
  ]);
}
function restore(saved) {
  for (const control of fields()) {
    const toggles = control.type === "checkbox" || control.type === "radio";
    const found = saved.find(([name, value]) => name === control.name && (!toggles || value === control.value));
    if (!found) continue;
    if (toggles) control.checked = found[2];
    else control.value = found[1];
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
function banner(time) {
  const box = document.createElement("div");
  box.className = "banner info";
  box.setAttribute("role", "status");
  const text = document.createElement("div");
  text.textContent = `${words.draft.replace("{time}", time)} `;
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "link-button";
  drop.textContent = words.discard;
  drop.addEventListener("click", () => {
    sessionStorage.removeItem(key);
    location.reload();
  });
  text.append(drop);
  box.append(text);
  form.before(box);
}
if (form) {
  const first = JSON.stringify(valuesNow());
  const saved = JSON.parse(sessionStorage.getItem(key) ?? "null");
  // A page that came back with errors already shows what was typed.
  if (saved && !document.querySelector("[data-error-summary]") && JSON.stringify(saved.values) !== first) {
    restore(saved.values);
    banner(saved.time);
  }
  let timer = 0;
  const keep = () => {
    timer = 0;
    const time = new Date().toTimeString().slice(0, 5);
    sessionStorage.setItem(key, JSON.stringify({ time, values: valuesNow() }));
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  });
  // Leaving within the pause: what was typed last counts too.
  window.addEventListener("pagehide", () => timer && keep());
  const forget = () => {
    clearTimeout(timer);
    timer = 0;
  };
  form.addEventListener("submit", () => {
    forget();
    keep();
    sessionStorage.setItem("draft-sent", key);
  });
  document.querySelector("[data-discard-draft]")?.addEventListener("click", () => {
    forget();
    sessionStorage.removeItem(key);
  });
}
// The save went through when the next page is neither the form again nor the sign-in page.
const sent = sessionStorage.getItem("draft-sent");
if (sent && sent !== key && !location.pathname.includes("sign-in")) {
  sessionStorage.removeItem(sent);
  sessionStorage.removeItem("draft-sent");
}
// Signing out leaves nothing of a person's work behind in the browser.
document.querySelector("[data-sign-out]")?.addEventListener("click", () => sessionStorage.clear());

// passwords: show, caps lock
function drawing(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `${words.icons}#${name}`);
  return svg;
}
for (const input of document.querySelectorAll("input[type=password]")) {
  const holder = input.closest(".control");
  if (!holder) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button";
  const draw = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-label", shown ? words.hide : words.show);
    button.replaceChildren(drawing(shown ? "eye-off" : "eye"));
  };
  draw(false);
  button.addEventListener("click", () => draw(input.type === "password"));
  holder.classList.add("password");
  holder.append(button);
  input.form?.addEventListener("submit", () => draw(false));
  const caps = input.form?.querySelector("[data-caps]");
  const look = (event) => {
    if (!caps || !event.getModifierState) return;
    caps.hidden = !event.getModifierState("CapsLock");
  };
  input.addEventListener("keydown", look);
  input.addEventListener("keyup", look);
}

// a file dropped on its zone
for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = zone.querySelector("input[type=file]");
  const over = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", on);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
}
