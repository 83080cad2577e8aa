// What operators and developers do on the management pages, in their words.

import assert from "node:assert/strict";

import { send, shownOnce } from "./forms.mjs";
import { agree, onConsent, signIn, tick } from "./steps.mjs";

export const PURPOSES = {
  moment_management: "To read results and adjust budgets",
  moment_create: "To open an account for a new campaign",
  keyword_management: "To read results and adjust bids",
};

/** The operator signs in, on the operator's own listener. */
export async function toDesk(page, server) {
  await page.goto(server.operator_url);
  await signIn(page, server.operator);
  await page.waitForURL(`${server.operator_url}/operator`);
}

/** The operator makes an account, and hands over the password that is shown once. */
export async function makeAccount(page, server, email) {
  await page.goto(`${server.operator_url}/operator/accounts/new`);
  await send(page, "/operator/accounts/new", { email });
  return { email, password: await shownOnce(page, "secret") };
}

/** The operator adds an ad account, and says who holds it. */
export async function giveAsset(page, server, email, group, id, name) {
  await page.goto(`${server.operator_url}/operator/assets/new`);
  await send(page, "/operator/assets/new", { group, id, name, kind: "ad_account" });
  await page.goto(`${server.operator_url}/operator/assets/${group}/${id}`);
  await send(page, "/hold", { email, role: "owner", lendable: true });
}

/** The operator grants the oldest request that waits. */
export async function grantRequest(page, server) {
  await page.goto(`${server.operator_url}/operator/requests`);
  await page.locator("table.list th a").first().click();
  await page.locator("form[action$='/decide']").waitFor();
  await send(page, "/decide", { decision: "grant", answer: "Welcome." });
}

/** Somebody signs in to the console. */
export async function toConsole(page, server, user) {
  await page.goto(`${server.base_url}/console`);
  await signIn(page, user);
  await page.waitForURL(`${server.base_url}/console`);
}

/** The developer makes an app; gives its path. */
export async function makeApp(page, server, name) {
  await page.goto(`${server.base_url}/console/apps/new`);
  await send(page, "/console/apps/new", { name, company: "Report Works Ltd." });
  return new URL(page.url()).pathname;
}

/** The developer makes a REST API key; gives its value, its path and the secret that is shown once. */
export async function makeKey(page, server, app) {
  await page.goto(`${server.base_url}${app}/keys`);
  await send(page, "/keys/create", { kind: "rest_api", name: "production server" });
  const value = (await page.locator("#value").textContent()).trim();
  const path = new URL(page.url()).pathname;
  return { value, path, secret: await shownOnce(page, "shown") };
}

/** The developer switches consent items on. */
export async function switchOn(page, server, app, ...items) {
  await page.goto(`${server.base_url}${app}/items`);
  const values = items.flatMap((item) => [[`on.${item}`, true], [`purpose.${item}`, PURPOSES[item]]]);
  await send(page, `${app}/items`, Object.fromEntries(values));
}

/** The developer asks the test tool for a token, agrees on the consent screen, and trades the code: the token is in the tool. */
export async function issueToken(page, server, app, { secret, items, assets }) {
  await page.goto(`${server.base_url}${app}/test/issue`);
  await send(page, "/test/issue", { item: items });
  await onConsent(page);
  for (const [group, ids] of Object.entries(assets)) await tick(page, group, ...ids);
  await agree(page).click();
  await page.waitForURL("**/console/test/callback?**");
  await send(page, "/test/redeem", { client_secret: secret });
}

/** The developer sends what is in the tool; gives the answer's body. */
export async function callTool(page) {
  await send(page, "/test/send");
  return JSON.parse(await page.locator("pre.answer-body").textContent());
}

/** Whatever the page links to below its own door answers. */
export async function links(page) {
  const hrefs = await page.locator("a[href^='/']").evaluateAll((all) => all.map((it) => it.getAttribute("href")));
  const origin = new URL(page.url()).origin;
  for (const href of new Set(hrefs.filter((it) => !it.startsWith("/language")))) {
    const answer = await page.request.get(`${origin}${href}`);
    assert.ok(answer.status() < 400, `${href} on ${page.url()}: ${answer.status()}`);
  }
}

