// The forms of the management pages: filled in by the names of their fields, sent by their address.

import assert from "node:assert/strict";

/** The form that is sent to an address ending like this. */
export const form = (page, action) => page.locator(`form[action$="${action}"]`).first();

/** Fills in a form: texts, choices by value, ticks by true, false or a list of values, files. */
export async function fill(page, action, values) {
  const at = form(page, action);
  for (const [name, value] of Object.entries(values)) {
    const field = at.locator(`[name="${name}"]`);
    const valued = (one) => at.locator(`[name="${name}"][value="${one}"]`);
    const kind = await field.first().evaluate((it) => it.type);
    if (kind === "radio") await valued(value).check();
    else if (kind === "checkbox" && Array.isArray(value)) for (const one of value) await valued(one).check();
    else if (kind === "checkbox") await field.setChecked(value);
    else if (kind === "select-one") await field.selectOption(value);
    else if (kind === "file") await field.setInputFiles(value);
    else await field.fill(value);
  }
  return at;
}

/** Presses something that leads to another page; gives the status it came with. */
export async function press(page, what) {
  const [answer] = await Promise.all([page.waitForNavigation(), what.click()]);
  return answer.status();
}

/** Fills in a form and sends it: it must be accepted. */
export async function send(page, action, values = {}) {
  const at = await fill(page, action, values);
  const status = await press(page, at.locator("button:not([type=button])").first());
  assert.equal(status, 200, `${action}: ${await page.locator("main").innerText()}`);
}

/** Fills in a form and sends it as it is, whatever the browser thinks of it: it must be refused, and what was typed kept. */
export async function refused(page, action, values = {}) {
  const at = await fill(page, action, values);
  await at.evaluate((it) => { it.noValidate = true; });
  assert.equal(await press(page, at.locator("button:not([type=button])").first()), 422, action);
  await page.locator(".summary[role=alert]").waitFor();
  const again = form(page, action);
  for (const [name, value] of Object.entries(values)) {
    // Passwords, and codes that work once, are typed afresh.
    const kept = "input:is([type=text], [type=email], [type=url]):not([autocomplete=one-time-code]), textarea";
    const field = again.locator(kept).and(again.locator(`[name="${name}"]`));
    if (await field.count()) assert.equal(await field.first().inputValue(), value, `${name} is kept`);
  }
}

/** Follows the link with this address. */
export async function follow(page, href) {
  assert.equal(await press(page, page.locator(`a[href="${href}"]`).first()), 200, href);
}

/** What is shown once: it is on the page now, and not when the page is asked for again. */
export async function shownOnce(page, id) {
  const value = (await page.locator(`#${id}`).textContent()).trim();
  await page.goto(page.url());
  assert.equal(await page.locator(`#${id}`).count(), 0, "shown once");
  return value;
}
