// Whole consultations under kill -9: from the registration of a patient to the closed case, through the pages
// and the interface. After each start every acknowledged move is on record, at most the one that was on its way
// beside them, and the Task, the worklist and the conclusion agree with the record.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { ROOT } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD } from '../lib/world.mjs';

const MOVES = ['submit', 'allocate', 'accept', 'ask-data', 'give-data', 'answer', 'receive', 'report', 'close'];
// After so many moves: Task.status, and what the page of the case says.
const STATES = [null, ['requested', 'Waiting for allocation'], ['received', 'Waiting for a consultant'], ['in-progress', 'The consultant is working'],
  ['on-hold', 'The consultant asks for data'], ['in-progress', 'The consultant is working'], ['completed', 'Answered'],
  ['completed', 'Conclusion received'], ['completed', 'Outcome reported'], ['completed', 'Closed']];
const CLOCK = ['remind', 'overdue', 'escalate'];
export const CLOCK_SECONDS = 16;

// The shipped content with an emergency's clocks in seconds.
export function hastyContent() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-content-'));
  fs.cpSync(path.join(ROOT, 'content'), dir, { recursive: true });
  for (const name of fs.readdirSync(path.join(dir, 'policy'))) {
    if (!name.endsWith('.json')) continue;
    const file = path.join(dir, 'policy', name);
    const policy = JSON.parse(fs.readFileSync(file, 'utf8'));
    const terms = policy.urgency.find((u) => u.code === 'emergency');
    Object.assign(terms.acceptWithin, { value: 'PT6S' });
    Object.assign(terms.answerWithin, { value: 'PT12S' });
    Object.assign(terms.remindBefore, { value: 'PT3S' });
    Object.assign(terms.escalateAfter, { value: 'PT5S' });
    fs.writeFileSync(file, JSON.stringify(policy, null, 2));
  }
  return dir;
}

const UNKNOWN = { unidentified: 'true', sex: 'male', age: '40', note: 'found at the station' };

const once = () => randomUUID().replaceAll('-', '');

export class Cases {
  // fhir(method, rel, body, token): a request of the interface; tokens: of coordinator and consultant.
  constructor(program, fhir, region, tokens, fault) {
    Object.assign(this, { program, fhir, region, tokens, fault, open: [], done: [], all: [], closed: 0, signed: 0 });
  }

  async signIn() {
    this.doctor = await signIn(this.program, 'doctor', PASSWORD);
    this.consultant = await signIn(this.program, 'consultant', PASSWORD);
  }

  async post(session, target, fields, where) {
    const r = await session.post(target, fields);
    if (r.status !== 303 || (where && !String(r.headers.location).includes(where))) {
      this.fault(`${target}: ${r.status} ${r.headers.location ?? r.body.slice(0, 300)}`);
      throw new Error('refused');
    }
    return r;
  }

  async move(id, action, token, more = []) {
    const r = await this.fhir('POST', `Task/${id}/$move`,
      { resourceType: 'Parameters', parameter: [{ name: 'action', valueCode: action }, ...more] }, token);
    if (r.status !== 200) {
      this.fault(`${action} of ${id}: ${r.status} ${r.body.slice(0, 300)}`);
      throw new Error('refused');
    }
  }

  // who: the fields of the patient's registration.
  async begin(urgency, who = UNKNOWN) {
    const r = await this.post(this.doctor, '/ask/register', { ...who, once: once() }, '/ask/');
    const c = { id: /^\/ask\/([a-z0-9]+)/.exec(r.headers.location)[1], urgency, acked: 0, left: urgency === 'emergency' };
    this.open.push(c);
    this.all.push(c.id);
    return c;
  }

  async submit(c) {
    await this.post(this.doctor, `/ask/${c.id}`, { form: 'cardiology', go: 'review', profile: 'cardiology', urgency: c.urgency, question: 'Transfer?',
      contact: '+77010000001', diagnosis: 'I20.0 Unstable angina', consent: 'written', service: this.region.service, complaints: 'Pain', history: 'Two hours',
      status: 'Pale', 'vitals.heart-rate': '94', 'vitals.systolic': '148', 'vitals.diastolic': '92', 'cardio.ecg': 'ecg-st-up', 'allergies.known': 'allergy-none' }, '/review');
    await this.post(this.doctor, `/ask/${c.id}/send`, { once: once() }, `/cases/${c.id}`);
  }

  async answer(c) {
    await this.post(this.consultant, `/cases/${c.id}/conclusion`, { go: 'preview', 'seen-listed': '1', 'examined.what': 'seen-ecg', answerable: 'answer-full',
      findings: 'ST elevation', 'recommend.treatment': 'Primary PCI', 'recommend.route': 'route-emergency' }, '/preview');
    const page = await this.consultant.get(`/cases/${c.id}/conclusion/preview`);
    const sha = /name="sha" value="([0-9a-f]{64})"/.exec(page.body)?.[1];
    if (!sha) throw new Error('no preview');
    await this.post(this.consultant, `/cases/${c.id}/conclusion/sign`, { sha, password: PASSWORD, once: once() }, 'done=signed');
  }

