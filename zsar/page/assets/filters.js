// The filters above the leaderboards: which rows of which tables are shown.

const RULES = ["last", "val", "oracle"];
const STRATEGIES = ["none", "stacking", "gate", "oracle"];
const ALL = "all";

const filters = { dataset: ALL, family: ALL, setting: ALL, rule: ALL, strategy: ALL, mode: ALL, methods: null };

const familiesOf = (dataset) =>
  new Set(page.groups.filter((group) => group.dataset === dataset).map((group) => group.family));

const passesTable = (group, board) =>
  group.dataset === filters.dataset &&
  ([ALL, group.family].includes(filters.family) || !familiesOf(group.dataset).has(filters.family)) &&
  [ALL, board.setting].includes(filters.setting);

const passesRow = (row) =>
  [ALL, row.rule].includes(filters.rule) &&
  (row.strategy === null || [ALL, row.strategy].includes(filters.strategy)) &&
  [ALL, row.mode].includes(filters.mode) &&
  filters.methods.has(row.method);

// Makes the filters and sets them to what the address says; `changed` is called after every change.
function startFilters(changed) {
  const boards = page.groups.flatMap((group) => group.boards);
  const rows = boards.flatMap((board) => board.rows);
  const present = (known, values) => known.filter((value) => values.includes(value));
  const methods = new Map(rows.map((row) => [row.method, row.title]).sort());
  const form = byId("filters");
  const fields = new Map(); // by name: the values that it may have, the one at the start, how it is shown

  const set = (name, value) => {
    const { values, initially, show } = fields.get(name);
    filters[name] = values.includes(value) ? value : initially;
    show(filters[name]);
  };
  const change = (name) => (value) => {
    set(name, value);
    changed();
  };
  const tabs = startTabs(change("dataset"));
  fields.set("dataset", { values: tabs.names, initially: tabs.names[0], show: tabs.show });

  const add = (name, label, everything, choices, initially = ALL) => {
    const made = selectField(label, [[ALL, everything], ...choices], change(name));
    made.field.hidden = choices.length < 2;
    made.select.dataset.filter = name;
    const values = choices.length < 2 ? [ALL] : [ALL, ...choices.map(([value]) => value)];
    const show = (value) => (made.select.value = value);
    fields.set(name, { values, initially: values.includes(initially) ? initially : ALL, show });
    form.append(made.field);
  };
  const same = (values) => [...new Set(values)].map((value) => [value, value]);
  const rules = present(
    RULES,
    rows.map((row) => row.rule),
  );
  add("family", "Split family", "all", same(page.groups.map((group) => group.family)));
  add(
    "setting",
    "Setting",
    "ZSL and GZSL",
    same(boards.map((b) => b.setting)).map(([s]) => [s, settingLabel(s)]),
  );
  // Ranks hold within a rule, so one rule is shown unless more are asked for.
  add(
    "rule",
    "Selection rule",
    "all",
    rules.map((rule) => [rule, rule]),
    rules[0],
  );
  add(
    "strategy",
    "GZSL strategy",
    "all",
    present(
      STRATEGIES,
      rows.map((row) => row.strategy),
    ).map((s) => [s, s]),
  );
  add("mode", "Use of test clips", "inductive and transductive", [
    ["inductive", "inductive only"],
    ["transductive", "transductive only (T)"],
  ]);

  const boxes = [...methods].map(([name, title]) => {
    const box = el("input", { type: "checkbox", value: name, checked: true, onchange: () => chosen() });
    return { box, label: el("label", {}, box, title) };
  });
  const summary = el("summary", {});
  const pick = (on) => () => {
    boxes.forEach(({ box }) => (box.checked = on));
    chosen();
  };
  const chosen = (quietly = false) => {
    filters.methods = new Set(boxes.filter(({ box }) => box.checked).map(({ box }) => box.value));
    summary.textContent = `Methods: ${filters.methods.size} of ${boxes.length}`;
    if (!quietly) changed();
  };
  const fieldset = el(
    "fieldset",
    {},
    el("legend", { class: "unseen" }, "Methods"),
    ...boxes.map(({ label }) => label),
    el("button", { type: "button", onclick: pick(true) }, "all"),
    el("button", { type: "button", onclick: pick(false) }, "none"),
  );
  form.append(el("details", { class: "methods" }, summary, fieldset));

  // What an address doesn't name, or names wrongly, is as at the start.
  const take = (values) => {
    for (const name of fields.keys()) set(name, values.get(name));
    const names = values.get("methods")?.split(",");
    boxes.forEach(({ box }) => (box.checked = !names || names.includes(box.value)));
    chosen(true);
  };
  const values = () => {
    const different = [...fields].filter(([name, { initially }]) => filters[name] !== initially);
    const all = different.map(([name]) => [name, filters[name]]);
    return filters.methods.size < boxes.length ? [...all, ["methods", [...filters.methods].join(",")]] : all;
  };
  const reset = () => {
    const dataset = filters.dataset; // a tab, which stays
    take(new URLSearchParams([["dataset", dataset]]));
    changed();
  };
  form.append(el("button", { type: "button", class: "reset", onclick: reset }, "Reset filters"));
  form.addEventListener("submit", (event) => event.preventDefault());
  // Of a dataset with one family there is nothing to choose.
  const family = form.querySelector("[data-filter=family]").parentElement;
  const show = fields.get("dataset").show;
  fields.get("dataset").show = (dataset) => {
    family.hidden = familiesOf(dataset).size < 2;
    show(dataset);
  };
  take(readAddress());
  const fold = () => (byId("filtering").open = !narrow());
  phone.addEventListener("change", fold);
  fold();
  addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return; // a place on the page
    take(readAddress());
    changed();
  });
  return { values, go: change("dataset") };
}
