/** A large net learns 200 digits by heart, wrong labels among them. Dropout, L2 and early stopping keep it from that. */
import {
  adam,
  build,
  dense,
  dropout,
  earlyStopping,
  type FitOptions,
  input,
  type Layer,
  l2,
  relu,
  sequential,
  softmaxCrossEntropy,
} from "whetstone";
import type { Claim } from "./claim.ts";
import { digits, withWrongLabels } from "./data.ts";
import { fitAndScore, score } from "./training.ts";

const loss = softmaxCrossEntropy();

interface Method {
  rate?: number;
  options?: Partial<FitOptions>;
}

export const claim: Claim = {
  says: "With 200 samples a large net overfits; dropout, L2 and early stopping each make it better on new data",
  notes: "000, 001, 002, 003, 004",
  async run({ small, seed, runtime }) {
    const { train, test } = await digits(200, seed);
    const noisy = withWrongLabels(train, 0.2, seed);
    const methods: Record<string, Method> = {
      none: {},
      "dropout(0.6)": { rate: 0.6 },
      "l2(0.02)": { options: { penalty: l2(0.02) } },
      "early stopping": { options: { validation: 0.2, callbacks: [earlyStopping({ patience: 10 })] } },
    };
    const rows: (string | number)[][] = [];
    for (const [name, { rate = 0, options }] of Object.entries(methods)) {
      const drop = (): Layer[] => (rate > 0 ? [dropout(rate)] : []);
      const net = sequential(input(64), dense(256), relu(), ...drop(), dense(256), relu(), ...drop(), dense(10));
      const model = await build(net, { seed, runtime });
      const after = await fitAndScore(model, noisy, { loss, optimizer: adam(), epochs: small ? 100 : 200, seed, ...options }, test);
      const own = score(model, noisy, loss);
      rows.push([name, own.loss, own.accuracy, after.loss, after.accuracy]);
      model.dispose();
    }
    const [none, ...others] = rows;
    const figures = {
      trainAccuracy: none![2] as number,
      trainLoss: none![1] as number,
      noneLoss: none![3] as number,
      noneAccuracy: none![4] as number,
      worstLoss: Math.max(...others.map((row) => row[3] as number)),
      bestAccuracy: Math.max(...others.map((row) => row[4] as number)),
    };
    return {
      tables: [{ columns: ["200 digits, 40 wrong labels", "training loss", "accuracy", "test loss", "accuracy"], rows }],
      figures,
      holds: {
        "the net alone learns every label, the wrong ones too (above 0.99)": figures.trainAccuracy > 0.99,
        "and its test loss is over ten times its training loss": figures.noneLoss > 10 * figures.trainLoss,
        "with each of the three the test loss is lower": figures.worstLoss < figures.noneLoss,
        "and with the best of them there are at least a tenth fewer errors": 1 - figures.bestAccuracy < 0.9 * (1 - figures.noneAccuracy),
      },
    };
  },
};
