// The figures of the FHIR engine. Usage: node tools/bench_fhir.mjs [--factor 64] [--patients 100] [--duration 10] [--shape-runs 150] [--out FILE]
// Needs the conformance data (CONFORMANCE_DATA or ../shared/conformance) and wrk. Writes its section of
// doc/BENCHMARKS.md between two marks. --factor 4 --patients 40 --duration 3 --shape-runs 30 is a quick look.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { ANY_RATE, Program, ROOT } from '../tests/lib/program.mjs';
import { SHAPES, pick } from './bench_shapes.mjs';

const arg = (name, dflt) => { const i = process.argv.indexOf(`--${name}`); return i > 0 ? process.argv[i + 1] : dflt; };
const FACTOR = Number(arg('factor', 64));
const PATIENTS = Math.max(40, Number(arg('patients', 100))); // the 40 there are, or more
const SECONDS = Number(arg('duration', 10));
const SHAPE_RUNS = Number(arg('shape-runs', 150));
const OUT = arg('out', path.join(ROOT, 'doc/BENCHMARKS.md'));
const DATA = path.join(process.env.CONFORMANCE_DATA ?? path.join(ROOT, '../shared/conformance'), 'synthea');
delete process.env.CONFORMANCE_DATA; // the program would take it for a setting
const MARKS = ['<!-- fhir engine: begin -->', '<!-- fhir engine: end -->'];
const CLIENTS = 4;
const UUID = /([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/;
const sleep = (ms) => new Promise((f) => setTimeout(f, ms));
const pct = (a, q) => { const s = [...a].sort((x, y) => x - y); return s[Math.min(s.length - 1, Math.ceil(q * s.length) - 1)]; };
const lines = [];
const say = (t = '') => { lines.push(t); console.log(t); };
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function cpuSeconds(pid) {
  const f = fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(f[11]) + Number(f[12])) / 100;
}

// What its threads have run, in ms: tells more than the clock where others use the machine.
function ranMs(pid) {
  return fs.readdirSync(`/proc/${pid}/task`).reduce((sum, t) => sum + Number(fs.readFileSync(`/proc/${pid}/task/${t}/schedstat`, 'latin1').split(' ')[0]), 0) / 1e6;
}

function memory(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))[1]) / 1024;
}

// Each bundle as pieces, uuids at odd places, so that a copy with other ids is one join.
function bundlesRead() {
  return fs.readdirSync(DATA).filter((f) => f.endsWith('.json.gz')).sort().map((f) => {
    const text = zlib.gunzipSync(fs.readFileSync(path.join(DATA, f))).toString('utf8');
    return { pieces: text.split(UUID), n: JSON.parse(text).entry.length };
  });
}

function copyOf(bundle, copy) {
  const head = copy.toString(16).padStart(6, '0');
  return bundle.pieces.map((t, i) => (i % 2 ? head + t.slice(6) : t)).join('');
}

class Bench {
  constructor() {
    this.p = new Program({ build: 'release', env: ANY_RATE });
    this.p.cli(['init']);
    this.token = this.p.cli(['token', 'new', '--system', 'bench']).trim().split(/\s+/).pop();
    this.bundles = bundlesRead();
    this.loaded = 0; // patients
    this.resources = 0;
  }

  request(method, target, body) {
    return new Promise((resolve, reject) => {
      const t0 = performance.now();
      const r = http.request({ agent, host: '127.0.0.1', port: this.p.port, method, path: target,
        headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/fhir+json', prefer: 'return=minimal' } }, (res) => {
        const parts = [];
        res.on('data', (d) => parts.push(d));
        res.on('end', () => resolve({ ms: performance.now() - t0, status: res.statusCode, headers: res.headers, bytes: Buffer.concat(parts) }));
      });
      r.on('error', reject);
      r.end(body);
    });
  }

  async json(target) {
    const r = await this.request('GET', target);
    if (r.status !== 200) throw new Error(`${target}: ${r.status} ${r.bytes.toString().slice(0, 400)}`);
    return JSON.parse(r.bytes);
  }

  // Patients up to n, some at a time, each one bundle transaction.
  async load(n) {
    const t0 = performance.now();
    const c0 = cpuSeconds(this.p.child.pid);
    const before = this.resources;
    let next = this.loaded;
    await Promise.all(Array.from({ length: CLIENTS }, async () => {
      while (next < n) {
        const at = next++;
        const b = this.bundles[at % this.bundles.length];
        const r = await this.request('POST', '/fhir', copyOf(b, Math.floor(at / this.bundles.length)));
        if (r.status !== 200) throw new Error(`bundle ${at}: ${r.status} ${r.bytes.toString().slice(0, 400)}`);
        this.resources += b.n;
      }
    }));
    this.loaded = n;
    const s = (performance.now() - t0) / 1000;
    const done = this.resources - before;
    return { perSecond: done / s, us: ((cpuSeconds(this.p.child.pid) - c0) * 1e6) / done, done, s };
  }

