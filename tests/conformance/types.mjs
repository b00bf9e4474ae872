// Every resource type through its life: node tests/conformance/types.mjs EXE DATA
// The official examples of a type (of a type without, one made up) are created, read, changed, found in the history and
// deleted by an interface account; a person without a case is refused the clinical ones.
// Prints "ok TYPE" and "FAIL TYPE: why" for run.mjs.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { Program } from '../lib/program.mjs';

const [exe, data] = process.argv.slice(2);
const folder = path.join(data, 'examples');
const NOT_KEPT = ['AuditEvent']; // made from the record
const NOBODY = { reference: 'Patient/nobody' };
const text = { text: 'x' };
// Of the types without examples, or whose examples break a rule or belong to a signature.
const MADE_UP = {
  Account: { status: 'active' }, CareTeam: {}, DeviceDefinition: {}, Invoice: { status: 'draft' }, ResearchStudy: { status: 'active' },
  ClinicalImpression: { status: 'completed', subject: NOBODY },
  Composition: { status: 'preliminary', type: text, date: '2026-01-01', author: [NOBODY], title: 'x' },
  DeviceMetric: { type: text, category: 'measurement' },
  DeviceUseStatement: { status: 'active', subject: NOBODY, device: { reference: 'Device/x' } },
  EpisodeOfCare: { status: 'active', patient: NOBODY },
  EventDefinition: { status: 'draft', trigger: [{ type: 'named-event', name: 'x' }] },
  EvidenceVariable: { status: 'draft', characteristic: [{ definitionCodeableConcept: text }] },
  Goal: { lifecycleStatus: 'active', description: text, subject: NOBODY },
  GraphDefinition: { name: 'X', status: 'draft', start: 'Patient' },
  ImmunizationRecommendation: { patient: NOBODY, date: '2026-01-01', recommendation: [{ targetDisease: text, forecastStatus: text }] },
  InsurancePlan: { name: 'x' },
  MedicinalProductIngredient: { role: text }, MedicinalProductInteraction: { description: 'x' },
  MedicinalProductPackaged: { packageItem: [{ type: text, quantity: { value: 1 } }] },
  MessageHeader: { eventUri: 'urn:x', source: { endpoint: 'urn:x' } },
  PaymentReconciliation: { status: 'active', created: '2026-01-01', paymentDate: '2026-01-01', paymentAmount: { value: 1, currency: 'KZT' } },
  Subscription: { status: 'requested', reason: 'x', criteria: 'https://consilium.example/fhir/SubscriptionTopic/patient-changed',
    channel: { type: 'message', _type: { extension: [{ url: 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-channel-type',
      valueCoding: { system: 'https://consilium.example/fhir/CodeSystem/channel', code: 'event-stream' } }] } } },
  SubstanceNucleicAcid: {}, SubstancePolymer: {}, SubstanceProtein: {}, SubstanceReferenceInformation: {}, SubstanceSourceMaterial: {},
  StructureDefinition: { url: 'urn:x:sd', name: 'X', status: 'draft', kind: 'resource', abstract: true, type: 'Patient',
    differential: { element: [{ id: 'Patient', path: 'Patient' }] } },
  ValueSet: { url: 'urn:x:vs', status: 'draft' },
  CodeSystem: { url: 'urn:x:cs', status: 'draft', content: 'complete' },
  SearchParameter: { url: 'urn:x:sp', name: 'X', status: 'draft', description: 'x', code: 'x', base: ['Patient'], type: 'string', expression: 'Patient.name' },
  ConceptMap: { url: 'urn:x:cm', status: 'draft' },
  OperationDefinition: { url: 'urn:x:od', name: 'X', status: 'draft', kind: 'operation', code: 'x', system: true, type: false, instance: false },
  CompartmentDefinition: { url: 'urn:x:cd', name: 'X', status: 'draft', code: 'Patient', search: true },
  CapabilityStatement: { status: 'draft', description: 'x', date: '2026-01-01', kind: 'requirements', fhirVersion: '4.0.1', format: ['json'],
    rest: [{ mode: 'server' }] },
};

const p = new Program();
p.exe = exe;
p.cli(['init']);
const word = (text) => text.trim().split(/\s+/).pop();
const org = word(p.cli(['org', 'add', 'Types', '--kind', 'hospital']));
p.cli(['user', 'add', 'types.person', '--family', 'P', '--given', 'P', '--org', org, '--role', 'doctor', '--must-change', 'false']);
const system = word(p.cli(['token', 'new', '--system', 'types']));
const person = word(p.cli(['token', 'new', 'types.person']));
await p.start();

const ask = async (method, target, body, token = system) => {
  const r = await p.request(method, target, { Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json', Accept: 'application/fhir+json' }, body && JSON.stringify(body));
  return { ...r, json: r.body.startsWith('{') ? JSON.parse(r.body) : null };
};

const statement = (await ask('GET', '/fhir/metadata')).json;
const types = statement.rest[0].resource.map((r) => r.type).filter((t) => !NOT_KEPT.includes(t));

function examples(type) {
  const file = path.join(folder, `${type}.ndjson.gz`);
  if (MADE_UP[type]) return [{ resourceType: type, ...MADE_UP[type] }];
  if (!fs.existsSync(file)) return [];
  return zlib.gunzipSync(fs.readFileSync(file)).toString('utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l));
}

// The first example that is taken, through its life; what went wrong, or null.
async function life(type) {
  let made;
  let first;
  for (const e of examples(type)) {
    made = await ask('POST', `/fhir/${type}`, e);
    first ??= made;
    if (made.status === 201) break;
  }
  if (made === undefined) return 'left';
  if (made.status !== 201) return `create ${first.status} ${first.body.slice(0, 300)}`;
  const at = `/fhir/${type}/${made.json.id}`;
  const steps = [
    ['read', 200, () => ask('GET', at)],
    ['update', 200, () => ask('PUT', at, { ...made.json, language: 'ru' })],
    ['search', 200, () => ask('GET', `/fhir/${type}?_id=${made.json.id}`)],
    ['patch', 200, () => p.request('PATCH', at, { Authorization: `Bearer ${system}`, 'Content-Type': 'application/json-patch+json' }, '[{"op":"replace","path":"/language","value":"kk"}]')],
    ['delete', 204, () => ask('DELETE', at)],
    ['read of what is deleted', 410, () => ask('GET', at)],
    ['vread', 200, () => ask('GET', `${at}/_history/2`)],
  ];
  for (const [name, status, step] of steps) {
    const r = await step();
    if (r.status !== status) return `${name} ${r.status} ${r.body.slice(0, 300)}`;
  }
  const history = (await ask('GET', `${at}/_history`)).json.entry?.map((e) => e.request.method).join(' ');
  if (history !== 'DELETE PUT PUT POST') return `history ${history}`;
  const theirs = await ask('GET', `${at}/_history`, undefined, person);
  if (![200, 404].includes(theirs.status)) return `a person's look ${theirs.status}`;
  return null;
}

for (const type of types) {
  const wrong = await life(type);
  if (wrong === 'left') console.log(`left ${type}: no example`);
  else if (wrong) console.log(`FAIL ${type}: ${wrong.replace(/\s+/g, ' ')}`);
  else console.log(`ok ${type}`);
}
await p.stop();
p.remove();
