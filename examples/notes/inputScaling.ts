/** Raw columns of different size make a long, narrow valley of the loss: even the best rate is slow there. */
import { build, dense, input, sequential, sgd, softmaxCrossEntropy, type Tensor } from "whetstone";
import { minMaxScaler, split, standardScaler } from "whetstone/data";
import { type Claim, show } from "./claim.ts";
import { readTable } from "./data.ts";
import { fitAndScore } from "./training.ts";

const loss = softmaxCrossEntropy();
const RATES = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1];

export const claim: Claim = {
  says: "Scaled inputs train faster than raw ones, each at its best learning rate",
  notes: "002, 003, 004",
  async run({ small, seed, runtime }) {
    const { train } = split(await readTable("wine"), { test: 0.2, seed });
    const scale = (scaler: typeof minMaxScaler | typeof standardScaler) => scaler().fitTransform(train.x) as Tensor;
    const inputs = { raw: train.x, minMaxScaler: scale(minMaxScaler), standardScaler: scale(standardScaler) };
    const losses: Record<string, number[]> = {};
    for (const [name, x] of Object.entries(inputs)) {
      losses[name] = [];
      for (const learningRate of RATES) {
        const model = await build(sequential(input(13), dense(3)), { seed, runtime });
        const data = { x, y: train.y };
        const options = { loss, optimizer: sgd({ learningRate }), batchSize: "full", epochs: small ? 100 : 500 } as const;
        losses[name].push((await fitAndScore(model, data, options)).loss);
        model.dispose();
      }
    }
    const best = (name: string) => Math.min(...losses[name]!);
    const figures = { raw: best("raw"), minMax: best("minMaxScaler"), standard: best("standardScaler") };
    return {
      tables: [
        {
          columns: ["training loss at rate", ...RATES.map(show), "best"],
          rows: Object.entries(losses).map(([name, row]) => [name, ...row, best(name)]),
        },
      ],
      figures,
      holds: {
        "standardized inputs: at most a fifth of the loss of raw ones": figures.standard < figures.raw / 5,
        "inputs from 0 to 1: lower than raw ones": figures.minMax < figures.raw,
      },
    };
  },
};
