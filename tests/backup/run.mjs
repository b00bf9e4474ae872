// Backups of a region: made while it writes, killed in the middle, restored elsewhere and compared version by
// version and file by file; one changed bit anywhere is found; what cannot be is said in words; what was erased
// after a backup is erased again by its restore.
//   node tests/backup/run.mjs [--build release] [--flips 20]
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checks } from '../lib/checks.mjs';
import { DEMO_PASSWORD } from '../lib/demo.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { newBytes, tree } from './tools.mjs';

const args = process.argv.slice(2);
const build = option(args, '--build', 'release');
const flips = Number(option(args, '--flips', '20'));
const { is, end } = checks();
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-backup-'));
process.on('exit', () => fs.rmSync(place, { recursive: true, force: true }));
const repo = path.join(place, 'repository');
const password = path.join(place, 'password');
fs.writeFileSync(password, 'a password of this test\n', { mode: 0o600 });

const program = await new Program({ build }).fill();
const token = program.cli(['token', 'new', '--system', 'backups']).trim();
const settings = (more = {}) => Object.entries({ data: program.dir, 'backup-to': repo, 'backup-password-file': password, ...more })
  .flatMap(([k, v]) => [`--${k}`, v]);
// A command to its end: exit status and all it said.
const run = (words, more) => {
  const r = spawnSync(program.exe, [...words, ...settings(more)], { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 300000 });
  return { status: r.status, text: r.stdout + r.stderr };
};
const fhir = (p, method, rel, body) => p.request(method, `/fhir/${rel}`,
  { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' }, body && JSON.stringify(body));

// ---- someone writes all the time; what was acknowledged is noted ----
const acked = []; // type/id and version
let writing = true;
async function write() {
  for (let i = 0; writing; i++) {
    const made = await fhir(program, 'POST', 'Patient', { resourceType: 'Patient', birthDate: '1980-01-01', multipleBirthInteger: i });
    if (made.status !== 201) throw new Error(`a write answered ${made.status}`);
    const id = JSON.parse(made.body).id;
    acked.push([id, '1', made.bytes]);
    const next = await fhir(program, 'PUT', `Patient/${id}`, { resourceType: 'Patient', id, birthDate: '1980-01-02' });
    acked.push([id, '2', next.bytes]);
  }
}

// Folders a restore fills before they get their name: records of patients, which no end of it leaves behind.
const lying = () => [...fs.readdirSync(place).map((n) => path.join(place, n)), `${program.dir}.check`]
  .filter((n) => /\.(part|check)$/.test(n) && fs.existsSync(n));

is('the doctor asks for backups', /advice: no backup was ever made/.test(run(['doctor'], { 'backup-to': '' }).text), true);
await program.start();
const writer = write();
await until('something was written', () => acked.length > 20);
const before = acked.length;
const first = run(['backup']);
is('a backup beside a server that writes', [first.status, newBytes(first.text)?.length], [0, 2]);
if (first.status !== 0) console.log(first.text);
const figures = await program.request('GET', '/metrics');
const at = Number(/^consilium_backup_last_timestamp_seconds (\d+)$/m.exec(figures.body)?.[1]);
is('figures tell when it was', Math.abs(Date.now() / 1000 - at) < 600, true);
await until('the server goes on', () => acked.length > before + 20);
const second = run(['backup']);
const [all, added] = newBytes(second.text) ?? [0, 1];
is('the second sends only what is new', [second.status, added < all / 4], [0, true]);

// ---- killed in the middle, at several moments ----
for (const wanted of ['consilium.db', 'manifest.json', 'sent']) {
  const c = spawn(program.exe, ['backup', ...settings()], { stdio: 'ignore' });
  const ended = new Promise((done) => c.once('exit', done));
  const stage = path.join(program.dir, 'backup.part');
  await until(`the backup came to ${wanted}, or ended`, () => c.exitCode !== null
    || fs.existsSync(path.join(stage, wanted === 'sent' ? 'manifest.json' : wanted)), { every: 0.002 });
  c.kill('SIGKILL');
  await ended;
}
const third = run(['backup']);
is('after kills the next backup is made', [third.status, fs.existsSync(path.join(program.dir, 'backup.part'))], [0, false]);
const sure = acked.length;
const fourth = run(['backup']);
is('a backup, after which nothing that was acknowledged before may be missing', fourth.status, 0);
writing = false;
await writer;
await program.stop();

// ---- restored elsewhere: everything acknowledged before it was asked for, byte by byte ----
const moved = path.join(place, 'moved');
const back = run(['restore', moved]);
is('a backup made under load is restored, and it says what a restore brings back', [back.status, /records erased by order after .* are back\.[\s\S]*nothing is missing or changed\n/.test(back.text)], [0, true]);
if (back.status !== 0) console.log(back.text.slice(-2000));
const other = new Program({ build, dir: moved });
await other.start();
let same = 0;
for (const [id, version, bytes] of acked.slice(0, sure)) {
  const r = await fhir(other, 'GET', `Patient/${id}/_history/${version}`);
  if (r.status === 200 && r.bytes.equals(bytes)) same++;
}
is('versions of before, byte by byte', same, sure);
await other.stop();
is('the doctor finds nothing in the restored folder', [run(['doctor'], { data: moved }).status, lying()], [0, []]);
is('the restored folder has it on record', / admin system .*\n/.test(other.cli(['audit', 'list'])), true);

// ---- at rest: every resource, every file ----
const fifth = run(['backup']);
is('a backup at rest', fifth.status, 0);
const twin = path.join(place, 'twin');
fs.mkdirSync(twin);
is('restored, over an empty folder', run(['restore', twin]).status, 0);
is('the doctor finds nothing in it', run(['doctor'], { data: twin }).status, 0);
is('files of images and papers, keys', tree(path.join(twin, 'blobs')), tree(path.join(program.dir, 'blobs')));
is('keys of the authority', tree(path.join(twin, 'ca')), tree(path.join(program.dir, 'ca')));
for (const [dir, out] of [[program.dir, 'a'], [twin, 'b']]) {
  is(`resources of ${out} are exported`, run(['export', '--out', path.join(place, out)], { data: dir }).status, 0);
}
is('resources, file by file', tree(path.join(place, 'b')), tree(path.join(place, 'a')));

// ---- proof without touching the live folder; one bit of anything changed is found ----
is('the doctor is content', /backup/.test(run(['doctor']).text), false);
const live = tree(program.dir);
const good = run(['restore', '--check']);
is('a check of good backups', [good.status, /can be restored/.test(good.text)], [0, true]);
is('the live folder was not touched', [tree(program.dir), lying()], [live, []]);

const files = tree(repo).map(([name]) => name).filter((n) => !n.startsWith('locks/'));
const kinds = [...new Set(files.map((n) => n.split('/')[0]))];
let seed = 7;
const next = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n; };
const missed = [];
for (let i = 0; i < flips; i++) {
  const of = files.filter((n) => n.split('/')[0] === kinds[i % kinds.length]);
  const name = path.join(repo, of[next(of.length)]);
  const bytes = fs.readFileSync(name);
  const at = next(bytes.length);
  const mode = fs.statSync(name).mode;
  fs.chmodSync(name, 0o600);
  fs.writeFileSync(name, Buffer.from(bytes).fill(bytes[at] ^ (1 << next(8)), at, at + 1));
  const r = run(['restore', '--check']);
  if (r.status === 0 || lying().length > 0) missed.push(`${name} at ${at}`);
  fs.writeFileSync(name, bytes);
  fs.chmodSync(name, mode);
}
is(`${flips} single bits of ${kinds.join(', ')}, each found, and nothing lies about`, missed, []);
is('and whole again', run(['restore', '--check']).status, 0);

// ---- what cannot be, in words ----
const wrong = path.join(place, 'wrong');
fs.writeFileSync(wrong, 'another\n');
const says = (what, words, more, text) => {
  const r = run(words, more);
  is(what, [r.status, text.test(r.text), lying()], [1, true, []]);
  if (!text.test(r.text)) console.log(r.text.slice(-600));
};
says('another password', ['restore', path.join(place, 'no')], { 'backup-password-file': wrong }, /wrong password/);
says('no password', ['backup'], { 'backup-password-file': path.join(place, 'none') }, /there is no file/);
says('no place', ['backup'], { 'backup-to': '' }, /setting backup_to says where/);
says('a place within the data folder', ['backup'], { 'backup-to': path.join(program.dir, 'b') }, /lost with it/);
says('no program', ['backup'], { 'backup-program': 'no-such-program' }, /apt-get install restic/);
says('a folder that is not empty', ['restore', twin], {}, /is not empty/);
says('a folder where a disk is mounted', ['restore', '/proc'], {}, /is where a disk is mounted: name a folder in it/);
says('a folder in no folder', ['restore', path.join(place, 'none', 'data')], {}, /none\/data cannot be made: the folder it is to stand in/);
says('no such backup', ['restore', path.join(place, 'no'), '--snapshot', 'ffffffff'], {}, /restic ended with 1/);
is('nothing was made there', fs.existsSync(path.join(place, 'no')), false);
const newer = path.join(place, 'newer');
fs.mkdirSync(path.join(newer, 'backup.part'), { recursive: true });
fs.mkdirSync(path.join(newer, 'blobs'));
fs.writeFileSync(path.join(newer, 'backup.part/manifest.json'), JSON.stringify({ program: '9.9.9', schema: 9999, at: '2030-01-01T00:00:00Z', database: '' }));
spawnSync('restic', ['-r', repo, '--password-file', password, '-q', 'backup', '--tag', 'consilium', '--host', 'consilium', 'backup.part', 'blobs'], { cwd: newer });
says('a backup of a newer program', ['restore', path.join(place, 'no')], {}, /from a newer program, 9.9.9 with schema 9999.*install that one/);

// ---- a folder that was not whole when it was copied ----
const cut = path.join(place, 'cut');
const no = path.join(place, 'no');
const kept = path.join(place, 'kept');
const apart = { data: cut, 'backup-to': path.join(place, 'repository-of-cut') };
fs.cpSync(twin, cut, { recursive: true });
const blob = path.join(cut, 'blobs', tree(path.join(cut, 'blobs'))[0][0]);
const was = fs.readFileSync(blob);
fs.chmodSync(blob, 0o600);
fs.writeFileSync(blob, Buffer.from(was).fill(was[0] ^ 1, 0, 1));
is('a backup of a changed file', run(['backup'], apart).status, 0);
says('its restore', ['restore', no], apart, /changed: sha256 [\s\S]* \d+ faults, see above: nothing was made/);
fs.rmSync(blob);
is('a backup without a file', run(['backup'], apart).status, 0);
says('its check', ['restore', '--check'], apart, /missing: sha256 [\s\S]* \d+ faults, see above/);
says('its restore', ['restore', no], apart, /missing: sha256 [\s\S]* \d+ faults, see above: nothing was made/);
is('nothing was made of them', fs.existsSync(no), false);
says('it is restored on demand', ['restore', kept, '--with-faults'], apart, /restored the backup of .* with \d+ faults/);
const keeper = await new Program({ build, dir: kept }).start();
const told = await fhir(keeper, 'GET', 'AuditEvent?subtype=admin&_sort=-date&_count=20');
is('the record tells of it', /restored from the backup of [^"]*, faults found: \d+"/.test(told.body), true);
await keeper.stop();
fs.rmSync(kept, { recursive: true });
is('both words', run(['restore', '--check', '--with-faults']).status, 2);

// ---- proof that records are missing comes along, what was half written does not ----
fs.writeFileSync(blob, was);
fs.copyFileSync(path.join(cut, 'audit.head'), path.join(cut, 'audit.head.conflict'));
for (const name of ['audit.head.new-a', 'push.key.new-b', 'ca/key.new-c']) fs.writeFileSync(path.join(cut, name), 'half');
is('a backup of a cut record', run(['backup'], apart).status, 0);
says('its restore', ['restore', no], apart, /record does NOT hold[\s\S]* \d+ faults, see above: nothing was made/);
says('on demand', ['restore', kept, '--with-faults'], apart, /restored the backup of .* with \d+ faults/);
is('with the proof', tree(kept).map(([name]) => name).filter((n) => /conflict|\.new-/.test(n)), ['audit.head.conflict']);

// ---- what was erased after a backup is erased again by its restore, before anybody sees it ----
const ordered = path.join(place, 'ordered');
fs.cpSync(twin, ordered, { recursive: true });
const orders = { data: ordered, 'backup-to': path.join(place, 'repository-of-orders') };
const region = await new Program({ build, dir: ordered }).start();
const NUMBER = '750203404573';
const asks = await signIn(region, 'feldsher1', DEMO_PASSWORD);
const made = await asks.post('/ask/register', { once: 'o-1', family: 'Zhumagalieva', given: 'Aliya', 'birth-date-year': '1975', 'birth-date-month': '2', 'birth-date-day': '3', sex: 'female', 'id-kind': 'iin', id: NUMBER });
const found = await fhir(region, 'GET', `Patient?identifier=${NUMBER}`);
const gone = JSON.parse(found.body).entry?.[0]?.resource.id;
is('somebody is registered', [made.status, typeof gone], [303, 'string']);
is('a backup with them', run(['backup'], orders).status, 0);
const proposes = await signIn(region, 'admin', DEMO_PASSWORD);
const typed = { 'id-kind': 'iin', id: NUMBER, sure: 'yes' };
is('an order is proposed', (await proposes.post('/erasures', { ...typed, once: 'o-2', do: 'propose', reason: 'court', number: '12/3', date: '2026-01-05' })).status, 303);
const confirms = await signIn(region, 'auditor', DEMO_PASSWORD);
is('and confirmed', (await confirms.post('/erasures/1', { ...typed, once: 'o-3', do: 'confirm' })).status, 303);
const onRecord = async (p, words) => words.test((await fhir(p, 'GET', 'AuditEvent?subtype=admin&_sort=-date&_count=20')).body);
await until('it was carried out', () => onRecord(region, /erasure done, order 1/));
is('a backup without them', run(['backup'], orders).status, 0);
const file = path.join(place, 'orders.list');
is('the list is written for keeping elsewhere', run(['backup', 'orders', file], orders).status, 0);
await region.stop();
is('it has no name and no number', /Zhumagalieva|750203404573/.test(fs.readFileSync(file, 'utf8')), false);
const restic = (words) => spawnSync('restic', ['-r', orders['backup-to'], '--password-file', password, '-q', ...words], { encoding: 'utf8' });
const older = JSON.parse(restic(['snapshots', '--json']).stdout).sort((a, b) => (a.time < b.time ? -1 : 1))[0].short_id;

const again = path.join(place, 'again');
says('a bad list', ['restore', again, '--snapshot', older, '--orders', password], orders, /password of erasures is refused: /);
const text = fs.readFileSync(file, 'utf8');
fs.writeFileSync(`${file}.1`, text.replace('12/3', '12/4'));
says('a changed list', ['restore', again, '--snapshot', older, '--orders', `${file}.1`], orders, /is refused: it was changed: its signature does not hold/);
const stranger = await new Program({ build }).fill();
fs.writeFileSync(path.join(stranger.dir, 'server.key'), `${'5a'.repeat(32)}\n`);
is('a list of another server', run(['backup', 'orders', `${file}.2`], { data: stranger.dir }).status, 0);
stranger.remove();
says('a list of another server is refused', ['restore', again, '--check', '--snapshot', older, '--orders', `${file}.2`], orders, /is refused: it is signed by another server/);
says('no list', ['restore', again, '--orders', path.join(place, 'none')], orders, /none/);
is('nothing was made', fs.existsSync(again), false);

const proof = run(['restore', '--check', '--snapshot', older], orders);
is('a check applies the list too', [proof.status, /the list of the newest backup of erasures, of .*: 1 applied again, .* 0 stood; 0 about/.test(proof.text)], [0, true]);
for (const [how, words] of [['the newest backup', ['--snapshot', older]], ['a file', ['--snapshot', older, '--orders', file]]]) {
  const r = run(['restore', again, ...words], orders);
  is(`a restore of the older backup with the list of ${how}`, [r.status, /: 1 applied again, hidden from the first request/.test(r.text)], [0, true]);
  if (r.status !== 0) console.log(r.text.slice(-800));
  const p = await new Program({ build, dir: again }).start();
  is('the first request does not find them', (await fhir(p, 'GET', `Patient/${gone}`)).status, 410);
  await until('it is carried out again', () => onRecord(p, /erasure done, order 1/));
  is('and is on record', await onRecord(p, /erasure applied again after a restore, order 1, proposed by \S+ at [^"]*, confirmed by /), true);
  await p.stop();
  is('the doctor finds nothing', run(['doctor'], { data: again }).status, 0);
  fs.rmSync(again, { recursive: true });
}
const newest = run(['restore', again], orders);
is('the newest one had it, and says until when it knows', [newest.status, /: 0 applied again, .* 1 stood; [\s\S]*not newer than the backup: records erased by order after/.test(newest.text)], [0, true]);
fs.rmSync(again, { recursive: true });

program.remove();
end();
