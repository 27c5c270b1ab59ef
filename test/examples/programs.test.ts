/** The ten small programs of examples/, on the built package: in Node, and in Deno as they are. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const deno = join(root, "test/hosts/node_modules/@deno", `${process.platform}-${process.arch}-glibc`, "deno");
const flags = ["run", "--no-prompt", "--no-check", "--allow-read", "--config", "examples/deno.json"];
const hosts: Record<string, { readonly needs: string; readonly argv: readonly string[] }> = {
  Node: { needs: "dist/index.js", argv: [process.execPath, "tools/run.mjs"] },
  Deno: { needs: deno, argv: [deno, ...flags] },
};

/** What each prints: numbers in the place of #, each at least (or at most, if negative) as given. */
const programs: Record<string, { readonly says: string; readonly bounds: readonly number[] }> = {
  regression: { says: "R2 #, off by # on average", bounds: [0.35, -50] },
  binary: { says: "test accuracy #, area under the ROC curve #", bounds: [0.92, 0.97] },
  multiClass: { says: "test accuracy #\nfound: virginica", bounds: [0.9] },
  multiLabel: { says: "macro F1 #\nthe middle lies in # discs", bounds: [0.94, 3] },
  imbalanced: {
    says: "plain: accuracy #, balanced #, # of # rare rows found\nbalanced: accuracy #, balanced #, # of # rare rows found",
    bounds: [0.94, 0.7, 40, 82, 0.85, 0.86, 68, 82],
  },
  customMetric: { says: "cost # -> # in # epochs, ended by a callback", bounds: [0.1, -0.0099, -100] },
  streaming: { says: "accuracy on the rows of the file: #", bounds: [0.96] },
  resume: { says: "accuracy #; same bits: true", bounds: [0.93] },
  predictInPage: { says: '{"color":"red","grams":#}: cherry (# %)', bounds: [6, 90] },
  fineTuning: { says: "accuracy from # examples: # tuned, # from scratch", bounds: [20, 0.84, 0.6] },
};

function run(program: string, argv: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((done, reject) => {
    const child = spawn(program, argv, { cwd: root });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => {
      out += text;
    });
    child.stderr.on("data", (text) => {
      err += text;
    });
    child.on("error", reject);
    child.on("close", (code) => done({ code, out, err }));
  });
}

describe.each(Object.entries(hosts))("%s", (host, { needs, argv: [program, ...argv] }) => {
  const missing = [needs, "dist/index.js"].map((path) => resolve(root, path)).find((path) => !existsSync(path));
  if (missing && process.env.CI) throw new Error(`${missing} is missing: npm run build; npm ci --prefix test/hosts`);
  if (missing) console.warn(`SKIPPED: ${host}, as ${missing} is not there`);

  test.skipIf(missing).each(Object.entries(programs))("examples/%s.ts", async (name, { says, bounds }) => {
    const { code, out, err } = await run(program!, [...argv, `examples/${name}.ts`]);
    expect([code, err], out).toEqual([0, ""]);
    const pattern = says.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("#", "(-?[\\d.]+)");
    expect(out.trimEnd()).toMatch(new RegExp(`^${pattern}$`));
    const numbers = new RegExp(`^${pattern}$`).exec(out.trimEnd())!.slice(1).map(Number);
    for (const [i, bound] of bounds.entries()) {
      if (bound < 0) expect(numbers[i], out).toBeLessThanOrEqual(-bound);
      else expect(numbers[i], out).toBeGreaterThanOrEqual(bound);
    }
  });
});

test.each(Object.keys(programs))("examples/%s.ts is short", (name) => {
  expect(
    readFileSync(join(root, `examples/${name}.ts`), "utf8")
      .trimEnd()
      .split("\n").length,
  ).toBeLessThan(30);
});
