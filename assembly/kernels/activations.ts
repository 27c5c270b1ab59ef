/**
 * The activations: value and gradient of each, side by side. Not the loops, which are in elementwise.ts.
 * value(x, p) = f(x). gradient(dy, t, p) = dy f'(x), where t is the output f(x) for relu, relu6, hardtanh, leakyRelu, elu, selu, sigmoid, tanh,
 * and the input x for the others. Derivatives at kinks are PyTorch's. A NaN stays NaN. Tails end in 0 without denormals: exp and
 * sigmoid do, and times |x| > 1 they stay so; only gelu and the gradients flush. Error bounds: test/kernels/activations.test.ts.
 */
import {
  ACTIVATION_ELU,
  ACTIVATION_GELU,
  ACTIVATION_GELU_TANH,
  ACTIVATION_HARDTANH,
  ACTIVATION_LEAKY_RELU,
  ACTIVATION_MISH,
  ACTIVATION_RELU,
  ACTIVATION_RELU6,
  ACTIVATION_SELU,
  ACTIVATION_SIGMOID,
  ACTIVATION_SILU,
  ACTIVATION_SOFTPLUS,
  ACTIVATION_SOFTSIGN,
  ACTIVATION_TANH,
} from "../abi";
import { expBelow0 } from "../math/exp";
import { expm1 } from "../math/expm1";
import { madd, nmadd, select } from "../math/lanes";
import { log1p } from "../math/log1p";
import { sigmoid } from "../math/sigmoid";
import { tanh } from "../math/tanh";
import { flushTail, cheapUnary, cheapUnaryGrad, unary, unaryGrad } from "./elementwise";

/**
 * max(x, 0). The gradient is p dy, 1 dy but for a dropout behind it, where y is above 0. It is cut off by a mask, so that an infinite
 * dy is, too.
 */
// @ts-ignore: decorator
@final
class Relu {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0)); // x < 0 ? 0 : x; one instruction where max, with its care for -0, takes several
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, y: v128, p: v128): v128 {
    return v128.andnot(f32x4.mul(dy, p), f32x4.le(y, f32x4.splat(0)));
  }
}

/** x above 0, p x below; p >= 0, so that the output's sign tells the input's. */
// @ts-ignore: decorator
@final
class LeakyRelu {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return select(f32x4.mul(x, p), x, f32x4.lt(x, f32x4.splat(0)));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, y: v128, p: v128): v128 {
    return select(f32x4.mul(dy, p), dy, f32x4.le(y, f32x4.splat(0)));
  }
}

/** x above 0, p (e^x - 1) below; the derivative there is p e^x = y + p. p >= 0. */
// @ts-ignore: decorator
@final
class Elu {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return select(f32x4.mul(p, expm1(x)), x, f32x4.lt(x, f32x4.splat(0)));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, y: v128, p: v128): v128 {
    return select(f32x4.mul(dy, f32x4.add(y, p)), dy, f32x4.le(y, f32x4.splat(0)));
  }
}

const SELU_SCALE: f32 = 1.0507009873554805;
const SELU_SCALE_ALPHA: f32 = 1.7580993408473766;

/** elu with alpha 1.6733 times 1.0507, which keep mean 0 and variance 1 (Klambauer et al. 2017). */
// @ts-ignore: decorator
@final
class Selu {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    const below = f32x4.mul(f32x4.splat(SELU_SCALE_ALPHA), expm1(x));
    return select(below, f32x4.mul(f32x4.splat(SELU_SCALE), x), f32x4.lt(x, f32x4.splat(0)));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, y: v128, p: v128): v128 {
    const below = f32x4.add(y, f32x4.splat(SELU_SCALE_ALPHA));
    return f32x4.mul(dy, select(below, f32x4.splat(SELU_SCALE), f32x4.le(y, f32x4.splat(0))));
  }
}

/**
 * Φ(-a) e^(a²/2) for a >= 0, Φ being the normal distribution: a polynomial in t = 1 / (1 + 11/32 a), fitted to the relative error on
 * [0, 14]; 4e-7. Behind e^(-a²/2) it keeps the relative accuracy of gelu's left tail, where 1 + erf cancels.
 */
