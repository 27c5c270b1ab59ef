/** Stochastic depth: each training step leaves residual branches out, and their work with them. */
import {
  adam,
  batchNorm,
  build,
  createTrainer,
  dense,
  input,
  type Layer,
  linearDropRates,
  type Model,
  relu,
  residual,
  sequential,
  sgd,
  softmaxCrossEntropy,
} from "whetstone";
import type { Claim } from "./claim.ts";
import { digits, type Rows, take } from "./data.ts";
import { fitAndScore, mean } from "./training.ts";

const loss = softmaxCrossEntropy();
const block = (): Layer[] => [batchNorm(), relu(), dense(64), batchNorm(), relu(), dense(64)];

/** Share of branches that a step runs, seen from outside: the weights of those that it leaves out stay as they are. */
async function shareThatRuns(model: Model<[64], [10]>, train: Rows, blocks: number, seed: number): Promise<number> {
  const steps = 100;
  const trainer = await createTrainer(model, { loss, optimizer: sgd({ learningRate: 1e-3 }), seed });
  const batch = take(
    train,
    Array.from({ length: 16 }, (_, row) => row),
  );
  let ran = 0;
  let before = model.stateDict();
  for (let step = 0; step < steps; step++) {
    trainer.step(batch);
    const after = model.stateDict();
    for (let b = 1; b <= blocks; b++) {
      const name = `${b}.5.bias`;
      if (after[name]!.data.some((value, i) => value !== before[name]!.data[i])) ran++;
    }
    before = after;
  }
  return ran / (steps * blocks);
}

export const claim: Claim = {
  says: "Stochastic depth does a part of the work only, and the net is as good on new data or better",
  notes: "003",
  async run({ small, seed, runtime }) {
    const { train, test } = await digits(400, seed);
    const blocks = small ? 12 : 24;
    const rows: [string, ...number[]][] = [];
    for (const last of [0, 0.5, 0.9]) {
      const dropRates = linearDropRates(blocks, last);
      const body = dropRates.map((dropRate) => residual(block(), { dropRate }));
      const net = sequential(input(64), dense(64), ...body, relu(), dense(10));
      const model = await build(net, { seed, runtime });
      const began = performance.now();
      const options = { loss, optimizer: adam(), epochs: small ? 20 : 40, seed };
      const { loss: testLoss, accuracy } = await fitAndScore(model, train, options, test);
      const seconds = (performance.now() - began) / 1000;
      const share = await shareThatRuns(model as Model<[64], [10]>, train, blocks, seed);
      rows.push([last === 0 ? "all in" : `up to ${last}, linear`, 1 - mean(dropRates), share, seconds, testLoss, accuracy]);
      model.dispose();
    }
    const [all, half, most] = rows;
    const figures = {
      expectedHalf: half![1]!,
      shareAll: all![2]!,
      shareHalf: half![2]!,
      shareMost: most![2]!,
      accuracyAll: all![5]!,
      accuracyHalf: half![5]!,
    };
    const isNear = (row: (string | number)[] | undefined) => Math.abs((row![1] as number) - (row![2] as number)) < 0.05;
    return {
      tables: [{ columns: ["rates of leaving out", "expected to run", "ran", "seconds", "test loss", "test accuracy"], rows }],
      figures,
      holds: {
        "the expected share of branches runs (within 0.05): three quarters with rates up to 0.5, half with 0.9":
          figures.shareAll === 1 && isNear(half) && isNear(most),
        "the accuracy with rates up to 0.5 is as good (0.01 less at most) or better": figures.accuracyHalf > figures.accuracyAll - 0.01,
      },
    };
  },
};
