// Browser tests: `node e2e/run.mjs [words of a test's sentence]`. BIZAUTH_BIN names the binary, CHROMIUM the browser.

import { access, rm } from "node:fs/promises";

import { SHOTS } from "./lib/browser.mjs";
import { BINARY } from "./lib/server.mjs";
import { run } from "./lib/suite.mjs";
import { close, open } from "./lib/world.mjs";

import "./flows/tour.mjs";
import "./flows/whole.mjs";
import "./flows/choosing.mjs";
import "./flows/searching.mjs";
import "./flows/answering.mjs";
import "./flows/leaving.mjs";
import "./flows/people.mjs";
import "./flows/keyboard.mjs";
import "./flows/journeys.mjs";
import "./flows/management.mjs";

let counts = { passed: 0, failed: 1 };
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => close().finally(() => process.exit(130)));
}
try {
  await access(BINARY).catch(() => { throw new Error(`there is no ${BINARY}: cargo build -p bizauth, or set BIZAUTH_BIN`); });
  if (!process.argv[2]) await rm(SHOTS, { recursive: true, force: true });
  await open();
  counts = await run(process.argv[2] ?? "", 3);
} catch (error) {
  console.log(String(error.stack ?? error));
} finally {
  await close();
}
console.log(`browser: ${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed || !counts.passed ? 1 : 0);
