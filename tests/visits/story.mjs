// A visit by video from its booking to the signed note, and its other ends: what each leaves in the record, in the bell
// and on the pages.
import fs from 'node:fs';
import path from 'node:path';
import { is, plain } from './place.mjs';

const SHOWN = (visit) => `/visits/${visit}`;

async function states(p, visit) {
  const of = async (rel) => p.fhir(`${rel}/${visit}`);
  const [a, s, e, t] = [await of('Appointment'), await of('Slot'), await of('Encounter'), await of('Task')];
  return [a.status, s.status, e.status ?? '', t.businessStatus?.coding?.[0].code ?? ''].join(' ');
}
export const stands = async (p, visit, wanted) => {
  const got = await states(p, visit);
  is(`${wanted}`, got === wanted, got);
};

// The whole way.
export async function whole(p) {
  const patient = await p.patient('Wholeway');
  await p.account(patient, 'patient.whole');
  await p.seen(patient);
  const [start] = await p.times(patient, p.now() + 3 * 86400e3);
  const visit = await p.book(patient, start);
  await stands(p, visit, 'booked busy 404 ');
  const a = await p.fhir(`Appointment/${visit}`);
  const actors = a.participant.map((x) => x.actor.reference.split('/')[0]).join();
  is('the Appointment names both, the time, the problem and what it rests on', actors === 'Patient,Practitioner' && Date.parse(a.end) - start === 30 * 60e3
    && a.reasonCode[0].coding[0].code === 'I10' && a.supportingInformation[0].reference.startsWith('Encounter/'), a);
  is('the doctor is told, without content', /A visit was booked/.test(await p.bell('doctor')) && !/Wholeway|I10/.test(await p.bell('doctor')));
  is('the patient sees it', /by video/.test(await p.text('patient.whole', `/my/visits/${visit}`)));
  is('not yet to be begun', /too early/.test(await p.text('doctor', SHOWN(visit))));
  is('nor by a click kept from before', (await p.go(visit, 'begin')).headers.location?.endsWith('visit-late'));
  await stands(p, visit, 'booked busy 404 ');
  p.goTo(start, -120);
  const before = await p.post('patient.whole', `/visits/${visit}/room`);
  await p.begun(visit);
  await stands(p, visit, 'arrived busy in-progress talk');
  const page = (await p.get('doctor', SHOWN(visit))).body;
  const room = /href="(\/rooms\/[^"]+)"/.exec(page)?.[1];
  is('one room, whoever makes it', room && before.headers.location === room, [before.status, before.headers.location, room]);
  is('the doctor enters', (await p.post('doctor', `${room}/enter`)).status === 303);
  is('the patient waits to be let in', (await p.post('patient.whole', `${room}/enter`)).status === 303 && /lets you in/.test(await p.text('patient.whole', room)));
  is('nobody else', (await p.get('outsider', room)).status === 404 && (await p.get('colleague', room)).status === 404);
  await p.sign(visit, { 'orders.what[0]': 'Creatinine', 'orders.why[0]': 'High', 'again.on': new Date(start + 7 * 86400e3).toISOString().slice(0, 10), 'again.how': 'again-person' });
  await stands(p, visit, 'fulfilled busy finished noted');
  await record(p, visit, patient);
  await nextVisit(p, visit, patient);
  is('the patient is told and reads it', /Looked at readings/.test(await p.text('patient.whole', `/my/notes/${visit}`)));
  await p.sign(visit, { reason: 'Wrong advice', 'act.advice': 'Stop' });
  is('two versions', (await p.fhir(`Task/${visit}`)).output.length === 2);
  return visit;
}

