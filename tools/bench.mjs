// Measures the program and writes doc/BENCHMARKS.md: node tools/bench.mjs [--duration 15] [--runs 3] [--parts pages,load,import,fhirpath] [--out FILE]
// The load driver is the shared one (../shared/bench or $BENCH_SHARED/bench), unchanged. Figures are
// of this machine at this hour; raw limits are taken in the same run so that they can be compared.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { ANY_RATE, Program, ROOT } from '../tests/lib/program.mjs';
import { signIn } from '../tests/lib/session.mjs';
import { DEMO_PASSWORD } from '../tests/lib/demo.mjs';
import { benchFhirpath } from './bench_fhirpath.mjs';

const arg = (name, dflt) => { const i = process.argv.indexOf(`--${name}`); return i > 0 ? process.argv[i + 1] : dflt; };
const SECONDS = Number(arg('duration', 15));
const RUNS = Number(arg('runs', 3));
// Consultants of the made-up region, so that the pages are of many people's work.
const CONSULTANTS = ['cardiologist1', 'cardiologist2', 'neurologist1', 'obstetrician1', 'orthopaedist1', 'oncologist1', 'paediatrician1', 'intensivist1', 'therapist1'];
const PARTS = arg('parts', 'pages,load,import,fhirpath').split(',');
const OUT = arg('out', path.join(ROOT, 'doc/BENCHMARKS.md'));
const SHARED = process.env.BENCH_SHARED ?? path.join(ROOT, '../shared');
const DRIVER = path.join(SHARED, 'bench/fhir_load.mjs');
const sleep = (ms) => new Promise((f) => setTimeout(f, ms));
const median = (a) => { const s = [...a].sort((x, y) => x - y); return s[s.length >> 1]; };
const pct = (a, q) => { const s = [...a].sort((x, y) => x - y); return s[Math.min(s.length - 1, Math.ceil(q * s.length) - 1)]; };
const lines = [];
const say = (t = '') => { lines.push(t); console.log(t); };

// Not spawnSync: the driver and the server must both run while this process waits.
function run(cmd, args) {
  return new Promise((resolve, reject) => {
    const c = spawn(cmd, args, { cwd: ROOT });
    let out = '';
    c.stdout.on('data', (d) => { out += d; });
    c.stderr.on('data', (d) => { out += d; });
    c.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`${cmd} ${args.join(' ')}: ${out.slice(-2000)}`))));
  });
}

function machine() {
  const cpu = os.cpus();
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim();
  say(`Machine: ${cpu.length} cores of ${cpu[0].model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}, shared with others.`);
  say(`Commit ${git}, release build, measured ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC. All writes durable (synchronous=FULL), one audit record for each read and write.`);
  say();
}

// 4 KiB writes, each synced: what the disk itself allows one writer.
function rawSync(dir) {
  const fd = fs.openSync(path.join(dir, 'raw-sync'), 'w');
  const block = Buffer.alloc(4096, 1);
  const t0 = performance.now();
  let n = 0;
  for (; performance.now() - t0 < 2000; n++) {
    fs.writeSync(fd, block, 0, 4096, (n % 256) * 4096);
    fs.fdatasyncSync(fd);
  }
  const perSecond = n / ((performance.now() - t0) / 1000);
  fs.closeSync(fd);
  return Math.round(perSecond);
}

function memory(pid) {
  const m = /^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'));
  return Number(m[1]) / 1024;
}

async function startUp(p) {
  const times = [];
  for (let i = 0; i < 7; i++) {
    const t0 = performance.now();
    await p.start();
    times.push(performance.now() - t0);
    if (i < 6) await p.stop();
  }
  await sleep(3000);
  say('## Start and memory');
  say();
  say('| | |');
  say('|---|---|');
  say(`| start to the first answer, data folder with the demo region | ${median(times).toFixed(0)} ms (${Math.min(...times).toFixed(0)}..${Math.max(...times).toFixed(0)}, 7 starts) |`);
  say(`| idle memory (PSS), 3 s after a start | ${memory(p.child.pid).toFixed(1)} MiB |`);
  say();
}

function get(agent, base, route, cookie) {
  return new Promise((resolve, reject) => {
    const t0 = performance.now();
    http.get(base + route, { agent, headers: { cookie, 'accept-encoding': 'gzip' } }, (r) => {
      let n = 0;
      r.on('data', (d) => { n += d.length; });
      r.on('end', () => resolve({ ms: performance.now() - t0, bytes: n, status: r.statusCode }));
    }).on('error', reject);
  });
}

// 50 people, each with a session of their own, opening case pages; think: pause between pages.
async function casePages(p, sessions, cases, think) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: sessions.length });
  const times = [];
  let bad = 0;
  let bytes = 0;
  const until = Date.now() + SECONDS * 1000;
  await Promise.all(sessions.map(async (s, i) => {
    await sleep((think / sessions.length) * i);
    for (let k = i; Date.now() < until; k++) {
      const own = cases[i % cases.length];
      const r = await get(agent, p.base, `/cases/${own[k % own.length]}`, s.cookie);
      times.push(r.ms);
      bytes = Math.max(bytes, r.bytes);
      if (r.status !== 200) bad += 1;
      if (think) await sleep(think * (0.5 + Math.random()));
    }
  }));
  agent.destroy();
  say(`| ${think ? `50 people, a page every ${think / 1000} s each` : '50 connections without pause'} | ${(times.length / SECONDS).toFixed(0)} | ${pct(times, 0.5).toFixed(1)} | ${pct(times, 0.95).toFixed(1)} | ${pct(times, 0.99).toFixed(1)} | ${bad} |`);
  return bytes;
}

