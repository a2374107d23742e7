// The filters above the leaderboards: which rows of which tables are shown.

const RULES = ["last", "val", "oracle"];
const STRATEGIES = ["none", "stacking", "gate", "oracle"];
const ALL = "all";

const filters = { dataset: ALL, family: ALL, setting: ALL, rule: ALL, strategy: ALL, mode: ALL, methods: null };

const passesTable = (group, board) =>
  [ALL, group.title].includes(filters.dataset) &&
  [ALL, group.family].includes(filters.family) &&
  [ALL, board.setting].includes(filters.setting);

const passesRow = (row) =>
  [ALL, row.rule].includes(filters.rule) &&
  (row.strategy === null || [ALL, row.strategy].includes(filters.strategy)) &&
  [ALL, row.mode].includes(filters.mode) &&
  filters.methods.has(row.method);

function startFilters(changed) {
  const boards = page.groups.flatMap((group) => group.boards);
  const rows = boards.flatMap((board) => board.rows);
  const present = (known, values) => known.filter((value) => values.includes(value));
  const methods = new Map(rows.map((row) => [row.method, row.title]).sort());
  const form = byId("filters");
  const resets = [];

  const add = (name, label, everything, choices, initially = ALL) => {
    const options = [[ALL, everything], ...choices];
    const set = (value) => {
      filters[name] = value;
      changed();
    };
    const made = selectField(label, options, set);
    made.field.hidden = choices.length < 2;
    made.select.dataset.filter = name;
    const reset = () => {
      filters[name] = made.select.value = choices.length < 2 ? ALL : initially;
    };
    resets.push(reset);
    reset();
    form.append(made.field);
  };
  const same = (values) => [...new Set(values)].map((value) => [value, value]);
  const rules = present(
    RULES,
    rows.map((row) => row.rule),
  );
  add("dataset", "Dataset", "all", same(page.groups.map((group) => group.title)));
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
  const reset = () => {
    boxes.forEach(({ box }) => (box.checked = true));
    resets.forEach((one) => one());
    chosen();
  };
  form.append(el("button", { type: "button", class: "reset", onclick: reset }, "Reset filters"));
  form.addEventListener("submit", (event) => event.preventDefault());
  chosen(true);
}
