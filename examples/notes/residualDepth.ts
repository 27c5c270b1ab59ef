/** A deeper plain net is worse on its training data; a residual net is not. */
import { adam, batchNorm, build, dense, input, type Layer, relu, residual, sequential, softmaxCrossEntropy } from "whetstone";
import type { Claim } from "./claim.ts";
import { digits } from "./data.ts";
import { fitAndScore, type Score } from "./training.ts";

const loss = softmaxCrossEntropy();
const block = (): Layer[] => [batchNorm(), relu(), dense(32), batchNorm(), relu(), dense(32)];

export const claim: Claim = {
  says: "Depth hurts a plain net on its training data, an optimization fault; a residual net takes it",
  notes: "001, 002",
  async run({ small, seed, runtime }) {
    const { train } = await digits(small ? 400 : 1000, seed);
    const blocks = small ? [1, 20] : [1, 5, 15, 30, 60];
    const scores: Record<string, Score[]> = { plain: [], residual: [] };
    for (const [name, row] of Object.entries(scores)) {
      for (const count of blocks) {
        const body = Array.from({ length: count }, () => (name === "plain" ? block() : [residual(block())])).flat();
        const model = await build(sequential(input(64), dense(32), ...body, relu(), dense(10)), { seed, runtime });
        row.push(await fitAndScore(model, train, { loss, optimizer: adam(), epochs: small ? 30 : 40, seed }));
        model.dispose();
      }
    }
    const figures = {
      plainShallow: scores.plain![0]!.accuracy,
      plainDeep: scores.plain!.at(-1)!.accuracy,
      residualShallow: scores.residual![0]!.accuracy,
      residualDeep: scores.residual!.at(-1)!.accuracy,
    };
    return {
      tables: (["loss", "accuracy"] as const).map((measure) => ({
        columns: [`training ${measure}, blocks of two layers`, ...blocks.map(String)],
        rows: Object.entries(scores).map(([name, row]) => [name, ...row.map((score) => score[measure])]),
      })),
      figures,
      holds: {
        "the shallow nets learn (above 0.95)": Math.min(figures.plainShallow, figures.residualShallow) > 0.95,
        "the deepest plain net does not fit its training data (below 0.5)": figures.plainDeep < 0.5,
        "the deepest residual net does (above 0.9)": figures.residualDeep > 0.9,
      },
    };
  },
};
