/** Five nets that differ in their initial weights alone: their mean, or their vote, against each by itself. */
import { adam, build, dense, ensemble, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { accuracy, logLoss } from "whetstone/metrics";
import type { Claim } from "./claim.ts";
import { digits } from "./data.ts";
import { mean } from "./training.ts";

const loss = softmaxCrossEntropy();

export const claim: Claim = {
  says: "Five nets together, by mean or by vote, are better than one",
  notes: "002, 003",
  async run({ small, seed, runtime }) {
    const { train, test } = await digits(150, seed);
    const models = [];
    for (let k = 0; k < 5; k++) {
      const model = await build(sequential(input(64), dense(32), relu(), dense(32), relu(), dense(10)), { seed: 5 * seed + k, runtime });
      await model.fit(train, { loss, optimizer: adam({ learningRate: 3e-3 }), epochs: small ? 40 : 100, seed: 5 * seed + k });
      models.push(model);
    }
    const scores = models.map((model) => {
      const probabilities = model.predict(test.x, { as: "probabilities" });
      return { accuracy: accuracy(test.y, probabilities), loss: logLoss(test.y, probabilities) };
    });
    const byMean = ensemble(models).predict(test.x, { as: "probabilities" });
    const byVote = ensemble(models, { combine: "vote" }).predict(test.x, { as: "classes" });
    const figures = {
      one: mean(scores.map((score) => score.accuracy)),
      best: Math.max(...scores.map((score) => score.accuracy)),
      oneLoss: mean(scores.map((score) => score.loss)),
      mean: accuracy(test.y, byMean),
      meanLoss: logLoss(test.y, byMean),
      vote: accuracy(test.y, byVote),
    };
    for (const model of models) model.dispose();
    return {
      tables: [
        {
          columns: ["150 digits", "test accuracy", "test loss"],
          rows: [
            ...scores.map((score, k): (string | number)[] => [`net ${k + 1}`, score.accuracy, score.loss]),
            ["mean of the five nets' figures", figures.one, figures.oneLoss],
            ["ensemble by mean", figures.mean, figures.meanLoss],
            ["ensemble by vote", figures.vote, ""],
          ],
        },
      ],
      figures,
      holds: {
        "by mean there are fewer errors than one net has": figures.mean > figures.one,
        "by vote, too": figures.vote > figures.one,
        "the mean's loss is lower": figures.meanLoss < figures.oneLoss,
      },
    };
  },
};
