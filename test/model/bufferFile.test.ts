/** Node's Buffers are Uint8Arrays whose slice() is a view: files read by readFileSync load like any other bytes. */
import { expect, test } from "vitest";
import { build, dense, input, load, relu, sequential } from "../../src/index.ts";

test("load takes a Buffer that lies in Node's shared pool", async () => {
  const model = await build(sequential(input(3), dense(2), relu()), { seed: 4 });
  const bytes = model.save();
  const same = await load(Buffer.from(bytes));
  expect(same.stateDict()).toEqual(model.stateDict());
  expect([...same.save()]).toEqual([...bytes]);
});