// @ts-ignore: decorator
@inline
function scaledTail(a: v128): v128 {
  const one = f32x4.splat(1);
  const t = f32x4.div(one, madd(f32x4.splat(0.34375), a, one));
  let r = madd(t, f32x4.splat(-0.027809320017695427), f32x4.splat(0.14384908974170685));
  r = madd(t, r, f32x4.splat(-0.27171391248703003));
  r = madd(t, r, f32x4.splat(0.19092091917991638));
  r = madd(t, r, f32x4.splat(-0.03930715098977089));
  r = madd(t, r, f32x4.splat(0.11265798658132553));
  r = madd(t, r, f32x4.splat(0.11674045026302338));
  r = madd(t, r, f32x4.splat(0.13754227757453918));
  r = madd(t, r, f32x4.splat(0.13711966574192047));
  return f32x4.mul(t, r);
}

/** e^(-x²/2). The rounding of x² costs a relative 3e-8 x², 5e-6 where the result leaves the float32 range. */
// @ts-ignore: decorator
@inline
function bell(x: v128): v128 {
  return expBelow0(f32x4.mul(f32x4.mul(f32x4.splat(-0.5), x), x));
}

/** x Φ(x); the derivative Φ(x) + x φ(x) is e^(-x²/2) (scaledTail(a) - a / sqrt(2π)) for x = -a below 0, and 1 minus that above. */
// @ts-ignore: decorator
@final
class Gelu {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    const tail = f32x4.mul(bell(x), scaledTail(f32x4.abs(x)));
    return flushTail(f32x4.mul(x, select(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0)))));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, x: v128, p: v128): v128 {
    const a = f32x4.abs(x);
    const below = f32x4.mul(bell(x), nmadd(f32x4.splat(0.3989422804014327), a, scaledTail(a)));
    return f32x4.mul(dy, select(below, f32x4.sub(f32x4.splat(1), below), f32x4.lt(x, f32x4.splat(0))));
  }
}

/** e^-|v|: the one exponential of sigmoid(v) = 1 / (1 + e) above 0 and e / (1 + e) below, without overflow or cancellation. */
// @ts-ignore: decorator
@inline
function expMinusAbs(v: v128): v128 {
  return expBelow0(f32x4.neg(f32x4.abs(v)));
}

/** ½ x (1 + tanh(u)) = x sigmoid(2u), where 2u = x (A + B x²), A = 2 sqrt(2/π), B = 0.044715 A. */
// @ts-ignore: decorator
@final
class GeluTanh {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    const inner = madd(f32x4.splat(0.0713548162726009), f32x4.mul(x, x), f32x4.splat(1.5957691216057308));
    return f32x4.mul(x, sigmoid(f32x4.mul(x, inner)));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, x: v128, p: v128): v128 {
    // At |x| = 30 the derivative has long been 0 or 1, and beyond 1e19 the square would make 0 ∞. The order keeps a NaN.
    const c = f32x4.pmax(f32x4.pmin(x, f32x4.splat(30)), f32x4.splat(-30));
    const square = f32x4.mul(c, c);
    const v = f32x4.mul(c, madd(f32x4.splat(0.0713548162726009), square, f32x4.splat(1.5957691216057308)));
    const slope = madd(f32x4.splat(0.2140644488178027), square, f32x4.splat(1.5957691216057308));
    const e = expMinusAbs(v);
    const r = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), e));
    const er = f32x4.mul(e, r);
    const s = select(er, r, f32x4.lt(v, f32x4.splat(0)));
    return f32x4.mul(dy, madd(f32x4.mul(c, slope), f32x4.mul(er, r), s)); // s (1 - s) = e / (1 + e)²
  }
}

/** x sigmoid(x); the derivative is s (1 + x (1 - s)). */
// @ts-ignore: decorator
@final
class Silu {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return f32x4.mul(x, sigmoid(x));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, x: v128, p: v128): v128 {
    const e = expMinusAbs(x);
    const r = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), e));
    const er = f32x4.mul(e, r);
    const isBelow = f32x4.lt(x, f32x4.splat(0));
    const s = select(er, r, isBelow);
    return f32x4.mul(dy, madd(f32x4.mul(x, select(r, er, isBelow)), s, s));
  }
}

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|); the derivative is sigmoid(x). */
// @ts-ignore: decorator
@final
class Softplus {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p(expMinusAbs(x)));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, x: v128, p: v128): v128 {
    return f32x4.mul(dy, sigmoid(x));
  }
}

