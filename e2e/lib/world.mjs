// What a test is given: the browser and the app, servers of its own, visitors; all put away when it ends.

import { startApp } from "./app.mjs";
import { launch, visitor } from "./browser.mjs";
import { dev, forget, serve, serveEmpty, stopAll } from "./server.mjs";

let browser = null;
export let app = null;

/** Opens what all tests share. */
export async function open() {
  [browser, app] = await Promise.all([launch(), startApp()]);
}

/** Closes it, and stops every server that a test left behind. */
export async function close() {
  await Promise.allSettled([browser?.close(), app?.stop(), stopAll()]);
  await forget();
}

/** A demo server for this test. */
export async function demo(it) {
  const server = await dev();
  it.clean(server.stop);
  return server;
}

/** A server set up by the commands, whose app lives on another site. */
export async function platform(it) {
  const server = await serve(app);
  it.clean(server.stop);
  return server;
}

/** A server with nothing on it but an operator. */
export async function empty(it) {
  const server = await serveEmpty();
  it.clean(server.stop);
  return server;
}

/** Someone with a browser. */
export async function someone(it, how) {
  const one = await visitor(browser, how);
  it.pages.push(one);
  it.clean(one.leave);
  return one;
}
