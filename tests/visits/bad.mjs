// Bad input of the forms of visits: what was typed stays, the field is named, nothing is written; strange dates.
import { DAY, is, plain } from './place.mjs';

const LONG = 'x'.repeat(9000);
const HUGE = 'y'.repeat(3 << 20);
// form, fields, status, what the page says, what of the typed must still be there
const rows = (p, patient) => [
  [`/schedule`, { person: p.person, place: LONG, tz: '300' }, 422, /place/i, 'xxxx'],
  [`/schedule`, { person: p.person, place: 'Room 2', tz: '-99999' }, 422, /time zone|zone|UTC/i, 'Room 2'],
  [`/schedule/${p.schedule}/hours`, { person: p.person, day: '-1', from: '09:00', to: '10:00', minutes: '30', mode: 'both' }, 422, /day/i, '09:00'],
  [`/schedule/${p.schedule}/hours`, { person: p.person, day: '1', from: '25:00', to: '26:00', minutes: '30', mode: 'both' }, 422, /./, '25:00'],
  [`/schedule/${p.schedule}/hours`, { person: p.person, day: '1', from: '09:00', to: '10:00', minutes: '-30', mode: 'both' }, [409, 422], /./, '09:00'],
  [`/schedule/${p.schedule}/except`, { person: p.person, kind: 'extra', 'first-day': '30', 'first-month': '2', 'first-year': '2028', start: '09:00', end: '10:00', minutes: '30', mode: 'both' }, 422, /date|day/i, '2028'],
  [`/schedule/${p.schedule}/except`, { person: p.person, kind: 'extra', 'first-day': '29', 'first-month': '2', 'first-year': '2027', start: '09:00', end: '10:00', minutes: '30', mode: 'both' }, 422, /date|day/i, '2027'],
  [`/schedule/${p.schedule}/except`, { person: p.person, kind: 'off', 'first-day': '1', 'first-month': '1', 'first-year': '2099', note: LONG, mode: 'both', minutes: '30' }, 422, /./, 'xxxx'],
  ['/book', { ...p.wish(patient, { problem: '', purpose: 'advice' }), go: 'book', start: '-5' }, 422, /Choose a time|passed/, 'advice'],
  ['/book', { ...p.wish(patient, { problem: '', purpose: 'advice' }), go: 'book', start: '99999999999999999999999' }, 422, /./, 'advice'],
  ['/book', { ...p.wish(patient, { problem: LONG, purpose: 'advice' }), go: 'book', start: '5' }, 422, /problem from the list/, 'advice'],
  ['/book', { ...p.wish(patient, { problem: 'i10; drop', purpose: 'advice' }), go: 'book', start: '5' }, 422, /problem from the list/, 'advice'],
  ['/book', { ...p.wish(patient, { schedule: 'none', purpose: 'advice', problem: '' }), go: 'times' }, 422, /cannot be booked any more/, 'advice'],
  ['/book', { ...p.wish(patient, { purpose: '', problem: '' }), go: 'times' }, 422, /Choose what the visit is for/, ''],
  [`/patients/${patient}/encounters/new`, { 'date-day': '29', 'date-month': '2', 'date-year': '2025', place: 'Room 9', problem: 'I10 X', diagnosis: 'D', plan: 'P' }, 422, /date/i, 'Room 9'],
  [`/patients/${patient}/encounters/new`, { 'date-day': '1', 'date-month': '1', 'date-year': '2099', place: 'Room 9', problem: 'I10 X', diagnosis: 'D', plan: 'P' }, 422, /future/i, 'Room 9'],
  [`/patients/${patient}/encounters/new`, { 'date-day': '1', 'date-month': '1', 'date-year': '2026', place: LONG, problem: 'I10 X', diagnosis: 'Dia', plan: 'P' }, 422, /long/i, 'Dia'],
  [`/patients/${patient}/encounters/new`, { 'date-day': '1', 'date-month': '1', 'date-year': '2026', place: 'Room 9', problem: 'headache', diagnosis: 'Dia', plan: 'P' }, 422, /code/i, 'headache'],
];

export async function badInput(p) {
  const patient = await p.patient('Badinput');
  const before = (await p.all(`Appointment?patient=${patient}`)).length;
  for (const [target, fields, status, said, kept] of rows(p, patient)) {
    const r = await p.post('doctor', target, fields);
    const shown = Object.entries(fields).map(([k, v]) => `${k}=${String(v).slice(0, 12)}`).join(' ').slice(0, 150);
    is(`${target.replace(/[a-z0-9]{20,}/g, 'ID')} ${shown}: ${status}`, [status].flat().includes(r.status), [r.status, plain(r.body).slice(0, 300)]);
    is('... says why, keeps what was typed', said.test(plain(r.body)) && r.body.includes(kept), plain(r.body).slice(200, 900));
  }
  is('nothing was written', (await p.all(`Appointment?patient=${patient}`)).length === before && (await p.all(`Encounter?patient=${patient}`)).length === 0);
  const big = await p.post('doctor', '/book', { ...p.wish(patient), problem: HUGE });
  is('a form that is far too long is refused', big.status === 413, big.status);
  for (const action of ['nonsense', '..', 'begin%00', 'x'.repeat(300)]) {
    const r = await p.post('doctor', `/visits/none/go/${action}`);
    is(`no such action (${action.slice(0, 10)})`, [400, 404].includes(r.status), r.status);
  }
}

// The next day, at least ten days from now, that fits; and the day nine days before.
function comes(fits) {
  let t = Date.parse(`${new Date(Date.now() + 10 * DAY * 1000).toISOString().slice(0, 10)}T00:00:00Z`);
  while (!fits(new Date(t).toISOString().slice(5, 10), new Date(t))) t += DAY * 1000;
  return [t, t - 9 * DAY * 1000].map((x) => new Date(x).toISOString().slice(0, 10));
}
const lastSunday = (month) => (md, d) => md.startsWith(month) && d.getUTCDay() === 0 && d.getUTCDate() > 24;

// 29 February, the days on which clocks change elsewhere, a place that is behind the server, the ends of a year.
export async function dates(p) {
  const patient = await p.patient('Dates');
  const back = (await p.hours('colleague', 180)).schedule; // a place with a clock of its own
  p.colleague = back;
  const AT = [(md) => md === '02-29', lastSunday('03'), lastSunday('10'), (md) => md === '12-31'].map(comes);
  for (const [day, from] of AT) {
    p.goTo(Date.parse(`${from}T06:00:00Z`));
    const midnight = Date.parse(`${day}T00:00:00Z`) - 180 * 60e3; // of the place
    const wish = { schedule: back, purpose: 'advice', problem: '', mode: 'in-person' };
    const times = (await p.times(patient, midnight, wish)).filter((t) => t >= midnight && t < midnight + DAY * 1000);
    is(`${day}: each half-hour of the day once`, times.length === 48 && times[0] === midnight && new Set(times).size === 48
      && times.every((t, i) => t === midnight + i * 30 * 60e3), [times.length, times[0] - midnight]);
    const visit = await p.book(patient, times[47] ?? 0, wish);
    const a = await p.fhir(`Appointment/${visit}`);
    is(`${day}: as booked`, Date.parse(a.start) === times[47] && Date.parse(a.end) - Date.parse(a.start) === 30 * 60e3, a.start);
    is(`${day}: on the list of that day`, /Dates/.test(await p.text('colleague', `/visits?day=${new Date(times[47] + 300 * 60e3).toISOString().slice(0, 10)}`)));
  }
  p.goTo(Date.now());
}
