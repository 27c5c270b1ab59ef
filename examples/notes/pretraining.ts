/** Greedy layer-wise pre-training with autoencoders lets a deep sigmoid net train that stays where it began without. */
import {
  adam,
  build,
  dense,
  gradientFlow,
  input,
  type Layer,
  normal,
  pretrainLayers,
  sequential,
  sgd,
  sigmoid,
  softmaxCrossEntropy,
} from "whetstone";
import type { Claim } from "./claim.ts";
import { digits } from "./data.ts";
import { fitAndScore, type Score } from "./training.ts";

const loss = softmaxCrossEntropy();
const DEPTH = 4;
const init = normal({ std: 0.01 });
const hidden = (): Layer[] => [dense(64, { init }), sigmoid()];

export const claim: Claim = {
  says: "Layer-wise pre-training followed by finetuning trains a deep sigmoid net whose gradients vanish otherwise",
  notes: "002",
  async run({ small, seed, runtime }) {
    const { train, test } = await digits(small ? 600 : 1200, seed);
    const net = sequential(input(64), ...Array.from({ length: DEPTH }, hidden).flat(), dense(10, { init }));
    const plain = await build(net, { seed, runtime });
    const optimizer = adam({ learningRate: 3e-3 });
    const { model, layers } = await pretrainLayers(net, train.x, { optimizer, epochs: small ? 40 : 60, seed, runtime });

    const scores: Score[] = [];
    const norms: number[][] = [];
    for (const each of [plain, model]) {
      const flow = gradientFlow();
      const options = { loss, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), seed };
      await each.fit(train, { ...options, epochs: 1, callbacks: [flow] });
      norms.push(flow.rows.filter(({ layer }) => layer.includes("dense")).map(({ gradientNorm }) => gradientNorm!));
      scores.push(await fitAndScore(each, train, { ...options, epochs: small ? 40 : 60 }, test));
      each.dispose();
    }
    const figures = {
      plain: scores[0]!.accuracy,
      pretrained: scores[1]!.accuracy,
      plainGradient: norms[0]![0]!,
      pretrainedGradient: norms[1]![0]!,
      // How much of the layers' inputs the codes still hold.
      worstReconstruction: Math.max(...layers.map((layer) => layer.loss.at(-1)! / layer.loss[0]!)),
    };
    return {
      tables: [
        {
          columns: ["layer", ...layers.map(({ name }) => name)],
          rows: [
            ["reconstruction loss, first epoch", ...layers.map((layer) => layer.loss[0]!)],
            ["last epoch", ...layers.map((layer) => layer.loss.at(-1)!)],
          ],
        },
        {
          columns: [`${DEPTH} sigmoid layers from N(0, 0.01²)`, "test accuracy", "test loss", "gradient norm of the first layer", "last"],
          rows: ["without", "pre-trained"].map((name, i) => [name, scores[i]!.accuracy, scores[i]!.loss, norms[i]![0]!, norms[i]!.at(-1)!]),
        },
      ],
      figures,
      holds: {
        "without pre-training nothing is learned (below 0.2)": figures.plain < 0.2,
        "with it the net learns (above 0.85)": figures.pretrained > 0.85,
        "its first layer gets a gradient a hundred times as large at least": figures.pretrainedGradient > 100 * figures.plainGradient,
      },
    };
  },
};
