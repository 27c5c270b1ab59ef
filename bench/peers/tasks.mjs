/**
 * What every peer does: nets, batches, optimizers as plain data, so that a message can carry them to any language.
 * Not how a peer does it.
 */

const sgd = (momentum = 0) => ({ name: "sgd", learningRate: 0.01, momentum });
const adam = { name: "adam", learningRate: 1e-3 };

/** kind "step": training steps. kind "predict": the forward pass. kind "fit": whole trainings, each in a process of its own. */
export const tasks = [
  { name: "iris", kind: "step", widths: [4, 16, 3], rows: 16, batches: 8, optimizer: sgd(0.9), data: "iris" },
  {
    name: "digits",
    kind: "step",
    widths: [64, 128, 64, 10],
    batchNorm: true,
    dropout: 0.2,
    rows: 32,
    batches: 8,
    optimizer: adam,
    data: "digits",
  },
  { name: "mnist", kind: "step", widths: [784, 512, 512, 10], dropout: 0.2, rows: 128, batches: 4, optimizer: adam, data: "made up" },
  { name: "wide", kind: "step", widths: [1024, 2048, 1024, 10], rows: 256, batches: 2, optimizer: adam, data: "made up" },
  { name: "deep", kind: "step", widths: [64, ...Array(20).fill(32), 10], rows: 32, batches: 8, optimizer: adam, data: "digits" },
  { name: "iris-b1", kind: "step", widths: [4, 16, 3], rows: 1, batches: 64, optimizer: sgd(), data: "iris" },
  { name: "mnist-b1", kind: "step", widths: [784, 512, 512, 10], rows: 1, batches: 16, optimizer: sgd(), data: "made up" },
  { name: "predict-1", kind: "predict", widths: [784, 512, 512, 10], rows: 1, batches: 1, data: "made up" },
  { name: "predict-32", kind: "predict", widths: [784, 512, 512, 10], rows: 32, batches: 1, data: "made up" },
  { name: "predict-1024", kind: "predict", widths: [784, 512, 512, 10], rows: 1024, batches: 1, data: "made up" },
  { name: "fit-iris", kind: "fit", widths: [4, 16, 3], rows: 16, epochs: 100, optimizer: sgd(0.9), data: "iris", least: 0.95 },
  {
    name: "fit-digits",
    kind: "fit",
    widths: [64, 128, 64, 10],
    batchNorm: true,
    dropout: 0.2,
    rows: 32,
    epochs: 50,
    optimizer: adam,
    data: "digits",
    least: 0.98,
  },
];

/** In words: "64-128-64-10, batch norm, dropout 0.2, 32 rows, adam". */
export function title({ widths, batchNorm, dropout, rows, optimizer, epochs }) {
  const inner = widths.slice(1, -1);
  const net = inner.length > 3 ? `${widths[0]}-(${inner[0]} x ${inner.length})-${widths.at(-1)}` : widths.join("-");
  const rule = optimizer && (optimizer.momentum ? `${optimizer.name} with momentum` : optimizer.name);
  return [
    net,
    batchNorm && "batch norm",
    dropout && `dropout ${dropout}`,
    rows === 1 ? "1 row" : `${rows} rows`,
    rule,
    epochs && `${epochs} epochs`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** The net as a list of layers; a layer's place is its key in the state dict of PyTorch and of whetstone. */
export function layersOf({ widths, batchNorm, dropout }) {
  const layers = [];
  for (let i = 1; i < widths.length; i++) {
    layers.push({ kind: "dense", inputs: widths[i - 1], units: widths[i] });
    if (i === widths.length - 1) break;
    if (batchNorm) layers.push({ kind: "batchNorm", units: widths[i] });
    layers.push({ kind: "relu" });
    if (dropout) layers.push({ kind: "dropout", rate: dropout });
  }
  return layers;
}
