/** What rides on a product: which ops do, which must not, and that no bit changes. */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import * as w from "../../src/index.ts";
import { Training } from "../../src/model/training.ts";
import { writeTrainingProgram } from "../../src/model/trainingProgram.ts";
import { type Buffer, Builder, type Op } from "../../src/program/builder.ts";
import { perRow } from "../../src/program/count.ts";
import { encode } from "../../src/program/encode.ts";
import { fuse } from "../../src/program/fuse.ts";
import { packingProducts } from "../../src/program/packing.ts";
import { plan } from "../../src/program/plan.ts";
import { product, rowMajor } from "../../src/program/product.ts";
import { verify } from "../../src/program/verify.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "../model/runtimes.ts";
import { bitsOf } from "../runtime/teams.ts";

const COUNT = perRow(8);
const names = (ops: readonly Op[]) => ops.map(({ name }) => name).join(" ");

/** dx = dy · w, then what `then` writes, then something that reads the result. */
function gradient(then: (builder: Builder, dx: Buffer) => Buffer): Op[] {
  const builder = new Builder("train", 2048); // too many rows for matmulSmall
  builder.inSpan("backward", () => {
    const dx = builder.buffer("dx", COUNT);
    const sizes = { rows: perRow(1), cols: 8, inner: 4 };
    product(builder, dx, rowMajor(builder.fixed("dy", 64, perRow(4)), 4), rowMajor(builder.fixed("w", 4096, 32), 8), sizes);
    builder.emit("columnSum", { x: then(builder, dx), y: builder.fixed("sums", 8192, 8) }, { rows: perRow(1), cols: 8 });
  });
  return builder.ops;
}
const mask = (builder: Builder, x: Buffer, by = builder.fixed("mask", 16384, COUNT)): Buffer => {
  const z = builder.buffer("masked", COUNT);
  builder.emit("multiply", { x, y: by, z }, { count: COUNT });
  return z;
};
const slope = (builder: Builder, dy: Buffer): Buffer => {
  const dx = builder.buffer("sloped", COUNT);
  const sizes = { count: COUNT, kind: abi.ACTIVATION_TANH };
  builder.emit("activationGrad", { dy, t: builder.fixed("t", 32768, COUNT), dx }, sizes, { p: 0.5 });
  return dx;
};

describe("which ops ride", () => {
  test("a mask's factor, then the gradient of an activation", () => {
    const [, matmul, next] = fuse(gradient((builder, dx) => slope(builder, mask(builder, dx))));
    expect([matmul!.name, next!.name]).toEqual(["matmul", "columnSum"]);
    expect(matmul!.operands.mask!.name).toContain("mask");
    expect(matmul!.operands.t!.name).toContain("t");
    expect(matmul!.operands.y).toBe(next!.operands.x);
    expect([matmul!.sizes.activation, matmul!.constants.p]).toEqual([abi.ACTIVATION_TANH, 0.5]);
  });

  test("not the other way round: the epilogue's order is mask, then gradient", () => {
    expect(names(fuse(gradient((builder, dx) => mask(builder, slope(builder, dx)))))).toBe("packB matmul multiply columnSum");
  });

  test("not a second mask or a second gradient", () => {
    expect(names(fuse(gradient((builder, dx) => mask(builder, mask(builder, dx)))))).toBe("packB matmul multiply columnSum");
    expect(names(fuse(gradient((builder, dx) => slope(builder, slope(builder, dx)))))).toBe("packB matmul activationGrad columnSum");
  });

  test("not if something else reads the product, or it is kept", () => {
    const read = (builder: Builder, dx: Buffer) => {
      const masked = mask(builder, dx);
      builder.emit("add", { x: dx, y: masked, z: builder.buffer("sum", COUNT) }, { count: COUNT });
      return masked;
    };
    expect(names(fuse(gradient(read)))).toBe("packB matmul multiply add columnSum");
    const kept = (builder: Builder, dx: Buffer) => {
      dx.keep = true;
      return slope(builder, dx);
    };
    expect(names(fuse(gradient(kept)))).toBe("packB matmul activationGrad columnSum");
  });

  test("not if the mask is only made after the product", () => {
    const late = (builder: Builder, dx: Buffer) => {
      const own = builder.buffer("late", COUNT);
      builder.emit("activation", { x: builder.fixed("x", 65536, COUNT), y: own }, { count: COUNT, kind: 1 }, { p: 0 });
      return mask(builder, dx, own);
    };
    expect(names(fuse(gradient(late)))).toBe("packB matmul activation multiply columnSum");
  });
});

