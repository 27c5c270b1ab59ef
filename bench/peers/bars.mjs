/** What is promised, one thread unless it says otherwise: at least so many times a peer's speed. */
const torch = ["PyTorch"];

export const bars = [
  { task: "iris", theirs: torch, least: 45 },
  { task: "iris", theirs: ["jax-js wasm"], least: 130 },
  { task: "iris", theirs: ["tfjs wasm"], least: 300 },
  { task: "digits", theirs: torch, least: 5 },
  { task: "digits", theirs: ["jax-js wasm"], least: 11 },
  { task: "digits", theirs: ["jax-js wasm, dropout"], against: "jax-js wasm with dropout, as whetstone has", least: 11 },
  { task: "digits", theirs: ["tfjs wasm"], least: 35 },
  { task: "mnist", theirs: torch, least: 0.8 },
  { task: "mnist", theirs: ["jax-js wasm"], least: 2.1 },
  { task: "mnist", theirs: ["jax-js wasm, dropout"], against: "jax-js wasm with dropout, as whetstone has", least: 2.1 },
  { task: "mnist", theirs: ["tfjs wasm"], least: 14 },
  {
    task: "mnist",
    title: "mnist, 2 threads",
    ours: ["whetstone, 2 threads"],
    theirs: ["PyTorch", "PyTorch, 2 threads"],
    against: "PyTorch's better of 1 and 2 threads",
    least: 1.4,
  },
  { task: "wide", theirs: ["jax-js wasm"], least: 1.7 },
  { task: "wide", theirs: ["tfjs wasm"], least: 15 },
  { task: "predict-1", theirs: torch, least: 1 },
  { task: "predict-1", theirs: ["onnxruntime-web"], least: 1 },
];