async function record(p, visit, patient) {
  const e = await p.fhir(`Encounter/${visit}`);
  const rests = e.extension.find((x) => x.url.endsWith('/in-person-visit'))?.valueReference.reference;
  is('the Encounter: class VR, its Appointment, course, times, who checked what', e.class.code === 'VR' && e.appointment[0].reference === `Appointment/${visit}`
    && e.episodeOfCare.length === 1 && e.period.end >= e.period.start && rests?.startsWith('Encounter/')
    && ['identity-check', 'visit-consent'].every((x) => e.extension.some((y) => y.url.endsWith(`/${x}`))), e);
  const consent = e.extension.find((x) => x.url.endsWith('/visit-consent')).valueReference.reference;
  is('the Consent', (await p.fhir(consent)).category[0].coding[0].code === 'remote-visit');
  const t = await p.fhir(`Task/${visit}`);
  const bundle = await p.fhir(t.output[0].valueReference.reference);
  const types = bundle.entry.map((x) => x.resource.resourceType);
  is('the note is a document of the record', bundle.type === 'document' && types[0] === 'Composition' && ['Patient', 'Practitioner', 'Encounter', 'QuestionnaireResponse'].every((x) => types.includes(x)), types);
  is('its sections are those the policy demands', (() => {
    const codes = bundle.entry[0].resource.section.map((s) => s.code.coding[0].code);
    return ['in-person-visit', 'identity-check', 'consent', 'complaints', 'act', 'need-in-person'].every((c) => codes.includes(c));
  })(), bundle.entry[0].resource.section?.map((s) => s.code));
  const order = await p.fhir(`ServiceRequest/${visit}-1`);
  is('the order', order.status === 'active' && order.encounter.reference === `Encounter/${visit}` && order.code.text === 'Creatinine', order);
  is('one answered form', (await p.all(`QuestionnaireResponse?patient=${patient}`)).length === 1);
}

