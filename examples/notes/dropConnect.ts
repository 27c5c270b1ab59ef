/** DropConnect: not units but single weights are left out, and that regularizes too. */
import { adam, build, dense, dropout, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import type { Claim } from "./claim.ts";
import { digits, withWrongLabels } from "./data.ts";
import { fitAndScore, score } from "./training.ts";

const loss = softmaxCrossEntropy();

export const claim: Claim = {
  says: "DropConnect, noise in training and none in the test, keeps a net from overfitting much as dropout does",
  notes: "003",
  async run({ small, seed, runtime }) {
    const { train, test } = await digits(200, seed);
    const noisy = withWrongLabels(train, 0.2, seed);
    const nets = {
      none: sequential(input(64), dense(256), relu(), dense(256), relu(), dense(10)),
      "dropConnect 0.5": sequential(
        input(64),
        dense(256, { dropConnect: 0.5 }),
        relu(),
        dense(256, { dropConnect: 0.5 }),
        relu(),
        dense(10),
      ),
      "dropout(0.5)": sequential(input(64), dense(256), relu(), dropout(0.5), dense(256), relu(), dropout(0.5), dense(10)),
    };
    const rows: [string, ...number[]][] = [];
    for (const [name, net] of Object.entries(nets)) {
      const model = await build(net, { seed, runtime });
      const after = await fitAndScore(model, noisy, { loss, optimizer: adam(), epochs: small ? 100 : 200, seed }, test);
      rows.push([name, score(model, noisy, loss).loss, after.loss, after.accuracy]);
      model.dispose();
    }
    const [none, connect, drop] = rows;
    const figures = {
      noneLoss: none![2]!,
      connectLoss: connect![2]!,
      dropoutLoss: drop![2]!,
      noneAccuracy: none![3]!,
      connectAccuracy: connect![3]!,
    };
    return {
      tables: [{ columns: ["200 digits, 40 wrong labels", "training loss", "test loss", "test accuracy"], rows }],
      figures,
      holds: {
        "the test loss is lower with DropConnect": figures.connectLoss < figures.noneLoss,
        "and so are the errors": figures.connectAccuracy > figures.noneAccuracy,
        "dropout lowers the loss as well": figures.dropoutLoss < figures.noneLoss,
      },
    };
  },
};
