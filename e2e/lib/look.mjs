// Looks at a page as people see it, in both themes and all widths: axe-core, no scrolling sideways, targets large enough,
// and a picture in shots/ for a person to look at.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { SHOTS, size } from "./browser.mjs";
import { accessible, fits, targets } from "./check.mjs";

/** Looks at the page that is shown. */
export async function look({ page, lang }, name) {
  await mkdir(SHOTS, { recursive: true });
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    for (const width of [360, 768, 1280]) {
      // Between phone and desk only the room at the sides differs: one theme is enough to see it.
      if (width === 768 && theme === "dark") continue;
      const where = `${name} (${lang}, ${theme}, ${width} px)`;
      await page.setViewportSize(size(width));
      await fits(page, where);
      await targets(page, where);
      // Only colours depend on the theme.
      if (width !== 768) await accessible(page, where, { colours: theme === "dark" });
      await page.screenshot({ path: join(SHOTS, `${name}-${lang}-${theme}-${width}.png`), fullPage: true });
    }
  }
  // Down to the narrowest window that WCAG 1.4.10 asks for.
  await page.setViewportSize({ width: 320, height: 640 });
  await fits(page, `${name} (${lang}, 320 px)`);
  await page.setViewportSize(size(1280));
}
