/** A runtime of each variant that this engine validates, for tests through the facade. */
import { createRuntime, type Runtime } from "../../src/index.ts";
import { type Variant, variants } from "../kernels/harness.ts";

export { type Variant, variants };

const runtimes = new Map<Variant, Promise<Runtime>>();

export function runtimeOf(variant: Variant): Promise<Runtime> {
  let found = runtimes.get(variant);
  if (found === undefined) {
    found = createRuntime({ numerics: variant }).then((runtime) => {
      if (runtime.info.numerics !== variant) throw new Error(`asked for ${variant}, got ${runtime.info.numerics}`);
      return runtime;
    });
    runtimes.set(variant, found);
  }
  return found;
}
