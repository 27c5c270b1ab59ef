/** Hosts that are browsers, driven by puppeteer-core: Chromium over its own protocol, Firefox over WebDriver BiDi. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
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
];

export const browsers = [
  {
    name: "chromium",
    browser: "chrome",
    programs: ["/usr/bin/chromium", "/usr/bin/google-chrome"],
    flags: chromiumFlags,
    pages: ["page", "worker", "not isolated", "strict CSP", "esbuild", "esbuild, strict CSP", "Vite", "Vite, strict CSP"],
  },
  {
    name: "firefox",
    browser: "firefox",
    programs: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
    flags: [],
    pages: ["page", "worker", "not isolated", "strict CSP"],
  },
];

export const programOf = ({ programs }) => programs.find((path) => existsSync(path));

/** Starts a browser with a new, empty profile. */
export async function open({ name, browser, flags, ...rest }) {
  const { launch } = await import("puppeteer-core");
  const userDataDir = mkdtempSync(join(tmpdir(), `whetstone-${name}-`));
  const options = { browser, executablePath: programOf(rest), args: flags, userDataDir, headless: true };
  const opened = await within(START_MILLISECONDS, `${name}: starting`, launch({ ...options, timeout: START_MILLISECONDS }));
  return {
    version: /\d+(\.\d+)+/.exec(await opened.version())?.[0] ?? "?",
    /** The report of the page at `address`, which `nextReport` delivers. */
    async run(address, nextReport) {
      const said = [];
      const page = await within(START_MILLISECONDS, `${name}: a new page`, opened.newPage());
      const failed = new Promise((_, reject) => page.on("pageerror", (error) => reject(new Error(`the page: ${error.message}`))));
      page.on("console", (message) => said.push(message.text()));
      try {
        const report = nextReport();
        await within(START_MILLISECONDS, `${name}: loading`, page.goto(address));
        const { error, ...result } = JSON.parse(await within(SUITE_MILLISECONDS, `${name}: the suite`, Promise.race([report, failed])));
        if (error) throw new Error(error);
        return result;
      } catch (error) {
        throw new Error([error.message, ...said.slice(-8)].join("\n"), { cause: error });
      } finally {
        failed.catch(() => {});
        await within(5000, `${name}: closing a page`, page.close()).catch(() => {});
      }
    },
    async close() {
      const process = opened.process();
      await within(5000, `${name}: closing`, opened.close()).catch(() => {});
      process?.kill("SIGKILL");
      rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
