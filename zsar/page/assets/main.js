// Puts the page together.

Chart.defaults.font.family = "system-ui, sans-serif";
Chart.defaults.font.size = 13;

function start() {
  const titles = [...new Set(page.groups.map((group) => group.title))];
  document.title = `zsar leaderboard: ${titles.join(", ")}`;
  const failed = page.failed ? `, ${page.failed} of which failed` : "";
  byId("about").textContent =
    `${titles.join(", ")}. Made from ${plural(page.runs, "run")}${failed}, by zsar ${page.version}.`;
  byId("made").textContent =
    "Every number comes from the records of these runs; this file holds all that it shows and fetches nothing.";
  byId("legend").replaceChildren(...page.legend.map((line) => el("li", {}, line)));
  byId("licences").textContent = page.licences;

  let boards = [];
  const update = () => {
    const shown = boards.map((one) => {
      const visible = passesTable(one.group, one.board);
      one.element.hidden = !visible;
      return visible ? one.update(true) : 0;
    });
    const rows = shown.reduce((sum, count) => sum + count, 0);
    const tables = boards.filter((one) => !one.element.hidden).length;
    byId("filtered").textContent = `${plural(rows, "row")} in ${plural(tables, "leaderboard")}.`;
  };
  startFilters(update);
  startTheme();
  const selection = startSelection();
  const all = page.groups.flatMap((group) => group.boards.map((board) => ({ group, board })));
  boards = all.map(({ group, board }, i) => makeBoard(group, board, `board-${i}`, (row) => selection.pick(group, row)));
  byId("boards").replaceChildren(...boards.map((one) => one.element));
  const links = all.map(({ group, board }, i) => [
    `board-${i}`,
    `${group.title} ${group.family}, ${settingLabel(board.setting)}`,
  ]);
  if (!byId("closer").hidden) links.push(["closer", "A closer look"]);
  links.push(["reading", "How to read this"]);
  byId("parts").replaceChildren(...links.map(([id, text]) => el("li", {}, el("a", { href: `#${id}` }, text))));
  update();
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
  });
}

start();
