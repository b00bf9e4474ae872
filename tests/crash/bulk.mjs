// Imports and exports under kill -9: an import goes on where it was and neither loses nor doubles a line; an
// export is the records as they were at one place of the change feed.
import { until } from '../lib/until.mjs';
import { tusBegin, tusPart } from './uploads.mjs';

const LINES = 2000;
const REST_MS = 400; // between one and the next: other work gets its share
const PATIENT_EACH = 20; // one line of so many is a patient
const WRONG_EACH = 400;  // and one is refused
const ASYNC = { prefer: 'respond-async' };
const SYSTEM = 'urn:example:import';
const DONE_SECONDS = 60;
const local = (url) => new URL(url).pathname;

const isWrong = (i) => i % WRONG_EACH === WRONG_EACH - 1;
const isPatient = (i) => i % PATIENT_EACH === 0 && !isWrong(i);
const patientId = (word, i) => `${word}-${i}`;
function line(word, i) {
  const identifier = [{ system: SYSTEM, value: word }];
  if (isWrong(i)) return { resourceType: 'Observation', status: 'wrong' };
  if (isPatient(i)) return { resourceType: 'Patient', id: patientId(word, i), identifier };
  return { resourceType: 'Observation', status: 'final', identifier, code: { text: 'Made up' }, subject: { reference: `Patient/${patientId(word, i - (i % PATIENT_EACH))}` }, valueInteger: i };
}
const EACH = Array.from({ length: LINES }, (_, i) => i);
const GOOD = EACH.filter((i) => !isWrong(i)).length;

class Job {
  constructor(t) {
    Object.assign(this, { t, interrupted: 0, done: 0, now: null });
  }

  // One after another until the server dies.
  async load() {
    for (;;) {
      await this.one();
      await new Promise((rested) => { setTimeout(rested, REST_MS); });
    }
  }

  // Until it is finished; a server that dies in between throws.
  async wait(job) {
    return until(`${job} is done`, async () => {
      const r = await this.t.api('GET', job);
      if (r.status === 200) return JSON.parse(r.body);
      if (r.status === 202) return null;
      this.t.fault(`${job}: ${r.status} ${r.body.slice(0, 300)}`);
      throw new Error('refused');
    }, { within: DONE_SECONDS, every: 0.05 });
  }

  async lines(files) {
    const all = [];
    for (const f of files) {
      const r = await this.t.api('GET', local(f.url));
      const some = r.body.split('\n').slice(0, -1).map((l) => JSON.parse(l));
      if (r.status !== 200 || some.length !== f.count) this.t.fault(`${f.url}: ${r.status}, ${some.length} lines of ${f.count}`);
      all.push(...some);
    }
    return all;
  }

  async kick(method, target, body) {
    const r = await this.t.api(method, target, body, ASYNC);
    if (r.status === 202) return local(r.headers['content-location']);
    this.t.fault(`${target}: ${r.status} ${r.body.slice(0, 300)}`);
    throw new Error('refused');
  }

  killed() {
    if (this.now?.job) this.now.kills += 1;
  }

  finished() {
    this.done += 1;
    if (this.now.kills > 0) this.interrupted += 1;
    this.now = null;
  }
}

export class Imports extends Job {
  constructor(t, told) {
    super(t);
    Object.assign(this, { told, begun: 0, unsure: [] });
  }


  async one() {
    const now = (this.now ??= { word: `in${++this.begun}`, kills: 0 });
    if (now.asked && !now.job) { // it may have begun: then it is whole in the end
      this.unsure.push(now);
      this.now = null;
      return;
    }
    if (!now.job) {
      const text = Buffer.from(EACH.map((i) => JSON.stringify(line(now.word, i))).join('\n'));
      const url = await tusBegin(this.t, this.t.tokens.system, 'import', 'all.ndjson', 'application/fhir+ndjson', text);
      await tusPart(this.t, this.t.tokens.system, url, 0, text);
      now.asked = true;
      now.job = await this.kick('POST', '/fhir/$import', { inputFormat: 'application/fhir+ndjson', input: [{ url }] });
    }
    const manifest = await this.wait(now.job);
    const refused = await this.lines(manifest.error);
    if (manifest.count !== GOOD || refused.length !== LINES - GOOD) this.t.fault(`import ${now.word}: ${manifest.count} of ${GOOD} lines, ${refused.length} refused`);
    await this.checkCount(now.word, (n) => n === GOOD);
    for (const i of EACH.filter(isPatient)) this.told.log(now.word, [`Patient/${patientId(now.word, i)}/1`]);
    this.finished();
  }

  async count(word) {
    let n = 0;
    for (const type of ['Patient', 'Observation']) n += JSON.parse((await this.t.fhir('GET', `${type}?identifier=${SYSTEM}|${word}&_summary=count`)).body).total;
    return n;
  }

  async checkCount(word, good) {
    const n = await this.count(word);
    if (!good(n)) this.t.fault(`import ${word}: ${n} records of ${GOOD}`);
  }

  async end() {
    if (this.now && !(this.now.asked && !this.now.job)) await this.one();
    else if (this.now) this.unsure.push(this.now);
    for (const { word } of this.unsure) {
      const whole = async () => [0, GOOD].includes(await this.count(word));
      await until(`import ${word} is whole or was never begun`, whole).catch((e) => this.t.fault(e.message));
    }
  }
}

export class Exports extends Job {
  constructor(t, writes) {
    super(t);
    this.writes = writes;
  }


  async one() {
    if (!this.now) {
      const { acked, older } = this.writes;
      const sure = new Map([...older, ...acked.creates].map(([id]) => [id, 1]));
      for (const [id, n] of acked.updates) sure.set(id, n);
      const job = await this.kick('GET', '/fhir/$export?_type=Patient');
      this.now = { sure, job, kills: 0 };
    }
    if (this.now.read) return this.finished();
    const manifest = await this.wait(this.now.job);
    this.check(await this.lines(manifest.output));
    this.now.read = true; // when it is not known whether it was deleted, it may be gone
    await this.t.api('DELETE', this.now.job);
    return this.finished();
  }

  // Everything acknowledged before it was asked for, nothing twice, of a transaction or an import's lines
  // what one moment shows.
  check(all) {
    const versions = new Map(all.map((p) => [p.id, Number(p.meta.versionId)]));
    if (versions.size !== all.length) this.t.fault(`export: ${all.length - versions.size} records twice`);
    for (const [id, n] of this.now.sure) if (!(versions.get(id) >= n)) this.t.fault(`export: Patient ${id} in version ${versions.get(id)}, acknowledged ${n}`);
    const alike = new Map();
    for (const p of all) {
      const value = p.identifier?.[0]?.value;
      if (value && p.identifier[0].system !== SYSTEM) alike.set(value, (alike.get(value) ?? 0) + (p.link ? 10 : 1));
    }
    for (const [value, n] of alike) if (n !== 1 && n !== 11) this.t.fault(`export: half of the transaction ${value} (${n})`);
  }

  async end() {
    if (this.now) await this.one();
  }
}
