/** One cold start, in a process of its own: import, runtime and build, trainer, first step of the digits net. Prints its milliseconds. */
const marks: [part: string, at: number][] = [["", performance.now()]];
const mark = (part: string) => marks.push([part, performance.now()]);

const { adam, batchNorm, build, createTrainer, dense, dropout, input, relu, sequential, softmaxCrossEntropy } = await import(
  "../../src/index.ts"
);
mark("import");
const hidden = (units: number) => [dense(units), batchNorm(), relu(), dropout(0.2)];
const model = await build(sequential(input(64), ...hidden(128), ...hidden(64), dense(10)), { seed: 1 });
mark("runtime and build");
const trainer = await createTrainer(model, { loss: softmaxCrossEntropy(), optimizer: adam(), batchSize: 32 });
mark("trainer");
const x = Float32Array.from({ length: 32 * 64 }, (_, i) => (i % 17) / 16);
const loss = trainer.step({ x, y: Int32Array.from({ length: 32 }, (_, i) => i % 10) });
mark("first step");

if (!Number.isFinite(loss)) throw new Error(`the first loss is ${loss}`);
const parts = Object.fromEntries(marks.slice(1).map(([part, at], i) => [part, at - marks[i][1]]));
console.log(JSON.stringify({ total: marks[marks.length - 1][1] - marks[0][1], parts }));
