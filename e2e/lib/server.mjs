// Starts and stops bizauth: `dev` for a throwaway demo, `serve` on a copy of a prepared data folder.

import { spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { prepare } from "./platform.mjs";

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

let prepared = null;

/** A server on a copy of the prepared folder: address, the app, its people, and `stop`. */
export async function serve(app) {
  prepared ??= prepare(BINARY, app);
  const { folder, ...platform } = await prepared;
  const copy = await mkdtemp(join(tmpdir(), "bizauth-e2e-"));
  await cp(folder, copy, { recursive: true });
  const nowhere = "127.0.0.1:0";
  const args = ["serve", "--data", copy, "--listen", nowhere, "--operator-listen", nowhere, "--log-format", "json"];
  const { child, stop } = start(args, { cwd: copy }, () => rm(copy, { recursive: true, force: true }));
  child.stdout.resume();
  const base_url = await firstLine(child, child.stderr, (line) => {
    const { message, listen } = JSON.parse(line);
    return message === "listening" && `http://${listen}`;
  });
  return { ...platform, base_url, stop };
}

/** Removes the prepared folder. */
export async function forget() {
  const done = await prepared?.catch(() => null);
  if (done) await rm(dirname(done.folder), { recursive: true, force: true });
}
