import { describe, expect, it } from "vitest";
import { Kernels, lineShares, variants } from "../kernels/harness.ts";
import { normal, normalCdf, philox, truncatedNormal, words } from "../reference/random.ts";

const SEED = [0x12345678, 0x9abcdef0] as const;
const counts = [0, 1, 15, 16, 17, 64, 70, 200];

/** Known answers of Random123 for philox4x32-10. */
const answers = [
  { counter: [0, 0, 0, 0], key: [0, 0], want: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  { counter: Array(4).fill(0xffffffff), key: Array(2).fill(0xffffffff), want: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    want: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

it("the reference gives the known answers", () => {
  for (const { counter, key, want } of answers) expect(philox(counter, key)).toEqual(want);
});

for (const variant of variants) {
  const kernels = new Kernels(variant);

  /** Runs a fill in shares and returns count elements. */
  function fill(name: string, count: number, args: number[], ranks = 1): Float32Array {
    const y = kernels.alloc(count * 4);
    for (const [begin, end] of lineShares(count, ranks)) kernels.call[name]!(y, ...args, begin, end);
    return kernels.f32(y, count).slice();
  }

  function expectSharesAlike(name: string, args: number[]): void {
    const whole = fill(name, 200, args);
    for (const count of counts) {
      for (const ranks of [1, 2, 3, 4]) expect(fill(name, count, args, ranks)).toEqual(whole.slice(0, count));
    }
  }

  describe(`philox, ${variant}`, () => {
    it("gives the known answers in the first lane and the reference's words in the others", () => {
      kernels.reset();
      const y = kernels.alloc(64);
      for (const { counter, key, want } of answers) {
        const [block, step, stream, run] = counter as [number, number, number, number];
        kernels.call.philox!(y, block, step, stream, run, key[0]!, key[1]!);
        expect([...kernels.u32(y, 4)]).toEqual(want);
        for (let lane = 1; lane < 4; lane++) {
          expect([...kernels.u32(y + 16 * lane, 4)]).toEqual(philox([(block + lane) >>> 0, step, stream, run], key));
        }
      }
    });
  });

  describe(`fillConstant, ${variant}`, () => {
    it("fills its share alone", () => {
      for (const ranks of [1, 2, 3, 4]) {
        kernels.reset();
        expect(fill("fillConstant", 70, [-2.5], ranks)).toEqual(new Float32Array(70).fill(-2.5));
      }
      kernels.reset();
      const y = kernels.alloc(256);
      kernels.call.fillConstant!(y, 3, 64, 128);
      expect([...kernels.f32(y, 64)].map((value, i) => (value === 3) === (i >= 16 && i < 32))).toEqual(Array(64).fill(true));
    });
  });

  describe(`fillUniform, ${variant}`, () => {
    it("is the upper 24 bits of each element's word", () => {
      kernels.reset();
      const want = words(70, { seedLow: SEED[0], seedHigh: SEED[1], stream: 3 }).map((word) => (word >>> 8) / 2 ** 24);
      expect([...fill("fillUniform", 70, [0, 1, ...SEED, 3])]).toEqual(want);
      expectSharesAlike("fillUniform", [-0.3, 0.7, ...SEED, 3]);
    });

    it("stays in [low, high) when rounding would reach high", () => {
      kernels.reset();
      const next = 1 + 2 ** -23;
      expect(new Set(fill("fillUniform", 4096, [1, next, ...SEED, 0]))).toEqual(new Set([1]));
      expect(new Set(fill("fillUniform", 4096, [-next, -1, ...SEED, 0]))).toEqual(new Set([Math.fround(-next)]));
      expect(new Set(fill("fillUniform", 64, [0.25, 0.25, ...SEED, 0]))).toEqual(new Set([0.25]));
      expect(Math.max(...fill("fillUniform", 4096, [-1, 0, ...SEED, 0]))).toBeLessThan(0);
    });

    it("has mean and variance of the uniform distribution, within four standard errors", () => {
      kernels.reset();
      const n = 1 << 20;
      const y = fill("fillUniform", n, [-2, 4, ...SEED, 1]);
      const mean = y.reduce((sum, value) => sum + value, 0) / n;
      const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
      expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(3 / n));
      expect(Math.abs(variance - 3)).toBeLessThan(4 * 3 * Math.sqrt(0.8 / n));
    });
  });

  /** Words from both ends, round the middle and the tail's border (u = 0.00169), and a stride through all. */
  function someWords(): Uint32Array {
    const centres = [0, 2 ** 31, 2 ** 32 - 1, Math.round(0.0016873 * 2 ** 32), Math.round((1 - 0.0016873) * 2 ** 32)];
    const near = centres.flatMap((centre) => Array.from({ length: 400 }, (_, i) => centre + i - 200));
    const powers = Array.from({ length: 32 }, (_, i) => [2 ** i, 2 ** 32 - 2 ** i]).flat();
    const stride = Array.from({ length: 40_000 }, (_, i) => i * 107_374);
    return Uint32Array.from([...near, ...powers, ...stride].filter((word) => word >= 0 && word < 2 ** 32));
  }

  function deviates(name: string, from: Uint32Array): Float32Array {
    const x = kernels.putU32(from);
    const y = kernels.alloc(from.length * 4);
    kernels.call[name]!(x, y, 0, Math.ceil(from.length / 4) * 16);
    return kernels.f32(y, from.length).slice();
  }

  describe(`normal deviates, ${variant}`, () => {
    for (const [name, exact] of Object.entries({ normalArray: normal, truncatedNormalArray: truncatedNormal })) {
      it(`${name} is within 2e-6 of the quantile`, () => {
        kernels.reset();
        const from = someWords();
        const got = deviates(name, from);
        let largest = 0;
        for (let i = 0; i < from.length; i++) {
          const error = Math.abs(got[i]! - exact(from[i]!));
          if (!(error <= largest)) largest = error;
        }
        expect(largest).toBeLessThan(2e-6);
        if (name === "truncatedNormalArray") expect(Math.max(...got)).toBe(Math.fround(1.9999996)); // the last word; never 2
        const mirrored = deviates(
          name,
          from.map((word) => ~word),
        ); // prettier-ignore
        expect(mirrored.map((value) => -value)).toEqual(got);
      });
    }

    it("normalArray keeps five digits of the deviates nearest to 0, where an error of 2e-6 is all of them", () => {
      kernels.reset();
      const from = Uint32Array.from({ length: 64 }, (_, i) => 0x80000000 + i - 32);
      const got = deviates("normalArray", from);
      // There z = sqrt(2π) (u - 1/2), and u - 1/2 = (word - 2^31 + 1/2) / 2^32.
      got.forEach((value, i) => {
        expect(value / ((Math.sqrt(2 * Math.PI) * (i - 32 + 0.5)) / 2 ** 32)).toBeCloseTo(1, 5);
      });
    });

    it("fillNormal has the first moments and the distribution of a normal one", () => {
      kernels.reset();
      const n = 1_000_000;
      const y = fill("fillNormal", n, [0, 1, ...SEED, 5]).sort();
      const moment = (k: number) => y.reduce((sum, value) => sum + value ** k, 0) / n;
      // Four standard errors: the variances of z, z², z³, z⁴ are 1, 2, 15, 96.
      expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / n));
      expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
      expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n));
      expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
      // Kolmogorov-Smirnov: 1.63 / sqrt(n) is passed by chance once in a hundred seeds. Every 16th value bounds the gap by 16 / n.
      let gap = 0;
      for (let i = 0; i < n; i += 16) gap = Math.max(gap, Math.abs(normalCdf(y[i]!) - (i + 0.5) / n));
      expect(gap * Math.sqrt(n)).toBeLessThan(1.63);
    });

    it("fillNormal and fillTruncatedNormal are mean + std z of each element's word", () => {
      kernels.reset();
      const from = words(70, { seedLow: SEED[0], seedHigh: SEED[1], stream: 9 });
      for (const [name, exact] of Object.entries({ fillNormal: normal, fillTruncatedNormal: truncatedNormal })) {
        const y = fill(name, 70, [10, 0.5, ...SEED, 9]);
        from.forEach((word, i) => {
          expect(Math.abs(y[i]! - (10 + 0.5 * exact(word)))).toBeLessThan(2e-6);
        });
        expectSharesAlike(name, [-1, 2, ...SEED, 9]);
      }
    });

    it("fillTruncatedNormal stays within two deviations and has the deviation 0.8796", () => {
      kernels.reset();
      const n = 1 << 18;
      const y = fill("fillTruncatedNormal", n, [0, 1, ...SEED, 2]);
      expect(Math.max(...y.subarray(0, 65536).map(Math.abs))).toBeGreaterThan(1.999);
      expect(y.every((value) => Math.abs(value) <= 2)).toBe(true);
      const square = y.reduce((sum, value) => sum + value * value, 0) / n;
      expect(Math.abs(Math.sqrt(square) - 0.87962566)).toBeLessThan(0.004);
    });
  });
}
