/** Types of nets, checked by `npm run types`: what must not compile is marked. Nothing here runs. */
import { relu } from "../../src/layers/activation.ts";
import { dense } from "../../src/layers/dense.ts";
import { input } from "../../src/layers/input.ts";
import type { Effect, Layer } from "../../src/layers/layer.ts";
import { flatten, reshape } from "../../src/layers/reshape.ts";
import { type Net, type Problem, sequential } from "../../src/net.ts";
import type { Shape } from "../../src/shape.ts";
import { type Equal, expectType } from "./expect.ts";

// Effects that no layer has yet.
declare function image(): Layer<{ type: "same"; rank: 3 }>; // stands for conv2d and pooling
declare function matrix(): Layer<{ type: "same"; rank: 2 }>;
declare function rows(): Layer<{ type: "same"; rank: 1 | 2 }>;
declare const layers: Layer[];
declare const width: number;

export function inferred(): void {
  const net = sequential(input(64), dense(128), relu(), dense(10));
  expectType<Equal<typeof net, Net<[64], [10]>>>();

  const identity = sequential(input(64));
  expectType<Equal<typeof identity, Net<[64], [64]>>>();

  const lastAxis = sequential(input(5, 7), dense(3));
  expectType<Equal<typeof lastAxis, Net<[5, 7], [5, 3]>>>();

  const flat = sequential(input(8, 8), flatten());
  expectType<Equal<typeof flat, Net<[8, 8], [number]>>>();

  const flatAlready = sequential(input(64), flatten());
  expectType<Equal<typeof flatAlready, Net<[64], [64]>>>();

  const reshaped = sequential(input(64), reshape(8, 8), matrix(), dense(2));
  expectType<Equal<typeof reshaped, Net<[64], [8, 2]>>>();

  const unknownWidth = sequential(input(width), dense(width), relu());
  expectType<Equal<typeof unknownWidth, Net<[number], [number]>>>();

  const optionsKeepTheType = sequential(input(4), dense(16, { bias: false }), dense(3));
  expectType<Equal<typeof optionsKeepTheType, Net<[4], [3]>>>();
}

export function widened(): void {
  const net = sequential(input(64), ...layers);
  expectType<Equal<typeof net, Net<[64], Shape>>>();

  const endsInDense = sequential(input(64), ...layers, dense(10));
  expectType<Equal<typeof endsInDense, Net<[64], Shape>>>();

  const fromList = sequential(...layers);
  expectType<Equal<typeof fromList, Net<Shape, Shape>>>();

  const plain = sequential(input(64), layers[0]!, relu());
  expectType<Equal<typeof plain, Net<[64], Shape>>>();

  const known = sequential(input(64), layers[0]!, reshape(4, 4));
  expectType<Equal<typeof known, Net<[64], [4, 4]>>>();

  const imageAfterUnknown = sequential(input(64), ...layers, image());
  expectType<Equal<typeof imageAfterUnknown, Net<[64], Shape>>>();

  const unknownInput = sequential(layers[0]!, dense(2));
  expectType<Equal<typeof unknownInput, Net<Shape, Shape>>>();

  const anyNet: Net = sequential(input(64), dense(10));
  const anyLayer: Layer<Effect> = dense(10);
  void [anyNet, anyLayer];
}

export function refused(): void {
  // @ts-expect-error an empty net
  sequential();
  // @ts-expect-error no input
  sequential(dense(10));
  // @ts-expect-error a second input
  sequential(input(64), dense(10), input(3));
  // @ts-expect-error an image layer after flat data
  sequential(input(64), image());
  // @ts-expect-error the same, deeper, and followed by others
  sequential(input(8, 8, 3), image(), flatten(), image(), dense(10));
  // @ts-expect-error rank 3 where 1 or 2 is taken
  sequential(input(8, 8, 3), rows());
  // @ts-expect-error a factory that was not called
  sequential(input(64), relu);
  // @ts-expect-error a list that was not spread
  sequential([input(64), dense(10)]);
  // @ts-expect-error not a layer
  sequential(input(64), 10);
  // @ts-expect-error a net of another output
  const wrong: Net<[64], [3]> = sequential(input(64), dense(10));

  sequential(input(8, 8, 3), image(), flatten(), dense(10));
  sequential(input(64), rows(), dense(10));
  void wrong;
}

/** The compiler's sentence stands in the place of the layer that can't follow, so an element that claims to be it would pass. */
export function messages(): void {
  type Sentence = "this layer takes rows of rank 3, but the layers before it give rank 1";
  const claim = image() as ReturnType<typeof image> & Problem<Sentence>;
  sequential(input(64), dense(10), claim);
  const other = image() as ReturnType<typeof image> & Problem<"another">;
  // @ts-expect-error another sentence
  sequential(input(64), dense(10), other);
}

/** 64 layers: one tail-recursive type. */
export function deep(): void {
  const net = sequential(
    input(64),
    // biome-ignore format: a table of layers
    ...([dense(1), relu(), dense(2), relu(), dense(3), relu(), dense(4), relu(), dense(5), relu(), dense(6), relu(), dense(7), relu(), dense(8), relu(),
    dense(9), relu(), dense(10), relu(), dense(11), relu(), dense(12), relu(), dense(13), relu(), dense(14), relu(), dense(15), relu(), dense(16), relu(),
    dense(17), relu(), dense(18), relu(), dense(19), relu(), dense(20), relu(), dense(21), relu(), dense(22), relu(), dense(23), relu(), dense(24), relu(),
    dense(25), relu(), dense(26), relu(), dense(27), relu(), dense(28), relu(), dense(29), relu(), dense(30), relu(), dense(31), relu(), dense(32), relu()] as const),
    dense(7),
  );
  expectType<Equal<typeof net, Net<[64], [7]>>>();
}
