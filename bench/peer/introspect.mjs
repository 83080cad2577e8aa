// oidc-provider on the same job: a hundred thousand living access tokens, each of a person's own consent, and a client
// that asks whether they are alive. Its records are in SQLite, as durable as ours; or in memory, which its own adapter
// does for a thousand, and here a Map for all of them.
import { writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import Provider from 'oidc-provider';

const [place, file, count, port] = process.argv.slice(2);
const DAY = 24 * 60 * 60;

class InMemory {
  records = new Map();

  async upsert(id, payload) { this.records.set(id, payload); }

  async find(id) { return this.records.get(id); }

  async destroy(id) { this.records.delete(id); }
}

const database = place === 'sqlite' ? new Database('peer.db') : undefined;
database?.pragma('journal_mode = WAL');

class InSqlite {
  constructor(name) {
    database.exec(`CREATE TABLE IF NOT EXISTS "${name}" (id TEXT PRIMARY KEY, payload TEXT NOT NULL, expires_at INTEGER) STRICT`);
    this.write = database.prepare(`INSERT OR REPLACE INTO "${name}" (id, payload, expires_at) VALUES (?, ?, ?)`);
    this.read = database.prepare(`SELECT payload FROM "${name}" WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)`);
    this.remove = database.prepare(`DELETE FROM "${name}" WHERE id = ?`);
  }

  async upsert(id, payload, expiresIn) {
    this.write.run(id, JSON.stringify(payload), expiresIn ? Math.floor(Date.now() / 1000) + expiresIn : null);
  }

  async find(id) {
    const row = this.read.get(id, Math.floor(Date.now() / 1000));
    return row && JSON.parse(row.payload);
  }

  async destroy(id) { this.remove.run(id); }
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: database ? InSqlite : InMemory,
  clients: [
    {
      client_id: 'client',
      client_secret: 'secret',
      redirect_uris: ['https://app.example.com/callback'],
    },
  ],
  scopes: ['openid', 'moment_management'],
  features: {
    introspection: { enabled: true },
    devInteractions: { enabled: false },
  },
});

const client = await provider.Client.find('client');
const tokens = [];
// Issued together; what is measured is what follows.
database?.exec('BEGIN');
for (let number = 0; number < Number(count); number += 1) {
  const accountId = String(number);
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope('openid moment_management');
  const grantId = await grant.save(DAY);
  const token = new provider.AccessToken({ accountId, client, grantId, gty: 'authorization_code', scope: 'openid moment_management' });
  tokens.push(await token.save(DAY));
}
database?.exec('COMMIT');
database?.pragma('synchronous = FULL');
writeFileSync(file, tokens.join('\n'));
provider.listen(Number(port), '127.0.0.1');
