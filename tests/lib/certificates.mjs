// Certificates for HTTPS by the openssl program: an authority of the test's own and whom it vouches for.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

function openssl(...words) {
  const r = spawnSync('openssl', words, { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`openssl ${words.join(' ')}: ${r.stderr}`);
  return r.stdout;
}

export class Authority {
  // dir: a folder that is there.
  constructor(dir) {
    this.dir = dir;
    this.file = path.join(dir, 'authority.pem');
    this.key = path.join(dir, 'authority.key');
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=Test authority',
      '-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', this.key, '-out', this.file);
    this.pem = fs.readFileSync(this.file);
    this.serial = 1000;
  }

  // A certificate and its key, name.pem and name.key, mode 600. days below 0: it has ended. chain: the authority's stands
  // behind it. Gives {certificate, key, serial}.
  make(name, { days = 20, names = 'DNS:localhost,IP:127.0.0.1', chain = true } = {}) {
    const file = (end) => path.join(this.dir, `${name}.${end}`);
    const serial = ++this.serial;
    fs.writeFileSync(file('ext'), `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n`);
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-keyout', file('key'), '-out', file('csr'));
    openssl('x509', '-req', '-in', file('csr'), '-CA', this.file, '-CAkey', this.key, '-set_serial', String(serial), '-days', String(days),
      '-extfile', file('ext'), '-out', file('pem'));
    if (chain) fs.appendFileSync(file('pem'), this.pem);
    fs.chmodSync(file('key'), 0o600);
    return { certificate: file('pem'), key: file('key'), serial };
  }
}
