// HTTPS in the program: what is served over it, what the checker says of certificates, a reload under load, hostile peers.
// node tests/tls/run.mjs [--build PRESET]
import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { Authority } from '../lib/certificates.mjs';
import { checks } from '../lib/checks.mjs';
import { aCase } from '../lib/consilium.mjs';
import { secretsIn } from '../lib/memory.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { checker } from './checker.mjs';
import { hook } from './hook.mjs';
import { hostile } from './hostile.mjs';

const args = process.argv.slice(2);
const build = option(args, '--build', 'release');
const { is, end } = checks();
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-tls-'));
const HSTS = 'max-age=31536000';
const LARGE = 12 << 20;
const RELOADS = 8;
const authority = new Authority(place);
const first = authority.make('first');
const live = { certificate: path.join(place, 'live.pem'), key: path.join(place, 'live.key'), ca: authority.pem };
const b64 = (s) => Buffer.from(s).toString('base64');

// As a deploy hook does it: each file in the place of the old one at once.
function install(made) {
  for (const [from, to] of [[made.certificate, live.certificate], [made.key, live.key]]) {
    fs.copyFileSync(from, `${to}.new`);
    fs.chmodSync(`${to}.new`, 0o600);
    fs.renameSync(`${to}.new`, to);
  }
}

