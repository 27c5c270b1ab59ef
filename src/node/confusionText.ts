/** A confusion matrix for people: who was taken for whom. */
import { alignRight } from "./alignRight.ts";

const MAX_CLASSES = 20;
const MAX_LABEL = 14;

/**
 * A table with a row per true class and a column per predicted one, and each class's recall; zeros are dots. With more than
 * 20 classes the table would be too wide: then the most frequent confusions are listed.
 */
export function confusionText(confusion: readonly (readonly number[])[], classes: readonly string[]): string {
  return classes.length > MAX_CLASSES ? listOfConfusions(confusion, classes) : tableOfConfusions(confusion, classes);
}

function tableOfConfusions(confusion: readonly (readonly number[])[], classes: readonly string[]): string {
  const labels = classes.map(shorten);
  const cells = [
    ["true \\ predicted", ...labels, "recall"],
    ...confusion.map((row, i) => [labels[i]!, ...row.map((count) => (count === 0 ? "." : String(count))), recallOf(row, i)]),
  ];
  return alignRight(cells);
}

function listOfConfusions(confusion: readonly (readonly number[])[], classes: readonly string[]): string {
  const pairs = confusion.flatMap((row, i) => row.map((count, j) => ({ i, j, count }))).filter(({ i, j, count }) => i !== j && count > 0);
  pairs.sort((a, b) => b.count - a.count);
  const lines = pairs
    .slice(0, MAX_CLASSES)
    .map(({ i, j, count }) => `  ${count}  ${shorten(classes[i]!)} taken for ${shorten(classes[j]!)}`);
  return [`most frequent confusions of ${classes.length} classes${lines.length === 0 ? ": none" : ""}`, ...lines].join("\n");
}

function recallOf(row: readonly number[], i: number): string {
  const total = row.reduce((sum, count) => sum + count, 0);
  return total === 0 ? "-" : (row[i]! / total).toFixed(3);
}

export function shorten(label: string): string {
  const line = label.replace(/\s+/g, " ");
  return line.length > MAX_LABEL ? `${line.slice(0, MAX_LABEL - 3)}...` : line;
}
