// Torture of the unit tests: each test program of a build with -DFAULTS=ON while one call fails.
//   node tests/torture/units.mjs [--build asan] [--places DEPTH | --tries N] [--seed N] [--thin N] [NAME...]
// N calls of each kind, chosen from the seed (0: each call); thinned, one in N of those. With --places each place
// of the program where a call is made, so many functions deep (torture/fault.c), in the quickest test that comes by it.
// Of each place, and of each call, once that call alone fails, once all after it too.
// A test may fail then, in words; the program may not crash, hang, break a rule of its own or touch what is not its.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { option, ROOT } from '../lib/program.mjs';
import { choose, Control, KINDS } from './control.mjs';

const args = process.argv.slice(2);
const build = option(args, '--build', 'asan');
const depth = Number(option(args, '--places', 0));
const tries = Number(option(args, '--tries', 1));
const seed = option(args, '--seed', 'unit');
const thin = Number(option(args, '--thin', 1));
const SECONDS = 100;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-torture-'));
const tally = { runs: 0, failed: 0, hit: 0 };

function tests() {
  const r = spawnSync('ctest', ['--test-dir', path.join(ROOT, 'build', build), '-L', 'unit', '--show-only=json-v1'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return JSON.parse(r.stdout).tests.map((t) => ({ name: t.name, exe: t.command?.[0], faults: [] }))
    .filter((t) => t.exe !== undefined && (args.length === 0 || args.includes(t.name))); // none: not built
}

function run(test, control) {
  return new Promise((done) => {
    const c = spawn(test.exe, [], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...control.env, ASAN_OPTIONS: 'detect_leaks=0:handle_abort=1:allow_user_segv_handler=0', UBSAN_OPTIONS: 'print_stacktrace=1', TMPDIR: dir } });
    let out = '';
    for (const s of [c.stdout, c.stderr]) s.on('data', (d) => { out = (out + d).slice(-60000); });
    const late = setTimeout(() => c.kill('SIGKILL'), SECONDS * 1000);
    c.once('exit', (code, signal) => { clearTimeout(late); done({ code, signal, out }); });
  });
}

// What cannot be made at the start ends the program there, in these words.
const AT_START = /src\/http\/(route|asset|hub)\.c:\d+: broken rule of our own: \w+ != NULL/;
// A place of the test's own: what it uses without looking ends it there, and nothing of the program's.
const OF_TEST = /src\/\w+\/\w+_(test\.c|testing\.h|fixture\.h|example\.h):\d+/;

