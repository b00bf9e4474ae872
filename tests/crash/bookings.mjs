// Visits under kill -9: two people book one time at once, some cancel; others begin, hold and sign. After each start every
// acknowledged booking and cancellation is there, a time is one visit's, visit, booking and record say the same.
import { DAY } from '../visits/place.mjs';

const PATIENTS = 12;
const MINUTES = 5;
const CANCEL_EACH = 4;
const [A_WINDOW, AT_MOST] = [60, 700]; // times that are raced for; a patient's visits are one page of a search
const PAGE = 200;
// After so many steps of a visit: Task, Appointment, Slot, Encounter.
const STATES = [',booked,busy,', 'begun,arrived,busy,in-progress', 'talk,arrived,busy,in-progress', 'noted,fulfilled,busy,finished'];

export class Bookings {
  constructor(place, fault) {
    Object.assign(this, { p: place, fault, acked: [], cancelled: 0, notes: 0, steps: 0, days: 3, seen: new Set(), open: null, busy: false });
  }

  async begin() {
    const { p } = this;
    p.schedule = (await p.hours('doctor', undefined, MINUTES)).schedule;
    this.patients = [];
    for (let i = 0; i < PATIENTS; i++) this.patients.push(await p.patient(`Crashed${i}`));
    const wish = { purpose: 'advice', problem: '' };
    this.near = await p.times(this.patients[0], 0, wish); // those that can be begun within the hour come first
    this.far = await p.times(this.patients[0], p.now() + 3 * DAY * 1000, wish);
  }

  ask(patient, start) {
    return this.p.post('registrar', '/book', { ...this.p.wish(patient, { purpose: 'advice', problem: '' }), go: 'book', start: String(start) });
  }

  // Two patients at each time, until the server dies.
  async racer() {
    for (let i = 0; i < A_WINDOW && this.acked.length < AT_MOST; i++) {
      if (this.far.length === 0) this.far = await this.p.times(this.patients[0], this.p.now() + (this.days += 4) * DAY * 1000, { purpose: 'advice', problem: '' });
      const start = this.far.shift();
      const two = [i, i + 1].map((k) => this.patients[1 + k % (PATIENTS - 1)]);
      const made = await Promise.allSettled(two.map((patient) => this.ask(patient, start)));
      const won = made.flatMap((r, k) => (r.value?.status === 303 ? [{ start, patient: two[k], state: 'booked' }] : []));
      this.acked.push(...won);
      if (won.length > 1) this.fault(`${start}: both were told that the visit is booked`);
      if (made.some((r) => r.status === 'rejected')) throw new Error('cut');
      if (won.length === 1 && i % CANCEL_EACH === 0) await this.cancel(won[0]);
    }
  }

  async cancel(won) {
    const visit = (await this.p.all(`Appointment?patient=${won.patient}&_count=${PAGE}`)).find((a) => Date.parse(a.start) === won.start && a.status === 'booked');
    won.state = 'either';
    if ((await this.p.post('registrar', `/visits/${visit.id}/do/cancel`, { reason: 'patient-asked' })).status !== 303) return;
    won.state = 'cancelled';
    this.cancelled += 1;
  }

  // One visit after another, each to its signed note.
  async doctor() {
    if (this.busy) return;
    this.busy = true;
    try {
      for (;;) {
        this.open ??= await this.nextVisit();
        if (!this.open) return;
        while (this.open.acked < STATES.length - 1) {
          await this.step(this.open);
          this.open.acked += 1;
          this.steps += 1;
        }
        this.notes += 1;
        this.open = null;
      }
    } finally {
      this.busy = false;
    }
  }

  async nextVisit() {
    const start = this.near.shift();
    if (!start || start > this.p.now() + 55 * 60e3) return null;
    const r = await this.ask(this.patients[0], start);
    if (r.status !== 303) return null;
    this.acked.push({ start, patient: this.patients[0], state: 'held' });
    const visit = (await this.p.all(`Appointment?patient=${this.patients[0]}&_count=${PAGE}`)).find((a) => Date.parse(a.start) === start);
    return { id: visit.id, acked: 0 };
  }

  async step(v) {
    const led = async (r, where) => { if (r.status !== 303 || !r.headers.location.includes(where)) throw new Error(`${where}: ${r.status} ${r.headers.location}`); };
    const { p } = this;
    if (v.acked === 0) return led(await p.go(v.id, 'begin'), 'visit-begin');
    if (v.acked === 1) return led(await p.go(v.id, 'admit', { identity: 'known', consent: 'oral' }), 'visit-admit');
    await led(await p.post('doctor', `/visits/${v.id}/note`, p.note()), '/note/preview');
    return led(await p.signed(v.id), 'note-signed');
  }

  async stateOf(id) {
    const [t, a, s, e] = await Promise.all(['Task', 'Appointment', 'Slot', 'Encounter'].map((type) => this.p.fhir(`${type}/${id}`)));
    return [t.businessStatus?.coding[0].code ?? '', a.status, s.status, typeof e.status === 'string' ? e.status : ''].join();
  }

  async check() {
    const at = new Map();
    for (const patient of this.patients) {
      for (const a of await this.p.all(`Appointment?patient=${patient}&_count=${PAGE}`)) {
        const mine = at.get(a.start) ?? at.set(a.start, []).get(a.start);
        mine.push({ ...a, patient });
        const known = `${a.id} ${a.meta.versionId}`;
        if (this.seen.has(known)) continue;
        this.seen.add(known);
        const slot = await this.p.fhir(`Slot/${a.id}`);
        if (slot.start !== a.start || (slot.status === 'busy') !== (a.status !== 'cancelled')) this.fault(`visit ${a.id}: ${a.status}, its time is ${slot.status}`);
      }
    }
    for (const [start, all] of at) if (all.filter((a) => a.status !== 'cancelled').length > 1) this.fault(`${start}: taken twice`);
    for (const w of this.acked) {
      const mine = (at.get(new Date(w.start).toISOString()) ?? []).filter((a) => a.patient === w.patient).map((a) => a.status);
      const good = { booked: 'booked', cancelled: 'cancelled', held: '', either: '' }[w.state];
      if (mine.length === 0 || (good && !mine.includes(good))) this.fault(`${new Date(w.start).toISOString()}: ${w.state}, on record ${mine}`);
    }
    await this.checkOpen();
  }

  async checkOpen() {
    if (!this.open) return;
    const now = STATES.indexOf(await this.stateOf(this.open.id));
    if (now < this.open.acked || now > this.open.acked + 1) this.fault(`visit ${this.open.id}: ${await this.stateOf(this.open.id)} after ${this.open.acked} steps`);
    const note = (await this.p.get('doctor', `/visits/${this.open.id}/note.json`)).status;
    if ((note === 200) !== (now === STATES.length - 1)) this.fault(`visit ${this.open.id}: its note is ${note} in ${STATES[now]}`);
    this.open.acked = now;
  }
}
