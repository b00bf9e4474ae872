// Services without people: private_key_jwt, and every way an assertion is wrong.
import assert from 'node:assert/strict';
import { createHmac, createSign, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { until } from '../lib/until.mjs';
import { form } from './app.mjs';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const PAUSE_SECONDS = 10; // between two looks at the address of keys
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const b64 = (v) => Buffer.from(JSON.stringify(v)).toString('base64url');

const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const jwk = (pair, more) => ({ ...pair.publicKey.export({ format: 'jwk' }), ...more });

function signed(alg, key, head, claims) {
  const text = `${b64({ alg, typ: 'JWT', ...head })}.${b64(claims)}`;
  if (alg === 'ES384') return `${text}.${sign('sha384', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  return `${text}.${createSign(alg === 'RS384' ? 'RSA-SHA384' : 'RSA-SHA256').update(text).sign(key).toString('base64url')}`;
}

// Where an application publishes its keys, and places where something else is.
class KeySite {
  constructor() {
    this.asked = [];
    this.server = http.createServer((req, res) => {
      this.asked.push(req.url);
      const text = JSON.stringify({ keys: this.keys });
      if (req.url === '/redirect') return res.writeHead(302, { location: '/moved' }).end();
      if (req.url === '/large') return res.end(`${text.slice(0, -1)},"x":"${'x'.repeat(200000)}"}`);
      if (req.url === '/slow') return res.write('{');
      if (req.url === '/html') return res.end('<html></html>');
      if (req.url === '/error') return res.writeHead(500).end(text);
      if (req.url === '/nothing') return res.end('{"keys":[]}');
      return res.setHeader('cache-control', 'public, max-age=600').end(text);
    });
  }

  listen() {
    return new Promise((done) => { this.server.listen(0, '127.0.0.1', () => done(this)); });
  }

  url(where) {
    return `http://127.0.0.1:${this.server.address()?.port ?? this.port}${where}`;
  }

  stop() {
    this.port = this.server.address().port;
    this.server.close();
    this.server.closeAllConnections?.();
  }
}

