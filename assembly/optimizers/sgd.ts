/**
 * Stochastic gradient descent, plain and with momentum (Polyak 1964; Nesterov 1983 as in Sutskever et al. 2013). In all
 * kernels of this folder g is the gradient after clipGradient, where a step clips or decays.
 */
import { SGD_AHEAD, SGD_FOLLOW, SGD_GAIN, SGD_MOMENTUM, UPDATE_KEEP, UPDATE_LEAST, UPDATE_RATE } from "../abi";
import { flush, madd, nmadd } from "../math/lanes";

/**
 * w = keep w - rate g
 * w, g: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w in place.
 * s: the UPDATE_* scalars of this step. begin, end: this share in bytes, multiples of 16.
 */
export function sgd(w: usize, g: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const gi = v128.load(g + i);
    v128.store(w + i, nmadd(rate, gi, f32x4.mul(keep, wi)));
  }
}

/**
 *   m = momentum m + gain g,   w = keep w - rate (follow m + ahead g)
 * follow, ahead = 1, 0 for classical momentum, momentum, 1 for Nesterov's; m may also gather displacements, -rate times
 * gradients, with gain < 0, rate 1 and follow -1 or -momentum.
 * w, g, m: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, m in place; m starts at 0.
 * s: the UPDATE_* and SGD_* scalars of this step. begin, end: this share in bytes, multiples of 16.
 * Velocities too small to matter are flushed to 0: denormals would slow every later step.
 */
export function sgdMomentum(w: usize, g: usize, m: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const momentum = v128.load32_splat(s, SGD_MOMENTUM);
  const gain = v128.load32_splat(s, SGD_GAIN);
  const follow = v128.load32_splat(s, SGD_FOLLOW);
  const ahead = v128.load32_splat(s, SGD_AHEAD);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const gi = v128.load(g + i);
    const mi = madd(gain, gi, f32x4.mul(momentum, v128.load(m + i)));
    const direction = madd(ahead, gi, f32x4.mul(follow, mi));
    v128.store(m + i, flush(mi, least));
    v128.store(w + i, nmadd(rate, direction, f32x4.mul(keep, wi)));
  }
}