  // What the searches ask about: people read back, codes of the data.
  async known() {
    const people = (await this.json('/fhir/Patient?_count=100&_sort=_lastUpdated')).entry.map((e) => e.resource);
    people.push(...(await this.json('/fhir/Patient?_count=100&_sort=-_lastUpdated')).entry.map((e) => e.resource));
    const encounters = (await this.json('/fhir/Encounter?_count=100&_sort=-date')).entry.map((e) => e.resource.id);
    return { people, encounters, loinc: ['8302-2', '29463-7', '8867-4', '72514-3', '2093-3', '4548-4'],
      conditions: ['44054006', '59621000', '162864005', '444814009', '195662009'] };
  }

  async shapes() {
    const known = await this.known();
    const out = [];
    for (const [name, url] of SHAPES) {
      const times = [];
      let hits = 0;
      let ran = 0;
      for (let i = 0; i < SHAPE_RUNS + 10; i++) {
        const r = await this.request('GET', `/fhir/${url(pick(known))}`);
        if (r.status !== 200) throw new Error(`${name}: ${r.status} ${r.bytes.toString().slice(0, 400)}`);
        if (i < 9) continue; // warm
        if (i === 9) {
          ran = ranMs(this.p.child.pid);
          continue;
        }
        times.push(r.ms);
        hits += r.bytes.length > 400 ? 1 : 0;
      }
      out.push({ name, p50: pct(times, 0.5), p99: pct(times, 0.99), cpu: (ranMs(this.p.child.pid) - ran) / SHAPE_RUNS, hits: hits / SHAPE_RUNS });
    }
    return out;
  }

  async wrk(clients, target, lua) {
    const args = ['-t1', `-c${clients}`, `-d${SECONDS}s`, '--latency', '-H', `Authorization: Bearer ${this.token}`];
    const script = path.join(this.p.dir, 'bench.lua');
    if (lua) {
      fs.writeFileSync(script, lua);
      args.push('-s', script);
    }
    const text = await new Promise((resolve) => {
      let o = '';
      const c = spawn('wrk', [...args, this.p.base + target]);
      c.stdout.on('data', (d) => { o += d; });
      c.on('close', () => resolve(o));
    });
    const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text);
    if (bad) throw new Error(`${target}: ${bad[0]}`);
    return { perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]), p50: /^\s+50%\s+(\S+)/m.exec(text)[1], p99: /^\s+99%\s+(\S+)/m.exec(text)[1] };
  }
}