async function demoPart() {
  const p = await new Program({ build: 'release', env: ANY_RATE }).fill();
  await startUp(p);
  const sessions = [];
  const cases = [];
  for (const login of CONSULTANTS) {
    const s = await signIn(p, login, DEMO_PASSWORD);
    const own = [...new Set([...(await s.get('/work')).body.matchAll(/\/cases\/([a-z0-9-]{20,64})/g)].map((m) => m[1]))];
    if (own.length) {
      sessions.push(s);
      cases.push(own);
    }
  }
  if (!sessions.length) throw new Error('no consultant has a case');
  while (sessions.length < 50) sessions.push(sessions[sessions.length % cases.length]);
  say("## The consultant's case page");
  say();
  say('| load | pages/s | p50 ms | p95 ms | p99 ms | failures |');
  say('|---|---|---|---|---|---|');
  const bytes = await casePages(p, sessions, cases, 1000);
  await casePages(p, sessions, cases, 0);
  say();
  say(`Largest of these pages on the wire (gzip): ${(bytes / 1024).toFixed(1)} KB.`);
  say();
  await p.stop();
  p.remove();
}

async function load() {
  const p = new Program({ build: 'release', env: ANY_RATE });
  p.cli(['init']);
  const token = p.cli(['token', 'new', '--system', 'bench']).trim().split(/\s+/).pop();
  await p.start();
  const state = path.join(p.dir, 'bench-state.json');
  const out = path.join(p.dir, 'bench.jsonl');
  const common = ['--base', `${p.base}/fhir`, '--state', state, '--token', token];
  const seeded = await run('node', [DRIVER, 'seed', ...common]);
  await run('node', [DRIVER, 'check', ...common]);
  await run('node', [DRIVER, 'run', ...common, '--runs', String(RUNS), '--duration', String(SECONDS), '--warmup', '3', '--out', out, '--watch', `consilium=${p.child.pid}`]);
  const table = await run('node', [DRIVER, 'report', out]);
  const ceiling = await run('node', [DRIVER, 'ceiling', '--concurrency', '32']);
  say('## The interface under the shared load driver');
  say();
  say(`Seeding: ${/done in ([\d.]+) s/.exec(seeded)?.[1]} s for 100 000 observations and 1 250 people. Raw limit of the disk in the same run: ${rawSync(p.dir)} synced 4 KiB writes/s by one writer. ${/driver ceiling.*$/m.exec(ceiling)?.[0] ?? ''}`);
  say();
  say(table.trim());
  say();
  const st = JSON.parse(fs.readFileSync(state, 'utf8'));
  const code = encodeURIComponent('http://loinc.org|8867-4');
  say('### With wrk');
  say();
  say('| request | connections | per second | p50 | p99 |');
  say('|---|---|---|---|---|');
  for (const [name, route] of [['read of a patient (W1)', `/fhir/Patient/${st.patients[0]}`], ['search (W3)', `/fhir/Observation?patient=Patient/${st.patients[1]}&code=${code}&_sort=-date&_count=10`]]) {
    const w = await run('wrk', ['-t1', '-c32', `-d${SECONDS}s`, '--latency', '-H', `Authorization: Bearer ${token}`, p.base + route]);
    say(`| ${name} | 32 | ${/Requests\/sec:\s+([\d.]+)/.exec(w)[1]} | ${/50%\s+(\S+)/.exec(w)[1]} | ${/99%\s+(\S+)/.exec(w)[1]} |${/Non-2xx.*/.exec(w)?.[0] ?? ''}`);
  }
  say();
  say(`Memory after the load (PSS): ${memory(p.child.pid).toFixed(0)} MiB.`);
  await p.stop();
  p.remove();
}

// Whole records as transactions, into an empty folder each time.
async function importPart() {
  const data = path.resolve(process.env.CONFORMANCE_DATA ?? path.join(SHARED, 'conformance'));
  const exe = path.join(ROOT, 'build/release/src/app/consilium');
  const speeds = [];
  say('## Import of the Synthea records');
  say();
  for (let i = 0; i < RUNS; i++) {
    const out = await run('node', [path.join(ROOT, 'tests/conformance/synthea.mjs'), exe, data, '--speed']);
    speeds.push(Number(/^speed (\d+)/m.exec(out)[1]));
  }
  say(`40 transactions with 15 773 resources, 4 at a time, validated and durable: ${median(speeds)} resources/s (of ${RUNS} runs: ${speeds.join(', ')}).`);
  say();
}

say('# Benchmarks');
say();
say('Written by `make bench`. How to read them: closed loop, the driver beside the server on the same cores.');
say();
machine();
if (PARTS.includes('pages')) await demoPart();
if (PARTS.includes('load')) await load();
if (PARTS.includes('import')) await importPart();
if (PARTS.includes('fhirpath')) benchFhirpath(say);
// The section of tools/bench_fhir.mjs stays.
// What other tools write there stands between marks of theirs.
const kept = fs.existsSync(OUT) ? fs.readFileSync(OUT, 'utf8').match(/<!-- ([\w ]+): begin -->[^]*?<!-- \1: end -->/g) ?? [] : [];
fs.writeFileSync(OUT, `${lines.join('\n')}\n${kept.map((k) => `\n${k}\n`).join('')}`);
