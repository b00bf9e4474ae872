// The rule of remote visits as the server holds it: what the profile does not allow is refused with its reason, offers the
// visit in person, in four languages; what may not be done remotely is neither offered nor taken.
import { is, plain } from './place.mjs';

// purpose, problem, what the page says; null: allowed. The patient was seen in person with I10 by this doctor.
const ROWS = [
  ['advice', '', null], ['referral-need', '', null], ['follow-up', 'I10', null], ['refine-diagnosis', 'I10', null], ['rehabilitation', 'I10', null],
  ['follow-up', '', 'No visit in person with this problem is on record'], ['refine-diagnosis', 'E11', 'No visit in person with this problem is on record'],
  ['set-diagnosis', 'I10', 'may not be done in a remote visit'], ['start-treatment', 'I10', 'may not be done in a remote visit'],
  ['prevention', 'I10', 'not allowed for this purpose'], ['collect-history', 'I10', 'not allowed for this purpose'], ['examination', 'I10', 'not allowed for this purpose'],
];
// The same under the profile of Russia: who receives, purpose, problem, refusal. rudoctor saw the patient with I10, ruother with J45.
const RUSSIAN = [
  ['rudoctor', 'prevention', '', null], ['rudoctor', 'collect-history', '', null], ['rudoctor', 'in-person-need', '', null],
  ['rudoctor', 'follow-up', 'I10', null], ['rudoctor', 'assess-treatment', 'I10', null],
  ['rudoctor', 'follow-up', '', 'No visit in person with this problem is on record'], ['rudoctor', 'assess-treatment', 'E11', 'No visit in person with this problem is on record'],
  ['rudoctor', 'advice', '', 'not allowed for this purpose'], ['rudoctor', 'refine-diagnosis', 'I10', 'not allowed for this purpose'], ['rudoctor', 'rehabilitation', 'I10', 'not allowed for this purpose'],
  ['rudoctor', 'set-diagnosis', 'I10', 'may not be done in a remote visit'], ['rudoctor', 'start-treatment', 'I10', 'may not be done in a remote visit'],
  ['rucolleague', 'follow-up', 'I10', 'only with enough years in the specialty'], ['rudoctor', 'follow-up', 'J45', 'in another institution'],
];
const URGENT = 'A remote visit is not for an emergency.';
const OFFER = 'A visit in person can be booked instead.';
const DAY_MS = 86400e3;

// One row: times are shown, or the reason before and after it is sent.
async function ruled(p, patient, start, [purpose, problem, why], more = {}) {
  const wish = p.wish(patient, { purpose, problem, ...more });
  const shown = await p.post('registrar', '/book', { ...wish, go: 'times' });
  const offered = /name="start"/.test(shown.body);
  if (why === null) {
    is(`${purpose}: allowed, times are shown`, shown.status === 200 && offered, plain(shown.body).slice(0, 600));
    return;
  }
  is(`${purpose} ${problem}: said before anything is sent, in person offered`, shown.body.includes(why) && shown.body.includes(OFFER)
    && /name="mode" value="in-person"/.test(shown.body) && !offered, plain(shown.body).slice(0, 600));
  const sent = await p.post('registrar', '/book', { ...wish, go: 'book', start: String(start) });
  is(`${purpose} ${problem}: refused when sent all the same`, sent.status === 422 && sent.body.includes(why) && sent.body.includes(OFFER), sent.status);
}

// An emergency waits for no visit, remote or not: whom to ring stands there.
async function emergency(p, patient, start, more) {
  const r = await p.post('registrar', '/book', { ...p.wish(patient, { urgency: 'emergency', ...more }), go: 'book', start: String(start) });
  is('an emergency: refused, whom to ring, no other visit', r.status === 422 && r.body.includes(URGENT) && r.body.includes('href="tel:103"') && r.body.includes('href="tel:112"') && !r.body.includes(OFFER), [r.status, plain(r.body).slice(0, 600)]);
}

async function refused(p, patient, start) {
  for (const row of ROWS) await ruled(p, patient, start, row);
  await emergency(p, patient, start, { purpose: 'advice', problem: '' });
  is('nothing was booked', (await p.all(`Appointment?patient=${patient}`)).length === 0);
}

