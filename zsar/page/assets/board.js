// One leaderboard: a table that sorts, and the pictures of the rows that are shown.

const SHORT = 16; // rows shown of a long table before all are asked for

const HELP = {
  rank: "Place within the rule by the average over the splits; none if chosen by the oracle or where a run is missing",
  name: "The method; (T): class vectors adapted on the unlabelled test clips. A click on it opens the closer look",
  strategy: "How the scores of seen and unseen classes are made comparable",
  group: "Rows that share a letter can't be told apart: McNemar's test and the paired bootstrap by subject, at 95%",
  average: "Mean over the seeds of the average over the splits, in percent, ± half width of its 95% interval",
  area: "Area under the curve of seen against unseen accuracy over all calibration constants, of 100",
  perClass: "Mean of the classes' accuracies, averaged over splits and seeds, in percent",
  gap: "What choosing the epoch on the test classes (oracle) would add, in points",
  rule: "How the epoch was chosen; last: the final one; val: on pseudo-unseen classes; oracle: on the test classes",
  mode: "Whether the method may look at the unlabelled test clips: transductive, or inductive",
  encoder: "What made the features that the method learns from",
  text: "The text model, and the prompts behind a class's vectors",
  seeds: "Number of runs per split, each with a random seed of its own",
  split: "Mean over the seeds on this split, in percent, ± half width of its 95% interval",
};

function makeBoard(group, board, id, pick) {
  const columns = columnsOf(group, board);
  const state = { whole: false, rows: [] };
  const order = sortable(columns, () => update());
  const body = el("tbody", {});
  const rows = new Map(board.rows.map((row) => [row, rowElement(row, columns, board, pick)]));
  const foot = el("tfoot", {}, ...(board.chance === null ? [] : [chanceRow(columns, group, board)]));
  const caption = el("caption", { class: "unseen" }, board.heading);
  const table = el("table", { class: "board" }, caption, el("thead", {}, el("tr", {}, ...order.heads)), body, foot);
  const more = el("button", { type: "button", class: "more", onclick: () => toggle() }, "Show all rows");
  const status = el("p", { class: "unseen", role: "status" });
  const empty = el("p", { class: "warning" }, "No row passes the filters.");
  const pictures = boardPictures(group, board);
  const cellOf = (row, i) => rows.get(row).children[i];
  const name = fileName(`${group.dataset} ${group.protocol} ${group.family} ${board.setting}`);
  const element = el(
    "section",
    { id, class: "leaderboard", "aria-labelledby": `${id}-heading` },
    el("h2", { id: `${id}-heading`, tabindex: "-1" }, board.heading),
    group.simulated
      ? el("p", { class: "warning" }, "Simulated motions: no number here is about real recordings.")
      : null,
    takeAlong(() => ({ name, caption: board.heading, columns, rows: state.rows, cellOf })),
    scrollable(board.heading, table),
    empty,
    more,
    status,
    failed(board),
    el("ul", { class: "notes" }, ...board.notes.map((note) => el("li", {}, note))),
    el("div", { class: "pair" }, pictures.ours, pictures.gaps),
  );

  const toggle = () => {
    state.whole = !state.whole;
    update();
  };

  function update(quietly = false) {
    table.classList.toggle("several-rules", filters.rule === ALL);
    const shown = order.sorted(board.rows.filter(passesRow));
    const limit = state.whole ? Infinity : SHORT;
    body.replaceChildren(...shown.map((row) => rows.get(row)));
    shown.forEach((row, i) => rows.get(row).classList.toggle("beyond", i >= limit));
    more.hidden = shown.length <= SHORT;
    more.textContent = state.whole ? `Show the first ${SHORT} rows only` : `Show all ${shown.length} rows`;
    empty.hidden = shown.length > 0 || board.rows.length === 0;
    table.parentElement.hidden = shown.length === 0;
    if (!quietly) status.textContent = order.said();
    markBest(columns, shown, cellOf);
    pictures.draw(shown.slice(0, Math.min(limit, 60)), order.column());
    state.rows = shown;
    return shown.length;
  }
  return { element, group, board, update };
}

