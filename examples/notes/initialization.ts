/** What the initial weights make of a signal on its way through ten layers, and what a net learns from there. */
import {
  build,
  dense,
  heNormal,
  type InitializerSpec,
  input,
  type Layer,
  normal,
  relu,
  sequential,
  sgd,
  softmaxCrossEntropy,
  tanh,
  xavierNormal,
  zeros,
} from "whetstone";
import type { Claim, Size } from "./claim.ts";
import { digits, type Rows } from "./data.ts";
import { fitAndScore } from "./training.ts";

const DEPTH = 10;
const WIDTH = 100;
const loss = softmaxCrossEntropy();
const inits: Record<string, InitializerSpec> = {
  zeros: zeros(),
  "N(0, 0.01²)": normal({ std: 0.01 }),
  "N(0, 1)": normal({ std: 1 }),
  Xavier: xavierNormal(),
  He: heNormal(),
};

interface Signal {
  /** Deviation of the outputs of each layer. */
  deviations: number[];
  /** Share of the last layer's outputs beyond 0.99. */
  saturated: number;
  /** After training. */
  end: { meanLoss: number; accuracy: number };
}

async function signalOf(init: InitializerSpec, activation: () => Layer, { train }: { train: Rows }, size: Size): Promise<Signal> {
  const { seed, runtime } = size;
  const layers = Array.from({ length: DEPTH }, () => [dense(WIDTH, { init }), activation()]).flat();
  const model = await build(sequential(input(64), ...layers, dense(10, { init })), { seed, runtime });
  const weights = model.stateDict();
  const deviations: number[] = [];
  let saturated = 0;
  for (let depth = 1; depth <= DEPTH; depth++) {
    const head = await build(sequential(input(64), ...layers.slice(0, 2 * depth)), { seed, runtime });
    head.loadStateDict(weights, { strict: false });
    const { data } = head.predict(train.x);
    deviations.push(deviation(data));
    saturated = data.filter((value) => Math.abs(value) > 0.99).length / data.length;
    head.dispose();
  }
  const options = { loss, optimizer: sgd({ learningRate: 0.05 }), epochs: size.small ? 15 : 40, seed };
  const end = await fitAndScore(model, train, options);
  model.dispose();
  return { deviations, saturated, end };
}

function deviation(data: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of data) {
    sum += value;
    squares += value * value;
  }
  return Math.sqrt(Math.max(0, squares / data.length - (sum / data.length) * (sum / data.length)));
}

export const claim: Claim = {
  says: "Zeros never part, small weights lose the signal, large ones saturate or explode, Xavier keeps it in tanh and He in ReLU nets",
  notes: "002, 004",
  async run(size) {
    const data = await digits(size.small ? 500 : 1200, size.seed);
    const shown = [1, 2, 4, 6, 8, 10];
    const signals: Record<string, Record<string, Signal>> = {};
    for (const [name, activation] of Object.entries({ tanh, relu })) {
      signals[name] = {};
      for (const [key, init] of Object.entries(inits)) signals[name][key] = await signalOf(init, activation, data, size);
    }
    const last = (activation: string, init: string) => signals[activation]![init]!.deviations.at(-1)!;
    const score = (activation: string, init: string) => signals[activation]![init]!.end.accuracy;
    const figures = {
      zerosAccuracy: Math.max(score("tanh", "zeros"), score("relu", "zeros")),
      smallTanh: last("tanh", "N(0, 0.01²)"),
      smallAccuracy: score("tanh", "N(0, 0.01²)"),
      largeSaturated: signals.tanh!["N(0, 1)"]!.saturated,
      largeRelu: last("relu", "N(0, 1)"),
      xavierTanh: last("tanh", "Xavier"),
      xavierTanhAccuracy: score("tanh", "Xavier"),
      xavierRelu: last("relu", "Xavier") / signals.relu!.Xavier!.deviations[0]!,
      heRelu: last("relu", "He") / signals.relu!.He!.deviations[0]!,
      heLoss: signals.relu!.He!.end.meanLoss,
      xavierReluLoss: signals.relu!.Xavier!.end.meanLoss,
    };
    return {
      tables: Object.entries(signals).map(([name, byInit]) => ({
        columns: [`${name}: deviation after layer`, ...shown.map(String), "beyond 0.99", "mean loss of epochs", "accuracy"],
        rows: Object.entries(byInit).map(([key, { deviations, saturated, end }]) => [
          key,
          ...shown.map((layer) => deviations[layer - 1]!),
          saturated,
          end.meanLoss,
          end.accuracy,
        ]),
      })),
      figures,
      holds: {
        "from zeros nothing is learned": figures.zerosAccuracy < 0.2,
        "N(0, 0.01²): after ten layers under a millionth is left, and nothing is learned":
          figures.smallTanh < 1e-6 && figures.smallAccuracy < 0.2,
        "N(0, 1): most tanh units are saturated, ReLU outputs explode": figures.largeSaturated > 0.5 && figures.largeRelu > 1e5,
        "Xavier in tanh: the signal stays above 0.1 and the net learns": figures.xavierTanh > 0.1 && figures.xavierTanhAccuracy > 0.9,
        "in ReLU nets Xavier loses nine tenths of it, He at most half; with He the mean loss of the epochs is lower":
          figures.xavierRelu < 0.1 && figures.heRelu > 0.5 && figures.heRelu < 2 && figures.heLoss < figures.xavierReluLoss,
      },
    };
  },
};
