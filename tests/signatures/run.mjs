// Signatures of people's own tokens through the whole program: made by the openssl program with authorities of the test's own,
// sent by the page and by software, refused in words, read back, verified without a server.
// node tests/signatures/run.mjs [--build PRESET]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { checks } from '../lib/checks.mjs';
import { Clock } from '../lib/clock.mjs';
import { Program, option } from '../lib/program.mjs';
import { world } from '../lib/world.mjs';
import { Authority } from './authority.mjs';
import { gost } from './gost.mjs';
import { Place, fault } from './place.mjs';
import { protocols } from './protocol.mjs';
import { stamps } from './stamps.mjs';

const IIN = '900000000009';
const OTHER = '900101300126';
const SNILS = '11223344595';
const PINFL = '31210632040244';

const build = option(process.argv.slice(2), '--build', 'release');
const { is, end } = checks();
const ca = new Authority('Test');
const others = new Authority('Stranger');
const clock = new Clock(build);

// The addresses certificates name: a list and a responder, which count who comes.
const asked = { list: 0, ocsp: 0 };
let list = null;
let answers = false;
const web = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (d) => parts.push(d));
  req.on('end', () => {
    if (req.url === '/list.crl') {
      asked.list++;
      res.writeHead(list ? 200 : 404).end(list ?? '');
      return;
    }
    asked.ocsp++;
    res.writeHead(answers ? 200 : 503).end(answers ? ca.ocsp(Buffer.concat(parts)) : '');
  });
});
await new Promise((done) => web.listen(0, '127.0.0.1', done));
const host = `127.0.0.1:${web.address().port}`;

const p = new Program({ build, env: clock.env });
const roots = path.join(ca.dir, 'roots');
const lists = path.join(ca.dir, 'lists');
fs.mkdirSync(roots);
fs.mkdirSync(lists);
fs.writeFileSync(path.join(roots, 'ca.pem'), ca.certs);
p.extra = [`--signature_roots=${roots}`, `--signature_lists=${lists}`, `--signature_hosts=${host}`];
const keepList = () => fs.writeFileSync(path.join(lists, 'test.crl'), ca.list());
const region = world(p);
p.cli(['user', 'number', 'second', '--kind', 'iin', '--number', IIN]);
const taken = spawnSync(p.exe, ['user', 'number', 'consultant', '--kind', 'iin', '--number', IIN, '--data', p.dir], { encoding: 'utf8' });
is('a number belongs to one person', taken.status !== 0 && /another person/.test(taken.stderr), true);
p.cli(['user', 'number', 'second', '--kind', 'iin']);
await p.start();
const place = new Place(p, region);

const good = ca.issue(`/CN=Answerer Test/serialNumber=IIN${IIN}`);
const rsa = ca.issue(`/CN=Answerer Test/1.2.643.100.3=${SNILS}`, { kind: 'rsa' });
fs.writeFileSync(path.join(lists, 'root.crl'), ca.rootList());
keepList();

// ---- what the page offers ----

let one = await place.preview(await place.accepted());
is('the page offers it', /Or sign with your own token/.test(one.page), true);
is('the bytes are those of the hash on the page', createHash('sha256').update(one.bytes).digest('hex'), one.sha);
is('nobody else takes them', (await (await place.as('outsider')).get(`/cases/${one.id}/conclusion/preview.json`)).status, 403);
is('nor a consultant who is not on the case', (await (await place.as('second')).get(`/cases/${one.id}/conclusion/preview.json`)).status, 404);

// ---- refused in words ----

