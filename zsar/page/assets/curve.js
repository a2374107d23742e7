// Seen against unseen accuracy of one row: what each strategy trades, and the whole curve where it is known.

const EQUAL_H = [0.2, 0.4, 0.6, 0.8];

// From the right end, where its name stands: unseen accuracy falls from 1, seen accuracy rises to 1.
function equalH(h) {
  const low = h / (2 - h);
  return Array.from({ length: 61 }, (_, i) => low + (1 - low) * (1 - i / 60) ** 2).map((u) => ({
    x: 100 * u,
    y: (100 * h * u) / (2 * u - h),
  }));
}

function curvePart() {
  const chart = picture("Seen against unseen accuracy in the generalized setting");
  const said = el("p", {});
  const table = el("div", {});
  const element = part("Seen and unseen classes together (GZSL)", said, chart.figure, table);

  function show({ group, split, key, row, detail }) {
    const board = group.boards.find((b) => b.setting === "gzsl");
    const rows = (board?.rows ?? []).filter((one) => one.cells[split.name]);
    const mine = rows.filter((one) => one.key === key);
    chart.hide();
    table.replaceChildren();
    if (!mine.length) {
      said.textContent = "These runs were not judged in the generalized setting (zsar bench --setting zsl,gzsl).";
      return;
    }
    said.textContent =
      (detail.curve
        ? "The curve has every calibration constant (each clip's scores in standard units, as stacking takes them), " +
          "averaged over seeds at equal unseen accuracy."
        : "The scores of all classes are not beside these records, so the curve between the points is not drawn, " +
          "only what each strategy reached.") +
      " Points are means over seeds; small grey ones are the other rows of the same rule. Dashed lines join equal H.";
    mine.sort((a, b) => STRATEGIES.indexOf(a.strategy) - STRATEGIES.indexOf(b.strategy));
    const cells = mine.map((one) => ({ strategy: one.strategy, ...one.cells[split.name] }));
    const others = rows.filter((one) => one.key !== key && one.rule === row.rule);
    const told = cells.map(
      (c) => `${c.strategy}: seen ${percent(c.seen[0])}, unseen ${percent(c.unseen[0])}, H ${percent(c.main[0])}`,
    );
    chart.show(narrow() ? 380 : 460, `Chart of seen against unseen accuracy in percent. ${told.join("; ")}.`, () => {
      const datasets = EQUAL_H.map((h) => ({
        type: "line",
        label: `H = ${100 * h}`,
        data: equalH(h),
        names: [`H ${100 * h}`],
        borderColor: colour("interval"),
        borderDash: [4, 4],
        borderWidth: 1,
        pointRadius: 0,
        pointHitRadius: 0,
        order: 9,
      }));
      if (others.length) {
        datasets.push({
          label: "other rows",
          data: others.map((one) => ({
            x: 100 * one.cells[split.name].unseen[0],
            y: 100 * one.cells[split.name].seen[0],
            name: rowLabel(one),
          })),
          pointStyle: "circle",
          pointRadius: 3,
          borderColor: colour("interval"),
          backgroundColor: colour("interval"),
          order: 5,
        });
      }
      if (detail.curve) {
        datasets.push({
          type: "line",
          label: "every constant",
          data: detail.curve.map(([u, s]) => ({ x: 100 * u, y: 100 * s })),
          borderColor: colour("hue-0"),
          borderWidth: 2,
          pointRadius: 0,
          pointStyle: "line",
          order: 3,
        });
      }
      cells.forEach((c, i) => {
        datasets.push({
          label: c.strategy,
          names: [c.strategy],
          data: [{ x: 100 * c.unseen[0], y: 100 * c.seen[0], name: `${c.strategy}, H ${spelled(c.main)}` }],
          pointStyle: SHAPES[i],
          pointRadius: 8,
          borderWidth: 2,
          borderColor: hue(i),
          backgroundColor: hue(i),
          order: 1,
        });
      });
      const options = plainOptions(
        ({ raw, dataset }) => `${raw.name ?? dataset.label}: seen ${raw.y.toFixed(1)}, unseen ${raw.x.toFixed(1)}`,
      );
      options.scales = {
        x: axis("unseen accuracy (%)", { min: 0, max: 100 }),
        y: axis("seen accuracy (%)", { min: 0, max: 100 }),
      };
      options.plugins.legend.labels.filter = (item) => !item.text.startsWith("H = ");
      return { type: "scatter", data: { datasets }, options, plugins: [namesBesidePoints] };
    });
    const lines = cells.map((c) => [c.strategy, spelled(c.seen), spelled(c.unseen), spelled(c.main)]);
    const heads = ["strategy", "seen S (%)", "unseen U (%)", "harmonic mean H (%)"];
    table.replaceChildren(
      scrollable("Seen and unseen accuracy", plainTable("Seen and unseen accuracy per strategy", heads, lines)),
    );
  }
  return { element, show };
}
