// Subscriptions under kill -9: every acknowledged change arrives at least once, under one number, in the order
// the writers saw; numbers have no gaps; what an event stream's subscriber reads by number is the same.
import http from 'node:http';
import { Receiver, statusOf } from '../lib/receiver.mjs';
import { until } from '../lib/until.mjs';

const TOPIC = 'https://consilium.example/fhir/SubscriptionTopic/';
const EXT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';
const REFUSE_EACH = 5; // in one window of so many the receiver refuses
const ARRIVE_SECONDS = 90;

const hook = (topic, endpoint) => ({
  resourceType: 'Subscription', status: 'requested', reason: 'crash', criteria: TOPIC + topic,
  channel: {
    type: 'rest-hook', endpoint, payload: 'application/fhir+json',
    _payload: { extension: [{ url: `${EXT}backport-payload-content`, valueCode: 'full-resource' }] },
  },
});
const stream = (topic) => ({
  resourceType: 'Subscription', status: 'requested', reason: 'crash', criteria: TOPIC + topic,
  channel: { type: 'message', _type: { extension: [{ url: `${EXT}backport-channel-type`, valueCoding: { system: 'https://consilium.example/fhir/CodeSystem/channel', code: 'event-stream' } }] } },
});

// Events of one subscription as they came: number -> "Type/id/version".
class Heard {
  constructor(what, fault) {
    Object.assign(this, { what, fault, keys: new Map(), top: 0 });
  }

  add(status) {
    status.events.forEach((e, i) => {
      const r = status.entries[i]?.resource;
      const key = r ? `${r.resourceType}/${r.id}/${r.meta.versionId}` : e.focus;
      if (this.keys.has(e.number)) {
        if (this.keys.get(e.number) !== key) this.fault(`${this.what}: number ${e.number} stood for ${this.keys.get(e.number)} and then for ${key}`);
        return;
      }
      if (e.number !== this.top + 1) this.fault(`${this.what}: event ${e.number} came after ${this.top}`);
      this.top = e.number;
      this.keys.set(e.number, key);
    });
  }

  numbers() {
    const of = new Map();
    for (const [n, key] of this.keys) {
      if (of.has(key)) this.fault(`${this.what}: ${key} is two events, ${of.get(key)} and ${n}`);
      of.set(key, n);
    }
    return of;
  }
}

export class Told {
  constructor(t) {
    Object.assign(this, { t, logs: new Map(), rounds: 0, bells: 0, taken: 0 });
    this.patients = new Heard('patients', t.fault);
    this.tasks = new Heard('cases', t.fault);
    this.streamed = new Heard('stream', t.fault);
  }

  // keys were acknowledged to who, after all that was acknowledged before.
  log(who, keys) {
    if (!this.logs.has(who)) this.logs.set(who, []);
    this.logs.get(who).push(keys);
  }

  static async receiver() {
    return new Receiver().listen();
  }

  async begin(receiver) {
    this.receiver = receiver;
    const url = `http://127.0.0.1:${receiver.port}`;
    const ids = [];
    for (const body of [hook('patient-changed', `${url}/patients`), hook('case-changed', `${url}/cases`), stream('patient-changed')]) {
      const r = await this.t.fhir('POST', 'Subscription', body);
      if (r.status !== 201) throw new Error(`subscription: ${r.status} ${r.body}`);
      ids.push(JSON.parse(r.body).id);
    }
    this.stream = ids[2];
    for (const id of ids) await until('a handshake', async () => JSON.parse((await this.t.fhir('GET', `Subscription/${id}`)).body).status === 'active');
  }

  // While the load runs: the bell of the event stream.
  load() {
    this.rounds += 1;
    this.receiver.status = this.rounds % REFUSE_EACH === 0 ? 503 : 200;
    return new Promise((done) => {
      const r = http.get({ host: '127.0.0.1', port: this.t.program.port, path: `/fhir/Subscription/${this.stream}/$stream`, headers: { authorization: `Bearer ${this.t.tokens.system}` } }, (res) => {
        res.on('data', (d) => { this.bells += /event: events/.test(d) ? 1 : 0; });
        res.on('error', done);
        res.on('end', done);
      });
      r.on('error', done);
    });
  }

  async check() {
    this.receiver.status = 200;
    this.take();
    await this.pull();
  }

  take() {
    for (const { url, note } of this.receiver.came.splice(0)) {
      const status = statusOf(note);
      if (status.type === 'event-notification') {
        (url === '/cases' ? this.tasks : this.patients).add(status);
        this.taken += 1;
      }
    }
  }

  // What came since: by number, as a subscriber that was away does.
  async pull() {
    for (;;) {
      const r = await this.t.fhir('GET', `Subscription/${this.stream}/$events?eventsSinceNumber=${this.streamed.top + 1}&content=full-resource`);
      const status = statusOf(JSON.parse(r.body));
      this.streamed.add(status);
      if (status.events.length === 0) return;
    }
  }

  // cases: id and version of each Task.
  async end(cases) {
    const must = [...this.logs.values()].flat(2);
    const tasks = cases.flatMap(({ id, version }) => Array.from({ length: version }, (_, i) => `Task/${id}/${i + 1}`));
    await until('everything acknowledged is told', async () => {
      await this.check();
      const last = JSON.parse((await this.t.fhir('GET', `Subscription/${this.stream}/$status`)).body);
      const quiet = statusOf(last).count === this.patients.top && this.streamed.top === this.patients.top;
      const [p, c] = [new Set(this.patients.keys.values()), new Set(this.tasks.keys.values())];
      return quiet && must.every((k) => p.has(k)) && tasks.every((k) => c.has(k));
    }, { within: ARRIVE_SECONDS, every: 0.1 }).catch((e) => this.t.fault(e.message));
    const of = this.patients.numbers();
    const lost = must.filter((k) => !of.has(k));
    if (lost.length > 0) this.t.fault(`${lost.length} of ${must.length} acknowledged changes were not told: ${lost.slice(0, 3).join(' ')}`);
    for (const [who, groups] of this.logs) this.checkOrder(who, groups, of);
    const done = this.tasks.numbers();
    for (const { id, version } of cases) this.checkOrder(`case ${id}`, Array.from({ length: version }, (_, i) => [`Task/${id}/${i + 1}`]), done);
    if ([...this.streamed.keys.values()].join() !== [...this.patients.keys.values()].join()) this.t.fault('the stream was told other events than the hook');
    this.must = must.length + tasks.length;
    this.receiver.server.close();
    this.receiver.server.closeAllConnections?.();
  }

  checkOrder(who, groups, of) {
    let before = 0;
    for (const group of groups) {
      const numbers = group.map((k) => of.get(k) ?? NaN);
      if (numbers.some((n) => !(n > before))) this.t.fault(`${who}: ${group.join(' ')} under ${numbers.join(' ')}, after ${before}`);
      before = Math.max(before, ...numbers);
    }
  }
}
