/**
 * Tries the claims of the lecture notes, all of them or those named, at full size.
 * npm run example:notes -- [names] [--small] [--seeds 10]; exits with 1 if a claim does not hold.
 */
import { parseArgs } from "node:util";
import { createRuntime, type Runtime } from "whetstone";
import { type Claim, print } from "./claim.ts";
import { claims } from "./claims.ts";

/** Prints what the first seed gives, and what failed on the others. Returns on how many seeds the claim held. */
async function tryOut({ says, run }: Claim, small: boolean, seeds: number, runtime: Runtime): Promise<number> {
  let held = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const { tables, holds } = await run({ small, seed, runtime });
    const parts = Object.entries(holds);
    if (seed === 0) for (const table of tables) console.log(`\n${print(table)}`);
    if (seed === 0) console.log("");
    for (const [part, isTrue] of parts) {
      if (seed === 0) console.log(`${isTrue ? "yes" : "NO "} ${part}`);
      else if (!isTrue) console.log(`NO  with seed ${seed}: ${part}`);
    }
    if (parts.every(([, isTrue]) => isTrue)) held++;
  }
  const verdict = seeds > 1 ? `held on ${held} of ${seeds} seeds` : held === 1 ? "held" : "DID NOT HOLD";
  console.log(`${says}: ${verdict}`);
  return held;
}

const { values, positionals } = parseArgs({
  options: { small: { type: "boolean", default: false }, seeds: { type: "string", default: "1" } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !Object.hasOwn(claims, name));
if (unknown.length > 0) throw new Error(`no script ${unknown.join(", ")}. There are: ${Object.keys(claims).join(", ")}`);
const runtime = await createRuntime({ numerics: "portable", threads: 1 });
for (const name of positionals.length > 0 ? positionals : Object.keys(claims)) {
  const claim = claims[name]!;
  console.log(`\n${name} (notes ${claim.notes})`);
  const began = performance.now();
  const held = await tryOut(claim, values.small, Number(values.seeds), runtime);
  console.log(`${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (held < Number(values.seeds)) process.exitCode = 1;
}
