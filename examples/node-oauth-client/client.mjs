// Business Authentication by way of oauth4webapi: the consent screen, the token, what it is good for, its end.
import { webcrypto } from "node:crypto";
import * as oauth from "oauth4webapi";

// Node 18, which some systems still have, keeps this from programs that do not ask.
globalThis.crypto ??= webcrypto;

/** What kapi answered when it was not a success; `code` is the platform's, such as -401. */
export class KapiError extends Error {
  constructor(status, body) {
    super(`kapi answered ${status}: ${body?.code} ${body?.msg}`);
    this.status = status;
    this.code = body?.code;
  }
}

export class BusinessClient {
  #as;
  #client;
  #secret;
  #redirectUri;
  #kapi;
  #options;

  constructor({ kauth = "https://kauth.kakao.com", kapi = "https://kapi.kakao.com", clientId, clientSecret, redirectUri }) {
    // The platform publishes no metadata for this, so it is written down here.
    this.#as = {
      issuer: kauth,
      authorization_endpoint: `${kauth}/oauth/business/authorize`,
      token_endpoint: `${kauth}/oauth/business/token`,
    };
    this.#client = { client_id: clientId };
    // In the body: the platform knows no Basic authentication here.
    this.#secret = oauth.ClientSecretPost(clientSecret);
    this.#redirectUri = redirectUri;
    this.#kapi = kapi;
    const local = ["127.0.0.1", "localhost"].includes(new URL(kauth).hostname);
    // On this machine alone: everywhere else the library goes on insisting on TLS.
    this.#options = { [oauth.allowInsecureRequests]: local, signal: () => AbortSignal.timeout(10_000) };
  }

  /** Where to send the person, and the state to remember for when they come back. */
  begin(scopes, resources = []) {
    const state = oauth.generateRandomState();
    const url = new URL(this.#as.authorization_endpoint);
    url.searchParams.set("client_id", this.#client.client_id);
    url.searchParams.set("response_type", "code");
    url.searchParams.set("redirect_uri", this.#redirectUri);
    // Commas here; the token's answer has blanks.
    url.searchParams.set("scope", scopes.join(","));
    url.searchParams.set("state", state);
    for (const resource of resources) url.searchParams.append("resource_ids", resource);
    return { url, state };
  }

  /**
   * The token, from the URL on which the person came back.
   * Throws oauth.AuthorizationResponseError where they declined (`error` is "access_denied"), and
   * oauth.ResponseBodyError where the token endpoint refuses (`cause.error_code` is the platform's, such as KOE320).
   */
  async finish(url, state) {
    const params = oauth.validateAuthResponse(this.#as, this.#client, url, state);
    const answer = await oauth.authorizationCodeGrantRequest(
      this.#as, this.#client, this.#secret, params, this.#redirectUri,
      oauth.nopkce, // The contract has no code_challenge; the state is what protects the person.
      this.#options,
    );
    const token = await oauth.processAuthorizationCodeResponse(this.#as, this.#client, answer);
    return { accessToken: token.access_token, scopes: token.scope.split(" ") };
  }

  tokeninfo(token) {
    return this.#ask("GET", "/v1/business/tokeninfo", token);
  }

  userinfo(token) {
    return this.#ask("GET", "/v1/business/userinfo", token);
  }

  revoke(token) {
    return this.#ask("POST", "/v1/business/revoke", token);
  }

  async #ask(method, path, token) {
    const answer = await oauth.protectedResourceRequest(token, method, new URL(this.#kapi + path), undefined, undefined, this.#options)
      .catch((error) => {
        // The library throws where the answer has a WWW-Authenticate challenge; the body tells more than that.
        if (error instanceof oauth.WWWAuthenticateChallengeError) return error.response;
        throw error;
      });
    const body = await answer.json().catch(() => undefined);
    if (!answer.ok || body === undefined) throw new KapiError(answer.status, body);
    return body;
  }
}
