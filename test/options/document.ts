/** docs/OPTIONS.md: every option with its type, default and meaning, as the compiler reads them off the sources. */
import { fileURLToPath } from "node:url";
import ts from "typescript";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const TITLES: Readonly<Record<string, string>> = {
  whetstone: "`whetstone`",
  "whetstone/data": "`whetstone/data`",
  "whetstone/metrics": "`whetstone/metrics`",
  "whetstone/node": "`whetstone/node`",
  model: "Methods of a model",
  modelPipeline: "Methods of a model with its transforms",
  ensemble: "Methods of an ensemble",
};

const HEAD = `# Options

Every option of every exported function. Written by \`npm run options:table\` from the types; test/options has a test for each
that two settings of it make a difference. – is what has no default: nothing is done, or the function decides.
`;

export function optionsDocument(): string {
  const { config } = ts.readConfigFile(path("../../tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, path("../.."));
  const file = path("types.ts");
  const program = ts.createProgram([file], options);
  const checker = program.getTypeChecker();
  const source = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  const all = checker.getExportsOfModule(source).find(({ name }) => name === "Options")!;
  const sections = checker.getDeclaredTypeOfSymbol(all).getProperties();
  const functions = functionsOf(program, checker);
  return [HEAD, ...sections.map((section) => sectionOf(checker, section, functions))].join("\n");
}

type Functions = ReadonlyMap<string, readonly ts.Node[]>;

/** Where the exported functions are written, by name. */
function functionsOf(program: ts.Program, checker: ts.TypeChecker): Functions {
  const entries = ["", "data/", "metrics/", "node/"].map((folder) => program.getSourceFile(path(`../../src/${folder}index.ts`))!);
  const names = entries.flatMap((entry) => checker.getExportsOfModule(checker.getSymbolAtLocation(entry)!));
  return new Map(
    names.map((name) => [name.name, (name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name).declarations ?? []]),
  );
}

function sectionOf(checker: ts.TypeChecker, section: ts.Symbol, functions: Functions): string {
  const entries = [...checker.getTypeOfSymbol(section).getProperties()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = entries.flatMap((entry) => rowsOf(checker, entry, functions.get(entry.name) ?? []));
  return `## ${TITLES[section.name] ?? section.name}\n\n| function | option | type | default | meaning |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

function rowsOf(checker: ts.TypeChecker, entry: ts.Symbol, written: readonly ts.Node[]): string[] {
  const type = checker.getTypeOfSymbol(entry);
  const options = new Map(
    (type.isUnion() ? type.types : [type]).flatMap((part) => checker.getPropertiesOfType(part)).map((o) => [o.name, o]),
  );
  return [...options.values()].sort(byPlace).map((option) => {
    const declaration = option.declarations?.[0];
    const meaning = ts.displayPartsToString(option.getDocumentationComment(checker)).replace(/\s+/g, " ").trim();
    const typeNode = declaration && ts.isPropertySignature(declaration) ? declaration.type : undefined;
    const text = typeNode?.getText() ?? checker.typeToString(checker.getTypeOfSymbol(option));
    const isOptional = (option.flags & ts.SymbolFlags.Optional) !== 0;
    const standard = isOptional ? (writtenDefault(meaning) ?? codedDefault(written, option.name) ?? "–") : "required";
    return `| ${entry.name} | ${option.name} | ${code(text)} | ${cell(standard)} | ${cell(meaning)} |`;
  });
}

/** In the order of the sources: that of the compiler may change with what else it has read. */
function byPlace(a: ts.Symbol, b: ts.Symbol): number {
  const [first, second] = [a.declarations![0]!, b.declarations![0]!];
  const [one, other] = [first.getSourceFile().fileName, second.getSourceFile().fileName];
  return one === other ? first.pos - second.pos : one < other ? -1 : 1;
}

/** What the docstring says: "Default 3.", "Default: none.", "'drop' (default)". */
function writtenDefault(meaning: string): string | undefined {
  const before = /(?:^|[\s(])((?:"[^"]*"|'[^']*'|[\w.-]+)) \(default\)/.exec(meaning)?.[1];
  const aside = /('[^']*'|"[^"]*"),? (?:by )?default\b/.exec(meaning)?.[1];
  const after = /\b[Dd]efault:? (.*)/.exec(meaning)?.[1];
  return before ?? aside ?? (after && phraseOf(after));
}

/** Up to the first stop outside of brackets. */
function phraseOf(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const rest = text.slice(i);
    if (depth === 0 && /^([.;,:](\s|$)|\)| where | if )/.test(rest) && i > 0) return text.slice(0, i);
    if ("([{".includes(text[i]!)) depth++;
    if (")]}".includes(text[i]!)) depth--;
  }
  return text;
}

/** What destructuring in the function, or else in its file, says: std = 0.01. */
function codedDefault(written: readonly ts.Node[], name: string): string | undefined {
  let found: string | undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isBindingElement(node) && (node.propertyName ?? node.name).getText() === name && node.initializer)
      found ??= node.initializer.getText();
    ts.forEachChild(node, visit);
  };
  written.forEach(visit);
  if (found === undefined) for (const node of written) visit(node.getSourceFile());
  return found;
}

const cell = (text: string): string => text.replace(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;");
const code = (text: string): string => `\`${text.replace(/\s+/g, " ").replaceAll("|", "\\|")}\``;
