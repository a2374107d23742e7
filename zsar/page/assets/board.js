// One leaderboard: a table that sorts, and the pictures of the rows that are shown.

const SHORT = 16; // rows shown of a long table before all are asked for

function makeBoard(group, board, id, pick) {
  const columns = columnsOf(group, board);
  const state = { column: columns[0], down: false, whole: false, rows: [] };
  const heads = columns.map((column) => {
    const sort = () => {
      state.down = state.column === column ? !state.down : column.numeric && column.id !== "rank";
      state.column = column;
      update();
    };
    const arrow = el("span", { class: "arrow", "aria-hidden": "true" });
    const button = el("button", { type: "button", onclick: sort }, column.title, arrow);
    return el("th", { scope: "col", class: column.numeric ? "number" : "" }, button);
  });
  const body = el("tbody", {});
  const rows = new Map(board.rows.map((row) => [row, rowElement(row, columns, board, pick)]));
  const foot = el("tfoot", {}, ...(board.chance === null ? [] : [chanceRow(columns, group, board)]));
  const caption = el("caption", { class: "unseen" }, board.heading);
  const table = el("table", { class: "board" }, caption, el("thead", {}, el("tr", {}, ...heads)), body, foot);
  const more = el("button", { type: "button", class: "more", onclick: () => toggle() });
  const status = el("p", { class: "unseen", role: "status" });
  const empty = el("p", { class: "warning" }, "No row passes the filters.");
  const pictures = boardPictures(group, board);
  const element = el(
    "section",
    { id, class: "leaderboard", "aria-labelledby": `${id}-heading` },
    el("h2", { id: `${id}-heading`, tabindex: "-1" }, board.heading),
    group.simulated
      ? el("p", { class: "warning" }, "Simulated motions: no number here is about real recordings.")
      : null,
    pictures.ours,
    scrollable(board.heading, table),
    empty,
    more,
    status,
    failed(board),
    el("ul", { class: "notes" }, ...board.notes.map((note) => el("li", {}, note))),
    pictures.gaps,
  );

  const toggle = () => {
    state.whole = !state.whole;
    update();
  };

  function update(quietly = false) {
    const { column, down } = state;
    const value = (row) => column.value(row) ?? null;
    table.classList.toggle("several-rules", filters.rule === ALL);
    const shown = board.rows.filter(passesRow);
    // Sorting is stable: equal rows stay in the order of the ranking. What has no value comes last.
    shown.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      const order = typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
      return down ? -order : order;
    });
    columns.forEach((c, i) => {
      heads[i].setAttribute("aria-sort", c !== column ? "none" : down ? "descending" : "ascending");
      heads[i].querySelector(".arrow").textContent = c !== column ? "↕" : down ? "↓" : "↑";
    });
    const limit = state.whole ? Infinity : SHORT;
    body.replaceChildren(...shown.map((row) => rows.get(row)));
    shown.forEach((row, i) => rows.get(row).classList.toggle("beyond", i >= limit));
    more.hidden = shown.length <= SHORT;
    more.textContent = state.whole ? `Show the first ${SHORT} rows only` : `Show all ${shown.length} rows`;
    empty.hidden = shown.length > 0 || board.rows.length === 0;
    table.parentElement.hidden = shown.length === 0;
    if (!quietly) status.textContent = `Sorted by ${column.title}, ${down ? "descending" : "ascending"}.`;
    pictures.draw(shown.slice(0, Math.min(limit, 60)), column);
    state.rows = shown;
    return shown.length;
  }
  return { element, group, board, update };
}

function columnsOf(group, board) {
  const general = board.setting === "gzsl";
  const first = board.rows[0];
  const splits = group.splits.map((split) => split.name);
  const text = (id, title, value) => ({ id, title, value, numeric: false, text: value });
  const number = (id, title, value, write) => ({ id, title, value, numeric: true, text: write });
  const accuracy = (title, cell, split) => ({
    id: `accuracy-${title}`,
    title,
    numeric: true,
    value: (row) => cell(row)?.main[0],
    cell,
    split,
  });
  const columns = [
    number(
      "rank",
      "#",
      (row) => row.rank,
      (row) => String(row.rank ?? NOTHING),
    ),
    text("name", "method", (row) => row.name),
  ];
  if (general) columns.push(text("strategy", "strategy", (row) => row.strategy));
  if (board.rows.some((row) => row.group)) columns.push(text("group", "group", (row) => row.group ?? NOTHING));
  if (splits.length > 1) columns.push(accuracy("average", (row) => row.average, null));
  for (const split of splits) columns.push(accuracy(split, (row) => row.cells[split], split));
  if (general) {
    columns.push(
      number(
        "area",
        "AUSUC",
        (row) => row.average?.area[0],
        (row) => estimated(row.average?.area),
      ),
    );
  } else {
    columns.push(
      number(
        "perClass",
        "per class",
        (row) => row.average?.perClass[0],
        (row) => estimated(row.average?.perClass),
      ),
      number(
        "gap",
        "gap",
        (row) => row.average?.gap,
        (row) => (row.average?.gap == null ? NOTHING : points(row.average.gap)),
      ),
    );
  }
  columns.push(
    text("rule", "rule", (row) => row.rule),
    text("mode", "test clips", (row) => row.mode),
  );
  for (const what of Object.keys(first?.told ?? {})) columns.push(text(what, what, (row) => row.told[what]));
  columns.push(
    number(
      "seeds",
      "seeds",
      (row) => row.seeds,
      (row) => String(row.seeds),
    ),
  );
  return columns;
}

const estimated = (value) => (value ? spelled(value) : NOTHING);

function rowElement(row, columns, board, pick) {
  const cells = columns.map((column) => {
    if (column.id === "name") {
      const look = el("button", { type: "button", class: "look", onclick: () => pick(row) }, row.name);
      look.setAttribute("aria-label", `${rowLabel(row)}: a closer look`);
      return el("th", { scope: "row" }, look, el("span", { class: "below rule-note" }, `rule ${row.rule}`));
    }
    if (column.cell) return accuracyCell(row, column.cell(row), column.split, board);
    return el("td", { class: column.numeric ? "number" : "" }, column.text(row) ?? NOTHING);
  });
  return el("tr", { class: row.rank === null ? "unranked" : "" }, ...cells);
}

function accuracyCell(row, cell, split, board) {
  const printed = split === null ? null : board.published[row.method]?.[split];
  if (!cell) return el("td", { class: "number" }, NOTHING, printed ? paper(printed) : null);
  const star = cell.seeds < row.seeds ? "*" : "";
  const made = el("td", { class: "number" }, el("b", {}, percent(cell.main[0]) + star), ` ${halfWidth(cell.main)}`);
  if (cell.seen) {
    const sides = `S ${percent(cell.seen[0])} / U ${percent(cell.unseen[0])}`;
    made.append(el("span", { class: "below" }, sides));
  }
  if (printed) made.append(paper(printed));
  return made;
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
