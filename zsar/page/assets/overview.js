// All datasets beside each other: one table with mean ranks, and who wins against whom.

// `parts` are { group, board } of one setting.
function makeOverview(setting, parts, id) {
  // Simulated motions stand in the table, but count only where there is nothing else.
  const recorded = parts.filter(({ group }) => !group.simulated);
  const counted = recorded.length ? recorded : parts;
  const columns = overviewColumns(setting, parts, counted);
  const order = sortable(columns, () => update());
  const body = el("tbody", {});
  const heading = `All datasets, ${page.settings[setting]}`;
  const caption = el("caption", { class: "unseen" }, heading);
  const table = el("table", { class: "board overview" }, caption, el("thead", {}, el("tr", {}, ...order.heads)), body);
  const status = el("p", { class: "unseen", role: "status" });
  const empty = el("p", { class: "warning" }, "No row passes the filters.");
  const note = el("p", { class: "note" });
  const wins = el("div", {});
  let shown = { rows: [], elements: new Map() };
  const cellOf = (row, i) => shown.elements.get(row).children[i];
  const element = el(
    "section",
    { id, class: "leaderboard", "aria-labelledby": `${id}-heading` },
    el("h2", { id: `${id}-heading`, tabindex: "-1" }, heading),
    takeAlong(() => ({ name: `all-datasets-${setting}`, caption: heading, columns, rows: shown.rows, cellOf })),
    empty,
    status,
    el("div", { class: "pair tables" }, el("div", {}, scrollable(heading, table), note), wins),
  );

  function update(quietly = false) {
    const rule = overviewRule(parts);
    const rows = order.sorted(overviewRows(parts, counted, rule));
    shown = { rows, elements: new Map(rows.map((row) => [row, overviewRow(row, columns)])) };
    body.replaceChildren(...shown.elements.values());
    markBest(columns, rows, cellOf);
    table.parentElement.hidden = rows.length === 0;
    empty.hidden = rows.length > 0;
    if (!quietly) status.textContent = order.said();
    note.textContent = overviewNote(counted, recorded.length && recorded.length < parts.length, rule);
    wins.replaceChildren(...winMatrix(rows, counted, setting));
    return rows.length;
  }
  return { element, setting, update };
}

// Ranks hold within a rule: the one that is chosen, or the first.
const overviewRule = (parts) =>
  filters.rule !== ALL
    ? filters.rule
    : RULES.find((rule) => parts.some(({ board }) => board.rows.some((row) => row.rule === rule)));

function overviewNote(counted, someSimulated, rule) {
  const boards = counted.map(({ group }) => groupLabel(group)).join("; ");
  return (
    `Rule ${rule}. Per dataset the average over its splits, and the rank in brackets. Mean rank: over ${boards}, ` +
    "among the rows that have them all; equal means share the mean of their places." +
    (someSimulated ? " Simulated motions are shown and not counted." : "")
  );
}

// One row per method and mode (and strategy), with its row of every board; what is told apart on a board stays apart.
function overviewRows(parts, counted, rule) {
  const rows = new Map();
  parts.forEach((part, at) => {
    const there = part.board.rows.filter((row) => row.rule === rule && passesRow({ ...row, rule: filters.rule }));
    const plain = (row) => [row.name, row.strategy].filter(Boolean).join(", ");
    const several = (row) => there.filter((other) => plain(other) === plain(row)).length > 1;
    for (const row of there) {
      const label = several(row) ? [plain(row), ...Object.values(row.told)].join(", ") : plain(row);
      if (!rows.has(label)) {
        const { method, mode, strategy } = row;
        const none = () => parts.map(() => null);
        rows.set(label, { label, method, mode, strategy, rule, of: none(), ranks: none() });
      }
      rows.get(label).of[at] = row;
    }
  });
  const all = [...rows.values()];
  const places = counted.map((part) => parts.indexOf(part));
  // The oracle's rows, chosen on the test classes, are never ranked.
  const ranked = all.filter((row) => places.every((at) => row.of[at]?.average && row.of[at].rank !== null));
  for (const at of places) {
    const mean = (row) => row.of[at].average.main[0];
    for (const row of ranked) {
      const above = ranked.filter((other) => mean(other) > mean(row)).length;
      const equal = ranked.filter((other) => mean(other) === mean(row)).length;
      row.ranks[at] = above + (equal + 1) / 2;
    }
  }
  for (const row of all) {
    row.meanRank = ranked.includes(row) ? meanOf(places.map((at) => row.ranks[at])) : null;
    row.seconds = meanOf(places.map((at) => row.of[at]?.seconds ?? null));
    row.parameters = meanOf(places.map((at) => row.of[at]?.parameters ?? null));
  }
  return all;
}

