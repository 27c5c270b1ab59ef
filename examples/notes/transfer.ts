/** A body that has learned the ten digits serves for another question about them, where only a few answers are at hand. */
import { adam, build, dense, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import type { Claim } from "./claim.ts";
import { digits, type Rows, take } from "./data.ts";
import { fitAndScore } from "./training.ts";

const loss = softmaxCrossEntropy();
const RATE = 3e-3;
const netFor = (classes: number) => sequential(input(64), dense(64), relu(), dense(64), relu(), dense(classes));

/** Whether the digit is odd. */
const parity = ({ x, y }: Rows): Rows => ({ x, y: y.map((digit) => digit % 2) });

/** The first rows of each class. */
function few(rows: Rows, each: number): Rows {
  const counts = new Array<number>(10).fill(0);
  return take(
    rows,
    Array.from(rows.y.keys()).filter((row) => counts[rows.y[row]!]!++ < each),
  );
}

export const claim: Claim = {
  says: "With few samples, a trained body with a new head beats training from scratch; then finetune it with a tenth of the rate",
  notes: "002, 003",
  async run({ small, seed, runtime }) {
    const { train, test } = await digits(1200, seed);
    const samples = parity(few(train, 2));
    const rest = parity(test);

    const digitNet = await build(netFor(10), { seed, runtime });
    await digitNet.fit(train, { loss, optimizer: adam({ learningRate: RATE }), epochs: small ? 15 : 40, seed });
    const { "4.weight": _weight, "4.bias": _bias, ...body } = digitNet.stateDict();
    const learn = { loss, optimizer: adam({ learningRate: RATE }), batchSize: 5, epochs: small ? 40 : 100, seed };

    const scratch = await fitAndScore(await build(netFor(2), { seed: seed + 100, runtime }), samples, learn, rest);
    const model = await build(netFor(2), { seed: seed + 100, runtime });
    model.loadStateDict(body, { strict: false }); // all but the head, which is new
    model.freeze("0.*", "2.*");
    const frozen = await fitAndScore(model, samples, learn, rest);
    const after = model.stateDict();
    const isKept = Object.keys(body).every((name) => after[name]!.data.every((value, i) => Object.is(value, body[name]!.data[i])));
    model.thaw("*");
    const finetuned = await fitAndScore(model, samples, { ...learn, optimizer: adam({ learningRate: RATE / 10 }) }, rest);
    const figures = { scratch: scratch.accuracy, frozen: frozen.accuracy, finetuned: finetuned.accuracy, kept: Number(isKept) };
    return {
      tables: [
        {
          columns: ["is a digit odd? from two samples of each", "test accuracy", "test loss"],
          rows: [
            ["from scratch", scratch.accuracy, scratch.loss],
            ["body of the ten digits, frozen; new head", frozen.accuracy, frozen.loss],
            ["then all of it with a tenth of the rate", finetuned.accuracy, finetuned.loss],
          ],
        },
      ],
      figures,
      holds: {
        "the frozen body with a new head makes fewer errors than the net from scratch": figures.frozen > figures.scratch,
        "finetuned, too": figures.finetuned > figures.scratch,
        "the frozen weights keep their bytes": isKept,
      },
    };
  },
};