const words = {
  noNumber: 'Your personal number (SNILS, IIN or PINFL) is not on record: an administrator enters it on your page under “People and organisations”.',
  again: 'The document was made before your personal number was put on record: go back to the text, show it again, then sign that.',
  other: "The certificate is another person's: its number is not the one on record for you.",
  nameless: 'The certificate names no personal number (SNILS, IIN or PINFL): whose it is cannot be known.',
  bytes: 'The signature is over another document, or the document or the signature was changed.',
  root: 'The certificate does not come from an authority that is trusted here.',
  revoked: 'The certificate was revoked.',
  stale: 'Whether the certificate is revoked cannot be found out: the list of its authority is out of date.',
  unknown: 'Whether the certificate is revoked cannot be found out: there is no list of its authority.',
  expired: 'A certificate had expired when the signature was made.',
  early: 'A certificate was not valid yet when the signature was made.',
  usage: 'The certificate is not for signing documents.',
  weak: 'A key or a signature among the certificates is too weak.',
  two: 'The file must hold the signature of one person, and holds none or several.',
  attributes: 'The signature lacks the signed attributes content type, message digest or time of signing.',
  digest: 'The signature is made with a hash that is broken or not known here: SHA-256, SHA-384, SHA-512 and GOST R 34.11-2012 are taken.',
  attached: 'The signature holds a document of its own: in the signing software choose a detached signature.',
  noCert: "The signature does not carry the signer's certificate.",
  notCms: 'This file is not a signature (CMS, RFC 5652).',
  large: 'The signature file is too large, or carries too many certificates.',
  none: 'Choose the file of the signature.',
  future: 'The time of signing lies in the future: set the clock of the computer that signs, then sign again.',
  past: 'The time of signing is before the document was made: set the clock of the computer that signs, then sign again.',
};
async function refused(what, signature, wanted, how = {}) {
  const r = await place.send('consultant', one, signature, how);
  is(`${what}: said`, fault(r), wanted);
  is(`${what}: the form stands there again`, r.status === 422 && r.body.includes(`name="sha" value="${one.sha}"`) && /Changes without ST elevation/.test(r.body), true);
}

await refused('no number on record', ca.sign(one.bytes, good), words.noNumber);
p.cli(['user', 'number', 'consultant', '--kind', 'iin', '--number', IIN]);
await refused('the document does not know the number yet', ca.sign(one.bytes, good), words.again);
one = await place.preview(one.id);
await refused('nothing was sent', '', words.none);
await refused('nonsense', 'hello', words.notCms);
await refused('nonsense as text', 'hello', words.notCms, { text: true });
await refused('a giant file', Buffer.alloc(400000, 0x30), words.large);
await refused('another document', ca.sign(Buffer.from('{}'), good), words.bytes);
await refused('an altered document', ca.sign(Buffer.concat([one.bytes, Buffer.from('\n')]), good), words.bytes);
await refused('two signers', ca.sign(one.bytes, [good, rsa]), words.two);
await refused('without signed attributes', ca.sign(one.bytes, good, { more: ['-noattr'] }), words.attributes);
await refused('SHA-1', ca.sign(one.bytes, good, { md: 'sha1' }), words.digest);
await refused('MD5', ca.sign(one.bytes, rsa, { md: 'md5' }), words.digest);
await refused('attached', ca.sign(one.bytes, good, { attached: true }), words.attached);
await refused('without certificate', ca.sign(one.bytes, good, { more: ['-nocerts'] }), words.noCert);
await refused('another authority', others.sign(one.bytes, others.issue(`/CN=Answerer Test/serialNumber=IIN${IIN}`)), words.root);
await refused('another person', ca.sign(one.bytes, ca.issue(`/CN=Answerer Test/serialNumber=IIN${OTHER}`)), words.other);
await refused('a number that is not on record', ca.sign(one.bytes, rsa), words.other);
await refused('no number', ca.sign(one.bytes, ca.issue('/CN=Answerer Test')), words.nameless);
await refused('expired', ca.sign(one.bytes, ca.issue(`/CN=A/serialNumber=IIN${IIN}`, { from: Date.now() - 2 * 864e5, to: Date.now() - 60e3 })), words.expired);
await refused('not valid yet', ca.sign(one.bytes, ca.issue(`/CN=A/serialNumber=IIN${IIN}`, { from: Date.now() + 36e5, to: Date.now() + 864e5 })), words.early);
await refused('for servers', ca.sign(one.bytes, ca.issue(`/CN=A/serialNumber=IIN${IIN}`, { usage: 'critical,keyEncipherment' })), words.usage);
await refused('a weak key', ca.sign(one.bytes, ca.issue(`/CN=A/serialNumber=IIN${IIN}`, { kind: 'weak' })), words.weak);
if (clock.without === '') {
  clock.move(-3600);
  one = await place.preview(one.id);
  await refused('signed in the future', ca.sign(one.bytes, good), words.future);
  clock.move(0);
  one = await place.preview(one.id);
}