// What is wrong with how a program ended; a test that failed is not. 255: its setup or its end did.
function wrong({ code, signal, out }) {
  const at = out.search(/[^\n]*(ERROR: AddressSanitizer|runtime error: |broken rule of our own)/);
  if (at >= 0) {
    const [told, ...lines] = out.slice(at).split('\n');
    // the function itself, and who gave it nothing
    const callers = lines.filter((l) => /^ +#\d+ .*src\//.test(l) && !l.includes('src/base/err.c')).slice(0, 2);
    const nothing = /null pointer|broken rule|unknown address 0x0000000000/.test(told);
    const ofTest = OF_TEST.test(told) || (nothing && callers.some((l) => OF_TEST.test(l)));
    return AT_START.test(told) || ofTest ? '' : told;
  }
  if (/Test failed with exception: ([^\n]*)/.test(out)) return out.match(/Test failed with exception: [^\n]*/)[0];
  return signal ? `ended with ${signal}` : code > 128 && code !== 255 ? `ended with ${code}` : '';
}

const chosen = (test, kind) => Array.from({ length: tries }, (_, i) => i).filter((i) => choose(seed, thin, test.name, kind, i, 'thin') === 1);

// Names the place of an address of a program by its function: alike in all programs that hold the function.
function symbols(exe) {
  const lines = spawnSync('nm', ['-n', '--defined-only', exe], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout.split('\n')
    .map((l) => /^(\w+) [tTwW] (\S+)$/.exec(l)).filter((m) => m !== null).map((m) => [parseInt(m[1], 16), m[2]]);
  return (at) => {
    let low = 0;
    for (let high = lines.length; low + 1 < high;) {
      const mid = (low + high) >> 1;
      if (lines[mid][0] <= at) low = mid;
      else high = mid;
    }
    return `${lines[low][1]}+${at - lines[low][0]}`;
  };
}

// Plays a test with nothing failing: its calls, its places, how long it took. One of which nothing is chosen is not.
async function count(test) {
  if (depth === 0 && tries > 0 && !KINDS.some((kind) => chosen(test, kind).length > 0)) return;
  const control = new Control(path.join(dir, test.name.replace(/\W/g, '_')));
  control.count(depth);
  const from = Date.now();
  const clean = await run(test, control);
  test.ms = Date.now() - from;
  if (depth > 0) {
    const named = symbols(test.exe);
    test.places = control.places().map(({ kind, at, where }) => ({ kind, at, name: [kind, ...where.map(named)].join(' ') }));
  }
  test.counts = control.disarm();
  control.remove();
  if (clean.code !== 0) found(test, 'does not pass with nothing failing');
}

const both = ({ kind, at }) => [{ kind, at, forever: false }, { kind, at, forever: true }];

function found(test, fault) {
  test.faults.push(fault);
  console.log(`${test.name}: ${fault}`);
}

// Which calls fail in a test: {kind, at, forever}. taken: the places that another test has, and these.
function plans(test, taken) {
  if (test.counts === undefined) return [];
  if (depth > 0) return test.places.filter(({ name }) => !taken.has(name) && taken.add(name)).flatMap(both);
  if (tries === 0) return KINDS.flatMap((kind) => Array.from({ length: test.counts[kind] }, (_, i) => both({ kind, at: i + 1 })).flat());
  return KINDS.flatMap((kind) => chosen(test, kind).filter((i) => i < test.counts[kind])
    .map((i) => ({ kind, at: choose(seed, test.counts[kind], test.name, kind, i), forever: choose(seed, 2, test.name, kind, i) === 2 })));
}

async function torture(test) {
  const control = new Control(path.join(dir, test.name.replace(/\W/g, '_')));
  for (const { kind, at, forever } of test.plans) {
    control.arm(kind, at, forever);
    const r = await run(test, control);
    const { failed } = control.disarm();
    tally.runs++;
    tally.hit += Math.min(failed, 1);
    tally.failed += Number(r.code !== 0);
    const bad = wrong(r);
    if (bad) found(test, `${kind} ${at}${forever ? ' and all after' : ''}: ${bad}\n    ${/#\d+ .* in .*src\/[^\n]*/.exec(r.out.slice(r.out.indexOf('Sanitizer')))?.[0] ?? ''}`);
  }
  control.remove();
  if (test.plans.length > 100) console.log(`${test.name}: ${test.plans.length} done`);
}

async function sideBySide(tests, fn) {
  const left = tests.values();
  await Promise.all(os.cpus().map(async () => {
    for (const t of left) await fn(t);
  }));
}

async function main() {
  const all = tests();
  await sideBySide(all, count);
  const taken = new Set(); // a place is tried in the quickest test that comes by it
  for (const t of [...all].sort((a, b) => (a.ms ?? 0) - (b.ms ?? 0))) t.plans = plans(t, taken);
  const runs = all.reduce((n, t) => n + t.plans.length, 0);
  const ms = all.reduce((n, t) => n + t.plans.length * (t.ms ?? 0), 0);
  if (depth > 0) console.log(`${taken.size} places: ${runs} runs, ${Math.round(ms / 60000 / os.cpus().length)} minutes`);
  await sideBySide(all, torture);
  fs.rmSync(dir, { recursive: true, force: true });
  const bad = all.filter((t) => t.faults.length > 0).length;
  console.log(JSON.stringify({ ...tally, ...(depth > 0 ? { places: taken.size } : {}), seed }));
  console.log(`${all.length - bad} passed, ${bad} failed`);
  process.exitCode = bad > 0 ? 1 : 0;
}

main();
