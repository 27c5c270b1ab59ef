/** Event files, read back by a plain decoder, and by TensorBoard itself where it is installed. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { blobs } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { crc32c, frame, scalarEvent, versionEvent } from "../../src/node/eventFile.ts";
import { tensorBoard } from "../../src/node/index.ts";
import { folderWith } from "./program.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Bit by bit, with the polynomial as RFC 3720 gives it: x³² + x²⁸ + ... reflected. */
function plainCrc(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  return Number(crc ^ 0xffffffffn);
}

function plainMask(crc: number): number {
  const rotated = (BigInt(crc) >> 15n) | ((BigInt(crc) << 17n) & 0xffffffffn);
  return Number((rotated + 0xa282ead8n) % 0x100000000n);
}

interface Event {
  wallTime: number;
  step: number;
  version?: string;
  values: Record<string, number>;
}

type Fields = [field: number, value: number | Uint8Array][];

/** Protobuf's wire format: fields of a message in their order; numbers as such, what has a length as its bytes. */
function fieldsOf(bytes: Uint8Array): Fields {
  const fields: Fields = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [number, wire] = [tag >> 3, tag & 7];
    if (wire === 0) fields.push([number, varint()]);
    else {
      expect([1, 2, 5]).toContain(wire);
      const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
      const read = { 1: () => view.getFloat64(at, true), 2: () => bytes.subarray(at, at + length), 5: () => view.getFloat32(at, true) };
      fields.push([number, read[wire as 1 | 2 | 5]()]);
      at += length;
    }
  }
  return fields;
}

const textOf = (bytes: unknown) => new TextDecoder("utf-8", { fatal: true }).decode(bytes as Uint8Array);

function eventOf(bytes: Uint8Array): Event {
  const event: Event = { wallTime: Number.NaN, step: 0, values: {} };
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 1) event.wallTime = value as number;
    else if (field === 2) event.step = value as number;
    else if (field === 3) event.version = textOf(value);
    else {
      expect(field).toBe(5);
      for (const [inner, summary] of fieldsOf(value as Uint8Array)) {
        expect(inner).toBe(1);
        const found = Object.fromEntries(fieldsOf(summary as Uint8Array));
        expect(Object.keys(found)).toEqual(["1", "2"]);
        event.values[textOf(found[1])] = found[2] as number;
      }
    }
  }
  return event;
}

/** The events of a file; every checksum must be right. */
function eventsOf(file: Uint8Array): Event[] {
  const events: Event[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(plainMask(plainCrc(file.subarray(at, at + 8))));
    const message = file.subarray(at + 12, at + 12 + length);
    expect(message.length).toBe(length);
    expect(view.getUint32(at + 12 + length, true)).toBe(plainMask(plainCrc(message)));
    events.push(eventOf(message));
    at += 16 + length;
  }
  return events;
}

