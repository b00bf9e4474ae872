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
  const r = spawnSync('nm', ['-A', '-f', 'sysv', '--defined-only', ...list], { encoding: 'utf8', maxBuffer: 1 << 28 });
  for (const line of r.stdout.split('\n')) {
    const cells = line.split('|').map((c) => c.trim());
    if (cells.length < 7 || !/^(\.data|\.bss|\*COM\*|\.tbss|\.tdata)/.test(cells[6]) || cells[6].startsWith('.data.rel.ro')) continue;
    const [, file, symbol] = /^(.*\.o):(.*)$/.exec(cells[0]) ?? [];
    const name = (symbol ?? '').trim().replace(/\.\d+$/, '');
    if (!name || /^(__|\.|ubsan|asan)/.test(name) || cells[3] === 'SECTION') continue;
    if (!(name in ALLOWED)) report(path.relative('.', file), 1, `writable global: ${name}`);
  }
});
