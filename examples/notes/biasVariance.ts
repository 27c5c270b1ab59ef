/** The error on new data of nets of three sizes, taken apart into bias², variance and noise, with more data and with a penalty. */
import { build, dense, input, l2, lbfgs, mse, sequential, tanh } from "whetstone";
import { type BiasVariance, biasVariance, type Run } from "whetstone/metrics";
import type { Claim } from "./claim.ts";

const NOISE = 0.3;
const even = (rows: number) => Array.from({ length: rows }, (_, i) => [(2 * i + 1) / rows - 1]);

export const claim: Claim = {
  says: "Error is bias², variance and noise; a larger net has less bias and more variance; more data lowers the variance, not the bias; a penalty lowers it for a little bias",
  notes: "002",
  async run({ small, seed, runtime }) {
    const measure = (units: number, samples: number, penalty = 0): Promise<BiasVariance> => {
      const problem = { truth: ([x]: readonly number[]) => Math.sin(4 * x), x: even(samples), noise: NOISE, points: even(25) };
      const net = units === 0 ? sequential(input(1), dense(1)) : sequential(input(1), dense(units), tanh(), dense(1));
      const recipe = (_: undefined, run: Run) => ({
        model: build(net, { seed: run.seed, runtime }),
        fit: {
          loss: mse(),
          optimizer: lbfgs(),
          batchSize: "full" as const,
          epochs: small ? 100 : 200,
          ...(penalty > 0 && { penalty: l2(penalty) }),
        },
      });
      return biasVariance(problem, recipe, { sets: small ? 30 : 100, seed: 1000 * seed });
    };
    const line = await measure(0, 20);
    const lineMore = await measure(0, 80);
    const middle = await measure(3, 20);
    const large = await measure(32, 20);
    const largeMore = await measure(32, 80);
    const largePenalty = await measure(32, 20, 2e-3);
    const all = { "a line, 20 rows": line, "80 rows": lineMore, "3 units, 20 rows": middle, "32 units, 20 rows": large };
    const named = { ...all, "80 rows ": largeMore, "20 rows, l2(0.002)": largePenalty };
    const rows = Object.entries(named).map(([name, { bias2, variance, noise, error }]) => [name, bias2, variance, noise, error]);
    const figures = {
      lineBias: line.bias2,
      lineVariance: line.variance,
      largeBias: large.bias2,
      largeVariance: large.variance,
      moreRows: largeMore.variance / large.variance,
      penalty: largePenalty.variance / large.variance,
      lineMoreRows: lineMore.bias2 / line.bias2,
      worstGap: Math.max(...Object.values(named).map(({ gap, standardErrors }) => Math.abs(gap) / standardErrors.gap)),
    };
    return {
      tables: [{ columns: ["sin(4x) with noise 0.3", "bias²", "variance", "noise", "error"], rows }],
      figures,
      holds: {
        "a line is biased: more than half of its error": line.bias2 > 0.5 * line.error,
        "32 units have a tenth of that bias at most, and more variance": large.bias2 < 0.1 * line.bias2 && large.variance > line.variance,
        "four times the rows leave the bias of a line as it is (within 20%)": Math.abs(figures.lineMoreRows - 1) < 0.2,
        "and take half of the variance of 32 units at least": figures.moreRows < 0.5,
        "a penalty takes a quarter at least, and leaves less error": figures.penalty < 0.75 && largePenalty.error < large.error,
        "the parts add up to the error that is measured, within 4 standard errors": figures.worstGap < 4,
      },
    };
  },
};
