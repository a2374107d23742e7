"use strict";
// Everything that comes from a file or a label is set as text, never as markup.
const at = (id) => document.getElementById(id);
const make = (tag, text) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  return element;
};
let clip = null;
let model = null;
let player = null;
const dark = matchMedia("(prefers-color-scheme: dark)");

function say(text, wrong = false) {
  at("status").textContent = text;
  at("status").classList.toggle("wrong", wrong);
}

function choose(file, more = 0, simulated = false) {
  if (!file) return;
  clear();
  const large = model && file.size > model.largest;
  clip = large ? null : { file, simulated };
  at("name").textContent = simulated ? `A simulated clip: ${model.example.label}` : file.name;
  at("go").disabled = large;
  at("several").hidden = true;
  at("which").replaceChildren();
  if (large) say(`${file.name} has ${Math.round(file.size / 1048576)} MiB; files of up to ${model.largest / 1048576} MiB are read.`, true);
  else say(more ? `One file at a time: ${file.name} was taken, ${more} more left out.` : "");
}

// What the server answers; its refusals and its absence become errors that can be shown.
async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("This page’s server doesn’t answer. It may have been ended.");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.error ?? "This page’s server can’t answer just now. Try again in a moment.");
}

async function recognise() {
  if (!clip) return;
  const { file, simulated } = clip;
  const labels = at("labels").value.split("\n").map((line) => line.trim()).filter((line) => line);
  const number = Math.max(at("which").selectedIndex, 0);
  at("go").disabled = at("try").disabled = at("which").disabled = true;
  say("Recognising …");
  try {
    const question = { name: file.name, labels, clip: number, layout: at("layout").value || null, unit: at("unit").value || null };
    const body = new Blob([JSON.stringify(question), "\n", file], { type: "application/octet-stream" });
    const answer = await (await ask("/predict", { method: "POST", body })).json();
    list(answer.clips, number);
    show(answer);
    say(simulated ? `Simulated: nobody was recorded. It shows “${model.example.label}”.` : answer.clips[number]);
  } catch (error) {
    clear();
    say(error.message, true);
  } finally {
    at("go").disabled = clip === null;
    at("try").disabled = at("which").disabled = false;
  }
}

// No answer stands beside a file or labels that it is not of.
function clear() {
  player?.stop();
  player = null;
  at("canvas").getContext("2d").clearRect(0, 0, at("canvas").width, at("canvas").height);
  at("frame").disabled = at("play").disabled = true;
  at("scores").replaceChildren();
  at("about").replaceChildren();
  at("count").textContent = at("words").textContent = "";
}

function list(names, number) {
  at("several").hidden = names.length < 2;
  at("which").replaceChildren(...names.map((name, place) => make("option", `${place + 1} of ${names.length}: ${name}`)));
  at("which").selectedIndex = number;
}

async function tryExample() {
  at("try").disabled = true;
  try {
    const content = await (await ask("/example.npz")).blob();
    choose(new File([content], model.example.name), 0, true);
    await recognise();
  } catch (error) {
    say(error.message, true);
  } finally {
    at("try").disabled = false;
  }
}

function show(answer) {
  const known = "probability" in answer.predictions[0];
  at("kind").textContent = known ? "Probability" : "Score";
  at("scores").replaceChildren(...answer.predictions.map((entry, place) => {
    const row = make("tr");
    const label = make("td", entry.label);
    const number = make("td");
    if (entry.trained) label.append(" ", make("small", "(trained on)"));
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

at("file").onchange = () => choose(at("file").files[0]);
at("go").onclick = at("which").onchange = recognise;
at("try").onclick = tryExample;
dark.onchange = () => player?.go(player.frame);
for (const kind of ["dragover", "dragleave", "drop"]) {
  at("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") choose(event.dataTransfer.files[0], event.dataTransfer.files.length - 1);
  });
}
ask("/model.json").then((response) => response.json()).then((description) => {
  model = description;
  at("model").textContent = `${model.title}, trained on ${model.trained.length} classes of ${model.dataset} (${model.split}).`;
  at("formats").textContent = model.formats.join("  ");
  at("file").accept = model.formats.join(",");
  at("labels").value = model.labels.join("\n");
  at("layout").append(...model.layouts.map((name) => make("option", name)));
  at("unit").append(...model.units.map((name) => make("option", name)));
  at("try").disabled = false;
}).catch((error) => say(error.message, true));
