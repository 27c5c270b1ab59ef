/** Batch norm bears higher learning rates, and makes the initial weights matter less. */
import {
  batchNorm,
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
} from "whetstone";
import type { Claim, Size } from "./claim.ts";
import { digits } from "./data.ts";
import { fitAndScore } from "./training.ts";

const loss = softmaxCrossEntropy();
const inits: Record<string, InitializerSpec> = {
  "N(0, 0.01²)": normal({ std: 0.01 }),
  "N(0, 0.1²)": normal({ std: 0.1 }),
  He: heNormal(),
  "N(0, 1)": normal({ std: 1 }),
};

async function score(init: InitializerSpec, learningRate: number, isNormalized: boolean, size: Size): Promise<number> {
  const { seed, runtime, small } = size;
  const { train, test } = await digits(small ? 600 : 1200, seed);
  const block = (): Layer[] => (isNormalized ? [dense(64, { init }), batchNorm(), relu()] : [dense(64, { init }), relu()]);
  const model = await build(sequential(input(64), ...block(), ...block(), ...block(), dense(10)), { seed, runtime });
  const { accuracy } = await fitAndScore(model, train, { loss, optimizer: sgd({ learningRate }), epochs: small ? 15 : 20, seed }, test);
  model.dispose();
  return accuracy;
}

export const claim: Claim = {
  says: "Batch norm allows higher learning rates and needs less care for the initial weights",
  notes: "002",
  async run(size) {
    const rates = size.small ? [0.1, 3] : [0.01, 0.1, 0.3, 1, 3];
    const byRate: Record<string, number[]> = { without: [], "batch norm": [] };
    const byInit: Record<string, number[]> = { without: [], "batch norm": [] };
    for (const [name, scores] of Object.entries(byRate))
      for (const rate of rates) scores.push(await score(inits.He!, rate, name !== "without", size));
    for (const [name, scores] of Object.entries(byInit))
      for (const init of Object.values(inits)) scores.push(await score(init, 0.1, name !== "without", size));
    const figures = {
      highRateWithout: byRate.without!.at(-1)!,
      highRate: byRate["batch norm"]!.at(-1)!,
      worstInitWithout: Math.min(...byInit.without!),
      worstInit: Math.min(...byInit["batch norm"]!),
    };
    return {
      tables: [
        { columns: ["test accuracy at rate", ...rates.map(String)], rows: Object.entries(byRate).map(([name, row]) => [name, ...row]) },
        { columns: ["from weights", ...Object.keys(inits)], rows: Object.entries(byInit).map(([name, row]) => [name, ...row]) },
      ],
      figures,
      holds: {
        "at rate 3 the net with batch norm learns (above 0.8), the one without does not (below 0.3)":
          figures.highRate > 0.8 && figures.highRateWithout < 0.3,
        "with batch norm every start learns (above 0.8), without it the worst one does not (below 0.3)":
          figures.worstInit > 0.8 && figures.worstInitWithout < 0.3,
      },
    };
  },
};
