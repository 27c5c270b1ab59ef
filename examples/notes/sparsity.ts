/**
 * L1 makes weights 0, L2 makes them small; the shapes of Σ|w|^q say why. (Notes 000 say that L1 leaves few weights near 0, 001
 * and 002 that it makes them sparse: the numbers decide for the latter.)
 */
import { build, dense, input, l1, l2, lq, type Penalty, relu, sequential, sgd, softmaxCrossEntropy } from "whetstone";
import type { Claim } from "./claim.ts";
import { digits } from "./data.ts";
import { fitAndScore } from "./training.ts";

const loss = softmaxCrossEntropy();
const QS = [0.5, 1, 2, 4];

/**
 * The point of the figure |w1|^q + |w2|^q = 1 that is nearest to a least-squares minimum at (1.4, 0.3): on the corner of a
 * figure that has one, w2 is exactly 0.
 */
function nearest(q: number): [number, number] {
  let best: [number, number] = [1, 0];
  const distance = ([x, y]: [number, number]) => (x - 1.4) ** 2 + (y - 0.3) ** 2;
  for (let i = 0; i <= 20000; i++) {
    const x = i / 20000;
    const point: [number, number] = [x, (1 - x ** q) ** (1 / q)];
    if (distance(point) < distance(best)) best = point;
  }
  return best;
}

/** The figure as characters: # inside, of a square from -1 to 1. */
function drawing(q: number): string[] {
  const half = 6;
  return Array.from({ length: 2 * half + 1 }, (_, i) =>
    Array.from({ length: 4 * half + 1 }, (_, j) =>
      Math.abs((j - 2 * half) / (2 * half)) ** q + Math.abs((i - half) / half) ** q <= 1 ? "#" : "·",
    ).join(""),
  );
}

export const claim: Claim = {
  says: "L1 makes many weights zero, L2 makes all of them small; figures of Σ|w|^q have corners where q ≤ 1",
  notes: "000, 001, 002",
  async run({ small, seed, runtime }) {
    const { train, test } = await digits(small ? 500 : 1200, seed);
    const penalties: Record<string, Penalty | undefined> = {
      none: undefined,
      "l2(0.01)": l2(0.01),
      "lq(4, 1)": lq(4, 1),
      "l1(0.001)": l1(0.001),
      "l1(0.001, { proximal: true })": l1(0.001, { proximal: true }),
    };
    const rows: [string, ...number[]][] = [];
    for (const [name, penalty] of Object.entries(penalties)) {
      const model = await build(sequential(input(64), dense(64), relu(), dense(10)), { seed, runtime });
      const optimizer = sgd({ learningRate: 0.2 });
      const { accuracy } = await fitAndScore(model, train, { loss, optimizer, penalty, epochs: small ? 150 : 300, seed }, test);
      const weights = Object.entries(model.stateDict()).flatMap(([key, { data }]) => (key.endsWith("weight") ? Array.from(data) : []));
      const share = (is: (w: number) => boolean) => weights.filter(is).length / weights.length;
      const zeros = share((w) => w === 0);
      const tiny = share((w) => Math.abs(w) < 1e-3);
      rows.push([name, zeros, tiny, Math.hypot(...weights), Math.max(...weights.map(Math.abs)), accuracy]);
      model.dispose();
    }
    const points = QS.map(nearest);
    const [none, byL2, , byL1, proximal] = rows;
    const figures = {
      none: none![2]!,
      l2: byL2![2]!,
      l1: byL1![2]!,
      l1Zeros: byL1![1]!,
      proximalZeros: proximal![1]!,
      l2Norm: byL2![3]! / none![3]!,
      l1Accuracy: byL1![5]!,
      proximalAccuracy: proximal![5]!,
      secondAtHalf: points[0]![1],
      secondAtOne: points[1]![1],
      secondAtTwo: points[2]![1],
      secondAtFour: points[3]![1],
    };
    const drawings = QS.map(drawing);
    return {
      tables: [
        { columns: ["penalty", "share = 0", "share |w| < 1e-3", "‖w‖", "largest |w|", "test accuracy"], rows },
        {
          columns: ["|w1|^q + |w2|^q ≤ 1", ...QS.map((q) => `q = ${q}`)],
          rows: drawings[0]!.map((_, line) => ["", ...drawings.map((lines) => lines[line]!)]),
        },
        {
          columns: ["nearest to (1.4, 0.3)", ...QS.map((q) => `q = ${q}`)],
          rows: [
            ["w1", ...points.map(([x]) => x)],
            ["w2", ...points.map(([, y]) => y)],
          ],
        },
      ],
      figures,
      holds: {
        "L1: over half of the weights are under 1e-3, more than twice as many as with L2": figures.l1 > 0.5 && figures.l1 > 2 * figures.l2,
        "L2 makes the weights smaller as a whole": figures.l2Norm < 0.8,
        "by the gradient alone hardly any is exactly 0, with the proximal step over half are":
          figures.l1Zeros < 0.01 && figures.proximalZeros > 0.5,
        "the nearest point is a corner (w2 = 0) for q = 0.5 and 1, and not for 2 and 4":
          figures.secondAtHalf === 0 && figures.secondAtOne === 0 && figures.secondAtTwo > 0.1 && figures.secondAtFour > 0.1,
      },
    };
  },
};
