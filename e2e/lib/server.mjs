// Starts and stops bizauth: `dev` for a throwaway demo, `serve` on a copy of a prepared
// data folder, or on one in which there is nothing but an operator.

import { spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { employ, prepare } from "./platform.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));

const target = process.env.CARGO_TARGET_DIR ?? join(HERE, "../../target");
export const BINARY = resolve(process.env.BIZAUTH_BIN ?? join(target, "debug/bizauth"));
export const ROOT = join(HERE, "..");

const running = new Set();

// A crash of the tests leaves no server behind.
const children = new Set();
process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")));

// Reads lines of a stream until one is what we wait for; after that the stream is drained and forgotten.
function firstLine(child, stream, read) {
  return new Promise((done, fail) => {
    const heard = [];
    const lines = createInterface({ input: stream });
    lines.on("line", (line) => {
      const found = read(line);
      if (found) done(found);
      else if (heard.length < 50) heard.push(line);
    });
    child.once("error", fail);
    child.once("exit", (code) => fail(new Error(`bizauth ended with ${code}\n${heard.join("\n")}`)));
  });
}

function start(args, options, after = () => {}) {
  const child = spawn(BINARY, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  children.add(child);
  const ended = new Promise((done) => child.once("exit", done)).then(() => children.delete(child));
  const stop = async () => {
    running.delete(stop);
    if (child.exitCode === null) child.kill("SIGTERM");
    const hard = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(hard);
    await after();
  };
  running.add(stop);
  return { child, stop };
}

/** Ends whatever still runs. */
export const stopAll = () => Promise.all([...running].map((stop) => stop()));

/** A demo of its own: what its banner says, and `stop`. */
export async function dev() {
  const { child, stop } = start(["dev", "--listen", "127.0.0.1:0", "--json"]);
  child.stderr.resume();
  const banner = await firstLine(child, child.stdout, (line) => JSON.parse(line));
  return { ...banner, stop };
}

const NOWHERE = "127.0.0.1:0";

// Serves a data folder: the addresses of both listeners, and `stop`, which takes the folder along.
async function serveFolder(data, home) {
  const args = ["serve", "--data", data, "--listen", NOWHERE, "--operator-listen", NOWHERE, "--log-format", "json"];
  const { child, stop } = start(args, { cwd: home }, () => rm(home, { recursive: true, force: true }));
  child.stdout.resume();
  const addresses = await firstLine(child, child.stderr, (line) => {
    const { message, listen, operator } = JSON.parse(line);
    return message === "listening" && { base_url: `http://${listen}`, operator_url: `http://${operator}` };
  });
  return { ...addresses, stop };
}

let prepared = null;

/** A server on a copy of the prepared folder: addresses, the app, its people, its operator, and `stop`. */
export async function serve(app) {
  prepared ??= prepare(BINARY, app);
  const { folder, ...platform } = await prepared;
  const copy = await mkdtemp(join(tmpdir(), "bizauth-e2e-"));
  await cp(folder, copy, { recursive: true });
  return { ...platform, ...(await serveFolder(copy, copy)) };
}

/** A server on which there is nothing but one operator: addresses, the operator, and `stop`. */
export async function serveEmpty() {
  const home = await mkdtemp(join(tmpdir(), "bizauth-e2e-empty-"));
  const data = join(home, "data");
  try {
    const operator = await employ(BINARY, { home, folder: data });
    return { operator, ...(await serveFolder(data, home)) };
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

/** Removes the prepared folder. */
export async function forget() {
  const done = await prepared?.catch(() => null);
  if (done) await rm(dirname(done.folder), { recursive: true, force: true });
}
