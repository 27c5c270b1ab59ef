/** Losses of one row in float64, with their gradients: sums over elements, the margin of several classes, the p-norm of the error. */
export interface ElementLoss {
  value(x: number, target: number, p: number): number;
  slope(x: number, target: number, p: number): number;
}

const sign = (t: number) => (t > 0 ? 1 : -1);

export const elementLosses: Record<string, ElementLoss> = {
  huberError: {
    value: (x, t, p) => (Math.abs(x - t) <= p ? (x - t) ** 2 / 2 : p * (Math.abs(x - t) - p / 2)),
    slope: (x, t, p) => Math.max(-p, Math.min(p, x - t)),
  },
  logCoshError: {
    value: (x, t) => Math.abs(x - t) + Math.log1p(Math.expm1(-2 * Math.abs(x - t)) / 2),
    slope: (x, t) => Math.tanh(x - t),
  },
  hingeError: {
    value: (x, t, p) => Math.max(0, p - sign(t) * x),
    slope: (x, t, p) => (p - sign(t) * x > 0 ? -sign(t) : 0),
  },
  klDivergence: {
    value: (x, t) => (t === 0 ? 0 : t * (Math.log(t) - x)),
    slope: (_, t) => -t,
  },
};

export function multiMargin(x: readonly number[], label: number, margin: number): { loss: number; dx: number[] } {
  const over = x.map((v, j) => (j === label ? 0 : Math.max(0, margin - x[label] + v)));
  const pushed = over.filter((v) => v > 0).length;
  const dx = over.map((v, j) => (j === label ? -pushed : v > 0 ? 1 : 0) / x.length);
  return { loss: over.reduce((a, b) => a + b, 0) / x.length, dx };
}

export function normError(x: readonly number[], target: readonly number[], p: number): { loss: number; dx: number[] } {
  const e = x.map((v, j) => v - target[j]);
  const a = e.map(Math.abs);
  const loss = p === Infinity ? Math.max(...a) : a.reduce((sum, v) => sum + v ** p, 0) ** (1 / p);
  const first = a.indexOf(loss);
  const share = (v: number, j: number) => (p === Infinity ? (j === first ? 1 : 0) : (v / loss) ** (p - 1));
  return { loss, dx: a.map((v, j) => (v === 0 ? 0 : Math.sign(e[j]) * share(v, j))) };
}
