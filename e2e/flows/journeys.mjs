// The journeys of the management pages, each from a platform on which there is nothing but one operator.

import assert from "node:assert/strict";

import {
  callTool, giveAsset, grantRequest, issueToken, makeAccount, makeApp, makeKey, switchOn, toConsole, toDesk,
} from "../lib/desk.mjs";
import { form, press, refused, send, shownOnce } from "../lib/forms.mjs";
import { agree, authorizeUrl, onConsent, signIn, tick, tokeninfo, trade } from "../lib/steps.mjs";
import { test } from "../lib/suite.mjs";
import { totp } from "../lib/totp.mjs";
import { app as thirdParty, empty, someone } from "../lib/world.mjs";

/** The people of a journey, each with a browser. */
const people = (it, how, ...names) => Promise.all(names.map(() => someone(it, how))).then((all) => all.map(({ page }) => page));

test("a new developer comes from an account to a first token (scripts on)", async (it) => {
  const server = await empty(it);
  const [desk, dev] = await people(it, { lang: "en" }, "operator", "developer");
  await toDesk(desk, server);
  const user = await makeAccount(desk, server, "dev@example.com");

  // The temporary password works, and is exchanged for an own one.
  await toConsole(dev, server, user);
  await dev.goto(`${server.base_url}/me/account/password`);
  const own = "plenty of words make a password";
  await refused(dev, "/me/account/password", { current: user.password, new: own, again: "something else" });
  await send(dev, "/me/account/password", { current: user.password, new: own, again: own });

  // An app, which the operator makes a Biz app.
  const app = await makeApp(dev, server, "Ad Reports");
  await dev.goto(`${server.base_url}${app}/settings`);
  await send(dev, "/biz/request", { reason: "We send advertisers weekly reports of their campaigns." });
  await grantRequest(desk, server);

  // A key with its secret, and where people come back to.
  const key = await makeKey(dev, server, app);
  await refused(dev, "/redirect-uris/add", { uri: "https://reports.example.com/callback#top" });
  assert.match(await dev.locator(".summary").textContent(), /fragment/);
  await send(dev, "/redirect-uris/add", { uri: "https://reports.example.com/callback" });

  // What it asks for, and the operator's leave to ask.
  await switchOn(dev, server, app, "moment_management");
  await refused(dev, "/permissions/request", { reason: "so" });
  await send(dev, "/permissions/request", { reason: "The weekly report needs the results of campaigns." });
  await grantRequest(desk, server);
  await dev.goto(`${server.base_url}${app}/preview?scope=moment_management`);
  await dev.locator("section.preview").waitFor();

  // Something to lend, and the tool's address among the redirect URIs.
  await giveAsset(desk, server, user.email, "moment", "482910", "Spring campaign");
  await dev.goto(`${server.base_url}${app}/test/issue`);
  await send(dev, "/test/register");
  await issueToken(dev, server, app, { secret: key.secret, items: ["moment_management"], assets: { moment: ["482910"] } });
  const told = await callTool(dev);
  assert.deepEqual(told.biz_agreements.map(({ group, ad_account_ids }) => [group, ad_account_ids]), [["moment", ["482910"]]]);
  const curl = await dev.locator("#curl").textContent();
  assert.match(curl, /curl/);
  assert.ok(!dev.url().includes("token="), "no token in an address");

  // The console lists it, and the path to it is walked.
  await dev.goto(`${server.base_url}${app}/tokens`);
  assert.equal(await dev.locator("table.list tbody tr").count(), 1);
  assert.match(await dev.locator("table.list tbody").textContent(), /Active/);
  await dev.goto(`${server.base_url}${app}`);
  assert.match(await dev.locator("main").textContent(), /Everything is in place/);
});

test("an operator comes from an empty platform to a first grant (scripts off)", async (it) => {
  const server = await empty(it);
  const [desk, dev, owner] = await people(it, { lang: "ko", js: false }, "operator", "developer", "owner");
  await toDesk(desk, server);
  const maker = await makeAccount(desk, server, "dev@example.com");
  const holder = await makeAccount(desk, server, "owner@example.com");

  // Assets come in a file; a bad row is named, and the others are applied.
  await desk.goto(`${server.operator_url}/operator/assets/import`);
  const rows = [
    "group,id,kind,name,email,role,lendable",
    "moment,482910,ad_account,봄 시즌 캠페인,owner@example.com,owner,yes",
    "moment,482911,ad_account,Brand search,owner@example.com,manager,yes",
    "moment,482912,ad_account,Autumn sale,nobody@example.com,owner,yes",
  ];
  await send(desk, "/operator/assets/import", { file: { name: "assets.csv", mimeType: "text/csv", buffer: Buffer.from(`${rows.join("\n")}\n`) } });
  const bad = desk.locator("table.list tbody tr");
  assert.equal(await bad.count(), 1);
  assert.match(await bad.textContent(), /4[\s\S]*email[\s\S]*계정/);
  await send(desk, "/apply");
  for (let tries = 0; (await desk.locator("progress").count()) && tries < 50; tries += 1) await desk.reload();
  await desk.goto(`${server.operator_url}/operator/assets/moment/482910`);
  assert.match(await desk.locator("main").textContent(), /owner@example\.com/);

  // An app of somebody else, which gets its kind and its permission at the desk.
  await toConsole(dev, server, maker);
  const app = await makeApp(dev, server, "주간 리포트");
  await desk.goto(`${server.operator_url}/operator/apps`);
  await desk.locator("table.list th a").first().click();
  await send(desk, "/kind", { kind: "biz", reason: "사업자 확인" });
  await send(desk, "/grant");
  const key = await makeKey(dev, server, app);
  await send(dev, "/redirect-uris/add", { uri: thirdParty.redirectUri });
  await switchOn(dev, server, app, "moment_management");

  // The person consents at the app's request, and the app has its token.
  const client = { ...server, rest_api_key: key.value, client_secret: key.secret, redirect_uri: thirdParty.redirectUri };
  const state = "an operator's first grant";
  await owner.goto(authorizeUrl(client, { scope: ["moment_management"], state }));
  await signIn(owner, holder);
  await onConsent(owner);
  assert.match(await owner.locator("form.consent").textContent(), /봄 시즌 캠페인/);
  await tick(owner, "moment", "482910", "482911");
  await agree(owner).click();
  await owner.waitForURL(`${thirdParty.origin}/callback**`);
  const { code } = thirdParty.received.find((one) => one.state === state);
  const told = await tokeninfo(client, await trade(client, code));
  assert.deepEqual([...told.moment.ad_account_ids].sort(), ["482910", "482911"]);

  // All of it is in the log.
  await desk.goto(`${server.operator_url}/operator/audit/verify?run=yes`);
  await desk.locator(".note.warn, .done, .note").first().waitFor();
  await desk.goto(`${server.operator_url}/operator/audit?act=app.kind`);
  assert.equal(await desk.locator("table.list tbody tr").count(), 1);
});

