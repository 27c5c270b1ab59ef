import { describe, expect, it } from "vitest";
import { expectNear, expectSameBits, numbers, teams } from "./compare.ts";
import { Kernels, lineShares, variants } from "./harness.ts";

const operations: Record<string, (x: number, y: number) => number> = { add: (x, y) => x + y, multiply: (x, y) => x * y };

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  const padded = (values: number[]) => {
    const address = kernels.alloc(Math.ceil(values.length / 16) * 64);
    kernels.f32(address, values.length).set(values);
    return address;
  };

  it.each(Object.keys(operations))(
    "%s is correctly rounded at every count, into a third buffer or either operand, in 1 to 4 shares",
    (name) => {
      for (const count of [0, 1, 3, 4, 5, 16, 17, 100]) {
        const x = numbers(count + 1, count, 3);
        const y = numbers(count + 2, count, 3);
        const want = Float32Array.from(x, (v, i) => operations[name](v, y[i])); // float64 of two float32, rounded once
        for (const ranks of teams) {
          for (const into of ["z", "x", "y"]) {
            kernels.reset();
            const a = padded(x);
            const b = padded(y);
            const z = into === "x" ? a : into === "y" ? b : padded(x.map(() => 0));
            for (const [begin, end] of lineShares(count, ranks)) kernels.call[name](a, b, z, begin, end);
            expectSameBits(kernels.f32(z, count), want, `${count} into ${into}, ${ranks} ranks`);
          }
        }
      }
    },
  );

  it("multiplySegment takes any address and count, and touches nothing behind", () => {
    for (const count of [0, 1, 2, 3, 4, 5, 17, 100]) {
      for (const skew of [0, 4, 12]) {
        kernels.reset();
        const x = numbers(count + 1, count, 3);
        const y = numbers(count + 2, count, 3);
        const z = kernels.put(
          Array.from({ length: count + 8 }, () => 77),
          skew,
        );
        kernels.call.multiplySegment(kernels.put(x, 4), kernels.put(y, 8), z, count);
        const want = Float32Array.from({ length: count + 8 }, (_, i) => (i < count ? x[i] * y[i] : 77));
        expectSameBits(kernels.f32(z, count + 8), want, `${count} at ${skew}`);
      }
    }
  });

  it("combine is p x + q y, and p x alone without y", () => {
    for (const count of [1, 16, 17, 100]) {
      const x = numbers(count + 1, count, 3);
      const y = numbers(count + 2, count, 3);
      for (const ranks of teams) {
        kernels.reset();
        const [a, b, both, alone] = [x, y, x.map(() => 0), x.map(() => 0)].map(padded);
        for (const [begin, end] of lineShares(count, ranks)) {
          kernels.call.combine(a, b, both, 0.5, -3, begin, end);
          kernels.call.combine(a, 0, alone, 0.5, -3, begin, end);
        }
        const want = x.map((v, i) => 0.5 * v - 3 * y[i]);
        expectNear(kernels.f32(both, count), want, `${count}, ${ranks} ranks`, 1e-6, 1e-6);
        expectSameBits(
          kernels.f32(alone, count),
          Float32Array.from(x, (v) => 0.5 * v),
          `${count} without y, ${ranks} ranks`,
        );
      }
    }
  });

  it("copy moves bits, of NaNs and denormals too, and only its share", () => {
    kernels.reset();
    const bits = Array.from({ length: 64 }, (_, i) => (i % 3 === 0 ? 0x7fa00000 + i : i));
    const x = kernels.putU32(bits);
    const y = kernels.alloc(64 * 4);
    kernels.call.copy(x, y, 64, 128);
    expect([...kernels.u32(y, 64)]).toEqual(bits.map((v, i) => (i >= 16 && i < 32 ? v : 0)));
    for (const [begin, end] of lineShares(64, 3)) kernels.call.copy(x, y, begin, end);
    expect([...kernels.u32(y, 64)]).toEqual(bits);
  });
});
