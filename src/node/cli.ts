#!/usr/bin/env node
/** The bin of the package: `npx whetstone`, `npm start`. */
import { main } from "./main.ts";

// A reader such as `head` may close its end early
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
process.exitCode = await main(process.argv.slice(2), process);