/** 1 / (1 + e^-x); the derivative is y (1 - y). */
// @ts-ignore: decorator
@final
class Sigmoid {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return sigmoid(x);
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, y: v128, p: v128): v128 {
    return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(f32x4.splat(1), y)));
  }
}

/** tanh(x); the derivative is 1 - y², as a product since 1 - |y| is exact from ½ on. */
// @ts-ignore: decorator
@final
class Tanh {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return tanh(x);
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, y: v128, p: v128): v128 {
    const one = f32x4.splat(1);
    return f32x4.mul(dy, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
  }
}

/** x / (1 + |x|); the derivative is 1 / (1 + |x|)². */
// @ts-ignore: decorator
@final
class Softsign {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return f32x4.div(x, f32x4.add(f32x4.splat(1), f32x4.abs(x)));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, x: v128, p: v128): v128 {
    const r = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), f32x4.abs(x)));
    return f32x4.mul(f32x4.mul(dy, r), r);
  }
}

/**
 * x tanh(log(1 + e^x)) (Misra 2019). With e = e^-|x| the tanh is n / d, n = 1 + 2e and d = n + 2e² above 0, n = e (e + 2) and d = n + 2
 * below; the derivative is n / d + x 4 e (1 + e) k / d², k = e above and 1 below. Nothing is subtracted, so both tails keep their digits.
 */
// @ts-ignore: decorator
@final
class Mish {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    const e = expMinusAbs(x);
    const isBelow = f32x4.lt(x, f32x4.splat(0));
    const n = mishNumerator(e, isBelow);
    return f32x4.mul(x, f32x4.div(n, mishDenominator(n, e, isBelow)));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, x: v128, p: v128): v128 {
    const e = expMinusAbs(x);
    const isBelow = f32x4.lt(x, f32x4.splat(0));
    const n = mishNumerator(e, isBelow);
    const r = f32x4.div(f32x4.splat(1), mishDenominator(n, e, isBelow));
    const e4 = f32x4.mul(f32x4.splat(4), madd(e, e, e));
    const rise = f32x4.mul(select(e4, f32x4.mul(e4, e), isBelow), f32x4.mul(r, r));
    return f32x4.mul(dy, madd(x, rise, f32x4.mul(n, r)));
  }
}

// @ts-ignore: decorator
@inline
function mishNumerator(e: v128, isBelow: v128): v128 {
  const twice = f32x4.add(e, e);
  return select(madd(e, e, twice), f32x4.add(twice, f32x4.splat(1)), isBelow);
}

// @ts-ignore: decorator
@inline
function mishDenominator(n: v128, e: v128, isBelow: v128): v128 {
  return f32x4.add(n, select(f32x4.splat(2), f32x4.mul(f32x4.add(e, e), e), isBelow));
}

/** min(max(x, -1), 1). At the kinks the derivative is 0. */
// @ts-ignore: decorator
@final
class Hardtanh {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, f32x4.splat(-1)), f32x4.splat(1)); // both keep a NaN in x
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, y: v128, p: v128): v128 {
    return v128.andnot(dy, f32x4.ge(f32x4.abs(y), f32x4.splat(1)));
  }
}

/** min(max(x, 0), 6). At the kinks the derivative is 0. */
// @ts-ignore: decorator
@final
class Relu6 {
  // @ts-ignore: decorator
  @inline
  value(x: v128, p: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, f32x4.splat(0)), f32x4.splat(6));
  }
  // @ts-ignore: decorator
  @inline
  gradient(dy: v128, y: v128, p: v128): v128 {
    return v128.andnot(dy, v128.or(f32x4.le(y, f32x4.splat(0)), f32x4.ge(y, f32x4.splat(6))));
  }
}

/**
 * y = f(x) for the activation `kind` (ACTIVATION_*; ACTIVATION_NONE copies). x, y: f32, 16-byte aligned, may be the same.
 * p: slope of leakyRelu, alpha of elu, factor of relu's gradient, else unused. begin, end: bytes, multiples of 16; pads may hold anything.
 */
export function activation(kind: u32, x: usize, y: usize, p: f32, begin: usize, end: usize): void {
  activationSegment(kind, x + begin, y + begin, <u32>((end - begin) >> 2), p);
}

