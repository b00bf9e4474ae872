// Signing in by an outside identity provider: a real one (glewlwyd), and one that lies.
//   node tests/oidc/run.mjs [--build release]
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { checks } from '../lib/checks.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { codeOf } from '../lib/totp.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { Glewlwyd, INSTALLED } from './glewlwyd.mjs';
import { Liar } from './liar.mjs';

const build = option(process.argv.slice(2), '--build', 'release');
const { is, end } = checks();
const SECRET = 'sesame & secret'; // of which some has to be encoded (RFC 6749 2.3.1)
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const program = new Program({ build, extra: ['--oidc_plain=true', '--trust_proxy=true', '--oidc_client_id=consilium', `--oidc_client_secret=${SECRET}`] });
const EXTRA = program.extra;

const cookieOf = (reply, name) => [reply.headers['set-cookie'] ?? []].flat().map((c) => c.split(';')[0]).find((c) => c.startsWith(`${name}=`));
const said = (reply) => (reply.status === 303 ? /done=(provider-[a-z]+)/.exec(reply.headers.location)?.[1] ?? reply.headers.location : reply.status);

// The program on the same data folder and port with other settings.
async function serve(issuer, more = []) {
  if (program.child?.exitCode === null && program.child.signalCode === null) await program.kill();
  program.extra = [...EXTRA, `--oidc_issuer=${issuer}`, ...(program.port ? [`--base_url=http://127.0.0.1:${program.port}`] : []), ...more];
  await program.start();
}

// A browser that begins: {to: address of the provider, cookie}.
async function begin(next = '') {
  const reply = await program.request('GET', `/sign-in/provider${next && `?next=${encodeURIComponent(next)}`}`);
  return { reply, to: reply.headers.location, cookie: cookieOf(reply, 'oidc') };
}
let visitors = 0; // each from an address of its own: who fails often has to wait
const visitor = () => `192.0.2.${++visitors}`;
const come = (cookie, fields, from = visitor()) =>
  program.request('GET', `/sign-in/provider/back?${new URLSearchParams(fields)}`, { cookie: cookie ?? '', 'x-forwarded-for': from });
const stateOf = (to) => new URL(to).searchParams.get('state');
const password = (login = 'outsider') => program.request('POST', '/sign-in', FORM, new URLSearchParams({ login, password: PASSWORD }).toString());

