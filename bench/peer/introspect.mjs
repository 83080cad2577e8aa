// oidc-provider on the same job: a hundred thousand living access tokens, each of a person's own consent, and a client
// that asks whether they are alive. Its records are in memory, which its own adapter does for a thousand; here a Map has
// them all.
import { writeFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [file, count, port] = process.argv.slice(2);
const DAY = 24 * 60 * 60;

class InMemory {
  records = new Map();

  async upsert(id, payload) { this.records.set(id, payload); }

  async find(id) { return this.records.get(id); }

  async destroy(id) { this.records.delete(id); }
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: InMemory,
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
for (let number = 0; number < Number(count); number += 1) {
  const accountId = String(number);
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope('openid moment_management');
  const grantId = await grant.save(DAY);
  const token = new provider.AccessToken({ accountId, client, grantId, gty: 'authorization_code', scope: 'openid moment_management' });
  tokens.push(await token.save(DAY));
}
writeFileSync(file, tokens.join('\n'));
provider.listen(Number(port), '127.0.0.1');
