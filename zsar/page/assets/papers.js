// Published values beside ours, with their sources in a tip.

const PUBLISHED = "Published; chosen on the test classes, so it compares with our rule oracle:";

// A published value; hovering, focusing or touching it shows the sources, and screen readers read them.
// Before it stands what it compares with: our own number under the rule oracle.
function paper(printed, ours = "") {
  const id = newId("source");
  const text = `${PUBLISHED} ${printed.sources.join(" · ")}`;
  const button = el("button", { type: "button", class: "paper", "aria-describedby": id }, `paper ${printed.text}`);
  const said = el("span", { id, hidden: true }, text);
  const show = () => showTip(button, printed.sources);
  button.addEventListener("mouseenter", show);
  button.addEventListener("focus", show);
  button.addEventListener("click", show);
  button.addEventListener("mouseleave", hideTip);
  button.addEventListener("blur", hideTip);
  return el("span", { class: "below" }, ours ? el("span", { class: "ours" }, ours) : null, button, said);
}

function showTip(button, sources) {
  const tip = byId("tip");
  const lead = el("p", {}, PUBLISHED);
  tip.replaceChildren(lead, ...sources.map((source) => el("p", {}, source)));
  tip.hidden = false;
  const at = button.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - tip.offsetWidth - 8));
  const below = at.bottom + 6 + tip.offsetHeight <= innerHeight;
  // On the page and not on the screen: focusing scrolls, and the tip should stay at its button.
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(below ? at.bottom + 6 : Math.max(8, at.top - 6 - tip.offsetHeight)) + scrollY}px`;
}

function hideTip() {
  byId("tip").hidden = true;
}
