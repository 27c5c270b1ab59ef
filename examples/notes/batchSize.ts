/** Larger batches know the gradient better, smaller ones take more steps for the same rows. */
import { build, dense, input, relu, sequential, sgd, softmaxCrossEntropy } from "whetstone";
import type { Claim, Size } from "./claim.ts";
import { digits, type Rows, take } from "./data.ts";
import { fitAndScore, mean } from "./training.ts";

const loss = softmaxCrossEntropy();
const net = sequential(input(64), dense(32), relu(), dense(10));

/** Mean squared distance of a batch's gradient from that of all rows, at the initial weights. */
async function gradientNoise(train: Rows, batchSize: number, { seed, runtime }: Size): Promise<number> {
  const model = await build(net, { seed, runtime });
  const gradientOf = (rows: Rows) => Object.values(model.gradients(rows, loss).parameters).flatMap(({ data }) => Array.from(data));
  const all = gradientOf(train);
  const distances: number[] = [];
  // `split` has shuffled the rows: neighbours are a random batch.
  for (let from = 0; from + batchSize <= train.y.length && distances.length < 60; from += batchSize) {
    const one = gradientOf(
      take(
        train,
        Array.from({ length: batchSize }, (_, i) => from + i),
      ),
    );
    distances.push(one.reduce((sum, value, i) => sum + (value - all[i]!) ** 2, 0));
  }
  model.dispose();
  return mean(distances);
}

export const claim: Claim = {
  says: "Larger batches estimate the gradient better, smaller ones converge in fewer epochs",
  notes: "002, 004",
  async run(size) {
    const { small, seed, runtime } = size;
    const { train } = await digits(small ? 480 : 1280, seed);
    const sizes = small ? [1, 16, train.y.length] : [1, 4, 16, 64, 256, train.y.length];
    const epochs = small ? 10 : 20;
    const rows: number[][] = [];
    for (const batchSize of sizes) {
      const isFull = batchSize === train.y.length;
      const options = { loss, optimizer: sgd({ learningRate: 0.1 }), batchSize, seed };
      const model = await build(net, { seed, runtime });
      const byEpochs = await fitAndScore(model, train, { ...options, epochs });
      model.dispose();
      const again = await build(net, { seed, runtime });
      const stepsPerEpoch = train.y.length / batchSize;
      const steps = 150; // as many updates for every batch size
      let left = steps;
      const stop = { onStep: () => (--left === 0 ? ("stop" as const) : undefined) };
      const bySteps = await fitAndScore(again, train, { ...options, epochs: Math.ceil(steps / stepsPerEpoch), callbacks: [stop] });
      again.dispose();
      const noise = isFull ? 0 : await gradientNoise(train, batchSize, size);
      rows.push([batchSize, noise, epochs * stepsPerEpoch, byEpochs.loss, bySteps.loss]);
    }
    const [one, ...others] = rows;
    const full = rows.at(-1)!;
    const middle = rows.find(([batchSize]) => batchSize === 16)!;
    const figures = {
      noiseRatio: one![1]! / middle[1]!,
      middleAfterEpochs: middle[3]!,
      fullAfterEpochs: full[3]!,
      oneAfterSteps: one![4]!,
      fullAfterSteps: full[4]!,
    };
    return {
      tables: [
        {
          columns: ["batch size", "gradient noise", "steps", `loss after ${epochs} epochs`, "loss after 150 steps"],
          rows: [one!, ...others],
        },
      ],
      figures,
      holds: {
        "the squared noise of the gradient falls as 1 / batch size (16 rows: a factor of 10 to 25)":
          figures.noiseRatio > 10 && figures.noiseRatio < 25,
        "after as many epochs, batches of 16 have a lower loss than the full batch": figures.middleAfterEpochs < figures.fullAfterEpochs,
        "after as many steps, the full batch has a lower loss than single rows": figures.fullAfterSteps < figures.oneAfterSteps,
      },
    };
  },
};
