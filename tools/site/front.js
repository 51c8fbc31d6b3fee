// The picture on the front page: a slider over pictures that were computed when the site was made.
const moves = JSON.parse(document.getElementById("moves").textContent);
const [picture, handle, value, caption, run] = ["moving", "handle", "value", "caption", "run"]
  .map((id) => document.getElementById(id));
const drawn = moves.map(({ file }) => Object.assign(new Image(), { src: `moving/${file}` }));
let timer = null;
let step = 1;

function show(n) {
  picture.src = drawn[n].src;
  picture.alt = caption.textContent = moves[n].caption;
  value.textContent = moves[n].value;
  handle.setAttribute("aria-valuetext", moves[n].value);
}

function stop() {
  clearInterval(timer);
  timer = null;
  run.textContent = run.dataset.run;
}

function move() {
  timer = setInterval(() => {
    const at = Number(handle.value);
    if (at + step < 0 || at + step >= moves.length) step = -step;
    handle.value = at + step;
    show(at + step);
  }, 160);
  run.textContent = run.dataset.stop;
}

handle.addEventListener("input", () => { stop(); show(Number(handle.value)); });
run.addEventListener("click", () => (timer ? stop() : move()));
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) move();
