// Maps of clips and class prototypes: before the method, apart, and after it, together.

function mapsPart() {
  const features = picture("Before: features of the encoder (t-SNE)");
  const text = picture("Before: text prototypes (principal components)");
  const after = picture("After: clips and prototypes together (t-SNE of the scores)");
  const said = el("p", {});
  const missing = el("ul", { class: "notes" });
  const element = part(
    "Before and after alignment",
    said,
    missing,
    el("div", { class: "maps" }, features.figure, text.figure, after.figure),
  );
  element.classList.add("wide");

  function show({ split, key, entry, row }) {
    const made = split.maps;
    const mine = made.after[key];
    const lacks = [];
    features.hide();
    text.hide();
    after.hide();
    missing.replaceChildren();
    if (!mine) {
      said.textContent = made.labels
        ? `Maps are drawn for the rule ${made.rule} only.`
        : "No map: the scores of the clips are not beside these records.";
      return;
    }
    said.textContent =
      `${made.labels.length} of ${made.clips} unseen test clips, seed ${mine.seed}. Features and text have no ` +
      "space in common before a method gives them one, so they are drawn apart. After it, a clip is near the prototypes that " +
      "it scores high on, as far as two dimensions can show it. Every class has a shape and a colour; prototypes are " +
      "large and named. Distances between far groups mean little in t-SNE.";
    const described = `${split.classes.length} classes: ${split.classes.join(", ")}`;
    const before = made.features[entry.source];
    if (typeof before === "string") lacks.push(`Features before: ${before}`);
    else
      drawMap(
        features,
        `Map of the encoder's features of ${made.labels.length} clips, by class. ${described}.`,
        split,
        made.labels,
        before,
        null,
      );
    const prototypes = made.text[entry.source];
    if (typeof prototypes === "string") lacks.push(`Text prototypes before: ${prototypes}`);
    else drawMap(text, `Map of the text prototypes. ${described}.`, split, [], [], prototypes);
    if (mine.xy === null) {
      lacks.push("After: with two classes, scores differ along one line only, so there is nothing to lay out.");
    } else {
      const clips = made.labels.length;
      const right = made.labels.filter((label, i) => label === mine.predicted[i]).length;
      const alternative =
        `Map of ${clips} clips and the prototypes by the scores of ${rowLabel(row)}; ` +
        `${right} of the clips are given their own class. ${described}.`;
      drawMap(
        after,
        alternative,
        split,
        made.labels,
        mine.xy.slice(0, 2 * clips),
        mine.xy.slice(2 * clips),
        mine.predicted,
      );
    }
    missing.replaceChildren(...lacks.map((line) => el("li", {}, line)));
  }
  return { element, show };
}

// `clips` and `prototypes` are x, y, x, y, ...; one dataset per class, and one for all prototypes.
function drawMap(where, alternative, split, labels, clips, prototypes, predicted = null) {
  where.show(narrow() ? 360 : 460, alternative, () => {
    const datasets = split.classes.map((name, c) => {
      const mine = labels.map((label, i) => i).filter((i) => labels[i] === c);
      return {
        label: name,
        data: mine.map((i) => ({ x: clips[2 * i], y: clips[2 * i + 1], i })),
        pointStyle: shape(c),
        pointRadius: 4,
        borderColor: hue(c),
        backgroundColor: hue(c),
        borderWidth: 1.5,
      };
    });
    if (prototypes) {
      datasets.push({
        label: "prototypes",
        names: split.classes,
        data: split.classes.map((_, c) => ({ x: prototypes[2 * c], y: prototypes[2 * c + 1], c })),
        pointStyle: split.classes.map((_, c) => shape(c)),
        pointRadius: 9,
        borderColor: colour("text"),
        backgroundColor: split.classes.map((_, c) => hue(c)),
        borderWidth: 2,
        order: -1,
      });
    }
    const label = ({ raw, dataset }) => {
      if (raw.c !== undefined) return `prototype of ${split.classes[raw.c]}`;
      return predicted ? `${dataset.label}, taken for ${split.classes[predicted[raw.i]]}` : dataset.label;
    };
    const options = plainOptions(label);
    const still = { min: -40, max: 1040, ticks: { display: false } };
    options.scales = { x: axis("", still), y: axis("", still) };
    options.plugins.legend.display = labels.length > 0;
    options.plugins.legend.labels.filter = (item) => item.text !== "prototypes";
    return { type: "scatter", data: { datasets }, options, plugins: [namesBesidePoints] };
  });
}
