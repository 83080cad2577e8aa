// What a test of yours may look like; `tokeninfo` is where your own client would be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Platform, Refused } from "./bizauth-dev.mjs";

const platform = new Platform();

async function tokeninfo(world, token) {
  const answer = await fetch(`${world.baseUrl}/v1/business/tokeninfo`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, code: (await answer.json()).code };
}

test("a token dies after a year of disuse", async (t) => {
  const world = await platform.world(t);
  const token = await world.token({ scope: ["moment_management"] });
  assert.equal((await tokeninfo(world, token)).status, 200);
  const happened = await world.advance("400 days");
  assert.ok(happened.some((event) => event.what === "token-unused"));
  assert.deepEqual(await tokeninfo(world, token), { status: 401, code: -401 });
});

test("a fault strikes as often as it says", async (t) => {
  const world = await platform.world(t);
  const token = await world.token({ scope: ["moment_management"] });
  await world.fault("tokeninfo", { code: "-9798", times: 1 });
  assert.equal((await tokeninfo(world, token)).code, -9798);
  assert.equal((await tokeninfo(world, token)).status, 200);
  assert.deepEqual((await world.requests({ endpoint: "tokeninfo" })).map((entry) => entry.answer.status), [503, 200]);
});

test("the next person denies", async (t) => {
  const world = await platform.world(t);
  await world.consent("approve");
  await world.consent("deny", { times: 1 });
  const url = `${world.baseUrl}/oauth/business/authorize?${new URLSearchParams({
    response_type: "code", client_id: world.clientId, redirect_uri: world.redirectUri, scope: "moment_management",
  })}`;
  const asked = async () => (await fetch(url, { redirect: "manual" })).headers.get("location");
  assert.match(await asked(), /[?&]error=access_denied/);
  assert.match(await asked(), /[?&]code=/);
});

test("a mistake says what is allowed", async (t) => {
  const world = await platform.world(t);
  await assert.rejects(world.fault("tokn", { code: "-9798" }), (error) => error instanceof Refused && /tokeninfo/.test(error.message));
});
