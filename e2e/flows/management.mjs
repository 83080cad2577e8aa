// Every management page as people see it, in both languages, both themes and all widths: what it says when there is
// nothing, when a form is refused, when something is shown once or must be confirmed. And one form by the keyboard alone.

import assert from "node:assert/strict";

import { links, toConsole, toDesk } from "../lib/desk.mjs";
import { fill, form, press, refused, send } from "../lib/forms.mjs";
import { glance } from "../lib/look.mjs";
import { agree, authorizeUrl, onConsent, signIn, tick, trade } from "../lib/steps.mjs";
import { test } from "../lib/suite.mjs";
import { totp } from "../lib/totp.mjs";
import { app as thirdParty, empty, platform, someone } from "../lib/world.mjs";

/** A person consents to the prepared app, which trades the code; gives the token. */
async function consent(page, server, user, scope, assets) {
  const state = `${user.email} ${server.base_url} ${scope} ${Object.values(assets)}`;
  await page.goto(authorizeUrl(server, { scope, state }));
  if (new URL(page.url()).pathname === "/login") await signIn(page, user);
  await onConsent(page);
  for (const [group, ids] of Object.entries(assets)) await tick(page, group, ...ids);
  await agree(page).click();
  await page.waitForURL(`${thirdParty.origin}/callback**`);
  return trade(server, thirdParty.received.find((one) => one.state === state).code);
}

/** A photographer: goes to a path, looks at the page, follows its links if told so. */
function tour(one, origin) {
  return async (name, path, { follow = false } = {}) => {
    if (path) await one.page.goto(`${origin}${path}`);
    await glance(one, name);
    if (follow) await links(one.page);
  };
}

/** Opens whatever can be opened. */
const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));

const REASON = { ko: "광고주에게 캠페인 성과를 매주 정리해서 보내는 서비스입니다.", en: "We send advertisers a weekly report of their campaigns." };

