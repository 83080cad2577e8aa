// Every page as a person sees it, in both languages, both themes and all widths: axe-core, no scrolling sideways,
// and a picture in shots/ to look at.

import { look } from "../lib/look.mjs";
import { test } from "../lib/suite.mjs";
import { agree, arrived, authorizeUrl, cancel, EVERYTHING, find, onConsent, signIn, tick, toConsent } from "../lib/steps.mjs";
import { demo, platform, someone } from "../lib/world.mjs";

for (const lang of ["ko", "en"]) {
  test(`axe-core finds nothing from the front page to the code, and every page fits (${lang})`, async (it) => {
    const server = await demo(it);
    const person = await someone(it, { lang });
    const { page } = person;
    await page.goto(server.base_url);
    await look(person, "01-home");
    await page.goto(authorizeUrl(server, { scope: EVERYTHING }));
    await look(person, "02-login");
    await signIn(page, { email: "owner@example.com", password: "wrong" });
    await page.locator("#login-error").waitFor();
    await look(person, "03-login-error");
    await signIn(page, server.users[0]);
    await onConsent(page);
    await look(person, "04-consent");
    await tick(page, "keyword", "730021", "730023");
    await agree(page).click();
    await page.locator(".summary").waitFor();
    await look(person, "05-consent-error");
    await tick(page, "moment", "482910");
    await agree(page).click();
    await arrived(page);
    await look(person, "06-callback");
  });

  test(`axe-core finds nothing on the second consent, the refusals and the way out (${lang})`, async (it) => {
    const server = await demo(it);
    const person = await someone(it, { lang });
    const { page } = person;
    await toConsent(page, server, { scope: ["moment_management"] });
    await tick(page, "moment", "482910", "482912");
    await agree(page).click();
    await arrived(page);
    const more = ["moment_management", "moment_delete", "moment_bizform_result_read", "keyword_management"];
    await toConsent(page, server, { scope: more });
    await page.locator("#all-keyword").check();
    await look(person, "07-consent-again");
    await cancel(page).click();
    await arrived(page);
    await look(person, "08-callback-cancelled");
    await page.goBack();
    await look(person, "09-already-answered");
    const whole = ["moment_management", "keyword_create", "keyword_management"];
    await toConsent(page, server, { scope: whole, resource_ids: ["moment:482911", "keyword:*"] });
    await look(person, "10-consent-locked");
    await page.goto(authorizeUrl({ ...server, redirect_uri: "https://elsewhere.example/" }, { scope: EVERYTHING }));
    await look(person, "11-fault-developer");
    await page.goto(`${server.base_url}/no/such/page`);
    await look(person, "12-not-found");
    await page.goto(server.base_url);
    await look(person, "13-home-signed-in");
    await page.locator("form.account button").click();
    await page.getByRole("link", { name: lang === "ko" ? "다시 로그인" : "Sign in again" }).waitFor();
    await look(person, "14-signed-out");
    await page.goto(authorizeUrl(server, { scope: EVERYTHING }));
    await signIn(page, server.users[1]);
    await page.getByText("KOE027").waitFor();
    await look(person, "15-fault-no-assets");
  });

  test(`axe-core finds nothing on a long list and a search in it (${lang})`, async (it) => {
    const server = await platform(it);
    const person = await someone(it, { lang });
    const { page } = person;
    await toConsent(page, server, { scope: ["moment_management", "keyword_management"] }, server.users[0]);
    await tick(page, "moment", "500100", "500104");
    await page.locator("#group-moment nav.pages button").last().click();
    await page.getByText("500120").waitFor();
    await look(person, "16-consent-long-list");
    await page.locator("#find-moment").fill("agency");
    await find(page, "moment").click();
    await page.getByText("500902").waitFor();
    await look(person, "17-consent-search");
    await page.locator("#find-moment").fill("no such name");
    await find(page, "moment").click();
    await page.locator(".empty").waitFor();
    await look(person, "18-consent-search-empty");
  });
}