function meanOf(values) {
  const there = values.filter((value) => value !== null);
  return there.length ? there.reduce((sum, value) => sum + value, 0) / there.length : null;
}

function overviewColumns(setting, parts, counted) {
  const alike = (part) => parts.filter(({ group }) => group.title === part.group.title).length > 1;
  const accuracies = parts.map((part, at) => ({
    id: `dataset-${at}`,
    title: alike(part) ? groupLabel(part.group) : part.group.title,
    help:
      `${groupLabel(part.group)}: mean over seeds of the average over ${plural(part.group.splits.length, "split")}, ` +
      "± half width of its 95% interval; " +
      (counted.includes(part) ? "in brackets the rank" : "not counted in the mean rank"),
    numeric: true,
    accuracy: true,
    at,
    cell: (row) => row.of[at]?.average ?? null,
    value: (row) => row.of[at]?.average?.main[0],
  }));
  return [
    {
      id: "meanRank",
      title: "mean rank",
      help: "Mean of the places on the datasets that count, 1 is best; none where a dataset or a run is missing",
      numeric: true,
      upwards: true,
      value: (row) => row.meanRank,
      text: (row) => (row.meanRank === null ? NOTHING : tenths(row.meanRank)),
    },
    { id: "name", title: "method", help: HELP.name, value: (row) => row.label, text: (row) => row.label },
    ...accuracies,
    secondsColumn("Training seconds of a run, mean over the datasets that count"),
    parametersColumn("Trained parameters, mean over the datasets that count"),
  ];
}

function overviewRow(row, columns) {
  const cells = columns.map((column) => {
    if (column.id === "name") return el("th", { scope: "row" }, row.label, " ", methodLinks(row.method));
    if (!column.cell) return el("td", { class: "number" }, column.text(row));
    const cell = column.cell(row);
    if (!cell) return el("td", { class: "number" }, NOTHING);
    const rank = row.ranks[column.at];
    return el(
      "td",
      { class: "number" },
      el("span", { class: "mean" }, percent(cell.main[0])),
      ` ${halfWidth(cell.main)}`,
      rank === null ? null : el("span", { class: "rank" }, ` (${rank})`),
    );
  });
  return el("tr", { class: row.meanRank === null ? "unranked" : "" }, ...cells);
}

// On how many splits of the datasets that count one row's mean is above another's.
function winMatrix(rows, counted, setting) {
  if (rows.length < 2) return [];
  const groups = new Map(counted.map(({ group, board }) => [board, group]));
  const means = rows.map((row) => {
    const of = [];
    for (const [board, group] of groups) {
      const mine = row.of.find((one) => one && board.rows.includes(one));
      for (const split of group.splits) of.push(mine?.cells[split.name]?.main[0] ?? null);
    }
    return of;
  });
  const heads = rows.map((row) => el("th", { scope: "col" }, el("span", {}, row.label)));
  const lines = rows.map((row, i) => {
    const cells = rows.map((other, j) => {
      if (i === j) return el("td", { class: "self" }, "·");
      const both = means[i].map((mean, k) => [mean, means[j][k]]).filter((pair) => !pair.includes(null));
      const won = both.filter(([mine, theirs]) => mine > theirs).length;
      const tied = both.filter(([mine, theirs]) => mine === theirs).length;
      const title = `${row.label} is above ${other.label} on ${won} of ${plural(both.length, "split")}`;
      const text = both.length ? `${won}/${both.length}` : NOTHING;
      const cell = el("td", { title: tied ? `${title}, equal on ${tied}` : title }, text);
      cell.style.setProperty("--share", `${both.length ? Math.round((100 * won) / both.length) : 0}%`);
      return cell;
    });
    return el("tr", {}, el("th", { scope: "row" }, row.label), ...cells);
  });
  const what = setting === "gzsl" ? "harmonic mean" : "top-1 accuracy";
  const caption = el("caption", { class: "unseen" }, "Win matrix: on how many splits a row is above a column");
  const head = el("thead", {}, el("tr", {}, el("td", { class: "corner" }, "above →"), ...heads));
  const table = el("table", { class: "confusion wins" }, caption, head, el("tbody", {}, ...lines));
  const scroll = scrollable("Win matrix", table);
  scroll.classList.add("fitting");
  return [
    el("h3", {}, "Who wins against whom"),
    el("p", { class: "note" }, `On how many of their common splits the row's mean ${what} is above the column's.`),
    scroll,
  ];
}