install(first);
const smtpPassword = path.join(place, 'smtp.password');
fs.writeFileSync(smtpPassword, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
const p = new Program({ build, tls: live, extra: ['--base-url', 'https://localhost', '--smtp-url', 'smtp://127.0.0.1:9',
  '--smtp-user', 'consilium', '--smtp-password-file', smtpPassword, '--mail-from', 'consilium@localhost'] });
const region = world(p);
checker(p, authority, is);
hook(authority, is);
await p.start();
is('it says where it listens', p.base, `https://127.0.0.1:${p.port}`);

const own = (more) => ({ host: '127.0.0.1', port: p.port, servername: 'localhost', ca: authority.pem, ...more });
// {status, headers, serial, version} of one request. more: options of https.request.
function ask(target, more = {}) {
  return new Promise((done, fail) => {
    const r = https.request(own({ path: target, timeout: 20000, ...more }), (res) => {
      const { socket } = res;
      const serial = parseInt(socket.getPeerCertificate().serialNumber ?? '0', 16);
      const was = { status: res.statusCode, headers: res.headers, serial, version: socket.getProtocol(), alpn: socket.alpnProtocol };
      res.resume();
      res.on('end', () => done(was));
      res.on('error', fail);
    });
    r.on('timeout', () => r.destroy(new Error(`no answer: ${target}`)));
    r.on('error', fail);
    r.end();
  });
}

// ---- what is served ----
for (const version of ['TLSv1.2', 'TLSv1.3']) {
  const got = await ask('/healthz', { minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'], agent: false });
  is(version, [got.status, got.version, got.alpn, got.serial, got.headers['strict-transport-security']], [200, version, 'http/1.1', first.serial, HSTS]);
}
const old = await ask('/healthz', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0', agent: false }).catch((e) => e.code);
is('no older one', [typeof old, String(old).length > 0], ['string', true]);
const doctor = await signIn(p, 'doctor', PASSWORD);
const coordinator = await signIn(p, 'coordinator', PASSWORD);
const inside = await p.request('POST', '/sign-in', { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://localhost' }, `login=doctor&password=${PASSWORD}`);
is('the cookie goes by https alone', /__Host-sid=[^;]+;.*Secure/.test(String(inside.headers['set-cookie'])), true);
const home = await doctor.get('/home');
const asset = /\/assets\/[^"]+\.css/.exec(home.body)?.[0];
for (const [target, status] of [['/home', 200], [asset, 200], ['/none', 404], ['/fhir/Patient', 200], ['/fhir/metadata', 200], ['/sign-in', 303]]) {
  const got = await doctor.get(target);
  is(`always by https: ${target}`, [got.status, got.headers['strict-transport-security']], [status, HSTS]);
}
is('links of the interface are https', JSON.parse((await p.request('GET', '/fhir/metadata')).body).implementation?.url?.startsWith('https://'), true);
const figures = (await p.request('GET', '/metrics')).body;
is('the end of the certificate is a figure', Number(/^consilium_tls_certificate_end_timestamp_seconds (\d+)$/m.exec(figures)?.[1]) > Date.now() / 1000, true);

// ---- a page that listens, over all reloads ----
let heard = '';
const stream = https.request(own({ path: '/events', agent: false, headers: { cookie: coordinator.cookie } }), (res) => {
  heard = `${res.statusCode}\n`;
  res.on('data', (d) => { heard += d; });
  res.on('end', () => { heard += 'ENDED'; });
  res.on('error', () => { heard += 'ENDED'; });
});
stream.on('error', () => { heard += 'ENDED'; });
stream.end();
await until('the stream begins', () => heard.startsWith('200\n'));

// ---- a large file in, and out again ----
const made = await aCase(doctor, region);
await until('the event comes', () => /event: (desk|notices)/.test(heard));
const token = p.cli(['token', 'new', 'doctor', '--name', 'files', '--scope', 'all']).trim().split('\n').find((l) => /^\S{20,}$/.test(l));
const draft = await doctor.post('/ask/register', { unidentified: 'true', sex: 'male', age: '40', note: 'found at the station', once: randomBytes(16).toString('hex') });
const into = /^\/ask\/([a-z0-9]+)/.exec(draft.headers.location ?? '')?.[1] ?? '';
const bytes = Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(LARGE)]);
const tus = (method, target, headers, body) => p.request(method, target, { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', ...headers }, body);
const begun = await tus('POST', '/uploads', { 'upload-length': String(bytes.length), 'upload-metadata': `filename ${b64('large.pdf')},filetype ${b64('application/pdf')},case ${b64(into)}` });
const target = (begun.headers.location ?? '').replace('https://localhost', '');
const sent = await tus('PATCH', target, { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream', 'content-length': String(bytes.length) }, bytes);
is('12 MiB in one piece', [begun.status, sent.status, sent.headers['upload-offset']], [201, 204, String(bytes.length)]);
const state = JSON.parse((await tus('GET', target, {})).body);
is('byte for byte', [state.state, state.sha256], ['complete', createHash('sha256').update(bytes).digest('hex')]);
const basic = JSON.stringify({ resourceType: 'Basic', code: { text: 'big' }, extension: [{ url: 'urn:x', valueString: 'я'.repeat(300000) }] });
const system = { authorization: `Bearer ${region.system}`, 'content-type': 'application/fhir+json' };
const kept = await p.request('POST', '/fhir/Basic', { ...system, 'content-length': Buffer.byteLength(basic) }, basic);
const again = await p.request('GET', `/fhir/Basic/${JSON.parse(kept.body).id}`, system);
is('a large record in and out', [kept.status, JSON.parse(again.body).extension[0].valueString.length], [201, 300000]);
is('the case is there', made !== undefined, true);

// ---- reload under load: new certificates, and wrong ones, without one request that fails ----
const agent = new https.Agent({ keepAlive: true, maxSockets: 4 });
const tally = { asked: 0, wrong: [], serials: new Set() };
let going = true;
async function load(more) {
  while (going) {
    const got = await ask('/sign-in', more).catch((e) => ({ status: e.message }));
    tally.asked++;
    if (got.status !== 200) tally.wrong.push(got.status);
    else tally.serials.add(got.serial);
  }
}
const loaders = [...Array(4).fill({ agent }), ...Array(4).fill({ agent: false })].map(load);
const serials = [first.serial];
const log = (event) => p.log.split('\n').filter((l) => l.includes(`event=${event}`)).length;
for (let i = 0; i < RELOADS; i++) {
  const loaded = log('tls-loaded');
  const next = authority.make(`next${i}`);
  serials.push(next.serial);
  install(next);
  p.child.kill('SIGHUP');
  await until('the new certificate is taken', () => log('tls-loaded') === loaded + 1);
  is('who comes now gets it', (await ask('/healthz', { agent: false })).serial, next.serial);
  const asked = tally.asked;
  await until('the load goes on', () => tally.asked > asked + 20);
}
const now = serials.at(-1);
const wrong = {
  ended: () => install(authority.make('ended', { days: -1 })),
  'of another key': () => install({ ...authority.make('another'), key: first.key }),
  'no certificate': () => fs.writeFileSync(live.certificate, 'none\n'),
  gone: () => fs.rmSync(live.key),
};
for (const [what, put] of Object.entries(wrong)) {
  const refused = log('tls-not-loaded');
  put();
  p.child.kill('SIGHUP');
  await until('the log says so', () => log('tls-not-loaded') === refused + 1);
  is(`${what}: the old one stays`, (await ask('/healthz', { agent: false })).serial, now);
}
install(authority.make('last'));
p.child.kill('SIGHUP');
await until('mended', async () => (await ask('/healthz', { agent: false })).serial === authority.serial);
going = false;
await Promise.all(loaders);
agent.destroy();
is('no request failed', [tally.wrong, tally.asked > 200], [[], true]);
is('and new certificates were seen', tally.serials.size > 3, true);
is('the page still listens', heard.includes('ENDED'), false);
const before = heard.length;
await aCase(doctor, region);
await until('and hears', () => /event: (desk|notices)/.test(heard.slice(before)));
stream.destroy();

await hostile(p, own, ask, is);

// ---- secrets are where no core file has them ----
const scalar = Buffer.from(createPrivateKey(fs.readFileSync(live.key)).export({ format: 'jwk' }).d, 'base64url');
const seed = fs.readFileSync(path.join(p.dir, 'server.key'), 'latin1').trim();
const secrets = {
  'key of the record': Buffer.from(seed, 'hex'), 'its file': Buffer.from(seed),
  'key of the certificate': scalar, 'the other way round': Buffer.from(scalar).reverse(),
  'its file, a line': Buffer.from(fs.readFileSync(live.key, 'latin1').split('\n')[1]),
  'password of the mail server': fs.readFileSync(smtpPassword).subarray(0, -1),
};
if (process.getuid() === 0) {
  const seen = secretsIn(p.child.pid, secrets);
  is('no secret where a core file has it', seen.dumped, []);
  is('they were looked for rightly', seen.kept, ['key of the record', 'password of the mail server', 'the other way round']);
} else {
  is('nobody else looks into its memory', (() => { try { return secretsIn(p.child.pid, secrets); } catch (e) { return e.code; } })(), 'EACCES');
}
is('nor is a core file written', /^Max core file size +0 +0 /m.test(fs.readFileSync(`/proc/${p.child.pid}/limits`, 'utf8')), true);
await p.stop();
is('nothing it holds is wrong', p.log.split('\n').filter((l) => /level=alarm/.test(l) && !l.includes('tls-not-loaded')), []);

// ---- behind a proxy that speaks TLS ----
const behind = new Program({ build, dir: p.dir, extra: ['--trust-proxy', '--base-url', 'https://localhost'] });
await behind.start();
for (const t of ['/sign-in', asset, '/fhir/metadata']) is(`behind a proxy: ${t}`, (await behind.request('GET', t)).headers['strict-transport-security'], HSTS);
await behind.stop();
const plain = new Program({ build, dir: p.dir });
await plain.start();
is('without TLS nothing is promised', (await plain.request('GET', '/sign-in')).headers['strict-transport-security'], undefined);
await plain.stop();

// ---- it does not start in clear by mistake ----
for (const half of [['--tls-certificate', live.certificate], ['--tls-key', live.key], ['--tls-certificate', live.certificate, '--tls-key', first.key]]) {
  const one = new Program({ build, dir: p.dir, extra: half });
  is(`not with ${half.filter((w) => w.startsWith('--'))}`, await one.start().then(() => 'started', () => 'not started'), 'not started');
}
p.remove();
fs.rmSync(place, { recursive: true });
end();
