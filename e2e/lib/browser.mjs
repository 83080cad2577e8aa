// Chromium, and a visitor: one person's browser with a language, a width, a theme, with or without scripts. Whatever
// the browser complains about is written down and fails the test.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { ROOT } from "./server.mjs";

export const SHOTS = join(ROOT, "shots");

const HEIGHT = { 360: 740, 768: 1024, 1000: 800, 1280: 800 };

/** Starts the browser. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export const size = (width) => ({ width, height: HEIGHT[width] });

/** A browser of one's own, with one open page. `lang` is ko or en, `theme` light or dark. */
export async function visitor(browser, { lang = "en", js = true, width = 1280, theme = "light" } = {}) {
  const context = await browser.newContext({
    locale: lang === "ko" ? "ko-KR" : "en-GB",
    javaScriptEnabled: js,
    viewport: size(width),
    colorScheme: theme,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(20_000);
  const complaints = [];
  const page = await listen(context, await context.newPage(), complaints);
  return {
    context,
    page,
    lang,
    /** Another tab of the same browser. */
    tab: async () => listen(context, await context.newPage(), complaints),
    complaints,
    /** Ends the visit; the browser must have had nothing to complain about. */
    leave: async () => {
      await context.close();
      assert.deepEqual(complaints, [], "the browser complained");
    },
    /** What the page looked like when a test failed. */
    keepsake: async (name) => {
      await mkdir(SHOTS, { recursive: true });
      const file = `failed ${name.slice(0, 80).replace(/[^\p{L}\p{N} ]/gu, "")}.png`;
      await page.screenshot({ path: join(SHOTS, file), fullPage: true });
      console.log(`        at ${page.url()}, see e2e/shots/${file}`);
    },
  };
}

async function listen(context, page, complaints) {
  page.on("pageerror", (error) => complaints.push(`script: ${error}`));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    // A navigation that another one overtakes is no failure.
    if (why !== "net::ERR_ABORTED") complaints.push(`request: ${request.url()} ${why}`);
  });
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    const { url } = message.location();
    // The page itself may bear a status of refusal; its parts may not.
    const refusal = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
    if (refusal && !/\/(static\/|favicon)/.test(url)) return;
    complaints.push(`console: ${message.text()} (${url})`);
  });
  // What the developer tools list under "Issues": policies, cookies, malformed pages, fields without labels.
  const devtools = await context.newCDPSession(page);
  devtools.on("Audits.issueAdded", ({ issue }) => {
    // Advice on speed, provoked by the test's own questions.
    if (issue.code !== "PerformanceIssue") complaints.push(`issue: ${JSON.stringify(issue)}`);
  });
  await devtools.send("Audits.enable");
  return page;
}
