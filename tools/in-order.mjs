/**
 * Takes the calls of inOrder (assembly/math/inOrder.ts) out of a binary that is optimized: they have done their work, which was to keep the
 * order of instructions, and each gives back what it is given.
 */
import binaryen from "assemblyscript/binaryen";

const IMPORT = /\(import "build" "inOrder" \(func (\S+) .*\n/;

export function withoutInOrder(bytes) {
  const source = binaryen.readBinary(bytes);
  source.setFeatures(binaryen.Features.All);
  const text = source.emitText();
  source.dispose();
  const [declaration, name] = IMPORT.exec(text) ?? [];
  if (name === undefined) return bytes;
  // A block without a label is no instruction of its own.
  const module = binaryen.parseText(text.replace(declaration, "").replaceAll(`(call ${name}\n`, "(block (result v128)\n"));
  module.setFeatures(binaryen.Features.All);
  const result = module.emitBinary();
  module.dispose();
  return result;
}
