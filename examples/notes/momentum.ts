/** Momentum and Nesterov's form of it where gradient descent is slow: a plateau, a saddle, a ravine, a small dip. */
import { minimize, type Objective, type Optimizer, sgd } from "whetstone";
import type { Claim } from "./claim.ts";

interface Landscape {
  f: Objective<Float64Array>;
  start: number[];
  isThere: (x: Float64Array) => boolean;
}

/** f' = (x + 1)(x + 0.8)(x - 1): a dip at -1 before a hill at -0.8, the valley at 1. */
const dip: Objective<Float64Array> = ([x], gradient) => {
  gradient[0] = (x! + 1) * (x! + 0.8) * (x! - 1);
  return x! ** 4 / 4 + (0.8 * x! ** 3) / 3 - x! ** 2 / 2 - 0.8 * x!;
};

const landscapes: Record<string, Landscape> = {
  plateau: {
    f: ([x], gradient) => {
      gradient[0] = (2 * x!) / (1 + x! * x!) ** 2;
      return (x! * x!) / (1 + x! * x!);
    },
    start: [8],
    isThere: ([x]) => Math.abs(x!) < 0.01,
  },
  saddle: {
    f: ([x, y], gradient) => {
      gradient[0] = 10 * x!;
      gradient[1] = y! ** 3 - 0.1 * y!;
      return 5 * x! * x! - 0.05 * y! * y! + y! ** 4 / 4;
    },
    start: [1, 1e-6],
    isThere: ([x, y]) => Math.abs(x!) < 0.01 && Math.abs(Math.abs(y!) - Math.sqrt(0.1)) < 0.01,
  },
  ravine: {
    f: ([x, y], gradient) => {
      gradient[0] = x!;
      gradient[1] = 200 * y!;
      return (x! * x! + 200 * y! * y!) / 2;
    },
    start: [10, 1],
    isThere: ([x, y]) => Math.hypot(x!, y!) < 0.01,
  },
};

const RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.95];
const methods: Record<string, (learningRate: number) => Optimizer> = {
  "gradient descent": (learningRate) => sgd({ learningRate }),
  momentum: (learningRate) => sgd({ learningRate, momentum: 0.9 }),
  Nesterov: (learningRate) => sgd({ learningRate, momentum: 0.9, nesterov: true }),
};

/** Steps until x is there to stay; Infinity if that is more than the limit. */
async function stepsOf({ f, start, isThere }: Landscape, optimizer: Optimizer, seed: number, steps: number): Promise<number> {
  let since = Infinity;
  const x0 = Float64Array.from(start, (value) => value * (1 + 0.02 * seed));
  const onStep = ({ step, x }: { step: number; x: Float64Array }) => {
    if (!isThere(x)) since = Infinity;
    else if (since === Infinity) since = step + 1;
  };
  try {
    await minimize(f, x0, optimizer, { steps, onStep });
  } catch {
    return Infinity; // diverged at this rate
  }
  return since;
}

export const claim: Claim = {
  says: "Momentum crosses plateaus, leaves saddles and goes down ravines in fewer steps, and rolls out of small dips",
  notes: "000, 002, 003",
  async run({ small, seed }) {
    const limit = small ? 3000 : 20000;
    const best: Record<string, number[]> = {};
    for (const [name, optimizer] of Object.entries(methods)) {
      best[name] = [];
      for (const landscape of Object.values(landscapes)) {
        const counts: number[] = [];
        for (const rate of RATES) counts.push(await stepsOf(landscape, optimizer(rate), seed, limit));
        best[name].push(Math.min(...counts));
      }
    }
    const ends: number[] = [];
    for (const optimizer of Object.values(methods))
      ends.push((await minimize(dip, Float64Array.of(-1.8 - 0.02 * seed), optimizer(0.02), { steps: 2000 })).x[0]!);
    const [descent, momentum, nesterov] = Object.values(best);
    const figures = {
      plateau: descent![0]! / momentum![0]!,
      plateauNesterov: descent![0]! / nesterov![0]!,
      saddle: descent![1]! / momentum![1]!,
      saddleNesterov: descent![1]! / nesterov![1]!,
      ravine: descent![2]! / momentum![2]!,
      ravineNesterov: descent![2]! / nesterov![2]!,
      descentEnd: ends[0]!,
      momentumEnd: ends[1]!,
      nesterovEnd: ends[2]!,
    };
    return {
      tables: [
        {
          columns: ["steps at the best of ten rates", ...Object.keys(landscapes), "dip: ends at (rate 0.02)"],
          rows: Object.entries(best).map(([name, counts], i) => [name, ...counts, ends[i]!]),
        },
      ],
      figures,
      holds: {
        "plateau: momentum and Nesterov need at most half the steps": Math.min(figures.plateau, figures.plateauNesterov) >= 2,
        "saddle: at most half the steps": Math.min(figures.saddle, figures.saddleNesterov) >= 2,
        "ravine: at most a quarter of the steps": Math.min(figures.ravine, figures.ravineNesterov) >= 4,
        "gradient descent stays in the dip at -1, both others reach the valley at 1":
          Math.abs(ends[0]! + 1) < 0.01 && Math.abs(ends[1]! - 1) < 0.01 && Math.abs(ends[2]! - 1) < 0.01,
      },
    };
  },
};
