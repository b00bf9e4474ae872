// The TypeScript of web/ against its types: what tsc says, as file:line.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { main } from './check_lib.mjs';

main((report) => {
  if (!fs.existsSync('node_modules/typescript/bin/tsc')) return;
  const r = spawnSync('node', ['node_modules/typescript/bin/tsc', '-p', '.', '--pretty', 'false'], { encoding: 'utf8' });
  for (const line of r.stdout.split('\n')) {
    const m = /^(.+?)\((\d+),\d+\): error (.+)$/.exec(line);
    if (m) report(m[1], m[2], m[3]);
  }
});
