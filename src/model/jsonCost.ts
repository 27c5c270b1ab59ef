/**
 * What JSON.parse, and the net that is made of its result, will take, told from the text alone: two characters can become an
 * object, and a file may come from anywhere. Estimates from above, measured in V8 by test/model/fuzzFile.ts.
 */

/** Bytes of memory for an object as a layer or a tensor is one, a name with its value, a list, a value in it. */
const OBJECT = 1000;
const PAIR = 200;
const LIST = 64;
const VALUE = 64; // lists of numbers grow while they are read, and the net holds a copy

/** Deep enough for 40 residual blocks within one another; all that walks the values may recurse. */
const MAX_DEPTH = 100;

/** Bytes for what stands in the text, and for one copy of its characters; `cost` is Infinity if it is nested too deep. */
export function jsonCost(text: string): { readonly cost: number; readonly textBytes: number } {
  let cost = 0;
  let depth = 0;
  let deepest = 0;
  let isText = false;
  let bytes = 1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0xff)
      bytes = 2; // a text is kept in one byte per character, or all of it in two
    else if (isText && code === 0x5c)
      at++; // \ and what it escapes
    else if (code === 0x22)
      isText = !isText; // "
    else if (isText) continue;
    else if (code === 0x2c)
      cost += VALUE; // ,
    else if (code === 0x3a)
      cost += PAIR; // :
    else if (code === 0x7b || code === 0x5b) {
      cost += code === 0x7b ? OBJECT : LIST; // { [
      deepest = Math.max(deepest, ++depth);
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return { cost: deepest > MAX_DEPTH ? Infinity : cost, textBytes: bytes * text.length };
}

/**
 * What a file of so many bytes may cost: a little less than four times its size, for what is not counted, or as much as small
 * files need whatever is in them.
 */
export const memoryFor = (fileBytes: number): number => Math.max(Math.floor(3.9 * fileBytes), 4_194_304);
