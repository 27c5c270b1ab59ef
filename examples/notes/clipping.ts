/** Gradients that grow from layer to layer end a run at once; clipped they do not. */
import {
  build,
  type Clip,
  clipLayerNorm,
  clipNorm,
  clipValue,
  dense,
  heNormal,
  input,
  relu,
  sequential,
  sgd,
  softmaxCrossEntropy,
  varianceScaling,
} from "whetstone";
import type { Claim } from "./claim.ts";
import { digits } from "./data.ts";
import { fitAndScore } from "./training.ts";

const loss = softmaxCrossEntropy();
const clips: Record<string, Clip | undefined> = {
  none: undefined,
  "clipNorm(1)": clipNorm(1),
  "clipLayerNorm(0.5)": clipLayerNorm(0.5),
  "clipValue(0.05)": clipValue(0.05),
};

export const claim: Claim = {
  says: "Clipping holds exploding gradients in bounds, so that the net trains",
  notes: "002",
  async run({ small, seed, runtime }) {
    const { train } = await digits(small ? 600 : 1200, seed);
    // Four times He's variance: each of eight layers doubles the signal on its way, and the gradient on its way back.
    const init = varianceScaling({ scale: 8, distribution: "normal" });
    const layers = Array.from({ length: 8 }, () => [dense(64, { init }), relu()]).flat();
    const rows: [string, number, number, number][] = [];
    for (const [name, clip] of Object.entries(clips)) {
      const model = await build(sequential(input(64), ...layers, dense(10, { init: heNormal() })), { seed, runtime });
      const { parameters } = model.gradients(train, loss);
      const norm = Math.hypot(...Object.values(parameters).map(({ data }) => Math.hypot(...data)));
      const options = { loss, optimizer: sgd({ learningRate: 0.05 }), clip, epochs: small ? 40 : 60, seed };
      const score = await fitAndScore(model, train, options);
      rows.push([name, norm, score.loss, score.accuracy]);
      model.dispose();
    }
    const score = (name: string) => rows.find((row) => row[0] === name)![3];
    const figures = {
      gradientNorm: rows[0]![1],
      without: score("none"),
      clipNorm: score("clipNorm(1)"),
      clipLayerNorm: score("clipLayerNorm(0.5)"),
      clipValue: score("clipValue(0.05)"),
    };
    return {
      tables: [{ columns: ["clip", "first gradient's norm", "training loss", "training accuracy"], rows }],
      figures,
      holds: {
        "the first gradient's norm is above 100": figures.gradientNorm > 100,
        "without a clip the net ends below 0.5": figures.without < 0.5,
        "with each of the three clips it reaches 0.85": Math.min(figures.clipNorm, figures.clipLayerNorm, figures.clipValue) > 0.85,
      },
    };
  },
};
