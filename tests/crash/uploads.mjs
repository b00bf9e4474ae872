// Files under kill -9: no acknowledged byte is lost, and a complete file is the one that was sent.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { signIn } from '../lib/session.mjs';
import { PASSWORD } from '../lib/world.mjs';

const FILES = 3; // at once
const PART = 192 * 1024;
const PARTS = 20;
const b64 = (s) => Buffer.from(s).toString('base64');

// One request of tus. as: a token; into: what the file is for.
export const tus = (t, as, method, rel, headers, body) => t.call(method, rel, { authorization: `Bearer ${as}`, 'tus-resumable': '1.0.0', ...headers }, body);
export async function tusBegin(t, as, into, name, type, bytes) {
  const meta = `filename ${b64(name)},filetype ${b64(type)},case ${b64(into)}`;
  const r = await tus(t, as, 'POST', '/uploads', { 'upload-length': String(bytes.length), 'upload-metadata': meta });
  if (r.status === 201) return r.headers.location;
  t.fault(`upload: ${r.status} ${r.body.slice(0, 200)}`);
  throw new Error('refused');
}
export async function tusPart(t, as, url, offset, bytes) {
  const r = await tus(t, as, 'PATCH', url, { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }, bytes);
  if (r.status === 204) return Number(r.headers['upload-offset']);
  t.fault(`PATCH at ${offset} answered ${r.status}: ${r.body.slice(0, 200)}`);
  throw new Error('refused');
}

export class Uploads {
  // token: of the doctor whose draft takes the files.
  constructor(t, token) {
    Object.assign(this, { t, token, open: [], begun: 0, stored: 0 });
  }

  // A draft of a request, begun as the pages do it: uploads need one.
  async begin() {
    const doctor = await signIn(this.t.program, 'doctor', PASSWORD);
    const r = await doctor.post('/ask/register', { unidentified: 'true', sex: 'male', age: '40', note: 'found at the station', once: randomUUID().replaceAll('-', '') });
    this.draft = /^\/ask\/([a-z0-9]+)/.exec(r.headers.location ?? '')?.[1];
    if (!this.draft) throw new Error(`no draft: ${r.status} ${r.body.slice(0, 2000)}`);
  }

  async load() {
    while (this.open.length < FILES) {
      const bytes = Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(PART * PARTS)]);
      const url = await tusBegin(this.t, this.token, this.draft, `scan-${++this.begun}.pdf`, 'application/pdf', bytes);
      this.open.push({ url, bytes, acked: 0, sha: createHash('sha256').update(bytes).digest('hex') });
    }
    await Promise.all(this.open.map((up) => this.send(up)));
  }

  async send(up) {
    while (up.acked < up.bytes.length) up.acked = await tusPart(this.t, this.token, up.url, up.acked, up.bytes.subarray(up.acked, up.acked + PART));
  }

  async check() {
    for (const up of this.open) await this.checkOne(up);
    this.open = this.open.filter((up) => up.acked < up.bytes.length);
  }

  async checkOne(up) {
    const r = await tus(this.t, this.token, 'HEAD', up.url, {});
    const offset = Number(r.headers['upload-offset']);
    if (r.status !== 200 || !(offset >= up.acked)) return this.t.fault(`upload stands at ${offset} (status ${r.status}), ${up.acked} bytes were acknowledged`);
    up.acked = offset;
    if (offset < up.bytes.length) return undefined;
    const s = JSON.parse((await tus(this.t, this.token, 'GET', up.url, {})).body);
    if (s.state !== 'complete' || s.sha256 !== up.sha) this.t.fault(`upload ${up.url}: ${s.state}, SHA-256 ${s.sha256}, sent ${up.sha}`);
    this.stored += 1;
    return tus(this.t, this.token, 'DELETE', up.url, {});
  }
}
