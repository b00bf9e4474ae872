// doc/FIRST-CHANGE.md as a test: its blocks are carried out on a copy of the tree.
//   ```c file=PATH     the file is made    ```c append=PATH   the lines are added
//   ```sh run          the commands end well
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '..');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-first-change-'));
process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));

const files = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
for (const f of files.stdout.split('\0').filter((n) => n && fs.existsSync(path.join(ROOT, n)))) {
  fs.mkdirSync(path.dirname(path.join(dir, f)), { recursive: true });
  fs.copyFileSync(path.join(ROOT, f), path.join(dir, f));
}
// Packages are installed already; the copy borrows them.
if (fs.existsSync(path.join(ROOT, 'node_modules'))) fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(dir, 'node_modules'));

const doc = fs.readFileSync(path.join(ROOT, 'doc/FIRST-CHANGE.md'), 'utf8');
const done = { file: 0, append: 0, run: 0 };
for (const [, how, target, body] of doc.matchAll(/^```\w+ (file|append|run)(?:=(\S+))?\n(.*?)^```$/gms)) {
  done[how] += 1;
  if (how === 'file') fs.writeFileSync(path.join(dir, target), body);
  else if (how === 'append') fs.appendFileSync(path.join(dir, target), body);
  else {
    for (const line of body.trim().split('\n')) {
      const r = spawnSync('bash', ['-c', line], { cwd: dir, encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, CCACHE_BASEDIR: dir } });
      if (r.status !== 0) {
        console.log(`${r.stdout}\n${r.stderr}`.split('\n').slice(-60).join('\n'));
        console.log(`doc/FIRST-CHANGE.md: this line failed: ${line}`);
        process.exit(1);
      }
      const m = /(\d+) tests? failed out of (\d+)/.exec(r.stdout);
      if (m) {
        console.log(`${m[2]} tests ran, ${m[1]} failed`);
        if (m[2] !== '3') { console.log('three tests were expected'); process.exit(1); }
      }
    }
  }
}
if (done.file !== 2 || done.append !== 1 || done.run !== 1) {
  console.log(`the page no longer has its four steps: ${JSON.stringify(done)}`);
  process.exit(1);
}
