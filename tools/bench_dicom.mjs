// Measures images beside Orthanc and writes a section of doc/BENCHMARKS.md: node tools/bench_dicom.mjs [--runs 3] [--quick] [--stream MIB] [--only stow,qido,wado] [--out FILE]
// Driver, data and the disk's limit are the shared ones ($BENCH_SHARED or ../shared, folder bench), unchanged. Orthanc (Debian:
// orthanc, orthanc-dicomweb) listens on every address, so it runs in a network of its own (loopnet.sh: needs root), and so does
// this whole measurement: it starts itself again in there. Both servers answer when an image is durable; they take turns.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Place, freePort } from '../tests/dicom/place.mjs';
import { stream } from '../tests/dicom/bad.mjs';
import { ROOT } from '../tests/lib/program.mjs';
import { until } from '../tests/lib/until.mjs';

const arg = (name, dflt) => { const i = process.argv.indexOf(`--${name}`); return i > 0 ? process.argv[i + 1] : dflt; };
const QUICK = process.argv.includes('--quick');
const ONLY = arg('only', 'stow,qido,wado').split(',');
const RUNS = Number(arg('runs', QUICK ? 1 : 3));
const OUT = arg('out', path.join(ROOT, 'doc/BENCHMARKS.md'));
const BENCH = path.join(process.env.BENCH_SHARED ?? path.join(ROOT, '../shared'), 'bench');
const SECONDS = QUICK ? 1 : 3;
const STUDIES = 1000;
const CT_BYTES = 525634;
const STREAM_MIB = Number(arg('stream', QUICK ? 256 : 2048));
const MARK = ['<!-- images: begin -->', '<!-- images: end -->'];
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
const TARGETS = { stow: 4, qido: 4, wado: 2 };
const DISK_SHARE = 0.6;
const median = (a) => [...a].sort((x, y) => x - y)[a.length >> 1];

if (!fs.existsSync(path.join(BENCH, 'dicomweb_load.mjs'))) {
  console.log(`left: ${BENCH} is not there`);
  process.exit(0);
}
const hasOrthanc = spawnSync('Orthanc', ['--version']).status === 0 && fs.existsSync(PLUGIN);
if (!hasOrthanc) console.log('left Orthanc: not installed (Debian: orthanc orthanc-dicomweb)');
if (hasOrthanc && !process.env.BENCH_LOOPNET) {
  const r = spawnSync('sh', [path.join(BENCH, 'loopnet.sh'), process.execPath, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, BENCH_LOOPNET: '1' } });
  process.exit(r.status ?? 1);
}

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-bench-'));
// Everything stays until the end: where thousands of files were removed ext4 makes new ones slowly for a minute.
const places = [];
process.on('exit', () => {
  for (const p of places) p.program.remove();
  fs.rmSync(work, { recursive: true, force: true });
});

// A command to its end; this process goes on meanwhile.
function run(cmd, args) {
  return new Promise((done, fail) => {
    const c = spawn(cmd, args);
    let out = '';
    c.stdout.on('data', (d) => { out += d; });
    c.stderr.on('data', (d) => { out += d; });
    c.on('close', (code) => (code === 0 ? done(out) : fail(new Error(`${cmd} ${args.join(' ')}: ${out.slice(-2000)}`))));
  });
}

class Consilium {
  static name = 'Consilium';

  async start() {
    if (!this.place) {
      this.place = await Place.open('release', ['--upload-max', '8192']);
      places.push(this.place);
    }
    this.at = ['--base', `${this.place.program.base}/dicom-web`, '--token', this.place.region.system];
    this.pid = this.place.program.child.pid;
  }

  async again() {
    await this.place.program.stop();
    await this.place.program.start();
    await this.start();
  }

  end() {
    return this.place.program.stop();
  }
}

class Orthanc {
  static name = 'Orthanc';

