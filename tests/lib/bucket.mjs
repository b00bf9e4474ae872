// An S3 server for tests on 127.0.0.1: s3rver keeps the objects, in files, and speaks the protocol over TLS. It
// does not check signatures of version 4; this does, by AWS "Signature Version 4 signing process". It can go away
// in the middle of a request and come back at the same port.
import { spawnSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import S3rver from 's3rver';

const KEY = 'S3RVER'; // the account s3rver has; its secret is the same word

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const sha = (text) => createHash('sha256').update(text).digest('hex');
// RFC 3986: each byte but the unreserved ones.
const quote = (s) => encodeURIComponent(s).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

// Whether the request's Authorization is what secret makes of it.
function isSigned(req, secret) {
  const m = /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
    .exec(req.headers.authorization ?? '');
  if (!m) return false;
  const [, day, region, names, signature] = m;
  const url = new URL(req.url, 'https://127.0.0.1');
  const query = [...url.searchParams].map(([k, v]) => `${quote(k)}=${quote(v)}`).sort().join('&');
  const fields = names.split(';').map((n) => `${n}:${String(req.headers[n] ?? '').trim().replace(/ +/g, ' ')}\n`).join('');
  const place = decodeURIComponent(url.pathname).split('/').map(quote).join('/');
  const request = [req.method, place, query, fields, names, req.headers['x-amz-content-sha256']].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', req.headers['x-amz-date'], scope, sha(request)].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce(hmac, `AWS4${secret}`);
  return hmac(key, text).toString('hex') === signature;
}

export class Bucket {
  // dir: a folder that is there, for its certificate and its objects.
  constructor(dir, name) {
    this.name = name;
    this.objects = path.join(dir, 'objects');
    this.certificate = path.join(dir, 'certificate.pem');
    this.key = path.join(dir, 'key.pem');
    this.port = 0;
    this.open = true;
    this.refused = 0; // requests with another signature
    this.sockets = new Set();
    this.before = () => {}; // called with each request, before it is answered
    fs.mkdirSync(this.objects);
    spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
      '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', this.key, '-out', this.certificate]);
  }

  async start() {
    const s3 = new S3rver({ silent: true, directory: this.objects, configureBuckets: [{ name: this.name, configs: [] }] });
    await s3.configureBuckets();
    const answer = s3.callback();
    this.server = https.createServer({ key: fs.readFileSync(this.key), cert: fs.readFileSync(this.certificate) }, (req, res) => {
      this.before(req);
      const known = (req.headers.authorization ?? '').includes(`Credential=${KEY}/`);
      if (!this.open) return req.socket.destroy();
      if (!known || isSigned(req, KEY)) return answer(req, res);
      this.refused++;
      res.writeHead(403, { 'content-type': 'application/xml' });
      return res.end('<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match.</Message></Error>');
    });
    this.server.on('connection', (s) => {
      this.sockets.add(s);
      s.on('close', () => this.sockets.delete(s)).on('error', () => {});
    });
    this.open = true;
    await new Promise((done) => this.server.listen(this.port, '127.0.0.1', done));
    this.port = this.server.address().port;
    return this;
  }

  // Gone: no answer to what is under way, nobody listens.
  stop() {
    this.open = false;
    this.server.close();
    for (const s of this.sockets) s.destroy();
  }

  // What backup_to says, and the environment a client needs. The certificate is of no authority: it is named.
  place(at) {
    return `s3:https://127.0.0.1:${this.port}/${this.name}/${at}`;
  }

  env(more = {}) {
    return { AWS_ACCESS_KEY_ID: KEY, AWS_SECRET_ACCESS_KEY: KEY, SSL_CERT_FILE: this.certificate, ...more };
  }

  // Files that hold the objects below a place; s3rver keeps what it says of them beside.
  files(at) {
    const base = path.join(this.objects, this.name, at);
    const all = fs.existsSync(base) ? fs.readdirSync(base, { recursive: true, withFileTypes: true }) : [];
    return all.filter((e) => e.isFile() && e.name.endsWith('._S3rver_object')).map((e) => path.join(e.parentPath ?? e.path, e.name)).sort();
  }
}
