// What every page must pass: axe-core, and no scrolling sideways.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const COLOURS = ["color-contrast", "color-contrast-enhanced", "link-in-text-block"];

/** axe-core finds nothing, best practices and the contrast of level AAA included; or, of all that, only colours. */
export async function accessible(page, where, { colours = false } = {}) {
  // Evaluated from outside, so the page's policy stays as it is.
  await page.evaluate(axe);
  const options = { resultTypes: ["violations"], rules: { "color-contrast-enhanced": { enabled: true } } };
  if (colours) options.runOnly = { type: "rule", values: COLOURS };
  const { violations } = await page.evaluate((options) => window.axe.run(document, options), options);
  const found = violations.map(({ id, help, nodes }) => {
    const where = nodes.map(({ target, failureSummary }) => `    ${target}: ${failureSummary.replace(/\s+/g, " ")}`);
    return `  ${id}: ${help}\n${where.join("\n")}`;
  });
  assert.equal(found.length, 0, `axe-core on ${where}:\n${found.join("\n")}`);
}

/** Nothing is wider than the window. */
export async function fits(page, where) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    const outside = (box) => box.width > 1 && (box.right > room + 0.5 || box.left < -0.5);
    // A strip of links scrolls inside itself; the strip must fit, its links need not.
    const seen = [...document.body.querySelectorAll("*:not([data-strip] *)")];
    const all = seen.filter((element) => element.checkVisibility() && outside(element.getBoundingClientRect()));
    const names = all.map((element) => `<${element.tagName.toLowerCase()} class="${element.className}">`);
    if (document.documentElement.scrollWidth > room) names.push(`page ${document.documentElement.scrollWidth} > ${room}`);
    return names;
  });
  assert.deepEqual(wide, [], `wider than the window: ${where}`);
}

/** Everything that can be pressed is at least 44 by 24 px, and in height 44 unless it stands inside a sentence. */
export async function targets(page, where) {
  const small = await page.evaluate(() => {
    const seen = [...document.querySelectorAll("button, a.button, .brand, nav a, .row label, .option label")];
    const name = (element) => `${element.tagName} ${element.textContent.trim().slice(0, 30)}`;
    const box = (element) => (element.closest(".row, .option") ?? element).getBoundingClientRect();
    const shown = seen.filter((element) => element.checkVisibility() && !element.matches(".hidden"));
    return shown.filter((element) => box(element).height < 43.5 || box(element).width < 23.5).map(name);
  });
  assert.deepEqual(small, [], `too small to press: ${where}`);
}
