// Time stamps over signatures (RFC 3161) through the whole program: an authority of openssl that answers, lies, hangs and is
// gone; what the page says, what is handed out, what `consilium verify` and openssl find in it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { sent } from '../lib/consilium.mjs';
import { Clock } from '../lib/clock.mjs';
import { Program } from '../lib/program.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { Authority } from './authority.mjs';
import { Place } from './place.mjs';
import { POLICY, Tsa } from './tsa.mjs';

const IIN = '900000000009';

// One value of DER: its children stand between from and to.
function der(bytes, at) {
  let n = bytes[at + 1];
  let from = at + 2;
  if (n & 0x80) { const size = n & 0x7f; n = bytes.readUIntBE(from, size); from += size; }
  return { tag: bytes[at], at, from, to: from + n };
}
const children = (bytes, v) => { const all = []; for (let at = v.from; at < v.to;) { all.push(der(bytes, at)); at = all.at(-1).to; } return all; };

// The value of the only signature of a CMS file, and its time stamp token.
function parts(cms) {
  const data = children(cms, children(cms, children(cms, der(cms, 0))[1])[0]);
  const signer = children(cms, children(cms, data.at(-1))[0]);
  const value = signer.find((v) => v.tag === 0x04);
  const unsigned = signer.find((v) => v.tag === 0xa1);
  const set = unsigned && children(cms, children(cms, unsigned)[0])[1];
  return { value: cms.subarray(value.from, value.to), token: set && cms.subarray(set.from, set.to) };
}

const LIES = [
  ['imprint', 'The time stamp is over another signature, or made with a hash that is not taken.'],
  ['nonce', 'The time stamp answers another request.'],
  ['nameless', 'The time stamp answers another request.'],
  ['policy', 'The time stamp was made under another policy than the one asked for.'],
  ['stranger', 'The certificate of the time stamp does not come from an authority trusted for time stamps.'],
  ['expired', 'The certificate of the time stamp was not valid at its time.'],
  ['refuses', 'The time stamp authority refused the request.'],
  ['garbage', 'What the time stamp authority answered is no time stamp reply (RFC 3161).'],
  ['huge', 'The time stamp authority did not answer.'],
  ['error', 'The time stamp authority answered with an error.'],
  ['empty', 'The time stamp authority did not answer.'],
];