export async function serviceSteps(t) {
  const { program, region, step } = t;
  const jwks = path.join(program.dir, 'service-keys.json');
  fs.writeFileSync(jwks, JSON.stringify({ keys: [jwk(ec, { kid: 'ec', alg: 'ES384', use: 'sig' }), jwk(rsa, { kid: 'rsa', alg: 'RS384', use: 'sig' })] }));
  program.cli(['client', 'add', 'registry', '--name', 'Registry', '--launch', 'system', '--jwks', jwks, '--scope', 'system/*.rs']);
  program.cli(['client', 'add', 'lab', '--name', 'Laboratory', '--launch', 'service', '--org', region.hospital, '--jwks', jwks,
    '--scope', 'system/Patient.crs system/Observation.cruds']);
  const claims = (id, more = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return { iss: id, sub: id, aud: `${program.base}/oauth/token`, exp: now + 240, iat: now, jti: randomUUID(), ...more };
  };
  const ask = (assertion, more = {}) => program.request('POST', '/oauth/token', FORM,
    form({ grant_type: 'client_credentials', scope: 'system/*.read', client_assertion_type: TYPE, client_assertion: assertion, ...more }));
  const good = (id, more) => signed('ES384', ec.privateKey, { kid: 'ec' }, claims(id, more));
  const error = (reply) => `${reply.status} ${JSON.parse(reply.body).error}`;
  const request = (bearer, method, target, body) => program.request(method, target,
    { authorization: `Bearer ${bearer}`, ...(body ? { 'content-type': 'application/fhir+json' } : {}) }, body && JSON.stringify(body));

  await step('a service gets a short token by its key', async () => {
    for (const assertion of [good('registry'), signed('RS384', rsa.privateKey, { kid: 'rsa' }, claims('registry'))]) {
      const reply = await ask(assertion);
      const tokens = JSON.parse(reply.body);
      assert.equal(reply.status, 200, reply.body);
      assert.ok(tokens.expires_in <= 300);
      assert.equal(tokens.scope, 'system/*.read');
      assert.equal(tokens.refresh_token, undefined);
      const page = JSON.parse((await request(tokens.access_token, 'GET', '/fhir/Patient?identifier=urn:made-up|smart-1')).body);
      assert.equal(page.entry.length, 1);
      assert.equal((await request(tokens.access_token, 'POST', '/fhir/Patient', { resourceType: 'Patient' })).status, 403);
    }
  });
  await step('an assertion counts once', async () => {
    const assertion = good('registry');
    assert.equal((await ask(assertion)).status, 200);
    assert.equal(error(await ask(assertion)), '401 invalid_client');
    const both = good('registry');
    const replies = await Promise.all([ask(both), ask(both)]);
    assert.deepEqual(replies.map((r) => r.status).sort(), [200, 401]);
  });
  await step('every other assertion is refused', async () => {
    const now = Math.floor(Date.now() / 1000);
    const c = claims('registry');
    const head = `${b64({ alg: 'HS384', kid: 'ec' })}.${b64(c)}`;
    const pem = ec.publicKey.export({ type: 'spki', format: 'pem' });
    const wrong = {
      'alg none': `${b64({ alg: 'none', kid: 'ec' })}.${b64(c)}.`,
      'alg none with the signature': `${b64({ alg: 'none', kid: 'ec' })}.${b64(c)}.${good('registry').split('.')[2]}`,
      'a public key as a secret': `${head}.${createHmac('sha384', pem).update(head).digest('base64url')}`,
      'another key': signed('ES384', other.privateKey, { kid: 'ec' }, c),
      'a key of the wrong kind': signed('RS384', rsa.privateKey, { kid: 'ec' }, c),
      'an algorithm the key is not for': signed('RS256', rsa.privateKey, { kid: 'rsa' }, c),
      'its own key': signed('ES384', other.privateKey, { jwk: jwk(other) }, c),
      'a place of keys': signed('ES384', ec.privateKey, { kid: 'ec', jku: 'https://evil.example/keys' }, c),
      crit: signed('ES384', ec.privateKey, { kid: 'ec', crit: ['exp'] }, c),
      'another aud': good('registry', { aud: 'https://other.example/oauth/token' }),
      'no aud': good('registry', { aud: undefined }),
      'another sub': good('registry', { sub: 'lab' }),
      'an unknown iss': good('nobody'),
      expired: good('registry', { exp: now - 60 }),
      'too long a life': good('registry', { exp: now + 3600 }),
      'no exp': good('registry', { exp: undefined }),
      'no jti': good('registry', { jti: undefined }),
      'not yet': good('registry', { nbf: now + 120 }),
      'changed claims': good('registry').replace(/\.[^.]+\./, `.${b64({ ...c, jti: 'x' })}.`),
      nonsense: 'a.b.c',
    };
    for (const [name, assertion] of Object.entries(wrong)) {
      assert.equal(error(await ask(assertion)), '401 invalid_client', name);
    }
    assert.equal(error(await ask(good('registry'), { client_assertion_type: 'x' })), '401 invalid_client');
    assert.equal(error(await ask(good('registry'), { client_id: 'lab' })), '401 invalid_client');
  });
  await step('a service gets no more than it was registered for', async () => {
    assert.equal(error(await ask(good('registry'), { scope: 'user/*.read' })), '400 invalid_scope');
    assert.equal(error(await ask(good('registry'), { scope: '' })), '400 invalid_scope');
    assert.equal(error(await ask(good('registry'), { scope: 'system/Observation.rs?subject:Patient.name=A' })), '400 invalid_scope');
    assert.throws(() => program.cli(['client', 'add', 'chains', '--name', 'Chains', '--launch', 'system', '--jwks', jwks, '--scope', 'system/Observation.rs?subject:Patient.name=A']), /no chains/);
    const tokens = JSON.parse((await ask(good('registry'), { scope: 'system/*.cruds' })).body);
    assert.equal(tokens.scope, 'system/*.rs');
  });
  await step('a service of an organisation sees what belongs to it', async () => {
    const tokens = JSON.parse((await ask(good('lab'), { scope: 'system/Patient.crs system/Observation.cruds' })).body);
    const found = async (query) => JSON.parse((await request(tokens.access_token, 'GET', `/fhir/${query}`)).body).total;
    assert.equal(await found('Patient?identifier=urn:made-up|smart-1&_summary=count'), 1);
    const strange = JSON.parse((await request(region.system, 'POST', '/fhir/Patient', { resourceType: 'Patient', identifier: [{ system: 'urn:made-up', value: 'strange' }] })).body);
    assert.equal(await found('Patient?identifier=urn:made-up|strange&_summary=count'), 0);
    assert.equal((await request(tokens.access_token, 'GET', `/fhir/Patient/${strange.id}`)).status, 404);
    const made = await request(tokens.access_token, 'POST', '/fhir/Patient', { resourceType: 'Patient', identifier: [{ system: 'urn:made-up', value: 'lab-1' }] });
    assert.equal(made.status, 201, made.body);
    assert.equal((await request(tokens.access_token, 'GET', '/fhir/Condition')).status, 403);
  });
  await step('keys at a registered address: fetched, kept, asked for again, nothing else called', async () => {
    const site = await new KeySite().listen();
    site.keys = [jwk(ec, { kid: 'one', alg: 'ES384', use: 'sig' })];
    const add = (id, url) => program.cli(['client', 'add', id, '--name', id, '--launch', 'system', '--jwks', url, '--scope', 'system/*.rs']);
    for (const url of ['http://keys.example/k', 'ftp://127.0.0.1/k', 'https://user name@x/k', 'http://localhost.example/k']) assert.throws(() => add('bad-keys', url), /jwks/, url);
    add('by-address', site.url('/keys'));
    const by = (pair, kid, more = {}, id = 'by-address') => ask(signed('ES384', pair.privateKey, { kid, ...more }, claims(id)));
    const calls = () => site.asked.length;
    assert.equal((await by(ec, 'one')).status, 200);
    assert.equal((await by(ec, 'one', { jku: site.url('/keys') })).status, 200);
    assert.equal(calls(), 1, 'kept');
    assert.equal(error(await by(ec, 'one', { jku: site.url('/other') })), '401 invalid_client');
    assert.equal(error(await by(other, 'two', { jku: site.url('/other') })), '401 invalid_client');
    assert.deepEqual(site.asked, ['/keys'], 'what a token names is never asked');
    site.keys.push(jwk(other, { kid: 'two', alg: 'ES384', use: 'sig' }));
    assert.equal(error(await by(other, 'two')), '401 invalid_client'); // asked a moment ago
    assert.equal(calls(), 1, 'forged tokens make no calls');
    t.clock.move(PAUSE_SECONDS + 1); // where the clock cannot be moved, it comes by itself
    await until('its keys are asked for again', async () => (await by(other, 'two')).status === 200, { within: 2 * PAUSE_SECONDS, every: 1 });
    assert.equal(calls(), 2, 'a key nobody knew');
    for (const where of ['redirect', 'large', 'slow', 'html', 'error', 'nothing']) {
      add(`keys-${where}`, site.url(`/${where}`));
      const began = Date.now();
      assert.equal(error(await by(ec, 'one', {}, `keys-${where}`)), '401 invalid_client', where);
      assert.ok(Date.now() - began < 9000, where);
    }
    assert.ok(!site.asked.includes('/moved'), 'no redirect is followed');
    site.stop();
    add('keys-gone', site.url('/keys'));
    assert.equal(error(await by(ec, 'one', {}, 'keys-gone')), '401 invalid_client');
    assert.equal((await by(ec, 'one')).status, 200, 'kept ones serve while their site is away');
  });
  await step('too many failures wait', async () => {
    let last;
    for (let i = 0; i < 70; i++) last = await ask('x');
    assert.equal(last.status, 429);
    assert.ok(Number(last.headers['retry-after']) > 0);
  });
}