describe("a relu after a batch normalization", () => {
  /** An activation of what a normalization gives, then what reads the results. */
  function normalized(kind: number, then: (builder: Builder, y: Buffer, activated: Buffer) => void): Op[] {
    const builder = new Builder("train", 2048);
    const [y, activated] = [builder.buffer("y", COUNT), builder.buffer("activated", COUNT)];
    const each = Object.fromEntries(["mean", "inverse", "weight", "bias"].map((name, i) => [name, builder.fixed(name, 4096 * (i + 1), 8)]));
    const x = builder.fixed("x", 65536, COUNT);
    builder.emit("normalizeColumns", { x, ...each, y }, { rows: perRow(1), cols: 8 }, { floor: Number.NEGATIVE_INFINITY });
    builder.emit("activation", { x: y, y: activated }, { count: COUNT, kind }, { p: 0 });
    then(builder, y, activated);
    return fuse(builder.ops);
  }
  const sum = (builder: Builder, x: Buffer) => {
    builder.emit("columnSum", { x, y: builder.fixed("sums", 32768, 8) }, { rows: perRow(1), cols: 8 });
  };

  test("is its floor", () => {
    const [normalize, next] = normalized(abi.ACTIVATION_RELU, (builder, _, activated) => sum(builder, activated));
    expect([normalize!.name, next!.name]).toEqual(["normalizeColumns", "columnSum"]);
    expect(normalize!.constants.floor).toBe(0);
    expect(normalize!.operands.y).toBe(next!.operands.x);
  });

  test("not if something else reads the normalized values, or they are kept, or it is another activation", () => {
    const apart = "normalizeColumns activation columnSum";
    expect(names(normalized(abi.ACTIVATION_RELU, (builder, y) => sum(builder, y)))).toBe(apart);
    const kept = (builder: Builder, y: Buffer, activated: Buffer) => {
      y.keep = true;
      sum(builder, activated);
    };
    expect(names(normalized(abi.ACTIVATION_RELU, kept))).toBe(apart);
    expect(names(normalized(abi.ACTIVATION_TANH, (builder, _, activated) => sum(builder, activated)))).toBe(apart);
  });
});

describe.each(variants)("fused or not, %s", (variant) => {
  const nets: Record<string, [net: w.Net, rows: number]> = {
    packed: [
      w.sequential(
        w.input(9),
        w.dense(33),
        w.relu(),
        w.dropout(0.3),
        w.dense(40),
        w.gelu(),
        w.dense(17),
        w.tanh(),
        w.dropout(0.5),
        w.dense(5),
      ),
      21,
    ],
    "relu before dropout": [
      w.sequential(
        w.input(9),
        w.dense(33),
        w.relu(),
        w.dropout(0.3),
        w.dense(40),
        w.batchNorm(),
        w.relu(),
        w.dropout(0.2, { scale: "test" }),
        w.residual([w.dense(40), w.relu(), w.dropout(0.5)], { dropRate: 0.4 }),
        w.dense(5),
      ),
      21,
    ],
    "few rows": [w.sequential(w.input(9), w.dense(33), w.leakyRelu(), w.dropout(0.3), w.dense(40), w.mish(), w.dense(5)), 7],
    normalized: [
      w.sequential(w.input(9), w.dense(33), w.batchNorm(), w.relu(), w.dropout(0.3), w.dense(21), w.batchNorm(), w.relu(), w.dense(5)),
      21,
    ],
    "normalized images": [
      w.sequential(
        w.input(9),
        w.reshape(3, 3),
        w.batchNorm(),
        w.relu(),
        w.flatten(),
        w.dense(17),
        w.relu(),
        w.dense(9),
        w.tanh(),
        w.dense(5),
      ),
      21,
    ],
    shortcuts: [
      w.sequential(w.input(9), w.dense(16), w.residual([w.dense(16), w.relu(), w.dense(16)], { dropRate: 0.5 }), w.relu(), w.dense(5)),
      12,
    ],
  };

  test.each(Object.keys(nets))("%s: the same bits of weights, slots and losses", async (name) => {
    const [net, rows] = nets[name]!;
    const results = [];
    for (const rewrite of [fuse, (ops: readonly Op[]) => packingProducts(fuse(ops), rows, 1), (ops: readonly Op[]) => [...ops]]) {
      const runtime = await runtimeOf(variant);
      const model = await w.build(net, { runtime, seed: 3 });
      const region = runtime.region(model);
      const own = { loss: w.softmaxCrossEntropy(), optimizer: w.adam(), batchSize: rows, seed: 1, run: 0 };
      const options = { ...own, penalty: undefined, clip: undefined, decay: undefined };
      const training = new Training(model.state, options, region, undefined, "test");
      const planned = plan(rewrite(writeTrainingProgram(training.specOf("labels", false)).builder.ops), rows);
      const workspace = region.allocate(planned.workspaceBytes, "activations");
      const encoded = encode(
        planned,
        workspace,
        planned.ops.map(() => 1),
      );
      verify(planned, encoded, workspace);
      const records = region.allocate(encoded.bytes.length, "a step program");
      runtime.arena.views.u8.set(encoded.bytes, records);
      const first = planned.ops.findIndex(({ span }) => span === "forward");
      const run = () => {
        runtime.arena.views.u32[(training.control + abi.CONTROL_STATUS) >>> 2] = abi.STATUS_OK;
        return runtime.kernels.runProgram!(records, training.control, first, planned.ops.length, 0, 1, 0);
      };
      const program = { spec: {}, run } as unknown as Parameters<Training["run"]>[0];
      const next = testNumbers(5);
      const losses = [];
      for (let step = 0; step < 6; step++) {
        const x = Float32Array.from({ length: rows * 9 }, next);
        const y = Int32Array.from({ length: rows }, (_, i) => (i * 3 + step) % 5);
        losses.push(training.run(program, training.batch.place({ x, y }, "test")));
      }
      const packs = planned.ops.filter((op) => op.name === "packB").length;
      results.push({ ops: planned.ops.length, packs, bits: { ...bitsOf(model), losses } });
      region.free();
      model.dispose();
    }
    const [fused, packing, plain] = results;
    expect(fused!.ops).toBeLessThan(plain!.ops - 2);
    expect(packing!.packs).toBe(0);
    expect(packing!.ops).toBe(fused!.ops - fused!.packs);
    expect(packing!.bits).toEqual(plain!.bits);
    expect(fused!.bits.losses.every(Number.isFinite)).toBe(true);
    expect(fused!.bits).toEqual(plain!.bits);
  });
});
