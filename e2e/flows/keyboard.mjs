// Hands on the keyboard only: Tab, Space, Enter, arrows. Wherever the focus goes, it is seen.

import assert from "node:assert/strict";

import { test } from "../lib/suite.mjs";
import { arrived, asset, authorizeUrl, EVERYTHING, lent, onConsent } from "../lib/steps.mjs";
import { demo, someone } from "../lib/world.mjs";

/** Tabs on until `target` has the focus; every stop on the way must be in sight and show it. */
async function tabTo(page, target) {
  const stops = [];
  for (let presses = 0; presses < 60; presses += 1) {
    if (stops.length && (await target.evaluate((it) => it === document.activeElement))) return;
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const it = document.activeElement;
      const outlined = [it, it.closest(".row")].filter(Boolean).map((it) => getComputedStyle(it));
      const box = (it.closest(".row, .option") ?? it).getBoundingClientRect();
      return {
        name: `${it.tagName} ${it.id || it.name || it.textContent.trim().slice(0, 30)}`,
        seen: outlined.some(({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && parseFloat(outlineWidth) >= 2),
        inSight: box.bottom > 0 && box.top < innerHeight && box.width > 8 && box.height > 8,
      };
    });
    stops.push(stop.name);
    if (stop.name.startsWith("BODY")) continue;
    assert.ok(stop.seen, `the focus is seen on ${stop.name}`);
    assert.ok(stop.inSight, `the focus is in sight on ${stop.name}`);
  }
  assert.fail(`the Tab key never comes there; it comes to ${stops.join(", ")}`);
}

for (const js of [true, false]) {
  test(`the keyboard alone suffices for the whole flow (scripts ${js ? "on" : "off"})`, async (it) => {
    const server = await demo(it);
    const { page } = await someone(it, { js, width: 360 });
    const [owner] = server.users;
    await page.goto(authorizeUrl(server, { scope: EVERYTHING }));
    assert.ok(await page.locator("#email").evaluate((it) => it === document.activeElement), "one can type at once");
    await page.keyboard.type(owner.email);
    await page.keyboard.press("Tab");
    await page.keyboard.type(owner.password);
    await page.keyboard.press("Enter");
    await onConsent(page);

    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "the first stop skips the frame");
    await page.keyboard.press("Enter");
    await tabTo(page, asset(page, "moment", "482911"));
    await page.keyboard.press("Space");
    // Arrows move between the two ways to choose.
    await tabTo(page, page.locator("#some-keyword"));
    await page.keyboard.press("ArrowDown");
    assert.ok(await page.locator("#all-keyword").isChecked());
    await tabTo(page, page.locator("button[value=agree]"));
    await page.keyboard.press("Enter");
    const { code } = await arrived(page);
    assert.deepEqual(await lent(server, code), { moment: ["482911"], keyword: ["*"] });
  });
}

test("the keyboard reaches every stop of the consent screen backwards as well, and cancels", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  const [owner] = server.users;
  await page.goto(authorizeUrl(server, { scope: EVERYTHING, state: "k" }));
  await page.keyboard.type(owner.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(owner.password);
  await page.keyboard.press("Enter");
  await onConsent(page);
  const cancel = page.locator("button[value=cancel]");
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Shift+Tab");
    if (await cancel.evaluate((it) => it === document.activeElement)) break;
  }
  await page.keyboard.press("Space");
  assert.equal((await arrived(page)).error, "access_denied");
});
