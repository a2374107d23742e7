// Heads that sort a table's rows, and what the heads say of themselves.

// `columns` have title, help, numeric and value(row); the first is the order at the start. `changed` draws anew.
function sortable(columns, changed) {
  const state = { column: columns[0], down: false };
  const heads = columns.map((column) => {
    const sort = () => {
      state.down = state.column === column ? !state.down : column.numeric && !column.upwards;
      state.column = column;
      changed();
    };
    const arrow = el("span", { class: "arrow", "aria-hidden": "true" });
    const button = el("button", { type: "button", title: column.help, onclick: sort }, column.title, " ", arrow);
    return el("th", { scope: "col", class: column.numeric ? "number" : "" }, button);
  });

  function mark() {
    const { column, down } = state;
    columns.forEach((one, i) => {
      heads[i].setAttribute("aria-sort", one !== column ? "none" : down ? "descending" : "ascending");
      heads[i].querySelector(".arrow").textContent = one !== column ? "↕" : down ? "↓" : "↑";
    });
  }
  mark();

  // Sorting is stable: equal rows stay in the order that they come in. What has no value comes last.
  function sorted(rows) {
    const { column, down } = state;
    mark();
    return [...rows].sort((a, b) => {
      const [x, y] = [column.value(a) ?? null, column.value(b) ?? null];
      if (x === null || y === null) return (x === null) - (y === null);
      const order = typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
      return down ? -order : order;
    });
  }
  const said = () => `Sorted by ${state.column.title}, ${state.down ? "descending" : "ascending"}.`;
  return { heads, sorted, said, column: () => state.column };
}

// Of every accuracy column the highest number among rows that compare, and no other, is bold.
function markBest(columns, rows, cellOf) {
  const comparable = (row) => `${row.rule} ${row.strategy === "oracle"}`;
  columns.forEach((column, i) => {
    if (!column.accuracy) return;
    const best = new Map();
    for (const row of rows) {
      const value = column.value(row) ?? null;
      if (value !== null) best.set(comparable(row), Math.max(value, best.get(comparable(row)) ?? 0));
    }
    for (const row of rows) {
      const value = column.value(row) ?? null;
      const isBest = value !== null && percent(value) === percent(best.get(comparable(row)));
      cellOf(row, i).classList.toggle("best", isBest);
    }
  });
}
