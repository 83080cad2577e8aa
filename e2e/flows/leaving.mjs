// From the app's site to ours and back: the policy lets the answer out, and only to the app.

import assert from "node:assert/strict";

import { test } from "../lib/suite.mjs";
import { agree, authorizeUrl, cancel, lent, onConsent, signIn, tick } from "../lib/steps.mjs";
import { app, platform, someone } from "../lib/world.mjs";

const asked = (server, state) => authorizeUrl(server, { scope: ["moment_management"], state });

/** From a link on the app's page to the consent screen. */
async function comes(page, server, state) {
  await page.goto(app.start(asked(server, state)));
  await page.locator("#go").click();
  await signIn(page, server.users[1]);
  await onConsent(page);
}

for (const js of [true, false]) {
  const scripts = `scripts ${js ? "on" : "off"}`;

  test(`the redirect after consent reaches an app on another site through the policy (${scripts})`, async (it) => {
    const server = await platform(it);
    const { page } = await someone(it, { js });
    await comes(page, server, `agreed ${js}`);
    await tick(page, "moment", "700101");
    await agree(page).click();
    await page.getByRole("heading", { name: "Back at the app" }).waitFor();
    const { from, state, code } = Object.fromEntries(new URL(page.url()).searchParams);
    assert.deepEqual({ from, state }, { from: "bizauth", state: `agreed ${js}` });
    assert.deepEqual(await lent(server, code), { moment: ["700101"] });
  });

  test(`the redirect after cancel does too (${scripts})`, async (it) => {
    const server = await platform(it);
    const { page } = await someone(it, { js });
    await comes(page, server, `cancelled ${js}`);
    await cancel(page).click();
    await page.getByRole("heading", { name: "Back at the app" }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("error"), "access_denied");
  });
}

test("who is signed in already comes from the app's site straight to the consent screen", async (it) => {
  const server = await platform(it);
  const { page } = await someone(it);
  await comes(page, server, "first");
  await page.goto(app.start(asked(server, "second")));
  await page.locator("#go").click();
  await onConsent(page);
});

test("the policy is what lets it out: without the app's origin in form-action Chromium stops there", async (it) => {
  const server = await platform(it);
  const person = await someone(it);
  const { page } = person;
  let policy = "";
  await page.route("**/consent?*", async (route) => {
    if (route.request().method() !== "GET") return route.continue();
    const response = await route.fetch();
    const headers = response.headers();
    policy = headers["content-security-policy"];
    headers["content-security-policy"] = policy.replace(` ${app.origin}`, "");
    await route.fulfill({ response, headers });
  });
  await comes(page, server, "stopped");
  // What a redirect leads to is not routed; the page by itself is.
  await page.reload();
  assert.match(policy, new RegExp(`form-action 'self' ${app.origin};`));
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  await cancel(page).click();
  const stopped = () => person.complaints.some((it) => it.includes("form-action"));
  for (let wait = 0; wait < 100 && !stopped(); wait += 1) await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.ok(stopped(), "Chromium refuses the redirect");
  assert.equal(app.received.filter(({ state }) => state === "stopped").length, 0);
  // These complaints were wanted.
  person.complaints.length = 0;
});