// ---- revocation ----

const gone = ca.issue(`/CN=Answerer Test/serialNumber=IIN${IIN}`);
ca.revoke(gone);
keepList();
await refused('revoked', ca.sign(one.bytes, gone), words.revoked);
fs.writeFileSync(path.join(lists, 'test.crl'), ca.list({ from: Date.now() - 3 * 864e5, until: Date.now() - 864e5 }));
const advice = () => p.cli(['doctor', ...p.extra]);
is('doctor says so', /urgent: the revocation list test\.crl of .*Test issuing is out of date/.test(advice()), true);
await refused('the list is out of date', ca.sign(one.bytes, good), words.stale);
fs.rmSync(path.join(lists, 'test.crl'));
is('doctor says nothing of those that hold', /signature_lists|out of date/.test(advice()), false);
await refused('there is no list', ca.sign(one.bytes, good), words.unknown);
is('nobody was called: no certificate named an address', asked, { list: 0, ocsp: 0 });
const elsewhere = ca.issue(`/CN=A/serialNumber=IIN${IIN}`, { more: `crlDistributionPoints=URI:http://localhost:${web.address().port}/list.crl` });
await refused('an address that may not be called', ca.sign(one.bytes, elsewhere), words.unknown);
is('it was not called', asked, { list: 0, ocsp: 0 });
const online = (m) => ca.issue(`/CN=Answerer Test/serialNumber=IIN${IIN}`, { more: m });
const crlUrl = `crlDistributionPoints=URI:http://${host}/list.crl`;
const ocspUrl = `authorityInfoAccess=OCSP;URI:http://${host}/ocsp`;
const both = online(`${crlUrl}\n${ocspUrl}`);
await refused('nobody answers', ca.sign(one.bytes, both), words.unknown);
is('both were asked', asked, { list: 1, ocsp: 1 });
answers = true;
const bad = online(ocspUrl);
ca.revoke(bad);
await refused('the responder says revoked', ca.sign(one.bytes, bad), words.revoked);

// ---- taken ----

const r = await place.send('consultant', one, ca.sign(one.bytes, both));
is('taken by the page, on the word of the responder', [r.status, r.headers.location], [303, `/cases/${one.id}?done=signed`]);
const page = (await (await place.as('doctor')).get(`/cases/${one.id}`)).body;
is('the case says whose certificate', /Own token; certificate [0-9a-f]+, issued by Test issuing/.test(page) && /Signed, unchanged since/.test(page), true);
const code = /\/check\/([a-z2-7]{20})/.exec(page)[1];
const check = (await p.request('GET', `/check/${code}`)).body;
is('the public check says so too', /Valid: signed, unchanged, in force/.test(check) && /issued by Test issuing/.test(check), true);
const files = {};
for (const kind of ['json', 'p7s', 'pdf']) files[kind] = (await (await place.as('doctor')).get(`/cases/${one.id}/conclusion.${kind}`)).bytes;
is('the document is the one that was signed, to the byte', files.json.equals(one.bytes), true);
const paper = spawnSync('pdftotext', ['-layout', '-', '-'], { input: files.pdf, encoding: 'utf8' }).stdout;
is('the paper names certificate and authority', /Test issuing/.test(paper) && /Answerer Test/.test(paper), true);

// ---- verified without a server ----

