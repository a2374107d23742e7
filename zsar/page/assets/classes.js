// Accuracy per class and the confusion matrix.

function classesPart() {
  const bars = picture("");
  const table = el("div", {});
  const missing = el("p", { class: "warning" }, "These records hold no accuracies per class.");
  const element = part("Accuracy per class", missing, bars.figure, folded("The same as a table", table));

  function show({ split, detail }) {
    const there = split.classes.map((name, i) => ({ name, value: detail.perClass[i] })).filter((one) => one.value);
    missing.hidden = there.length > 0;
    if (!there.length) {
      table.replaceChildren();
      return bars.hide();
    }
    there.sort((a, b) => b.value[0] - a.value[0]);
    const names = there.map((one) => one.name);
    const values = there.map((one) => one.value);
    bars.figure.firstChild.textContent =
      "Share of each class's test clips that were recognised: mean and 95% interval over seeds";
    const told = there.map((one) => `${one.name} ${spelled(one.value)}`);
    const alternative = `Bar chart of accuracy per class in percent: ${told.join("; ")}.`;
    bars.show(heightFor(names.length), alternative, () => {
      const bar = {
        type: "bar",
        label: "accuracy",
        data: values.map(([mean]) => 100 * mean),
        backgroundColor: colour("bar"),
        grouped: false,
        barPercentage: 0.8,
        order: 3,
        pointStyle: "rect",
      };
      const ends = values.map(([m, h]) => (h === null ? null : [100 * Math.max(0, m - h), 100 * Math.min(1, m + h)]));
      const datasets = [bar, { ...intervals("95% interval", ends, colour("whisker")), barThickness: 3 }];
      const label = (item) => `${names[item.dataIndex]}: ${spelled(values[item.dataIndex])}`;
      const options = rowsOptions(names, label);
      options.scales.x.max = 100;
      return { data: { labels: names.map((_, i) => i), datasets }, options };
    });
    const rows = there.map((one) => [one.name, percent(one.value[0]), halfWidth(one.value)]);
    table.replaceChildren(plainTable("Accuracy per class in percent", ["class", "mean (%)", "95% interval"], rows));
  }
  return { element, show };
}

function confusionPart() {
  const box = el("div", {});
  const said = el("p", {});
  const element = part("Confusions", said, box);

  function show({ split, detail }) {
    if (!detail.confusion) {
      said.textContent = "These records hold no confusion matrix.";
      box.replaceChildren();
      return;
    }
    said.textContent =
      `Clips of ${plural(detail.seeds, "seed")} together: a row is what a clip shows, a column what it was ` +
      "taken for. " +
      "Right answers are on the framed diagonal; shades go by the share of the row.";
    const heads = split.classes.map((name) => el("th", { scope: "col" }, el("span", {}, name)));
    const corner = el("td", { class: "corner" }, "true ↓ taken for →");
    const rows = detail.confusion.map((counts, i) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      const cells = counts.map((count, j) => {
        const share = total ? count / total : 0;
        const cell = el("td", {
          class: i === j ? "right" : "",
          title: `${split.classes[i]} taken for ${split.classes[j]}: ${count} of ${total}`,
        });
        cell.textContent = count ? String(count) : "·";
        cell.style.setProperty("--share", `${Math.round(100 * share)}%`);
        return cell;
      });
      return el("tr", {}, el("th", { scope: "row" }, split.classes[i]), ...cells);
    });
    const caption = el(
      "caption",
      { class: "unseen" },
      "Confusion matrix: rows are true classes, columns predicted ones",
    );
    const head = el("thead", {}, el("tr", {}, corner, ...heads));
    const table = el("table", { class: "confusion" }, caption, head, el("tbody", {}, ...rows));
    const scroll = scrollable("Confusion matrix", table);
    scroll.classList.add("fitting");
    box.replaceChildren(scroll);
  }
  return { element, show };
}
