// An authority made by the openssl program for one test: a root, an issuing authority below it, people's certificates,
// revocation lists, OCSP answers and signatures. Nothing of it outlives the test.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export function openssl(words, { input, dir } = {}) {
  const r = spawnSync('openssl', words, { cwd: dir, input, maxBuffer: 1 << 24 });
  if (r.status !== 0) throw new Error(`openssl ${words.join(' ')}: ${r.stderr}`);
  return r.stdout;
}

const stamp = (ms) => `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;

const KEYS = {
  ec: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  gost: ['-algorithm', 'gost2012_256', '-pkeyopt', 'paramset:A'],
  weak: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
};

// Is Debian's engine for GOST R 34.10-2012 installed?
export const hasGost = () => spawnSync('openssl', ['engine', 'gost']).status === 0;

export class Authority {
  // gost: all keys and hashes are those of GOST R 34.10-2012 and 34.11-2012.
  constructor(name, { gost = false } = {}) {
    this.name = name;
    this.gost = gost;
    this.engine = gost ? ['-engine', 'gost'] : [];
    this.md = gost ? 'md_gost12_256' : 'sha256';
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-authority-'));
    this.n = 0;
    fs.writeFileSync(this.at('index.txt'), '');
    fs.writeFileSync(this.at('index.txt.attr'), 'unique_subject = no\n');
    fs.writeFileSync(this.at('crlnumber'), '01\n');
    fs.writeFileSync(this.at('root.cnf'), `[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n`);
    this.key('root.key', 'ec');
    this.run(['req', '-x509', `-${this.md}`, '-new', '-key', 'root.key', '-subj', `/CN=${name} root`, '-days', '30', '-config', 'root.cnf', '-out', 'root.pem']);
    this.key('ca.key', 'rsa');
    this.run(['req', '-new', `-${this.md}`, '-key', 'ca.key', '-subj', `/CN=${name} issuing`, '-config', 'root.cnf', '-out', 'ca.csr']);
    this.run(['x509', '-req', `-${this.md}`, '-in', 'ca.csr', '-CA', 'root.pem', '-CAkey', 'root.key', '-set_serial', '7', '-days', '20', '-extfile', 'root.cnf', '-extensions', 'ca', '-out', 'ca.pem']);
    this.certs = fs.readFileSync(this.at('root.pem'), 'utf8') + fs.readFileSync(this.at('ca.pem'), 'utf8');
  }

  at(file) { return path.join(this.dir, file); }

  // A word of openssl, with the engine where there is one.
  run([word, ...words]) { return openssl([word, ...this.engine, ...words], { dir: this.dir }); }

  key(file, kind) { this.run(['genpkey', ...KEYS[this.gost ? 'gost' : kind], '-out', file]); }

  // A person's certificate: subject as "/CN=Name/serialNumber=IIN...", valid from..to (ms).
  issue(subject, { kind = 'ec', from = Date.now() - 3600e3, to = Date.now() + 864e5, usage = 'critical,nonRepudiation', more = '' } = {}) {
    const n = `p${++this.n}`;
    this.key(`${n}.key`, kind);
    fs.writeFileSync(this.at('issue.cnf'), `oid_section=oids\n[oids]\npinfl=1.2.860.3.16.1.2\n[req]\ndistinguished_name=dn\nstring_mask=utf8only\n[dn]\n[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=${this.md}\npolicy=any\ncopy_extensions=none\nx509_extensions=person\ncrlnumber=crlnumber\nunique_subject=no\npreserve=yes\n[any]\n[person]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=${usage}\n${more}\n`);
    this.run(['req', '-new', `-${this.md}`, '-utf8', '-key', `${n}.key`, '-subj', subject, '-config', 'issue.cnf', '-out', `${n}.csr`]);
    this.run(['ca', '-batch', '-config', 'issue.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-in', `${n}.csr`, '-preserveDN', '-startdate', stamp(from), '-enddate', stamp(to), '-notext', '-out', `${n}.pem`]);
    return n;
  }

  // at: what the list will say of the time.
  revoke(person, at = Date.now()) {
    this.run(['ca', '-config', 'issue.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-revoke', `${person}.pem`]);
    const rows = fs.readFileSync(this.at('index.txt'), 'utf8').trim().split('\n').map((row) => row.split('\t'));
    const serial = openssl(['x509', '-in', `${person}.pem`, '-noout', '-serial'], { dir: this.dir }).toString().trim().split('=')[1];
    rows.find((row) => row[3] === serial)[2] = stamp(at).slice(2);
    fs.writeFileSync(this.at('index.txt'), `${rows.map((row) => row.join('\t')).join('\n')}\n`);
  }

  // The list of who is revoked now; until: when it is out of date.
  list({ from = Date.now() - 72e5, until = Date.now() + 864e5 } = {}) {
    this.run(['ca', '-config', 'issue.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-gencrl', '-crl_lastupdate', stamp(from), '-crl_nextupdate', stamp(until), '-out', 'list.pem']);
    return openssl(['crl', '-in', 'list.pem', '-outform', 'DER'], { dir: this.dir });
  }

  // What the root says of the issuing authority: nothing against it.
  rootList() {
    fs.writeFileSync(this.at('root-index.txt'), '');
    fs.writeFileSync(this.at('rootca.cnf'), `[ca]\ndefault_ca=own\n[own]\ndatabase=root-index.txt\ndefault_md=${this.md}\n`);
    this.run(['ca', '-config', 'rootca.cnf', '-cert', 'root.pem', '-keyfile', 'root.key', '-gencrl', '-crl_lastupdate', stamp(Date.now() - 72e5), '-crl_nextupdate', stamp(Date.now() + 9 * 864e5), '-out', 'root-list.pem']);
    return fs.readFileSync(this.at('root-list.pem'));
  }

  ocsp(request) {
    fs.writeFileSync(this.at('ocsp.req'), request);
    openssl(['ocsp', '-index', 'index.txt', '-CA', 'ca.pem', '-rsigner', 'ca.pem', '-rkey', 'ca.key', '-reqin', 'ocsp.req', '-respout', 'ocsp.res', '-ndays', '1'], { dir: this.dir });
    return fs.readFileSync(this.at('ocsp.res'));
  }

  // Signs bytes; who: one person or several. more: further words for openssl cms.
  sign(bytes, who, { form = 'DER', md = this.md, attached = false, more = [] } = {}) {
    fs.writeFileSync(this.at('document'), bytes);
    const words = ['cms', '-sign', '-binary', '-nosmimecap', '-in', 'document', '-md', md, '-outform', form, '-out', 'signature'];
    if (!more.includes('-noattr')) words.push('-cades');
    for (const w of [who].flat()) words.push('-signer', `${w}.pem`, '-inkey', `${w}.key`);
    if (attached) words.push('-nodetach');
    this.run([...words, ...more]);
    return fs.readFileSync(this.at('signature'));
  }

  remove() { fs.rmSync(this.dir, { recursive: true, force: true }); }
}
