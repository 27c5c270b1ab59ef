/**
 * `npm run check:page`: trains in headless Chromium, with and without isolation headers, and fails if a task on the page's main
 * thread took more than 60 ms while it trained. Says so and passes where there is no Chromium, unless CI is set.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "./server.mjs";

const CHROMIUM = "/usr/bin/chromium";
const BAR = 60;
const DEADLINE = 60_000;
const flags =
  "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** What the page reports: { longest, accuracy, isolated, threads }. */
async function measure(isolated) {
  const folder = mkdtempSync(join(tmpdir(), "whetstone-page-"));
  let browser;
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no report within ${DEADLINE / 1000} s`)), DEADLINE);
      void serve({
        isolated,
        onReport: (report) => {
          clearTimeout(timer);
          resolve(report);
        },
      }).then(({ port }) => {
        browser = spawn(CHROMIUM, [...flags.split(" "), `--user-data-dir=${folder}`, `http://localhost:${port}/?measure`], {
          stdio: "ignore",
          detached: true,
        });
        browser.on("error", reject);
      });
    });
  } finally {
    // With its children, who would write into the folder until they notice.
    if (browser?.pid) process.kill(-browser.pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

if (!existsSync(CHROMIUM)) {
  console.log("SKIPPED: there is no Chromium on this machine");
  process.exit(process.env.CI ? 1 : 0);
}
let failed = 0;
for (const isolated of [true, false]) {
  const { longest, accuracy, epochs } = await measure(isolated);
  const isGood = longest <= BAR && accuracy > 0.95;
  if (!isGood) failed++;
  console.log(
    `${isolated ? "isolated" : "not isolated"}: ${epochs} epochs, accuracy ${accuracy}, longest task ${longest} ms (at most ${BAR}) ${isGood ? "ok" : "FAILED"}`,
  );
}
process.exit(failed === 0 ? 0 : 1);
