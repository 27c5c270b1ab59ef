/**
 * The update rules in float64, one parameter at a time, in PyTorch's words (the table of test/vectors/README.md). The
 * specification of assembly/optimizers and of update64; `t` counts from 1, `memory` starts empty.
 */
export type Options = Record<string, number | boolean>;
export type Memory = Record<string, number>;

/** What the learning rate multiplies, for a gradient that is clipped and decayed already. */
type Direction = (g: number, memory: Memory, t: number, o: Record<string, number>) => number;

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
  sgd(g, memory, t, o) {
    if (!o.momentum) return g;
    memory.b = t === 1 ? g : o.momentum * memory.b + (1 - o.dampening) * g;
    return o.nesterov ? g + o.momentum * memory.b : memory.b;
  },
  adagrad(g, memory, t, o) {
    memory.s = (memory.s ?? o.initialAccumulator) + g * g;
    return g / (1 + (t - 1) * o.learningRateDecay) / (Math.sqrt(memory.s) + o.eps);
  },
  rmsprop(g, memory, _t, o) {
    memory.v = o.alpha * (memory.v ?? 0) + (1 - o.alpha) * g * g;
    memory.m = o.alpha * (memory.m ?? 0) + (1 - o.alpha) * g;
    const q = o.centered ? memory.v - memory.m * memory.m : memory.v;
    const u = g / (Math.sqrt(q) + o.eps);
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
    return memory.m / (1 - o.beta1 ** t) / (Math.sqrt(w / (1 - o.beta2 ** t)) + o.eps);
  },
};
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
  const o = options as Record<string, number>;
  const lambda = decayed ? o.weightDecay : 0;
  const clipped = Math.min(Math.max(gradient * scale, -limit), limit);
  const g = kind === "adamw" ? clipped : clipped + lambda * w;
  const kept = keep ?? (kind === "adamw" ? 1 - rate * lambda : 1);
  return kept * w - rate * directions[kind](g, memory, t, o);
}
