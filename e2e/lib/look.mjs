// Looks at a page as people see it, in both themes and all widths: axe-core, no scrolling sideways, targets large enough,
// and a picture in shots/ for a person to look at.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { SHOTS, size } from "./browser.mjs";
import { accessible, fits, targets } from "./check.mjs";

const EVERY = [["light", 360], ["light", 768], ["light", 1280], ["dark", 360], ["dark", 1280]];
// Between phone and desk only the room at the sides differs: one theme is enough to see it.
const thorough = (theme, width) => ({ theme, width, axe: width !== 768, picture: true });

/** Looks at the page that is shown. */
export const look = (one, name) => see(one, name, EVERY.map((each) => thorough(...each)));

/** The same for pages built of the same parts, of which there are many: each in both themes, with all rules once. */
export const glance = (one, name) =>
  see(one, name, [
    { theme: "light", width: 360, axe: true, picture: true },
    { theme: "light", width: 768 },
    { theme: "light", width: 1280, picture: true },
    { theme: "dark", width: one.lang === "ko" ? 360 : 1280, axe: true, picture: true },
  ]);

async function see({ page, lang }, name, looks) {
  await mkdir(SHOTS, { recursive: true });
  for (const { theme, width, axe, picture } of looks) {
    const where = `${name} (${lang}, ${theme}, ${width} px)`;
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.setViewportSize(size(width));
    await fits(page, where);
    await targets(page, where);
    // Only colours depend on the theme.
    if (axe) await accessible(page, where, { colours: theme === "dark" });
    if (picture) await page.screenshot({ path: join(SHOTS, `${name}-${lang}-${theme}-${width}.png`), fullPage: true });
  }
  // Down to the narrowest window that WCAG 1.4.10 asks for.
  await page.setViewportSize({ width: 320, height: 640 });
  await fits(page, `${name} (${lang}, 320 px)`);
  await page.setViewportSize(size(1280));
}
