// Test data of others against this program: node tests/conformance/run.mjs [--build PRESET] [SUITE...]
// The data lie in the folder CONFORMANCE_DATA names, else ../shared/conformance beside the checkout;
// without it nothing runs, and a line says so. Prints "SUITE: N passed, M failed, K excused, L left out" and the
// failures; a case that doc/ERRATA.md lists is excused when it fails, and a failure when it does not.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '../..');
const DATA = path.resolve(ROOT, process.env.CONFORMANCE_DATA || '../shared/conformance');
const SHOWN = 200; // failures printed for a suite

// Suite; its folder in the data; arguments of its program, which prints "ok|FAIL|left NAME[: why]" lines
// (tests/conformance/suite.h); the least share of passed cases, where it is not all.
const SUITES = [
  ['ucum', 'ucum', (build) => [`${build}/tests/conformance/conformance_ucum`, DATA], 1],
  ['primitives', 'primitives', (build) => [`${build}/tests/conformance/conformance_primitives`, DATA], 1],
  ['examples', 'examples', (build) => [`${build}/tests/conformance/conformance_examples`, DATA], 1],
  ['fhir-patch', 'patch', (build) => [`${build}/tests/conformance/conformance_fhir-patch`, DATA], 1],
  ['validator-presence', 'validator', (build) => [`${build}/tests/conformance/conformance_validator`, DATA, 'presence'], 0.95],
  ['validator-place', 'validator', (build) => [`${build}/tests/conformance/conformance_validator`, DATA, 'place'], 0.85],
  ['sql-on-fhir', 'sql-on-fhir', (build) => [`${build}/tests/conformance/conformance_sql-on-fhir`, DATA], 1],
  ['sql-on-fhir-experimental', 'sql-on-fhir', (build) => [`${build}/tests/conformance/conformance_sql-on-fhir`, DATA, 'experimental'], 0],
  ['json-patch', 'patch', (build) => [`${build}/tests/conformance/conformance_json-patch`, DATA], 1],
  ['dicom', 'dicom', (build) => ['node', 'tests/conformance/dicom.mjs', path.join(ROOT, build, 'src/app/consilium'), DATA], 1],
  ['searches', 'synthea', (build) => [`${build}/tests/conformance/conformance_searches`, DATA], 1],
  ['types', 'examples', (build) => ['node', 'tests/conformance/types.mjs', path.join(ROOT, build, 'src/app/consilium'), DATA], 1],
  ['synthea', 'synthea', (build) => ['node', 'tests/conformance/synthea.mjs', path.join(ROOT, build, 'src/app/consilium'), DATA], 1],
  ['fhirpath', 'fhirpath', (build) => [`${build}/src/app/consilium`, 'fhirpath', '--tests', path.join(DATA, 'fhirpath')], 1],
  ['extract', 'examples', (build) => [`${build}/tests/conformance/conformance_extract`, DATA], 1],
];

function errata() {
  const file = path.join(ROOT, 'doc/ERRATA.md');
  const rows = fs.readFileSync(file, 'utf8').matchAll(/^\| *([a-z0-9-]+) *\| *`([^`]+)` *\|/gm);
  return [...rows].map((m) => `${m[1]} ${m[2]}`);
}

function runSuite([name, folder, argv, least], build, excuses) {
  const r = { name, passed: 0, excused: 0, left: 0, failures: [] };
  if (!fs.existsSync(path.join(DATA, folder))) return { ...r, absent: true };
  const [program, ...args] = argv(build);
  const run = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28, timeout: 600000, env: { ...process.env, CONFORMANCE_DATA: undefined } });
  for (const line of (run.stdout ?? '').split('\n')) {
    const m = /^(ok|FAIL|left) (.*)$/.exec(line);
    if (!m) continue;
    const key = `${name} ${m[2]}`;
    if (m[1] === 'left') r.left++;
    else if (m[1] === 'ok' && excuses.includes(key)) r.failures.push(`${m[2]}: passes, yet doc/ERRATA.md excuses it`);
    else if (m[1] === 'ok') r.passed++;
    else if (excuses.some((e) => key.startsWith(`${e}: `))) r.excused++;
    else r.failures.push(m[2]);
  }
  if (run.status !== 0) r.failures.push(`the program itself: ${run.error?.message ?? run.signal ?? `exit ${run.status}`}: ${(run.stderr ?? '').trim().split('\n').pop()}`);
  const all = r.passed + r.failures.length;
  r.ok = run.status === 0 && all > 0 && (least === 1 ? r.failures.length === 0 : r.passed / all >= least);
  return r;
}

const argv = process.argv.slice(2);
const at = argv.indexOf('--build');
const preset = at < 0 ? 'dev' : argv.splice(at, 2)[1];
const unknown = argv.find((a) => !SUITES.some((s) => s[0] === a));
if (unknown) {
  console.error(`no suite "${unknown}"; there are: ${SUITES.map((s) => s[0]).join(' ')}`);
  process.exit(2);
}
if (!fs.existsSync(DATA)) {
  console.log(`no conformance data at ${path.relative(process.cwd(), DATA)}: set CONFORMANCE_DATA; nothing was run`);
  process.exit(0);
}
const excuses = errata();
let passed = 0;
let failed = 0;
let open = 0; // failures of suites whose bar is met: named above, no fault of the run
for (const suite of SUITES.filter((s) => argv.length === 0 || argv.includes(s[0]))) {
  const r = runSuite(suite, `build/${preset}`, excuses);
  if (r.absent) {
    console.log(`${r.name}: no data, not run`);
    continue;
  }
  for (const f of r.failures.slice(0, SHOWN)) console.log(`  failed: ${r.name} ${f}`);
  if (r.failures.length > SHOWN) console.log(`  and ${r.failures.length - SHOWN} more`);
  const bar = r.ok && r.failures.length > 0 ? `; the bar of ${100 * suite[3]} % is met` : '';
  console.log(`${r.name}: ${r.passed} passed, ${r.failures.length} failed, ${r.excused} excused, ${r.left} left out${bar}`);
  passed += r.passed;
  if (r.ok) open += r.failures.length;
  else failed += r.failures.length;
  if (!r.ok) process.exitCode = 1;
}
if (open > 0) console.log(`${open} more fail in suites whose bar is met`);
console.log(`${passed} passed, ${failed} failed`);
