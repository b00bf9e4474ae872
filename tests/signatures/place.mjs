// A region whose server takes signatures of people's own tokens: cases as far as the preview, and the signature sent by the
// form of the page.
import { randomBytes } from 'node:crypto';
import { aCase, once, sent } from '../lib/consilium.mjs';
import { signIn } from '../lib/session.mjs';
import { PASSWORD } from '../lib/world.mjs';

const CONCLUSION = { go: 'preview', 'examined.what': 'seen-extract', answerable: 'answer-full', findings: 'Changes without ST elevation',
  'diagnosis.code': 'I20.0 Unstable angina', 'diagnosis.certainty': 'dx-sure', 'recommend.treatment': 'Transfer today', 'recommend.route': 'route-emergency' };

export class Place {
  constructor(program, region) {
    this.program = program;
    this.region = region;
    this.sessions = new Map();
  }

  async as(login) {
    if (!this.sessions.has(login)) this.sessions.set(login, await signIn(this.program, login, PASSWORD));
    return this.sessions.get(login);
  }

  // A case the consultant has accepted.
  async accepted() {
    const id = await aCase(await this.as('doctor'), this.region);
    for (const [login, action, fields] of [['coordinator', 'allocate', { to: `${this.region.service}/` }], ['consultant', 'accept', {}]]) {
      const s = await this.as(login);
      const page = (await s.get(`/cases/${id}`)).body;
      await sent(s, `/cases/${id}/move/${action}`, { version: /name="version" value="(\d+)"/.exec(page)?.[1] ?? '', ...fields });
    }
    return id;
  }

  // The text as it will be signed: its page, the bytes to take away.
  async preview(id, more = {}) {
    const s = await this.as('consultant');
    await sent(s, `/cases/${id}/conclusion`, { ...CONCLUSION, ...more });
    const page = (await s.get(`/cases/${id}/conclusion/preview`)).body;
    const bytes = (await s.get(`/cases/${id}/conclusion/preview.json`)).bytes;
    return { id, page, bytes, sha: /name="sha" value="([0-9a-f]{64})"/.exec(page)?.[1] };
  }

  // paper: {sha} and the id of its case, or the path that takes it. Sends a signature by the form, as a browser without scripts does: a file, or text.
  async send(login, paper, signature, { text = false, corrects = false } = {}) {
    const s = await this.as(login);
    const edge = randomBytes(12).toString('hex');
    const parts = [];
    const field = (name, value, file = '') => parts.push(Buffer.from(`--${edge}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`), Buffer.from(value), Buffer.from('\r\n'));
    field('csrf', s.csrf);
    field('once', once());
    field('sha', paper.sha);
    if (corrects) field('corrects', '1');
    field('signature', text ? '' : signature, '; filename="conclusion.json.p7s"');
    field('signature_text', text ? signature : '');
    parts.push(Buffer.from(`--${edge}--\r\n`));
    return this.program.request('POST', paper.path ?? `/cases/${paper.id}/conclusion/token`,
      { cookie: s.cookie, 'content-type': `multipart/form-data; boundary=${edge}` }, Buffer.concat(parts));
  }
}

const plain = (html) => html.replace(/&#39;/g, "'").replace(/&quot;/g, '"');
// What the page says is wrong.
export const fault = (r) => plain(/error-summary__list">\s*<li>(?:<a[^>]*>)?([^<]*)/.exec(r.body)?.[1] ?? `no fault: ${r.status} ${r.headers.location ?? ''}`);
