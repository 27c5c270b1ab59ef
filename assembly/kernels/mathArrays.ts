/**
 * The vector functions over arrays, y[i] = f(x[i]): for tests, tools/check-ulp.mjs and profiles. Steps use them inside kernels.
 * x, y: f32[n], 16-byte aligned, x may be y; begin, end: this share in bytes, multiples of 16. Error bounds: assembly/math.
 */
import { erf } from "../math/erf";
import { exp, expBelow0 } from "../math/exp";
import { expm1 } from "../math/expm1";
import { log } from "../math/log";
import { log1p } from "../math/log1p";
import { normal, truncatedNormal } from "../math/normal";
import { power } from "../math/power";
import { sigmoid } from "../math/sigmoid";
import { tanh } from "../math/tanh";

export function expArray(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, exp(v128.load(x + i)));
}

export function expBelow0Array(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, expBelow0(v128.load(x + i)));
}

export function logArray(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, log(v128.load(x + i)));
}

export function tanhArray(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, tanh(v128.load(x + i)));
}

export function erfArray(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, erf(v128.load(x + i)));
}

export function sigmoidArray(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, sigmoid(v128.load(x + i)));
}

export function expm1Array(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, expm1(v128.load(x + i)));
}

export function log1pArray(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, log1p(v128.load(x + i)));
}

/** y = x^p, x not negative. */
export function powerArray(x: usize, y: usize, p: f32, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, power(v128.load(x + i), p));
}

/** x: random words, u32[n]. */
export function normalArray(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, normal(v128.load(x + i)));
}

/** x: random words, u32[n]. */
export function truncatedNormalArray(x: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) v128.store(y + i, truncatedNormal(v128.load(x + i)));
}
