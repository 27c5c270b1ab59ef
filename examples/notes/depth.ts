/** Sigmoid nets get worse with depth, on the training data too: their first layers get no gradient. ReLU nets do not. */
import { build, dense, gradientFlow, input, type Layer, relu, sequential, sgd, sigmoid, softmaxCrossEntropy } from "whetstone";
import { accuracy } from "whetstone/metrics";
import type { Claim } from "./claim.ts";
import { digits } from "./data.ts";

const loss = softmaxCrossEntropy();
const hidden = (depth: number, activation: () => Layer): Layer[] => Array.from({ length: depth }, () => [dense(32), activation()]).flat();

export const claim: Claim = {
  says: "Deep sigmoid nets don't train, because gradients vanish towards the input; deep ReLU nets do",
  notes: "001, 002",
  async run({ small, seed, runtime }) {
    const { train } = await digits(small ? 500 : 1200, seed);
    const depths = small ? [1, 6] : [1, 2, 3, 4, 6, 8];
    const epochs = small ? 60 : 80;
    const accuracies: Record<string, number[]> = { sigmoid: [], relu: [] };
    const norms: Record<string, number[]> = {};
    for (const [name, activation] of Object.entries({ sigmoid, relu })) {
      for (const depth of depths) {
        const model = await build(sequential(input(64), ...hidden(depth, activation), dense(10)), { seed, runtime });
        const flow = gradientFlow();
        await model.fit(train, { loss, optimizer: sgd({ learningRate: 0.1 }), epochs: 1, seed, callbacks: [flow] });
        norms[name] = flow.rows.filter(({ layer }) => layer.includes("dense")).map(({ gradientNorm }) => gradientNorm!);
        await model.fit(train, { loss, optimizer: sgd({ learningRate: 0.1 }), epochs, seed });
        accuracies[name]!.push(model.evaluate(train, { loss, metrics: { accuracy } }).accuracy!);
        model.dispose();
      }
    }
    const ratio = (name: string) => norms[name]![0]! / norms[name]!.at(-1)!;
    const figures = {
      sigmoidShallow: accuracies.sigmoid![0]!,
      sigmoidDeep: accuracies.sigmoid!.at(-1)!,
      reluDeep: accuracies.relu!.at(-1)!,
      sigmoidRatio: ratio("sigmoid"),
      reluRatio: ratio("relu"),
    };
    return {
      tables: [
        {
          columns: ["training accuracy at depth", ...depths.map(String)],
          rows: ["sigmoid", "relu"].map((name) => [name, ...accuracies[name]!]),
        },
        {
          columns: ["gradient norm of layer", ...norms.relu!.map((_, i) => String(i + 1))],
          rows: ["sigmoid", "relu"].map((name) => [name, ...norms[name]!]),
        },
      ],
      figures,
      holds: {
        "the shallow sigmoid net learns (above 0.9), the deepest does not (below 0.5)":
          figures.sigmoidShallow > 0.9 && figures.sigmoidDeep < 0.5,
        "the deepest ReLU net learns (above 0.95)": figures.reluDeep > 0.95,
        "in the sigmoid net the first layer's gradient is under a thousandth of the last one's": figures.sigmoidRatio < 1e-3,
        "in the ReLU net it is above a tenth": figures.reluRatio > 0.1,
      },
    };
  },
};