const region = world(program);
program.cli(['user', 'add', 'locked', '--family', 'Locked', '--given', 'Test', '--org', program.cli(['org', 'add', 'Third', '--kind', 'hospital']).trim().split(/\s+/).pop(), '--role', 'doctor',
  '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
for (const lines of ['code,name,kind,parent,phone\nfourth,Fourth,hospital,,\n', 'login,number,family,given,middle,sex,organisation,role,services,from,until\nbare,,Bare,Test,,,fourth,doctor,,,\n']) {
  const file = path.join(program.dir, 'tests-import.csv'); // people of a file have no password at first
  fs.writeFileSync(file, lines);
  program.cli(['people', 'import', file]);
}
const liar = await new Liar().listen();
await serve(liar.issuer('good')); // learns its port
await serve(liar.issuer('good'));
const redirect = `http://127.0.0.1:${program.port}/sign-in/provider/back`;

// One whole way: what the provider does with it is twisted.
async function way(more = {}, answer = {}) {
  const b = await begin();
  const reply = await come(b.cookie, { state: stateOf(b.to), code: liar.code(b.to, more), ...answer });
  return { ...b, back: reply, said: said(reply) };
}

// ---- as it should be ----
const first = await begin('/mine');
const asked = new URL(first.to).searchParams;
is('the first page offers it', /href="\/sign-in\/provider\?next=/.test((await program.request('GET', '/sign-in')).body), true);
is('PKCE S256, state, nonce, scope', [asked.get('code_challenge_method'), asked.get('scope'), asked.get('response_type'), asked.get('redirect_uri'), (asked.get('state') ?? '').length, (asked.get('nonce') ?? '').length, (asked.get('code_challenge') ?? '').length],
  ['S256', 'openid profile', 'code', redirect, 43, 43, 43]);
is('nothing of it is told twice', new Set([asked.get('state'), asked.get('nonce'), asked.get('code_challenge'), first.cookie.slice(5)]).size, 4);
is('the cookie is for this server alone', /HttpOnly; SameSite=Lax; Max-Age=600/.test([first.reply.headers['set-cookie']].flat().join()), true);
const code = liar.code(first.to);
const good = await come(first.cookie, { state: stateOf(first.to), code });
is('it lets in, to where they wanted to go', [good.status, good.headers.location], [303, '/mine']);
is('the session holds', (await program.request('GET', '/mine', { cookie: cookieOf(good, 'sid') })).status, 200);
is('the cookie is taken back', /oidc=;.*Max-Age=0/.test([good.headers['set-cookie']].flat().join('\n')), true);
is('an elliptic key (ES256)', (await way({ key: 'curve' })).back.headers.location, '/');
is('several audiences with azp', (await way({ claims: { aud: ['consilium', 'other'], azp: 'consilium' } })).back.headers.location, '/');
is('iss in the answer (RFC 9207)', (await way({}, { iss: liar.issuer('good') })).back.headers.location, '/');

// ---- the browser, the state, the code ----
is('the same answer again', said(await come(first.cookie, { state: stateOf(first.to), code })), 'provider-late');
const a = await begin();
const b = await begin();
is('no cookie', said(await come('', { state: stateOf(a.to), code: liar.code(a.to) })), 'provider-late');
is('the state of another browser', said(await come(a.cookie, { state: stateOf(b.to), code: liar.code(b.to) })), 'provider-late');
is('the code of another way in', said(await come(a.cookie, { state: stateOf(a.to), code: liar.code(b.to) })), 'provider-late');
is('and its state is used by then', said(await come(a.cookie, { state: stateOf(a.to), code: liar.code(a.to) })), 'provider-late');
const spent = liar.code(b.to);
const [one, two] = await Promise.all([1, 2].map(() => come(b.cookie, { state: stateOf(b.to), code: spent })));
is('of two at once one is let in', [one, two].map(said).sort(), ['/', 'provider-late']);
const old = await begin();
const parts = old.cookie.slice(5).split('.');
const aged = [parts[0], String(Number(parts[1]) - 601), parts[2] ?? ''].join('.');
is('begun eleven minutes ago', said(await come(`oidc=${aged}`, { state: crypto.createHash('sha256').update(`state:${aged}`).digest('base64url'), code: liar.code(old.to) })), 'provider-late');
is('a cookie that is rubbish', said(await come('oidc=%%%', { state: 'x', code: 'y' })), 'provider-late');
is('the provider says no', said(await come((await begin()).cookie, { state: 'x', error: 'access_denied' })), 'provider-late');
const often = visitor();
const tries = [];
while (tries.length < 21) tries.push(await come('', { state: 'x', code: 'y' }, often));
is('who fails often is told to wait, in words', [said(tries[19]), tries[20].status, /role="alert">Too many/.test(tries[20].body)], ['provider-late', 429, true]);
is('and others are not', said(await come('', { state: 'x', code: 'y' })), 'provider-late');
const no = await begin();
is('access denied', said(await come(no.cookie, { state: stateOf(no.to), error: 'access_denied' })), 'provider-no');
const busy = await begin();
is('it has a fault', said(await come(busy.cookie, { state: stateOf(busy.to), error: 'server_error' })), 'provider-down');
is('iss of another (mix-up)', (await way({}, { iss: liar.issuer('other') })).said, 'provider-odd');

// ---- tokens that lie ----
const now = Math.floor(Date.now() / 1000);
const lies = {
  'alg none': { head: { alg: 'none' } },
  'HS256 with the public key': { head: { alg: 'HS256' } },
  'a kid of another key': { signer: 'two' },
  'a kid nobody has': { head: { kid: 'nobody' } },
  'an ES256 header over an RSA key': { head: { alg: 'ES256' } },
  'a key beside the token (jwk)': { key: 'two', head: { jwk: liar.jwk('two') } },
  'another issuer': { claims: { iss: liar.issuer('evil') } },
  'the issuer with a slash more': { claims: { iss: `${liar.issuer('good')}/` } },
  'another audience': { claims: { aud: 'other' } },
  'no audience': { claims: { aud: undefined } },
  'several audiences without azp': { claims: { aud: ['consilium', 'other'] } },
  'azp of another': { claims: { azp: 'other' } },
  'it has ended': { claims: { exp: now - 120, iat: now - 400 } },
  'no end': { claims: { exp: undefined } },
  'made tomorrow': { claims: { iat: now + 3600, exp: now + 7200 } },
  'made an hour ago': { claims: { iat: now - 3600 } },
  'holds from tomorrow': { claims: { nbf: now + 3600 } },
  'another nonce': { claims: { nonce: 'x'.repeat(43) } },
  'no nonce': { claims: { nonce: undefined } },
  'no number': { claims: { sub: '' } },
  'no token': { raw: '' },
  rubbish: { raw: 'a.b.c' },
};
for (const [name, more] of Object.entries(lies)) is(name, (await way(more)).said, 'provider-odd');

// ---- whom it means ----
is('nobody here', (await way({ claims: { preferred_username: 'nobody', sub: 'number-9' } })).said, 'provider-nobody');
is('no name', (await way({ claims: { preferred_username: undefined } })).said, 'provider-nobody');
is('the name of another person under the same number', (await way({ claims: { preferred_username: 'coordinator' } })).said, 'provider-nobody');
is('another number under the same name', (await way({ claims: { sub: 'number-2' } })).said, 'provider-nobody');
program.cli(['user', 'provider', 'doctor']);
is('untied: the new number', (await way({ claims: { sub: 'number-2' } })).back.headers.location, '/');
program.cli(['user', 'lock', 'locked']);
is('a closed account', (await way({ claims: { preferred_username: 'locked', sub: 'number-3' } })).said, 'provider-nobody');
for (const [what, lie, wanted] of [['huge', 'huge', 'provider-down'], ['moved', 'moved', 'provider-odd'], ['no JSON', '<html>', 'provider-odd'], ['nothing', '{}', 'provider-odd']]) {
  liar.lies.good = { 'token answers': lie };
  is(`the answer to the code is ${what}`, (await way({ claims: { sub: 'number-2' } })).said, wanted);
}
liar.lies.good = {};
liar.shown = ['two'];
is('keys that changed', (await way({ key: 'two', claims: { sub: 'number-2' } })).back.headers.location, '/');
is('the old key is none any more', (await way({ key: 'one', claims: { sub: 'number-2' } })).said, 'provider-odd');
liar.shown = ['one', 'curve'];
const failed = await program.request('GET', '/sign-in?done=provider-odd');
is('it is said in words, the password is there', /cannot be trusted/.test(failed.body) && /name="password"/.test(failed.body), true);

// ---- an issuer and keys that lie; answers that are huge, moved, slow, none ----
const other = liar.issuer('good');
const issuers = {
  'calls itself otherwise': [{ meta: { issuer: other } }, 'provider-odd'],
  'an address without TLS is told by the setting': [{ meta: { token_endpoint: 'ftp://127.0.0.1/x' } }, 'provider-odd'],
  'no address': [{ meta: { jwks_uri: undefined } }, 'provider-odd'],
  'no JSON': [{ 'meta answers': '<html>' }, 'provider-odd'],
  'sends elsewhere': [{ 'meta answers': 'moved' }, 'provider-down'],
  huge: [{ 'meta answers': 'huge' }, 'provider-down'],
};
let n = 0;
for (const [name, [lie, wanted]] of Object.entries(issuers)) {
  const id = `meta${n++}`;
  liar.lies[id] = lie;
  await serve(liar.issuer(id));
  is(`the issuer ${name}`, said((await begin()).reply), wanted);
}
const sets = {
  'a secret key among the keys': [{ keys: [{ ...liar.keys.one.privateKey.export({ format: 'jwk' }), kid: 'one' }] }, 'provider-odd'],
  'a symmetric key among the keys': [{ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'one', alg: 'HS256' }] }, 'provider-odd'],
  'the key of another under the same kid': [{ keys: [{ ...liar.jwk('two'), kid: 'one' }] }, 'provider-odd'],
  'no keys': [{ keys: [] }, 'provider-odd'],
  'keys that are huge': [{ 'keys answers': 'huge' }, 'provider-down'],
  'keys that moved': [{ 'keys answers': 'moved' }, 'provider-down'],
  'it must name itself and does not': [{ meta: { authorization_response_iss_parameter_supported: true } }, 'provider-odd'],
};
for (const [name, [lie, wanted]] of Object.entries(sets)) {
  const id = `set${n++}`;
  liar.lies[id] = lie;
  await serve(liar.issuer(id));
  is(name, (await way({})).said, wanted);
}
is('nobody was sent on', liar.asked.every((x) => !x.includes('undefined')), true);

// ---- it never answers: two people wait for it, and everybody else signs in meanwhile, on the one thread for passwords ----
const real = new Glewlwyd();
const realRuns = INSTALLED && real.start({ redirect, clientId: 'consilium', secret: 'sesame', people: ['consultant', 'stranger'], password: 'words of their own' });
liar.lies.silent = { 'token answers': 'never' };
await serve(liar.issuer('silent'), ['--pool_threads=1']);
const ways = [await begin(), await begin()];
let done = 0;
const waiting = ways.map(async (w) => {
  const reply = await come(w.cookie, { state: stateOf(w.to), code: liar.code(w.to) });
  done++;
  return said(reply);
});
await until('both wait for the provider', () => liar.asked.filter((x) => x === 'silent token').length === 2);
is('the password lets in meanwhile', [(await password()).status, (await password('second')).status], [303, 303]);
is('while the others still wait', done, 0);
const me = await signIn(program, 'doctor', PASSWORD);
await me.post('/account/sign-in/codes', {});
const key = /<dd class="c-hash">([A-Z2-7 ]+)</.exec((await me.get('/account/sign-in')).body)[1];
await me.post('/account/sign-in/codes/confirm', { password: PASSWORD, code: codeOf(key) });
is('and they are told', await Promise.all(waiting), ['provider-down', 'provider-down']);
is('the secret is nowhere told', program.log.includes('sesame') || program.cli(['config', '--oidc_client_secret', SECRET]).includes('sesame'), false);

// ---- the second step: one-time codes are asked for, unless the settings say that the provider's step counts ----
await serve(liar.issuer('strong'), ['--oidc_strong=mfa, urn:strong']);
const strong = { amr: ['pwd', 'mfa'], sub: 'number-2' };
const half = await way({ claims: { sub: 'number-2' } });
is('a code is owed', [half.said, cookieOf(half.back, 'sid'), Boolean(cookieOf(half.back, 'half'))], ['/sign-in/code?next=%2F', undefined, true]);
is('and lets in', (await program.request('POST', '/sign-in/code', { ...FORM, cookie: cookieOf(half.back, 'half') }, `code=${codeOf(key, 1)}`)).headers.location, '/');
is('another step does not count', (await way({ claims: { amr: ['pwd'], acr: 'urn:weak', sub: 'number-2' } })).said, '/sign-in/code?next=%2F');
is('amr that counts', (await way({ claims: strong })).said, '/');
is('acr that counts', (await way({ claims: { acr: 'urn:strong', sub: 'number-2' } })).said, '/');
await serve(liar.issuer('strong'));
is('none counts unless the settings say so', (await way({ claims: { ...strong, acr: 'urn:strong' } })).said, '/sign-in/code?next=%2F');

// ---- somebody without a password: no page asks for one they do not have, and what asks for it lets nothing by ----
const bare = await way({ claims: { preferred_username: 'bare', sub: 'number-bare' } });
is('without a password: let in', bare.said, '/');
const theirs = { cookie: cookieOf(bare.back, 'sid') };
const shown = async (to) => (await program.request('GET', to, theirs)).body;
const account = await shown('/account');
is('told so, and asked for none', [/has no password: you sign in by/.test(account), /name="old"/.test(account)], [true, false]);
const means = await shown('/account/sign-in');
is('nor for what a password would set up', [/has no password: you sign in by/.test(means), /Set up one-time codes/.test(means), /passkeys\/new/.test(means)], [true, false, false]);
is('nor for a passkey', (await program.request('GET', '/account/sign-in/passkeys/new', theirs)).status !== 200, true);
const csrf = /name="csrf" value="([^"]+)"/.exec(account)[1];
for (const [to, fields] of [['/account/password', { old: '', new: 'four words of their own', again: 'four words of their own' }], ['/account/sign-in/codes/recovery', { password: '', code: '' }]]) {
  const reply = await program.request('POST', to, { ...theirs, ...FORM }, new URLSearchParams({ csrf, ...fields }).toString());
  is(`nothing is set by ${to}`, [422, 303].includes(reply.status) && (await password('bare')).status === 401, true);
}

