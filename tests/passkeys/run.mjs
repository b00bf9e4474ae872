// Passkeys in Chromium with its virtual authenticator: one is added and lets in; what is sent again, made for another
// site, copied or removed lets nobody in; one that was acknowledged outlives kill -9; who must have a second step and
// has a passkey gets no further with the password alone, and with a recovery code after it once for each.
//   node tests/passkeys/run.mjs [--build release]
import http from 'node:http';
import { faults, launch, Person } from '../pages/browser.mjs';
import { checks } from '../lib/checks.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { PASSWORD } from '../lib/world.mjs';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const ANSWER = '/sign-in/passkey/confirm';
const program = new Program({ build: option(process.argv.slice(2), '--build', 'release'), env: { CONSILIUM_SECOND_FACTOR: 'true' } });
const { is, end } = checks();

const last = (said) => said.trim().split('\n')[0].split(/\s+/).pop();
program.cli(['init']);
const system = last(program.cli(['token', 'new', '--system', 'tests']));
const hospital = last(program.cli(['org', 'add', 'Hospital', '--kind', 'hospital']));
for (const [login, family, role] of [['doctor', 'Asker', 'doctor'], ['nurse', 'Carer', 'nurse'], ['auditor', 'Auditor', 'auditor']]) {
  program.cli(['user', 'add', login, '--family', family, '--given', 'Test', '--org', hospital, '--role', role,
    '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
}
await program.start(); // for its port: the address people use names it
await program.stop();
const base = `http://localhost:${program.port}`;
program.extra = ['--base-url', base];
await program.start();
const browser = await launch();

// A person's browser with an authenticator in it, which verifies them without asking.
async function begin(name, { lang = 'en', width = 1280 } = {}) {
  const p = await Person.begin(browser, program, name, { lang, base, width });
  const cdp = await p.context.newCDPSession(p.page);
  p.device = true;
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  p.keys = async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  p.setKey = async (credential) => {
    await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
    await cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
  };
  p.verified = (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  p.sent = []; // answers of the browser, as forms
  p.page.on('request', (r) => { if (r.url().endsWith(ANSWER)) p.sent.push({ body: r.postData(), headers: r.allHeaders() }); });
  return p;
}

const at = (p) => p.page.url().slice(base.length);
const STEPS = ['/sign-in', '/sign-in/code', '/sign-in/passkey', '/account/sign-in/passkeys/new']; // pages on the way
const loaded = (p, act) => { p.weight = { bytes: 0, requests: 0 }; return Promise.all([p.page.waitForURL((u) => !STEPS.includes(u.pathname)), act()]); };

// By the buttons, as people do.
async function add(p, name, picture = '') {
  await p.open('/account/sign-in/passkeys/new', picture);
  await p.page.fill('#name', name);
  await p.page.fill('#password', PASSWORD);
  await loaded(p, () => p.page.click('form[action$="/passkeys/new"] button'));
}

async function enter(p, picture = '') {
  await p.open('/sign-in', picture);
  await loaded(p, () => p.page.click('[data-passkey=offer] button'));
}

const out = (p) => p.context.clearCookies({ name: 'sid' });

const post = (target, cookie, fields) => program.request('POST', target, { ...FORM, cookie, origin: base }, new URLSearchParams(fields).toString());
const cookieOf = (reply, name) => [reply.headers['set-cookie'] ?? []].flat().map((c) => c.split(';')[0]).find((c) => c.startsWith(`${name}=`));
const challengeOf = (reply) => /data-challenge="([^"]+)"/.exec(reply.body)[1];

// Signs in without the look at the page that follows.
async function signs(p, login) {
  await p.page.fill('#login', login);
  await p.page.fill('#password', PASSWORD);
  await p.go('form[action="/sign-in"] button:not([type=button])', '');
}

const p = await begin('passkey');

await p.open('/sign-in', '');
await signs(p, 'doctor');
await add(p, 'Telephone', 'passkey-new');
is('added', at(p), '/account/sign-in/passkeys/confirm');
is('with recovery codes', await p.page.locator('.c-codes li').count(), 10);
await p.look('passkey-codes');
await p.open('/account/sign-in', '');
await p.look('passkey-list');
is('in the list', await p.page.locator('#passkeys tbody a').innerText(), 'Telephone');
is('on the device', (await p.keys()).length, 1);
is('only from here', (await p.keys())[0].rpId, 'localhost');

// Acknowledged, it outlives the kill.
await program.kill();
await program.start();
await out(p);
await enter(p, 'passkey-sign-in');
is('lets in, after the kill', at(p), '/mine');
is('as its person', (await p.text()).length > 0 && /Asker/.test(await p.page.locator('.c-menu').first().textContent()), true);

// The same answer again, by whoever saw it: with the cookie of its attempt, and with another one's.
const seen = p.sent[p.sent.length - 1];
const cookie = (await seen.headers).cookie.split('; ').find((c) => c.startsWith('attempt='));
const again = await program.request('POST', ANSWER, { ...FORM, cookie, origin: base }, seen.body);
is('sent again', [again.status, cookieOf(again, 'sid')], [401, undefined]);
const fresh = await post('/sign-in/passkey', '', {});
const other = await program.request('POST', ANSWER, { ...FORM, cookie: cookieOf(fresh, 'attempt'), origin: base }, seen.body);
is('sent to another attempt', [other.status, cookieOf(other, 'sid')], [401, undefined]);

// A site of the same name at another port asks for it with a challenge of ours.
const trap = http.createServer((_, res) => { res.setHeader('content-type', 'text/html'); res.end('<title>Trap</title>'); });
await new Promise((up) => { trap.listen(0, '127.0.0.1', up); });
const ours = await post('/sign-in/passkey', '', {});
await p.page.goto(`http://localhost:${trap.address().port}/`);
const caught = await p.page.evaluate(async (challenge) => {
  const bytes = (t) => Uint8Array.from(atob(t.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b ?? []))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const c = await navigator.credentials.get({ publicKey: { challenge: bytes(challenge), rpId: 'localhost', userVerification: 'required' } });
  const r = c.response;
  return { id: text(c.rawId), client_data: text(r.clientDataJSON), auth_data: text(r.authenticatorData), signature: text(r.signature), handle: text(r.userHandle) };
}, challengeOf(ours));
trap.close();
trap.closeAllConnections();
const led = await post(ANSWER, cookieOf(ours, 'attempt'), caught);
is('made for another site', [led.status, cookieOf(led, 'sid')], [401, undefined]);

// Without the person being verified there is no answer at all.
await out(p);
await p.verified(false);
await p.open('/sign-in', '');
p.weight = { bytes: 0, requests: 0 };
await p.page.click('[data-passkey=offer] button');
await p.page.locator('[data-passkey-no]').waitFor();
await p.look('passkey-declined');
is('not verified', at(p), '/sign-in/passkey');
await p.verified(true);
await loaded(p, () => p.page.click('form[data-passkey] button'));
is('asked again, it lets in', at(p), '/mine');

// A copy of the device, whose counter stayed where it was.
const [copy] = await p.keys();
await p.setKey({ ...copy, signCount: 1 });
await out(p);
await enter(p);
is('copied: refused', [at(p), /there seems to be a copy/.test(await p.text())], [ANSWER, true]);
await p.look('passkey-copied');
await p.setKey({ ...copy, signCount: 1000 });
await enter(p);
is('copied: nor does the other one let in', at(p), ANSWER);
await p.open('/sign-in', '');
await signs(p, 'doctor');
await p.page.goto('/notices');
is('copied: told', /there seems to be a copy of/.test(await p.text()), true);
await p.page.goto('/account/sign-in');
is('copied: switched off', /switched off/.test(await p.page.locator('#passkeys').innerText()), true);

// A name, removing it: only with the password.
await p.page.click('#passkeys tbody a');
await p.look('passkey-one');
await p.page.fill('#name', 'Old telephone');
await p.go('form[action$="/name"] button', '');
is('named', await p.page.locator('#passkeys tbody a').innerText(), 'Old telephone');
await p.page.click('#passkeys tbody a');
await p.page.fill('#password', 'another-password');
await p.go('form[action$="/end"] button', '');
is('removing asks for the password', /password is wrong/.test(await p.text()), true);
await p.page.fill('#password', PASSWORD);
await p.go('form[action$="/end"] button', '');
is('removed', [at(p), await p.page.locator('#passkeys tbody a').count()], ['/account/sign-in?done=passkey-removed', 0]);
await out(p);
await enter(p);
is('removed: lets nobody in', [at(p), /may have been removed/.test(await p.text())], [ANSWER, true]);
await p.end();

// Who audits must have a second step: a passkey is one, and then the password alone is half of it.
const a = await begin('passkey-auditor', { lang: 'ru', width: 360 });
await a.open('/sign-in', '');
await signs(a, 'auditor');
await a.language('ru');
is('held until there is a second step', at(a).split('?')[0], '/account/sign-in');
await add(a, 'Ключ');
is('added under a role that asks for it', at(a), '/account/sign-in/passkeys/confirm');
await a.look('passkey-codes');
const papers = (await a.page.locator('.c-codes li').allInnerTexts()).map((t) => t.trim());
is('codes on paper came with it', [papers.length, papers.every((c) => /^[a-z0-9]{5}-[a-z0-9]{5}$/.test(c))], [10, true]);
await a.page.reload();
is('and are shown once', await a.page.locator('.c-codes li').count(), 0);
await a.open('/account/sign-in', 'passkey-list');
const leftNow = async () => Number(/\d+/.exec(await a.page.locator('#paper + p').innerText())[0]);
is('ten are left', await leftNow(), 10);
await a.page.goto('/');
is('not held any more', at(a).startsWith('/account'), false);
await out(a);
await a.open('/sign-in', '');
await a.page.fill('#login', 'auditor');
await a.page.fill('#password', PASSWORD);
await a.go('form[action="/sign-in"] button:not([type=button])', 'passkey-half');
is('the password alone is half', at(a).split('?')[0], '/sign-in/code');
const guess = await post('/sign-in/code', (await a.context.cookies()).filter((c) => c.name === 'half').map((c) => `half=${c.value}`).join(), { code: '123456' });
is('no code makes it whole', guess.status, 401);
// The device is lost: a code on paper stands for it, after the password, once.
await a.page.click('button[name=recovery]');
await a.page.fill('#code', 'aaaaa-bbbbb');
await a.go('form[action="/sign-in/code"] button', 'passkey-recovery-wrong');
is('a wrong one does not', at(a), '/sign-in/code');
await a.page.fill('#code', papers[0].toUpperCase().replace('-', ' '));
await loaded(a, () => a.page.click('form[action="/sign-in/code"] button'));
is('a recovery code does', at(a).startsWith('/sign-in'), false);
await a.page.goto('/notices');
is('its person is told', /резервных кодов/.test(await a.text()), true);
await a.page.goto('/account/sign-in');
is('nine are left', await leftNow(), 9);
await program.kill();
await program.start();
const half = async () => cookieOf(await post('/sign-in', '', { login: 'auditor', password: PASSWORD }), 'half');
const reused = await post('/sign-in/code', await half(), { recovery: '1', code: papers[0] });
is('once, after a kill too', [reused.status, cookieOf(reused, 'sid')], [401, undefined]);
const alone = await post('/sign-in/code', '', { recovery: '1', code: papers[1] });
is('not without the password', [alone.status, cookieOf(alone, 'sid')], [401, undefined]);
const instead = await post('/sign-in', '', { login: 'auditor', password: papers[1] });
is('nor in its place', [instead.status, cookieOf(instead, 'sid')], [401, undefined]);
// Anew, in a session that showed the passkey or a code for it: the old ones have ended.
await a.page.goto('/account/sign-in');
await a.page.fill('#passkeys input[type=password]', PASSWORD);
await a.go('#passkeys form button', 'passkey-codes-anew');
const fresher = (await a.page.locator('.c-codes li').allInnerTexts()).map((t) => t.trim());
is('made anew', [fresher.length, fresher.includes(papers[1])], [10, false]);
const former = await post('/sign-in/code', await half(), { recovery: '1', code: papers[1] });
is('the old ones have ended', former.status, 401);
// Without scripts there is still the paper.
const lost = await Person.begin(browser, program, 'passkey-lost', { lang: 'en', base, scripts: false, width: 360 });
await lost.open('/sign-in', '');
await signs(lost, 'auditor');
await lost.page.click('button[name=recovery]');
await lost.page.fill('#code', fresher[0]);
await lost.go('form[action="/sign-in/code"] button', '');
is('without scripts too', new URL(lost.page.url()).pathname.startsWith('/sign-in'), false);
await lost.end();
await out(a);
await a.open('/sign-in', '');
await signs(a, 'auditor');
await loaded(a, () => a.page.click('[data-passkey=offer] button'));
is('the passkey does as before', at(a).startsWith('/sign-in'), false);
program.cli(['user', 'second-factor', 'auditor']);
await a.page.goto('/');
is('taken away: signed out', at(a).split('?')[0], '/sign-in');
await enter(a);
is('taken away: lets nobody in', at(a), ANSWER);
await a.page.goto('/sign-in');
await a.page.fill('#password', 'several typed words');
const typed = () => a.page.getAttribute('#password', 'type');
await a.page.click('[for=show-password]');
is('a typed password can be looked at', await typed(), 'text');
await a.page.click('[for=show-password]');
is('and closed again', [await typed(), await a.page.inputValue('#password')], ['password', 'several typed words']);
await a.end();

// Scripts off: the password as before.
const plain = await Person.begin(browser, program, 'passkey-plain', { lang: 'en', base, scripts: false });
await plain.open('/sign-in', '');
is('without scripts there is no button', await plain.page.locator('[data-passkey]').isVisible(), false);
is('nor a box that shows what is typed', await plain.page.locator('[for=show-password]').isVisible(), false);
await signs(plain, 'nurse');
await plain.open('/account/sign-in/passkeys/new', 'passkey-no-scripts-new');
is('and it is said', /need scripts/.test(await plain.page.content()), true);
await plain.end();

await browser.close();
const record = (await program.request('GET', '/fhir/AuditEvent?_count=200', { authorization: `Bearer ${system}` })).body;
for (const what of ['passkey asked for', 'passkey added', 'with passkey', 'with recovery code', 'recovery codes made', 'unknown passkey', 'its counter went back', 'passkey removed', 'passkeys taken away by administrator']) {
  is(`on record: ${what}`, record.includes(what), true);
}
const session = await signIn(program, 'nurse', PASSWORD);
is('nobody else sees it', (await session.get('/account/sign-in/passkeys/1')).status, 404);
await program.stop();
is('the record is whole', /holds/.test(program.cli(['audit', 'verify'])), true);
is('pages keep to the rules', faults, []);
program.remove();
end();
