// The example of a hook for certbot, run as certbot runs it: the files are the program's, and it is told.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/program.mjs';

export function hook(authority, is) {
  const dir = path.join(authority.dir, 'hook');
  const lineage = path.join(dir, 'lineage');
  const bin = path.join(dir, 'bin');
  const to = path.join(dir, 'tls');
  for (const d of [dir, lineage, bin]) fs.mkdirSync(d);
  fs.writeFileSync(path.join(bin, 'systemctl'), `#!/bin/sh\necho "$@" >> ${dir}/said\n`, { mode: 0o755 });
  const group = spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim();
  const renew = (made) => {
    fs.copyFileSync(made.certificate, path.join(lineage, 'fullchain.pem'));
    fs.copyFileSync(made.key, path.join(lineage, 'privkey.pem'));
    return spawnSync(path.join(ROOT, 'packaging/examples/certbot-deploy'), [], { encoding: 'utf8',
      env: { PATH: `${bin}:${process.env.PATH}`, RENEWED_LINEAGE: lineage, CONSILIUM_TLS: to, CONSILIUM_GROUP: group } });
  };
  for (const name of ['hooked', 'hooked-again']) {
    const made = authority.make(name);
    const r = renew(made);
    is(`hook of certbot: ${name}`, [r.status, r.stderr], [0, '']);
    is('the files are there', [fs.readFileSync(path.join(to, 'fullchain.pem')).equals(fs.readFileSync(made.certificate)), fs.readFileSync(path.join(to, 'privkey.pem')).equals(fs.readFileSync(made.key))], [true, true]);
    is('for the group alone', ['fullchain.pem', 'privkey.pem'].map((f) => fs.statSync(path.join(to, f)).mode & 0o777), [0o640, 0o640]);
  }
  is('nothing else lies there', fs.readdirSync(to).sort(), ['fullchain.pem', 'privkey.pem']);
  is('the program is told each time', fs.readFileSync(path.join(dir, 'said'), 'utf8').split('\n').filter((l) => l === 'reload consilium').length, 2);
  fs.rmSync(path.join(lineage, 'privkey.pem'));
  const broken = spawnSync(path.join(ROOT, 'packaging/examples/certbot-deploy'), [], { env: { PATH: `${bin}:${process.env.PATH}`, RENEWED_LINEAGE: lineage, CONSILIUM_TLS: to, CONSILIUM_GROUP: group } });
  is('half a renewal changes nothing', [broken.status !== 0, fs.readdirSync(to).includes('privkey.pem')], [true, true]);
}