// ---- roles it gives, and takes away when it names them no more ----
const map = path.join(program.dir, 'roles.txt');
const mapped = (lines, claim = 'roles') => { fs.writeFileSync(map, lines); return [`--oidc_roles=${map}`, `--oidc_roles_claim=${claim}`]; };
const LINES = `# who is who\nteam = coordinator @ ${region.hospital}\nCN=cardio,OU=x = consultant @ ${region.centre} [Cardiology]\nhand = doctor @ ${region.other}\nroot = auditor! @ ${region.centre}\n`;
const roles = async () => {
  const found = JSON.parse((await program.request('GET', '/fhir/PractitionerRole?_count=200', { authorization: `Bearer ${region.system}` })).body).entry.map((e) => e.resource);
  return found.filter((r) => r.active && r.extension?.some((x) => x.valueUri?.endsWith('/roles'))).map((r) => r.code[0].coding[0].code).sort();
};
const comes = async (claims, key = 'roles') => (await way({ claims: { preferred_username: 'outsider', sub: 'number-out', ...(claims === undefined ? {} : { [key]: claims }) } })).said;
for (const [what, lines, wanted] of [
  ['an unknown role', 'a = witch @ x', /line 1, role: there is none with the code witch/],
  ['an unknown organisation', `team = nurse @ ${region.centre}\na = nurse @ nowhere`, /line 2, organisation: there is none/],
  ['a service of another', `a = consultant @ ${region.hospital} [Cardiology]`, /line 1, services: the organisation has none/],
  ['an auditor without the mark', `a = auditor @ ${region.centre}`, /line 1, role: auditor administers or audits/],
  ['a line twice', `a = nurse @ ${region.centre}\n\na = nurse @ ${region.centre}`, /line 3, all of it: the same as line 1/],
]) {
  const words = mapped(lines);
  const refused = await serve(liar.issuer('roles'), words).then(() => 'started', () => program.log);
  is(`no start with ${what}`, wanted.test(refused), true);
  const check = spawnSync(program.exe, ['config', 'check', '--data', program.dir, ...program.extra], { encoding: 'utf8' });
  is(`and the checker says so`, [check.status !== 0, wanted.test(check.stdout)], [true, true]);
}
await serve(liar.issuer('roles'), mapped(LINES));
is('a role that it names is given', [await comes(['team', 'unknown', 'team']), await roles()], ['/', ['coordinator']]);
is('one it names no more ends, another begins', [await comes('CN=cardio,OU=x'), await roles()], ['/', ['consultant']]);
is('one given by hand is not given twice', [await comes(['hand']), await roles()], ['/', []]);
is('a marked line makes an auditor', [await comes(['root', 'team']), await roles()], ['/', ['auditor', 'coordinator']]);
for (const [what, claim, wanted = 'provider-odd'] of [['a number', 7], ['an object', { team: true }], ['a list in a list', [['team']]], ['mixed', ['team', 5]], ['true', true],
  ['1001 texts', Array(1001).fill('x')], ['10 000 texts', Array(10000).fill('team'), 'provider-down'], ['a huge text', ['x'.repeat(20000)]]]) {
  is(`${what} is refused, and nothing changes`, [await comes(claim), await roles()], [wanted, ['auditor', 'coordinator']]);
}
is('without the claim nothing changes', [await comes(undefined), await roles()], ['/', ['auditor', 'coordinator']]);
is('and the log says so', /event=provider-no-roles/.test(program.log), true);
is('and the doctor', /urgent: the last ID token of the identity provider has no claim roles/.test(program.cli(['doctor', ...program.extra])), true);
is('several at once', await Promise.all([1, 2, 3].map(() => comes(['team']))), ['/', '/', '/']);
is('make one role', await roles(), ['coordinator']);
is('no value: what it gave ends, what is by hand lets in', [await comes([]), await roles()], ['/', []]);
await serve(liar.issuer('roles'), mapped(LINES, 'realm_access.roles'));
is('a claim within a claim', [await comes({ roles: ['team'] }, 'realm_access'), await roles()], ['/', ['coordinator']]);
program.cli(['user', 'provider', 'outsider']);
await serve(liar.issuer('roles'), mapped(LINES, 'https://id.test/roles'));
is('a claim named by an address', [await comes([], 'https://id.test/roles'), await roles()], ['/', []]);

