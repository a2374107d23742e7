// Puts the page together.

Chart.defaults.font.family = "system-ui, sans-serif";
Chart.defaults.font.size = 13;

function start() {
  const titles = [...new Set(page.groups.map((group) => group.title))];
  const { date, version, commit, machines } = page.made;
  document.title = `zsar leaderboard: ${titles.join(", ")}`;
  const failed = page.failed ? `, ${page.failed} of which failed` : "";
  const by = `zsar ${version}${commit ? `, commit ${commit}` : ""}`;
  byId("about").textContent =
    `${titles.join(", ")}. Made from ${plural(page.runs, "run")}${failed}, on ${date}, by ${by}.`;
  byId("machines").textContent = machines.length ? `Run on: ${machines.join("; ")}.` : "";
  byId("made").textContent =
    "Every number comes from the records of these runs; this file holds all that it shows and fetches nothing.";
  byId("legend").replaceChildren(...page.legend.map((line) => el("li", {}, line)));
  byId("licences").textContent = page.licences;
  startMethods();
  let change = () => {};
  const chosen = startFilters(() => change());
  startTheme();
  const selection = startSelection();
  const all = page.groups.flatMap((group) => group.boards.map((board) => ({ group, board })));
  const boards = all.map(({ group, board }, i) =>
    makeBoard(group, board, `board-${i}`, (row) => selection.pick(group, row)),
  );
  const overviews = Object.keys(page.settings)
    .map((setting) => [setting, all.filter(({ board }) => board.setting === setting && board.rows.length)])
    .filter(([, parts]) => parts.length && page.groups.length > 1)
    .map(([setting, parts]) => makeOverview(setting, parts, `all-${setting}`));
  const shortName = ({ id }) => {
    const at = all[boards.findIndex((one) => one.element.id === id)];
    if (!at) return settingLabel(overviews.find((one) => one.element.id === id).setting);
    const alike = new Set(page.groups.filter((group) => group.dataset === at.group.dataset)).size > 1;
    return `${alike ? `${at.group.protocol}, ${at.group.family} splits, ` : ""}${settingLabel(at.board.setting)}`;
  };
  byId("boards").replaceChildren(...[...overviews, ...boards].map((one) => one.element));
  showHelp(all);

  change = () => {
    const isOverview = filters.dataset === ALL;
    for (const one of overviews) one.element.hidden = !isOverview || ![ALL, one.setting].includes(filters.setting);
    for (const one of boards) one.element.hidden = !passesTable(one.group, one.board);
    const shown = [...overviews, ...boards].filter((one) => !one.element.hidden);
    const rows = shown.reduce((sum, one) => sum + one.update(true), 0);
    byId("filtered").textContent = `${plural(rows, "row")} in ${plural(shown.length, "leaderboard")}.`;
    selection.look(filters.dataset);
    const links = shown.map(({ element }) => [element.id, shortName(element)]);
    if (!byId("closer").hidden) links.push(["closer", "A closer look"]);
    links.push(["methods", "The methods"], ["reading", "How to read this"]);
    byId("parts").replaceChildren(...links.map(([id, text]) => el("li", {}, placeLink(id, text))));
    writeAddress(chosen.values());
  };
  change();
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
  });
}

// What the columns mean, once for all leaderboards; on the tables, every head says it of itself.
function showHelp(all) {
  const columns = all.flatMap(({ group, board }) => columnsOf(group, board));
  const meanings = new Map(columns.filter((one) => one.split == null).map((one) => [one.title, one.help]));
  if (columns.some((one) => one.split != null)) meanings.set("name of a split", HELP.split);
  byId("columns").replaceChildren(
    ...[...meanings].flatMap(([title, help]) => [el("dt", {}, title), el("dd", {}, `${help}.`)]),
  );
}

start();