// "Book the next visit" of the page leads to the free times, all filled in.
async function nextVisit(p, visit, patient) {
  const page = (await p.get('doctor', SHOWN(visit))).body;
  const form = /<form[^>]* action="\/book">([\s\S]*?)<\/form>/.exec(page)?.[1] ?? '';
  const fields = Object.fromEntries([...form.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map((m) => [m[1], m[2]]));
  is('patient, doctor, problem, how and from when stand already', fields.patient === patient && fields.schedule === p.schedule && fields.problem === 'I10'
    && fields.mode === 'in-person' && /^\d{4}-\d\d-\d\d$/.test(fields.from), fields);
  const times = await p.post('doctor', '/book', { ...fields, go: 'times' });
  const at = [...times.body.matchAll(/name="start" id="at-\d+" value="(\d+)"/g)].map((m) => Number(m[1]));
  is('free times from that day', times.status === 200 && at.length > 0 && new Date(at[0] + 300 * 60e3).toISOString().slice(0, 10) >= fields.from, [times.status, at[0]]);
  const { go, from, ...rest } = fields;
  const done = await p.post('doctor', '/book', { ...rest, go: 'book', start: String(at[0]) });
  is('booked', done.status === 303, plain(done.body).slice(0, 400));
  const next = (await p.all(`Appointment?patient=${patient}&status=booked`)).find((x) => Date.parse(x.start) === at[0]);
  is('in person, of the same problem', next?.extension.some((x) => x.valueCode === 'in-person') && next.reasonCode[0].coding[0].code === 'I10', next);
}

// Cancelled: its time is free, the first who waits is offered it, those concerned are told, its room is shut.
export async function cancelled(p) {
  const [one, two] = [await p.patient('Cancelled'), await p.patient('Waiting')];
  await p.account(one, 'patient.cancelled');
  await p.account(two, 'patient.waiting');
  await p.seen(one);
  await p.seen(two);
  const [start] = await p.times(one, p.now() + 2 * 86400e3);
  const visit = await p.book(one, start);
  const w = await p.post('registrar', '/book', { ...p.wish(two), go: 'wait' });
  is('on the waiting list', w.headers.location === '/waiting?done=visit-waits', w.status);
  const room = (await p.post('patient.cancelled', `/visits/${visit}/room`)).headers.location;
  is('words are asked for', (await p.post('registrar', `/visits/${visit}/do/cancel`, {})).status === 422);
  is('cancelled', (await p.post('registrar', `/visits/${visit}/do/cancel`, { reason: 'patient-asked' })).status === 303);
  await stands(p, visit, 'cancelled free 404 ');
  const offered = (await p.all(`Appointment?patient=${two}`))[0];
  is('offered to who waits', offered.status === 'proposed' && Date.parse(offered.start) === start && offered.participant[0].status === 'needs-action', offered);
  is('and told', /offered|free/i.test(await p.bell('patient.waiting')));
  is('the other is told, too', /cancelled/i.test(await p.bell('patient.cancelled')));
  is('the room has closed', !/action="[^"]*\/enter"/.test((await p.get('patient.cancelled', room)).body) && (await p.post('patient.cancelled', `/visits/${visit}/room`)).status === 409);
  is('not to be begun', /This visit was cancelled/.test(await p.text('doctor', SHOWN(visit))) && (await p.go(visit, 'begin')).headers.location?.endsWith('visit-late'));
  is('accepted by the patient', (await p.post('patient.waiting', `/my/visits/${offered.id}/accept`)).status === 303);
  await stands(p, offered.id, 'booked busy 404 ');
}

// Moved: the old time is free, the door opens at the new one.
export async function moved(p) {
  const patient = await p.patient('Moved');
  await p.seen(patient);
  const [start, , later] = await p.times(patient, p.now() + 2 * 86400e3);
  const visit = await p.book(patient, start);
  const room = (await p.post('doctor', `/visits/${visit}/room`)).headers.location;
  const opens = plain((await p.get('doctor', room)).body);
  is('moved', (await p.post('registrar', `/visits/${visit}/do/move`, { start: String(later) })).status === 303);
  await stands(p, visit, 'booked busy 404 ');
  is('at the new time', Date.parse((await p.fhir(`Appointment/${visit}`)).start) === later);
  is('the old one is free', (await p.times(patient, start)).includes(start));
  const again = await p.post('registrar', `/visits/${visit}/do/move`, { start: String(start), version: '1' });
  is('two at once: the second is told', again.status === 412, again.status);
  p.goTo(later, -60);
  is('the door opens at the new time', /Enter|enter/.test(await p.text('doctor', room)), opens.slice(0, 200));
  await p.begun(visit);
  is('begun, it is not moved or cancelled from the list', (await p.post('registrar', `/visits/${visit}/do/move`, { start: String(start) })).status === 409
    && (await p.post('registrar', `/visits/${visit}/do/cancel`, { reason: 'other' })).status === 409);
  await stands(p, visit, 'arrived busy in-progress talk');
  is('why it is broken off is asked for', (await p.go(visit, 'break-off')).status === 422);
  is('broken off', (await p.go(visit, 'break-off', { reason: 'The line is cut' })).headers.location?.endsWith('visit-break-off'));
  await stands(p, visit, 'cancelled free cancelled broken-off');
  is('no note of it', (await p.get('doctor', `/visits/${visit}/note`)).status === 303);
}

// Nobody came.
export async function noShow(p) {
  const patient = await p.patient('Noshow');
  await p.seen(patient);
  const [start] = await p.times(patient, p.now() + 2 * 86400e3);
  const visit = await p.book(patient, start);
  is('not before its time', (await p.post('registrar', `/visits/${visit}/do/no-show`)).status === 400);
  p.goTo(start, 20 * 60);
  is('the list has the button', /did not come/.test(await p.text('registrar', '/visits?of=org')));
  is('nobody came', (await p.post('registrar', `/visits/${visit}/do/no-show`)).status === 303);
  await stands(p, visit, 'noshow free 404 ');
  is('it is final', (await p.post('registrar', `/visits/${visit}/do/arrive`)).status === 409 && (await p.go(visit, 'begin')).headers.location?.endsWith('visit-late'));
}

// In person: received, and ended from the list of the day; it has no room and no note.
export async function inPerson(p) {
  const patient = await p.patient('Inperson');
  const start = (await p.times(patient, p.now() + 2 * 86400e3, { mode: 'in-person', purpose: 'examination', problem: '' }))[20];
  const visit = await p.book(patient, start, { mode: 'in-person', purpose: 'examination', problem: '' });
  p.goTo(start, -600);
  is('no room', (await p.post('doctor', `/visits/${visit}/room`)).status === 409);
  is('no remote visit', /in person: record it/.test(await p.text('doctor', SHOWN(visit))));
  await p.post('registrar', `/visits/${visit}/do/arrive`);
  const list = (await p.get('doctor', '/visits')).body;
  is('the doctor ends it there', list.includes(`/visits/${visit}/do/fulfil`) && (await p.post('doctor', `/visits/${visit}/do/fulfil`)).status === 303);
  await stands(p, visit, 'fulfilled busy 404 ');
}

// The signed note and its signature, checked by the program without a server; one byte changed anywhere is found.
export async function verified(p, visit) {
  const file = (name) => path.join(p.program.dir, name);
  const json = (await p.get('doctor', `/visits/${visit}/note.json`)).bytes;
  fs.writeFileSync(file('note.json'), json);
  fs.writeFileSync(file('note.p7s'), (await p.get('doctor', `/visits/${visit}/note.p7s`)).bytes);
  const check = (a, b) => { try { return p.program.cli(['verify', file(a), file(b)]); } catch { return ''; } };
  // The authority's certificate travels along unsigned: its fingerprint is what the reader compares.
  const signer = (said) => said.split('\n').filter((l) => !/^(authority|fingerprint)/.test(l)).join('\n');
  const good = check('note.json', 'note.p7s');
  is('it verifies', good.length > 0 && !/Moved|Wholeway/.test(good), good);
  const PLACES = 40;
  let taken = 0;
  for (let i = 0; i < PLACES; i++) {
    const spoiled = Buffer.from(json);
    const at = Math.floor((json.length - 1) * (i / (PLACES - 1)));
    spoiled[at] = spoiled[at] === 0x20 ? 0x09 : spoiled[at] ^ 1;
    fs.writeFileSync(file('spoiled.json'), spoiled);
    taken += check('spoiled.json', 'note.p7s') !== '';
  }
  is('a changed byte is found, wherever it is', taken === 0, taken);
  const p7s = fs.readFileSync(file('note.p7s'));
  for (let i = 0; i < PLACES; i++) {
    const spoiled = Buffer.from(p7s);
    spoiled[Math.floor((p7s.length - 1) * (i / (PLACES - 1)))] ^= 1;
    fs.writeFileSync(file('spoiled.p7s'), spoiled);
    const said = check('note.json', 'spoiled.p7s');
    taken += said !== '' && signer(said) !== signer(good);
  }
  is('in the signature it is found, or changes nothing that is said of who signed what', taken === 0, taken);
}

// The document of the note that was signed last.
async function noteOf(p, visit) {
  const t = await p.fhir(`Task/${visit}`);
  return JSON.stringify(await p.fhir(t.output.at(-1).valueReference.reference));
}

// The language of a note is the one chosen, else the patient's, whoever writes it in whatever language; what people typed stays
// as it was typed, in whatever language that is.
export async function languages(p) {
  const patient = await p.patient('Polyglot');
  const typed = { 'complaints.now': 'Бас ауырады', 'act.done': 'Looked at readings', 'act.advice': 'Ichishda davom eting' };
  const chosen = ['ru', 'kk', 'uz', 'en'];
  const titles = new Map();
  await p.post('doctor', '/language', { lang: 'ru' });
  for (const [i, lang] of chosen.entries()) {
    const [start] = await p.times(patient, p.now() + (i + 2) * 86400e3, { purpose: 'advice', problem: '' });
    const visit = await p.book(patient, start, { purpose: 'advice', problem: '' });
    p.goTo(start);
    await p.begun(visit);
    await p.sign(visit, { ...typed, language: lang });
    const doc = await noteOf(p, visit);
    const composition = JSON.parse(doc).entry[0].resource;
    titles.set(lang, composition.title);
    is(`a note in ${lang}: it says so`, composition.language === lang, composition.language);
    is(`a note in ${lang}: what was typed stays as typed`, Object.values(typed).every((text) => doc.includes(text)));
  }
  is('the words of the paper are of four languages', new Set(titles.values()).size === chosen.length, [...titles]);
  // Nothing chosen, or nonsense: the patient's own.
  const whose = await p.fhir(`Patient/${patient}`);
  const r = await p.program.request('PUT', `/fhir/Patient/${patient}`, { authorization: `Bearer ${p.region.system}`, 'content-type': 'application/fhir+json' },
    JSON.stringify({ ...whose, communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'uz' }] }, preferred: true }] }));
  is('the patient speaks Uzbek', r.status === 200, [r.status, r.body.slice(0, 300)]);
  for (const [i, language] of ['', 'xx'].entries()) {
    const [start] = await p.times(patient, p.now() + (i + 2) * 86400e3, { purpose: 'advice', problem: '' });
    const visit = await p.book(patient, start, { purpose: 'advice', problem: '' });
    p.goTo(start);
    await p.begun(visit);
    const form = (await p.get('doctor', `/visits/${visit}/note`)).body;
    is('the form offers the language of the patient', /name="language"[^]*?value="uz" (selected|checked)/.test(form) || /value="uz"[^>]* (selected|checked)/.test(form));
    await p.sign(visit, { ...typed, language });
    is(`language "${language}": the patient's`, JSON.parse(await noteOf(p, visit)).entry[0].resource.language === 'uz');
  }
  await p.post('doctor', '/language', { lang: 'en' }); // what follows is read in English
}
