/** Groups of parameters: each as if an optimizer with its own options had moved it, and what they refuse. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const next = testNumbers(8);
const batches = Array.from({ length: 3 }, () => ({
  x: Float32Array.from({ length: 20 }, next),
  y: Float32Array.from({ length: 10 }, next),
}));
const net = w.sequential(w.input(4), w.dense(17), w.tanh(), w.dense(5), w.tanh(), w.dense(2));
const loss = w.mse();

const factories: Record<string, (o: { learningRate: w.LearningRate; weightDecay: number }) => w.Optimizer> = {
  sgd: (o) => w.sgd({ ...o, momentum: 0.9, nesterov: true, form: "displacement" }),
  adagrad: w.adagrad,
  rmsprop: (o) => w.rmsprop({ ...o, centered: true, momentum: 0.5 }),
  adadelta: w.adadelta,
  adam: (o) => w.adam({ ...o, amsgrad: true }),
  adamw: w.adamw,
  adamax: w.adamax,
  nadam: w.nadam,
  radam: w.radam,
  lion: w.lion,
};

describe.each(variants)("%s", (variant) => {
  const make = async () => w.build(net, { runtime: await runtimeOf(variant), seed: 2 });

  /** The first step depends on nothing that a group changes elsewhere: afterwards all parameters would differ. */
  const firstStep = async (options: object) => {
    const model = await make();
    const trainer = await w.createTrainer(model, { loss, batchSize: 5, ...options } as w.TrainerOptions);
    trainer.step(batches[0]);
    const state = model.stateDict();
    trainer.dispose();
    model.dispose();
    return state;
  };

  test.each(Object.entries(factories))("%s: each parameter has the bits of a run with its own rate and decay", async (_, factory) => {
    const base = { learningRate: 0.02, weightDecay: 0.3 };
    const [plain, slow, undecayed, both] = await Promise.all(
      [base, { ...base, learningRate: 0.005 }, { ...base, weightDecay: 0 }, { learningRate: 0.07, weightDecay: 0.9 }].map((o) =>
        firstStep({ optimizer: factory(o) }),
      ),
    );
    const groups = [
      { match: "0.*", learningRate: 0.005 },
      { match: ["2.weight"], weightDecay: 0 },
      { match: ["4.*", "4.bias"], learningRate: { at: () => 0.07 }, weightDecay: 0.9 },
    ];
    const got = await firstStep({ optimizer: factory(base), groups });
    const wanted: [string, Record<string, w.Tensor>][] = [
      ["0.weight", slow],
      ["0.bias", slow],
      ["2.weight", undecayed],
      ["2.bias", plain],
      ["4.weight", both],
      ["4.bias", both],
    ];
    for (const [name, want] of wanted) expect(got[name], name).toEqual(want[name]);
    for (const [name, want] of wanted) if (want !== plain && name.endsWith("weight")) expect(got[name], name).not.toEqual(plain[name]);
  });

  test("over many steps: a layer's rate of 0 is a layer frozen, with slots, clip and a decoupled decay around it", async () => {
    const options = { loss, batchSize: 5, clip: w.clipValue(0.05) };
    const [grouped, frozen] = await Promise.all([make(), make()]);
    frozen.freeze("2.*");
    const first = await w.createTrainer(grouped, { ...options, optimizer: w.adam(), groups: [{ match: "2.*", learningRate: 0 }] });
    const second = await w.createTrainer(frozen, { ...options, optimizer: w.adam() });
    for (let step = 0; step < 20; step++) expect(first.step(batches[step % 3])).toBe(second.step(batches[step % 3]));
    expect(grouped.stateDict()).toEqual(frozen.stateDict());
    expect(first.learningRate).toBe(0.001); // of the parameters without a group

    // a decay acts on the weights of all groups
    const decaying = await w.createTrainer(grouped, {
      ...options,
      optimizer: w.sgd({ learningRate: 0 }),
      groups: [{ match: "2.*", learningRate: 0 }],
      decay: w.decoupledDecay(0.5),
    });
    const before = grouped.stateDict();
    decaying.step(batches[0]);
    for (const [name, { data }] of Object.entries(grouped.stateDict())) {
      const factor = name.endsWith("weight") ? 0.5 : 1;
      expect(data, name).toEqual(before[name].data.map((value) => value * factor));
    }
    grouped.dispose();
    frozen.dispose();
  });

  test("fit: schedules of groups count epochs too, and factors of callbacks act on all rates", async () => {
    const model = await make();
    const seen: number[] = [];
    const rate = (initial: number) => ({ at: (epoch: number) => initial + 0 * seen.push(epoch), per: "epoch" as const });
    const groups = [{ match: "4.*", learningRate: rate(0.1) }];
    await model.fit(batches[0], { loss, optimizer: w.sgd(), batchSize: 2, epochs: 2, groups, shuffle: false });
    expect(seen).toEqual([0, 0, 0, 1, 1, 1]);
    const before = model.stateDict()["4.bias"];
    const stop = [{ onStart: () => ({ learningRateFactor: 0 }) }];
    await model.fit(batches[0], { loss, optimizer: w.sgd(), groups: [{ match: "4.*", learningRate: 0.1 }], epochs: 1, callbacks: stop });
    expect(model.stateDict()["4.bias"]).toEqual(before);
    const trainer = w.createTrainer(model, { loss, optimizer: w.sgd(), groups });
    await expect(trainer).rejects.toThrow("createTrainer: the learning rate's schedule counts epochs. Give createTrainer stepsPerEpoch");
    model.dispose();
  });
});

