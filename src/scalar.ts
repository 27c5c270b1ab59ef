/**
 * Float64 exp, log, pow and cos of our own. Math.exp and its kin have different last bits in each engine; what steers a
 * weight (schedules, bias corrections) must not. Only + - * / sqrt, remainder and bit access are used: IEEE 754 and
 * ECMAScript fix every bit of those. The error of a rounded product is found as in T. J. Dekker, "A floating-point
 * technique for extending the available precision", Numer. Math. 18 (1971).
 */

const LN2_HIGH = 0.6931471805601177; // 40 bits: its product with any exponent is exact
const LN2_LOW = -1.7239444525614835e-13; // ln 2 - LN2_HIGH
const HALF_PI_HIGH = 1.5707963276654482; // 30 bits: its product with 22 bits is exact
const HALF_PI_MIDDLE = -8.705515692000731e-10; // the next 30
const HALF_PI_LOW = -3.50343439808993e-19; // the next 53
const HALF_PI_REST = -4.7891979590619914e-36;
const MAX_QUARTERS = 4194304; // 2^22

const SPLITTER = 134217729; // 2^27 + 1 cuts 53 bits into two halves

const bits = new DataView(new ArrayBuffer(8));

/** e^x; relative error below 4e-16, below 2^-1022 an absolute error of one denormal. */
export function exp(x: number): number {
  return expSum(x, 0);
}

/** Natural logarithm; relative error below 4e-16. log(0) is -Infinity, of a negative number NaN. */
export function log(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : Number.NaN;
  const k = exponentOf(x);
  const m = scaled(x, -k);
  const s = (m - 1) / (m + 1);
  return k * LN2_HIGH + (2 * s + (2 * s * atanhTail(s * s, 1) + k * LN2_LOW));
}

/**
 * x^y for x >= 0; relative error below 4e-16. The logarithm is carried to about 70 bits: y multiplies its error.
 * Special values are those of the ** operator; NaN for x < 0 (powInteger takes those).
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (!(x >= 0) || Number.isNaN(y)) return Number.NaN;
  if (x === 1) return Math.abs(y) === Infinity ? Number.NaN : 1;
  if (x === 0 || x === Infinity) return (x === 0) === y > 0 ? 0 : Infinity;
  if (Math.abs(y) === Infinity) return x > 1 === y > 0 ? Infinity : 0;

  const k = exponentOf(x);
  const m = scaled(x, -k);
  // s = (m - 1) / (m + 1) as a sum of two numbers
  const above = m + 1;
  const s = (m - 1) / above;
  const p = s * above;
  const sLow = (m - 1 - p - productError(s, above, p) - s * (m - (above - 1))) / above;
  // log m = 2 atanh s = 2 s + 2 s³/3 + 2 s³ (s²/5 + s⁴/7 + ...); the first two terms as sums of two numbers
  const square = s * s;
  const squareLow = productError(s, s, square) + 2 * s * sLow;
  const cube = s * square;
  const cubeLow = productError(s, square, cube) + s * squareLow + square * sLow;
  const third = (2 * cube) / 3;
  const t = third * 3;
  const thirdLow = (2 * cube - t - productError(third, 3, t) + 2 * cubeLow) / 3 + 2 * cube * atanhTail(square, 3);
  // k ln 2 + log m
  const a = k * LN2_HIGH;
  const b = a + 2 * s;
  const c = b + third;
  const logLow = sumError(a, 2 * s, b) + sumError(b, third, c) + (k * LN2_LOW + (2 * sLow + thirdLow));
  const logHigh = c + logLow;
  const rest = sumError(c, logLow, logHigh);

  const product = y * logHigh;
  if (!(Math.abs(product) < 800)) return product > 0 ? Infinity : 0;
  return expSum(product, productError(y, logHigh, product) + y * rest);
}

/**
 * xⁿ for an integer n, by repeated squaring with the rounding of each product carried along: relative error below
 * 4e-16 while 1e-290 < |xⁿ| < 1e290; beyond that at most 1.2e-16 |n|. Another n goes to pow.
 */
