/**
 * The loops of elementwise kernels, and the loads and stores with which a row of any length ends.
 * A functor F is a final class without fields: changetype<F>(0).value(x, p) is known when compiled, so the loops inline it.
 * "Lines": begin and end are byte offsets, multiples of 16; buffers are padded, and pads may hold anything.
 */
import { madd } from "../math/lanes";

/** Lanes below the smallest normal number become 0 as with flush, but a NaN stays one. */
// @ts-ignore: decorator
@inline
export function flushTail(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(1.1754943508222875e-38)));
}

/** Four f32 from any address, of which only the first `left` exist; missing lanes are taken from `fill`, not from memory. */
// @ts-ignore: decorator
@inline
export function loadUpTo(a: usize, left: u32, fill: v128): v128 {
  if (left >= 4) return v128.load(a);
  let v = v128.load32_lane(a, fill, 0);
  if (left > 1) v = v128.load32_lane(a, v, 1, 4);
  if (left > 2) v = v128.load32_lane(a, v, 2, 8);
  return v;
}

/** Stores the first min(left, 4) lanes at any address and touches nothing after them. */
// @ts-ignore: decorator
@inline
export function storeUpTo(a: usize, left: u32, v: v128): void {
  if (left >= 4) {
    v128.store(a, v);
    return;
  }
  v128.store32_lane(a, v, 0);
  if (left > 1) v128.store32_lane(a, v, 1, 4);
  if (left > 2) v128.store32_lane(a, v, 2, 8);
}

/** How many lanes a loop body takes: with Four it runs over whole vectors, with One over what is left of a row, in lane 0. */
// @ts-ignore: decorator
@final
export class Four {
  // @ts-ignore: decorator
  @inline
  load(a: usize): v128 {
    return v128.load(a);
  }
  // @ts-ignore: decorator
  @inline
  store(a: usize, v: v128): void {
    v128.store(a, v);
  }
}

/** The other lanes are loaded as 0 and not stored: nothing beside the element is read or written. */
// @ts-ignore: decorator
@final
export class One {
  // @ts-ignore: decorator
  @inline
  load(a: usize): v128 {
    return v128.load32_zero(a);
  }
  // @ts-ignore: decorator
  @inline
  store(a: usize, v: v128): void {
    v128.store32_lane(a, v, 0);
  }
}

/** y = f(x, p). x, y: f32[count] at any address, may be the same; nothing past count is read or written. */
// @ts-ignore: decorator
@inline
export function unary<F>(x: usize, y: usize, count: u32, p: v128): void {
  for (let i: u32 = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    storeUpTo(y + at, count - i, changetype<F>(0).value(loadUpTo(x + at, count - i, f32x4.splat(0)), p));
  }
}

/** dx = f'(t, p) dy, denormals flushed. dy, t, dx: f32[count] at any address, dx may be dy; nothing past count is read or written. */
// @ts-ignore: decorator
@inline
export function unaryGrad<F>(dy: usize, t: usize, dx: usize, count: u32, p: v128): void {
  const zero = f32x4.splat(0);
  for (let i: u32 = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const left = count - i;
    storeUpTo(dx + at, left, flushTail(changetype<F>(0).gradient(loadUpTo(dy + at, left, zero), loadUpTo(t + at, left, zero), p)));
  }
}

/**
 * unary and unaryGrad for functions of an instruction or two: whole vectors first, as to ask of each whether it is whole takes longer
 * than the function itself: 0.22 ns an element of a product for 0.6 to 1.2 (Node 26, Zen 4).
 */
// @ts-ignore: decorator
@inline
export function cheapUnary<F>(x: usize, y: usize, count: u32, p: v128): void {
  for (; count >= 4; count -= 4, x += 16, y += 16) v128.store(y, changetype<F>(0).value(v128.load(x), p));
  unary<F>(x, y, count, p);
}

// @ts-ignore: decorator
@inline
export function cheapUnaryGrad<F>(dy: usize, t: usize, dx: usize, count: u32, p: v128): void {
  for (; count >= 4; count -= 4, dy += 16, t += 16, dx += 16) {
    v128.store(dx, flushTail(changetype<F>(0).gradient(v128.load(dy), v128.load(t), p)));
  }
  unaryGrad<F>(dy, t, dx, count, p);
}

/** z = f(x, y). x, y, z: f32, 16-byte aligned, z may be x or y; lines. */
// @ts-ignore: decorator
@inline
function binary<F>(x: usize, y: usize, z: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(z + i, changetype<F>(0).value(v128.load(x + i), v128.load(y + i)));
}

// @ts-ignore: decorator
@final
class Add {
  // @ts-ignore: decorator
  @inline
  value(x: v128, y: v128): v128 {
    return f32x4.add(x, y);
  }
}

// @ts-ignore: decorator
@final
class Multiply {
  // @ts-ignore: decorator
  @inline
  value(x: v128, y: v128): v128 {
    return f32x4.mul(x, y);
  }
}

/** z = x + y. x, y, z: f32, 16-byte aligned, z may be x or y; lines. */
export function add(x: usize, y: usize, z: usize, begin: usize, end: usize): void {
  binary<Add>(x, y, z, begin, end);
}

/** z = x y. x, y, z: f32, 16-byte aligned, z may be x or y; lines. */
export function multiply(x: usize, y: usize, z: usize, begin: usize, end: usize): void {
  binary<Multiply>(x, y, z, begin, end);
}

/** z = x y as multiply does, for exactly `count` elements at any 4-byte aligned address. */
export function multiplySegment(x: usize, y: usize, z: usize, count: u32): void {
  for (; count >= 4; count -= 4, x += 16, y += 16, z += 16) v128.store(z, f32x4.mul(v128.load(x), v128.load(y)));
  const zero = f32x4.splat(0);
  if (count) storeUpTo(z, count, f32x4.mul(loadUpTo(x, count, zero), loadUpTo(y, count, zero)));
}

/** z = p x + q y; z = p x where y is 0. x, y, z: f32, 16-byte aligned, z may be x or y; lines. */
export function combine(x: usize, y: usize, z: usize, p: f32, q: f32, begin: usize, end: usize): void {
  const u = f32x4.splat(p);
  const v = f32x4.splat(q);
  if (y == 0) {
    for (let i = begin; i < end; i += 16) v128.store(z + i, f32x4.mul(u, v128.load(x + i)));
    return;
  }
  for (let i = begin; i < end; i += 16) v128.store(z + i, madd(v, v128.load(y + i), f32x4.mul(u, v128.load(x + i))));
}

/** y = x, bit for bit. x, y: 4-byte words, 16-byte aligned; lines. */
export function copy(x: usize, y: usize, begin: usize, end: usize): void {
  memory.copy(y + begin, x + begin, end - begin);
}
