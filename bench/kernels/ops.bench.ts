/**
 * Every op of the step program at four shapes, one thread, `fast`, beside the machine's limits: the copy loop over as many bytes as
 * the op must move, and for products the multiply-add loop. Ops that compute much per element are far from the copy loop by
 * nature; those that only move data should be near it or, where they write in place, above it.
 * Fails if an optimizer's update of 4 M parameters is below 0.8 of the copy loop. One that clips runs through its gradients twice,
 * the second time in the first cache; it is shown, not held to that.
 * Run with a current Node: node bench/kernels/ops.bench.ts [--filter adam] [--quick]
 */
import { parseArgs } from "node:util";
import * as abi from "../../assembly/abi.ts";
import { Module, machine, timeInTurns } from "../harness.ts";
import { copyLoop } from "./copy.ts";
import { cases, isUpdate, makeRun, type OpCase, type Shape, shapes } from "./ops.ts";
import { PEAK_FLOP, peak } from "./peak.ts";

const REQUIRED_OF_COPY = 0.8;

const { values: flags } = parseArgs({ options: { filter: { type: "string", default: "" }, quick: { type: "boolean", default: false } } });
const sampling = { rounds: flags.quick ? 1 : 3, seconds: flags.quick ? 0.004 : 0.015 };

// Two memories: the copy loop's arrays must not be the op's.
const module = new Module("fast");
const yardsticks = new Module("fast");
const faults: string[] = [];

function measure(item: OpCase, shape: Shape): string {
  const own = makeRun(module, item, shape);
  if (own.run() !== abi.STATUS_OK) throw new Error(`${own.title} at ${shape.name} ended with a status other than OK`);
  const copy = copyLoop(yardsticks, own.bytes);
  const [op, limit] = timeInTurns([() => void own.run(), copy], sampling);
  const speed = own.bytes / op.min / 1e9;
  const ratio = limit.min / op.min;
  if (shape.name === "large" && isUpdate(item.name) && !item.isClipped && ratio < REQUIRED_OF_COPY) {
    faults.push(`${item.title}, ${shape.name}: ${ratio.toFixed(2)} of the copy loop, ${REQUIRED_OF_COPY} are promised`);
  }
  const gflops = own.flop === undefined ? "" : (own.flop / op.min / 1e9).toFixed(1);
  const cells = [own.title, shape.name, (op.min * 1e6).toFixed(2), speed.toFixed(1), ratio.toFixed(2), gflops];
  return `| ${cells.join(" | ")} |`;
}

console.log("ops, fast, one thread:", JSON.stringify(machine()));
console.log("| op | shape | µs | GB/s | of the copy loop | GFLOP/s |\n|---|---|---|---|---|---|");
for (const item of cases.filter(({ title }) => title.includes(flags.filter))) {
  for (const shape of shapes) console.log(measure(item, shape));
}
yardsticks.reset();
const [limit] = timeInTurns([peak(yardsticks)]);
console.log(`\nmultiply-add loop: ${(PEAK_FLOP / limit.min / 1e9).toFixed(1)} GFLOP/s`);

for (const fault of faults) console.error(`FAILED: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
