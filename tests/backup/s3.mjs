// Backups to S3: made beside a server that writes, only what is new is sent, restored elsewhere and compared; one
// changed byte is found; the place goes away in the middle of one; another key. Nothing of a patient is there to read.
//   node tests/backup/s3.mjs [--build release] [--patient]
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Bucket } from '../lib/bucket.mjs';
import { checks } from '../lib/checks.mjs';
import { option, Program } from '../lib/program.mjs';
import { until } from '../lib/until.mjs';
import { newBytes, tree } from './tools.mjs';

const args = process.argv.slice(2);
const build = option(args, '--build', 'release');
const patient = args.includes('--patient'); // also until it gives up a place that is gone: six minutes
const MARK = 'Klimovskaya-Proba';
const { is, end } = checks();
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-s3-'));
process.on('exit', () => fs.rmSync(place, { recursive: true, force: true }));
const password = path.join(place, 'password');
fs.writeFileSync(password, 'a password of this test\n', { mode: 0o600 });
const bucket = await new Bucket(place, 'region').start();
const program = await new Program({ build }).fill();
const token = program.cli(['token', 'new', '--system', 'backups']).trim();

// A command to its end, while the bucket answers in this process: exit status and all it said.
function run(words, { at = 'backups', data = program.dir, env = {} } = {}) {
  const settings = { data, 'backup-to': bucket.place(at), 'backup-password-file': password };
  const c = spawn(program.exe, [...words, ...Object.entries(settings).flatMap(([k, v]) => [`--${k}`, v])],
    { env: { ...process.env, ...bucket.env(env) }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const s of [c.stdout, c.stderr]) s.on('data', (d) => { text += d; });
  const ended = new Promise((done) => c.once('close', (status) => done({ status, text })));
  return Object.assign(ended, { child: c, said: () => text });
}
async function says(what, words, text, more) {
  const r = await run(words, more);
  is(what, [r.status, text.test(r.text)], [1, true]);
  if (r.status !== 1 || !text.test(r.text)) console.log(r.text.slice(-800));
}
const fhir = (p, method, rel, body) => p.request(method, `/fhir/${rel}`,
  { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' }, body && JSON.stringify(body));

// ---- beside a server that writes ----
const acked = [];
let writing = true;
async function write() {
  while (writing) {
    const r = await fhir(program, 'POST', 'Patient', { resourceType: 'Patient', name: [{ family: MARK, given: [`N${acked.length}`] }] });
    if (r.status !== 201) throw new Error(`a write answered ${r.status}`);
    acked.push([JSON.parse(r.body).id, r.bytes]);
  }
}
await program.start();
const writer = write();
await until('something was written', () => acked.length > 20);
const first = await run(['backup']);
is('a backup to S3 beside a server that writes', [first.status, newBytes(first.text)?.length], [0, 2]);
if (first.status !== 0) console.log(first.text);
const sure = acked.length;
const second = await run(['backup']);
const [all, added] = newBytes(second.text) ?? [0, 1];
is('the second sends only what is new', [second.status, added < all / 4], [0, true]);
writing = false;
await writer;
await program.stop();
is('both are listed', (await run(['backup', 'list'])).text.match(/^2 snapshots/m)?.[0], '2 snapshots');

// ---- restored elsewhere ----
const moved = path.join(place, 'moved');
const back = await run(['restore', moved]);
is('it is restored', [back.status, /nothing is missing or changed/.test(back.text)], [0, true]);
if (back.status !== 0) console.log(back.text.slice(-2000));
is('files of images and papers', tree(path.join(moved, 'blobs')), tree(path.join(program.dir, 'blobs')));
is('keys', tree(path.join(moved, 'ca')), tree(path.join(program.dir, 'ca')));
const other = await new Program({ build, dir: moved }).start();
let same = 0;
for (const [id, bytes] of acked.slice(0, sure)) {
  if ((await fhir(other, 'GET', `Patient/${id}/_history/1`)).bytes.equals(bytes)) same++;
}
is('what was acknowledged before, byte by byte', same, sure);
await other.stop();

// ---- nothing of it is there to read ----
const words = [MARK, 'resourceType', 'SQLite format 3', 'consilium.db', 'manifest.json', fs.readFileSync(password, 'utf8').trim()];
const clear = bucket.files('backups').flatMap((f) => { const b = fs.readFileSync(f); return words.filter((w) => b.includes(w)); });
is('the bucket has no word of a patient, a database or a file', [bucket.files('backups').length > 5, clear], [true, []]);

// ---- one changed byte of each kind ----
const missed = [];
is('a check of good backups', (await run(['restore', '--check'])).status, 0);
for (const kind of ['data', 'index', 'snapshots', 'config']) {
  const name = bucket.files('backups').find((f) => f.includes(`/backups/${kind}`));
  const bytes = fs.readFileSync(name);
  const middle = bytes.length >> 1;
  fs.writeFileSync(name, Buffer.from(bytes).fill(bytes[middle] ^ 1, middle, middle + 1));
  if ((await run(['restore', '--check'])).status !== 1) missed.push(kind);
  fs.writeFileSync(name, bytes);
}
is('one changed byte of anything it holds is found', missed, []);
is('nothing lies about, and whole again', [(await run(['restore', '--check'])).status, fs.existsSync(`${program.dir}.check`)], [0, false]);

// ---- another key, another bucket, nobody there ----
await says('another key', ['backup'], /signature[\s\S]*restic ended with 1/, { env: { AWS_SECRET_ACCESS_KEY: 'another' } });
is('it was refused by its signature', bucket.refused > 0, true);
await says('an account nobody knows', ['backup'], /Access Key Id you provided does not exist/, { env: { AWS_ACCESS_KEY_ID: 'nobody' } });
await says('a certificate of nobody', ['backup'], /certificate/, { env: { SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/nowhere' } });

// ---- gone in the middle of one ----
// What says of itself that it tries again is waited for, then done is called; new bytes, so that there is something to send.
const extra = path.join(program.dir, 'ca', 'new-bytes');
async function interrupted(done) {
  fs.writeFileSync(extra, randomBytes(1 << 20), { mode: 0o600 });
  bucket.before = (req) => { if (req.method === 'PUT' && req.url.includes('/data/')) bucket.stop(); };
  const r = run(['backup']);
  await until('it says that nobody is there', () => /connection refused/.test(r.said()), { within: 60 });
  bucket.before = () => {};
  await done(r.child);
  return r;
}
const short = await interrupted(() => bucket.start());
is('gone for a moment in the middle: it says so, tries again and is made', [short.status, newBytes(short.text)?.length], [0, 2]);
const ended = await interrupted((child) => child.kill('SIGTERM'));
is('gone for long: it may be ended, and leaves nothing', [ended.status, /ended by signal 15/.test(ended.text), fs.existsSync(path.join(program.dir, 'backup.part'))],
  [1, true, false]);
await says('nobody there', ['backup'], /connection refused[\s\S]*restic ended with 1/);
if (patient) {
  await bucket.start();
  const long = await interrupted(() => {});
  is('gone for long: it gives up by itself', [long.status, /restic ended with 1/.test(long.text)], [1, true]);
  is('nothing of it lies about', fs.existsSync(path.join(program.dir, 'backup.part')), false);
}
await bucket.start();
fs.rmSync(extra);
const again = await run(['backup']);
is('back again, the next one is made', [again.status, fs.existsSync(path.join(program.dir, 'backup.part'))], [0, false]);
if (again.status !== 0) console.log(again.text.slice(-2000));
is('and can be restored', (await run(['restore', '--check'])).status, 0);
bucket.stop();
program.remove();
end();