// An encounter and an observation in it.
function pairOf(patient) {
  const subject = { reference: `Patient/${patient}` };
  const full = 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0';
  const entry = (fullUrl, resource) => ({ fullUrl, resource, request: { method: 'POST', url: resource.resourceType } });
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: [
    entry(full, { resourceType: 'Encounter', status: 'finished', class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      subject, period: { start: '2026-01-01T10:00:00Z', end: '2026-01-01T10:15:00Z' } }),
    entry('urn:uuid:1c3151bd-1cbf-4d64-b04d-cd9187a4c6e0', { resourceType: 'Observation', status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }], text: 'Heart rate' }, subject, encounter: { reference: full },
      effectiveDateTime: '2026-01-01T10:05:00Z', valueQuantity: { value: 72.0, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' } })] });
}

function shapeTable(small, large, b) {
  const at = FACTOR > 1 ? ` at ${FACTOR}x |` : '';
  say(`| search | p50 ms | p99 ms | processor ms |${at && ` p50${at} p99${at} processor${at} ratio of p50 | ratio of processor |`} with hits |`);
  say(`|---|---|---|---|${at && '---|---|---|---|---|'}---|`);
  small.forEach((s, i) => {
    const l = large?.[i];
    const cell = (x) => `${x.p50.toFixed(2)} | ${x.p99.toFixed(2)} | ${x.cpu.toFixed(2)}`;
    say(`| ${s.name} | ${cell(s)} | ${l ? `${cell(l)} | ${(l.p50 / s.p50).toFixed(2)} | ${(l.cpu / s.cpu).toFixed(2)} | ` : ''}${(100 * (l ?? s).hits).toFixed(0)} % |`);
  });
  say();
  const worst = (list, k) => Math.max(...list.map((s) => s[k]));
  say(`Worst p50 ${worst(small, 'p50').toFixed(2)} ms, worst p99 ${worst(small, 'p99').toFixed(2)} ms${large ? `; at ${FACTOR} times the data ${worst(large, 'p50').toFixed(2)} and ${worst(large, 'p99').toFixed(2)} ms (${b.resources} resources)` : ''}.`);
  say();
}

// Bulk export of all: resources a second and what memory it took; null when there is none.
async function exportAll(b) {
  const kick = await new Promise((resolve, reject) => {
    http.request({ host: '127.0.0.1', port: b.p.port, path: '/fhir/$export', headers: { authorization: `Bearer ${b.token}`, accept: 'application/fhir+json', prefer: 'respond-async' } },
      (r) => { r.resume(); r.on('end', () => resolve(r)); }).on('error', reject).end();
  });
  if (kick.statusCode !== 202) return null;
  const at = new URL(kick.headers['content-location'], b.p.base).pathname;
  const t0 = performance.now();
  const m0 = memory(b.p.child.pid);
  let peak = m0;
  for (;;) {
    const r = await b.request('GET', at);
    peak = Math.max(peak, memory(b.p.child.pid));
    if (r.status === 200) {
      const s = (performance.now() - t0) / 1000;
      return { perSecond: b.resources / s, more: peak - m0 };
    }
    if (r.status !== 202) throw new Error(`export: ${r.status} ${r.bytes.toString().slice(0, 300)}`);
    await sleep(50);
  }
}

function sizeOf(b) {
  return fs.statSync(path.join(b.p.dir, 'consilium.db')).size;
}

async function idle(b) {
  await b.p.stop(); // the log is moved into the file
  const bytes = sizeOf(b) / b.resources;
  const t0 = performance.now();
  await b.p.start();
  const start = performance.now() - t0;
  await sleep(3000);
  return { bytes, start, mib: memory(b.p.child.pid) };
}

async function figures(b) {
  const rows = [];
  const row = (name, bar, value) => rows.push(`| ${name} | ${bar} | ${value} |`);
  await b.p.start();
  const first = await b.load(b.bundles.length);
  row(`transaction import of ${b.bundles.length} patients, ${first.done} resources, validated`, '>= 4 000/s', `${first.perSecond.toFixed(0)}/s (${first.us.toFixed(0)} us of processor each)`);
  const at40 = await idle(b);
  row('on disk for each, everything counted', '<= 1.0 KB', `${at40.bytes.toFixed(0)} B`);
  row('idle memory (PSS) after a start', '<= 60 MB', `${at40.mib.toFixed(1)} MiB`);
  row('start to listening', '<= 0.5 s', `${at40.start.toFixed(0)} ms`);
  await b.load(PATIENTS);
  const small = await b.shapes();
  const someone = (await b.known()).people[0].id;
  const read = await b.wrk(32, `/fhir/Patient/${someone}`);
  row('reads, 32 clients', '>= 15 000/s', `${read.perSecond.toFixed(0)}/s, p50 ${read.p50}, p99 ${read.p99}`);
  let large = null;
  if (FACTOR > 1) {
    const more = await b.load(PATIENTS * FACTOR);
    row(`import up to ${b.loaded} patients, ${b.resources} resources`, '>= 4 000/s', `${more.perSecond.toFixed(0)}/s (${more.us.toFixed(0)} us)`);
    const big = await idle(b);
    row(`on disk for each, ${b.resources} resources`, '<= 1.0 KB', `${big.bytes.toFixed(0)} B`);
    row(`idle memory and start with ${(sizeOf(b) / 2 ** 30).toFixed(2)} GiB`, '<= 60 MB, 0.5 s', `${big.mib.toFixed(1)} MiB, ${big.start.toFixed(0)} ms`);
    large = await b.shapes();
  }
  const t0 = performance.now();
  const count = (await b.json('/fhir/Observation?status=final&_summary=count')).total;
  row(`count of ${count} hits`, '1 M in < 0.5 s', `${(performance.now() - t0).toFixed(0)} ms`);
  const body = pairOf(someone);
  const tx = await b.wrk(64, '/fhir', `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/fhir+json"\nwrk.body = [==[${body}]==]\n`);
  row('transactions of two resources, 64 clients', '>= 2 500/s', `${tx.perSecond.toFixed(0)}/s, p50 ${tx.p50}, p99 ${tx.p99}`);
  const out = await exportAll(b);
  row('export of everything', '>= 30 000/s within 64 MB', out ? `${out.perSecond.toFixed(0)}/s, ${out.more.toFixed(0)} MiB more` : 'not there');
  say('| figure | asked for | measured |');
  say('|---|---|---|');
  rows.forEach((r) => say(r));
  say();
  shapeTable(small, large, b);
}

function write() {
  const old = fs.existsSync(OUT) ? fs.readFileSync(OUT, 'utf8') : '# Benchmarks\n';
  const mine = `${MARKS[0]}\n${lines.join('\n')}\n${MARKS[1]}`;
  const [from, to] = MARKS.map((m) => old.indexOf(m));
  fs.writeFileSync(OUT, from >= 0 && to > from ? old.slice(0, from) + mine + old.slice(to + MARKS[1].length) : `${old.trimEnd()}\n\n${mine}\n`);
}

if (!fs.existsSync(DATA)) {
  console.log(`no data of others at ${DATA}: the figures of the FHIR engine are skipped`);
  process.exit(0);
}
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim();
say('## The FHIR engine');
say();
say(`Commit ${commit}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${os.cpus().length} cores, load of others ${os.loadavg()[0].toFixed(1)} at the start. Synthea patients, copied with new ids to ${PATIENTS}${FACTOR > 1 ? ` and to ${PATIENTS * FACTOR}` : ''}; one client for the searches, ${SHAPE_RUNS} each.`);
say();
const bench = new Bench();
await figures(bench);
await bench.p.stop();
bench.p.remove();
write();
agent.destroy();
