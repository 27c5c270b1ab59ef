/** Every optimizer on Rosenbrock's valley, (1 - x)² + 100 (y - x²)², from (-1.2, 1). */
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamw,
  bfgs,
  lbfgs,
  lion,
  minimize,
  NonFiniteError,
  nadam,
  newton,
  type Objective,
  type Optimizer,
  radam,
  rmsprop,
  type SecondOrder,
  sgd,
} from "whetstone";
import { type Claim, show } from "./claim.ts";

const rosenbrock: Objective<Float64Array> = ([x, y], gradient) => {
  gradient[0] = 2 * (x! - 1) - 400 * x! * (y! - x! * x!);
  gradient[1] = 200 * (y! - x! * x!);
  return (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2;
};

const firstOrder: Record<string, (learningRate: number) => Optimizer> = {
  sgd: (learningRate) => sgd({ learningRate }),
  "sgd, momentum": (learningRate) => sgd({ learningRate, momentum: 0.9 }),
  "sgd, Nesterov": (learningRate) => sgd({ learningRate, momentum: 0.9, nesterov: true }),
  adagrad: (learningRate) => adagrad({ learningRate }),
  rmsprop: (learningRate) => rmsprop({ learningRate }),
  adadelta: (learningRate) => adadelta({ learningRate }),
  adam: (learningRate) => adam({ learningRate }),
  "adam, amsgrad": (learningRate) => adam({ learningRate, amsgrad: true }),
  adamw: (learningRate) => adamw({ learningRate, weightDecay: 0 }),
  adamax: (learningRate) => adamax({ learningRate }),
  nadam: (learningRate) => nadam({ learningRate }),
  radam: (learningRate) => radam({ learningRate }),
  lion: (learningRate) => lion({ learningRate }),
};
const RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
const secondOrder = { lbfgs: lbfgs(), bfgs: bfgs(), newton: newton() };

interface Descent {
  /** f after the steps that the table shows. */
  values: number[];
  /** Infinity if 1e-8 was never reached. */
  evaluations: number;
}

async function descend(x0: Float64Array, optimizer: Optimizer | SecondOrder, marks: readonly number[]): Promise<Descent> {
  const values: number[] = [];
  const scratch = new Float64Array(2);
  let count = 0;
  let evaluations = Infinity;
  const counted: Objective<Float64Array> = (x, gradient) => {
    const value = rosenbrock(x, gradient);
    count++;
    if (value < 1e-8 && evaluations === Infinity) evaluations = count;
    return value;
  };
  const onStep = ({ step, x }: { step: number; x: Float64Array }) => {
    if (marks.includes(step + 1)) values.push(rosenbrock(x, scratch));
  };
  const { x } = await minimize(counted, x0, optimizer, { steps: marks.at(-1)!, onStep });
  const end = rosenbrock(x, scratch);
  while (values.length < marks.length) values.push(end); // bfgs and the like have stopped
  return { values, evaluations };
}

/** The rate that ends lowest; one that diverges is none. */
async function best(x0: Float64Array, make: (rate: number) => Optimizer, marks: readonly number[]): Promise<Descent & { rate: number }> {
  let found: (Descent & { rate: number }) | undefined;
  for (const rate of RATES) {
    try {
      const descent = await descend(x0, make(rate), marks);
      if (found === undefined || descent.values.at(-1)! < found.values.at(-1)!) found = { ...descent, rate };
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
    }
  }
  return found!;
}

export const claim: Claim = {
  says: "Every optimizer descends Rosenbrock's valley; second-order methods need a fifth of the evaluations or fewer",
  notes: "002, 003",
  async run({ small, seed }) {
    const x0 = Float64Array.of(-1.2 + 0.03 * seed, 1);
    const start = rosenbrock(x0, new Float64Array(2));
    const marks = [100, 1000, small ? 5000 : 20000];
    const rows: [string, string, ...number[]][] = [];
    for (const [name, make] of Object.entries(firstOrder)) {
      const { rate, values, evaluations } = await best(x0, make, marks);
      rows.push([name, show(rate), ...values, evaluations]);
    }
    for (const [name, optimizer] of Object.entries(secondOrder)) {
      const { values, evaluations } = await descend(x0, optimizer, marks);
      rows.push([name, "", ...values, evaluations]);
    }
    const evaluations = rows.map((row) => row.at(-1) as number);
    const first = Object.keys(firstOrder).length;
    const figures = {
      start,
      worst: Math.max(...rows.map((row) => row.at(-2) as number)),
      slowestSecond: Math.max(...evaluations.slice(first)),
      fastestFirst: Math.min(...evaluations.slice(0, first)),
    };
    return {
      tables: [
        {
          columns: ["f after step", "rate", ...marks.map(String), "evaluations to 1e-8"],
          rows: rows.map((row) => row.map((cell) => (cell === Infinity ? "never" : cell))),
        },
      ],
      figures,
      holds: {
        "all end below a hundredth of the value at the start": figures.worst < start / 100,
        "lbfgs, bfgs and newton reach 1e-8 within 100 evaluations": figures.slowestSecond <= 100,
        "the best first-order method needs more than five times as many": figures.fastestFirst > 5 * figures.slowestSecond,
      },
    };
  },
};
