// A web application in one page: `/` sends the person to the consent screen, the redirect URI's path shows what they lent.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import * as oauth from "oauth4webapi";
import { BusinessClient, KapiError } from "./client.mjs";

const SCOPES = ["biz_account_email", "moment_management"];

export function application(settings) {
  const client = new BusinessClient(settings);
  const redirectUri = new URL(settings.redirectUri);

  async function answer(request, response) {
    const url = new URL(request.url, redirectUri);
    if (url.pathname === "/") {
      const { url: to, state } = client.begin(SCOPES);
      // The state is the browser's, so that nobody can be led here with the code of somebody else.
      response.writeHead(302, { location: to.href, "set-cookie": `state=${state}; HttpOnly; SameSite=Lax; Path=/` });
      return response.end();
    }
    if (url.pathname !== redirectUri.pathname) return say(response, 404, { error: "not found" });
    const state = /(?:^|; )state=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
    if (!state) return say(response, 400, { error: "begin at /" });
    const { accessToken, scopes } = await client.finish(url, state);
    const { email } = await client.userinfo(accessToken);
    const { biz_agreements: agreements } = await client.tokeninfo(accessToken);
    // A real application would keep the token now, in a place that is closed to others.
    await settings.onToken?.(accessToken);
    say(response, 200, { email, scopes, agreements });
  }

  return createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (error instanceof oauth.AuthorizationResponseError) return say(response, 200, { declined: error.error });
      if (error instanceof oauth.ResponseBodyError) return say(response, 502, { refused: error.cause.error_code ?? error.error });
      if (error instanceof KapiError) return say(response, 502, { refused: error.code });
      say(response, 502, { error: error.message });
    });
  });
}

function say(response, status, body) {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(body, null, 2)}\n`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { KAUTH_URL, KAPI_URL, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;
  const settings = { kauth: KAUTH_URL, kapi: KAPI_URL, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI };
  const { hostname, port, origin } = new URL(REDIRECT_URI);
  application(settings).listen(Number(port) || 80, hostname, () => console.log(`open ${origin}/`));
}
