// What the closer look is at: a dataset, one of its splits, one row; the parts below it follow.

function startSelection() {
  const groups = page.groups.filter((group) => Object.keys(group.entries).length);
  if (!groups.length) {
    byId("closer").hidden = true;
    return { pick: () => {}, look: () => {} };
  }
  const parts = [classesPart(), confusionPart(), mistakesPart(), mapsPart(), curvePart(), sourcePart()];
  byId("details").replaceChildren(...parts.map((part) => part.element));
  const chosen = { group: groups[0], split: "", key: "" };

  const group = selectField("Splits", [], (value) => enter(groups[Number(value)]));
  function enter(next) {
    const before = rowLabel(lines().get(chosen.key));
    chosen.group = next;
    // Keys are a dataset's own; the row of the same name is looked at there, else the first.
    chosen.key = [...lines()].find(([, one]) => rowLabel(one) === before)?.[0] ?? "";
    refill();
  }
  const split = selectField("Split", [], (value) => {
    chosen.split = value;
    draw();
  });
  const row = selectField("Row", [], (value) => {
    chosen.key = value;
    draw();
  });
  byId("choice").replaceChildren(group.field, split.field, row.field);
  byId("choice").addEventListener("submit", (event) => event.preventDefault());

  // One line per configuration, mode and rule, in the order of the ranking.
  const lines = () => {
    const rows = new Map();
    for (const board of chosen.group.boards) {
      for (const one of board.rows) if (!rows.has(one.key)) rows.set(one.key, { ...one, strategy: null });
    }
    return rows;
  };

  function refill() {
    const rows = lines();
    const names = chosen.group.splits.map((s) => s.name);
    // The last split has the most unseen classes, so there is most to see.
    const wanted = names.includes(chosen.split) ? chosen.split : names[names.length - 1];
    split.fill(
      names.map((name) => [name, name]),
      wanted,
    );
    row.fill(
      [...rows].map(([key, one]) => [key, rowLabel(one)]),
      chosen.key,
    );
    chosen.split = split.select.value;
    chosen.key = row.select.value;
    draw();
  }

  function draw() {
    const rows = lines();
    const entry = chosen.group.entries[chosen.key];
    const at = splitOf(chosen.group, chosen.split);
    const detail = entry?.splits[chosen.split] ?? null;
    const shown = { group: chosen.group, split: at, key: chosen.key, row: rows.get(chosen.key), entry, detail };
    const name = `${rowLabel(shown.row)}, on ${chosen.group.title} ${chosen.split}`;
    byId("chosen").textContent = detail ? `${name}, ${plural(detail.seeds, "seed")}.` : `${name}: no finished run.`;
    parts.forEach((part) => {
      part.element.hidden = !detail;
      if (detail) part.show(shown);
    });
  }

  refill();
  return {
    // The closer look at one dataset; there is none at all of them.
    look(dataset) {
      const mine = groups.filter((one) => one.dataset === dataset);
      byId("closer").hidden = mine.length === 0;
      if (!mine.length) return;
      group.fill(
        mine.map((one) => [String(groups.indexOf(one)), groupLabel(one)]),
        String(groups.indexOf(chosen.group)),
      );
      if (!mine.includes(chosen.group)) enter(mine[0]);
    },
    pick(inGroup, one) {
      chosen.group = inGroup;
      chosen.key = one.key;
      group.select.value = String(groups.indexOf(inGroup));
      refill();
      goTo("closer");
    },
  };
}

// A part of the closer look: a heading and what `make` puts under it.
function part(title, ...children) {
  return el("section", { class: "part" }, el("h3", {}, title), ...children);
}
