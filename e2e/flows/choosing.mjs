// Which assets: nothing by itself, everything only on purpose, what the app pinned, what was lent last time.

import assert from "node:assert/strict";

import { test } from "../lib/suite.mjs";
import { agree, arrived, asset, EVERYTHING, lent, onConsent, signIn, tick, ticked, toConsent } from "../lib/steps.mjs";
import { demo, someone } from "../lib/world.mjs";

for (const js of [true, false]) {
  const scripts = `scripts ${js ? "on" : "off"}`;

  test(`agreeing with nothing ticked names what is missing, keeps the rest, and then succeeds (${scripts})`, async (it) => {
    const server = await demo(it);
    const { page } = await someone(it, { js });
    await toConsent(page, server, { scope: EVERYTHING });
    await tick(page, "keyword", "730021", "730024");
    await agree(page).click();

    const summary = page.locator(".summary");
    await summary.waitFor();
    assert.ok(await summary.evaluate((it) => it === document.activeElement), "the summary has the focus");
    assert.match(await page.title(), /^Error: /);
    assert.equal(await summary.getByRole("link").count(), 1, "only Moment is missing");
    assert.deepEqual(await ticked(page), ["keyword:730021", "keyword:730024"]);

    await summary.getByRole("link").click();
    assert.equal(new URL(page.url()).hash, "#group-moment");
    assert.ok(await page.locator("#group-moment").evaluate((it) => it.contains(document.activeElement)));
    await tick(page, "moment", "482911");
    await agree(page).click();
    const { code } = await arrived(page);
    assert.deepEqual(await lent(server, code), { moment: ["482911"], keyword: ["730021", "730024"] });
  });

  test(`"all, now and in future" lends the whole group, and keeps no single tick (${scripts})`, async (it) => {
    const server = await demo(it);
    const { page } = await someone(it, { js });
    await toConsent(page, server, { scope: EVERYTHING });
    await tick(page, "keyword", "730021");
    await page.locator("#all-moment").check();
    await agree(page).click();
    const { code } = await arrived(page);
    assert.deepEqual(await lent(server, code), { moment: ["*"], keyword: ["730021"] });
  });
}

test("a mind that changes from all back to some lends what is ticked", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  await toConsent(page, server, { scope: ["moment_management"] });
  await tick(page, "moment", "482912");
  await page.locator("#all-moment").check();
  await page.locator("#some-moment").check();
  await agree(page).click();
  const { code } = await arrived(page);
  assert.deepEqual(await lent(server, code), { moment: ["482912"] });
});

test("an asset the person may not lend is listed with the reason, and cannot be ticked", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  await toConsent(page, server, { scope: ["moment_management"] });
  const row = page.locator(".row", { hasText: "482913" });
  assert.match(await row.locator(".reason").textContent(), /\S/);
  assert.equal(await row.locator("input").count(), 0);
});

test("assets that the app pinned are shown locked, and are what is lent", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  await toConsent(page, server, { scope: ["moment_management"], resource_ids: ["moment:482910", "moment:482912"] });
  assert.equal(await page.locator("#group-moment .row.still .lock").count(), 2);
  assert.equal(await page.locator("#group-moment input").count(), 0);
  await agree(page).click();
  const { code } = await arrived(page);
  assert.deepEqual(await lent(server, code), { moment: ["482910", "482912"] });
});

test("a group that the app asks for as a whole is shown locked, and is lent as a whole", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  await toConsent(page, server, { scope: ["moment_create", "moment_management"], resource_ids: ["moment:*"] });
  assert.equal(await page.locator("#group-moment .locked .lock").count(), 1);
  assert.equal(await page.locator("#group-moment input").count(), 0);
  await agree(page).click();
  const { code } = await arrived(page);
  assert.deepEqual(await lent(server, code), { moment: ["*"] });
});

test("the second time the earlier choice is ticked and marked, and what changed is said", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  await toConsent(page, server, { scope: ["moment_management"] });
  assert.equal(await page.locator(".changes").count(), 0);
  await tick(page, "moment", "482910", "482911");
  await agree(page).click();
  await arrived(page);

  await toConsent(page, server, { scope: ["moment_management", "moment_delete", "keyword_management"] });
  assert.deepEqual(await ticked(page), ["moment:482910", "moment:482911"]);
  assert.equal(await page.locator(".row .before").count(), 2);
  const changes = await page.locator(".changes li").allTextContents();
  assert.deepEqual(changes, [
    "Newly asked for: Kakao Moment: Delete ad accounts",
    "Newly asked for: Keyword Ad: Run and read ads",
  ]);
  assert.equal(await page.locator(".items .badge.new").count(), 2);

  await asset(page, "moment", "482911").uncheck();
  await tick(page, "keyword", "730023");
  await agree(page).click();
  const { code } = await arrived(page);
  assert.deepEqual(await lent(server, code), { moment: ["482910"], keyword: ["730023"] });
});

test("the screen is shown again when everything was agreed to a moment ago", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  for (let time = 0; time < 2; time += 1) {
    await toConsent(page, server, { scope: ["biz_account_email", "moment_management"] });
    await asset(page, "moment", "482910").check();
    await agree(page).click();
    await arrived(page);
  }
});

test("a link to the consent screen of someone else's session leads to a fresh one of one's own", async (it) => {
  const server = await demo(it);
  const one = await someone(it);
  await toConsent(one.page, server, { scope: ["moment_management"] });
  const other = await someone(it);
  await other.page.goto(one.page.url());
  await signIn(other.page, server.users[0]);
  await onConsent(other.page);
  assert.notEqual(other.page.url(), one.page.url());
});