  step(c) {
    const { coordinator, consultant, doctor } = this.tokens;
    const text = (v) => [{ name: 'reason', valueString: v }];
    switch (MOVES[c.acked]) {
      case 'submit': return this.submit(c);
      case 'allocate': return this.move(c.id, 'allocate', coordinator, [{ name: 'service', valueString: this.region.service }]);
      case 'accept': return this.move(c.id, 'accept', consultant);
      case 'ask-data': return this.move(c.id, 'ask-data', consultant, text('Weight of the patient'));
      case 'give-data': return this.move(c.id, 'give-data', doctor, text('82 kg'));
      case 'answer': return this.answer(c);
      case 'receive': return this.post(this.doctor, `/cases/${c.id}/move/receive`, { once: once() }, 'done=receive');
      case 'report': return this.move(c.id, 'report', doctor, [{ name: 'outcome', valueCode: 'improved' }]);
      default: return this.move(c.id, 'close', doctor);
    }
  }

  // One consultation after another until the server dies.
  async player() {
    for (;;) {
      const c = this.open.find((o) => !o.left && !o.busy) ?? (await this.begin('urgent'));
      c.busy = true;
      try {
        while (c.acked < MOVES.length) {
          await this.step(c);
          c.acked += 1;
        }
      } finally {
        c.busy = false;
      }
      this.open = this.open.filter((o) => o !== c);
      this.done.push(c);
      this.closed += 1;
    }
  }

  // Whoever is left waiting: the clock alone acts on it.
  async leave() {
    const c = await this.begin('emergency');
    await this.submit(c);
    c.acked = 1;
    c.since = Date.now();
    return c;
  }

  // What the record says was done to the case, oldest first.
  async record(id, action) {
    const all = [];
    for (let next = `AuditEvent?entity=ServiceRequest/${id}&_count=200`; next;) {
      const r = await this.fhir('GET', next);
      if (r.status === 404) return [];
      const page = JSON.parse(r.body);
      all.push(...(page.entry ?? []).map((e) => e.resource));
      next = page.link?.find((l) => l.relation === 'next')?.url.replace(/^.*\/fhir\//, '');
    }
    return all.filter((e) => e.subtype[0].code === action && e.outcome === '0').map((e) => e.entity[0].description).reverse();
  }

  async check() {
    for (const c of [...this.open, ...this.done]) await this.checkOne(c);
    this.done = [];
  }

  async checkOne(c) {
    const moves = await this.record(c.id, 'move');
    const n = moves.length;
    if (n < c.acked || n > c.acked + 1 || moves.some((m, i) => m !== MOVES[i])) {
      this.fault(`case ${c.id}: on record ${moves.join(' ')}; acknowledged ${MOVES.slice(0, c.acked).join(' ')}`);
      return;
    }
    c.acked = n;
    if (n === 0) return;
    const clock = await this.record(c.id, 'clock');
    const task = JSON.parse((await this.fhir('GET', `Task/${c.id}`)).body);
    const [status, title] = STATES[n];
    if (task.status !== status) this.fault(`case ${c.id}: Task is ${task.status}, after ${moves.join(' ')}`);
    if (Number(task.meta.versionId) !== n + clock.length) this.fault(`case ${c.id}: version ${task.meta.versionId} after ${n} moves and ${clock.length} of the clock`);
    const page = await this.doctor.get(`/cases/${c.id}`);
    if (page.status !== 200 || !page.body.includes(title)) this.fault(`case ${c.id}: the page (${page.status}) does not say "${title}"`);
    const document = await this.doctor.get(`/cases/${c.id}/conclusion.json`);
    const signed = n > MOVES.indexOf('answer');
    if ((document.status === 200) !== signed) this.fault(`case ${c.id}: conclusion ${document.status} after ${moves.join(' ')}`);
    this.signed += signed;
    if (CLOCK.some((k) => clock.filter((x) => x === k).length > 1)) this.fault(`case ${c.id}: the clock acted twice: ${clock.join(' ')}`);
  }

  // How often each case has moved.
  async versions() {
    const all = [];
    for (const id of this.all) {
      const r = await this.fhir('GET', `Task/${id}`);
      if (r.status === 200) all.push({ id, version: Number(JSON.parse(r.body).meta.versionId) });
    }
    return all;
  }

  // The deadlines of the case that was left: each once, in order.
  async checkLeft(c) {
    let clock = [];
    const within = Math.max(0, (c.since - Date.now()) / 1000 + CLOCK_SECONDS) + 20;
    await until('the clock acts', async () => {
      clock = await this.record(c.id, 'clock');
      return clock.length >= CLOCK.length;
    }, { within, every: 0.5 }).catch(() => {}); // told below
    if (clock.join() !== CLOCK.join()) this.fault(`case ${c.id}: the clock did ${clock.join(' ') || 'nothing'} instead of ${CLOCK.join(' ')}`);
  }
}
