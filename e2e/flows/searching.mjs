// Long lists: search, pages, and the Enter key, with and without scripts.

import assert from "node:assert/strict";

import { test } from "../lib/suite.mjs";
import { agree, asset, find, lent, onConsent, tick, ticked, toConsent } from "../lib/steps.mjs";
import { app, platform, someone } from "../lib/world.mjs";

const ASKED = { scope: ["moment_management", "keyword_management"] };
const next = (page) => page.locator("#group-moment nav.pages button").last();

/** Presses something that answers with the consent screen again. */
async function again(page, press) {
  const id = new URL(page.url()).searchParams.get("id");
  await Promise.all([page.waitForResponse((it) => it.request().method() === "GET" && it.url().includes("/consent?")), press()]);
  await onConsent(page);
  assert.equal(new URL(page.url()).searchParams.get("id"), id, "still the same request");
}

for (const js of [true, false]) {
  const scripts = `scripts ${js ? "on" : "off"}`;

  test(`ticks survive pages and searches among 48 ad accounts (${scripts})`, async (it) => {
    const server = await platform(it);
    const { page } = await someone(it, { js, width: js ? 1280 : 360 });
    await toConsent(page, server, ASKED, server.users[0]);
    const shown = () => page.locator("#group-moment .row").count();

    assert.equal(await shown(), 20);
    await tick(page, "moment", "500101");
    await tick(page, "keyword", "600101");
    await again(page, () => next(page).click());
    assert.match(await page.locator("#group-moment nav.pages span").textContent(), /Page 2 of 3/);
    assert.match(await page.locator("#group-moment .tally").textContent(), /1 ticked.*1 of them not shown here/s);
    await tick(page, "moment", "500120");
    await again(page, () => next(page).click());
    assert.equal(await shown(), 8);
    assert.ok(await next(page).isDisabled());

    await page.locator("#find-moment").fill("needle");
    await again(page, () => find(page, "moment").click());
    assert.equal(await shown(), 1);
    await tick(page, "moment", "500901");
    await page.locator("#find-moment").fill("본점");
    await again(page, () => find(page, "moment").click());
    await tick(page, "moment", "500900");
    await page.locator("#find-moment").fill("no such name");
    await again(page, () => find(page, "moment").click());
    assert.equal(await shown(), 0);
    await page.locator("#find-moment").fill("500101");
    await again(page, () => find(page, "moment").click());
    assert.deepEqual(await ticked(page), ["moment:500101", "keyword:600101"]);
    await asset(page, "moment", "500101").uncheck();

    await agree(page).click();
    await page.waitForURL((url) => url.origin === app.origin);
    const code = new URL(page.url()).searchParams.get("code");
    assert.deepEqual(await lent(server, code), { moment: ["500120", "500900", "500901"], keyword: ["600101"] });
  });

  test(`Enter in the search field searches and never agrees (${scripts})`, async (it) => {
    const server = await platform(it);
    const { page } = await someone(it, { js });
    await toConsent(page, server, ASKED, server.users[0]);
    await tick(page, "moment", "500100");
    await tick(page, "keyword", "600100");
    await page.locator("#find-moment").fill("needle");
    await again(page, () => page.locator("#find-moment").press("Enter"));
    assert.equal(await page.locator("#group-moment .row").count(), 1);
    assert.equal(await page.locator("#find-moment").inputValue(), "needle");
  });

  test(`Enter on a tick never agrees (${scripts})`, async (it) => {
    const server = await platform(it);
    const { page } = await someone(it, { js });
    await toConsent(page, server, ASKED, server.users[0]);
    await tick(page, "moment", "500100");
    await tick(page, "keyword", "600100");
    await again(page, () => asset(page, "keyword", "600101").press("Enter"));
    assert.deepEqual(await ticked(page), ["moment:500100", "keyword:600100"]);
  });
}

test("with scripts the list narrows while one types, and its ticks stay", async (it) => {
  const server = await platform(it);
  const { page } = await someone(it);
  await toConsent(page, server, ASKED, server.users[0]);
  await tick(page, "moment", "500105");
  await page.locator("#find-moment").pressSequentially("branch 03");
  assert.equal(await page.locator("#group-moment .row:visible").count(), 1);
  assert.match(await page.locator("#group-moment [data-live]").textContent(), /^1 found on this page$/);
  assert.match(await page.locator("#group-moment output").textContent(), /^1 ticked$/);
  await page.locator("#find-moment").fill("");
  assert.equal(await page.locator("#group-moment .row:visible").count(), 20);
  assert.deepEqual(await ticked(page), ["moment:500105"]);
});
