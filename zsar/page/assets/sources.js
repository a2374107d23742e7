// The command and the configuration behind a number, to copy.

function sourcePart() {
  const box = el("div", {});
  const element = part("How these numbers were made", box);

  function show({ group, entry }) {
    const source = group.sources[entry.source];
    const runs = source.runs.map(([split, seed, run]) => [split, String(seed), run]);
    box.replaceChildren(
      copyable("Command", source.command),
      folded("Configuration", copyable("Configuration", source.configuration)),
      folded(
        `${plural(runs.length, "record")}`,
        scrollable("Records", plainTable("Records", ["split", "seed", "run"], runs)),
      ),
    );
  }
  return { element, show };
}

function copyable(what, text) {
  const shown = el("pre", { tabindex: "0", "aria-label": what }, text);
  const status = el("span", { role: "status" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      status.textContent = "copied";
    } catch {
      // Without the clipboard, the text is selected for the reader to copy.
      getSelection().selectAllChildren(shown);
      status.textContent = "selected; copy it with Ctrl+C";
    }
  };
  const button = el("button", { type: "button", class: "copy", onclick: copy }, `Copy the ${what.toLowerCase()}`);
  return el("div", { class: "copyable" }, el("div", { class: "controls" }, button, status), shown);
}
