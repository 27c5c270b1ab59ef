/** The rules of the house, read off the sources: who may import whom, what no file may use, what the binaries hold. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

/** The code without comments and string contents: what is said about a thing is not a use of it. */
function codeOf(path: string): string {
  return read(path)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|[^:"'`])\/\/.*$/gm, "$1")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

function importsOf(path: string): string[] {
  const pattern = /(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|import\s+"([^"]+)"/g;
  return [...read(path).matchAll(pattern)].map((match) => {
    const target = match[1] ?? match[2] ?? match[3]!;
    if (!target.startsWith(".")) return target;
    const resolved = relative(root, join(root, dirname(path), target)).replaceAll("\\", "/");
    return resolved.endsWith(".ts") ? resolved : `${resolved}.ts`;
  });
}

const assembly = filesBelow("assembly");
const src = filesBelow("src");

/** Part of the house that a file belongs to: the first pattern that fits. */
const parts: [name: string, pattern: RegExp][] = [
  ["embedded", /^build\//],
  ["abi", /^assembly\/abi\.ts$/],
  ["assembly", /^assembly\//],
  ["entry", /^src\/(index|data\/index|metrics\/index|node\/index|node\/cli)\.ts$/],
  ["chunks", /^src\/chunks\//],
  ["node", /^src\/node\//],
  ["pipeline", /^src\/data\/(modelPipeline|modelTargets|preparation|pipelineOf)\.ts$/],
  ["data", /^src\/data\//],
  ["metrics", /^src\/metrics\//],
  ["judging", /^src\/judging\//],
  ["callbacks", /^src\/callbacks\//],
  ["safetensors", /^src\/model\/(safetensors|duplicateKeys|jsonCost)\.ts$/],
  ["history", /^src\/model\/history\.ts$/],
  ["minimize", /^src\/minimize(\.ts$|\/)/],
  ["model", /^src\/model\//],
  ["host", /^src\/runtime\/host\//],
  ["runtime", /^src\/runtime\//],
  ["program", /^src\/program\//],
  ["layers", /^src\/layers\//],
  ["losses", /^src\/losses\//],
  ["optimizers", /^src\/optimizers\//],
  ["net", /^src\/net\.ts$/],
  ["descriptions", /^src\/(activations|initializers|penalties|constraints|clipping|schedules)\.ts$/],
  ["basics", /^src\/(check|shape|errors|scalar|random|tensor)\.ts$/],
];

const partOf = (path: string): string => parts.find(([, pattern]) => pattern.test(path))?.[0] ?? path;

/** What a part may import beside itself; all else is an error. Types of the history may be named by callbacks. */
const arrows: Record<string, string[]> = {
  basics: [],
  descriptions: ["basics", "abi"],
  program: ["abi", "basics"],
  layers: ["program", "descriptions", "basics"],
  losses: ["program", "basics"],
  net: ["layers", "basics"],
  optimizers: ["abi", "descriptions", "basics"],
  host: [],
  runtime: ["abi", "basics", "embedded", "host", "chunks", "@assemblyscript/loader"],
  history: [],
  safetensors: ["basics"],
  callbacks: ["history", "host", "basics", "chunks"],
  data: ["basics"],
  pipeline: ["data", "model", "losses", "history", "basics"], // of model, losses and history only types
  metrics: ["basics", "data"],
  judging: ["model", "history", "callbacks", "data", "basics"], // of the model types only: see the test below
  model: [
    "abi",
    "program",
    "runtime",
    "host",
    "layers",
    "losses",
    "net",
    "optimizers",
    "descriptions",
    "basics",
    "callbacks",
    "data",
    "history",
    "safetensors",
    "chunks",
  ],
  minimize: ["abi", "program", "runtime", "model", "optimizers", "basics", "chunks"],
  chunks: ["model", "runtime", "minimize", "callbacks"], // what is loaded in one piece: names only
  node: [
    "entry",
    "model",
    "data",
    "metrics",
    "callbacks",
    "runtime",
    "host",
    "net",
    "layers",
    "losses",
    "optimizers",
    "descriptions",
    "basics",
    "safetensors",
    "history",
  ],
};

describe("imports", () => {
  test("assembly imports nothing outside its folder, and in one direction", () => {
    const allowed: [from: RegExp, to: RegExp][] = [
      [/^assembly\/index\.ts$/, /^assembly\//],
      [
        /^assembly\/(interpreter|guard|record|probe|team|update)\.ts$/,
        /^assembly\/(kernels|optimizers|workers|math|abi|guard|record|interpreter|update)/,
      ],
      [/^assembly\/kernels\//, /^assembly\/(kernels|math|abi)/],
      [/^assembly\/optimizers\//, /^assembly\/(optimizers|math|abi)/],
      [/^assembly\/math\//, /^assembly\/(math|abi)/],
      [/^assembly\/workers\//, /^assembly\/(workers|abi)/],
    ];
    const wrong = assembly.flatMap((file) =>
      importsOf(file)
        .filter((target) => !allowed.some(([from, to]) => from.test(file) && to.test(target)))
        .map((target) => `${file} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("every file of src belongs to a part, and parts import along the arrows", () => {
    const wrong = src.flatMap((file) => {
      const part = partOf(file);
      if (part === file) return [`${file} belongs to no part`];
      if (part === "entry") return [];
      return importsOf(file)
        .filter((target) => {
          const other = partOf(target);
          if (target.startsWith("node:")) return part !== "node" && part !== "host";
          return other !== part && !arrows[part]!.includes(other);
        })
        .map((target) => `${file} (${part}) -> ${target} (${partOf(target)})`);
    });
    expect(wrong).toEqual([]);
  });

  test("chunks are loaded when they are wanted: nothing but import() names them, and they are all that is loaded so", () => {
    const statics = /^(?:import|export) (?!type )[^;]*?from "([^"]+)"/gm;
    const targetsOf = (file: string, pattern: RegExp) =>
      [...read(file).matchAll(pattern)].map(([, target]) => relative(root, join(root, dirname(file), target!)).replaceAll("\\", "/"));
    expect(src.filter((file) => targetsOf(file, statics).some((target) => partOf(target) === "chunks"))).toEqual([]);
    const loaded = src.flatMap((file) => targetsOf(file, /(?<!typeof )import\("(\.[^"]+)"\)/g));
    expect([...new Set(loaded)].map(partOf).filter((part) => part !== "embedded" && part !== "chunks")).toEqual([]);
  });

  test("judging imports nothing but types from the model: it calls models that it is given, and whetstone/metrics stays small", () => {
    const wrong = src
      .filter((file) => partOf(file) === "judging")
      .flatMap((file) =>
        [...read(file).matchAll(/^(?:import|export) (?!type )[^;]*?from "\.\.\/(model\/(?!history)|runtime|program|net)[^"]*"/gm)].map(
          ([line]) => `${file}: ${line}`,
        ),
      );
    expect(wrong).toEqual([]);
  });

  test("no cycles between files, types aside", () => {
    const graph = new Map(
      src.map((file) => {
        const code = read(file).replace(/(?:import|export)\s+type\s[^;]*;/g, "");
        const targets = [...code.matchAll(/(?:import|export)\s[^;]*?from\s+"(\.[^"]+)"/g)].map(([, target]) =>
          relative(root, join(root, dirname(file), target!)).replaceAll("\\", "/"),
        );
        return [file, targets] as const;
      }),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
      if (done.has(file) || path.includes(file)) return;
      for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of src) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

describe("what no file may use", () => {
  const uses = (files: string[], pattern: RegExp) =>
    files.flatMap((file) => [...codeOf(file).matchAll(pattern)].map((match) => `${file}: ${match[0]}`));

  test("functions whose bits differ between engines, and **", () => {
    const pattern =
      /\bMathf?\.(exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|cbrt|hypot|random)\b|\*\*/g;
    expect(uses([...src, ...assembly], pattern)).toEqual([]);
  });

  test("any, enum, default exports, namespaces", () => {
    expect(uses(src, /:\s*any\b|\bas any\b|<any>|\benum\s|export default|\bnamespace\s/g)).toEqual([]);
  });

  test("platform names outside src/runtime/host and src/node", () => {
    const files = src.filter((file) => !/^src\/(runtime\/host|node)\/|^src\/runtime\/worker\.ts$/.test(file));
    expect(
      uses(files, /\b(process|Deno|Bun|window|document|navigator|require|__dirname|setTimeout|setInterval|console)\b\s*[.(]/g),
    ).toEqual([]);
  });

  test("TODO and the like", () => {
    const files = [...src, ...assembly];
    expect(files.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(read(file)))).toEqual([]);
  });
});

describe("the package", () => {
  const manifest = JSON.parse(read("package.json"));

  test("has no runtime dependency and no install script", () => {
    for (const key of ["dependencies", "peerDependencies", "optionalDependencies", "bundledDependencies"])
      expect(manifest[key]).toBeUndefined();
    for (const key of ["preinstall", "install", "postinstall", "prepare"]) expect(manifest.scripts[key]).toBeUndefined();
    expect(manifest.sideEffects).toBe(false);
  });

  test("exports these names from whetstone, no more and no fewer", async () => {
    const names = Object.keys(await import("../src/index.ts")).sort();
    await expect(`${names.join("\n")}\n`).toMatchFileSnapshot("exports.txt");
  });
});

describe("the binaries", () => {
  /** Sections of a module by number: 11 is data, 12 the count of data segments, 2 imports. */
  function sectionsOf(bytes: Uint8Array): Map<number, Uint8Array> {
    const sections = new Map<number, Uint8Array>();
    let at = 8;
    while (at < bytes.length) {
      const id = bytes[at++]!;
      let size = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]!;
        size |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      sections.set(id, bytes.subarray(at, at + size));
      at += size;
    }
    return sections;
  }

  test.each(["portable", "fast", "portable.shipped", "fast.shipped"])(
    "%s: no data segment, one import, which is shared memory",
    (variant) => {
      const bytes = readFileSync(join(root, `build/${variant}.wasm`));
      const sections = sectionsOf(bytes);
      expect(sections.has(11)).toBe(false);
      expect(sections.has(12)).toBe(false);
      // one import: "env" "memory", kind 2, limits 3 (shared, with maximum)
      expect([...sections.get(2)!.subarray(0, 14)]).toEqual([1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 3]);
    },
  );

  test("the portable binary holds no relaxed instruction, the fast one does", () => {
    // An engine without relaxed SIMD must validate it: Node 20 without its flag is one, and stripped here by opcode.
    const hasRelaxed = (variant: string) => {
      const code = sectionsOf(readFileSync(join(root, `build/${variant}.wasm`))).get(10)!;
      // 0xfd 0x105 (f32x4.relaxed_madd) in LEB128
      for (let i = 0; i + 2 < code.length; i++) if (code[i] === 0xfd && code[i + 1] === 0x85 && code[i + 2] === 0x02) return true;
      return false;
    };
    expect(hasRelaxed("portable")).toBe(false);
    expect(hasRelaxed("fast")).toBe(true);
  });
});
