// The main job, from the app's request to what the token stands for, in every kind of browser.

import assert from "node:assert/strict";

import { fits, targets } from "../lib/check.mjs";
import { test } from "../lib/suite.mjs";
import { agree, arrived, authorizeUrl, EVERYTHING, onConsent, signIn, tick, ticked, tokeninfo, trade } from "../lib/steps.mjs";
import { demo, someone } from "../lib/world.mjs";

const kinds = [];
for (const lang of ["ko", "en"]) {
  for (const js of [true, false]) {
    for (const width of [360, 768, 1280]) {
      kinds.push({ lang, js, width, theme: kinds.length % 2 ? "dark" : "light" });
    }
  }
}

const TITLE = { ko: /비즈니스 권한을 요청합니다/, en: /asks for access to your business/ };

for (const kind of kinds) {
  const { lang, js, width, theme } = kind;
  test(`a person lends two ad accounts, and the token stands for just these (${lang}, scripts ${js ? "on" : "off"}, ${width} px, ${theme})`, async (it) => {
    const server = await demo(it);
    const person = await someone(it, kind);
    const { page } = person;
    const state = "a b/c?d=e&f=100%+한글";
    const asked = authorizeUrl(server, { scope: EVERYTHING, state });
    const room = async (where) => { await fits(page, where); await targets(page, where); };

    await page.goto(asked);
    assert.equal(await page.locator("html").getAttribute("lang"), lang);
    const next = new URL(page.url()).searchParams.get("next");
    assert.equal(server.base_url + next, asked, "the very same request waits behind the sign-in");
    await room("login");

    await signIn(page, server.users[0]);
    await onConsent(page);
    assert.match(await page.locator("h1").textContent(), TITLE[lang]);
    assert.deepEqual(await ticked(page), [], "nothing is ticked the first time");
    assert.equal(await page.locator("input[type=radio][value=all]:checked").count(), 0, "all is never the default");
    await room("consent");

    await tick(page, "moment", "482910");
    await tick(page, "keyword", "730022");
    await agree(page).click();
    const received = await arrived(page);
    assert.equal(received.state, state);
    assert.equal(await page.locator("dd code").first().textContent(), received.code);
    await room("callback");

    assert.deepEqual(await tokeninfo(server, await trade(server, received.code)), {
      personal: { scope: ["biz_account_email"] },
      moment: { scope: ["moment_management"], ad_account_ids: ["482910"] },
      keyword: { scope: ["keyword_management"], ad_account_ids: ["730022"] },
    });
  });
}
