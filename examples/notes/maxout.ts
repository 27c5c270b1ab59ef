/** A maxout unit learns the shape of its activation: |x|, ReLU, and any other convex one as nearly as its pieces allow. */
import { adam, build, cosineDecay, dense, input, maxout, mse, relu, sequential } from "whetstone";
import type { Claim } from "./claim.ts";

const ROWS = 64;
/** The best of these counts: a piece that is nowhere the largest gets no gradient and stays as it is. */
const STARTS = 5;
const shapes: Record<string, (x: number) => number> = { "|x|": Math.abs, ReLU: (x) => Math.max(0, x), "x²": (x) => x * x };

export const claim: Claim = {
  says: "Maxout learns its own activation; ReLU is a special case of it",
  notes: "001",
  async run({ small, seed, runtime }) {
    const x = Float32Array.from({ length: ROWS }, (_, i) => (2 * i) / (ROWS - 1) - 1);
    const pieces = small ? [2, 4] : [2, 3, 4, 8];
    const epochs = small ? 1000 : 3000;
    const rows: [string, ...number[]][] = [];
    for (const [name, shape] of Object.entries(shapes)) {
      const row: number[] = [];
      for (const count of pieces) {
        const errors: number[] = [];
        for (let start = 0; start < STARTS; start++) {
          const model = await build(sequential(input(1), maxout(1, { pieces: count })), { seed: STARTS * seed + start, runtime });
          const optimizer = adam({ learningRate: cosineDecay({ initial: 0.02, steps: epochs }) });
          const data = { x, y: x.map(shape) };
          await model.fit(data, { loss: mse(), optimizer, batchSize: "full", epochs });
          errors.push(Math.sqrt(model.evaluate(data, { loss: mse() }).loss));
          model.dispose();
        }
        row.push(Math.min(...errors));
      }
      rows.push([name, ...row]);
    }

    // ReLU itself: two pieces for each unit, w·x + b and 0.
    const byRelu = await build(sequential(input(1), dense(8), relu()), { seed, runtime });
    const { "0.weight": w } = byRelu.stateDict();
    const withZeros = Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? w!.data[i / 2]! : 0));
    const byMaxout = await build(sequential(input(1), maxout(8)), { seed, runtime });
    byMaxout.loadStateDict({ "0.weight": { data: withZeros, shape: [16, 1] }, "0.bias": new Float32Array(16) });
    const expected = byRelu.predict(x).data;
    const reluDifference = Math.max(...byMaxout.predict(x).data.map((value, i) => Math.abs(value - expected[i]!)));

    const figures = {
      abs: rows[0]![1]!,
      relu: rows[1]![1]!,
      squareTwo: rows[2]![1]!,
      squareMany: rows[2]!.at(-1) as number,
      reluDifference,
    };
    return {
      tables: [{ columns: ["root mean squared error with pieces", ...pieces.map(String)], rows }],
      figures,
      holds: {
        "two pieces learn |x| and ReLU (error below 0.001)": Math.max(figures.abs, figures.relu) < 1e-3,
        "x² comes nearer with more pieces": figures.squareMany < figures.squareTwo / 2,
        "with a piece of zeros the outputs are those of ReLU, bit for bit": reluDifference === 0,
      },
    };
  },
};