export function powInteger(x: number, n: number): number {
  if (!Number.isSafeInteger(n)) return pow(x, n);
  if (n < 0) return 1 / powInteger(x, -n);
  let base = x;
  let baseLow = 0;
  let power = 1;
  let powerLow = 0;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      const p = power * base;
      powerLow = finite(productError(power, base, p) + power * baseLow + powerLow * base);
      power = p;
    }
    const square = base * base;
    baseLow = finite(productError(base, base, square) + 2 * base * baseLow);
    base = square;
  }
  return power + powerLow;
}

/**
 * Cosine of x in radians; relative error below 4e-16 for |x| < 6e6. Beyond, x is first reduced by the rounded 2π,
 * which costs as much as the rounding of x itself. NaN for an infinite x.
 */
export function cos(x: number): number {
  const turns = Math.abs(x) < MAX_QUARTERS * 1.5 ? x : x % (2 * Math.PI);
  const k = Math.floor(turns / (HALF_PI_HIGH + HALF_PI_MIDDLE) + 0.5);
  const a = turns - k * HALF_PI_HIGH;
  const b = a - k * HALF_PI_MIDDLE;
  const c = k * HALF_PI_LOW;
  const r = b - c + (a - b - k * HALF_PI_MIDDLE - (productError(k, HALF_PI_LOW, c) + k * HALF_PI_REST));
  const quadrant = ((k % 4) + 4) % 4;
  const value = quadrant % 2 === 0 ? cosNearZero(r) : sinNearZero(r);
  return quadrant === 1 || quadrant === 2 ? -value : value;
}

/** e^(x + low) for a low below one unit in the last place of x. */
function expSum(x: number, low: number): number {
  if (!(x > -746)) return Number.isNaN(x) ? x : 0;
  if (x > 710) return Infinity;
  const k = Math.floor(x / LN2_HIGH + 0.5);
  const r = x - k * LN2_HIGH + (low - k * LN2_LOW);
  // 1 + r + r²/2 + ... to r¹⁴/14!, the first two terms added last: |r| <= 0.35 leaves 1e-19
  let sum = 1;
  for (let i = 14; i >= 3; i--) sum = 1 + (r / i) * sum;
  return scaled(1 + (r + (r * r * sum) / 2), k);
}

/** z/(n+2) + z²/(n+4) + ..., the part of atanh's series after n; z = s² <= 0.0295 leaves 1e-20 after twelve terms. */
function atanhTail(z: number, n: number): number {
  let sum = 0;
  for (let i = 24; i > 0; i -= 2) sum = z * (1 / (n + i) + sum);
  return sum;
}

function cosNearZero(r: number): number {
  const z = r * r;
  let sum = 1;
  for (let i = 18; i >= 4; i -= 2) sum = 1 - (z / (i * (i - 1))) * sum;
  return 1 - (z / 2) * sum;
}

function sinNearZero(r: number): number {
  const z = r * r;
  let sum = 1;
  for (let i = 19; i >= 5; i -= 2) sum = 1 - (z / (i * (i - 1))) * sum;
  return r - ((r * z) / 6) * sum;
}

/** k such that x · 2^-k lies in [√½, √2); x positive and finite. */
function exponentOf(x: number): number {
  if (x < 2.2250738585072014e-308) return exponentOf(x * 18014398509481984) - 54; // a denormal, times 2^54
  bits.setFloat64(0, x);
  const k = (bits.getUint32(0) >>> 20) - 1022; // x · 2^-k in [½, 1)
  return scaled(x, -k) < Math.SQRT1_2 ? k - 1 : k;
}

/** x · 2^k, rounded at most once; |k| < 2000. */
function scaled(x: number, k: number): number {
  // in two steps: 2^k alone may not be a number. The second step is where a denormal is rounded
  const first = Math.floor(k / 2);
  return x * powerOfTwo(first) * powerOfTwo(k - first);
}

function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** a · b - p for p = a · b rounded. */
function productError(a: number, b: number, p: number): number {
  const ca = SPLITTER * a;
  const cb = SPLITTER * b;
  const aHigh = ca - (ca - a);
  const bHigh = cb - (cb - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aLow * bLow - (p - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** a + b - s for s = a + b rounded. */
function sumError(a: number, b: number, s: number): number {
  const part = s - a;
  return a - (s - part) + (b - part);
}

function finite(x: number): number {
  return Number.isFinite(x) ? x : 0;
}
