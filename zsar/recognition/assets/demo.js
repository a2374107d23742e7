"use strict";
// Everything that comes from a file or a label is set as text, never as markup.
const at = (id) => document.getElementById(id);
const make = (tag, text) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  return element;
};
let clip = null;
let largest = Infinity;
let player = null;
const dark = matchMedia("(prefers-color-scheme: dark)");

function say(text, wrong = false) {
  at("status").textContent = text;
  at("status").classList.toggle("wrong", wrong);
}

function chosen(file) {
  if (!file) return;
  clip = file;
  at("name").textContent = file.name;
  at("go").disabled = false;
  if (file.size > largest) {
    clip = null;
    at("go").disabled = true;
    say(`${file.name} has ${Math.round(file.size / 1048576)} MiB; files of up to ${largest / 1048576} MiB are read.`, true);
  } else {
    say("");
  }
}

async function recognise() {
  if (!clip) return;
  const labels = at("labels").value.split("\n").map((line) => line.trim()).filter((line) => line);
  at("go").disabled = true;
  say("Recognising …");
  try {
    const head = JSON.stringify({ name: clip.name, labels });
    const body = new Blob([head, "\n", clip], { type: "application/octet-stream" });
    const response = await fetch("/predict", { method: "POST", body });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    show(answer);
    say(`${answer.clip}: ${answer.predictions[0].label}`);
  } catch (error) {
    say(error.message, true);
  } finally {
    at("go").disabled = clip === null;
  }
}

function show(answer) {
  const known = "probability" in answer.predictions[0];
  at("kind").textContent = known ? "Probability" : "Score";
  at("scores").replaceChildren(...answer.predictions.map((entry, place) => {
    const row = make("tr");
    const label = make("td", entry.label);
    const number = make("td");
    if (entry.trained) label.append(make("small", "trained on"));
    if (known) {
      const meter = make("meter");
      meter.value = entry.probability;
      meter.setAttribute("aria-hidden", "true");
      number.append(meter, make("span", `${(100 * entry.probability).toFixed(1)} %`));
    } else {
      number.textContent = entry.score.toFixed(3);
    }
    if (place === 0) row.className = "best";
    row.append(label, number);
    return row;
  }));
  const notes = answer.note ? [answer.note, ...answer.about] : answer.about;
  at("about").replaceChildren(...notes.map((text) => make("li", text)));
  if (player) player.stop();
  player = new Player(answer.skeleton);
}

class Player {
  constructor(skeleton) {
    this.skeleton = skeleton;
    this.frame = 0;
    this.context = at("canvas").getContext("2d");
    this.fit();
    at("words").textContent = skeleton.words;
    at("frame").max = skeleton.frames.length - 1;
    at("frame").disabled = at("play").disabled = false;
    at("play").onclick = () => this.toggle();
    at("frame").oninput = () => { this.pause(); this.go(Number(at("frame").value)); };
    this.go(0);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.pause();
    else this.start();
  }

  fit() {
    const points = this.skeleton.frames.flatMap((bodies) => bodies.filter((body) => body).flat());
    const range = (axis) => points.reduce(([low, high], p) => [Math.min(low, p[axis]), Math.max(high, p[axis])], [Infinity, -Infinity]);
    const [left, right] = range(0);
    const [low, high] = range(1);
    const { width, height } = at("canvas");
    this.scale = Math.min((width - 40) / Math.max(right - left, 1), (height - 40) / Math.max(high - low, 1));
    // A camera looks along z with y up, so x grows to its left.
    this.x = (x) => width / 2 - (x - (left + right) / 2) * this.scale;
    this.y = (y) => height / 2 - (y - (low + high) / 2) * this.scale;
  }

  go(frame) {
    this.frame = frame;
    at("frame").value = frame;
    at("count").textContent = `${frame + 1} / ${this.skeleton.frames.length}`;
    const ground = dark.matches ? "dark" : "light";
    const { context } = this;
    context.clearRect(0, 0, at("canvas").width, at("canvas").height);
    context.lineCap = "round";
    for (const body of this.skeleton.frames[frame]) {
      if (!body) continue;
      for (const [edge, [a, b]] of this.skeleton.edges.entries()) {
        const look = this.skeleton.look[this.skeleton.sides[edge]];
        context.strokeStyle = look[ground];
        context.lineWidth = 5 * look.width;
        context.beginPath();
        context.moveTo(this.x(body[a][0]), this.y(body[a][1]));
        context.lineTo(this.x(body[b][0]), this.y(body[b][1]));
        context.stroke();
      }
    }
  }

  start() {
    at("play").textContent = "Pause";
    this.timer = setInterval(() => this.go((this.frame + 1) % this.skeleton.frames.length), 33);
  }

  pause() {
    this.stop();
    at("play").textContent = "Play";
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
  }

  toggle() {
    if (this.timer) this.pause();
    else this.start();
  }
}

at("file").onchange = () => chosen(at("file").files[0]);
at("go").onclick = recognise;
dark.onchange = () => player?.go(player.frame);
for (const kind of ["dragover", "dragleave", "drop"]) {
  at("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") chosen(event.dataTransfer.files[0]);
  });
}
fetch("/model.json").then((response) => response.json()).then((model) => {
  largest = model.largest;
  at("model").textContent = `${model.title}, trained on ${model.trained.length} classes of ${model.dataset} (${model.split}).`;
  at("formats").textContent = model.formats.join("  ");
  at("file").accept = model.formats.join(",");
  at("labels").value = model.labels.join("\n");
}).catch((error) => say(error.message, true));
