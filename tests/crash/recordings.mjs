// Recordings of meetings under kill -9: asked, agreed to, announced, somebody comes in, stopped or refused, their files kept.
// After each start every acknowledged answer is a Consent and what ended stays ended; no media server is ever told to record
// somebody who did not agree; every file is where it was written or, whole and once, in the record, and in the end all are there.
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { aCase } from '../lib/consilium.mjs';
import { until } from '../lib/until.mjs';

const [HOST, SECOND, THIRD] = ['doctor', 'consultant', 'second'];
const NOTICE = 'This session is being recorded.';
const NO = 'Somebody does not agree: nothing is recorded.';
const STOPPED = 'The recording was stopped.';
const PAGE = 200;
const [THIRD_EACH, NO_EACH, LATE_EACH] = [2, 5, 3]; // every so many recordings somebody comes in; says no; takes their time to answer
const LOOK_S = 0.2; // between two looks at the page: the others need the machine too
const ALL_KEPT_S = 100;
const LATER_S = 300; // when nobody has written to what was left unfinished for long

export class Recordings {
  constructor(place, media, fault) {
    Object.assign(this, { p: place, media, fault, in: new Set(), agreed: new Set(), permits: [0, 0], denials: [0, 0], docs: new Map(),
      ended: '', turns: 0, runs: 0, silenced: 0 });
    media.begins = () => { for (const who of this.in) if (!this.agreed.has(who)) fault(`recorded while ${who} has not agreed`); };
  }

  async begin() {
    const asker = await this.p.as(HOST);
    const made = await asker.post(`/cases/${await aCase(asker, this.p.region)}/room`, {});
    this.room = made.headers.location;
  }

  async do(who, target, fields = {}) {
    const r = await this.p.post(who, `${this.room}${target}`, fields);
    return r.status === 303;
  }

  // What the page says of the recording.
  async side(who) { return (await this.p.get(who, `${this.room}/side`)).body; }
  reads(who, text) { return until(`${who} reads: ${text}`, async () => (await this.side(who)).includes(text), { every: LOOK_S }); }

  // In the room, with sound and picture at the media server.
  async enter(who) {
    if (!await this.do(who, '/enter')) throw new Error('not let in');
    const s = await this.p.as(who);
    await this.p.program.request('POST', `${this.room}/signal`, { cookie: s.cookie, 'content-type': 'application/json', 'x-csrf-token': s.csrf },
      JSON.stringify({ kind: 'media', to: 'media', body: '{"do":"join"}' }));
  }

  // Which is the host's own yes. Answers are counted when they are sent, and again when they are acknowledged.
  async ask() {
    this.permits[1] += 1;
    const asked = await this.do(HOST, '/recording');
    this.permits[asked ? 0 : 1] += asked ? 1 : -1;
    return asked;
  }

  // One that ended at this moment takes no answer: what counts is what the page says after.
  async says(who, answer, count, then) {
    count[1] += 1;
    await this.do(who, '/recording/answer', { answer });
    const page = await this.side(who);
    if (!then.some((text) => page.includes(text))) throw new Error('it ended meanwhile');
    count[0] += 1;
  }

  async agree(who) {
    if (this.turns % LATE_EACH === 0) await this.media.awhile();
    this.agreed.add(who);
    await this.says(who, 'yes', this.permits, [NOTICE, 'Nothing is recorded now.']);
  }

  async player() {
    for (;;) await this.one(this.turns++);
  }

  async one(turn) {
    for (const who of [HOST, SECOND]) await this.enter(who);
    for (const who of [HOST, SECOND]) this.in.add(who);
    await this.do(HOST, '/recording/stop'); // what a kill cut
    Object.assign(this, { ended: '', agreed: new Set([HOST]) });
    await until('a recording is asked for', () => this.ask(), { every: LOOK_S });
    if (turn % NO_EACH === NO_EACH - 1) return this.refuse();
    await this.agree(SECOND);
    await this.announced();
    if (turn % THIRD_EACH === 0) await this.comes();
    await this.do(HOST, '/recording/stop');
    await this.reads(SECOND, STOPPED);
    this.ended = STOPPED;
    return until('what was said is written', () => !this.media.writing());
  }

