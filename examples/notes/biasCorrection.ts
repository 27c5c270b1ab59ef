/** Adam's averages start at 0. Without the correction for that its first steps are several times too long. */
import { adam, build, dense, input, minimize, relu, sequential, softmaxCrossEntropy, type TrainingState } from "whetstone";
import type { Claim, Size } from "./claim.ts";
import { digits } from "./data.ts";
import { mean } from "./training.ts";

/** Lengths of steps where the gradient is always 1: with the correction the rate itself. */
async function stepLengths(biasCorrection: boolean, steps: number): Promise<number[]> {
  const lengths: number[] = [];
  let before = 0;
  const onStep = ({ x }: { x: Float64Array }) => {
    lengths.push(before - x[0]!);
    before = x[0]!;
  };
  const slope = (x: Float64Array, gradient: Float64Array) => {
    gradient[0] = 1;
    return x[0]!;
  };
  await minimize(slope, new Float64Array(1), adam({ learningRate: 1, biasCorrection }), { steps, onStep });
  return lengths;
}

async function losses(biasCorrection: boolean, { small, seed, runtime }: Size): Promise<number[]> {
  const { train } = await digits(1200, seed);
  const model = await build(sequential(input(64), dense(64), relu(), dense(64), relu(), dense(10)), { seed, runtime });
  const each: number[] = [];
  let sum = 0;
  const onStep = ({ loss, stepInEpoch, rows }: TrainingState) => {
    const total = loss * rows;
    each.push((total - (stepInEpoch === 1 ? 0 : sum)) / 32);
    sum = total;
  };
  const optimizer = adam({ learningRate: 0.02, biasCorrection });
  await model.fit(train, { loss: softmaxCrossEntropy(), optimizer, epochs: small ? 2 : 5, seed, callbacks: [{ onStep }] });
  model.dispose();
  return each;
}

export const claim: Claim = {
  says: "Without bias correction Adam's first steps are too long, and training begins worse",
  notes: "003",
  async run(size) {
    const steps = [1, 3, 10, 30, 100, 1000];
    const corrected = await stepLengths(true, 1000);
    const plain = await stepLengths(false, 1000);
    const first = async (correction: boolean) => mean((await losses(correction, size)).slice(0, 37));
    const figures = {
      firstStep: plain[0]!,
      longestStep: Math.max(...plain),
      correctedStep: Math.max(...corrected),
      lossCorrected: await first(true),
      lossPlain: await first(false),
    };
    const row = (name: string, lengths: number[]) => [name, ...steps.map((step) => lengths[step - 1]!)];
    return {
      tables: [
        { columns: ["length of step, in rates", ...steps.map(String)], rows: [row("corrected", corrected), row("not corrected", plain)] },
        {
          columns: ["mean training loss of the first epoch", "loss"],
          rows: [
            ["corrected", figures.lossCorrected],
            ["not corrected", figures.lossPlain],
          ],
        },
      ],
      figures,
      holds: {
        "the first step is √10 times too long, the longest over six times":
          Math.abs(figures.firstStep - Math.sqrt(10)) < 1e-3 && figures.longestStep > 6,
        "with the correction no step is longer than the rate": figures.correctedStep < 1.0001,
        "the first epoch's loss is higher without it": figures.lossPlain > 1.1 * figures.lossCorrected,
      },
    };
  },
};
