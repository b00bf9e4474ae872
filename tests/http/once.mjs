// Nothing twice: conditional writes that are sent at the same moment make one resource. node tests/http/once.mjs [--build PRESET]
import http from 'node:http';
import { Program, option } from '../lib/program.mjs';

const args = process.argv.slice(2);
const p = new Program({ build: option(args, '--build', 'dev') });
const AT_ONCE = 64;
let passed = 0;
let failed = 0;

p.cli(['init']);
const token = p.cli(['token', 'new', '--system', 'once']).trim().split(/\s+/).pop();
await p.start();
const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });

function ask(method, target, body, headers = {}) {
  return new Promise((done, refuse) => {
    const r = http.request({ host: '127.0.0.1', port: p.port, agent, method, path: target,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json', ...headers } }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (d) => { text += d; });
      res.on('end', () => done({ status: res.statusCode, json: text ? JSON.parse(text) : null }));
    });
    r.on('error', refuse);
    r.end(body && JSON.stringify(body));
  });
}

const together = (one) => Promise.all(Array.from({ length: AT_ONCE }, (_, i) => one(i)));
const count = async (query) => (await ask('GET', `/fhir/${query}&_summary=count`)).json.total;
const tally = (list) => JSON.stringify(Object.fromEntries([...new Set(list)].sort().map((k) => [k, list.filter((x) => x === k).length])));

function is(what, got, wanted) {
  if (JSON.stringify(got) === JSON.stringify(wanted)) { passed++; return; }
  failed++;
  console.log(`failed: ${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
}

const patient = (value, family) => ({ resourceType: 'Patient', identifier: [{ system: 'urn:x', value }], name: [{ family }], birthDate: '1980-01-01' });
const ids = (rs) => new Set(rs.map((r) => r.json.id)).size;

// A system that creates if there is none, by an identifier, by words and dates, by what another resource says.
let rs = await together(() => ask('POST', '/fhir/Patient', patient('a', 'Odin'), { 'If-None-Exist': 'identifier=urn:x|a' }));
is('create by identifier', tally(rs.map((r) => r.status)), '{"200":63,"201":1}');
is('create by identifier: one id', ids(rs), 1);
is('create by identifier: kept', await count('Patient?identifier=urn:x|a'), 1);

rs = await together(() => ask('POST', '/fhir/Patient', patient('b', 'Dvoynik'), { 'If-None-Exist': 'family=Dvoynik&birthdate=1980-01-01' }));
is('create by name and date', tally(rs.map((r) => r.status)), '{"200":63,"201":1}');
is('create by name and date: kept', await count('Patient?family=Dvoynik'), 1);

const about = rs[0].json.id;
const observation = { resourceType: 'Observation', status: 'final', code: { coding: [{ system: 'urn:c', code: 'c' }] }, subject: { reference: `Patient/${about}` } };
rs = await together(() => ask('POST', '/fhir/Observation', observation, { 'If-None-Exist': 'subject:Patient.family=Dvoynik&code=urn:c|c' }));
is('create by a chain', tally(rs.map((r) => r.status)), '{"200":63,"201":1}');
is('create by a chain: kept', await count('Observation?code=urn:c|c'), 1);

// Updates: the first makes it, each of the others a version.
rs = await together(() => ask('PUT', '/fhir/Patient?identifier=urn:x|c', patient('c', 'Troye')));
is('update by identifier', tally(rs.map((r) => r.status)), '{"200":63,"201":1}');
is('update by identifier: one id', ids(rs), 1);
is('update by identifier: versions', rs.map((r) => Number(r.json.meta.versionId)).sort((a, b) => a - b), Array.from({ length: AT_ONCE }, (_, i) => i + 1));
is('update by identifier: kept', await count('Patient?identifier=urn:x|c'), 1);

// Creates and updates of the same, mixed.
rs = await together((i) => (i % 2
  ? ask('PUT', '/fhir/Patient?identifier=urn:x|d', patient('d', 'Smes'))
  : ask('POST', '/fhir/Patient', patient('d', 'Smes'), { 'If-None-Exist': 'identifier=urn:x|d' })));
is('mixed', rs.every((r) => r.status === 200 || r.status === 201) && rs.filter((r) => r.status === 201).length, 1);
is('mixed: kept', await count('Patient?identifier=urn:x|d'), 1);

// In transactions and batches, with something of their own that refers to it.
const bundle = (type, i, value) => ({ resourceType: 'Bundle', type, entry: [
  { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001', resource: patient(value, 'Paket'),
    request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=urn:x|${value}` } },
  { resource: { ...observation, code: { coding: [{ system: 'urn:c', code: `${value}${i}` }] },
    subject: { reference: type === 'batch' ? `Patient/${about}` : 'urn:uuid:00000000-0000-4000-8000-000000000001' } },
    request: { method: 'POST', url: 'Observation' } }] });
for (const [type, value] of [['transaction', 'e'], ['batch', 'f']]) {
  rs = await together((i) => ask('POST', '/fhir', bundle(type, i, value)));
  is(`${type}: answered`, tally(rs.map((r) => r.status)), '{"200":64}');
  is(`${type}: made`, tally(rs.map((r) => r.json.entry?.[0].response.status)), '{"200 OK":63,"201 Created":1}');
  is(`${type}: others made`, tally(rs.map((r) => r.json.entry?.[1].response.status)), '{"201 Created":64}');
  is(`${type}: kept`, await count(`Patient?identifier=urn:x|${value}`), 1);
}
is('transaction: all refer to the one', await count('Observation?subject:Patient.identifier=urn:x|e'), AT_ONCE);

// Two entries of one transaction for the same one: refused; of one batch: the second finds the first.
const twice = (type, second) => ({ resourceType: 'Bundle', type, entry: ['g', second].map((value) => (
  { resource: { ...patient(value, 'Dvazhdy'), identifier: [{ system: 'urn:x', value: 'g' }, { system: 'urn:x', value: 'h' }] },
    request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=urn:x|${value}` } })) });
is('twice in a transaction', (await ask('POST', '/fhir', twice('transaction', 'g'))).status, 400);
is('twice by other words', (await ask('POST', '/fhir', twice('transaction', 'h'))).status, 400);
is('twice: nothing kept', await count('Patient?family=Dvazhdy'), 0);
const each = await ask('POST', '/fhir', twice('batch', 'h'));
is('twice in a batch', each.json.entry?.map((e) => e.response.status), ['201 Created', '200 OK']);
is('twice in a batch: kept', await count('Patient?family=Dvazhdy'), 1);

agent.destroy();
await p.stop();
p.remove();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
