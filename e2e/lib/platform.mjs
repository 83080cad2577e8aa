// Sets up a platform from nothing, by the commands an operator would type: an app with its key, people, ad accounts.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);

export const PASSWORD = "correct horse battery staple";

// Email, and the ad accounts: group, id, name, role, lendable.
const numbered = (count, group, first, name) =>
  Array.from({ length: count }, (_, n) => [group, String(first + n), `${name} ${String(n + 1).padStart(2, "0")}`, "owner", true]);

export const PEOPLE = {
  // Three pages of Moment accounts, two names to search for, and one that may not be lent.
  "many@example.com": [
    ...numbered(45, "moment", 500100, "Branch"),
    ["moment", "500900", "서울 본점", "manager", true],
    ["moment", "500901", "Needle in the haystack", "owner", true],
    ["moment", "500902", "Agency account", "viewer", false],
    ["keyword", "600100", "Keywords A", "owner", true],
    ["keyword", "600101", "Keywords B", "owner", true],
  ],
  "few@example.com": [
    ["moment", "700100", "Spring campaign", "owner", true],
    ["moment", "700101", "Brand search", "manager", true],
    ["keyword", "700200", "Shop keywords", "owner", true],
  ],
};

// Whose app it is.
const OWNER = "few@example.com";

const ITEMS = [
  ["biz_account_email", "To send you the weekly report"],
  ["moment_create", "To open an account for a new campaign"],
  ["moment_management", "To read results and adjust budgets"],
  ["moment_delete", "To close accounts of ended campaigns"],
  ["keyword_management", "To read results and adjust bids"],
];

export const OPERATOR = { email: "operator@example.com", password: PASSWORD };

/** Makes the first operator of a data folder, and the folder if there is none. */
export async function employ(binary, { home, folder }) {
  await writeFile(join(home, "password"), PASSWORD);
  await exec(binary, ["operator", "create", OPERATOR.email, "--password-file", join(home, "password"), "--data", folder], { cwd: home });
  return OPERATOR;
}

/** A data folder with everything in it. No server may run on it; copies of it are served. */
export async function prepare(binary, { redirectUri, name = "Ad Reports", people = PEOPLE }) {
  const home = await mkdtemp(join(tmpdir(), "bizauth-e2e-home-"));
  const folder = join(home, "data");
  const cli = async (...args) => {
    const { stdout } = await exec(binary, [...args, "--data", folder, "--json"], { cwd: home });
    return JSON.parse(stdout);
  };
  try {
    const operator = await employ(binary, { home, folder });
    const app = await cli("app", "create", name, "--company", "Report Works Ltd.", "--kind", "biz");
    const key = await cli("key", "create", app.id, "--kind", "rest_api", "--name", "browser tests");
    await cli("key", "redirect", "add", key.id, redirectUri);
    for (const [item, purpose] of ITEMS) await cli("item", "on", app.id, item, "--purpose", purpose);
    await cli("permission", "grant", app.id, "moment");
    for (const [email, assets] of Object.entries(people)) {
      await cli("user", "create", email, "--business-centre", "--password-file", join(home, "password"));
      for (const [group, id, title, role, lendable] of assets) {
        await cli("asset", "add", group, id, "--name", title);
        await cli("asset", "hold", email, group, id, "--role", role, ...(lendable ? [] : ["--not-lendable"]));
      }
    }
    await cli("member", "add", app.id, OWNER, "--role", "owner");
    const users = Object.keys(people).map((email) => ({ email, password: PASSWORD }));
    return { folder, users, operator, app_id: app.id, key_id: key.id, rest_api_key: key.value, client_secret: key.client_secret, redirect_uri: redirectUri };
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}