describe("refuses", () => {
  const cases: [string, unknown, string][] = [
    ["no array", { match: "0.*" }, "groups must be an array such as"],
    ["nothing of its own", [{ match: "0.*" }], "groups[0]: give learningRate, weightDecay or both: a group without changes nothing"],
    ["a slip", [{ match: "0.*", learningrate: 1 }], 'groups[0]: unknown option "learningrate". Did you mean "learningRate"?'],
    ["a rate that is none", [{ match: "0.*", learningRate: -1 }], "groups[0]: learningRate must be a finite number, 0 or above, got -1"],
    ["a decay that is none", [{ match: "0.*", weightDecay: -1 }], "groups[0]: weightDecay must be a finite number, 0 or above, got -1"],
    ["no such parameter", [{ match: "9.*", learningRate: 1 }], 'groups[0]: no parameter matches "9.*". There are: 0.weight'],
    ["no pattern", [{ match: 3, learningRate: 1 }], 'groups[0]: match must be a pattern such as "0.*", or an array of them, got 3'],
    [
      "a parameter in two groups",
      [
        { match: "0.*", learningRate: 1 },
        { match: "*.bias", weightDecay: 1 },
      ],
      "groups[1]: 0.bias is in groups[0] already",
    ],
    [
      "a decay of biases",
      [{ match: "*.bias", learningRate: 1, weightDecay: 1 }],
      'groups[0]: weightDecay acts on weights alone, and none is trained that matches "*.bias". Remove it',
    ],
    ["a frozen layer", [{ match: "2.*", learningRate: 1 }], 'groups[0]: all parameters that match "2.*" are frozen'],
  ];
  test.each(cases)("%s", async (_, groups, message) => {
    const model = await w.build(net);
    model.freeze("2.*");
    const before = model.stateDict();
    const options = { loss, optimizer: w.sgd(), groups: groups as never };
    for (const attempt of [() => model.fit(batches[0], options), () => w.createTrainer(model, options)]) {
      const error = await (attempt as () => Promise<unknown>)().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(w.OptionError);
      expect((error as Error).message).toContain(message);
    }
    await expect(w.findLearningRate(model, batches[0], options as never)).rejects.toThrow('findLearningRate: unknown option "groups"');
    expect(model.stateDict()).toEqual(before);
    model.dispose();
  });
});
