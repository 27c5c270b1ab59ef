/** minimize with a second-order method: always in float64; f of a Float32Array sees x rounded. */
import type { MinimizeOptions, Minimum, Objective } from "../minimize.ts";
import { Descent } from "../optimizers/descent.ts";
import { type Evaluate, FLOAT32, FLOAT64, largest, type SecondOrder } from "../optimizers/secondOrder.ts";
import { checkFinite, checkIsNumber } from "./checkFinite.ts";

interface Bounds<V extends Float32Array | Float64Array> {
  readonly steps: number;
  readonly tolerance: number;
  readonly onStep: MinimizeOptions<V>["onStep"];
}

export function searchByCurvature<V extends Float32Array | Float64Array>(
  f: Objective<V>,
  x0: V,
  method: SecondOrder,
  { steps, tolerance, onStep }: Bounds<V>,
): Minimum<V> {
  const isSingle = x0 instanceof Float32Array;
  let evaluations = 0;
  const own = isSingle ? { x: x0.slice() as V, gradient: x0.slice() as V } : undefined;
  const evaluate: Evaluate = (x, gradient) => {
    evaluations++;
    const seen = own ?? ({ x, gradient } as unknown as { x: V; gradient: V });
    if (own) own.x.set(x);
    seen.gradient.fill(0);
    const value = f(seen.x, seen.gradient);
    checkIsNumber(value);
    if (own) gradient.set(own.gradient);
    return value;
  };
  const start = Float64Array.from(x0);
  const copyOf = (x: Float64Array): V => (isSingle ? Float32Array.from(x) : x.slice()) as V;
  // Nothing is asked of f if no step is wanted, as with every optimizer.
  if (steps === 0) return { x: copyOf(start), value: Number.NaN, steps: 0, evaluations: 0, converged: false };
  const descent = new Descent(evaluate, start, method, isSingle ? FLOAT32 : FLOAT64);
  checkFinite(descent.value, descent.gradient, 0);
  const isDone = () => tolerance > 0 && largest(descent.gradient) <= tolerance;
  let converged = isDone();
  while (!converged && descent.steps < steps) {
    const { value, steps: step } = descent;
    descent.step();
    onStep?.({ step, x: copyOf(descent.x), value });
    converged = isDone();
  }
  return { x: copyOf(descent.x), value: descent.value, steps: descent.steps, evaluations, converged };
}