export async function stamps(build, is) {
  const clock = new Clock(build);
  const ca = new Authority('Stamps');
  const others = new Authority('Other stamps');
  const people = new Authority('People');
  const tsa = new Tsa(ca);
  tsa.stranger = { ca: others, person: new Tsa(others).person };
  tsa.expired = ca.issue('/CN=Old TSA', { from: Date.now() - 2 * 864e5, to: Date.now() - 6e4, usage: 'critical,digitalSignature', more: 'extendedKeyUsage=critical,timeStamping' });
  await tsa.start();
  const p = new Program({ build, env: clock.env });
  for (const a of [ca, others, people]) fs.writeFileSync(a.at('roots.pem'), a.certs);
  fs.mkdirSync(people.at('lists'));
  fs.writeFileSync(people.at('lists/root.crl'), people.rootList());
  people.issue('/CN=Nobody');
  fs.writeFileSync(people.at('lists/people.crl'), people.list());
  p.extra = [`--stamp_url=${tsa.url}`, `--stamp_roots=${ca.at('roots.pem')}`, `--stamp_policy=${POLICY}`, `--signature_roots=${people.at('roots.pem')}`, `--signature_lists=${people.at('lists')}`];
  const region = world(p);
  p.cli(['user', 'number', 'consultant', '--kind', 'iin', '--number', IIN]);
  await p.start();
  let place = new Place(p, region);

  const signed = async () => {
    const paper = await place.preview(await place.accepted());
    await sent(await place.as('consultant'), `/cases/${paper.id}/conclusion/sign`, { sha: paper.sha, password: PASSWORD });
    return paper.id;
  };
  const shown = async (id) => (await (await place.as('doctor')).get(`/cases/${id}`)).body.replace(/&#39;/g, "'");
  const holds = (id) => until(`the stamp of ${id}`, async () => /Time stamp by Test TSA, /.test(await shown(id)), { within: 60 });
  const file = async (id, kind) => (await (await place.as('doctor')).get(`/cases/${id}/conclusion.${kind}`)).bytes;

  // ---- a good one ----
  const one = await signed();
  await holds(one);
  is('stamp: asked as RFC 3161 says', tsa.requests[0].type === 'application/timestamp-query' && tsa.requests[0].method === 'POST', true);
  is('stamp: asked once', tsa.asked, 1);
  const files = { json: await file(one, 'json'), p7s: await file(one, 'p7s'), pdf: await file(one, 'pdf') };
  const at = (name) => path.join(ca.dir, name);
  fs.writeFileSync(at('c.json'), files.json);
  fs.writeFileSync(at('c.p7s'), files.p7s);
  fs.writeFileSync(at('our.pem'), fs.readFileSync(path.join(p.dir, 'ca/ca.pem')));
  const { value, token } = parts(files.p7s);
  fs.writeFileSync(at('token'), token);
  const theirs = spawnSync('openssl', ['ts', '-verify', '-token_in', '-in', at('token'), '-digest', createHash('sha256').update(value).digest('hex'), '-CAfile', at('root.pem'), '-untrusted', at('ca.pem')], { encoding: 'utf8' });
  is('stamp: openssl finds the token in the signature and says the same', [theirs.status, /Verification: OK/.test(theirs.stdout)], [0, true]);
  const cades = spawnSync('openssl', ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', at('c.p7s'), '-content', at('c.json'), '-CAfile', at('our.pem'), '-purpose', 'any', '-out', '/dev/null'], { encoding: 'utf8' });
  is('stamp: the signature with it is one for openssl', cades.status, 0);
  const verify = (cms, words, env = {}) => {
    fs.writeFileSync(at('v.p7s'), cms);
    const r = spawnSync(p.exe, ['verify', at('c.json'), at('v.p7s'), ...words], { encoding: 'utf8', env: { ...process.env, ...env } });
    return { code: r.status, out: r.stdout + r.stderr };
  };
  const ours = ['--ca', at('our.pem')];
  const held = verify(files.p7s, [...ours, '--tsa-roots', at('roots.pem')]);
  is('stamp: verify', [held.code, /ok {4}the time stamp holds, by a trusted authority/.test(held.out), /stamped by {3}Test TSA\n/.test(held.out)], [0, true, true]);
  is('stamp: verify without authorities says so', [verify(files.p7s, ours)].map((v) => [v.code, /carries a time stamp, which was not looked at/.test(v.out)])[0], [0, true]);
  is('stamp: verify with others', [verify(files.p7s, [...ours, '--tsa-roots', others.at('roots.pem')])].map((v) => [v.code, /FAIL {2}the time stamp holds/.test(v.out)])[0], [1, true]);
  const changed = Buffer.from(files.p7s);
  changed[files.p7s.indexOf(token) + token.length - 40] ^= 1; // in its signature
  is('stamp: a changed one', verify(changed, [...ours, '--tsa-roots', at('roots.pem')]).code, 1);

  // ---- on the paper, and for anybody who holds its code ----
  const paper = (pdf) => spawnSync('pdftotext', ['-layout', '-', '-'], { input: pdf, encoding: 'utf8' }).stdout;
  const printed = paper(files.pdf).replace(/\s+/g, ' ');
  is('stamp: on the paper', /Time stamp: Test TSA, \d\d\.\d\d\.\d{4} \d\d:\d\d \(UTC[+-]\d\d:\d\d\), checked: it holds/.test(printed), true);
  const code = /\/check\/([a-z2-7]{20})/.exec(printed.replace(/ /g, ''))?.[1];
  is('stamp: the public check', /Time stamp by Test TSA, /.test((await p.request('GET', `/check/${code}`)).body), true);

  // ---- who signs waits for nobody; a server killed meanwhile asks again ----
  tsa.mode = 'slow';
  const begun = Date.now();
  const slow = await signed();
  is('stamp: nobody waits for it', [Date.now() - begun < 10000, /The time stamp has been asked for\./.test(await shown(slow))], [true, true]);
  await until('it was asked', () => tsa.held.length > 0);
  await p.kill();
  tsa.mode = 'good';
  await p.start();
  place = new Place(p, region);
  await holds(slow);
  is('stamp: the one that was there before is asked no more', tsa.asked, 3);

  // ---- lies ----
  const waiting = [];
  for (const [mode, words] of LIES) {
    tsa.mode = mode;
    const id = await signed();
    const page = await until(`${mode} is noticed`, async () => { const b = await shown(id); return /asked for again\./.test(b) && b; });
    is(`stamp: ${mode}`, page.includes(words), true);
    waiting.push(id);
  }
  is('stamp: the log says why, in numbers', /time-stamp-failed/.test(p.log) && !p.log.includes('Test TSA'), true);
  tsa.stop();
  const gone = await signed();
  await until('nobody answers', async () => /did not answer/.test(await shown(gone)));

  // ---- all that waits comes in the end, each once ----
  await tsa.start();
  tsa.mode = 'error';
  const tokens = [];
  for (let i = 0; i < 2; i++) {
    const paper = await place.preview(await place.accepted());
    const person = people.issue(`/CN=Answerer Test/serialNumber=IIN${IIN}`);
    const cms = people.sign(paper.bytes, person);
    is('stamp: a token signs', (await place.send('consultant', paper, cms)).headers.location, `/cases/${paper.id}?done=signed`);
    await until('it was asked for', async () => /asked for again\./.test(await shown(paper.id)));
    tokens.push({ ...paper, person, cms, at: Math.floor(Date.now() / 1000) * 1000 });
  }
  await p.kill();
  if (clock.without === '') {
    clock.move(2 * 86400);
    is('stamp: doctor finds those that wait for a day', /urgent: \d+ signatures wait for their time stamp for more than a day: the log says why/.test(p.cli(['doctor', ...p.extra])), true);
    clock.move(3600);
  }
  tsa.mode = 'good';
  const before = tsa.asked;
  await p.start();
  place = new Place(p, region);
  const all = [...waiting, gone, ...tokens.map((t) => t.id)];
  for (const id of all) await holds(id);
  is('stamp: each was asked once more', tsa.asked - before, all.length);
  clock.move(0);

  // ---- a certificate is judged as of its stamp ----
  const [early, late] = tokens;
  people.revoke(early.person, early.at + 1000); // after the time it states, before the stamp
  people.revoke(late.person, Date.now() + 6e4); // after the stamp
  fs.writeFileSync(people.at('lists/people.crl'), people.list({ from: Date.now(), until: Date.now() + 5 * 864e5 }));
  const trust = ['--roots', people.at('roots.pem'), '--crls', people.at('lists')];
  for (const t of tokens) t.stamped = await file(t.id, 'p7s');
  const judged = (t, stamped, env) => {
    fs.writeFileSync(at('c.json'), t.bytes);
    return verify(stamped ? t.stamped : t.cms, stamped ? [...trust, '--tsa-roots', at('roots.pem')] : trust, env);
  };
  is('stamp: revoked after the stated time, without a stamp', [judged(early, false)].map((v) => [v.code, /revoked after the signature was made/.test(v.out)])[0], [0, true]);
  is('stamp: revoked before the stamp', [judged(early, true)].map((v) => [v.code, /FAIL {2}the certificate was not revoked: The certificate was revoked\./.test(v.out)])[0], [1, true]);
  is('stamp: revoked after the stamp', [judged(late, true)].map((v) => [v.code, /ok {4}the time stamp holds/.test(v.out)])[0], [0, true]);
  is('stamp: authorities of people vouch for no other', [verify(late.stamped, trust)].map((v) => [v.code, /carries a time stamp, which was not looked at: give --tsa-roots/.test(v.out)])[0], [0, true]);
  if (clock.without === '') {
    clock.move(2 * 86400);
    is('stamp: both certificates have expired since', judged(late, true, clock.env).code, 0);
    clock.move(0);
  }
  const audit = p.cli(['audit', 'list']);
  is('stamp: each is on record', (audit.match(/ sign system OK /g) ?? []).length, all.length + 2);
  p.cli(['audit', 'verify']);
  await p.stop();
  is('stamp: without settings nothing is asked', await (async () => {
    p.extra = p.extra.filter((w) => !w.startsWith('--stamp_url') && !w.startsWith('--stamp_policy'));
    await p.start();
    place = new Place(p, region);
    const b = await shown(await signed());
    return [/[Tt]ime stamp/.test(b), tsa.asked - before];
  })(), [false, all.length]);
  await p.stop();
  tsa.stop();
  for (const x of [ca, others, people, clock, p]) x.remove();
}
