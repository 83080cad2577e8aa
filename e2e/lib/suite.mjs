// The tests: a sentence and a function each. Runs a few at a time, says what failed, counts.

const tests = [];

/** Declares a test. It gets `clean`, to which it gives what must be undone after it. */
export function test(sentence, body) {
  tests.push({ sentence, body });
}

// On a busy machine everything takes its time; this is for what hangs.
const LONGEST = 480_000;

async function attempt({ sentence, body }) {
  const undo = [];
  const pages = [];
  const clean = (what) => undo.push(what);
  const started = Date.now();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${LONGEST / 1000} s`)), LONGEST);
  });
  let error = null;
  try {
    await Promise.race([body({ clean, pages }), late]);
  } catch (caught) {
    error = caught;
    for (const page of pages) await page.keepsake(sentence).catch(() => {});
  } finally {
    clearTimeout(timer);
    for (const what of undo.reverse()) await Promise.resolve(what()).catch((caught) => { error ??= caught; });
  }
  const took = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${error ? "FAILED" : "ok    "} ${took.padStart(5)} s  ${sentence}`);
  if (error) console.log(String(error.stack ?? error).replace(/^/gm, "        "));
  return !error;
}

/** Runs the tests whose sentence contains `wanted`. */
export async function run(wanted, atOnce) {
  const queue = tests.filter((it) => it.sentence.includes(wanted));
  const count = { passed: 0, failed: 0 };
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      count[(await attempt(next)) ? "passed" : "failed"] += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return count;
}
