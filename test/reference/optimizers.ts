/**
 * The update rules in float64, one parameter at a time, in PyTorch's words (the table of test/vectors/README.md). The
 * specification of assembly/optimizers and of update64; `t` counts from 1, `memory` starts empty.
 */
export type Options = Record<string, number | boolean | string>;
export type Memory = Record<string, number>;

/** What the learning rate multiplies, for a gradient that is clipped and decayed already; `rate` for rules that gather steps. */
type Direction = (g: number, memory: Memory, t: number, o: Record<string, number>, rate: number) => number;

/** What stands around the rule in a step. Without it: nothing clipped. */
export interface Around {
  scale?: number;
  limit?: number;
  /** Factor on the parameter; the rule's own if absent. */
  keep?: number;
  /** False: no weight decay of any kind. */
  decayed?: boolean;
}

const directions: Record<string, Direction> = {
  sgd(g, memory, t, o, rate) {
    if (!o.momentum) return g;
    if ((o.form as unknown) === "displacement") {
      const joined = t === 1 ? g : (1 - o.dampening) * g;
      memory.v = o.momentum * (memory.v ?? 0) - rate * joined;
      const moved = o.nesterov ? o.momentum * memory.v - rate * g : memory.v;
      return -moved / rate;
    }
    memory.b = t === 1 ? g : o.momentum * memory.b + (1 - o.dampening) * g;
    return o.nesterov ? g + o.momentum * memory.b : memory.b;
  },
  adagrad(g, memory, t, o) {
    memory.s = (memory.s ?? o.initialAccumulator) + g * g;
    return g / (1 + (t - 1) * o.learningRateDecay) / root(memory.s, o);
  },
  rmsprop(g, memory, _t, o) {
    memory.v = o.alpha * (memory.v ?? 0) + (1 - o.alpha) * g * g;
    memory.m = o.alpha * (memory.m ?? 0) + (1 - o.alpha) * g;
    const q = o.centered ? memory.v - memory.m * memory.m : memory.v;
    const u = g / root(q, o);
    memory.b = o.momentum * (memory.b ?? 0) + u;
    return memory.b;
  },
  adadelta(g, memory, _t, o) {
    memory.v = o.rho * (memory.v ?? 0) + (1 - o.rho) * g * g;
    const delta = (Math.sqrt((memory.a ?? 0) + o.eps) / Math.sqrt(memory.v + o.eps)) * g;
    memory.a = o.rho * (memory.a ?? 0) + (1 - o.rho) * delta * delta;
    return delta;
  },
  adam(g, memory, t, o) {
    memory.m = o.beta1 * (memory.m ?? 0) + (1 - o.beta1) * g;
    memory.v = o.beta2 * (memory.v ?? 0) + (1 - o.beta2) * g * g;
    memory.max = Math.max(memory.max ?? 0, memory.v);
    const w = o.amsgrad ? memory.max : memory.v;
    if (o.biasCorrection === (false as unknown)) return memory.m / (Math.sqrt(w) + o.eps);
    return memory.m / (1 - o.beta1 ** t) / (Math.sqrt(w / (1 - o.beta2 ** t)) + o.eps);
  },
  adamax(g, memory, t, o) {
    memory.m = o.beta1 * (memory.m ?? 0) + (1 - o.beta1) * g;
    memory.u = Math.max(o.beta2 * (memory.u ?? 0), Math.abs(g) + o.eps);
    return memory.m / (1 - o.beta1 ** t) / memory.u;
  },
  nadam(g, memory, t, o) {
    memory.m = o.beta1 * (memory.m ?? 0) + (1 - o.beta1) * g;
    memory.v = o.beta2 * (memory.v ?? 0) + (1 - o.beta2) * g * g;
    const momentum = (step: number) => o.beta1 * (1 - 0.5 * 0.96 ** (step * o.momentumDecay));
    memory.product = (memory.product ?? 1) * momentum(t);
    const ofGradient = (1 - momentum(t)) / (1 - memory.product);
    const ofMean = momentum(t + 1) / (1 - memory.product * momentum(t + 1));
    return (ofGradient * g + ofMean * memory.m) / (Math.sqrt(memory.v / (1 - o.beta2 ** t)) + o.eps);
  },
  radam(g, memory, t, o) {
    memory.m = o.beta1 * (memory.m ?? 0) + (1 - o.beta1) * g;
    memory.v = o.beta2 * (memory.v ?? 0) + (1 - o.beta2) * g * g;
    const mean = memory.m / (1 - o.beta1 ** t);
    const last = 2 / (1 - o.beta2) - 1;
    const length = last - (2 * t * o.beta2 ** t) / (1 - o.beta2 ** t);
    if (length <= 5) return mean;
    const r = Math.sqrt(((length - 4) * (length - 2) * last) / ((last - 4) * (last - 2) * length));
    return (mean * r * Math.sqrt(1 - o.beta2 ** t)) / (Math.sqrt(memory.v) + o.eps);
  },
  lion(g, memory, _t, o) {
    const direction = Math.sign(o.beta1 * (memory.m ?? 0) + (1 - o.beta1) * g);
    memory.m = o.beta2 * (memory.m ?? 0) + (1 - o.beta2) * g;
    return direction;
  },
};
const root = (square: number, o: Record<string, number>) => (o.epsInside ? Math.sqrt(square + o.eps) : Math.sqrt(square) + o.eps);
directions.adamw = directions.adam;

/** The parameter after step t of the rule `kind`; `options` holds every option by whetstone's name. */
export function updated(
  kind: string,
  options: Options,
  w: number,
  gradient: number,
  memory: Memory,
  t: number,
  rate: number,
  { scale = 1, limit = Infinity, keep, decayed = true }: Around = {},
): number {
  const o = options as unknown as Record<string, number>;
  const lambda = decayed ? o.weightDecay : 0;
  const clipped = Math.min(Math.max(gradient * scale, -limit), limit);
  const isDecoupled = kind === "adamw" || kind === "lion";
  const g = isDecoupled ? clipped : clipped + lambda * w;
  const kept = keep ?? (isDecoupled ? 1 - rate * lambda : 1);
  return kept * w - rate * directions[kind](g, memory, t, o, rate);
}
