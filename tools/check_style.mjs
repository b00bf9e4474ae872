// The checkers of the house style: node tools/check_style.mjs [NAME...]
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const HERE = path.dirname(new URL(import.meta.url).pathname);
const CHECKS = [
  ['layers', 'includes point down'],
  ['headers', 'each header compiles alone'],
  ['readme', 'each room lists its files'],
  ['fuzz', 'each parser has a fuzz target'],
  ['banned', 'banned functions, SQL and HTML out of place'],
  ['size', 'lengths of files, functions, lines'],
  ['tables', 'no row twice'],
  ['text', 'blanks, comments, machine paths'],
  ['types', 'the scripts of the pages'],
  ['globals', 'no writable globals'],
  ['unused', 'nothing offered that nobody calls'],
];

let failed = 0;
const wanted = process.argv.slice(2);
for (const [name, what] of CHECKS) {
  if (wanted.length && !wanted.includes(name)) continue;
  const started = Date.now();
  const r = spawnSync('node', [path.join(HERE, `check_${name}.mjs`)], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const n = r.stdout.split('\n').filter(Boolean).length;
  if (r.status !== 0) {
    failed++;
    process.stdout.write(r.stdout + r.stderr);
  }
  console.log(`${r.status === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${what}${r.status === 0 ? '' : ` (${n} faults)`} ${Date.now() - started} ms`);
}
process.exitCode = failed ? 1 : 0;
