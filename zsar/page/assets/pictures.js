// The pictures of a leaderboard: means with their intervals, and what the oracle would add.

function boardPictures(group, board) {
  const general = board.setting === "gzsl";
  const ours = picture("");
  const gaps = picture("");

  function draw(rows, column) {
    const chosen = column.cell ? column : firstAccuracy(group);
    const where = chosen.split === null ? "average over the splits" : `split ${chosen.split}`;
    drawOurs(rows, chosen, where);
    if (general) gaps.hide();
    else drawGaps(rows, chosen, where);
  }

  function drawOurs(rows, chosen, where) {
    const there = rows.filter((row) => chosen.cell(row));
    if (!there.length) return ours.hide();
    const names = shortLabels(there);
    const main = there.map((row) => chosen.cell(row).main);
    const printed = there.map((row) => (chosen.split === null ? null : board.published[row.method]?.[chosen.split]));
    const metric = general ? "Harmonic mean H" : "Top-1 accuracy";
    const chance =
      board.chance === null ? null : chosen.split === null ? board.chance : splitOf(group, chosen.split).chance;
    ours.figure.firstChild.textContent = `${metric}, ${where}: mean and 95% interval over seeds`;
    const told = there
      .map((row, i) => `${names[i]} ${spelled(main[i])}`)
      .slice(0, 20)
      .join("; ");
    const alternative = `Chart: ${metric} in percent, ${where}. ${told}. The table below has every number.`;
    ours.show(heightFor(there.length), alternative, () => {
      const of = (mode) => main.map(([m], i) => ({ x: there[i].mode === mode ? 100 * m : NaN, y: i }));
      const datasets = [
        intervals(
          "95% interval",
          main.map(([m, h]) => (h === null ? null : [100 * (m - h), 100 * (m + h)])),
        ),
        dots("inductive", of("inductive"), colour("hue-0"), "circle"),
      ];
      if (there.some((row) => row.mode === "transductive")) {
        datasets.push(dots("transductive (T)", of("transductive"), colour("hue-1"), "triangle"));
      }
      if (printed.some((p) => p && p.low !== null)) {
        for (const [label, end] of [
          ["published (oracle)", "low"],
          ["published, highest", "high"],
        ]) {
          if (end === "high" && !printed.some((p) => p && p.high !== p.low)) continue;
          const data = printed.map((p, i) => ({ x: p && p[end] !== null ? 100 * p[end] : NaN, y: i }));
          datasets.push(dots(label, data, colour("hue-3"), "rectRot", { backgroundColor: "transparent" }));
        }
        // Beside it, what it compares with; rows of the oracle are that already.
        const ours = there.map((row, i) => {
          const there = printed[i] && row.rule !== "oracle";
          return { x: there ? Number(oracleOf(row, chosen.split, board)) : NaN, y: i };
        });
        if (ours.some(({ x }) => x > 0)) datasets.push(dots("our oracle", ours, colour("hue-5"), "triangle"));
      }
      if (chance !== null) datasets.push(level("chance", 100 * chance, names));
      const label = (item) =>
        /^(published|our oracle)/.test(item.dataset.label) || item.dataset.label === "chance"
          ? `${item.dataset.label} ${item.parsed.x.toFixed(1)}`
          : `${names[item.dataIndex]}: ${spelled(main[item.dataIndex])}`;
      return { data: { labels: names.map((_, i) => i), datasets }, options: rowsOptions(names, label) };
    });
  }

  function drawGaps(rows, chosen, where) {
    const there = rows.filter((row) => chosen.cell(row)?.gap != null);
    if (!there.length) return gaps.hide();
    const names = shortLabels(there);
    const own = there.map((row) => 100 * chosen.cell(row).main[0]);
    const gap = there.map((row) => 100 * chosen.cell(row).gap);
    const said = "what choosing the epoch on the test classes would add";
    gaps.figure.firstChild.textContent = `The oracle gap, ${where}: ${said}`;
    const told = there
      .map((row, i) => `${names[i]} ${points(gap[i] / 100)}`)
      .slice(0, 20)
      .join("; ");
    const alternative = `Chart of the oracle gap in points, ${where}. ${told}. The column gap has the averages.`;
    gaps.show(heightFor(there.length), alternative, () => {
      const datasets = [
        intervals(
          "gap",
          own.map((x, i) => [x, x + gap[i]]),
          colour("gap"),
        ),
        dots(
          "by its own rule",
          own.map((x, y) => ({ x, y })),
          colour("hue-0"),
          "circle",
        ),
        dots(
          "oracle",
          own.map((x, y) => ({ x: x + gap[y], y })),
          colour("hue-5"),
          "rectRot",
          { backgroundColor: colour("ground") },
        ),
      ];
      const label = (item) =>
        `${names[item.dataIndex]}: ${own[item.dataIndex].toFixed(1)}, oracle ${points(gap[item.dataIndex] / 100)}`;
      return { data: { labels: names.map((_, i) => i), datasets }, options: rowsOptions(names, label) };
    });
  }
  return { ours: ours.figure, gaps: gaps.figure, draw };
}

const splitOf = (group, name) => group.splits.find((split) => split.name === name);

function firstAccuracy(group) {
  if (group.splits.length > 1) return { cell: (row) => row.average, split: null };
  const only = group.splits[0].name;
  return { cell: (row) => row.cells[only], split: only };
}
