// A made-up OpenID provider that tells lies on demand. One listener, an issuer for each path /NAME.
import crypto from 'node:crypto';
import http from 'node:http';

const b64 = (x) => Buffer.from(typeof x === 'string' ? x : JSON.stringify(x)).toString('base64url');
const pair = () => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });

export class Liar {
  constructor() {
    this.keys = { one: pair(), two: pair(), curve: crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
    this.codes = new Map(); // code: how its token is to be
    this.lies = {}; // by issuer: what is not as it should be
    this.asked = []; // "NAME what"
    this.shown = ['one', 'curve'];
    this.hanging = new Set();
  }

  async listen() {
    this.server = http.createServer((q, r) => this.answer(q, r).catch((e) => { r.statusCode = 500; r.end(String(e)); }));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.base = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  issuer(name) {
    return `${this.base}/${name}`;
  }

  jwk(name, more) {
    return { ...this.keys[name].publicKey.export({ format: 'jwk' }), kid: name, use: 'sig', ...more };
  }

  meta(name) {
    const issuer = this.issuer(name);
    return { issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'], code_challenge_methods_supported: ['S256'], ...this.lies[name]?.meta };
  }

  // way: the address a browser was sent to; more: {claims, head, key, secret, raw} as the token is to be.
  code(way, more = {}) {
    const code = crypto.randomBytes(12).toString('hex');
    this.codes.set(code, { way: new URL(way).searchParams, more });
    return code;
  }

  token(name, { way, more }) {
    if (more.raw !== undefined) return more.raw;
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.issuer(name), sub: 'number-1', aud: 'consilium', exp: now + 300, iat: now, nonce: way.get('nonce'), preferred_username: 'doctor', ...more.claims };
    const key = more.key ?? 'one';
    const head = { alg: key === 'curve' ? 'ES256' : 'RS256', kid: key, typ: 'JWT', ...more.head };
    const text = `${b64(head)}.${b64(claims)}`;
    if (head.alg === 'none') return `${text}.`;
    if (head.alg === 'HS256') {
      const pem = this.keys.one.publicKey.export({ format: 'pem', type: 'spki' });
      return `${text}.${crypto.createHmac('sha256', pem).update(text).digest('base64url')}`;
    }
    return `${text}.${crypto.sign('sha256', Buffer.from(text), { key: this.keys[more.signer ?? key].privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  async answer(q, r) {
    const [, name, ...rest] = new URL(q.url, this.base).pathname.split('/');
    const what = { '.well-known/openid-configuration': 'meta', jwks: 'keys', token: 'token' }[rest.join('/')];
    this.asked.push(`${name} ${what}`);
    const lie = this.lies[name]?.[`${what} answers`];
    if (lie === 'never') { this.hanging.add(r); return; }
    if (lie === 'moved') { r.writeHead(302, { location: `${this.issuer('good')}/${rest.join('/')}` }); r.end(); return; }
    if (lie === 'huge') { r.writeHead(200, { 'content-type': 'application/json' }); r.end(`{"x":"${'x'.repeat(1 << 20)}"}`); return; }
    if (lie === 'drips') { // a byte now and then, for ever
      r.writeHead(200, { 'content-type': 'application/json' });
      this.hanging.add(r);
      const timer = setInterval(() => r.write(' '), 200);
      r.on('close', () => clearInterval(timer));
      return;
    }
    if (lie !== undefined) { r.writeHead(200, { 'content-type': 'application/json' }); r.end(lie); return; }
    let status = 200;
    let body;
    if (what === 'meta') body = this.meta(name);
    else if (what === 'keys') body = { keys: this.lies[name]?.keys ?? this.shown.map((k) => this.jwk(k)) };
    else if (what === 'token') [status, body] = await this.exchange(name, q);
    else status = 404;
    r.writeHead(status, { 'content-type': 'application/json' });
    r.end(JSON.stringify(body ?? {}));
  }

  // As a good token endpoint: the client proves itself, the code counts once, PKCE fits.
  async exchange(name, q) {
    const parts = [];
    for await (const d of q) parts.push(d);
    const sent = new URLSearchParams(Buffer.concat(parts).toString());
    const of = this.codes.get(sent.get('code'));
    this.codes.delete(sent.get('code'));
    const basic = `Basic ${Buffer.from(`consilium:${encodeURIComponent('sesame & secret').replaceAll('%20', '+')}`).toString('base64')}`;
    if (q.headers.authorization !== basic) return [401, { error: 'invalid_client' }];
    const fits = of && crypto.createHash('sha256').update(sent.get('code_verifier') ?? '').digest('base64url') === of.way.get('code_challenge')
      && of.way.get('code_challenge_method') === 'S256' && sent.get('redirect_uri') === of.way.get('redirect_uri') && sent.get('grant_type') === 'authorization_code';
    if (!fits) return [400, { error: 'invalid_grant' }];
    return [200, { access_token: 'unused', token_type: 'Bearer', id_token: this.token(name, of) }];
  }

  close() {
    for (const r of this.hanging) r.destroy();
    this.server.close();
    this.server.closeAllConnections();
  }
}
