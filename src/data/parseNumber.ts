/**
 * Decimal numbers in a text, strictly: "12", "-0.5", ".5", "5.", "1e-3", "inf"; never "12abc", "1,5", "0x10", "1_000".
 * Correctly rounded: up to 15 digits with a power of ten up to 22 are one exact product or quotient (W. D. Clinger, "How
 * to read floating point numbers accurately", 1990); the rest goes to Number().
 */

const ZERO = 48;
const NINE = 57;
const MAX_EXACT_DIGITS = 15;
const MAX_EXACT_POWER = 22;

/** The number that text[start, end) is, NaN if it is none. Infinity is "inf" or "infinity" in any case. */
export function parseNumber(text: string, start: number, end: number): number {
  let at = start;
  const sign = text.charCodeAt(at);
  if (sign === 45 || sign === 43) at++; // - +
  const first = at;
  let mantissa = 0;
  let digits = 0;
  let power = 0;
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) break;
    mantissa = mantissa * 10 + (code - ZERO);
    if (mantissa > 0) digits++;
  }
  let seen = at - first;
  if (at < end && text.charCodeAt(at) === 46) {
    const point = ++at;
    for (; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code < ZERO || code > NINE) break;
      mantissa = mantissa * 10 + (code - ZERO);
      if (mantissa > 0) digits++;
    }
    power = point - at;
    seen += at - point;
  }
  if (seen === 0) return at === first ? parseInfinity(text, start, end) : Number.NaN;
  if (at < end) {
    if ((text.charCodeAt(at) | 32) !== 101) return Number.NaN; // e
    at++;
    const exponentSign = text.charCodeAt(at);
    if (exponentSign === 45 || exponentSign === 43) at++;
    if (at >= end) return Number.NaN;
    let exponent = 0;
    for (; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code < ZERO || code > NINE) return Number.NaN;
      exponent = exponent * 10 + (code - ZERO);
    }
    power += exponentSign === 45 ? -exponent : exponent;
  }
  if (digits > MAX_EXACT_DIGITS || power > MAX_EXACT_POWER || power < -MAX_EXACT_POWER) return Number(text.slice(start, end));
  let scale = 1;
  for (let i = Math.abs(power); i > 0; i--) scale *= 10; // exact up to 1e22
  const size = power < 0 ? mantissa / scale : mantissa * scale;
  return sign === 45 ? -size : size;
}

function parseInfinity(text: string, start: number, end: number): number {
  const length = end - start;
  if (length < 3 || length > 9) return Number.NaN;
  const match = /^([+-]?)inf(inity)?$/i.exec(text.slice(start, end));
  if (!match) return Number.NaN;
  return match[1] === "-" ? -Infinity : Infinity;
}
