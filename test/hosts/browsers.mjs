/**
 * Hosts that are browsers: each page in a browser of its own, with a new profile. The page sends its report to the server, so
 * no protocol drives the browser: under WebDriver BiDi Firefox 153 hangs every few runs when a worker starts workers.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SUITE_MILLISECONDS, within } from "./deadline.mjs";

const START_MILLISECONDS = 30_000;

const chromiumFlags = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-logging=stderr", // what the page says
];

/** Nothing but the page is to be loaded, and what it says is to be seen. */
const firefoxPreferences = {
  "app.update.disabledForTesting": true,
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "devtools.console.stdout.content": true,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
};

const pages = ["page", "worker", "not isolated", "strict CSP"];

export const browsers = [
  {
    name: "chromium",
    programs: ["/usr/bin/chromium", "/usr/bin/google-chrome"],
    pages: [...pages, "esbuild", "esbuild, strict CSP", "Vite", "Vite, strict CSP"],
    isOfPage: (line) => /CONSOLE[:(]/.test(line),
    flags: (profile) => [...chromiumFlags, `--user-data-dir=${profile}`],
  },
  {
    name: "firefox",
    programs: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
    pages,
    isOfPage: (line) => line.startsWith("console.") || line.startsWith("JavaScript error"),
    flags(profile) {
      const lines = Object.entries(firefoxPreferences).map(([name, value]) => `user_pref("${name}", ${value});\n`);
      writeFileSync(join(profile, "user.js"), lines.join(""));
      return ["--headless", "--no-remote", "--profile", profile];
    },
  },
];

export const programOf = ({ programs }) => programs.find((path) => existsSync(path));

export function browserVersionOf(browser) {
  const { stdout } = spawnSync(programOf(browser), ["--version"], { encoding: "utf8", timeout: 20_000 });
  return /\d+(\.\d+)+/.exec(stdout ?? "")?.[0] ?? "?";
}

/** Opens the page at `address` and returns its report. Rejects with what the browser said if none comes in time. */
export async function runPage(browser, address, server) {
  const profile = mkdtempSync(join(tmpdir(), `whetstone-${browser.name}-`));
  const report = server.nextReport();
  server.notFound.length = 0;
  const program = programOf(browser);
  // A group of its own: a browser is many processes, and none must stay.
  const child = spawn(program, [...browser.flags(profile), address], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const kill = () => killGroup(child.pid);
  process.once("exit", kill);
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const failed = new Promise((_, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`it ended with ${code} before its report`)));
  });
  failed.catch(() => {}); // also when nobody waits for it any more
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      said += data;
    });
  }
  try {
    const body = await within(START_MILLISECONDS + SUITE_MILLISECONDS, "start and suite", Promise.race([report, failed]));
    const { error, ...result } = JSON.parse(body);
    if (error) throw new Error(error);
    return result;
  } catch (error) {
    const lines = said.split("\n").filter(browser.isOfPage);
    lines.push(...server.notFound.filter((path) => path !== "/favicon.ico").map((path) => `not found: ${path}`));
    throw new Error([error.message, ...lines.slice(-8)].join("\n"), { cause: error });
  } finally {
    process.off("exit", kill);
    kill();
    await within(5000, "ending", ended).catch(() => {});
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
