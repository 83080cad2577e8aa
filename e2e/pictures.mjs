// The README's pictures of the consent screen: `node e2e/pictures.mjs` writes docs/consent.png and docs/consent-ko.png.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { launch, visitor } from "./lib/browser.mjs";
import { small } from "./lib/png.mjs";
import { forget, ROOT, serve, stopAll } from "./lib/server.mjs";
import { tick, toConsent } from "./lib/steps.mjs";

const SCENE = {
  redirectUri: "https://reports.example.com/callback",
  name: "Ad Reports",
  people: {
    "minji@example.com": [
      ["moment", "482910", "봄 시즌 캠페인", "owner", true],
      ["moment", "482911", "Brand search", "manager", true],
      ["moment", "482912", "Global launch 2026", "owner", true],
      ["moment", "482913", "대행사 위탁 계정", "viewer", false],
    ],
    "few@example.com": [], // the app's owner, who takes no part
  },
};

const browser = await launch();
try {
  const server = await serve(SCENE);
  await mkdir(join(ROOT, "../docs"), { recursive: true });
  for (const [file, lang, width] of [["consent", "en", 1000], ["consent-ko", "ko", 360]]) {
    const { page, leave } = await visitor(browser, { lang, width });
    await toConsent(page, server, { scope: ["moment_management"] });
    await tick(page, "moment", "482910", "482912");
    await page.evaluate(() => document.activeElement.blur());
    await page.mouse.move(1, 1);
    const picture = await page.screenshot({ fullPage: true });
    await writeFile(join(ROOT, `../docs/${file}.png`), await small(page, picture));
    await leave();
  }
} finally {
  await browser.close();
  await stopAll();
  await forget();
}