  async start() {
    this.dir ??= fs.mkdtempSync(path.join(work, 'orthanc-'));
    const [http, dicom] = [await freePort(), await freePort()];
    const config = { Name: 'BENCH', StorageDirectory: this.dir, IndexDirectory: this.dir, HttpPort: http, DicomPort: dicom, RemoteAccessAllowed: false,
      AuthenticationEnabled: false, KeepAlive: true, SyncStorageArea: true, Plugins: [PLUGIN], DicomWeb: { Enable: true, Root: '/dicom-web/' } };
    const file = path.join(work, 'orthanc.json');
    fs.writeFileSync(file, JSON.stringify(config));
    this.child = spawn('Orthanc', [file], { stdio: 'ignore' });
    this.ended = new Promise((done) => { this.child.once('exit', done); });
    this.pid = this.child.pid;
    this.at = ['--base', `http://127.0.0.1:${http}/dicom-web`, '--caret', 'raw'];
    await until('Orthanc answers', () => fetch(`http://127.0.0.1:${http}/system`).then((r) => r.ok, () => false), { within: 60 });
  }

  async again() {
    await this.stop();
    await this.start();
  }

  stop() {
    this.child.kill('SIGTERM');
    return this.ended;
  }

  end() {
    return this.stop();
  }
}

// A server that receives, hashes, writes and syncs, and does nothing else (bench_bare.c).
class Bare {
  static name = 'bare';

