// Runs everything that shows the program works: node tools/test_all.mjs [STEP...]
// Each step has its own time and its log in build/test-logs/; a failed step does not stop the others. Steps that
// wait more than they work run side by side.
// Ends with "N passed, N failed".
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '..');
const LOGS = path.join(ROOT, 'build/test-logs');
const JOBS = Math.max(2, os.cpus().length);
process.chdir(ROOT);
fs.mkdirSync(LOGS, { recursive: true });

const presets = (name) => `cmake --preset ${name} && cmake --build --preset ${name} -j${JOBS}`;
const ctest = (preset, label) => `ctest --test-dir build/${preset} -L '${label}' -j${JOBS} --timeout 300 --output-on-failure`;

// name, command, seconds it may take, kind: tests of ctest, and of a runner that ends
// with "N passed, N failed", count one by one. Rows in brackets run at one time.
const STEPS = [
  ['style', 'node tools/check_style.mjs', 120],
  ['texts', 'node tools/po.mjs check', 60],
  ['tools', 'node --test tests/tools/', 120],
  ['content', 'node tools/content_check.mjs', 60],
  ['build', presets('dev'), 1500],
  ['unit', ctest('dev', 'unit'), 600, 'ctest'],
  ['conformance', 'node tests/conformance/run.mjs', 900, 'runner'],
  ['release', presets('release'), 1500],
  [
    ['golden', 'node tests/http/run.mjs', 900, 'runner'],
    ['tls', 'node tests/tls/run.mjs', 300, 'runner'],
    ['golden-tls', 'node tests/http/run.mjs --build release --tls', 600, 'runner'],
  ],
  ['capability', 'node tests/capability.mjs', 120, 'runner'],
  [
    ['smart', 'node tests/smart/run.mjs', 300, 'runner'],
    ['oidc', 'node tests/oidc/run.mjs', 120, 'runner'],
  ],
  [
    ['subs', 'node tests/subs/run.mjs', 600, 'runner'],
    ['notify', 'node tests/notify/run.mjs', 300, 'runner'],
  ],
  ['once', 'node tests/http/once.mjs --build release', 300, 'runner'],
  ['book-once', 'node tests/http/book_once.mjs --build release', 300, 'runner'],
  ['dismissed', 'node tests/http/dismissed.mjs --build release', 120, 'runner'],
  [
    ['consilium', 'node tests/consilium/run.mjs --build release', 300, 'runner'],
    ['signatures', 'node tests/signatures/run.mjs --build release', 240, 'runner'],
  ],
  ['scan', 'node tests/scan/run.mjs', 120, 'runner'],
  ['hostile', 'node tests/http/hostile.mjs --build release', 300, 'runner'],
  ['bulk', 'node tests/bulk/run.mjs', 300, 'runner'],
  [
    ['dicom', 'node tests/dicom/run.mjs', 600, 'runner'],
    ['visits', 'node tests/visits/run.mjs', 600, 'runner'],
  ],
  ['live', 'node tests/live/run.mjs', 300, 'runner'],
  [
    ['browser', 'node tests/pages/run.mjs --only stage,looks,many,patients,visit,images', 1200, 'runner'],
    ['story', 'node tests/pages/run.mjs --only consilium,pictures,story', 1200, 'runner'],
  ],
  ['meetings', 'node tests/pages/room.mjs', 900, 'runner'],
  [
    ['told', 'node tests/pages/told.mjs', 300, 'runner'],
    ['passkeys', 'node tests/passkeys/run.mjs', 240, 'runner'],
  ],
  ['first-change', 'node tests/first_change.mjs', 600],
  [
    ['crash', 'node tests/crash/run.mjs', 900],
    ['crash-live', 'node tests/crash/live.mjs --kills 15', 600],
  ],
  [
    ['crash-codes', 'node tests/crash/codes.mjs', 300, 'runner'],
    ['crash-invites', 'node tests/crash/invites.mjs', 300, 'runner'],
    ['crash-people', 'node tests/crash/people.mjs', 300, 'runner'],
  ],
  [
    ['dicom-kills', 'node tests/dicom/kills.mjs', 300],
    ['faults', 'node tests/faults/run.mjs', 300, 'runner'],
  ],
  [
    ['backup', 'node tests/backup/run.mjs', 600, 'runner'],
    ['package', 'node tests/package/run.mjs', 900, 'runner'],
  ],
  [
    ['backup-s3', 'node tests/backup/s3.mjs', 300, 'runner'],
    ['backup-older', 'node tests/backup/older.mjs', 300, 'runner'],
  ],
  ['asan', `${presets('asan')} && ${ctest('asan', 'unit')}`, 1800, 'ctest'],
  ['tsan', `${presets('tsan')} && ${ctest('tsan', 'unit')} -R '^(os|store|http|work|care)/'`, 1800, 'ctest'],
  [
    ['tsan-golden', 'node tests/http/run.mjs --build tsan', 900, 'runner'],
    ['torture', 'node tests/torture/run.mjs --thin 12', 900, 'runner'], // the asan build: first all with nothing failing
  ],
  ['torture-units', 'node tests/torture/units.mjs --thin 10', 900, 'runner'], // more of both: make torture
  ['fuzz', 'SEED=1 tools/fuzz.sh 5', 1800, 'runner'], // new seeds: make fuzz-short
];

