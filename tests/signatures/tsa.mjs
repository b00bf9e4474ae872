// A time stamp authority (RFC 3161) for one test: `openssl ts -reply` behind a small HTTP server, which can also lie in every
// way the program must notice.
import fs from 'node:fs';
import http from 'node:http';
import { openssl } from './authority.mjs';

export const POLICY = '1.2.398.3.3.2.6';
const USAGE = 'critical,digitalSignature';

export class Tsa {
  // ca: whose people it is one of; name: of its certificate.
  constructor(ca, name = 'Test TSA') {
    this.ca = ca;
    this.person = ca.issue(`/CN=${name}`, { kind: 'rsa', usage: USAGE, more: 'extendedKeyUsage=critical,timeStamping' });
    this.mode = 'good';
    this.asked = 0;
    this.requests = [];
    fs.writeFileSync(ca.at('tsa-serial'), '01\n');
    fs.writeFileSync(ca.at('tsa.cnf'), `[tsa]\ndefault_tsa=own\n[own]\nserial=tsa-serial\ncrypto_device=builtin\nsigner_digest=sha256\ndefault_policy=${POLICY}\nother_policies=1.2.398.3.3.2.5\ndigests=sha256\nordering=no\ntsa_name=no\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n`);
    this.held = [];
    this.server = http.createServer((req, res) => {
      const parts = [];
      req.on('data', (d) => parts.push(d));
      req.on('end', () => this.answer(req, Buffer.concat(parts), res));
    });
  }

  async start() {
    await new Promise((done) => this.server.listen(this.port ?? 0, '127.0.0.1', done));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/tsa`;
  }

  stop() { for (const r of this.held) r.destroy(); this.server.closeAllConnections?.(); this.server.close(); }

  // What openssl answers to a request, stamped with a person's certificate of this authority.
  reply(request, { person = this.person, ca = this.ca } = {}) {
    const query = ca.at('tsa.tsq');
    fs.writeFileSync(query, request);
    if (ca !== this.ca) for (const f of ['tsa.cnf', 'tsa-serial']) fs.copyFileSync(this.ca.at(f), ca.at(f));
    openssl(['ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'tsa.tsq', '-signer', `${person}.pem`, '-inkey', `${person}.key`, '-chain', 'ca.pem', '-out', 'tsa.tsr'], { dir: ca.dir });
    return fs.readFileSync(ca.at('tsa.tsr'));
  }

  // The request asking for the policy beside ours.
  otherPolicy(request) {
    const changed = Buffer.from(request);
    const oid = Buffer.from('06072a830e03030206', 'hex');
    changed[request.indexOf(oid) + oid.length - 1] = 5;
    return changed;
  }

  // A request of its own over other bytes, or with the nonce of somebody else.
  query(digest, { nonce = true } = {}) {
    return openssl(['ts', '-query', '-digest', digest, '-sha256', '-cert', ...(nonce ? [] : ['-no_nonce'])], { dir: this.ca.dir });
  }

  // The hash a request asks about: the octet string of 32 bytes.
  digest(request) {
    const at = request.indexOf(Buffer.from([0x04, 0x20])) + 2;
    return request.subarray(at, at + 32).toString('hex');
  }

  answer(req, request, res) {
    this.asked++;
    this.requests.push({ type: req.headers['content-type'], method: req.method, length: request.length });
    const send = (bytes, status = 200) => res.writeHead(status, { 'content-type': 'application/timestamp-reply' }).end(bytes);
    const lies = {
      good: () => send(this.reply(request)),
      imprint: () => send(this.reply(this.query('00'.repeat(32)))),
      nonce: () => send(this.reply(this.query(this.digest(request)))),
      nameless: () => send(this.reply(this.query(this.digest(request), { nonce: false }))),
      policy: () => send(this.reply(this.otherPolicy(request))),
      stranger: () => send(this.reply(request, this.stranger)),
      expired: () => send(this.reply(request, { person: this.expired })),
      refuses: () => send(Buffer.from('30053003020102', 'hex')),
      garbage: () => send('<html>Please sign in</html>'),
      huge: () => send(Buffer.alloc(1 << 20, 0x30)),
      error: () => send('', 503),
      slow: () => { this.held.push(req.socket); },
      empty: () => send(''),
    };
    lies[this.mode]();
  }
}