  async start() {
    const exe = path.join(work, 'bare');
    await run('cc', ['-O2', '-D_GNU_SOURCE', '-pthread', '-o', exe, path.join(ROOT, 'tools/bench_bare.c'), '-lcrypto']);
    this.child = spawn(exe, [fs.mkdtempSync(path.join(work, 'bare-')), String(CT_BYTES)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const port = await new Promise((done) => { this.child.stdout.once('data', (d) => done(Number(d))); });
    this.pid = this.child.pid;
    this.at = ['--base', `http://127.0.0.1:${port}/dicom-web`];
  }

  end() {
    this.child.kill('SIGTERM');
  }
}

async function driver(server, cmd, words) {
  const out = await run(process.execPath, [path.join(BENCH, 'dicomweb_load.mjs'), cmd, ...server.at, '--pid', String(server.pid), '--json', ...words]);
  return out.trim().split('\n').filter((l) => l.startsWith('{')).map((l) => JSON.parse(l));
}

const rss = (server) => Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
const figures = new Map(); // "kind|what" -> {Consilium: [], Orthanc: []}
function note(kind, what, server, value, cpu) {
  const key = `${kind}|${what}`;
  const row = figures.get(key) ?? {};
  figures.set(key, row);
  (row[server.constructor.name] ??= []).push(value);
  if (cpu !== undefined) (row[`${server.constructor.name} cpu`] ??= []).push(cpu);
}

const data = path.join(work, 'data');
const LOADS = [[1, 1, 300], [1, 8, 600], [50, 1, 600], [50, 8, 1200]];
async function stow(server) {
  for (const [batch, conns, n] of LOADS) {
    const [r] = await driver(server, 'stow', ['--template', path.join(data, 'ct'), '--batch', batch, '--conns', conns, '--count', QUICK ? n / 2 : n].map(String));
    if (r.errors) throw new Error(`${server.constructor.name}: ${r.firstError}`);
    note('stow', `${batch} a request, ${conns} connection${conns > 1 ? 's' : ''}`, server, r.items_s, (1000 * r.server_cpu_s) / r.instances);
  }
}

async function find(server, seed) {
  await driver(server, 'fill', ['--template', path.join(data, 'small/0.dcm'), '--studies', STUDIES, '--series', 2, '--instances', 5, '--batch', 50, '--conns', 4, '--seed', seed].map(String));
  note('memory', `after ${STUDIES} studies`, server, rss(server));
  for (const conns of [1, 8]) {
    for (const r of await driver(server, 'qido', ['--seed', seed, '--studies', STUDIES, '--series', 2, '--instances', 5, '--conns', conns, '--seconds', SECONDS].map(String))) {
      note('qido', `${r.name.slice(5).replaceAll('_', ' ')}, ${conns}`, server, r.req_s, (1000 * r.server_cpu_s) / r.requests);
    }
  }
}

async function fetched(server, seed) {
  await driver(server, 'stow', ['--template', path.join(data, 'ct'), '--batch', 50, '--conns', 2, '--count', 600, '--seed', seed].map(String));
  for (const [conns, only] of [[1, 'instance,frame,metadata_instance,rendered,series,metadata_series'], [8, 'instance,frame,metadata_instance,rendered']]) {
    for (const r of await driver(server, 'wado', ['--seed', seed, '--studies', 2, '--per-study', 300, '--conns', conns, '--seconds', SECONDS, '--only', only].map(String))) {
      note('wado', `${r.name.slice(5).replaceAll('_', ' ')}, ${conns}`, server, r.req_s, (1000 * r.server_cpu_s) / r.requests);
    }
  }
}

async function limits() {
  const exe = path.join(work, 'fsync_limit');
  await run('cc', ['-O2', '-pthread', '-o', exe, path.join(BENCH, 'fsync_limit.c')]);
  for (const writers of [1, 8]) {
    const dir = fs.mkdtempSync(path.join(work, 'limit-'));
    const out = await run(exe, [dir, '600', String(CT_BYTES), String(writers), 'dir']);
    note('disk', String(writers), { constructor: { name: 'disk' } }, Number(/([\d.]+) files\/s/.exec(out)[1]));
  }
}

// What the driver takes at most, from a server that only sends.
async function ceiling() {
  const c = spawn(process.execPath, [path.join(ROOT, 'tools/bench_ceiling.mjs'), path.join(data, 'ct')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((done) => { c.stdout.once('data', (d) => done(Number(d))); });
  const server = { constructor: { name: 'ceiling' }, at: ['--base', `http://127.0.0.1:${port}/dicom-web`], pid: c.pid };
  for (const r of await driver(server, 'wado', ['--per-study', 300, '--seconds', SECONDS, '--only', 'instance,series'].map(String))) note('wado', `${r.name.slice(5)}, 1`, server, r.req_s);
  c.kill('SIGTERM');
}

async function streamed() {
  const place = await Place.open('release', ['--upload-max', '8192']);
  const idle = place.memory('VmRSS');
  const r = await stream(place, '1.2.3600', STREAM_MIB);
  if (r.status !== 200) throw new Error(`a study of ${STREAM_MIB} MiB: ${r.status}`);
  const more = place.peak() - idle;
  await place.close();
  return more;
}

async function once(turn) {
  const kinds = hasOrthanc ? [Consilium, Orthanc] : [Consilium];
  await limits();
  if (ONLY.includes('wado')) await ceiling();
  if (ONLY.includes('stow')) {
    const bare = new Bare();
    await bare.start();
    await stow(bare);
    bare.end();
  }
  for (const Kind of turn % 2 ? kinds.reverse() : kinds) {
    const server = new Kind();
    await server.start();
    await new Promise((f) => { setTimeout(f, 1000); });
    note('memory', 'idle, empty', server, rss(server));
    if (ONLY.includes('stow')) await stow(server);
    note('memory', 'after CT slices were stored', server, rss(server));
    if (ONLY.includes('qido')) await find(server, `${turn + 1}0000000000001`);
    if (ONLY.includes('wado')) await fetched(server, `${turn + 1}0000000000002`);
    note('memory', 'after images were fetched', server, rss(server));
    await server.again();
    await new Promise((f) => { setTimeout(f, 1000); });
    note('memory', 'idle, full', server, rss(server));
    await server.end();
  }
}

const lines = [];
const say = (l = '') => { lines.push(l); console.log(l); };
const n = (v) => (v === undefined ? '' : v >= 100 ? v.toFixed(0) : v.toFixed(1));
const of = (row, name) => row[name] && median(row[name]);
function table(kind, heading) {
  say(`| ${heading} | Consilium, a second | Orthanc, a second | ratio | processor ms each, Consilium | Orthanc |`);
  say('|---|---|---|---|---|---|');
  for (const [key, row] of figures) {
    if (!key.startsWith(`${kind}|`)) continue;
    const [ours, theirs] = [of(row, 'Consilium'), of(row, 'Orthanc')];
    const ratio = theirs ? ours / theirs : NaN;
    const mark = theirs && ratio < TARGETS[kind] ? ' (below the aim)' : '';
    say(`| ${key.split('|')[1]} | ${n(ours)} | ${n(theirs)} | ${theirs ? ratio.toFixed(1) + mark : ''} | ${of(row, 'Consilium cpu')?.toFixed(2) ?? ''} | ${of(row, 'Orthanc cpu')?.toFixed(2) ?? ''} |`);
  }
  say();
}

spawnSync('/usr/bin/python3', [path.join(BENCH, 'dicom_make.py'), data, '300'], { stdio: 'inherit' });
for (let i = 0; i < RUNS; i++) await once(i);
const more = await streamed();
const load = os.loadavg()[1].toFixed(1);
const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim();
say('## Images');
say();
say(`Beside Orthanc 1.10.1 with its DICOMweb plugin 1.7 (Debian), same files, same driver, taking turns; medians of ${RUNS} run${RUNS > 1 ? 's' : ''}. Commit ${git}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC,`);
say(`machine shared with others (load ${load} on ${os.cpus().length} cores): ratios count, not figures. Consilium answers when file, folder and rows are synced; Orthanc syncs the file only.`);
say();
if (ONLY.includes('stow')) table('stow', 'STOW of CT slices of 0.5 MB, instances');
for (const [writers, which] of !ONLY.includes('stow') ? [] : [[1, '1 a request, 1 connection'], [8, '1 a request, 8 connections'], [8, '50 a request, 8 connections']]) {
  const limit = of(figures.get(`disk|${writers}`), 'disk');
  const share = of(figures.get(`stow|${which}`), 'Consilium') / limit;
  say(`- The disk itself, write + fsync + fsync of the folder, ${writers} writer${writers > 1 ? 's' : ''}: ${n(limit)} files/s; ${which}: ${(100 * share).toFixed(0)} % of it${share < DISK_SHARE ? ' (below the aim of 60 %)' : ''}.`);
}
if (ONLY.includes('stow')) {
  const rows = [...figures].filter(([key]) => key.startsWith('stow|')).map(([key, row]) => `${key.slice(5)}: ${n(of(row, 'bare'))}/s, ${(of(row, 'bare') / of(row, 'Orthanc')).toFixed(1)} times Orthanc`);
  say(`- The same driver and a server that only receives, hashes, writes and syncs (tools/bench_bare.c: no index, no record, no access): ${rows.join('; ')}.`);
}
say();
if (ONLY.includes('qido')) table('qido', `search over ${STUDIES} studies, connections`);
if (ONLY.includes('wado')) {
  table('wado', 'retrieve, connections');
  const [one, all] = ['instance', 'series'].map((what) => n(of(figures.get(`wado|${what}, 1`), 'ceiling')));
  say(`The driver's own limit in the same run, with a server that only sends the same bytes out of memory: ${one} instances or ${all} series a second on 1 connection.`);
  say();
}
say('| memory (RSS), MiB | Consilium | Orthanc |');
say('|---|---|---|');
for (const [key, row] of figures) if (key.startsWith('memory|')) say(`| ${key.slice(7)} | ${n(of(row, 'Consilium'))} | ${n(of(row, 'Orthanc'))} |`);
say(`| most above idle while a study of ${STREAM_MIB} MiB streams in | ${n(more)} | |`);
say();
const old = fs.existsSync(OUT) ? fs.readFileSync(OUT, 'utf8') : '';
const [head, rest] = old.includes(MARK[0]) ? [old.slice(0, old.indexOf(MARK[0])), old.slice(old.indexOf(MARK[1]) + MARK[1].length + 1)] : [`${old.trimEnd()}\n\n`, ''];
fs.writeFileSync(OUT, `${head}${MARK[0]}\n${lines.join('\n')}\n${MARK[1]}\n${rest}`);
