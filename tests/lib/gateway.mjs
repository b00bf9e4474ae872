// Receivers of notices: a small mail server, and a gateway by HTTP. mode tells how they behave:
// "take", "refuse" (for good), "later" (try later), "silent" (accept the connection, answer nothing), of mail also "stuck"
// (takes the text and never says so).
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

const listen = (server, self) => new Promise((done) => { server.listen(0, '127.0.0.1', () => { self.port = server.address().port; done(self); }); });

// A key and a certificate of localhost that is its own authority, in a folder: NAME.key, NAME.pem.
export function certificate(dir, name) {
  const of = (ending) => path.join(dir, `${name}.${ending}`);
  spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost', '-keyout', of('key'), '-out', of('pem')], { stdio: 'ignore' });
  return { file: of('pem'), key: fs.readFileSync(of('key')), cert: fs.readFileSync(of('pem')) };
}

export class MailServer {
  // secure: {key, cert} for STARTTLS, with begins: TLS from the first byte. sign: "NAME PASSWORD" that is asked for.
  constructor({ secure, begins = false, sign = '' } = {}) {
    this.came = []; // {from, to, text, sealed, signed}
    this.said = []; // every line of a client, as it came
    this.asked = 0; // connections
    this.ended = 0; // of them
    this.mode = 'take';
    Object.assign(this, { secure, begins, sign });
    this.server = begins ? tls.createServer(secure, (s) => this.talk(s, true)) : net.createServer((s) => this.talk(s, false));
    this.server.on('tlsClientError', () => { this.ended += 1; });
    this.server.on('connection', (s) => s.on('close', () => { this.ended += 1; }));
  }

  listen() { return listen(this.server, this); }

  talk(s, sealed) {
    const mail = { from: '', to: '', text: '', sealed, signed: '' };
    let data = false;
    let asks = false; // for the name and password on a line of their own
    let rest = '';
    this.asked += 1;
    s.on('error', () => {});
    if (this.mode === 'silent') return;
    const say = (line) => s.write(`${line}\r\n`);
    const seal = () => {
      say('220 go on');
      s.removeAllListeners('data');
      const t = new tls.TLSSocket(s, { isServer: true, ...this.secure });
      t.on('error', () => {});
      this.talk(t, true);
    };
    const offers = [...(this.secure && !sealed ? ['STARTTLS'] : []), ...(this.sign && sealed ? ['AUTH PLAIN'] : [])];
    const words = {
      EHLO: () => ['mail.test', ...offers].forEach((o, i) => say(`250${i < offers.length ? '-' : ' '}${o}`)),
      STAR: seal,
      AUTH: (l) => {
        asks = !l.split(' ')[2];
        if (asks) return say('334 ');
        mail.signed = Buffer.from(l.split(' ')[2], 'base64').toString().split('\0').slice(1).join(' ');
        say(mail.signed === this.sign ? '235 welcome' : '535 no');
      },
      HELO: () => say('250 mail.test'),
      MAIL: (l) => { mail.from = l; say('250 ok'); },
      RCPT: (l) => {
        if (this.mode === 'refuse') return say('550 no such user');
        if (this.mode === 'later') return say('451 try later');
        mail.to = l;
        say('250 ok');
      },
      DATA: () => { data = true; say('354 go on'); },
      QUIT: () => { say('221 bye'); s.end(); },
    };
    if (!sealed || this.begins) say('220 mail.test');
    s.on('data', (d) => {
      rest += d;
      for (let at = rest.indexOf('\r\n'); at >= 0; at = rest.indexOf('\r\n')) {
        const line = rest.slice(0, at);
        rest = rest.slice(at + 2);
        this.said.push(line);
        if (data && line === '.') {
          data = false;
          this.came.push({ ...mail });
          if (this.mode !== 'stuck') say('250 taken');
        } else if (data) mail.text += `${line}\n`;
        else if (asks) words.AUTH(`AUTH PLAIN ${line}`);
        else (words[line.slice(0, 4).toUpperCase()] ?? (() => say('502 no')))(line);
      }
    });
  }
}

// The words of a message: its base64 body.
export const wordsOf = (mail) => Buffer.from(mail.text.split('\n\n').slice(1).join(''), 'base64').toString();

// What a browser with these keys reads in the body of a push (RFC 8291).
export function pushed(b, keys, auth) {
  const hkdf = (salt, key, info, n) => Buffer.from(crypto.hkdfSync('sha256', key, salt, info, n));
  const [salt, theirs, text] = [b.subarray(0, 16), b.subarray(21, 86), b.subarray(86)];
  const ikm = hkdf(auth, keys.computeSecret(theirs), Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), theirs]), 32);
  const d = crypto.createDecipheriv('aes-128-gcm', hkdf(salt, ikm, 'Content-Encoding: aes128gcm\0', 16), hkdf(salt, ikm, 'Content-Encoding: nonce\0', 12));
  d.setAuthTag(text.subarray(-16));
  const plain = Buffer.concat([d.update(text.subarray(0, -16)), d.final()]);
  return JSON.parse(plain.subarray(0, -1).toString());
}

export class Gateway {
  constructor() {
    this.came = []; // {method, url, headers, body}
    this.asked = 0;
    this.mode = 'take';
    this.answer = () => undefined; // (url) => text of an answer of its own
    this.server = http.createServer((req, res) => {
      const parts = [];
      this.asked += 1;
      if (this.mode === 'silent') return;
      req.on('data', (d) => parts.push(d));
      req.on('end', () => {
        const own = this.answer(req.url);
        if (own === undefined) this.came.push({ method: req.method, url: req.url, headers: req.headers, body: Buffer.concat(parts), mode: this.mode });
        if (this.mode === 'later') res.setHeader('retry-after', '1');
        res.statusCode = { take: 200, refuse: 400, later: 429, gone: 410 }[this.mode];
        res.end(own ?? '');
      });
    });
  }

  listen() { return listen(this.server, this); }
}
