/** Trains a net on two spirals while the page stays alive: a plot of the loss, the plane as the net sees it, a stop button. */
import { adam, build, createRuntime, dense, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { accuracy } from "whetstone/metrics";

const SIDE = 64; // points of the plane along an axis
const [plane, curve] = ["plane", "curve"].map((id) => document.getElementById(id).getContext("2d"));
const status = document.getElementById("status");
const [start, stop] = ["start", "stop"].map((id) => document.getElementById(id));

/** 400 points on two arms of a spiral, and the arm of each. */
function spirals() {
  const points = Array.from({ length: 400 }, (_, i) => {
    const arm = i % 2;
    const radius = 0.1 + (0.85 * Math.floor(i / 2)) / 200;
    const angle = 8 * radius + arm * Math.PI;
    return { x: [radius * Math.cos(angle), radius * Math.sin(angle)], y: arm };
  });
  return { x: points.map(({ x }) => x), y: points.map(({ y }) => y) };
}

const grid = Float32Array.from({ length: SIDE * SIDE * 2 }, (_, i) => {
  const point = i >> 1;
  return ((i & 1 ? Math.floor(point / SIDE) : point % SIDE) + 0.5) * (2 / SIDE) - 1;
});

function drawPlane(model, data) {
  const { data: probabilities } = model.predict(grid, { as: "probabilities" });
  const image = plane.createImageData(SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const p = probabilities[2 * i + 1];
    image.data[4 * i] = 255 * p;
    image.data[4 * i + 1] = 120 + 60 * Math.abs(p - 0.5);
    image.data[4 * i + 2] = 255 * (1 - p);
    image.data[4 * i + 3] = 110;
  }
  const picture = new OffscreenCanvas(SIDE, SIDE);
  picture.getContext("2d").putImageData(image, 0, 0);
  plane.clearRect(0, 0, 320, 320);
  plane.drawImage(picture, 0, 0, 320, 320);
  data.x.forEach(([x, y], i) => {
    plane.fillStyle = data.y[i] === 1 ? "#b00" : "#00b";
    plane.fillRect((x + 1) * 160 - 2, (y + 1) * 160 - 2, 4, 4);
  });
}

function drawCurve(losses, epochs) {
  curve.clearRect(0, 0, 320, 320);
  curve.beginPath();
  losses.forEach((loss, epoch) => curve.lineTo((epoch / epochs) * 320, 310 - Math.min(1, loss) * 300));
  curve.strokeStyle = "#060";
  curve.stroke();
  curve.fillText("loss 1.0", 4, 14);
  curve.fillText("0", 4, 316);
}

async function train() {
  start.disabled = true;
  stop.disabled = false;
  const data = spirals();
  const runtime = await createRuntime();
  const model = await build(sequential(input(2), dense(64), relu(), dense(64), relu(), dense(2)), { seed: 1, runtime });
  const controller = new AbortController();
  stop.onclick = () => controller.abort();
  const epochs = 600;
  let drawn = 0;
  try {
    const history = await model.fit(data, {
      loss: softmaxCrossEntropy(),
      optimizer: adam({ learningRate: 3e-3 }),
      epochs,
      metrics: { accuracy },
      signal: controller.signal,
      callbacks: [
        {
          onEpoch({ epoch, loss, metrics, seconds, history }) {
            if (performance.now() - drawn < 50 && epoch + 1 < epochs) return undefined;
            status.textContent = `epoch ${epoch + 1} of ${epochs}: loss ${loss.toFixed(4)}, accuracy ${metrics.accuracy.toFixed(3)}, ${seconds.toFixed(1)} s`;
            // Each drawing is a task of its own, as is the training after them: none adds to the time of another.
            return new Promise((resolve) =>
              requestAnimationFrame(() => {
                drawCurve(history.loss, epochs);
                setTimeout(() => {
                  drawPlane(model, data);
                  drawn = performance.now();
                  setTimeout(resolve);
                });
              }),
            );
          },
        },
      ],
    });
    const { numerics, threads, sharedMemory } = runtime.info;
    status.textContent += `\n${history.epochs} epochs. ${numerics}, ${threads} thread(s), ${globalThis.crossOriginIsolated ? "" : "not "}isolated, memory ${sharedMemory ? "" : "not "}shared.`;
    document.body.dataset.done = String(history.accuracy.at(-1));
    document.body.dataset.epochs = String(history.epochs);
  } catch (error) {
    status.textContent = error.name === "AbortError" ? "Stopped." : String(error);
  }
  start.disabled = false;
  stop.disabled = true;
}

start.onclick = train;

// With ?measure the page trains by itself and reports the longest task that its main thread had meanwhile.
if (new URLSearchParams(location.search).has("measure")) {
  let longest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, Math.round(duration));
  });
  observer.observe({ type: "longtask" });
  await train();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { done = "0" } = document.body.dataset;
  const report = { longest, accuracy: Number(done), epochs: Number(document.body.dataset.epochs ?? 0) };
  await fetch("/report", { method: "POST", body: JSON.stringify(report) });
}
