/** L-BFGS with all rows at once, and with a new mini-batch at every look. */
import { adam, build, dense, input, lbfgs, type Model, minimize, sequential, softmaxCrossEntropy, tanh } from "whetstone";
import type { Claim } from "./claim.ts";
import { digits, type Rows, take } from "./data.ts";
import { fitAndScore, score } from "./training.ts";

const loss = softmaxCrossEntropy();
const net = sequential(input(64), dense(16), tanh(), dense(10));
const BATCH = 32;

/** Loss and gradient of a model as a function of all its weights in a row. `rowsFor`: the batch of each look. */
function objective(model: Model, rowsFor: () => Rows) {
  const shapes = model.parameters();
  const flat = Float64Array.from(Object.values(model.stateDict()).flatMap(({ data }) => Array.from(data)));
  const load = (x: Float64Array) => {
    let at = 0;
    const entry = ({ name, shape }: (typeof shapes)[number]) => {
      const words = shape.reduce((product, size) => product * size, 1);
      const data = x.subarray(at, at + words);
      at += words;
      return [name, { data, shape }] as const;
    };
    model.loadStateDict(Object.fromEntries(shapes.map(entry)));
  };
  const f = (x: Float64Array, gradient: Float64Array) => {
    load(x);
    const found = model.gradients(rowsFor(), loss);
    let at = 0;
    for (const { name } of shapes) {
      gradient.set(found.parameters[name]!.data, at);
      at += found.parameters[name]!.data.length;
    }
    return found.loss;
  };
  return { f, flat, load };
}

export const claim: Claim = {
  says: "L-BFGS works very well on the full batch and does not transfer to mini-batches",
  notes: "003",
  async run({ small, seed, runtime }) {
    const { train } = await digits(small ? 480 : 1280, seed);
    const iterations = small ? 40 : 80;
    const start = () => build(net, { seed, runtime });

    const byLbfgs = await start();
    const full = await fitAndScore(byLbfgs, train, { loss, optimizer: lbfgs(), batchSize: "full", epochs: iterations });
    // A line search takes a little over one evaluation: Adam gets two for each iteration, at the best of its rates.
    let fullAdam = Infinity;
    for (const learningRate of [0.003, 0.01, 0.03, 0.1]) {
      const optimizer = adam({ learningRate });
      const end = await fitAndScore(await start(), train, { loss, optimizer, batchSize: "full", epochs: 2 * iterations });
      fullAdam = Math.min(fullAdam, end.loss);
    }

    let from = 0;
    let looks = 0;
    const nextBatch = () => {
      looks++;
      from = from + 2 * BATCH > train.y.length ? 0 : from + BATCH;
      return take(
        train,
        Array.from({ length: BATCH }, (_, i) => from + i),
      );
    };
    const noisy = await start();
    const { f, flat, load } = objective(noisy, nextBatch);
    const { x } = await minimize(f, flat, lbfgs(), { steps: 10 * iterations });
    load(x);
    const mini = score(noisy, train, loss);
    const epochs = Math.ceil((looks * BATCH) / train.y.length);
    const miniAdam = await fitAndScore(await start(), train, {
      loss,
      optimizer: adam({ learningRate: 0.01 }),
      batchSize: BATCH,
      epochs,
      seed,
    });
    const figures = { full: full.loss, fullAdam, mini: mini.loss, miniAdam: miniAdam.loss, looks };
    return {
      tables: [
        {
          columns: ["training loss", "lbfgs", "adam"],
          rows: [
            [`full batch, ${iterations} iterations (adam: ${2 * iterations} steps)`, figures.full, figures.fullAdam],
            [`batches of ${BATCH}, ${looks} looks`, figures.mini, figures.miniAdam],
          ],
        },
      ],
      figures,
      holds: {
        "full batch: lbfgs ends lower than Adam with twice the steps": figures.full < figures.fullAdam,
        "mini-batches: lbfgs ends at more than twice Adam's loss": figures.mini > 2 * figures.miniAdam,
      },
    };
  },
};
