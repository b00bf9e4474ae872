// Records under kill -9: creates, transactions and updates, one writer beside the other. After each start every
// acknowledged one is there, and of none there is a half.
import { randomUUID } from 'node:crypto';

const MRN = 'urn:example:crash';
const WRITERS = 6;
const SAMPLE = 37; // every so many old creates are read again at the end

const patient = (mrn, n, more = {}) => ({ resourceType: 'Patient', identifier: [{ system: MRN, value: mrn }], multipleBirthInteger: n, ...more });

// Two patients, one linked to the other, and what was measured of one: all or nothing.
function three(mrn) {
  const [a, b] = [`urn:uuid:${randomUUID()}`, `urn:uuid:${randomUUID()}`];
  const made = [[a, patient(mrn, 1)], [b, patient(mrn, 2, { link: [{ type: 'seealso', other: { reference: a } }] })],
    [`urn:uuid:${randomUUID()}`, { resourceType: 'Observation', status: 'final', code: { text: 'Weight' }, subject: { reference: b }, valueInteger: 3 }]];
  return { resourceType: 'Bundle', type: 'transaction',
    entry: made.map(([fullUrl, resource]) => ({ fullUrl, resource, request: { method: 'POST', url: resource.resourceType } })) };
}

export class Writes {
  // t: fhir(method, rel, body), fault(text); told: what subscribers must hear.
  constructor(t, told) {
    Object.assign(this, { t, told, owns: [], older: [] });
    this.acked = { creates: new Map(), threes: new Set(), updates: new Map() };
    this.unsure = { creates: new Set(), threes: new Set(), updates: new Map() };
    this.transactions = 0;
  }

  async begin() {
    for (let i = 0; i < WRITERS; i++) {
      const mrn = randomUUID();
      this.owns.push({ mrn, id: JSON.parse((await this.t.fhir('POST', 'Patient', patient(mrn, 1))).body).id });
    }
  }

  load() {
    return this.owns.map((own) => this.writer(own));
  }

  async send(what, status, ...request) {
    const r = await this.t.fhir(...request);
    if (r.status === status) return JSON.parse(r.body);
    this.t.fault(`${what} answered ${r.status}: ${r.body.slice(0, 200)}`);
    throw new Error('refused');
  }

  // Until the server dies.
  async writer(own) {
    const { acked, unsure } = this;
    for (;;) {
      const mrn = randomUUID();
      unsure.creates.add(mrn);
      const made = await this.send('create', 201, 'POST', 'Patient', patient(mrn, 1));
      unsure.creates.delete(mrn);
      acked.creates.set(made.id, mrn);
      this.told.log(own.id, [`Patient/${made.id}/1`]);

      const group = randomUUID();
      unsure.threes.add(group);
      const all = await this.send('transaction', 200, 'POST', '', three(group));
      unsure.threes.delete(group);
      acked.threes.add(group);
      this.transactions += 1;
      this.told.log(own.id, all.entry.map((e) => e.response.location.replace(/^.*\/fhir\//, '').replace('/_history', '')).filter((k) => k.startsWith('Patient/')));

      const next = (acked.updates.get(own.id) ?? 1) + 1;
      unsure.updates.set(own.id, next);
      await this.send('update', 200, 'PUT', `Patient/${own.id}`, { id: own.id, ...patient(own.mrn, next) });
      unsure.updates.delete(own.id);
      acked.updates.set(own.id, next);
      this.told.log(own.id, [`Patient/${own.id}/${next}`]);
    }
  }

  async found(mrn, more = '') {
    return JSON.parse((await this.t.fhir('GET', `Patient?identifier=${encodeURIComponent(`${MRN}|${mrn}`)}${more}`)).body).entry?.length ?? 0;
  }

  async read(id) {
    const r = await this.t.fhir('GET', `Patient/${id}`);
    return r.status === 200 ? JSON.parse(r.body) : { status: r.status };
  }

  async checkCreate(what, [id, mrn]) {
    const p = await this.read(id);
    if (p.identifier?.[0]?.value !== mrn) this.t.fault(`${what} ${id} is gone (${p.status})`);
  }

  async checkThrees(groups, sure) {
    for (const group of groups) {
      const n = await this.found(group, '&_revinclude=Observation:subject');
      if (n !== 3 && (sure || n !== 0)) this.t.fault(`transaction ${group}: ${n} of 3 records, acknowledged: ${sure}`);
    }
  }

  async checkUpdate(own) {
    const p = await this.read(own.id);
    const sure = this.acked.updates.get(own.id) ?? 1;
    const n = p.multipleBirthInteger;
    if (n !== sure && n !== this.unsure.updates.get(own.id)) this.t.fault(`update ${own.id}: ${n}, acknowledged ${sure}, tried ${this.unsure.updates.get(own.id)}`);
    if (p.meta?.versionId !== String(n)) this.t.fault(`update ${own.id}: version ${p.meta?.versionId} of value ${n}`);
    this.acked.updates.set(own.id, n);
  }

  async check() {
    const { acked, unsure } = this;
    for (const one of acked.creates) await this.checkCreate('acknowledged create', one);
    this.older.push(...acked.creates);
    for (const mrn of unsure.creates) if (await this.found(mrn) > 1) this.t.fault(`create ${mrn} is there twice`);
    await this.checkThrees(acked.threes, true);
    await this.checkThrees(unsure.threes, false);
    for (const own of this.owns) await this.checkUpdate(own);
    for (const some of [acked.creates, acked.threes, unsure.creates, unsure.threes, unsure.updates]) some.clear();
  }

  async end() {
    for (const one of this.older.filter((_, i) => i % SAMPLE === 0)) await this.checkCreate('older create', one);
  }
}
