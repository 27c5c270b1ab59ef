/** Models of known shapes: what fits, what must not compile, and that every model is a Model. */

import type { Loss, Optimizer } from "../../src/index.ts";
import { build, createTrainer, dense, input, type Model, relu, sequential, type Tensor, type Trainer, tensor } from "../../src/index.ts";

declare const loss: Loss;
declare const optimizer: Optimizer;

export async function typed(): Promise<void> {
  const model: Model<[4], [3]> = await build(sequential(input(4), dense(8), relu(), dense(3)));
  const any: Model = model;
  const trainer: Trainer = await createTrainer(model, { loss, optimizer });
  any.predict(new Float32Array(4));
  trainer.step({ x: new Float32Array(4), y: new Int32Array(1) });
  model.predict(tensor([1, 2, 3, 4], [1, 4]));
  model.predict([[1, 2, 3, 4]]);
  // @ts-expect-error a tensor of another width
  model.predict(tensor([1, 2, 3], [1, 3]));
  // @ts-expect-error a tensor of another width
  await model.fit({ x: tensor([1, 2, 3], [1, 3]), y: [0] }, { loss, optimizer });
  // @ts-expect-error an unknown option
  await model.fit({ x: [[1, 2, 3, 4]], y: [0] }, { loss, optimizer, batchsize: 3 });
  // @ts-expect-error a model of another width
  const other: Model<[5], [3]> = model;
  const plain: Tensor = any.predict(new Float32Array(4));
  void [other, plain];
}
