// Torture of the unit tests: each test program of a build with -DFAULTS=ON while one call fails.
//   node tests/torture/units.mjs [--build asan] [--tries N] [--seed N] [--thin N] [NAME...]
// N calls of each kind, chosen from the seed; thinned, one in N of those.
// A test may fail then, in words; the program may not crash, hang, break a rule of its own or touch what is not its.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { option, ROOT } from '../lib/program.mjs';
import { choose, Control, KINDS } from './control.mjs';

const args = process.argv.slice(2);
const build = option(args, '--build', 'asan');
const tries = Number(option(args, '--tries', 1));
const seed = option(args, '--seed', 'unit');
const thin = Number(option(args, '--thin', 1));
const SECONDS = 100;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-torture-'));
const tally = { runs: 0, failed: 0, hit: 0 };

function tests() {
  const r = spawnSync('ctest', ['--test-dir', path.join(ROOT, 'build', build), '-L', 'unit', '--show-only=json-v1'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return JSON.parse(r.stdout).tests.map((t) => ({ name: t.name, exe: t.command[0] }))
    .filter((t) => args.length === 0 || args.includes(t.name));
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

async function one(test, faults) {
  const chosen = (kind) => Array.from({ length: tries }, (_, i) => i).filter((i) => choose(seed, thin, test.name, kind, i, 'thin') === 1);
  if (!KINDS.some((kind) => chosen(kind).length > 0)) return;
  const control = new Control(path.join(dir, test.name.replace(/\W/g, '_')));
  const clean = await run(test, control);
  const counts = control.disarm();
  if (clean.code !== 0) faults.push(`${test.name}: does not pass with nothing failing`);
  for (const kind of KINDS) {
    for (const i of chosen(kind).filter((n) => n < counts[kind])) {
      const at = choose(seed, counts[kind], test.name, kind, i);
      control.arm(kind, at, choose(seed, 2, test.name, kind, i) === 2);
      const r = await run(test, control);
      const { failed } = control.disarm();
      tally.runs++;
      tally.hit += Math.min(failed, 1);
      tally.failed += Number(r.code !== 0);
      const bad = wrong(r);
      if (bad) faults.push(`${test.name}: ${kind} ${at}: ${bad}\n    ${/#\d+ .* in .*src\/[^\n]*/.exec(r.out.slice(r.out.indexOf('Sanitizer')))?.[0] ?? ''}`);
    }
  }
  control.remove();
}

async function main() {
  const left = tests();
  const n = left.length;
  let bad = 0;
  await Promise.all(Array.from({ length: os.cpus().length }, async () => {
    for (let t = left.shift(); t; t = left.shift()) {
      const faults = [];
      await one(t, faults);
      bad += Math.min(faults.length, 1);
      for (const f of faults) console.log(f);
    }
  }));
  fs.rmSync(dir, { recursive: true, force: true });
  console.log(JSON.stringify({ ...tally, seed }));
  console.log(`${n - bad} passed, ${bad} failed`);
  process.exitCode = bad > 0 ? 1 : 0;
}

main();
