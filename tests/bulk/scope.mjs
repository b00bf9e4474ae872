// Services with keys of their own: an export holds what their scopes open, and nothing else.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const b64 = (v) => Buffer.from(JSON.stringify(v)).toString('base64url');

export async function scopeSteps(t) {
  const { program, step } = t;
  const key = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const jwks = path.join(program.dir, 'bulk-keys.json');
  fs.writeFileSync(jwks, JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES384', use: 'sig' }] }));
  const bearer = async (id, scope) => {
    const now = Math.floor(Date.now() / 1000);
    const text = `${b64({ alg: 'ES384', typ: 'JWT', kid: 'k' })}.${b64({ iss: id, sub: id, aud: `${program.base}/oauth/token`, exp: now + 240, iat: now, jti: randomUUID() })}`;
    const assertion = `${text}.${sign('sha384', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    const reply = await program.request('POST', '/oauth/token', { 'content-type': 'application/x-www-form-urlencoded' },
      new URLSearchParams({ grant_type: 'client_credentials', scope, client_assertion_type: TYPE, client_assertion: assertion }).toString());
    assert.equal(reply.status, 200, reply.body);
    return JSON.parse(reply.body).access_token;
  };
  const add = (id, more) => program.cli(['client', 'add', id, '--name', id, '--jwks', jwks, ...more]);
  const types = async (token, target) => {
    const kick = await t.ask(token, 'GET', target, undefined, { prefer: 'respond-async' });
    if (kick.status !== 202) return kick.status;
    const done = await t.wait(token, t.local(kick.headers['content-location']));
    assert.equal(done.status, 200, done.body);
    for (const f of done.json.output) assert.equal((await t.ask(token, 'GET', t.local(f.url))).status, 200);
    return Object.fromEntries(done.json.output.map((f) => [f.type, f.count]));
  };

  await step('a service exports what its scopes open', async () => {
    add('bulk-registry', ['--launch', 'system', '--scope', 'system/Patient.rs system/Observation.rs?status=preliminary']);
    const patients = await bearer('bulk-registry', 'system/Patient.rs');
    const all = await types(patients, '/fhir/$export');
    assert.deepEqual(Object.keys(all), ['Patient']);
    assert.equal(await types(patients, '/fhir/$export?_type=Observation'), 403);
    const some = await bearer('bulk-registry', 'system/Observation.rs?status=preliminary');
    const told = (await t.ask(t.system, 'GET', '/fhir/Observation?status=preliminary&_summary=count')).json.total;
    assert.deepEqual(await types(some, '/fhir/$export'), { Observation: told });
  });
  await step('a service of an organisation exports what is its own', async () => {
    add('bulk-lab', ['--launch', 'service', '--org', t.org, '--scope', 'system/Patient.rs system/Observation.rs']);
    assert.deepEqual(await types(await bearer('bulk-lab', 'system/Patient.rs system/Observation.rs'), '/fhir/$export'), {});
  });
}
