import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
// A project of yours has a copy of this file beside its tests instead.
import { Platform } from "../../clients/node/bizauth-dev.mjs";
import { BusinessClient, KapiError } from "./client.mjs";
import { application } from "./server.mjs";

const platform = new Platform();

const seed = (redirectUri) => ({
  users: [{ email: "kim@example.com", assets: [{ group: "moment", id: "482910", name: "Spring campaign" }] }],
  apps: [{
    name: "Ad report",
    permissions: ["moment"],
    items: ["biz_account_email", "moment_management"],
    keys: [{ redirect_uris: [redirectUri] }],
  }],
});

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}

/** A world, the application on the port of its redirect URI, and a browser that knows what a cookie is. */
async function stage(t) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const world = await platform.world(t, { seed: seed(`${origin}/callback`) });
  const tokens = [];
  const settings = {
    kauth: world.baseUrl, kapi: world.baseUrl, redirectUri: `${origin}/callback`,
    clientId: world.clientId, clientSecret: world.clientSecret, onToken: (token) => tokens.push(token),
  };
  const server = application(settings).listen(port, "127.0.0.1");
  await once(server, "listening");
  t.after(() => { server.close(); server.closeAllConnections(); });
  async function browse(change = (url) => url) {
    const begun = await fetch(`${origin}/`, { redirect: "manual" });
    const cookie = begun.headers.get("set-cookie").split(";")[0];
    const asked = await fetch(begun.headers.get("location"), { redirect: "manual" });
    const back = await fetch(change(asked.headers.get("location")), { headers: { cookie } });
    return { status: back.status, body: await back.json() };
  }
  return { world, tokens, browse, client: new BusinessClient(settings) };
}

test("from the consent screen to what was lent", async (t) => {
  const { world, tokens, browse, client } = await stage(t);
  await world.consent("approve");
  const { status, body } = await browse();
  assert.equal(status, 200);
  assert.equal(body.email, "kim@example.com");
  assert.deepEqual(body.scopes.sort(), ["biz_account_email", "moment_management"]);
  assert.deepEqual(body.agreements.find(({ group }) => group === "moment").ad_account_ids, ["482910"]);
  const unread = (await world.requests()).flatMap((entry) => entry.unread ?? []);
  assert.deepEqual(unread, [], "it sends nothing that the platform does not read");
  await client.revoke(tokens[0]);
  await assert.rejects(client.tokeninfo(tokens[0]), (error) => error instanceof KapiError && error.code === -401);
});

test("a person may decline, and agree the next time", async (t) => {
  const { world, browse } = await stage(t);
  await world.consent("approve");
  await world.consent("deny", { times: 1 });
  assert.deepEqual((await browse()).body, { declined: "access_denied" });
  assert.equal((await world.requests({ endpoint: "token" })).length, 0);
  assert.equal((await browse()).body.email, "kim@example.com");
});

test("a code that came too late, and an answer with another state", async (t) => {
  const { world, browse } = await stage(t);
  await world.consent("approve");
  await world.fault("token", { code: "KOE320", times: 1 });
  assert.deepEqual(await browse(), { status: 502, body: { refused: "KOE320" } });
  const forged = await browse((url) => url.replace(/state=[^&]*/, "state=forged"));
  assert.equal(forged.status, 502);
  assert.match(forged.body.error, /state/);
});

test("what kapi refuses keeps its code", async (t) => {
  const { world, client } = await stage(t);
  const token = await world.token({ scope: ["moment_management"] });
  for (const code of ["-9798", "-10", "-401"]) {
    await world.fault("tokeninfo", { code, times: 1 });
    await assert.rejects(client.tokeninfo(token), (error) => error.code === Number(code));
  }
  assert.equal((await client.tokeninfo(token)).status, "ACTIVE");
});
