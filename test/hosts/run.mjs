/**
 * `npm run test:hosts`: the suite in every host that is installed, compared. A host that is missing is skipped in sight, and
 * in CI a failure. --only WORD runs the hosts whose name holds it.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { browsers, browserVersionOf, programOf, runPage } from "./browsers.mjs";
import { checkReport, compareHosts } from "./compare.mjs";
import { SUITE_MILLISECONDS, within } from "./deadline.mjs";
import { makePages, makeProject } from "./pages.mjs";
import { missing, processHosts, runProcess, versionOf } from "./processes.mjs";
import { serve } from "./serve.mjs";

const { values: flags } = parseArgs({ options: { only: { type: "string", default: "" } } });
const isCi = Boolean(process.env.CI);
const isWanted = (name) => name.includes(flags.only);

const folder = join(import.meta.dirname, "../../build/hosts");
const project = join(folder, "project");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await makeProject(project);

/** One per host: its report, or what went wrong. */
const results = [];

const line = (...cells) => console.log(cells.map((cell, k) => `${cell ?? "-"}`.padEnd(WIDTHS[k] ?? 0)).join(" "));
const WIDTHS = [29, 16, 6, 13, 5, 7, 6];

/** A host's line of the table, and below it what went wrong. */
function print(host, version, { checks, variants, fused, threads, milliseconds }, verdict, details) {
  line(host, version, checks, variants?.join(" "), fused, threads, milliseconds, verdict);
  for (const detail of details.slice(0, 10)) console.log(`    ${detail.replaceAll("\n", "\n    ")}`);
}

function skip(host, why) {
  print(host, undefined, {}, isCi ? "MISSING" : "skipped", [why]);
  if (isCi) results.push({ host, failures: [why] });
}

/** Runs one host and prints its line; nothing that goes wrong in it ends the others. */
async function run(host, version, expected, suite) {
  let report;
  let failures;
  try {
    report = await suite();
    failures = [...report.failures, ...checkReport(report, expected)];
  } catch (error) {
    failures = [error.message];
  }
  results.push({ host, report, failures });
  print(host, version, report ?? {}, failures.length === 0 ? "ok" : "FAILED", failures);
}

/** Of a run that the first host has stopped: all others go on with it too. */
function states() {
  return results.find(({ report }) => report !== undefined)?.report.states;
}

async function runProcesses() {
  for (const host of processHosts.filter(({ name }) => isWanted(name))) {
    const { name, fast, options } = host;
    const why = missing(host);
    if (why) skip(name, why);
    else await run(name, versionOf(host), { isFast: fast, noThreads: options?.noThreads }, () => runProcess(host, project, states()));
  }
}

async function runBrowsers() {
  const wanted = browsers
    .map((browser) => ({ ...browser, pages: browser.pages.filter((page) => isWanted(`${browser.name}: ${page}`)) }))
    .filter(({ pages }) => pages.length > 0);
  if (wanted.length === 0) return;
  let scenarios;
  try {
    scenarios = await within(SUITE_MILLISECONDS, "the bundlers", makePages(project, folder));
  } catch (error) {
    const failure = `the pages can't be built: ${error.message}`;
    results.push({ host: "bundlers", failures: [failure] });
    print("bundlers", undefined, {}, "FAILED", [failure]);
    return;
  }
  const server = await serve(scenarios);
  for (const browser of wanted) {
    if (programOf(browser) === undefined) skip(browser.name, `none of ${browser.programs.join(", ")} is there`);
    else await runPages(browser, scenarios, server);
  }
  server.close();
}

async function runPages(browser, scenarios, server) {
  const version = browserVersionOf(browser);
  for (const name of browser.pages) {
    const { slug, path = "", options = {} } = scenarios[name];
    const address = `${server.origin}/${slug}/${path}?suite=${encodeURIComponent(JSON.stringify(options))}`;
    const expected = { isFast: true, noThreads: options.noThreads };
    await run(`${browser.name}: ${name}`, version, expected, () => runPage(browser, address, server));
  }
}

// Also where the runner is stopped: what is killed at its exit must not stay.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
line("host", "version", "checks", "variants", "fused", "threads", "ms");
await runProcesses();
await runBrowsers();

const differences = compareHosts(results.filter(({ report }) => report !== undefined));
for (const { host, text } of differences) {
  console.log(`DIFFERENT BITS  ${host}: ${text}`);
  results.find((result) => result.host === host).failures.push(text);
}
const reports = results.flatMap(({ report }) => report ?? []);
const fusing = reports.filter(({ fused }) => fused).length;
if (reports.length > 0 && differences.length === 0)
  console.log(`one set of bits: portable on ${reports.length} hosts, fast on the ${fusing} that fuse`);
const failed = results.filter(({ failures }) => failures.length > 0).length;
console.log(`hosts: ${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || results.length === 0 ? 1 : 0;
