/** A run that is stopped and goes on, in another process if need be, ends with the bits of one that was never stopped. */
import { adam, build, dense, dropout, input, load, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { spirals } from "whetstone/data";
import { accuracy } from "whetstone/metrics";

const data = spirals({ samples: 600, classes: 3, noise: 0.02, seed: 1 });
const net = sequential(input(2), dense(64), relu(), dropout(0.1), dense(64), relu(), dense(3));
const options = { loss: softmaxCrossEntropy(), optimizer: adam({ learningRate: 0.01 }), epochs: 60, seed: 1 };

const whole = await build(net, { seed: 1 });
await whole.fit(data, options);

const first = await build(net, { seed: 1 });
const stopAt = { onStep: ({ step }: { step: number }) => (step === 500 ? ("stop" as const) : undefined) };
const { state } = await first.fit(data, { ...options, callbacks: [stopAt] }); // bytes: keep them in a file

const second = await load(state!);
await second.fit(data, { ...options, resume: state });

const [a, b] = [whole, second].map((model) => JSON.stringify(model.stateDict()));
console.log(`accuracy ${accuracy(data.y, second.predict(data.x, { as: "classes" })).toFixed(3)}; same bits: ${a === b}`);
