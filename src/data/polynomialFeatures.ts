/** Products of powers of the columns: a linear model of them is a polynomial. */
import { checkBoolean, checkCount, checkOptions } from "../check.ts";
import { OptionError } from "../errors.ts";
import { checkJson } from "./checkJson.ts";
import { type Encoder, transformOf, withFields } from "./transform.ts";

export interface PolynomialFeaturesOptions {
  /** Of the largest products. Default 2. */
  degree?: number;
  /** Whether the first column is 1. Default true. */
  bias?: boolean;
}

export interface PolynomialFeaturesJSON {
  readonly type: "polynomialFeatures";
  readonly degree: number;
  readonly bias: boolean;
  readonly inputs: number;
}

export interface PolynomialFeatures extends Encoder {
  /** Powers of the inputs in each output, [outputs][inputs]; empty before `fit`. */
  readonly powers: readonly (readonly number[])[];
  toJSON(): PolynomialFeaturesJSON;
}

const MAX_OUTPUTS = 1e6;

/**
 * All Π xⱼ^powerⱼ up to `degree`, by degree and then in the order 1, a, b, a², ab, b², a³, ... `fit` learns the number of
 * columns alone. The inverse takes the outputs of degree 1.
 * @throws OptionError for unknown options or more than a million outputs; its methods as standardScaler's.
 */
export function polynomialFeatures(options: PolynomialFeaturesOptions = {}): PolynomialFeatures {
  checkOptions("polynomialFeatures", options, ["degree", "bias"]);
  const { degree = 2, bias = true } = options;
  checkCount("polynomialFeatures: degree", degree);
  checkBoolean("polynomialFeatures: bias", bias);
  return makeFeatures(degree, bias, 0);
}

/** The transform that `toJSON` described. @throws FormatError for anything else. */
export function polynomialFeaturesFrom(json: PolynomialFeaturesJSON): PolynomialFeatures {
  const { type, degree, bias, inputs } = json ?? {};
  checkJson("polynomialFeatures", type === "polynomialFeatures", Number.isSafeInteger(degree), typeof bias === "boolean");
  checkJson("polynomialFeatures", degree >= 1, Number.isSafeInteger(inputs) && inputs >= 0 && countOf(inputs, degree) <= MAX_OUTPUTS);
  return makeFeatures(degree, bias, inputs);
}

function makeFeatures(degree: number, bias: boolean, fittedInputs: number): PolynomialFeatures {
  let inputs = 0;
  /** The columns whose product an output is, in rising order. */
  let factors: readonly (readonly number[])[] = [];
  const use = (width: number): void => {
    if (countOf(width, degree) > MAX_OUTPUTS) {
      throw new OptionError(
        `polynomialFeatures: ${width} columns to degree ${degree} must be at most ${MAX_OUTPUTS} products. Lower the degree`,
      );
    }
    inputs = width;
    factors = width === 0 ? [] : products(width, degree, bias);
  };
  use(fittedInputs);
  const toJSON = (): PolynomialFeaturesJSON => ({ type: "polynomialFeatures", degree, bias, inputs });
  const base = transformOf({
    type: "polynomialFeatures",
    keepsColumns: false,
    takesMissing: false,
    get inputs() {
      return inputs;
    },
    get outputs() {
      return factors.length;
    },
    fit: ({ width }) => use(width),
    apply(x, at, y, to) {
      factors.forEach((columns, k) => {
        let product = 1;
        for (const j of columns) product *= x[at + j]!;
        y[to + k] = product;
      });
    },
    invert(y, at, x, to) {
      for (let j = 0; j < inputs; j++) x[to + j] = y[at + (bias ? 1 : 0) + j]!;
    },
    toJSON,
  });
  return withFields(base, {
    get powers() {
      return factors.map((columns) => Array.from({ length: inputs }, (_, j) => columns.filter((column) => column === j).length));
    },
    toJSON,
  });
}

/** Rising lists of columns, with repeats, by length: those of length d + 1 extend those of length d. */
function products(inputs: number, degree: number, bias: boolean): number[][] {
  const all: number[][] = bias ? [[]] : [];
  let last: number[][] = [[]];
  for (let d = 1; d <= degree; d++) {
    last = last.flatMap((columns) => {
      const from = columns.at(-1) ?? 0;
      return Array.from({ length: inputs - from }, (_, i) => [...columns, from + i]);
    });
    all.push(...last);
  }
  return all;
}

/** The number of products of degree 0 to `degree`: (inputs + degree over degree). */
function countOf(inputs: number, degree: number): number {
  let count = 1;
  for (let i = 1; i <= Math.min(inputs, degree) && count <= MAX_OUTPUTS; i++) count = (count * (Math.max(inputs, degree) + i)) / i;
  return count;
}
