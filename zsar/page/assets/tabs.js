// A tab per dataset, and before them one with all datasets beside each other.

function startTabs(choose) {
  const titles = new Map(page.groups.map((group) => [group.dataset, group.title]));
  const tabs = page.groups.length > 1 ? [[ALL, "All datasets"], ...titles] : [...titles];
  const list = byId("tabs");
  const buttons = new Map(
    tabs.map(([dataset, title]) => {
      const attributes = { type: "button", role: "tab", "aria-controls": "boards", "data-dataset": dataset };
      return [dataset, el("button", { ...attributes, id: newId("tab"), onclick: () => choose(dataset) }, title)];
    }),
  );
  list.replaceChildren(...buttons.values());
  list.hidden = tabs.length < 2;
  list.addEventListener("keydown", (event) => {
    const all = [...buttons.values()];
    const at = all.indexOf(document.activeElement);
    const places = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    if (!(event.key in places)) return;
    event.preventDefault();
    const next = all.at(places[event.key] % all.length);
    next.click();
    next.focus();
  });

  function show(dataset) {
    buttons.forEach((button, one) => {
      button.setAttribute("aria-selected", String(one === dataset));
      button.tabIndex = one === dataset ? 0 : -1;
    });
    byId("boards").setAttribute("aria-labelledby", buttons.get(dataset).id);
  }
  return { names: tabs.map(([dataset]) => dataset), show };
}
