/**
 * What a row of the table means. A group is { file, tests, changes }; a change is
 *   name     what is broken, for the report
 *   find     an exact piece of the source, which must be there once          replace   what stands there instead
 *   in       optional: the line that begins the function or class meant; `find` is then sought up to its closing brace
 *   tests    optional: the test files of which one must go red, instead of the group's
 *   variant  optional: the binary that is broken, "fast" if not given
 *   equivalent   optional: why no test can tell this one
 */

export const rows = (groups) => groups.flatMap(({ file, tests, changes }) => changes.map((change) => ({ file, tests, ...change })));

const once = (text, piece, where) => {
  const at = text.indexOf(piece);
  if (at < 0) throw new Error(`${JSON.stringify(piece)} is not in ${where}`);
  if (text.indexOf(piece, at + 1) >= 0) throw new Error(`${JSON.stringify(piece)} is in ${where} more than once`);
  return at;
};

/** The source of a mutant's file with its one change. @throws Error if the place is not there, or there twice. */
export function sourceOf({ find, replace, in: begin }, source) {
  const from = begin === undefined ? 0 : once(source, begin, "the file");
  const close = begin === undefined ? -1 : source.indexOf("\n}\n", from);
  const to = close < 0 ? source.length : close;
  const at = from + once(source.slice(from, to), find, begin === undefined ? "the file" : `"${begin}"`);
  return source.slice(0, at) + replace + source.slice(at + find.length);
}