  async refuse() {
    await this.says(SECOND, 'no', this.denials, [NO]);
    this.ended = NO;
  }

  // Announced to both, and written.
  async announced() {
    await Promise.all([HOST, SECOND].map((who) => this.reads(who, NOTICE)));
    await until('it is written', () => this.media.writing());
    this.runs += 1;
  }

  // Somebody comes in: it is silent until they agree, and goes without them when they left.
  async comes() {
    await this.enter(THIRD);
    await until('it is silent', () => !this.media.writing());
    this.in.add(THIRD);
    this.silenced += 1;
    await this.reads(HOST, 'Nothing is recorded now.');
    await this.agree(THIRD);
    await this.announced();
    this.in.delete(THIRD);
    await this.do(THIRD, '/leave');
  }

  killed() { this.in.clear(); }

  async count(more) { return (await this.p.fhir(`Consent?category=meeting-recorded&_summary=count&${more}`)).total; }

  async check() {
    const held = { agreed: [await this.count('status=active'), this.permits], refused: [await this.count('status=rejected'), this.denials] };
    for (const [what, [n, [least, most]]] of Object.entries(held)) if (!(n >= least && n <= most)) this.fault(`${n} Consents ${what}, ${least} to ${most} answers`);
    if (this.ended) {
      await this.do(HOST, '/enter');
      const page = await this.side(HOST);
      if (!page.includes(this.ended) || page.includes(NOTICE)) this.fault('a recording that ended has not');
    }
    await this.checkFiles();
  }

  async documents() {
    const all = [];
    for (let at = `DocumentReference?type=recording&_count=${PAGE}`; at;) {
      const b = await this.p.fhir(at);
      all.push(...(b.entry ?? []).map((e) => e.resource));
      at = b.link?.find((l) => l.relation === 'next')?.url.replace(/^.*\/fhir\//, '');
    }
    return all;
  }

  // On the disk first: what is gone from there was kept before.
  async checkFiles() {
    const gone = this.media.written.filter((f) => !f.open && !f.kept && !['', '.tmp'].some((end) => fs.existsSync(path.join(f.folder, f.name + end))));
    const list = await this.documents();
    for (const d of list) if (!this.docs.has(d.id)) await this.checkDocument(d);
    const now = new Set(list.map((d) => d.id));
    for (const id of this.docs.keys()) if (!now.has(id)) this.fault(`the file ${id} of a recording is gone`);
    for (const f of gone) if (!f.kept) this.fault(`${f.name} is neither where it was written nor in the record`);
  }

  async checkDocument(d) {
    const r = await this.p.get(HOST, new URL(d.content[0].attachment.url, 'http://x').pathname);
    const sha = createHash('sha256').update(r.bytes).digest('hex');
    const f = this.media.written.find((w) => w.sha === sha);
    this.docs.set(d.id, f);
    if (r.status !== 200 || !f) this.fault(`the file ${d.id} of a recording: ${r.status}, ${r.bytes.length} bytes nobody wrote`);
    else if (f.kept) this.fault(`${f.name} is in the record twice`);
    else f.kept = d.id;
  }

  // Everything is kept once nobody writes any more, and nothing is left where it was written.
  async end() {
    this.p.goTo(Date.now(), LATER_S);
    await until('all files of recordings are kept', () => fs.readdirSync(this.media.recordings).length === 0, { within: ALL_KEPT_S }).catch((e) => this.fault(e.message));
    await this.checkFiles();
    for (const f of this.media.written) if (!f.kept) this.fault(`${f.name} is not kept`);
  }
}
