// Test clips that were taken for something else, one at a time, with the five best candidates.

const EVERY = "";

function mistakesPart() {
  const player = makePlayer();
  const said = el("p", {});
  const count = el("p", { role: "status" });
  const truth = el("p", { class: "truth" });
  const scores = el("ol", { class: "scores" });
  const body = el(
    "div",
    { class: "mistake" },
    player.element,
    el("div", {}, truth, el("h4", {}, "Best candidates and their scores"), scores),
  );
  let shown = null;
  let wrong = [];

  const onclass = () => fill();
  const trueClass = selectField("Shows", [], onclass);
  const taken = selectField("Taken for", [], onclass);
  const clip = selectField("Clip", [], () => draw());
  const step = (by) => () => {
    const next = clip.select.selectedIndex + by;
    if (next < 0 || next >= clip.select.options.length) return;
    clip.select.selectedIndex = next;
    draw();
  };
  const back = el("button", { type: "button", onclick: step(-1) }, "← previous");
  const on = el("button", { type: "button", onclick: step(1) }, "next →");
  const controls = el("div", { class: "controls" }, trueClass.field, taken.field, clip.field, back, on);
  const element = part("Clips it got wrong", said, controls, count, body);
  element.classList.add("wide");

  const selected = () =>
    wrong.filter(
      (one) =>
        [EVERY, String(one.truth)].includes(trueClass.select.value) &&
        [EVERY, String(one.best[0][0])].includes(taken.select.value),
    );

  function show(what) {
    shown = what;
    const { split, detail } = what;
    const there = detail.mistakes !== null;
    wrong = there
      ? Object.entries(detail.mistakes).map(([i, best]) => ({ clip: split.clips[i], truth: split.clips[i].true, best }))
      : [];
    const listed = split.clips.length
      ? `Looked at are ${plural(split.clips.length, "test clip")} of this split, of every class those that most rows ` +
        `get wrong; with seed ${detail.seed}, this row gets ${wrong.length} of them wrong.`
      : "";
    const none = there || !split.clips.length ? "" : "The scores of the clips are not beside these records.";
    const empty = split.clips.length
      ? ""
      : "No clip is listed: none was got wrong, none was asked for, or the scores are not beside the records.";
    said.textContent = [listed, none, empty, split.clipsSaid].filter(Boolean).join(" ");
    const options = (classes) => [
      [EVERY, "any class"],
      ...[...new Set(classes)].sort((a, b) => a - b).map((c) => [String(c), split.classes[c]]),
    ];
    trueClass.fill(options(wrong.map((one) => one.truth)), EVERY);
    taken.fill(options(wrong.map((one) => one.best[0][0])), EVERY);
    fill();
  }

  function fill() {
    const { split } = shown;
    const among = selected();
    clip.fill(
      among.map((one, i) => [
        String(i),
        `${one.clip.sample}: ${split.classes[one.truth]} → ${split.classes[one.best[0][0]]}`,
      ]),
      "0",
    );
    clip.field.hidden = among.length === 0;
    controls.hidden = wrong.length === 0;
    count.textContent = wrong.length ? `${plural(among.length, "clip")}.` : "";
    draw();
  }

  function draw() {
    const one = selected()[clip.select.selectedIndex];
    body.hidden = !one;
    back.disabled = clip.select.selectedIndex <= 0;
    on.disabled = clip.select.selectedIndex >= clip.select.options.length - 1;
    if (!one) return player.stop();
    const { split } = shown;
    const name = (c) => split.classes[c];
    truth.replaceChildren(
      "Shows ",
      el("b", {}, name(one.truth)),
      ", taken for ",
      el("b", {}, name(one.best[0][0])),
      ".",
    );
    const values = one.best.map(([, score]) => score);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    scores.replaceChildren(
      ...one.best.map(([c, score]) => {
        const bar = el("span", { class: "bar-of-score", "aria-hidden": "true" });
        bar.style.width = `${high > low ? 8 + (92 * (score - low)) / (high - low) : 100}%`;
        const mark = c === one.truth ? " (true)" : "";
        return el("li", {}, `${name(c)}${mark}: ${String(score).replace("-", "−")}`, bar);
      }),
    );
    const described = `${one.clip.sample}, shows ${name(one.truth)}, taken for ${name(one.best[0][0])}`;
    player.load(one.clip.skeleton ?? null, split.skeleton, described);
  }
  return { element, show };
}
