// One slot, 200 bookings at the same moment over HTTP: one wins, the others are told, and the record has one visit.
// node tests/http/book_once.mjs [--build PRESET]
import http from 'node:http';
import { Program, option } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';

const args = process.argv.slice(2);
const p = new Program({ build: option(args, '--build', 'dev') });
const AT_ONCE = 200;
const PASSWORD = 'once-at-a-time-1';
let passed = 0;
let failed = 0;

function is(what, got, wanted) {
  if (JSON.stringify(got) === JSON.stringify(wanted)) { passed++; return; }
  failed++;
  console.log(`failed: ${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
}

const last = (text) => text.trim().split('\n')[0].split(/\s+/).pop();
p.cli(['init']);
const org = last(p.cli(['org', 'add', 'Polyclinic', '--kind', 'hospital']));
for (const [login, role] of [['doctor.once', 'doctor'], ['registrar.once', 'registrar']]) {
  p.cli(['user', 'add', login, '--family', login, '--given', 'Test', '--org', org, '--role', role, '--must-change', 'false', '--password-stdin', 'true'], { input: `${PASSWORD}\n` });
}
const system = last(p.cli(['token', 'new', '--system', 'once']));
const desk = last(p.cli(['token', 'new', 'registrar.once']));
await p.start();
const doctor = await signIn(p, 'doctor.once', PASSWORD);
const registrar = await signIn(p, 'registrar.once', PASSWORD);

// The hours: every day round the clock, so that there are free times whenever this runs.
let page = (await doctor.get('/schedule')).body;
const person = /name="person" value="([^"]+)"/.exec(page)[1];
await doctor.post('/schedule', { person, service: '', place: 'Room 1', tz: '300' });
page = (await doctor.get('/schedule')).body;
const schedule = /action="\/schedule\/([^/]+)\/hours"/.exec(page)[1];
for (let day = 1; day <= 7; day++) await doctor.post(`/schedule/${schedule}/hours`, { person, day, from: '00:00', to: '24:00', minutes: '30', mode: 'both' });

// Patients of the polyclinic: registered by its registrar.
const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
const patients = [];
for (let i = 0; i < AT_ONCE; i++) {
  const reply = await p.request('POST', '/fhir/Patient', { Authorization: `Bearer ${desk}`, 'content-type': 'application/fhir+json' },
    JSON.stringify({ resourceType: 'Patient', name: [{ family: `Once${i}`, given: ['Test'] }], birthDate: '1980-01-01', gender: 'female',
      identifier: [{ system: 'urn:oid:1.2.643.2.40.3.3.1.0', value: String(1000000000000000 + i) }], managingOrganization: { reference: `Organization/${org}` } }));
  if (reply.status !== 201) throw new Error(`patient: ${reply.status} ${reply.body}`);
  patients.push(JSON.parse(reply.body).id);
}

page = (await registrar.post('/book', { patient: patients[0], mode: 'in-person', schedule, purpose: 'examination', problem: '', go: 'times' })).body;
const start = /name="start" id="at-\d+" value="(\d+)"/.exec(page)?.[1];
is('a free time', Boolean(start), true);

function book(patient, at) {
  const body = new URLSearchParams({ csrf: registrar.csrf, patient, mode: 'in-person', schedule, purpose: 'examination', problem: '', go: 'book', start: at }).toString();
  return new Promise((done, refuse) => {
    const r = http.request({ host: '127.0.0.1', port: p.port, agent, method: 'POST', path: '/book',
      headers: { cookie: registrar.cookie, 'content-type': 'application/x-www-form-urlencoded' } }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (d) => { text += d; });
      res.on('end', () => done({ status: res.statusCode, body: text }));
    });
    r.on('error', refuse);
    r.end(body);
  });
}

const replies = await Promise.all(patients.map((id) => book(id, start)));
const by = (status) => replies.filter((r) => r.status === status);
is('one wins', by(303).length, 1);
is('the others are told', by(409).length, AT_ONCE - 1);
is('in words', by(409).every((r) => /just taken this time/.test(r.body)), true);
is('with the times that are left', by(409).every((r) => /name="start"/.test(r.body) && !r.body.includes(`value="${start}"`)), true);
const kept = async (query) => JSON.parse((await p.request('GET', `/fhir/${query}&_summary=count`, { Authorization: `Bearer ${system}` })).body).total;
is('one Appointment', await kept('Appointment?status=booked'), 1);
is('one busy Slot', await kept('Slot?status=busy'), 1);
const day = new Date(Number(start) + 300 * 60000).toISOString().slice(0, 10);
const list = (await doctor.get(`/visits?day=${day}`)).body;
is('on the list of the doctor', (list.match(/Once\d+/g) ?? []).length >= 1, true);

// The one visit cancelled: its time is free again, and again one wins.
const winner = replies.findIndex((r) => r.status === 303);
const visit = /href="\/visits\/([^/]+)\/cancel"/.exec(list)[1];
is('cancelled', (await registrar.post(`/visits/${visit}/do/cancel`, { reason: 'patient-asked' })).status, 303);
const again = await Promise.all(patients.map((id) => book(id, start)));
is('one wins again', again.filter((r) => r.status === 303).length, 1);
is('two visits on record', await kept('Appointment?status=booked,cancelled'), 2);
is('winner of the first', winner >= 0, true);

agent.destroy();
await p.stop();
p.cli(['doctor']);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
