// Who is there: sessions, another account, someone with nothing to lend, languages.

import assert from "node:assert/strict";

import { test } from "../lib/suite.mjs";
import { authorizeUrl, onConsent, signIn, ticked, toConsent, tick } from "../lib/steps.mjs";
import { demo, platform, someone } from "../lib/world.mjs";

const MOMENT = { scope: ["moment_management"] };

test("the session cookie is out of reach of scripts and stays on this site", async (it) => {
  const server = await demo(it);
  const { page, context } = await someone(it);
  await toConsent(page, server, MOMENT);
  const cookies = await context.cookies();
  const session = cookies.find(({ name }) => name === "bizauth-session");
  assert.deepEqual([session.httpOnly, session.sameSite, session.path, session.expires], [true, "Lax", "/", -1]);
  assert.ok(cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === "Lax"));
  assert.equal(await page.evaluate(() => document.cookie), "");
});

test("a wrong password is told, the address is kept and the password has the focus", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  await page.goto(authorizeUrl(server, MOMENT));
  await signIn(page, { email: "owner@example.com", password: "wrong" });
  await page.locator("#login-error").waitFor();
  assert.equal(await page.locator("#email").inputValue(), "owner@example.com");
  assert.equal(await page.locator("#password").inputValue(), "");
  assert.ok(await page.locator("#password").evaluate((it) => it === document.activeElement));
  await signIn(page, server.users[0]);
  await onConsent(page);
});

for (const lang of ["ko", "en"]) {
  test(`someone without ad accounts gets KOE027 as a page that says what to do (${lang})`, async (it) => {
    const server = await demo(it);
    const { page } = await someone(it, { lang });
    await page.goto(authorizeUrl(server, MOMENT));
    await signIn(page, server.users[1]);
    await page.getByText("KOE027").waitFor();
    const url = new URL(page.url());
    assert.equal(url.origin + url.pathname, `${server.base_url}/oauth/business/authorize`, "no redirect");
    assert.match(await page.locator("h1").textContent(), { ko: /맡길 수 있는 광고계정이 없습니다/, en: /no ad account you can lend/ }[lang]);
    assert.ok((await page.locator("#you + p").textContent()).length > 40, "what to do");
  });
}

test("someone without ad accounts can sign in with another account from that page", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it);
  await page.goto(authorizeUrl(server, MOMENT));
  await signIn(page, server.users[1]);
  await page.getByText("KOE027").waitFor();
  await page.getByRole("button", { name: "Sign in with another account" }).click();
  await signIn(page, server.users[0]);
  await onConsent(page);
});

for (const js of [true, false]) {
  test(`"Not you?" signs out and comes back to a fresh screen for the other account (scripts ${js ? "on" : "off"})`, async (it) => {
    const server = await platform(it);
    const { page } = await someone(it, { js });
    await toConsent(page, server, MOMENT, server.users[0]);
    await tick(page, "moment", "500100");
    const first = page.url();
    await page.getByRole("button", { name: "Not you?" }).click();
    await page.waitForURL("**/login?**");
    await signIn(page, server.users[1]);
    await onConsent(page);
    assert.notEqual(page.url(), first);
    assert.match(await page.locator(".who").textContent(), /few@example\.com/);
    assert.deepEqual(await ticked(page), []);
    assert.equal(await page.locator("#group-moment .row").count(), 2);
  });
}

test("the language switch keeps the request and what is ticked, on the sign-in page and on the consent screen", async (it) => {
  const server = await demo(it);
  const { page } = await someone(it, { lang: "en" });
  await page.goto(authorizeUrl(server, MOMENT));
  const login = page.url();
  await page.getByRole("link", { name: "한국어" }).click();
  await page.waitForURL(login);
  assert.equal(await page.locator("html").getAttribute("lang"), "ko");
  await signIn(page, server.users[0]);
  await onConsent(page);
  const consent = page.url();
  await page.getByRole("button", { name: "English" }).click();
  await page.waitForURL(consent);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await onConsent(page);
});
