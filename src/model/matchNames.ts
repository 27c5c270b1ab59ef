/** Parameters by pattern: a name, or one with * for any characters. */
import { show } from "../check.ts";
import { OptionError } from "../errors.ts";

export function matchNames<T extends { readonly name: string }>(where: string, all: readonly T[], patterns: readonly string[]): T[] {
  if (patterns.length === 0) throw new OptionError(`${where}: give at least one pattern, such as "0.*" or "*"`);
  const matched = new Set<T>();
  for (const pattern of patterns) {
    if (typeof pattern !== "string") throw new OptionError(`${where}: a pattern must be a string such as "0.*", got ${show(pattern)}`);
    const expression = new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
    const found = all.filter(({ name }) => expression.test(name));
    if (found.length === 0)
      throw new OptionError(
        `${where}: no parameter matches ${show(pattern)}. There are: ${all.map(({ name }) => name).join(", ") || "none"}`,
      );
    for (const parameter of found) matched.add(parameter);
  }
  return all.filter((parameter) => matched.has(parameter));
}
