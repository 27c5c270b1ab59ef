/** Every claim of examples/notes at its small size: it holds, and the figures that decide it lie where they should. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "../../examples/notes/claim.ts";
import { claims } from "../../examples/notes/claims.ts";
import { createRuntime, type Runtime } from "../../src/index.ts";

/** [least, most] of figures: what seed 0 gives at the small size, with room. */
const bounds: Record<string, Record<string, [number, number]>> = {
  depth: { sigmoidShallow: [0.9, 1], sigmoidDeep: [0, 0.3], reluDeep: [0.95, 1], sigmoidRatio: [0, 1e-3], reluRatio: [0.3, 5] },
  initialization: {
    zerosAccuracy: [0.05, 0.2],
    smallTanh: [0, 1e-8],
    largeSaturated: [0.6, 1],
    largeRelu: [1e6, 1e10],
    xavierTanh: [0.1, 0.6],
    xavierTanhAccuracy: [0.9, 1],
    xavierRelu: [0.01, 0.1],
    heRelu: [0.5, 2],
  },
  batchNormalization: { highRate: [0.8, 1], highRateWithout: [0, 0.3], worstInit: [0.8, 1], worstInitWithout: [0, 0.3] },
  residualDepth: { plainShallow: [0.95, 1], plainDeep: [0, 0.4], residualDeep: [0.9, 1] },
  clipping: { gradientNorm: [100, 1e4], without: [0, 0.5], clipNorm: [0.85, 1], clipLayerNorm: [0.85, 1], clipValue: [0.85, 1] },
  inputScaling: { raw: [1, 1e3], minMax: [0.05, 0.5], standard: [0.005, 0.1] },
  momentum: {
    plateau: [2, 10],
    saddle: [2, 20],
    ravine: [4, 50],
    descentEnd: [-1.01, -0.99],
    momentumEnd: [0.99, 1.01],
    nesterovEnd: [0.99, 1.01],
  },
  rosenbrock: { start: [24.19, 24.21], worst: [0, 0.242], slowestSecond: [30, 100], fastestFirst: [500, 5000] },
  biasCorrection: {
    firstStep: [3.162, 3.163],
    longestStep: [6.5, 6.6],
    correctedStep: [0.9999, 1.0001],
    lossCorrected: [0.3, 1.2],
    lossPlain: [0.8, 4],
  },
  rateDecay: { high: [0.01, 1], low: [0.05, 0.2], worstDecay: [0, 0.01], least: [0.48, 0.49] },
  batchSize: {
    noiseRatio: [10, 25],
    middleAfterEpochs: [0.1, 0.5],
    fullAfterEpochs: [1.5, 2.5],
    oneAfterSteps: [0.7, 3],
    fullAfterSteps: [0.3, 0.7],
  },
  secondOrder: { full: [0, 1e-3], fullAdam: [1e-3, 0.1], mini: [1, 5], miniAdam: [0.1, 0.8] },
  biasVariance: {
    lineBias: [0.35, 0.45],
    lineVariance: [0.005, 0.015],
    largeBias: [-0.005, 0.01],
    largeVariance: [0.03, 0.06],
    moreRows: [0.15, 0.35],
    penalty: [0.4, 0.7],
    lineMoreRows: [0.95, 1.05],
  },
  overfitting: {
    trainAccuracy: [0.99, 1],
    noneLoss: [0.6, 1.2],
    worstLoss: [0.4, 0.8],
    noneAccuracy: [0.65, 0.85],
    bestAccuracy: [0.8, 0.92],
  },
  sparsity: {
    none: [0, 0.01],
    l2: [0.05, 0.3],
    l1: [0.5, 0.9],
    l1Zeros: [0, 0.01],
    proximalZeros: [0.5, 0.9],
    proximalAccuracy: [0.9, 1],
    secondAtHalf: [0, 0],
    secondAtOne: [0, 0],
    secondAtTwo: [0.2095, 0.2096], // 0.3 / ‖(1.4, 0.3)‖
    secondAtFour: [0.28, 0.3],
  },
  ensemble: { one: [0.85, 0.95], mean: [0.88, 0.97], vote: [0.88, 0.97], oneLoss: [0.2, 0.5], meanLoss: [0.15, 0.45] },
  dropoutAverage: { singleAccuracy: [0.6, 0.9], averageAccuracy: [0.88, 1], wholeAccuracy: [0.88, 1], linearRatio: [7, 14] },
  maxout: { abs: [0, 1e-3], relu: [0, 1e-3], squareTwo: [0.07, 0.08], squareMany: [0.015, 0.036], reluDifference: [0, 0] },
  dropConnect: { noneLoss: [0.6, 1.2], connectLoss: [0.3, 0.8], dropoutLoss: [0.3, 0.8], connectAccuracy: [0.75, 0.95] },
  stochasticDepth: { shareAll: [1, 1], shareHalf: [0.67, 0.78], shareMost: [0.46, 0.57], accuracyAll: [0.8, 1], accuracyHalf: [0.8, 1] },
  pretraining: { plain: [0.05, 0.2], pretrained: [0.85, 1], plainGradient: [0, 1e-5], worstReconstruction: [0, 0.1] },
  transfer: { scratch: [0.7, 0.92], frozen: [0.82, 1], finetuned: [0.82, 1], kept: [1, 1] },
};

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createRuntime({ numerics: "portable", threads: 1 });
});
afterAll(() => runtime.dispose());

