// Ways out of the record for machines, while opinions of a consilium are hidden from each other: bulk exports, subscriptions,
// versions, includes, as a system that may see all and as a member.
import { until } from '../lib/until.mjs';

const TOPIC = 'https://consilium.example/fhir/SubscriptionTopic/';
const CHANNEL = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-channel-type';
const SECONDS = 120;

const bearer = (token) => ({ authorization: `Bearer ${token}` });
const local = (url) => new URL(url).pathname + new URL(url).search;

// A whole export of the system, each file of it one after the other.
export async function exported(p, token) {
  const asked = await p.request('GET', '/fhir/$export', { ...bearer(token), prefer: 'respond-async', accept: 'application/fhir+json' });
  if (asked.status !== 202) throw new Error(`export: ${asked.status} ${asked.body}`);
  const where = local(asked.headers['content-location']);
  const done = await until('the export is done', async () => {
    const r = await p.request('GET', where, bearer(token));
    return r.status !== 202 && r;
  }, { within: SECONDS });
  if (done.status !== 200) throw new Error(`export: ${done.status} ${done.body}`);
  const { output, error } = JSON.parse(done.body);
  if (error.length > 0) throw new Error(`export: ${JSON.stringify(error)}`);
  let all = '';
  for (const f of output) all += (await p.request('GET', local(f.url), bearer(token))).body;
  return all;
}

// Subscriptions to every topic there is, of a system and of a member.
export class Watch {
  static async of(p, region, member) {
    const w = new Watch();
    Object.assign(w, { p, who: { system: region.system, member }, subs: [] });
    const listed = JSON.parse((await w.get('system', 'Subscription/$topics')).body).entry;
    const topics = listed.map((e) => new RegExp(`${TOPIC}[a-z-]+`).exec(JSON.stringify(e.resource))[0]);
    for (const who of ['system', 'member']) {
      for (const topic of topics) {
        const r = await p.request('POST', '/fhir/Subscription', { ...bearer(w.who[who]), 'content-type': 'application/fhir+json' }, JSON.stringify({
          resourceType: 'Subscription', status: 'requested', reason: 'test', criteria: topic,
          channel: { type: 'message', _type: { extension: [{ url: CHANNEL, valueCoding: { system: 'https://consilium.example/fhir/CodeSystem/channel', code: 'event-stream' } }] } },
        }));
        if (r.status !== 201) throw new Error(`subscription to ${topic}: ${r.status} ${r.body}`);
        w.subs.push({ who, topic, id: JSON.parse(r.body).id });
      }
    }
    return w;
  }

  get(who, rel) { return this.p.request('GET', `/fhir/${rel}`, bearer(this.who[who])); }

  // What all subscriptions tell, once a change that comes after all others has been told.
  async told() {
    const r = await this.p.request('POST', '/fhir/Patient', { ...bearer(this.who.system), 'content-type': 'application/fhir+json' }, JSON.stringify({ resourceType: 'Patient', active: true }));
    const { id } = JSON.parse(r.body);
    const last = this.subs.find((s) => s.who === 'system' && s.topic.endsWith('/patient-changed'));
    await until('the last change is told', async () => (await this.get('system', `Subscription/${last.id}/$events?content=full-resource`)).body.includes(id), { within: SECONDS });
    return Promise.all(this.subs.map(async (s) => ({ ...s, body: (await this.get(s.who, `Subscription/${s.id}/$events?content=full-resource`)).body })));
  }

  // Where the mark is seen that must not be; a member may read the own words.
  async leaks(mark, item, patient) {
    const seen = [];
    for (const s of await this.told()) {
      if (s.body.includes(s.who === 'member' ? `${mark} of consultant` : mark)) seen.push(`${s.who}: ${s.topic}`);
    }
    const ways = ['_history?_count=500', 'ClinicalImpression/_history', 'Task/_history', 'Provenance/_history', 'Communication/_history', 'ClinicalImpression', 'Provenance', 'Binary',
      `ServiceRequest?_id=${item}&_revinclude=*`, `ServiceRequest?_id=${item}&_include=*&_revinclude=*&_include:iterate=*`, `Task?based-on=ServiceRequest/${item}&_include=*&_revinclude=*`,
      `Patient?_id=${patient.split('/')[1]}&_revinclude=*`, `${patient}/$everything?_count=500`, `ServiceRequest/${item}/_history`];
    for (const way of ways) {
      for (const who of ['system', 'member']) {
        const { body } = await this.get(who, way);
        if (body.includes(who === 'member' ? `${mark} of consultant` : mark)) seen.push(`${who}: ${way}`);
      }
    }
    return seen;
  }

  // That they were looking: the tasks of the consilium were told to both.
  async heard(item) {
    const told = await this.told();
    return ['system', 'member'].filter((who) => told.some((s) => s.who === who && s.topic.endsWith('/case-changed') && s.body.includes(item)));
  }
}