/** y = f(x) as activation does, for exactly `count` elements at any 4-byte aligned address; y may be x. Nothing after them is touched. */
export function activationSegment(kind: u32, x: usize, y: usize, count: u32, p: f32): void {
  const q = f32x4.splat(p);
  switch (kind) {
    case ACTIVATION_RELU: cheapUnary<Relu>(x, y, count, q); return;
    case ACTIVATION_LEAKY_RELU: cheapUnary<LeakyRelu>(x, y, count, q); return;
    case ACTIVATION_ELU: unary<Elu>(x, y, count, q); return;
    case ACTIVATION_SELU: unary<Selu>(x, y, count, q); return;
    case ACTIVATION_GELU: unary<Gelu>(x, y, count, q); return;
    case ACTIVATION_GELU_TANH: unary<GeluTanh>(x, y, count, q); return;
    case ACTIVATION_SILU: unary<Silu>(x, y, count, q); return;
    case ACTIVATION_SOFTPLUS: unary<Softplus>(x, y, count, q); return;
    case ACTIVATION_SIGMOID: unary<Sigmoid>(x, y, count, q); return;
    case ACTIVATION_TANH: unary<Tanh>(x, y, count, q); return;
    case ACTIVATION_SOFTSIGN: unary<Softsign>(x, y, count, q); return;
    case ACTIVATION_MISH: unary<Mish>(x, y, count, q); return;
    case ACTIVATION_HARDTANH: cheapUnary<Hardtanh>(x, y, count, q); return;
    case ACTIVATION_RELU6: cheapUnary<Relu6>(x, y, count, q); return;
  }
  if (x != y) memory.copy(y, x, <usize>count << 2);
}

/**
 * dx = dy f'(x) for the activation `kind`. dy, t, dx: f32, 16-byte aligned; dx may be dy. t: the output of activation or its input, see
 * the head of this file. begin, end: bytes, multiples of 16; pads may hold anything.
 */
export function activationGrad(kind: u32, dy: usize, t: usize, dx: usize, p: f32, begin: usize, end: usize): void {
  activationGradSegment(kind, dy + begin, t + begin, dx + begin, <u32>((end - begin) >> 2), p);
}

/** dx = dy f'(x) as activationGrad does, for exactly `count` elements at any 4-byte aligned address; dx may be dy. */
export function activationGradSegment(kind: u32, dy: usize, t: usize, dx: usize, count: u32, p: f32): void {
  const q = f32x4.splat(p);
  switch (kind) {
    case ACTIVATION_RELU: cheapUnaryGrad<Relu>(dy, t, dx, count, q); return;
    case ACTIVATION_LEAKY_RELU: cheapUnaryGrad<LeakyRelu>(dy, t, dx, count, q); return;
    case ACTIVATION_ELU: unaryGrad<Elu>(dy, t, dx, count, q); return;
    case ACTIVATION_SELU: unaryGrad<Selu>(dy, t, dx, count, q); return;
    case ACTIVATION_GELU: unaryGrad<Gelu>(dy, t, dx, count, q); return;
    case ACTIVATION_GELU_TANH: unaryGrad<GeluTanh>(dy, t, dx, count, q); return;
    case ACTIVATION_SILU: unaryGrad<Silu>(dy, t, dx, count, q); return;
    case ACTIVATION_SOFTPLUS: unaryGrad<Softplus>(dy, t, dx, count, q); return;
    case ACTIVATION_SIGMOID: unaryGrad<Sigmoid>(dy, t, dx, count, q); return;
    case ACTIVATION_TANH: unaryGrad<Tanh>(dy, t, dx, count, q); return;
    case ACTIVATION_SOFTSIGN: unaryGrad<Softsign>(dy, t, dx, count, q); return;
    case ACTIVATION_MISH: unaryGrad<Mish>(dy, t, dx, count, q); return;
    case ACTIVATION_HARDTANH: cheapUnaryGrad<Hardtanh>(dy, t, dx, count, q); return;
    case ACTIVATION_RELU6: cheapUnaryGrad<Relu6>(dy, t, dx, count, q); return;
  }
  if (dx != dy) memory.copy(dx, dy, <usize>count << 2);
}