describe("claims of the notes", () => {
  test("every script is in the list", () => {
    const parts = ["claim", "claims", "data", "run", "training"];
    const scripts = readdirSync("examples/notes").filter((name) => name.endsWith(".ts"));
    expect(Object.keys(claims).sort()).toEqual(
      scripts
        .map((name) => name.slice(0, -3))
        .filter((name) => !parts.includes(name))
        .sort(),
    );
    expect(Object.keys(bounds).sort()).toEqual(Object.keys(claims).sort());
  });

  test("the README has a row with the command and figures of each, and the npm script exists", () => {
    const rows = readFileSync("examples/notes/README.md", "utf8").split("\n");
    for (const [name, { notes }] of Object.entries(claims)) {
      const row = rows.find((line) => line.startsWith(`| [${name}](${name}.ts) |`));
      expect(row, name).toContain(`| \`npm run example:notes -- ${name}\` |`);
      const [, , , files, , figures] = row!.split(/(?<!\\)\|/);
      expect(files!.trim().replace("000 to 004", "000, 001, 002, 003, 004")).toBe(notes);
      expect(figures).toMatch(/\d/);
    }
    expect(JSON.parse(readFileSync("package.json", "utf8")).scripts["example:notes"]).toContain("examples/notes/run.ts");
  });

  test.each(Object.keys(claims))("%s", async (name) => {
    const outcome = await claims[name]!.run({ small: true, seed: 0, runtime });
    expect(outcome.holds).toEqual(Object.fromEntries(Object.keys(outcome.holds).map((part) => [part, true])));
    expect(Object.keys(outcome.holds).length).toBeGreaterThan(0);
    for (const [figure, [least, most]] of Object.entries(bounds[name]!)) {
      expect(outcome.figures[figure], `${name}: ${figure}`).toBeGreaterThanOrEqual(least);
      expect(outcome.figures[figure], `${name}: ${figure}`).toBeLessThanOrEqual(most);
    }
  });

  test("two threads give the figures of one", async () => {
    const two = await createRuntime({ numerics: "portable", threads: 2 });
    const run = (runtime: Runtime): Promise<Outcome> => claims.depth!.run({ small: true, seed: 3, runtime });
    expect((await run(two)).figures).toEqual((await run(runtime)).figures);
    two.dispose();
  });
});
