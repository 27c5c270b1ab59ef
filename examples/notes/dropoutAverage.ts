/**
 * Dropout trains many thinned nets at once; one pass with scaled outputs stands for the average of all of them. Exactly so where
 * nothing follows but a product; through ReLU and softmax nearly (it is closer to the nets' geometric mean, which is surer).
 */
import { adam, build, dense, dropout, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { accuracy, logLoss } from "whetstone/metrics";
import type { Claim } from "./claim.ts";
import { digits } from "./data.ts";
import { mean } from "./training.ts";

const loss = softmaxCrossEntropy();

/** Root of the mean squared difference. */
const distance = (a: Float32Array, b: Float32Array): number => Math.sqrt(mean(Array.from(a, (value, i) => (value - b[i]!) ** 2)));

export const claim: Claim = {
  says: "Dropout is an ensemble: a thinned net is worse than the average of many, which one scaled pass comes close to",
  notes: "000, 001, 003",
  async run({ small, seed, runtime }) {
    const { train, test } = await digits(300, seed);
    const net = sequential(input(64), dense(128), relu(), dropout(0.5), dense(128), relu(), dropout(0.5), dense(10));
    const model = await build(net, { seed, runtime });
    await model.fit(train, { loss, optimizer: adam(), epochs: small ? 30 : 60, seed });
    const whole = model.predict(test.x, { as: "probabilities" });

    // Ten thinned nets, each by itself.
    const thinned = Array.from({ length: 10 }, (_, k) => model.predict(test.x, { as: "probabilities", samples: 1, seed: 1000 + k }));
    const single = {
      accuracy: mean(thinned.map((p) => accuracy(test.y, p))),
      loss: mean(thinned.map((p) => logLoss(test.y, p))),
    };
    const counts = small ? [1, 10, 100] : [1, 3, 10, 30, 100, 300, 1000];
    const rows = counts.map((samples) => {
      const averaged = model.predict(test.x, { as: "probabilities", samples, seed });
      return [samples, accuracy(test.y, averaged), logLoss(test.y, averaged), distance(averaged.data, whole.data)];
    });

    // After a single layer the mean over masks is the scaled pass itself: only chance is left, and it goes with 1/√n.
    const linear = await build(sequential(input(64), dropout(0.5), dense(10)), { seed, runtime });
    const exact = linear.predict(test.x).data;
    const errorOf = (samples: number) => distance(linear.predict(test.x, { samples, seed }).data, exact);
    const errors = [4, 400].map(errorOf);
    model.dispose();
    linear.dispose();
    const figures = {
      wholeAccuracy: accuracy(test.y, whole),
      singleAccuracy: single.accuracy,
      averageAccuracy: rows.at(-1)![1]!,
      singleLoss: single.loss,
      averageLoss: rows.at(-1)![2]!,
      distanceOne: rows[0]![3]!,
      distanceMany: rows.at(-1)![3]!,
      linearRatio: errors[0]! / errors[1]!,
    };
    return {
      tables: [
        {
          columns: ["mean over thinned nets", "test accuracy", "test loss", "distance from the scaled pass"],
          rows: [
            ["one (mean of ten)", single.accuracy, single.loss, ""],
            ...rows,
            ["scaled pass", figures.wholeAccuracy, logLoss(test.y, whole), 0],
          ],
        },
        {
          columns: ["one layer: mean over masks", "distance"],
          rows: [
            [4, errors[0]!],
            [400, errors[1]!],
          ],
        },
      ],
      figures,
      holds: {
        "the average of many has fewer errors and a lower loss than one thinned net":
          figures.averageAccuracy > figures.singleAccuracy && figures.averageLoss < figures.singleLoss,
        "it lies nearer to the scaled pass (two thirds of one net's distance at most)":
          figures.distanceMany < (2 / 3) * figures.distanceOne,
        "the scaled pass has its accuracy within 0.01": Math.abs(figures.wholeAccuracy - figures.averageAccuracy) < 0.01,
        "after one layer the distance is chance alone: a hundred times the masks, a tenth of it (7 to 14)":
          figures.linearRatio > 7 && figures.linearRatio < 14,
      },
    };
  },
};
