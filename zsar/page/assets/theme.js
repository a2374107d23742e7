// Light, dark or as the system; what was chosen is remembered where the browser allows it.

const wantsDark = matchMedia("(prefers-color-scheme: dark)");
const afterTheme = [];
let printing = false;

function applyTheme() {
  const chosen = byId("theme").value;
  const dark = !printing && (chosen === "dark" || (chosen === "system" && wantsDark.matches));
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  afterTheme.forEach((redraw) => redraw());
}

function startTheme() {
  const select = byId("theme");
  try {
    select.value = localStorage.getItem("zsar-theme") ?? "system";
  } catch {
    // Storage may be forbidden for files; the system's colours do then.
  }
  if (!select.value) select.value = "system";
  select.addEventListener("change", () => {
    try {
      localStorage.setItem("zsar-theme", select.value);
    } catch {
      // As above.
    }
    applyTheme();
  });
  wantsDark.addEventListener("change", applyTheme);
  phone.addEventListener("change", applyTheme);
  for (const [event, value] of [
    ["beforeprint", true],
    ["afterprint", false],
  ]) {
    addEventListener(event, () => {
      printing = value;
      applyTheme();
    });
  }
  applyTheme();
}

// The value of a colour from the style sheet, in the present theme.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
