// No writable globals or statics: the .data and .bss symbols of the built objects against a short list.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { main } from './check_lib.mjs';

// symbol -> why it may be written
const ALLOWED = {
  stop_signal: 'app: the flag a signal handler sets',
};
const BUILD = ['build/dev/src', 'build/release/src'].find((d) => fs.existsSync(d));

function objects(dir, out = []) {
  for (const e of fs.readdirSync(dir, { withFileTypes: true })) {
    const p = path.join(dir, e.name);
    if (e.isDirectory()) objects(p, out);
    else if (/\.c\.o$/.test(e.name) && !/_(test|fuzz)\.c\.o$/.test(e.name) && p.includes('/room_')) out.push(p);
  }
  return out;
}

main((report) => {
  if (!BUILD) return;
  const list = objects(BUILD);
  if (!list.length) return;
  const r = spawnSync('nm', ['-A', '--defined-only', ...list], { encoding: 'utf8', maxBuffer: 1 << 27 });
  for (const line of r.stdout.split('\n')) {
    const m = /^(.*\.o):[0-9a-f]+ ([bBdDcC]) (.+)$/.exec(line);
    if (!m || /^(__|\.LC|ubsan|asan)/.test(m[3])) continue;
    const name = m[3].replace(/\.\d+$/, '');
    const section = spawnSync('nm', ['-f', 'sysv', m[1]], { encoding: 'utf8' }).stdout;
    const row = section.split('\n').find((l) => l.split('|')[0].trim() === m[3]);
    if (row && /\.data\.rel\.ro/.test(row)) continue;
    if (!(name in ALLOWED)) report(path.relative('.', m[1]), 1, `writable global: ${name}`);
  }
});
