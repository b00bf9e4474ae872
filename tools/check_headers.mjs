// Each header begins with #pragma once and compiles alone.
import { spawn, spawnSync } from 'node:child_process';
import os from 'node:os';
import { files, main, read } from './check_lib.mjs';

const packages = ['libmicrohttpd', 'sqlite3', 'libsodium', 'openssl', 'pangocairo', 'libqrencode', 'libmagic'];
const cflags = packages.flatMap((p) => {
  const r = spawnSync('pkg-config', ['--cflags', p], { encoding: 'utf8' });
  return r.status === 0 ? r.stdout.trim().split(/\s+/).filter(Boolean) : [];
});

const list = files(/^(src|tests)\/.*\.h$/);
const results = new Map();
const compile = (f) => new Promise((done) => {
  const p = spawn('gcc', ['-std=gnu17', '-D_GNU_SOURCE', '-fsyntax-only', '-Wall', '-Wextra', '-Isrc', '-Ibuild/dev/gen', ...cflags, '-x', 'c', f]);
  let text = '';
  p.stderr.on('data', (d) => { text += d; });
  p.on('close', (status) => {
    // The one file given is a header: gcc remarks on its #pragma once.
    results.set(f, status === 0 ? '' : text.split('\n').find((l) => l.includes('error')) || text);
    done();
  });
});
const queue = [...list];
await Promise.all(Array.from({ length: os.cpus().length }, async () => {
  while (queue.length) await compile(queue.shift());
}));
main((report) => {
  for (const f of list) {
    if (!/^#pragma once$/m.test(read(f))) report(f, 1, 'no #pragma once');
    if (results.get(f)) report(f, 1, `does not compile alone: ${results.get(f)}`);
  }
});
