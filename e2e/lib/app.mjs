// The third-party app on a site of its own: a start page with a link to the consent screen, a callback that says what
// it received. `localhost` and `127.0.0.1` are two sites to a browser, so every step between them is cross-site.

import { createServer } from "node:http";

const page = (body) => `<!doctype html><html lang="en"><title>The app</title><link rel="icon" href="data:,"><body>${body}</body></html>`;

/** Listens; says where it is and what it will have registered. */
export async function startApp() {
  const received = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    response.setHeader("content-type", "text/html; charset=utf-8");
    if (url.pathname === "/callback") {
      received.push(Object.fromEntries(url.searchParams));
      response.end(page("<h1>Back at the app</h1>"));
    } else {
      const href = url.searchParams.get("to").replaceAll("&", "&amp;").replaceAll('"', "&quot;");
      response.end(page(`<a id="go" href="${href}">Connect</a>`));
    }
  });
  await new Promise((done, fail) => server.once("error", fail).listen(0, "localhost", done));
  const origin = `http://localhost:${server.address().port}`;
  return {
    origin,
    // With a query of its own, which must survive.
    redirectUri: `${origin}/callback?from=bizauth`,
    start: (to) => `${origin}/?to=${encodeURIComponent(to)}`,
    received,
    stop: () => new Promise((done) => { server.close(done); server.closeAllConnections?.(); }),
  };
}
