// Backups and data folders of former schemas: a check says what would be brought up and touches nothing, a restore
// does it, commands that only look refuse in words, and the program that serves brings a folder up.
//   node tests/backup/older.mjs [--build release]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checks } from '../lib/checks.mjs';
import { option, Program, ROOT } from '../lib/program.mjs';
import { tree } from './tools.mjs';

const build = option(process.argv.slice(2), '--build', 'release');
const { is, end } = checks();
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-older-'));
process.on('exit', () => fs.rmSync(place, { recursive: true, force: true }));
const password = path.join(place, 'password');
fs.writeFileSync(password, 'a password of this test\n', { mode: 0o600 });
const repo = path.join(place, 'repository');
const program = await new Program({ build }).fill();
const newest = Number(/schema (\d+)/.exec(program.cli(['version']))[1]);

const run = (words, data = program.dir) => {
  const settings = ['--data', data, '--backup-to', repo, '--backup-password-file', password];
  const r = spawnSync(program.exe, [...words, ...settings], { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 300000 });
  return { status: r.status, text: r.stdout + r.stderr };
};
const restic = (words, cwd) => spawnSync('restic', ['-r', repo, '--password-file', password, '-q', ...words], { cwd });

// The program's folder as one of schema k had it.
function former(k) {
  const dir = path.join(place, `schema-${k}`);
  fs.cpSync(program.dir, dir, { recursive: true });
  const db = path.join(dir, 'consilium.db');
  fs.rmSync(db);
  const r = spawnSync(path.join(ROOT, 'build', build, 'src/store/store_migrate_test'), ['--former', path.join(program.dir, 'consilium.db'), db, String(k)], { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`no folder of schema ${k}: ${r.stdout}${r.stderr}`);
  return dir;
}
// A backup as the program of schema k made it.
function backup(dir, k) {
  const at = path.join(place, `stage-${k}`);
  const stage = path.join(at, 'backup.part');
  fs.cpSync(dir, stage, { recursive: true });
  fs.renameSync(path.join(stage, 'blobs'), path.join(at, 'blobs'));
  const database = createHash('sha256').update(fs.readFileSync(path.join(stage, 'consilium.db'))).digest('hex');
  fs.writeFileSync(path.join(stage, 'manifest.json'), JSON.stringify({ program: '0.0.1', schema: k, at: '2026-01-01T00:00:00Z', database }));
  restic(['backup', '--tag', 'consilium', '--host', 'consilium', 'backup.part', 'blobs'], at);
  fs.rmSync(at, { recursive: true });
}
const version = (dir) => Number(spawnSync('sqlite3', ['-readonly', path.join(dir, 'consilium.db'), 'PRAGMA user_version'], { encoding: 'utf8' }).stdout);

restic(['init']);
is('resources are exported', run(['export', '--out', path.join(place, 'present')]).status, 0);
const resources = tree(path.join(place, 'present'));
for (const k of [newest - 1, 12]) {
  const dir = former(k);
  backup(dir, k);
  const before = tree(dir);

  const looked = run(['restore', '--check'], dir);
  is(`a check of a backup of schema ${k} says what is brought up`, [looked.status, new RegExp(`of schema ${k}: the copy that is looked at was brought up to ${newest}`).test(looked.text)], [0, true]);
  if (looked.status !== 0) console.log(looked.text.slice(-1500));
  const doctor = run(['doctor'], dir);
  is(`the doctor says it of a folder of schema ${k}`, [doctor.status, new RegExp(`of schema ${k}; this program brings it up to ${newest}`).test(doctor.text)], [1, true]);
  is('and both leave it as it was', [tree(dir), version(dir)], [before, k]);

  const back = path.join(place, `back-${k}`);
  const restored = run(['restore', back], dir);
  is(`a backup of schema ${k} is restored and brought up`, [restored.status, /it was brought up to/.test(restored.text), version(back)], [0, true, newest]);
  is('the doctor finds nothing in it', run(['doctor'], back).status, 0);
  is('resources are exported', run(['export', '--out', path.join(place, `of-${k}`)], back).status, 0);
  is('resources, file by file', tree(path.join(place, `of-${k}`)), resources);

  const served = await new Program({ build, dir }).start();
  is(`a folder of schema ${k} is served`, (await served.request('GET', '/healthz')).status, 200);
  await served.stop();
  is('and is of the present schema then', [version(dir), run(['doctor'], dir).status], [newest, 0]);
  for (const d of [dir, back]) fs.rmSync(d, { recursive: true });
}
program.remove();
end();
