// Helpers over the control API of `bizauth dev` for Node's test runner. Copy this file beside your tests.

/** The control API refused a call; the message names what would be allowed. */
export class Refused extends Error {}

/** A platform that runs: the one that BIZAUTH_CONTROL_URL names, as `bizauth dev exec -- node --test` sets it. */
export class Platform {
  constructor(controlUrl = process.env.BIZAUTH_CONTROL_URL) {
    if (!controlUrl) throw new Error("BIZAUTH_CONTROL_URL is not set: run this as `bizauth dev exec -- node --test`");
    this.controlUrl = controlUrl;
  }

  /** A call of the control API: its JSON, or undefined where there is none. */
  async call(method, path, body) {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const answer = await fetch(this.controlUrl + path, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /**
   * A world of the test's own, dropped after it: `const world = await platform.world(t, { seed })`.
   * The wish may have `seed` or `seed_toml`, `random`, `clock`, `id`; without a seed it is the demo's.
   */
  async world(t, wish = {}) {
    const world = new World(this, await this.call("POST", "/worlds", wish));
    t.after(() => world.drop());
    return world;
  }
}

export class World extends Platform {
  constructor(platform, told) {
    super(`${told.base_url}/_dev`);
    const key = told.apps.flatMap((app) => app.keys).find((key) => key.redirect_uris.length > 0);
    Object.assign(this, { platform, told, id: told.id, baseUrl: told.base_url });
    Object.assign(this, { clientId: key?.value, clientSecret: key?.secret, redirectUri: key?.redirect_uris[0] });
  }

  drop() {
    return this.platform.call("DELETE", `/worlds/${this.id}`);
  }

  /** Moves the clock by "400 days"; what fell in between, in order. */
  async advance(span) {
    return (await this.call("POST", "/clock", { advance: span })).happenings;
  }

  /** `fault("tokeninfo", { code: "-9798", times: 1 })` */
  fault(endpoint, plan) {
    return this.call("POST", "/faults", { endpoint, ...plan });
  }

  /** A rule for consent screens; with `times` it is an entry of a queue. */
  consent(action, rule = {}) {
    return this.call("POST", "/consents", { action, ...rule });
  }

  /** A business token, through consent and redemption. */
  async token(wish = {}) {
    return (await this.call("POST", "/tokens", wish)).access_token;
  }

  kill(token, reason) {
    return this.call("POST", "/tokens/kill", { token, reason });
  }

  /** The log: `requests({ endpoint: "token", status: 200 })` */
  async requests(where = {}) {
    return (await this.call("GET", `/requests?${new URLSearchParams(where)}`)).requests;
  }
}
