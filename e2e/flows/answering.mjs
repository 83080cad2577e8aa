// A request has one answer: cancel, agree, and what happens when a second one comes.

import assert from "node:assert/strict";

import { test } from "../lib/suite.mjs";
import { agree, arrived, cancel, EVERYTHING, lent, onConsent, tick, toConsent } from "../lib/steps.mjs";
import { app, demo, platform, someone } from "../lib/world.mjs";

for (const js of [true, false]) {
  test(`cancel tells the app access_denied and its state, and lends nothing (scripts ${js ? "on" : "off"})`, async (it) => {
    const server = await demo(it);
    const { page } = await someone(it, { js });
    await toConsent(page, server, { scope: EVERYTHING, state: "kept" });
    await tick(page, "moment", "482910");
    await cancel(page).click();
    const received = await arrived(page);
    assert.deepEqual(received, { error: "access_denied", error_description: "User denied access", state: "kept" });
  });
}

test("after agreeing, Back shows that the request was answered", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  await toConsent(page, server, { scope: ["moment_management"] });
  await tick(page, "moment", "482910");
  await agree(page).click();
  const { code } = await arrived(page);
  const back = await page.goBack();
  assert.equal(back.status(), 409);
  assert.equal(await page.locator("h1").textContent(), "This request was already answered");
  assert.equal(await page.getByRole("link", { name: "To the front page" }).getAttribute("href"), "/", "no dead end");
  assert.deepEqual(await lent(server, code), { moment: ["482910"] }, "the first answer stands");
});

test("the same screen in two tabs is answered once", async (it) => {
  const server = await demo(it);
  const person = await someone(it);
  await toConsent(person.page, server, { scope: ["moment_management"] });
  const second = await person.tab();
  await second.goto(person.page.url());
  await onConsent(second);
  await tick(person.page, "moment", "482910");
  await tick(second, "moment", "482911");
  await agree(person.page).click();
  const { code } = await arrived(person.page);
  await agree(second).click();
  await second.getByRole("heading", { name: "This request was already answered" }).waitFor();
  assert.deepEqual(await lent(server, code), { moment: ["482910"] });
});

test("a double click on Agree and continue arrives at the app all the same, also over a slow line", async (it) => {
  const server = await platform(it);
  const { page, context } = await someone(it);
  const before = app.received.length;
  await toConsent(page, server, { scope: ["moment_management"], state: "double" }, server.users[1]);
  await tick(page, "moment", "700100");
  // The answer to the first click is on its way when the second comes.
  const line = await context.newCDPSession(page);
  await line.send("Network.enable");
  const slow = { offline: false, latency: 500, downloadThroughput: -1, uploadThroughput: -1 };
  await line.send("Network.emulateNetworkConditions", slow);
  await agree(page).dblclick({ delay: 20 });
  await page.waitForURL((url) => url.origin === app.origin);
  assert.equal(app.received.slice(before).filter(({ state }) => state === "double").length, 1);
});
