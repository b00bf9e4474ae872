// A real OpenID provider: Debian's glewlwyd in a folder of its own, with one client and some people.
import { spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { until } from '../lib/until.mjs';

export const INSTALLED = fs.existsSync('/usr/bin/glewlwyd');
const TABLES = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3'; // as its package sets it up
const ADMIN = { username: 'admin', password: 'password' }; // as its tables come

const freePort = () => new Promise((done) => {
  const s = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = s.address();
    s.close(() => done(port));
  });
});


const CONF = (dir, port) => `
port=${port}
external_url="http://127.0.0.1:${port}"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="ERROR"
cookie_domain="127.0.0.1"
cookie_secure=0
session_expiration=3600
session_key="GLEWLWYD_TEST"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
user_middleware_module_path="/usr/lib/glewlwyd/user_middleware"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = { type="sqlite3"; path="${dir}/glewlwyd.db"; };
`;

export class Glewlwyd {
  // people: logins, each with the password PASSWORD.
  async start({ redirect, clientId, secret, people, password }) {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-glewlwyd-'));
    this.port = await freePort();
    this.base = `http://127.0.0.1:${this.port}`;
    this.issuer = `${this.base}/api/oidc`;
    fs.writeFileSync(path.join(this.dir, 'glewlwyd.conf'), CONF(this.dir, this.port));
    const made = spawnSync('sqlite3', [path.join(this.dir, 'glewlwyd.db')], { input: fs.readFileSync(TABLES), encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`tables of glewlwyd: ${made.stderr}`);
    this.child = spawn('/usr/bin/glewlwyd', ['--config-file', path.join(this.dir, 'glewlwyd.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.log = '';
    for (const s of [this.child.stdout, this.child.stderr]) s.on('data', (d) => { this.log += d; });
    await until('glewlwyd answers', async () => (await fetch(`${this.base}/config`).catch(() => null))?.ok);
    const admin = await this.session(ADMIN);
    const { privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256' };
    await admin('POST', '/api/mod/plugin', { module: 'oidc', name: 'oidc', display_name: 'OpenID', enabled: true, parameters: {
      iss: this.issuer, 'jwks-private': JSON.stringify({ keys: [jwk] }), 'default-kid': 'one', 'jwks-show': true, 'jwt-type': 'rsa', 'jwt-key-size': '256',
      'access-token-duration': 600, 'refresh-token-duration': 600, 'code-duration': 60, 'refresh-token-rolling': true, 'allow-non-oidc': false,
      'auth-type-code-enabled': true, 'auth-type-code-revoke-replayed': true, 'auth-type-token-enabled': false, 'auth-type-id-token-enabled': true,
      'auth-type-none-enabled': false, 'auth-type-password-enabled': false, 'auth-type-client-enabled': false, 'auth-type-refresh-enabled': false,
      'pkce-allowed': true, 'pkce-required': true, 'pkce-method-plain-allowed': false, 'subject-type': 'public', 'oauth-as-iss-id': true,
      'allowed-scope': ['openid'], claims: [{ name: 'preferred_username', 'user-property': 'username', type: 'string', mandatory: true, 'on-demand': false, scope: [] }],
    } });
    await admin('POST', '/api/client', { client_id: clientId, name: 'Consilium', confidential: true, enabled: true, password: secret, client_secret: secret,
      redirect_uri: [redirect], authorization_type: ['code'], token_endpoint_auth_method: ['client_secret_basic'], scope: [] });
    for (const username of people) {
      await admin('POST', '/api/user', { username, name: username, email: `${username}@id.test`, password, enabled: true, scope: ['openid', 'g_profile'] });
    }
    return this;
  }

  // Somebody signed in there: asks its API, JSON both ways.
  async session(person) {
    const reply = await fetch(`${this.base}/api/auth`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(person) });
    if (!reply.ok) throw new Error(`glewlwyd: ${person.username}: ${reply.status}\n${this.log}`);
    const cookie = reply.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
    const ask = async (method, target, body) => {
      const r = await fetch(`${this.base}${target}`, { method, redirect: 'manual', headers: { cookie, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
      const text = await r.text();
      if (r.status >= 400) throw new Error(`glewlwyd: ${method} ${target}: ${r.status} ${text}\n${this.log}`);
      return r;
    };
    return ask;
  }

  // What its login page does for a person who came by an address of ours: gives the address they are sent back to.
  async letIn(person, clientId, address) {
    const ask = await this.session(person);
    await ask('PUT', `/api/auth/grant/${clientId}`, { scope: 'openid' });
    const target = address.slice(this.base.length);
    const r = await ask('GET', `${target}&g_continue`);
    return r.headers.get('location');
  }

  stop() {
    this.child?.kill('SIGKILL');
    if (this.dir) fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