describe("crc32c", () => {
  // RFC 3720, B.4; the last one is the check value of the catalogue of CRCs.
  test.each([
    ["zeros", new Uint8Array(32), 0x8a9136aa],
    ["ones", new Uint8Array(32).fill(255), 0x62a8ab43],
    ["rising", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["falling", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ["123456789", bytesOf("123456789"), 0xe3069283],
    ["nothing", new Uint8Array(0), 0],
  ])("%s", (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
    expect(plainCrc(bytes)).toBe(crc);
  });
});

describe("events", () => {
  test("a file begins as every event file of TensorFlow does", () => {
    const bytes = frame(versionEvent(1.5));
    // The length, 24, and its masked checksum; 9 is the tag of wall_time.
    expect([...bytes.subarray(0, 13)]).toEqual([0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22, 9]);
    expect(eventsOf(bytes)).toEqual([{ wallTime: 1.5, step: 0, version: "brain.Event:2", values: {} }]);
  });

  test.each([0, 1, 127, 128, 16383, 16384, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER])("step %d", (step) => {
    const values = { loss: 0.5, "näme/x": -Infinity, nan: Number.NaN, long: 1e30, ["x".repeat(300)]: 1 };
    expect(eventsOf(frame(scalarEvent(1e9 + 0.25, step, values)))).toEqual([
      { wallTime: 1e9 + 0.25, step, values: { ...values, long: Math.fround(1e30) } },
    ]);
  });
});

const { x, y } = blobs({ samples: 60, centers: 3, features: 4, seed: 3 });
const settings = (): w.FitOptions => ({
  loss: w.softmaxCrossEntropy(),
  optimizer: w.sgd({ learningRate: w.stepDecay({ initial: 0.1, every: 4 }) }),
  epochs: 3,
  batchSize: 16,
  validation: 0.2,
  metrics: { accuracy },
});

async function run(options: Partial<w.FitOptions>): Promise<w.History> {
  const model = await w.build(w.sequential(w.input(4), w.dense(3)), { seed: 1 });
  return model.fit({ x, y }, { ...settings(), ...options });
}

const filesOf = (folder: string) => readdirSync(folder).sort();
const eventsIn = (folder: string, k = 0) => eventsOf(readFileSync(join(folder, filesOf(folder)[k]!)));

test("a run: what the history holds, at each epoch", async () => {
  const folder = join(folderWith({}), "runs", "first");
  let now = 1_700_000_000_000;
  const history = await run({ callbacks: [tensorBoard(folder, { clock: () => (now += 1000) })] });
  expect(filesOf(folder)).toHaveLength(1);
  expect(filesOf(folder)[0]).toMatch(/^events\.out\.tfevents\.1700000001\./);
  const [first, ...events] = eventsIn(folder);
  expect(first).toMatchObject({ version: "brain.Event:2", wallTime: 1_700_000_002 });
  const float = (values: number[], epoch: number) => Math.fround(values[epoch]!);
  expect(events).toEqual(
    [0, 1, 2].map((epoch) => ({
      wallTime: 1_700_000_003 + epoch,
      step: epoch,
      values: {
        loss: float(history.loss, epoch),
        valLoss: float(history.valLoss, epoch),
        accuracy: float(history.accuracy as number[], epoch),
        valAccuracy: float(history.valAccuracy as number[], epoch),
        learningRate: float(history.learningRate, epoch),
      },
    })),
  );
  await run({ callbacks: [tensorBoard(folder, { clock: () => 1_700_000_000_000 + 1000 })] });
  expect(filesOf(folder)).toHaveLength(2); // the same second, and a file of its own
});

test("steps too, and those of an epoch that was cut short; a resumed run goes on at its step", async () => {
  const folder = folderWith({});
  const rates: number[] = [];
  const stop: w.Callback = {
    onStep({ step, learningRate }) {
      rates.push(learningRate);
      return step === 5 ? "stop" : undefined;
    },
  };
  const { state } = await run({ callbacks: [tensorBoard(folder, { everySteps: 1, clock: () => 1e12 }), stop] });
  const events = eventsIn(folder).slice(1);
  expect(events.map(({ step, values }) => `${step} ${Object.keys(values)[0]}`)).toEqual([
    "1 step/loss",
    "2 step/loss",
    "3 step/loss",
    "0 loss",
    "4 step/loss",
    "5 step/loss",
  ]);
  expect(events.filter(({ values }) => "step/loss" in values).map(({ values }) => values["step/learningRate"])).toEqual(
    rates.map(Math.fround),
  );
  await run({ callbacks: [tensorBoard(folder, { everySteps: 2, clock: () => 1e12 + 1e3 })], resume: state! });
  const after = eventsIn(folder, 1).slice(1);
  expect(after.map(({ step, values }) => `${step} ${Object.keys(values)[0]}`)).toEqual(["6 step/loss", "1 loss", "8 step/loss", "2 loss"]);
});

test("options and folders that will not do", async () => {
  for (const folder of ["", 3, undefined]) expect(() => tensorBoard(folder as string)).toThrow("tensorBoard: folder must be a text, got");
  expect(() => tensorBoard("a", { everyStep: 1 } as object)).toThrow('tensorBoard: unknown option "everyStep". Did you mean "everySteps"?');
  expect(() => tensorBoard("a", { everySteps: -1 })).toThrow(w.OptionError);
  const file = join(folderWith({ "a.txt": "" }), "a.txt");
  await expect(run({ callbacks: [tensorBoard(file)] })).rejects.toMatchObject({ code: "EEXIST" });
});

const hasTensorBoard = spawnSync("python3", ["-c", "import tensorboard"]).status === 0;

test.skipIf(!hasTensorBoard)("TensorBoard itself reads it (skipped where python3 has no tensorboard)", async () => {
  const folder = folderWith({});
  const history = await run({ callbacks: [tensorBoard(folder)] });
  const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(json.dumps({tag: [event.value for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))`;
  const { stdout } = spawnSync("python3", ["-c", script, folder], { encoding: "utf8" });
  expect(JSON.parse(stdout)).toMatchObject({ loss: history.loss.map(Math.fround), valLoss: history.valLoss.map(Math.fround) });
});
