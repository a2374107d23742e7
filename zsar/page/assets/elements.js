// Elements are made here and nowhere else. Text becomes text nodes, so nothing in the data can be markup.

const page = JSON.parse(document.getElementById("data").textContent);

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const byId = (id) => document.getElementById(id);

let lastId = 0;
const newId = (what) => `${what}-${++lastId}`;

// A labelled select. `options` are [value, text]; the choice is kept when it is still among them.
function selectField(label, options, onchange) {
  const select = el("select", { onchange: () => onchange(select.value) });
  const field = el("label", { class: "field" }, label, select);
  const fill = (choices, wanted = select.value) => {
    select.replaceChildren(...choices.map(([value, text]) => el("option", { value }, text)));
    select.value = choices.some(([value]) => value === wanted) ? wanted : (choices[0]?.[0] ?? "");
    field.hidden = choices.length < 2;
  };
  fill(options);
  return { field, select, fill };
}

// A table in a box of its own that scrolls sideways, by keyboard as well, so that the page never does.
function scrollable(label, table) {
  return el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label }, table);
}

// A plain table: heads and rows of text; the first cell of a row is its head.
function plainTable(caption, heads, rows) {
  const head = el("tr", {}, ...heads.map((text, i) => el("th", { scope: "col", class: i ? "number" : "" }, text)));
  const body = rows.map(([first, ...rest]) =>
    el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((text) => el("td", { class: "number" }, text))),
  );
  return el("table", {}, el("caption", { class: "unseen" }, caption), el("thead", {}, head), el("tbody", {}, ...body));
}

function folded(summary, ...children) {
  return el("details", {}, el("summary", {}, summary), ...children);
}
