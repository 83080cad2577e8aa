// What a person and an app do, in their words: the steps that the flows are made of.

import assert from "node:assert/strict";

/** The address of an authorization request. */
export function authorizeUrl(server, { scope, resource_ids = [], state = "e2e state/1" }) {
  const query = new URLSearchParams({
    client_id: server.rest_api_key,
    redirect_uri: server.redirect_uri,
    response_type: "code",
    scope: scope.join(","),
    state,
  });
  for (const one of resource_ids) query.append("resource_ids", one);
  return `${server.base_url}/oauth/business/authorize?${query}`;
}

export const EVERYTHING = ["biz_account_email", "moment_management", "keyword_management"];

/** Fills in the sign-in page and sends it. */
export async function signIn(page, { email, password }) {
  await page.locator("#email").fill(email);
  await page.locator("#password").fill(password);
  await page.locator("form.fields button[type=submit]").click();
}

/** Follows a request to the consent screen, signing in on the way. */
export async function toConsent(page, server, asked, user = server.users[0]) {
  await page.goto(authorizeUrl(server, asked));
  if (new URL(page.url()).pathname === "/login") await signIn(page, user);
  await onConsent(page);
}

/** The consent screen is shown. */
export async function onConsent(page) {
  await page.locator("form.consent").waitFor();
  assert.equal(new URL(page.url()).pathname, "/consent");
}

export const asset = (page, group, id) => page.locator(`input[name="asset.${group}"][value="${id}"]`);
export const agree = (page) => page.locator("button[name=action][value=agree]");
export const cancel = (page) => page.locator("button[name=action][value=cancel]");
export const find = (page, group) => page.locator(`button[name=action][value="find:${group}"]`);

/** Ticks ad accounts on the page that is shown. */
export async function tick(page, group, ...ids) {
  for (const id of ids) await asset(page, group, id).check();
}

/** What is ticked on the page that is shown. */
export function ticked(page) {
  const boxes = page.locator("form.consent input[type=checkbox]:checked");
  return boxes.evaluateAll((all) => all.map((box) => `${box.name.slice("asset.".length)}:${box.value}`));
}

/** What arrived at the demo's callback page, as the address bar has it. */
export async function arrived(page) {
  await page.waitForURL((url) => url.pathname === "/dev/callback");
  return Object.fromEntries(new URL(page.url()).searchParams);
}

/** The app trades the code. */
export async function trade(server, code) {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: server.rest_api_key,
    client_secret: server.client_secret,
    redirect_uri: server.redirect_uri,
    code,
  });
  const answer = await fetch(`${server.base_url}/oauth/business/token`, { method: "POST", body });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return JSON.parse(text).access_token;
}

/** What a token stands for: `{ group: { scope, ad_account_ids } }`. */
export async function tokeninfo(server, token) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${server.base_url}/v1/business/tokeninfo`, { headers });
  assert.equal(answer.status, 200);
  const { biz_agreements } = await answer.json();
  return Object.fromEntries(biz_agreements.map(({ group, ...rest }) => [group, rest]));
}

/** Trades a code and says which ad accounts it lends, group by group. */
export async function lent(server, code) {
  const info = await tokeninfo(server, await trade(server, code));
  const groups = Object.entries(info).filter(([, agreement]) => agreement.ad_account_ids);
  return Object.fromEntries(groups.map(([group, agreement]) => [group, [...agreement.ad_account_ids].sort()]));
}
