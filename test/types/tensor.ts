/** Types of tensors and of what models take, checked by `npm run types`. Nothing here runs. */
import type { Shape } from "../../src/shape.ts";
import { type TargetInput, type Tensor, type TensorInput, tensor } from "../../src/tensor.ts";
import { type Equal, expectType } from "./expect.ts";

declare const floats: Float32Array;
declare const count: number;
declare const plainShape: Shape;
declare const table: number[][];

declare function takes64(x: TensorInput<[64]>): void;
declare function takesImage(x: TensorInput<[8, 8]>): void;
declare function takesAny(x: TensorInput): void;
declare function targetOf10(y: TargetInput<[10]>): void;

export function shapes(): void {
  const literal = tensor(floats, [100, 64]);
  expectType<Equal<typeof literal, Tensor<[100, 64]>>>();
  const partly = tensor(floats, [count, 64]);
  expectType<Equal<typeof partly, Tensor<[number, 64]>>>();
  const plain = tensor(floats, plainShape);
  expectType<Equal<typeof plain, Tensor<Shape>>>();
  const found = tensor(table);
  expectType<Equal<typeof found, Tensor<Shape>>>();
  const kept = tensor(literal);
  expectType<Equal<typeof kept, Tensor<[100, 64]>>>();
  const reshaped = tensor(literal, [50, 128]);
  expectType<Equal<typeof reshaped, Tensor<[50, 128]>>>();
  const any: Tensor = literal;
  void any;
}

export function accepted(): void {
  takes64(table);
  takes64(floats);
  takes64([floats, floats]);
  takes64(new Uint8Array(64));
  takes64([1, 2, 3]);
  takes64(tensor(floats, [100, 64]));
  takes64(tensor(floats, [count, 64]));
  takes64(tensor(floats));
  takes64(tensor(floats, plainShape));
  takesImage([table, table]);
  takesImage(tensor(floats, [100, 8, 8]));
  takesImage(floats);
  takesAny(table);
  takesAny([table]);
  takesAny(tensor(floats, [100, 8, 8]));
  targetOf10([0, 1, 2]);
  targetOf10(new Int32Array(3));
  targetOf10(tensor(floats, [100]));
  targetOf10(tensor(floats, [100, 10]));
  targetOf10(table);
}

export function refused(): void {
  // @ts-expect-error another width
  takes64(tensor(floats, [100, 32]));
  // @ts-expect-error a width that is no literal: give such a shape as Shape
  takes64(tensor(floats, [count, count]));
  // @ts-expect-error another rank
  takes64(tensor(floats, [100, 8, 8]));
  // @ts-expect-error rank 1
  takes64(tensor(floats, [6400]));
  // @ts-expect-error not numbers
  takes64([["1"]]);
  // @ts-expect-error not numbers
  takes64("1, 2, 3");
  // @ts-expect-error bigints
  takes64(new BigInt64Array(64));
  // @ts-expect-error another image
  takesImage(tensor(floats, [100, 8, 9]));
  // @ts-expect-error another number of classes
  targetOf10(tensor(floats, [100, 3]));
  // @ts-expect-error not numbers
  tensor(["a"]);
  // @ts-expect-error a tensor of another shape
  const other: Tensor<[100, 32]> = tensor(floats, [100, 64]);
  void other;
}