test("an owner takes back one asset and then the whole app, and tokeninfo says so at once (scripts on)", async (it) => {
  const server = await empty(it);
  const [desk, dev, owner] = await people(it, { lang: "en" }, "operator", "developer", "owner");
  await toDesk(desk, server);
  const maker = await makeAccount(desk, server, "dev@example.com");
  const holder = await makeAccount(desk, server, "owner@example.com");
  await giveAsset(desk, server, holder.email, "keyword", "730021", "Shop keywords");
  await giveAsset(desk, server, holder.email, "keyword", "730022", "Local keywords");
  await toConsole(dev, server, maker);
  const app = await makeApp(dev, server, "Ad Reports");
  await desk.goto(`${server.operator_url}/operator/apps`);
  await desk.locator("table.list th a").first().click();
  await send(desk, "/kind", { kind: "biz" });
  const key = await makeKey(dev, server, app);
  await send(dev, "/redirect-uris/add", { uri: thirdParty.redirectUri });
  await switchOn(dev, server, app, "keyword_management");
  const client = { ...server, rest_api_key: key.value, client_secret: key.secret, redirect_uri: thirdParty.redirectUri };
  const state = "an owner who takes back";
  await owner.goto(authorizeUrl(client, { scope: ["keyword_management"], state }));
  await signIn(owner, holder);
  await onConsent(owner);
  await tick(owner, "keyword", "730021", "730022");
  await agree(owner).click();
  await owner.waitForURL(`${thirdParty.origin}/callback**`);
  const token = await trade(client, thirdParty.received.find((one) => one.state === state).code);
  assert.equal((await tokeninfo(client, token)).keyword.ad_account_ids.length, 2);

  await owner.goto(`${server.base_url}/me`);
  await press(owner, owner.locator(".connected .app-name a"));
  const page = owner.url();
  await press(owner, owner.locator("#assets tr", { hasText: "730021" }).locator("a.button"));
  await send(owner, "/assets/withdraw");
  assert.deepEqual((await tokeninfo(client, token)).keyword.ad_account_ids, ["730022"]);
  assert.equal(await owner.locator("#assets tbody tr").count(), 1);

  await owner.goto(page);
  await press(owner, owner.locator(".head .actions a"));
  await send(owner, "/withdraw");
  const refusal = await fetch(`${server.base_url}/v1/business/tokeninfo`, { headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual([refusal.status, (await refusal.json()).code], [401, -401]);
  await dev.goto(`${server.base_url}${app}/tokens`);
  assert.match(await dev.locator("table.list tbody").textContent(), /Consent withdrawn/);
});

test("a second factor is set up, asked for at sign-in, and a recovery code stands in for it (scripts off)", async (it) => {
  const server = await empty(it);
  const [page, other] = await people(it, { lang: "en", js: false }, "owner", "the same elsewhere");
  const here = `${server.base_url}/me/account/two-factor`;
  await page.goto(here);
  await signIn(page, server.operator);
  await page.waitForURL(here);
  await refused(page, "/two-factor/begin", { current: "not my password" });
  await send(page, "/two-factor/begin", { current: server.operator.password });
  const seed = await page.locator("#seed").textContent();
  await refused(page, "/two-factor/confirm", { code: "000000" });
  await send(page, "/two-factor/confirm", { code: totp(seed) });
  const [recovery] = (await shownOnce(page, "recovery")).split(/\s+/);

  const signInAgain = async (code) => {
    await other.goto(`${server.base_url}/me`);
    await signIn(other, server.operator);
    await other.waitForURL("**/login/code**");
    await other.locator("#code").fill(code);
    await press(other, other.locator("form.fields button"));
  };
  // A code that was used does not work again; the next one does.
  await signInAgain(totp(seed, 0));
  await other.locator("#code-error").waitFor();
  await signInAgain(totp(seed, 1));
  await other.waitForURL(`${server.base_url}/me`);
  await press(other, form(other, "/logout").locator("button"));
  await signInAgain(recovery);
  await other.waitForURL(`${server.base_url}/me`);
  await page.goto(`${server.base_url}/me/account`);
  assert.match(await page.locator("dl.facts").textContent(), /9/);
});
