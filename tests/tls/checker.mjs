// What `consilium config check` and `consilium doctor` say of certificates for HTTPS.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export function checker(p, authority, is) {
  const conf = path.join(authority.dir, 'consilium.conf');
  const run = (words, lines) => {
    fs.writeFileSync(conf, `data = ${p.dir}\nport = 0\n${lines.join('\n')}\n`, { mode: 0o600 });
    const r = spawnSync(p.exe, [...words, '--config', conf], { encoding: 'utf8', env: { ...process.env, ...p.env } });
    return { status: r.status, text: r.stdout + r.stderr };
  };
  const lines = (made, ...more) => [`tls_certificate = ${made.certificate}`, `tls_key = ${made.key}`, 'base_url = https://localhost', ...more];
  const good = authority.make('good', { days: 60 });
  const short = authority.make('short', { days: 10 });
  const open = authority.make('open');
  fs.chmodSync(open.key, 0o644);
  const alone = authority.make('alone', { chain: false });
  const encrypted = { ...good, key: path.join(authority.dir, 'encrypted.key') };
  spawnSync('openssl', ['pkey', '-in', good.key, '-aes128', '-passout', 'pass:secret', '-out', encrypted.key]);
  const cases = [
    ['all is well', lines(good), 0, ''],
    ['well beyond this machine too', lines(good, 'listen = 0.0.0.0'), 0, ''],
    ['ended', lines(authority.make('over', { days: -1 })), 1, 'over.pem has ended: browsers refuse it'],
    ['ends soon', lines(short), 0, 'ends within two weeks'],
    ['the key of another', lines({ ...good, key: short.key }), 1, 'short.key is the key of another certificate'],
    ['for another host', lines(authority.make('foreign', { names: 'DNS:else.example' })), 1, 'is not for the host of base_url'],
    ['readable by all', lines(open), 1, 'open.key holds a secret and is readable by others'],
    ['nothing between', lines(alone), 0, 'name fullchain.pem'],
    ['a passphrase', lines(encrypted), 1, 'opens without a passphrase'],
    ['not there', lines({ ...good, certificate: '/nowhere.pem' }), 1, '/nowhere.pem is not there'],
    ['a folder', lines({ ...good, certificate: authority.dir }), 1, 'is a folder, not a file'],
    ['one without the other', [`tls_certificate = ${good.certificate}`], 1, 'belong together'],
    ['on a socket', lines(good, 'listen = unix:/run/x', 'trust_proxy = true'), 1, 'leave the certificate to the proxy'],
  ];
  for (const [what, settings, status, words] of cases) {
    const got = run(['config', 'check'], settings);
    const of = got.text.split('\n').filter((l) => /tls_|listen|base_url/.test(l)).join('\n');
    is(`checker, ${what}`, [got.status === 0 ? 0 : 1, words === '' ? of : got.text.includes(words)], [status, words === '' ? '' : true]);
    if (words !== '' && !got.text.includes(words)) console.log(got.text);
  }
  const advised = (made) => run(['doctor'], lines(made)).text.split('\n').filter((l) => l.includes('tls_certificate'));
  is('doctor, all is well', advised(good), []);
  is('doctor, ends soon', advised(short).map((l) => l.slice(0, 69)), ['advice: the certificate for HTTPS (tls_certificate) ends in 9 days: r']);
  is('doctor, ended', advised(authority.make('gone', { days: -1 })).map((l) => l.slice(0, 63)), ['urgent: the certificate for HTTPS (tls_certificate) has ended: ']);
  is('doctor, no key', advised({ ...good, key: short.key }).map((l) => l.slice(0, 38)), ['urgent: the program cannot serve with ']);
}