function columnsOf(group, board) {
  const general = board.setting === "gzsl";
  const first = board.rows[0];
  const text = (id, title, value) => ({ id, title, help: HELP[id], value, numeric: false, text: value });
  const number = (id, title, value, written, more = {}) => {
    const shown = (row) => (value(row) == null ? NOTHING : written(row));
    return { id, title, help: HELP[id], value, numeric: true, text: shown, ...more };
  };
  const accuracy = (title, cell, split, help) => {
    const value = (row) => cell(row)?.main[0];
    return { id: `accuracy-${title}`, title, help, numeric: true, accuracy: true, value, cell, split };
  };
  const estimate = (id, title) => {
    const of = (row) => row.average?.[id];
    return number(id, title, (row) => of(row)?.[0], (row) => spelled(of(row)), { accuracy: true, percent: true, of });
  };
  const columns = [
    number("rank", "#", (row) => row.rank, (row) => String(row.rank), { upwards: true }),
    text("name", "method", (row) => row.name),
  ];
  if (general) columns.push(text("strategy", "strategy", (row) => row.strategy));
  if (board.rows.some((row) => row.group)) columns.push(text("group", "group", (row) => row.group ?? NOTHING));
  if (group.splits.length > 1) columns.push(accuracy("average", (row) => row.average, null, HELP.average));
  for (const { name, seen, classes } of group.splits) {
    const help = `${HELP.split}: ${seen} seen and ${classes.length} unseen classes`;
    columns.push(accuracy(name, (row) => row.cells[name], name, help));
  }
  if (general) {
    columns.push(estimate("area", "AUSUC"));
  } else {
    columns.push(estimate("perClass", "per class"));
    columns.push(number("gap", "gap", (row) => row.average?.gap, (row) => points(row.average.gap), { percent: true }));
  }
  columns.push(
    secondsColumn("Training seconds of a run, test clips' scores after each epoch included; mean of all runs"),
    parametersColumn("How many numbers training learnt, mean over splits and seeds; empty for records that don't say"),
    text("rule", "rule", (row) => row.rule),
    text("mode", "test clips", (row) => row.mode),
  );
  for (const what of Object.keys(first?.told ?? {})) columns.push(text(what, what, (row) => row.told[what]));
  columns.push(number("seeds", "seeds", (row) => row.seeds, (row) => String(row.seeds)));
  return columns;
}

const optional = (id, title, help, written) => {
  const text = (row) => (row[id] === null ? "" : written(row[id]));
  return { id, title, help, numeric: true, upwards: true, value: (row) => row[id], text };
};
const secondsColumn = (help) => optional("seconds", "seconds", help, (value) => value.toFixed(value < 10 ? 2 : 0));
const parametersColumn = (help) => optional("parameters", "parameters", help, thousands);

// 1234567 as "1.23 M"; what is below a thousand stays as it is.
function thousands(value) {
  const [size, unit] = value >= 1e6 ? [1e6, " M"] : value >= 1e3 ? [1e3, " k"] : [1, ""];
  return `${size === 1 ? Math.round(value) : (value / size).toPrecision(3)}${unit}`;
}

function rowElement(row, columns, board, pick) {
  const cells = columns.map((column) => {
    if (column.id === "name") {
      const look = el("button", { type: "button", class: "look", onclick: () => pick(row) }, row.name);
      look.setAttribute("aria-label", `${rowLabel(row)}: a closer look`);
      const note = el("span", { class: "below rule-note" }, `rule ${row.rule}`);
      return el("th", { scope: "row" }, look, " ", methodLinks(row.method), note);
    }
    if (column.cell) return accuracyCell(row, column.cell(row), column.split, board);
    const value = column.of?.(row);
    const mean = value ? el("span", { class: "mean" }, percent(value[0])) : null;
    const text = value ? ` ${halfWidth(value)}` : column.text(row);
    return el("td", { class: column.numeric ? "number" : "" }, mean, text);
  });
  return el("tr", { class: row.rank === null ? "unranked" : "" }, ...cells);
}

function accuracyCell(row, cell, split, board) {
  const printed = split === null ? null : board.published[row.method]?.[split];
  if (!cell) return el("td", { class: "number" }, NOTHING);
  const star = cell.seeds < row.seeds ? "*" : "";
  const mean = el("span", { class: "mean" }, percent(cell.main[0]) + star);
  const made = el("td", { class: "number" }, mean, ` ${halfWidth(cell.main)}`);
  if (cell.seen) {
    const sides = `S ${percent(cell.seen[0])} / U ${percent(cell.unseen[0])}`;
    made.append(el("span", { class: "below" }, sides));
  }
  if (printed) made.append(paper(printed, row.rule === "oracle" ? "" : `oracle ${oracleOf(row, split, board)}`));
  return made;
}

// The same row's number under the rule oracle, which published values compare with.
function oracleOf(row, split, board) {
  const number = row.key.split(".")[0];
  const same = (other) =>
    other.rule === "oracle" &&
    other.key.split(".")[0] === number &&
    other.mode === row.mode &&
    other.strategy === row.strategy;
  const cell = board.rows.find(same)?.cells[split];
  return cell ? percent(cell.main[0]) : NOTHING;
}

function chanceRow(columns, group, board) {
  const level = (column) =>
    column.split === null ? board.chance : group.splits.find((s) => s.name === column.split).chance;
  const cells = columns.map((column) => {
    if (column.id === "name") return el("th", { scope: "row" }, "chance");
    return el("td", { class: "number" }, column.cell ? percent(level(column)) : "");
  });
  return el("tr", {}, ...cells);
}

function failed(board) {
  if (!board.failures.length) return null;
  const [head, ...lines] = board.failures;
  return el("div", { class: "warning" }, el("p", {}, head), el("ul", {}, ...lines.map((line) => el("li", {}, line))));
}
