import { describe, expect, test } from "vitest";
import { confusionText } from "../../src/node/confusionText.ts";
import { predictionCsv } from "../../src/node/predictionCsv.ts";

describe("confusionText", () => {
  test("rows are true classes, zeros are dots, each class has its recall", () => {
    const text = confusionText(
      [
        [12, 0, 1],
        [0, 5, 0],
        [0, 0, 0],
      ],
      ["a", "long name of a class", "c"],
    );
    expect(text.split("\n")).toEqual([
      "true \\ predicted   a  long name o...  c  recall",
      "               a  12               .  1   0.923",
      "  long name o...   .               5  .   1.000",
      "               c   .               .  .       -",
    ]);
  });

  test("more than 20 classes: the most frequent confusions first", () => {
    const classes = Array.from({ length: 21 }, (_, i) => `c${i}`);
    const matrix = classes.map((_, i) => classes.map((_, j): number => (i === j ? 9 : 0)));
    expect(confusionText(matrix, classes)).toBe("most frequent confusions of 21 classes: none");
    matrix[3]![4] = 2;
    matrix[20]![0] = 7;
    expect(confusionText(matrix, classes)).toBe("most frequent confusions of 21 classes\n  7  c20 taken for c0\n  2  c3 taken for c4");
  });
});

describe("predictionCsv", () => {
  test("texts are quoted where they must be, numbers name their float32", () => {
    const probabilities = Float32Array.of(0.1, 0.9, 1 / 3, 2 / 3);
    const csv = predictionCsv({ task: "classification", classes: ['a "b", c', " d"], labels: Float32Array.of(1, 1), probabilities });
    expect(csv).toBe('class,"probability_a ""b"", c",probability_ d\n" d",0.100000001,0.899999976\n" d",0.333333343,0.666666687\n');
    const numbers = csv
      .split("\n")
      .slice(1, 3)
      .flatMap((line) => line.split(",").slice(1).map(Number));
    expect(numbers.map(Math.fround)).toEqual(Array.from(probabilities));
  });

  test("values under the target's name", () => {
    expect(predictionCsv({ task: "regression", targets: ["price"], values: Float32Array.of(-0, 1e-20, 123456.789) })).toBe(
      "price\n0\n9.99999968e-21\n123456.789\n",
    );
  });
});
