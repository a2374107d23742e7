// Plays one skeleton. Frames are int16, centred; a body that is absent in a frame is all ABSENT.

const ABSENT = -32768;

function makePlayer() {
  const canvas = el("canvas", { role: "img", width: 640, height: 640 });
  const play = el("button", { type: "button", class: "play", onclick: () => (playing ? pause() : start()) });
  const frame = el("input", { type: "range", min: 0, value: 0, step: 1, oninput: () => seek(Number(frame.value)) });
  const turn = el("input", { type: "range", min: -180, max: 180, value: 20, step: 5, oninput: () => draw() });
  const speed = el(
    "select",
    {},
    ...["0.25", "0.5", "1", "2"].map((v) => el("option", { value: v, selected: v === "1" }, `${v} ×`)),
  );
  // Not an output: a label would name that and leave the slider nameless.
  const at = el("span", { class: "at" });
  const words = el("p", { class: "note" });
  const element = el(
    "div",
    { class: "player", role: "group", "aria-label": "Player" },
    canvas,
    el("div", { class: "controls" }, play, el("label", { class: "field" }, "Speed", speed)),
    el("label", { class: "field wide" }, el("span", {}, "Frame ", at), frame),
    el("label", { class: "field wide" }, "Turn the view", turn),
    words,
  );
  let clip = null;
  let bones = null;
  let numbers = null;
  let now = 0;
  let playing = false;
  let before = 0;
  let due = 0;

  function load(packed, skeleton, described) {
    stop();
    clip = packed;
    bones = skeleton;
    words.textContent = skeleton?.words ?? "";
    element.hidden = !(packed && skeleton && packed.shape[1]);
    if (element.hidden) return;
    const bytes = Uint8Array.from(atob(packed.data), (c) => c.charCodeAt(0));
    numbers = new Int16Array(bytes.buffer);
    frame.max = packed.shape[0] - 1;
    canvas.setAttribute("aria-label", `Skeleton of ${described}; ${plural(packed.shape[0], "frame")}`);
    seek(0);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) start();
  }

  function seek(to) {
    now = to;
    frame.value = to;
    at.textContent = `${to + 1} of ${clip.shape[0]}`;
    draw();
  }

  function start() {
    if (!clip) return;
    playing = true;
    play.textContent = "Pause";
    before = performance.now();
    due = 0;
    requestAnimationFrame(tick);
  }

  function pause() {
    playing = false;
    play.textContent = "Play";
  }

  function stop() {
    pause();
    clip = null;
  }

  function tick(time) {
    if (!playing || !clip) return;
    due += ((time - before) / 1000) * clip.rate * Number(speed.value);
    before = time;
    const whole = Math.floor(due);
    if (whole > 0) {
      due -= whole;
      seek((now + whole) % clip.shape[0]);
    }
    requestAnimationFrame(tick);
  }

  // Where a joint is on the canvas, turned about the upright axis. y points up and z away from the camera, so in the
  // camera's view x grows to the left; drawn the other way, a swipe to the left would look like one to the right.
  function place(body, joint) {
    const start = ((now * clip.shape[1] + body) * bones.joints + joint) * 3;
    const angle = (Number(turn.value) * Math.PI) / 180;
    const [x, y, z] = numbers.subarray(start, start + 3);
    const across = z * Math.sin(angle) - x * Math.cos(angle);
    const scale = canvas.width / 2 / 32767 / 1.1;
    return [canvas.width / 2 + across * scale, canvas.height / 2 - y * scale];
  }

  function draw() {
    if (!clip) return;
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.lineCap = "round";
    const ground = document.documentElement.dataset.theme;
    for (let body = 0; body < clip.shape[1]; body += 1) {
      if (numbers[(now * clip.shape[1] + body) * bones.joints * 3] === ABSENT) continue;
      for (const [edge, [a, b]] of bones.edges.entries()) {
        const look = bones.look[bones.sides[edge]];
        pen.strokeStyle = look[ground];
        pen.lineWidth = 7 * look.width;
        pen.beginPath();
        pen.moveTo(...place(body, a));
        pen.lineTo(...place(body, b));
        pen.stroke();
      }
    }
  }
  afterTheme.push(draw);
  pause();
  return { element, load, stop };
}