const at = (name) => path.join(ca.dir, name);
for (const [name, bytes] of [['c.json', files.json], ['c.p7s', files.p7s], ['changed.json', Buffer.from(files.json.toString().replace('Transfer today', 'Transfer never'))]]) fs.writeFileSync(at(name), bytes);
fs.writeFileSync(at('c.pem'), `-----BEGIN CMS-----\n${files.p7s.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CMS-----\n`);
fs.writeFileSync(at('strangers.pem'), others.certs);
keepList();
const verify = (...w) => { const v = spawnSync(p.exe, ['verify', ...w], { encoding: 'utf8' }); return { code: v.status, out: v.stdout + v.stderr }; };
const held = verify(at('c.json'), at('c.p7s'), '--roots', roots, '--crls', lists);
is('verify: valid', [held.code, /\nVALID\n$/.test(held.out)], [0, true]);
const lines = ['it is a detached signature of one person', 'its hash is a strong one', "it carries the signer's certificate", 'the signature is over exactly these bytes', 'the signature names its certificate',
  'the certificate was valid when signing, issued by a trusted authority', 'the certificate is for signing documents', 'the certificate was not revoked', 'the author is the person of the certificate'];
is('verify shows each check', lines.filter((l) => !held.out.includes(`ok    ${l}\n`)), []);
is('verify: PEM too, and says when nobody asked about revocation', [verify(at('c.json'), at('c.pem'), '--roots', at('roots/ca.pem'))].map((v) => [v.code, /was not looked at: give --crls/.test(v.out)])[0], [0, true]);
is('verify: a changed document', [verify(at('changed.json'), at('c.p7s'), '--roots', roots)].map((v) => [v.code, /FAIL {2}the signature is over exactly these bytes/.test(v.out)])[0], [1, true]);
is('verify: another authority', [verify(at('c.json'), at('c.p7s'), '--roots', at('strangers.pem'))].map((v) => [v.code, /FAIL {2}the certificate was valid when signing, issued by a trusted/.test(v.out)])[0], [1, true]);
const theirs = spawnSync('openssl', ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', at('c.p7s'), '-content', at('c.json'), '-CAfile', at('roots/ca.pem'), '-purpose', 'any', '-out', '/dev/null'], { encoding: 'utf8' });
is('openssl says the same, as doc/VERIFY.md writes it', [theirs.status, theirs.stderr.trim()], [0, 'CAdES Verification successful']);
ca.revoke(both, Date.now() + 60e3);
keepList();
const since = verify(at('c.json'), at('c.p7s'), '--roots', roots, '--crls', lists);
is('verify: revoked after it was signed', [since.code, /revoked after the signature was made/.test(since.out)], [0, true]);

// ---- the protocol of a consilium ----

await protocols({ place, ca, roots, lists, is, person: ca.issue(`/CN=Name Of The Certificate/serialNumber=IIN${IIN}`), another: ca.issue(`/CN=Answerer Test/serialNumber=IIN${OTHER}`) });

// ---- by software; a list that is fetched and kept; a warning instead of a refusal ----

fs.rmSync(path.join(lists, 'test.crl'));
p.cli(['user', 'number', 'consultant', '--kind', 'snils', '--number', '112-233-445 95']);
p.cli(['user', 'number', 'consultant', '--kind', 'pinfl', '--number', PINFL]);
const token = p.cli(['token', 'new', 'consultant']).trim().split('\n')[0].split(/\s+/).pop();
const reader = p.cli(['token', 'new', 'consultant', '--scope', 'read']).trim().split('\n')[0].split(/\s+/).pop();
const two = await place.preview(await place.accepted());
const listed = ca.issue(`/CN=Answerer Test/1.2.643.100.3=${SNILS}`, { kind: 'rsa', more: crlUrl });
const bearer = { authorization: `Bearer ${token}` };
const own = (await p.request('GET', `/cases/${two.id}/conclusion/preview.json`, bearer)).bytes;
is('software takes the same bytes', own.equals(two.bytes), true);
const put = (body, headers = bearer) => p.request('POST', `/cases/${two.id}/conclusion.p7s`, { ...headers, 'content-type': 'application/pkcs7-signature' }, body);
const no = await put(ca.sign(Buffer.from('{}'), listed));
is('software hears why not', [no.status, JSON.parse(no.body).resourceType, no.body.includes('over another document')], [400, 'OperationOutcome', true]);
is('a token that only reads signs nothing', (await put(ca.sign(own, listed), { authorization: `Bearer ${reader}` })).status, 403);
const colleague = p.cli(['token', 'new', 'second']).trim().split('\n')[0].split(/\s+/).pop();
is('nor a colleague who is not on the case', (await put(ca.sign(own, listed), { authorization: `Bearer ${colleague}` })).status, 404);
is('nobody without a token', (await put(ca.sign(own, listed), {})).status, 401);
asked.list = 0;
list = ca.list();
const yes = await put(ca.sign(own, listed, { form: 'PEM' }));
is('taken from software: RSA, PEM, SNILS', [yes.status, yes.headers.location?.startsWith(`/cases/${two.id}/conclusion.json?v=`)], [201, true]);
is('the list was fetched once and kept', [asked.list, fs.readdirSync(lists).filter((f) => f.startsWith('fetched-')).length], [1, 1]);
is('twice is not taken', (await put(ca.sign(own, listed))).status >= 400, true);

for (const f of fs.readdirSync(lists)) if (f !== 'root.crl') fs.rmSync(path.join(lists, f));
await p.stop();
p.extra.push('--signature_unknown=warn');
await p.start();
const again = new Place(p, region);
const three = await again.preview(await again.accepted());
const uz = ca.issue(`/CN=Answerer Test/1.2.860.3.16.1.2=${PINFL}`);
if (clock.without === '') {
  clock.move(1200);
  const late = await again.preview(three.id);
  const early = ca.sign(late.bytes, uz);
  is('signed before the document was made', fault(await again.send('consultant', late, early)), words.past);
  clock.move(0);
}
const four = await again.preview(three.id);
const base64 = ca.sign(four.bytes, uz).toString('base64');
const warned = await again.send('consultant', four, base64, { text: true });
is('taken with a warning: base64 as text, PINFL', warned.headers.location, `/cases/${four.id}?done=signed-unasked`);

// ---- on record; nothing personal in the log ----

const audit = p.cli(['audit', 'list']);
is('refusals are on record', (audit.match(/ sign own \S*BAD_INPUT consultant /g) ?? []).length > 20, true);
is('no number in the log', [IIN, SNILS, PINFL].filter((n) => p.log.includes(n)), []);
await p.stop();

// ---- a root of one country vouches for its numbers alone ----

fs.mkdirSync(path.join(roots, 'kz'));
fs.renameSync(path.join(roots, 'ca.pem'), path.join(roots, 'kz', 'ca.pem'));
await p.start();
const tied = new Place(p, region);
const six = await tied.preview(await tied.accepted());
is('a root for Kazakhstan vouches for no SNILS', fault(await tied.send('consultant', six, ca.sign(six.bytes, rsa))), 'The authority of this certificate is trusted here for the numbers of another country alone.');
is('it does for IIN', (await tied.send('consultant', six, ca.sign(six.bytes, good))).headers.location, `/cases/${six.id}?done=signed-unasked`);
fs.writeFileSync(at('six.json'), six.bytes);
fs.writeFileSync(at('six.p7s'), ca.sign(six.bytes, rsa));
is('verify says the same', [verify(at('six.json'), at('six.p7s'), '--roots', roots)].map((v) => [v.code, /FAIL {2}the author is the person of the certificate/.test(v.out)])[0], [1, true]);
is('where the root is any country\'s it is the author', verify(at('six.json'), at('six.p7s'), '--roots', path.join(roots, 'kz')).code, 0);
await p.stop();
fs.renameSync(path.join(roots, 'kz', 'ca.pem'), path.join(roots, 'ca.pem'));
p.extra = [];
await p.start();
const bare = new Place(p, region);
const five = await bare.preview(await bare.accepted());
is('without trusted authorities it is not offered', /own token/.test(five.page), false);
is('nor taken', (await bare.send('consultant', five, ca.sign(five.bytes, good))).status >= 400, true);
await p.stop();
p.extra = [`--signature_roots=${path.join(ca.dir, 'p1.key')}`];
is('a file without certificates stops the start', await p.start().then(() => '', (e) => /setting signature_roots/.test(e.message)), true);

await gost(build, is);
await stamps(build, is);
web.close();
for (const x of [ca, others, clock, p]) x.remove();
end();