// ---- a real one ----
if (INSTALLED) {
  try {
    await realRuns;
    program.extra = EXTRA;
    await serve(real.issuer, ['--oidc_client_secret=sesame', '--oidc_scope=openid']);
    for (const [username, wanted] of [['consultant', '/'], ['consultant', '/'], ['stranger', 'provider-nobody']]) {
      const w = await begin();
      const back = new URL(await real.letIn({ username, password: 'words of their own' }, 'consilium', w.to));
      is(`glewlwyd: ${username} comes back to us`, `${back.origin}${back.pathname}`, redirect);
      const reply = await program.request('GET', `${back.pathname}${back.search}`, { cookie: w.cookie });
      is(`glewlwyd: ${username}`, said(reply), wanted);
      if (wanted === '/') is('glewlwyd: the session is theirs', /Answerer/.test((await program.request('GET', '/home', { cookie: cookieOf(reply, 'sid') })).body), true);
      is('glewlwyd: not again', said(await program.request('GET', `${back.pathname}${back.search}`, { cookie: w.cookie })), 'provider-late');
    }
  } finally {
    real.stop();
  }
} else is('glewlwyd is installed (tools/setup.sh)', false, true);

// ---- gone for good ----
liar.close();
await serve(liar.issuer('gone'));
is('it is gone', (await begin('/mine')).reply.headers.location, '/sign-in?done=provider-down&next=%2Fmine');
is('and the password lets in', (await password()).status, 303);
await program.stop();
is('the record is whole', /holds/.test(program.cli(['audit', 'verify'])), true);
const details = spawnSync('sqlite3', [path.join(program.dir, 'consilium.db'), 'SELECT DISTINCT detail FROM audit'], { encoding: 'utf8' }).stdout.split('\n');
for (const want of [`by ${liar.issuer('good')}`, `tied to a person of ${liar.issuer('good')}`, `let in by ${liar.issuer('strong')}`, 'untied from the identity provider',
  `role given by the identity provider ${liar.issuer('roles')}`, `role ended by the identity provider ${liar.issuer('roles')}`,
  'provider, token: a value of the roles\' claim is no text', 'provider, token: nonce', 'provider, token: iss', 'provider, answer: iss', 'provider, state: used before', 'provider, tied to somebody else']) {
  is(`on record: ${want}`, details.includes(want), true);
}
program.remove();
end();