for (const lang of ["ko", "en"]) {
  test(`every page of the console about an app and its members looks right (${lang})`, async (it) => {
    const server = await platform(it);
    const one = await someone(it, { lang });
    const { page } = one;
    const at = tour(one, server.base_url);
    await toConsole(page, server, server.users[0]);
    await at("c01-apps-none");
    await at("c02-app-new", "/console/apps/new");
    await refused(page, "/console/apps/new", { name: "", company: "x".repeat(60) });
    await at("c03-app-new-refused");
    const name = { ko: "달빛 마케팅 주간 리포트", en: "Moonlight Weekly Reports" }[lang];
    await send(page, "/console/apps/new", { name, company: { ko: "달빛마케팅 주식회사", en: "Moonlight Marketing Ltd." }[lang] });
    const app = new URL(page.url()).pathname;
    await at("c04-app-steps", app, { follow: true });
    await at("c05-settings", `${app}/settings`);
    await refused(page, "/biz/request", { reason: "" });
    await at("c06-settings-refused");
    await send(page, "/biz/request", { reason: REASON[lang] });
    await at("c07-settings-asked");
    await refused(page, "/delete", { confirm: "another name" });
    await at("c08-delete-refused");
    await at("c09-members", `${app}/members`);
    await refused(page, "/members/invite", { email: "nobody at all", role: "editor" });
    await at("c10-members-refused");
    await send(page, "/members/invite", { email: server.users[1].email, role: "editor" });
    await at("c11-members-invited");
    const guest = await someone(it, { lang });
    await toConsole(guest.page, server, server.users[1]);
    await glance(guest, "c12-apps-invited");
    await send(guest.page, "/accept");
    await guest.page.goto(`${server.base_url}${app}/settings`);
    await glance(guest, "c13-settings-editor");
    await page.goto(`${server.base_url}${app}/members`);
    await press(page, page.locator("td.acts a", { hasText: server.users[1].email }));
    await at("c14-member");
    await at("c15-apps", "/console", { follow: true });
    await at("c16-apps-not-found", "/console?q=zzz");
    await at("c17-keys-none", `${app}/keys`);
    await at("c18-tokens-none", `${app}/tokens`);
    await at("c19-test-no-key", `${app}/test/issue`);
    await at("c20-usage-none", `${app}/usage`);
    await at("c21-no-such-app", "/console/apps/4711");
  });

  test(`every page of the console about keys, consent and tokens looks right (${lang})`, async (it) => {
    const server = await platform(it);
    const one = await someone(it, { lang });
    const { page } = one;
    const at = tour(one, server.base_url);
    const person = await someone(it, { lang });
    const everything = ["biz_account_email", "moment_management", "keyword_management"];
    await consent(person.page, server, server.users[0], everything, { moment: ["500100", "500101"], keyword: ["600100"] });
    await toConsole(page, server, server.users[1]);
    const app = `/console/apps/${server.app_id}`;
    await at("k01-overview", app, { follow: true });
    await at("k02-keys", `${app}/keys`);
    await refused(page, "/keys/create", { kind: "admin", name: "" });
    await at("k03-keys-refused");
    await send(page, "/keys/create", { kind: "admin", name: { ko: "IP 목록을 받는 배치 서버", en: "batch server that reads the IP list" }[lang] });
    await at("k04-admin-key-once");
    const key = `${app}/keys/${server.key_id}`;
    await page.goto(`${server.base_url}${key}`);
    await unfold(page);
    await at("k05-key", null, { follow: true });
    await refused(page, "/redirect-uris/add", { uri: "https://*.example.com/../callback" });
    await at("k06-uri-refused");
    await send(page, "/pkce");
    assert.equal(await page.locator("[aria-labelledby=pkce] .badge.good").count(), 1, "PKCE is required now");
    const bare = await person.page.goto(authorizeUrl(server, { scope: ["moment_management"] }));
    assert.equal(bare.status(), 400, "a request without a challenge");
    assert.match(await person.page.locator("dl.facts").innerText(), /KOE233/);
    await send(page, "/pkce");
    assert.equal(await page.locator("[aria-labelledby=pkce] .badge.good").count(), 0, "and no longer");
    await send(page, "/secret/issue", { overlap: await page.locator("form[action$='/secret/issue'] input[type=radio]").nth(2).getAttribute("value") });
    await at("k07-secret-once");
    await refused(page, "/callers", { callers: "10.0.0.0/8\nnot an address" });
    await at("k08-callers-refused");
    await at("k09-items", `${app}/items`, { follow: true });
    await refused(page, "/items", { "on.keyword_create": true, "purpose.keyword_create": "" });
    await at("k10-items-refused");
    await at("k11-preview", `${app}/preview?scope=moment_management&scope=biz_account_email`);
    await at("k12-tokens", `${app}/tokens`);
    await press(page, page.locator("table.list th a").first());
    await at("k13-token", null, { follow: true });
    await refused(page, "/revoke");
    await at("k14-token-refused");
  });

  test(`every page of the tools looks right (${lang})`, async (it) => {
    const server = await platform(it);
    const one = await someone(it, { lang });
    const { page } = one;
    const at = tour(one, server.base_url);
    await toConsole(page, server, server.users[1]);
    const app = `/console/apps/${server.app_id}`;
    await at("t01-test-authorize", `${app}/test?api=authorize`, { follow: true });
    await at("t02-test-token", `${app}/test?api=token`);
    await at("t03-test-tokeninfo", `${app}/test?api=tokeninfo`);
    await refused(page, "/test/send", { token: "" });
    await at("t04-test-refused");
    await at("t05-test-ips", `${app}/test?api=ips`);
    await at("t06-issue", `${app}/test/issue`);
    await send(page, "/test/register");
    await refused(page, "/test/issue");
    await at("t07-issue-refused");
    await send(page, "/test/issue", { item: ["moment_management", "keyword_management"] });
    await onConsent(page);
    await tick(page, "moment", "700100");
    await tick(page, "keyword", "700200");
    await agree(page).click();
    await page.waitForURL("**/console/test/callback?**");
    await at("t08-code");
    await refused(page, "/test/redeem", { client_secret: "wrong" });
    await at("t09-code-refused");
    await fill(page, "/test/redeem", { client_secret: server.client_secret });
    await press(page, form(page, "/test/redeem").locator("button.primary"));
    await at("t10-token");
    await send(page, "/test/send");
    await at("t11-answer");
    await at("t12-errors", "/console/errors");
    await at("t13-errors-one", "/console/errors?code=KOE010");
    await at("t14-errors-unknown", "/console/errors?code=KOE999");
    await at("t15-usage", `${app}/usage`, { follow: true });
  });

  test(`every page of the operator about accounts and apps looks right (${lang})`, async (it) => {
    const server = await platform(it);
    const one = await someone(it, { lang });
    const { page } = one;
    const at = tour(one, server.operator_url);
    const dev = await someone(it, { lang });
    await toConsole(dev.page, server, server.users[1]);
    await dev.page.goto(`${server.base_url}/console/apps/new`);
    await send(dev.page, "/console/apps/new", { name: "Newcomer", company: "Newcomer Ltd." });
    await dev.page.goto(`${dev.page.url().split("?")[0]}/settings`);
    await send(dev.page, "/biz/request", { reason: REASON[lang] });
    await toDesk(page, server);
    await at("o01-home", null, { follow: true });
    await at("o02-accounts", "/operator/accounts");
    await at("o03-accounts-not-found", "/operator/accounts?q=zzz");
    await at("o04-account-new", "/operator/accounts/new");
    await refused(page, "/operator/accounts/new", { email: "not an address" });
    await at("o05-account-new-refused");
    await send(page, "/operator/accounts/new", { email: "new@example.com" });
    await at("o06-account-password-once");
    await refused(page, "/state", { state: "blocked", reason: "" });
    await at("o07-account-state-refused");
    await page.goto(`${server.operator_url}/operator/accounts?q=many`);
    await press(page, page.locator("table.list th a").first());
    await unfold(page);
    await at("o08-account", null, { follow: true });
    await at("o09-apps", "/operator/apps");
    await at("o10-app", `/operator/apps/${server.app_id}`, { follow: true });
    await refused(page, "/sanction", { reason: "" });
    await at("o11-app-refused");
    await at("o12-requests", "/operator/requests");
    await press(page, page.locator("table.list th a").first());
    const request = new URL(page.url()).pathname;
    await at("o13-request");
    await refused(page, "/decide", { decision: "refuse", answer: "" });
    await at("o14-request-refused");
    await send(page, "/decide", { decision: "refuse", answer: { ko: "사업자등록증을 먼저 보내 주세요.", en: "Please send us your registration first." }[lang] });
    await at("o15-request-decided", request);
    await at("o16-requests-none", "/operator/requests");
    await at("o17-no-such-page", "/operator/apps/4711");
  });

  test(`every page of the operator about assets and the catalogue looks right (${lang})`, async (it) => {
    const server = await platform(it);
    const one = await someone(it, { lang });
    const { page } = one;
    const at = tour(one, server.operator_url);
    await toDesk(page, server);
    await at("p01-assets", "/operator/assets", { follow: true });
    await at("p02-asset-new", "/operator/assets/new");
    await refused(page, "/operator/assets/new", { group: "moment", id: "what is this", name: "", kind: "ad_account" });
    await at("p03-asset-new-refused");
    await page.goto(`${server.operator_url}/operator/assets/moment/700100`);
    await unfold(page);
    await at("p04-asset", null, { follow: true });
    await refused(page, "/hold", { email: "nobody@example.com", role: "owner" });
    await at("p05-asset-refused");
    await at("p06-import", "/operator/assets/import");
    await refused(page, "/operator/assets/import", { file: { name: "what.csv", mimeType: "text/csv", buffer: Buffer.from("이메일\n") } });
    await at("p07-import-refused");
    const rows = "group,id,kind,name,email,role,lendable\nmoment,1,ad_account,One,few@example.com,owner,yes\nmoment,2,house,Two,,,\nmoment,3,ad_account,Three,nobody@example.com,owner,yes\n";
    await send(page, "/operator/assets/import", { file: { name: "assets.csv", mimeType: "text/csv", buffer: Buffer.from(rows) } });
    await at("p08-import-checked");
    await send(page, "/apply");
    for (let tries = 0; (await page.locator("progress").count()) && tries < 50; tries += 1) await page.reload();
    await at("p09-import-done", null, { follow: true });
    await at("p10-catalogue", "/operator/catalogue", { follow: true });
    await at("p11-group-new", "/operator/catalogue/new");
    await refused(page, "/operator/catalogue/new", { id: "Not An Id", name_ko: "" });
    await at("p12-group-new-refused");
    await at("p13-group", "/operator/catalogue/groups/moment");
    await at("p14-item-new", "/operator/catalogue/groups/moment/new");
    await at("p15-item", "/operator/catalogue/items/moment_management");
  });

  test(`every page of the operator about the platform looks right (${lang})`, async (it) => {
    const server = await empty(it);
    const one = await someone(it, { lang });
    const { page } = one;
    const at = tour(one, server.operator_url);
    await toDesk(page, server);
    await at("q01-home-empty", null, { follow: true });
    await at("q02-apps-none", "/operator/apps");
    await at("q03-assets-none", "/operator/assets");
    await at("q04-import-none", "/operator/assets/import");
    await at("q05-platform", "/operator/platform");
    await refused(page, "/platform/close", { reason: "x" });
    await at("q06-platform-refused");
    await send(page, "/platform/close", { sure: true });
    await at("q07-platform-closed", "/operator/platform");
    await send(page, "/platform/open");
    await at("r01-ip-none", "/operator/ip-list", { follow: true });
    await at("r02-ip-draft-none", "/operator/ip-list/draft");
    await at("r03-ip-service-new", "/operator/ip-list/draft/new");
    await refused(page, "/draft/new", { list: "inbound", name: "callback", ports: "443", ips: "10.0.0" });
    await at("r04-ip-service-refused");
    await send(page, "/draft/new", { list: "inbound", name: "callback", ports: "443, 80", ips: "211.249.203.104/24\n220.64.110.190/25" });
    await at("r05-ip-service");
    await at("r06-ip-step-new", "/operator/ip-list/draft/inbound/0/new");
    await send(page, "/inbound/0/new", { change: "addition", date: "2099-12-01", ips: "1.201.0.0/16", note: "새 데이터 센터" });
    await at("r07-ip-service-announced");
    await at("r08-ip-step", "/operator/ip-list/draft/inbound/0/addition/0");
    await at("r09-ip-preview-draft", "/operator/ip-list/preview?of=draft&at=2099-12-01");
    await at("r10-ip-draft", "/operator/ip-list/draft");
    await refused(page, "/draft/publish", { reason: "" });
    await at("r11-ip-draft-refused");
    await send(page, "/draft/publish", { reason: "첫 목록", sure: true });
    await at("r12-ip-version");
    await at("r13-ip-list", "/operator/ip-list", { follow: true });
    await at("r14-ip-webhooks-none", "/operator/ip-list/webhooks");
    await at("r15-ip-webhook-new", "/operator/ip-list/webhooks/new");
    await refused(page, "/webhooks/new", { url: "https://127.0.0.1/" });
    await at("r16-ip-webhook-refused");
    await send(page, "/webhooks/new", { url: "https://hooks.example/ip-list" });
    await at("r17-ip-webhook-once");
    await at("r18-ip-webhooks", "/operator/ip-list/webhooks");
    await at("q08-keys-none", "/operator/keys");
    await at("q09-key-new", "/operator/keys/new");
    await refused(page, "/operator/keys/new", { name: "" });
    await at("q10-key-new-refused");
    await send(page, "/operator/keys/new", { name: "directory sync", scopes: ["assets:read", "assets:write"] });
    await at("q11-key-once");
    await at("q12-keys", "/operator/keys");
    await at("q13-audit", "/operator/audit", { follow: true });
    await at("q14-audit-none", "/operator/audit?act=no.such");
    await at("q15-audit-verify", "/operator/audit/verify?run=yes");
  });

  test(`every page of a business owner looks right (${lang})`, async (it) => {
    const server = await platform(it);
    const one = await someone(it, { lang });
    const { page } = one;
    const at = tour(one, server.base_url);
    const [user] = server.users;
    await page.goto(`${server.base_url}/me`);
    await signIn(page, user);
    await at("m01-apps-none", "/me", { follow: true });
    await consent(page, server, user, ["biz_account_email", "moment_management", "keyword_management"], { moment: ["500100", "500101"], keyword: ["600100"] });
    await at("m02-apps", "/me", { follow: true });
    await press(page, page.locator(".connected .app-name a"));
    const app = new URL(page.url()).pathname;
    await at("m03-app", null, { follow: true });
    await press(page, page.locator("#consents th a"));
    await at("m04-consent");
    await page.goto(`${server.base_url}${app}`);
    await press(page, page.locator("#tokens td.acts a"));
    await at("m05-withdraw-token");
    await page.goto(`${server.base_url}${app}`);
    await press(page, page.locator("#assets td.acts a").first());
    await at("m06-withdraw-asset");
    await send(page, "/assets/withdraw");
    await at("m07-asset-withdrawn");
    await at("m08-withdraw-app", `${app}/withdraw`);
    await send(page, "/withdraw");
    await at("m09-app-withdrawn", app);
  });

  test(`every page of an account looks right, and so does signing in with a code (${lang})`, async (it) => {
    const server = await platform(it);
    const [one, other] = [await someone(it, { lang }), await someone(it, { lang })];
    const { page } = one;
    const at = tour(one, server.base_url);
    const [user] = server.users;
    await page.goto(`${server.base_url}/me/account`);
    await signIn(page, user);
    await page.waitForURL("**/me/account");
    await other.page.goto(`${server.base_url}/me/account`);
    await signIn(other.page, user);
    await other.page.waitForURL("**/me/account");
    await at("n01-account", "/me/account", { follow: true });
    await at("n02-password", "/me/account/password");
    await refused(page, "/me/account/password", { current: "wrong", new: "short", again: "different" });
    await at("n03-password-refused");
    await at("n04-two-factor-off", "/me/account/two-factor");
    await send(page, "/two-factor/begin", { current: user.password });
    await at("n05-two-factor-scan");
    const seed = await page.locator("#seed").textContent();
    await refused(page, "/two-factor/confirm", { code: "12" });
    await at("n06-two-factor-refused");
    await send(page, "/two-factor/confirm", { code: totp(seed) });
    await at("n07-two-factor-codes-once");
    await at("n08-two-factor-on", "/me/account/two-factor");
    await at("n09-codes", "/me/account/two-factor/codes");
    await at("n10-disable", "/me/account/two-factor/disable");
    await press(page, form(page, "/logout").locator("button"));
    await page.goto(`${server.base_url}/me`);
    await signIn(page, user);
    await page.waitForURL("**/login/code**");
    await at("n11-login-code");
    await page.locator("#code").fill("000");
    await press(page, page.locator("form.fields button"));
    await page.locator("#code-error").waitFor();
    await at("n12-login-code-refused");
  });
}

test("a developer makes an app with the keyboard alone, refused once on the way", async (it) => {
  const server = await platform(it);
  const { page } = await someone(it);
  await toConsole(page, server, server.users[1]);
  await page.goto(`${server.base_url}/console/apps/new`);
  const focused = () => page.evaluate(() => document.activeElement?.name ?? "");
  const tabTo = async (name) => {
    for (let presses = 0; (await focused()) !== name; presses += 1) {
      assert.ok(presses < 40, `${name} is reached by Tab`);
      await page.keyboard.press("Tab");
    }
  };
  const enter = () => Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await tabTo("name");
  await page.keyboard.type("x".repeat(10));
  await tabTo("company");
  await page.keyboard.type("\u3000");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await tabTo("company");
  await enter();
  // The list of what is wrong has the focus; its link leads to the field.
  await page.locator(".summary").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "company");
  assert.equal(await page.locator("input[name=name]").inputValue(), "x".repeat(10));
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Report Works Ltd.");
  await enter();
  assert.match(new URL(page.url()).pathname, /^\/console\/apps\/\d+$/);
});
