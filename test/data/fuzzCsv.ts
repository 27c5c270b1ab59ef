/** 100,000 damaged CSV files, whole and in pieces: no crash, no hang, errors that name line and column. Run by hand; tests take a sample. */
import { RandomStream } from "../../src/random.ts";
import { cut, mutated, NAMES_COLUMN, NAMES_PLACE, readOrError, streamOrError } from "./mutateCsv.ts";

const count = Number(process.argv[2] ?? 100_000);
const random = new RandomStream(Number(process.argv[3] ?? 1), 1);
let errors = 0;
let slowest = 0;
for (let i = 0; i < count; i++) {
  const text = mutated(random);
  const start = performance.now();
  const read = readOrError(random.below(2) === 0 ? text : new TextEncoder().encode(text));
  const delimiter = ",";
  const whole = readOrError(text, { delimiter });
  const streamed = await streamOrError(cut(text, random, 9), { delimiter, characters: 1 + random.below(30) });
  slowest = Math.max(slowest, performance.now() - start);
  for (const result of [read, whole, streamed]) {
    if (!(result instanceof Error)) continue;
    errors++;
    const isOfPlace = /line \d/.test(result.message) && !/line of names/.test(result.message);
    if (!NAMES_PLACE.test(result.message) || (isOfPlace && !NAMES_COLUMN.test(result.message))) {
      throw new Error(`names no place: ${result.message} for ${JSON.stringify(text)}`);
    }
  }
  const isSame =
    whole instanceof Error
      ? streamed instanceof Error
      : streamed instanceof Error
        ? /must be a number/.test(streamed.message)
        : streamed.rows === whole.rows;
  if (!isSame) throw new Error(`the stream differs for ${JSON.stringify(text)}`);
}
process.stdout.write(`${count} files, ${errors} errors of ${3 * count} readings, slowest ${slowest.toFixed(1)} ms\n`);
