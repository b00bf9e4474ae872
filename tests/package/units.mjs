// The units of the package, as systemd reads them: well formed, hardened; and no system call of the program is outside
// of what they allow.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const run = (words) => spawnSync(words[0], words.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26 });
const UNITS = ['consilium.service', 'consilium-backup.service', 'consilium-backup-check.service', 'consilium-backup.timer', 'consilium-backup-check.timer'];
const EXPOSURE = 20; // tenths: 0 shut, 100 open

export function units(deb, place, is) {
  const root = path.join(place, 'units');
  if (run(['systemd-analyze', '--version']).status !== 0) {
    console.log('skipped: the units are not looked at: systemd-analyze is not installed');
    return;
  }
  run(['dpkg-deb', '-x', deb, root]);
  fs.mkdirSync(path.join(root, 'bin'));
  fs.copyFileSync('/bin/sh', path.join(root, 'bin/sh')); // every Debian has it
  const dir = path.join(root, 'lib/systemd/system');
  is('all units are in the package', fs.readdirSync(dir).sort(), [...UNITS].sort());
  // Only what is said of our own: the units of the system they name are not in this folder.
  const said = run(['systemd-analyze', 'verify', '--man=no', `--root=${root}`, ...UNITS.map((u) => path.join(dir, u))]);
  const ours = `${said.stdout}${said.stderr}`.split('\n').filter((l) => /consilium/.test(l) && !/not found|Failed to create .*\/start/.test(l));
  is('systemd reads them without complaint', ours, []);
  for (const unit of UNITS.filter((u) => u.endsWith('.service'))) {
    const text = fs.readFileSync(path.join(dir, unit), 'utf8');
    const r = run(['systemd-analyze', 'security', '--offline=true', '--no-pager', `--root=${root}`, unit]);
    const level = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(r.stdout)?.[1] ?? 10) * 10;
    is(`${unit}: exposure at most ${EXPOSURE / 10}`, level <= EXPOSURE, true);
    if (level > EXPOSURE) console.log(r.stdout + r.stderr);
    is(`${unit}: what it gives up`, ['NoNewPrivileges=yes', 'PrivateTmp=yes', 'MemoryDenyWriteExecute=yes', 'CapabilityBoundingSet=', 'LimitCORE=0'].filter((l) => !text.split('\n').includes(l)), []);
  }
}
