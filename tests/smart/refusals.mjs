// Every way a request, a code, a verifier or a token is wrong.
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { answerConsent, consentPage, form } from './app.mjs';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const b64 = (v) => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');

export async function refusalSteps(t) {
  const { program, app, doctor, outsider, step } = t;
  const redirect = `${app.base}/app`;
  const verifier = randomBytes(32).toString('base64url');
  const asked = (more = {}) => ({
    response_type: 'code', client_id: 'chart', redirect_uri: redirect, scope: 'user/Patient.rs offline_access', state: 'st-1',
    aud: `${program.base}/fhir`, code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256', ...more,
  });
  const authorize = (more) => `/oauth/authorize?${form(asked(more))}`;
  const token = (fields, headers = {}) => program.request('POST', '/oauth/token', { ...FORM, ...headers }, form(fields));
  const code = async (more, session = doctor) => {
    const page = await consentPage(session, authorize(more));
    const reply = await answerConsent(session, page);
    return new URL(reply.headers.location).searchParams.get('code');
  };
  const redeem = (c, more = {}) => token({ grant_type: 'authorization_code', code: c, redirect_uri: redirect, code_verifier: verifier, client_id: 'chart', ...more });
  const error = (reply) => `${reply.status} ${JSON.parse(reply.body).error}`;
  const use = (bearer) => program.request('GET', '/fhir/Patient', { authorization: `Bearer ${bearer}` });
  const audit = () => program.cli(['audit', 'list', '--after', '0']);

  await step('a wrong address to go back to is never gone to', async () => {
    for (const uri of [`${redirect}/`, `${redirect}?x=1`, `${app.base}/App`, 'https://evil.example/app', `${redirect}@evil.example`, '']) {
      const reply = await doctor.get(authorize({ redirect_uri: uri }));
      assert.equal(reply.status, 400, uri);
      assert.equal(reply.headers.location, undefined);
    }
    assert.equal((await doctor.get(authorize({ client_id: 'nobody' }))).status, 400);
  });
  await step('other faults go back to the application', async () => {
    const cases = {
      unsupported_response_type: [{ response_type: 'token' }],
      invalid_request: [{ code_challenge: '' }, { code_challenge_method: 'plain' }, { code_challenge: 'short' }, { aud: 'https://other.example/fhir' },
        { aud: '' }, { state: '' }],
      invalid_scope: [{ scope: 'system/*.read' }, { scope: 'nothing' }, { scope: 'user/Patient.rs?name:exact=A' }, { scope: 'user/Observation.rs?subject:Patient.name=A' },
        { scope: 'user/Observation.rs?_count=1' }, { scope: 'user/Patient.rs?_has:Observation:subject:code=1' }, { scope: 'user/Observation.rs?_id:not=1' }],
    };
    for (const [want, list] of Object.entries(cases)) {
      for (const more of list) {
        const reply = await doctor.get(authorize(more));
        assert.equal(reply.status, 303, JSON.stringify(more));
        const to = new URL(reply.headers.location);
        assert.equal(to.origin + to.pathname, redirect);
        assert.equal(to.searchParams.get('error'), want, JSON.stringify(more));
        if (/\?/.test(more.scope ?? '')) assert.match(to.searchParams.get('error_description'), /no chains/);
        if (more.state === undefined) assert.equal(to.searchParams.get('state'), 'st-1');
      }
    }
  });
  await step('a request sent as a form is the same request', async () => {
    const reply = await program.request('POST', '/oauth/authorize', { ...FORM, 'sec-fetch-site': 'cross-site', origin: 'https://x.example' }, form(asked()));
    assert.equal(reply.status, 303);
    assert.match(reply.headers.location, /^\/oauth\/authorize\?/);
    assert.equal((await doctor.get(reply.headers.location)).status, 200);
  });
  await step('who is not signed in signs in first and comes back', async () => {
    const reply = await program.request('GET', authorize());
    assert.equal(reply.status, 303);
    assert.match(reply.headers.location, /^\/sign-in\?next=\/oauth\/authorize%3F/);
  });
  await step('the page may lead to the application and nowhere else', async () => {
    const reply = await doctor.get(authorize());
    assert.match(reply.headers['content-security-policy'], new RegExp(`form-action 'self' ${app.base};`));
  });
  await step('saying no tells the application so', async () => {
    const page = await consentPage(doctor, authorize());
    const reply = await answerConsent(doctor, page, { action: 'deny' });
    assert.match(reply.headers.location, /error=access_denied/);
  });
  await step('nobody agrees for another: form token and own role', async () => {
    const page = await consentPage(doctor, authorize());
    assert.equal((await answerConsent(doctor, { ...page, csrf: 'x' })).status, 403);
    const other = await consentPage(outsider, authorize());
    assert.equal((await answerConsent(doctor, page, { role: other.roles[0] })).status, 422);
  });
  await step('a code is good once, for its client, address and verifier', async () => {
    assert.equal(error(await redeem('nonsense')), '400 invalid_grant');
    const one = await code();
    assert.equal(error(await redeem(one, { code_verifier: 'a'.repeat(43) })), '400 invalid_grant');
    assert.equal(error(await redeem(one, { code_verifier: '' })), '400 invalid_grant');
    assert.equal(error(await redeem(one, { redirect_uri: `${redirect}/` })), '400 invalid_grant');
    assert.equal(error(await redeem(one, { client_id: 'second', client_secret: t.secret })), '400 invalid_grant');
    const good = await redeem(one);
    assert.equal(good.status, 200);
    assert.equal(good.headers['cache-control'], 'no-store');
    assert.equal(good.headers.pragma, 'no-cache');
    const tokens = JSON.parse(good.body);
    assert.ok(tokens.expires_in <= 3600);
    assert.equal((await use(tokens.access_token)).status, 200);
    assert.equal(error(await redeem(one)), '400 invalid_grant');
    assert.equal((await use(tokens.access_token)).status, 401, 'a code that came twice ends what it gave');
  });
  await step('two at once with one code: one at most', async () => {
    const one = await code();
    const both = await Promise.all([redeem(one), redeem(one)]);
    assert.ok(both.filter((r) => r.status === 200).length <= 1);
    assert.ok(both.some((r) => r.status === 400));
  });
  await step('a refresh token that comes twice ends the family', async () => {
    const first = JSON.parse((await redeem(await code())).body);
    const renew = (r, more = {}) => token({ grant_type: 'refresh_token', refresh_token: r, client_id: 'chart', ...more });
    assert.equal(error(await renew(first.refresh_token, { scope: 'user/*.cruds' })), '400 invalid_scope');
    const second = JSON.parse((await renew(first.refresh_token, { scope: 'user/Patient.r' })).body);
    assert.equal(second.scope, 'user/Patient.r');
    assert.equal((await use(second.access_token)).status, 403);
    const third = JSON.parse((await renew(second.refresh_token)).body);
    assert.equal((await use(third.access_token)).status, 200);
    assert.equal(error(await renew(first.refresh_token)), '400 invalid_grant');
    assert.equal((await use(third.access_token)).status, 401);
    assert.equal(error(await renew(third.refresh_token)), '400 invalid_grant');
    assert.equal((await use(third.refresh_token)).status, 401, 'a refresh token opens nothing itself');
  });
  await step('an online application ends with the session', async () => {
    const { signIn } = await import('../lib/session.mjs');
    const { PASSWORD } = await import('../lib/world.mjs');
    const session = await signIn(program, 'leaver', PASSWORD);
    const tokens = JSON.parse((await redeem(await code({ scope: 'user/Patient.rs online_access' }, session))).body);
    assert.ok(tokens.refresh_token);
    assert.equal((await use(tokens.access_token)).status, 200);
    await session.post('/sign-out', {});
    assert.equal((await use(tokens.access_token)).status, 401);
    assert.equal(error(await token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: 'chart' })), '400 invalid_grant');
  });
  await step('an application without a wish to stay gets no refresh token', async () => {
    const tokens = JSON.parse((await redeem(await code({ scope: 'user/Patient.rs' }))).body);
    assert.equal(tokens.refresh_token, undefined);
  });
  await step('confidential clients prove it', async () => {
    const one = await code({ client_id: 'second' });
    const fields = { grant_type: 'authorization_code', code: one, redirect_uri: redirect, code_verifier: verifier };
    const basic = (id, secret) => ({ authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` });
    const bad = await token(fields, basic('second', 'wrong'));
    assert.equal(error(bad), '401 invalid_client');
    assert.match(bad.headers['www-authenticate'], /Basic/);
    assert.equal(error(await token({ ...fields, client_id: 'second' })), '401 invalid_client');
    assert.equal(error(await token({ ...fields, client_id: 'second', client_secret: '' })), '401 invalid_client');
    assert.equal(error(await token({ ...fields, client_id: 'chart', client_secret: 'x' })), '401 invalid_client');
    assert.equal((await token(fields, basic('second', t.secret))).status, 200);
  });
  await step('a token of another server, or of nobody, opens nothing', async () => {
    const claims = { iss: `${program.base}/fhir`, sub: 'doctor', scope: 'system/*.cruds', exp: 4000000000 };
    const none = `${b64({ alg: 'none' })}.${b64(claims)}.`;
    const key = JSON.stringify(JSON.parse((await program.request('GET', '/oauth/jwks')).body).keys[0]);
    const head = `${b64({ alg: 'HS256' })}.${b64(claims)}`;
    const confused = `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;
    for (const forged of [none, confused, t.client.state.tokenResponse.id_token, 'cat_', `cat_${'A'.repeat(43)}`, 'x']) {
      assert.equal((await use(forged)).status, 401);
    }
  });
  await step('revoking ends a grant, and only the own one', async () => {
    const tokens = JSON.parse((await redeem(await code())).body);
    const revoke = (fields) => program.request('POST', '/oauth/revoke', FORM, form({ token: tokens.refresh_token, ...fields }));
    assert.equal((await revoke({ client_id: 'second', client_secret: t.secret })).status, 200);
    assert.equal((await use(tokens.access_token)).status, 200);
    assert.equal((await revoke({ client_id: 'chart' })).status, 200);
    assert.equal((await use(tokens.access_token)).status, 401);
    assert.equal(error(await revoke({ client_id: 'second', client_secret: 'wrong' })), '401 invalid_client');
  });
  await step('introspection tells what a token stands for, to whom may ask', async () => {
    const tokens = JSON.parse((await redeem(await code())).body);
    const ask = async (fields) => JSON.parse((await program.request('POST', '/oauth/introspect', FORM, form(fields))).body);
    const seen = await ask({ token: tokens.access_token, client_id: 'second', client_secret: t.secret });
    assert.equal(seen.active, true);
    assert.equal(seen.scope, tokens.scope);
    assert.equal(seen.client_id, 'chart');
    assert.ok(seen.exp > Date.now() / 1000 && seen.exp <= Date.now() / 1000 + 3600);
    assert.deepEqual(await ask({ token: 'nothing', client_id: 'second', client_secret: t.secret }), { active: false });
    assert.deepEqual(await ask({ token: tokens.access_token, client_id: 'third', client_secret: t.third }), { active: false });
    assert.equal((await ask({ token: tokens.access_token, client_id: 'chart' })).error, 'invalid_client');
  });
  await step('a revoked application and a closed account open nothing', async () => {
    const tokens = JSON.parse((await redeem(await code({ client_id: 'third', scope: 'user/Patient.rs' }), { client_id: 'third', client_secret: t.third })).body);
    assert.equal((await use(tokens.access_token)).status, 200);
    program.cli(['client', 'revoke', 'third']);
    assert.equal((await use(tokens.access_token)).status, 401);
    const own = JSON.parse((await redeem(await code({}, outsider))).body);
    program.cli(['user', 'lock', 'outsider']);
    assert.equal((await use(own.access_token)).status, 401);
    program.cli(['user', 'unlock', 'outsider']);
    assert.equal((await use(own.access_token)).status, 401);
  });
  await step('requests that are none', async () => {
    assert.equal(error(await token({ grant_type: 'password', client_id: 'chart' })), '400 unsupported_grant_type');
    assert.equal(error(await token({ client_id: 'chart' })), '400 invalid_request');
    assert.equal(error(await token({ grant_type: 'client_credentials', client_id: 'second', client_secret: t.secret })), '400 unauthorized_client');
    assert.equal(error(await program.request('POST', '/oauth/token', FORM, 'client_id=chart&client_id=second&grant_type=refresh_token')), '400 invalid_request');
    assert.equal(error(await program.request('POST', '/oauth/token', { 'content-type': 'application/json' }, '{}')), '400 invalid_request');
  });
  await step('pages of registered applications may read, others not', async () => {
    const get = (path, origin, method = 'GET') => program.request(method, path, { origin });
    const known = await get('/fhir/Patient', app.base, 'OPTIONS');
    assert.equal(known.headers['access-control-allow-origin'], app.base);
    assert.match(known.headers['access-control-allow-headers'], /Authorization/);
    assert.equal((await get('/fhir/Patient', app.base)).headers['access-control-allow-origin'], app.base); // a refusal, too
    assert.equal((await get('/fhir/Patient', 'https://evil.example')).headers['access-control-allow-origin'], undefined);
    assert.equal((await get('/fhir/.well-known/smart-configuration', 'https://evil.example')).headers['access-control-allow-origin'], '*');
    assert.equal((await get('/sign-in', app.base)).headers['access-control-allow-origin'], undefined);
  });
  await step('grants, refusals and uses are on record', async () => {
    const text = audit();
    for (const want of [/grant token OK doctor doctor/, /grant token OK doctor\/chart/, /grant no-right E_FORBIDDEN nobody/, /deny token E_FORBIDDEN nobody/,
      /deny token E_FORBIDDEN doctor\/chart doctor Patient/, /search team OK doctor\/chart/, /grant own E_FORBIDDEN doctor/]) {
      assert.ok(want.test(text), String(want));
    }
    assert.ok(!text.includes(verifier));
  });
}