// A visit in person on record, as another institution's system sends it.
async function seenThere(p, patient, code, { person }, org) {
  const at = new Date(p.now() - DAY_MS).toISOString();
  const r = await p.program.request('POST', '/fhir/Encounter', { authorization: `Bearer ${p.region.system}`, 'content-type': 'application/fhir+json' }, JSON.stringify({
    resourceType: 'Encounter', status: 'finished', class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' }, subject: { reference: `Patient/${patient}` },
    participant: [{ individual: { reference: `Practitioner/${person}` } }], period: { start: at, end: at }, serviceProvider: { reference: `Organization/${org}` },
    reasonCode: [{ coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code }] }] }));
  if (r.status !== 201) throw new Error(`a visit in person: ${r.status} ${r.body.slice(0, 500)}`);
}

async function russian(p, start) {
  const patient = await p.patient('Russian', '1972-05-04', p.region.russian);
  const young = await p.patient('Young', `${new Date(p.now()).getUTCFullYear() - 17}-12-31`, p.region.russian);
  const ours = await p.patient('Ours');
  const [schedules, of] = [{}, {}];
  for (const login of ['rudoctor', 'rucolleague', 'ruother']) {
    of[login] = await p.hours(login);
    schedules[login] = of[login].schedule;
  }
  for (const who of [patient, young]) await seenThere(p, who, 'I10', of.rudoctor, p.region.russian);
  await seenThere(p, patient, 'J45', of.ruother, p.region.russianToo);
  for (const [login, ...row] of RUSSIAN) await ruled(p, patient, start, row, { schedule: schedules[login] });
  await ruled(p, young, start, ['follow-up', 'I10', 'too young for another doctor'], { schedule: schedules.rucolleague });
  await ruled(p, young, start, ['follow-up', 'I10', null], { schedule: schedules.rudoctor });
  await ruled(p, ours, start, ['prevention', '', 'Who receives is of another country'], { schedule: schedules.rudoctor });
  await emergency(p, patient, start, { schedule: schedules.rudoctor, purpose: 'prevention', problem: '' });
  for (const who of [patient, young]) is('nothing was booked under the profile of Russia', (await p.all(`Appointment?patient=${who}`)).length === 0);
}

// The same refusal in each language: other words, the same offer.
async function languages(p, patient) {
  const said = new Set();
  for (const lang of ['ru', 'kk', 'uz', 'en']) {
    await p.post('registrar', '/language', { lang });
    const r = await p.post('registrar', '/book', { ...p.wish(patient, { problem: '' }), go: 'times' });
    const box = /class="c-signature c-signature--expired"[\s\S]*?<\/div>/.exec(r.body)?.[0] ?? '';
    const words = [...box.matchAll(/<p[^>]*>([^<]+)<\/p>/g)].map((m) => m[1]);
    is(`in ${lang}: why, and the visit in person`, words.length >= 2, plain(r.body).slice(0, 300));
    said.add(words.join(' '));
  }
  is('four languages', said.size === 4, [...said]);
}

// What a note may hold, by what the visit is for.
const NOTES = [['follow-up', 'I10', false, false], ['refine-diagnosis', 'I10', true, false], ['advice', '', false, false]];

async function notes(p, patient) {
  for (const [i, [purpose, problem, diagnose, treat]] of NOTES.entries()) {
    const [start] = await p.times(patient, p.now() + (i + 2) * DAY_MS, { purpose, problem });
    const visit = await p.book(patient, start, { purpose, problem });
    p.goTo(start);
    await p.begun(visit);
    const page = (await p.get('doctor', `/visits/${visit}/note`)).body;
    is(`${purpose}: the form has what may be done`, page.includes('name="diagnosis.code"') === diagnose && page.includes('name="treatment.start"') === treat);
    for (const [field, may] of [['diagnosis.code', diagnose], ['treatment.start', treat]]) {
      const r = await p.post('doctor', `/visits/${visit}/note`, p.note({ [field]: field === 'diagnosis.code' ? 'I10 Hypertension' : 'Bisoprolol' }));
      is(`${purpose}: ${field} ${may ? 'taken' : 'refused'}`, may ? r.status === 303
        : r.status === 422 && r.body.includes('may not be done in a remote visit') && r.body.includes(OFFER) && r.body.includes('Looked at readings'), [r.status, plain(r.body).slice(0, 400)]);
    }
    await p.sign(visit);
    const t = await p.fhir(`Task/${visit}`);
    is(`${purpose}: no diagnosis and no treatment in the document`, !/Bisoprolol/.test(JSON.stringify(await p.fhir(t.output[0].valueReference.reference))));
  }
}

export async function rules(p) {
  const patient = await p.patient('Ruled');
  await p.seen(patient);
  const [start] = await p.times(patient, p.now() + 2 * DAY_MS, { purpose: 'advice', problem: '' });
  await refused(p, patient, start);
  await languages(p, patient);
  await russian(p, start);
  if (!p.clock.without) await notes(p, patient);
}