// How a command ended: {status, signal, late}.
function run(command, fd, seconds) {
  return new Promise((done) => {
    const child = spawn('bash', ['-c', command], {
      stdio: ['ignore', fd, fd],
      env: { ...process.env, CMAKE_C_COMPILER_LAUNCHER: process.env.CMAKE_C_COMPILER_LAUNCHER ?? ccache(),
             CCACHE_BASEDIR: ROOT, CCACHE_NOHASHDIR: '1' },
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, seconds * 1000);
    child.once('error', (e) => done({ status: e.code, signal: null, late }));
    child.once('exit', (status, signal) => {
      clearTimeout(timer);
      done({ status, signal, late });
    });
  });
}

async function runStep([name, command, seconds, kind]) {
  const started = Date.now();
  process.stdout.write(`--- ${name}\n`);
  const log = path.join(LOGS, `${name}.log`);
  const fd = fs.openSync(log, 'w');
  const r = await run(command, fd, seconds);
  fs.closeSync(fd);
  const text = fs.readFileSync(log, 'utf8');
  const ok = r.status === 0;
  let passed = ok ? 1 : 0;
  let failed = ok ? 0 : 1;
  let last = [];
  const m = kind === 'ctest' && /(\d+) tests? failed out of (\d+)/.exec(text);
  const own = kind === 'runner' && /^(\d+) passed, (\d+) failed$/m.exec(text);
  if (m && Number(m[2]) > 0) {
    failed = Math.max(Number(m[1]), failed);
    passed = Number(m[2]) - Number(m[1]);
  } else if (own && Number(own[1]) + Number(own[2]) > 0) {
    failed = Math.max(Number(own[2]), failed);
    passed = Number(own[1]);
  }
  if (!ok) {
    const why = r.late ? `took more than ${seconds} s` : `exit ${r.status ?? r.signal}`;
    process.stdout.write(`${text.split('\n').slice(-60).join('\n')}\n${name}: ${why}; whole log: ${path.relative(ROOT, log)}\n`);
    last = [why, ...lastWords(text)];
  }
  const time = ((Date.now() - started) / 1000).toFixed(1);
  return { name, passed, failed, time, last };
}

// What a log that is too long to keep would be asked for first: where it speaks of failure, and its end.
function lastWords(text) {
  const lines = text.split('\n').filter((l) => l.trim()).map((l) => l.slice(0, 6000));
  const told = lines.filter((l) => /FAIL|FINDING|not ok|Error:|runtime error/.test(l)).slice(-6);
  return [...new Set([...told, ...lines.slice(-6)])];
}

function ccache() {
  return spawnSync('ccache', ['--version']).status === 0 ? 'ccache' : '';
}

const groups = STEPS.map((s) => (Array.isArray(s[0]) ? s : [s]));
const names = groups.flat().map((s) => s[0]);
const wanted = process.argv.slice(2);
const unknown = wanted.find((w) => !names.includes(w));
if (unknown) {
  console.error(`no step "${unknown}"; there are: ${names.join(' ')}`);
  process.exit(2);
}
const results = [];
for (const group of groups) {
  const steps = group.filter((s) => wanted.length === 0 || wanted.includes(s[0]));
  results.push(...await Promise.all(steps.map(runStep)));
}
console.log('');
for (const r of results) {
  console.log(`${r.failed ? 'FAILED' : 'ok    '} ${r.name.padEnd(14)} ${String(r.passed).padStart(4)} passed ${String(r.failed).padStart(3)} failed ${r.time.padStart(8)} s`);
}
for (const r of results.filter((x) => x.failed)) {
  console.log(`${r.name} failed: ${r.last.join('\n  ')}`);
}
const sum = (k) => results.reduce((n, r) => n + r[k], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') ? 1 : 0;
