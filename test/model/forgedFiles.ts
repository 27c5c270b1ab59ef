/** Files of some MB that are made to take memory, and honest ones: what loading them takes at the peak. */
import { readFileSync, writeFileSync } from "node:fs";
import * as w from "../../src/index.ts";
import { jsonCost } from "../../src/model/jsonCost.ts";
import { encodeSafetensors } from "../../src/model/safetensors.ts";
import { withHeader } from "./mutateFile.ts";

const BYTES = 16e6;
const INPUT = '{"kind":"input","shape":[1]}';

const forged = (header: string): Uint8Array => withHeader(header, new Uint8Array(0));
const times = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join(",");
const metadata = (layers: string) => ({ format: "pt", whetstone: `{"version":1,"layers":[${layers}]}` });

/** A dense layer of 1000 inputs whose weight is as large as the file, and what else a description holds. */
function honest(more = "", rows = BYTES / 4000, others: Record<string, { data: Float32Array; shape: number[] }> = {}): Uint8Array {
  const layers = `{"kind":"input","shape":[1000]},{"kind":"dense","units":${rows},"bias":false}${more}`;
  return encodeSafetensors({ "0.weight": { data: new Float32Array(1000 * rows), shape: [rows, 1000] }, ...others }, metadata(layers));
}

const slopes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i + 1}.weight`, { data: new Float32Array(1), shape: [1] }]));

/** By name; "refused" where it must not be loaded. */
export const FORGERIES: Readonly<Record<string, { readonly make: () => Uint8Array; readonly isRefused: boolean }>> = {
  "dense layer": { make: () => honest(), isRefused: false },
  "as many layers as the weights pay for": { make: () => honest(`,${times(9000, () => '{"kind":"relu"}')}`), isRefused: false },
  "as many parameters as the weights pay for": {
    make: () => honest(`,${times(7000, () => '{"kind":"prelu"}')}`, BYTES / 4000, slopes(7000)),
    isRefused: false,
  },
  "initial values as JSON": {
    make: () => {
      const rows = BYTES / 32000;
      const init = `{"kind":"fromArray","values":[${times(1000 * rows, () => "0")}]}`;
      const description = metadata(`{"kind":"input","shape":[1000]},{"kind":"dense","units":${rows},"bias":false,"init":${init}}`);
      const { cost } = jsonCost(description.whetstone); // as save counts it
      return encodeSafetensors({ "0.weight": { data: new Float32Array(1000 * rows), shape: [rows, 1000] } }, description, cost);
    },
    isRefused: false,
  },
  "a long text": {
    make: () => encodeSafetensors({}, metadata(`${INPUT},{"kind":"relu"}`.replace("}", `,"x":"${"x".repeat(BYTES)}"}`))),
    isRefused: true,
  },
  "empty objects": { make: () => forged(`{"__metadata__":[${"{},".repeat(BYTES / 3)}0]}`), isRefused: true },
  "empty lists": { make: () => forged(`{"__metadata__":[${"[],".repeat(BYTES / 3)}0]}`), isRefused: true },
  "short numbers": { make: () => forged(`{"__metadata__":[${"0,".repeat(BYTES / 2)}0]}`), isRefused: true },
  "short texts": { make: () => forged(`{"__metadata__":{${times(BYTES / 14, (i) => `"${i.toString(36)}":"a"`)}}}`), isRefused: true },
  "empty tensors": {
    make: () => forged(`{${times(BYTES / 60, (i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`)}}`),
    isRefused: true,
  },
  "a shape without end": {
    make: () => forged(`{"a":{"dtype":"F32","shape":[${"1,".repeat(BYTES / 2)}0],"data_offsets":[0,0]}}`),
    isRefused: true,
  },
  "many layers": { make: () => encodeSafetensors({}, metadata(`${INPUT},${times(BYTES / 20, () => '{"kind":"relu"}')}`)), isRefused: true },
  "deep lists": {
    make: () => encodeSafetensors({}, metadata(`${INPUT},{"kind":"relu","x":${"[".repeat(BYTES / 2)}${"]".repeat(BYTES / 2)}}`)),
    isRefused: true,
  },
  "bytes as values": {
    make: () => {
      const layers = `{"kind":"input","shape":[1000]},{"kind":"dense","units":${BYTES / 1000},"bias":false}`;
      const weight = { dtype: "U8", shape: [BYTES / 1000, 1000], data_offsets: [0, BYTES] };
      return withHeader(JSON.stringify({ __metadata__: metadata(layers), "0.weight": weight }), new Uint8Array(BYTES));
    },
    isRefused: true,
  },
  "a net of 1e9 units": { make: () => encodeSafetensors({}, metadata(`${INPUT},{"kind":"dense","units":1000000000}`)), isRefused: true },
};

/** Resident bytes in units of 1, by the line of /proc/self/status. */
const resident = (line: "VmHWM" | "VmRSS"): number =>
  1024 * Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))![1]);

/** Loads one of them from its file, and says what that took. @throws if it was more than 4 times the file or, for small ones, 4 MiB, or not refused as it must. */
export async function peakOf(name: string, file: string): Promise<string> {
  const { isRefused } = FORGERIES[name]!;
  const runtime = await w.createRuntime({ threads: 1 });
  (await w.load(encodeSafetensors({}, metadata(INPUT)), { runtime })).dispose(); // what the first call makes for all others
  const bytes = readFileSync(file);
  globalThis.gc!();
  writeFileSync("/proc/self/clear_refs", "5"); // the peak begins anew
  const before = resident("VmRSS");
  const outcome = await w.load(bytes, { runtime }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const taken = resident("VmHWM") - before;
  if (isRefused !== outcome instanceof w.FormatError) throw new Error(`${name}: ${outcome}`, { cause: outcome });
  const line = `${name}: ${(bytes.length / 1e6).toFixed(1)} MB, at the peak ${(taken / 1e6).toFixed(1)} MB, ${isRefused ? "refused" : "loaded"}`;
  if (taken > Math.max(4 * bytes.length, 4_194_304)) throw new Error(line);
  return line;
}
