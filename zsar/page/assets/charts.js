// What all charts share. Shapes and labels say what colours say, for those who can't tell colours apart.

const SHAPES = ["circle", "rect", "triangle", "rectRot", "star", "crossRot"];
const HUES = 7;
const hue = (i) => colour(`hue-${i % HUES}`);
const shape = (i) => SHAPES[(i + Math.floor(i / HUES)) % SHAPES.length];

// A figure whose chart can be drawn anew; `show(height, alternative, build)` takes a function that makes the
// configuration, because colours change with the theme.
function picture(caption) {
  const canvas = el("canvas", { role: "img" });
  const frame = el("div", { class: "frame" }, canvas);
  const figure = el("figure", {}, el("figcaption", {}, caption), frame);
  let chart = null;
  let build = null;
  const redraw = () => {
    chart?.destroy();
    chart = build ? new Chart(canvas, build()) : null;
  };
  afterTheme.push(redraw);
  const show = (height, alternative, how) => {
    figure.hidden = false;
    frame.style.height = `${height}px`;
    canvas.setAttribute("aria-label", alternative);
    build = how;
    redraw();
  };
  const hide = () => {
    figure.hidden = true;
    build = null;
    redraw();
  };
  return { figure, show, hide, chart: () => chart };
}

const phone = matchMedia("(max-width: 599px)");
const narrow = () => phone.matches;
const heightFor = (rows) => 96 + 26 * rows;

function axis(title, more = {}) {
  const text = colour("text");
  return {
    title: { display: Boolean(title), text: title, color: text },
    ticks: { color: text, ...more.ticks },
    grid: { color: colour("line") },
    border: { color: colour("line") },
    ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== "ticks")),
  };
}

// Options of a chart with one row per name: accuracy in percent to the right.
function rowsOptions(names, label, title = "accuracy (%)") {
  const length = narrow() ? 16 : 44;
  return {
    ...plainOptions(label),
    indexAxis: "y",
    scales: {
      x: axis(title, { beginAtZero: true }),
      y: axis("", { ticks: { autoSkip: false, callback: (i) => cut(names[i] ?? "", length) }, offset: true }),
    },
  };
}

function plainOptions(label) {
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "nearest", intersect: true },
    plugins: {
      legend: { position: "bottom", labels: { usePointStyle: true, color: colour("text"), boxHeight: 8 } },
      tooltip: { callbacks: { label } },
    },
  };
}

// Intervals as thin bars from low to high; null where there is none. Bars lie below the points.
function intervals(label, ends, tint = colour("interval")) {
  return {
    type: "bar",
    label,
    data: ends,
    backgroundColor: tint,
    barThickness: 5,
    grouped: false,
    order: 2,
    pointStyle: "rect",
  };
}

// Points at [x, row]; what isn't there is left out.
function dots(label, values, tint, style, more = {}) {
  return {
    type: "line",
    label,
    showLine: false,
    data: values,
    pointStyle: style,
    pointRadius: 6,
    pointHoverRadius: 8,
    borderWidth: 2,
    borderColor: tint,
    backgroundColor: tint,
    order: 1,
    ...more,
  };
}

// A dashed vertical line through all rows, such as the level of chance.
function level(label, x, names) {
  return {
    type: "line",
    label,
    data: names.map((_, i) => ({ x, y: i })),
    parsing: false,
    borderColor: colour("text"),
    borderDash: [4, 4],
    borderWidth: 1,
    pointRadius: 0,
    pointStyle: "line",
    order: 3,
  };
}

// Names beside the points of those datasets that have `names`.
const namesBesidePoints = {
  id: "names",
  afterDatasetsDraw(chart) {
    const { ctx, chartArea } = chart;
    ctx.save();
    ctx.font = "12px system-ui, sans-serif";
    ctx.textBaseline = "middle";
    const taken = [];
    chart.data.datasets.forEach((dataset, i) => {
      dataset.names?.forEach((name, j) => {
        if (!name) return;
        const at = chart.getDatasetMeta(i).data[j];
        const text = cut(name, narrow() ? 14 : 26);
        const width = ctx.measureText(text).width;
        // Beside the point, or above or below it: the first place where no other name is.
        const places = [
          [10, 0],
          [-10 - width, 0],
          [-width / 2, -17],
          [-width / 2, 17],
          [10, -14],
          [10, 14],
          [-10 - width, -14],
          [-10 - width, 14],
        ]
          .map(([right, down]) => ({ left: at.x + right, y: at.y + down }))
          .filter(({ left }) => left > chartArea.left - 8 && left + width < chartArea.right + 8);
        const free = ({ left, y }) =>
          taken.every((o) => Math.abs(o.y - y) > 13 || left > o.right + 4 || left + width < o.left - 4);
        const { left, y } = places.find(free) ?? places[0] ?? { left: chartArea.right - width, y: at.y };
        taken.push({ left, right: left + width, y });
        ctx.lineWidth = 3;
        ctx.strokeStyle = colour("ground");
        ctx.strokeText(text, left, y);
        ctx.fillStyle = colour("text");
        ctx.fillText(text, left, y);
      });
    });
    ctx.restore();
  },
};
