// A polyclinic whose specialist receives round the clock, its people and patients, over HTTP as they do it.
import { Clock } from '../lib/clock.mjs';
import { MailServer, wordsOf } from '../lib/gateway.mjs';
import { Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD, world } from '../lib/world.mjs';

export const DAY = 86400;
const TZ_MINUTES = 300;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
let passed = 0;
let failed = 0;

export function is(what, ok, more = '') {
  if (ok) passed += 1;
  else {
    failed += 1;
    console.log(`FAILED ${what} ${more && JSON.stringify(more).slice(0, 1200)}`);
  }
  return ok;
}
export const totals = () => ({ passed, failed });
const once = () => `v${Math.random().toString(36).slice(2)}`;
const plain = (html) => html.replace(/<script[\s\S]*?<\/script>/g, '').replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');

export class Place {
  static async open(build, more = []) {
    const p = new Place();
    p.clock = new Clock(build);
    p.moved = 0;
    p.mail = await new MailServer().listen();
    p.program = new Program({ build, env: p.clock.env, extra: ['--notify-plain', '--smtp-url', `smtp://127.0.0.1:${p.mail.port}`, '--mail-from', 'notices@mail.test', ...more] });
    p.region = world(p.program);
    const add = (login, org, role) => p.program.cli(['user', 'add', login, '--family', login, '--given', 'Test', '--org', org, '--role', role,
      '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
    add('registrar', p.region.hospital, 'registrar');
    add('colleague', p.region.hospital, 'doctor');
    add('watcher', p.region.hospital, 'doctor');
    p.region.russian = p.program.cli(['org', 'add', 'Russian hospital', '--kind', 'hospital', '--policy', 'ru']).trim().split('\n')[0].split(/\s+/).pop();
    p.region.russianToo = p.program.cli(['org', 'add', 'Another Russian hospital', '--kind', 'hospital', '--policy', 'ru']).trim().split('\n')[0].split(/\s+/).pop();
    for (const [login, org] of [['rudoctor', p.region.russian], ['rucolleague', p.region.russian], ['ruother', p.region.russianToo]]) add(login, org, 'doctor');
    p.desk = p.program.cli(['token', 'new', 'registrar']).trim().split(/\s+/).pop();
    p.sessions = new Map();
    await p.program.start();
    return p;
  }

  async close() {
    await this.program.stop();
    console.log(this.program.cli(['audit', 'verify']).trim());
    this.program.cli(['doctor']);
    this.mail.server.close();
    this.clock.remove();
    this.program.remove();
  }

  // The program's time.
  now() { return Date.now() + this.moved * 1000; }

  // Moves it to so many seconds before (or after) an instant; people sign in anew: a session does not live for days.
  goTo(ms, seconds = 0) {
    this.moved = Math.round((ms - Date.now()) / 1000) + seconds;
    this.clock.move(this.moved);
    this.sessions.clear();
  }

  async as(login, password = PASSWORD) {
    if (!this.sessions.has(login)) this.sessions.set(login, await signIn(this.program, login, password));
    return this.sessions.get(login);
  }

  async get(login, target) { return (await this.as(login)).get(target); }
  async post(login, target, fields = {}) { return (await this.as(login)).post(target, { once: once(), ...fields }); }
  async text(login, target) { return plain((await this.get(login, target)).body); }

  async fhir(rel) {
    const r = await this.program.request('GET', `/fhir/${rel}`, { authorization: `Bearer ${this.region.system}` });
    return r.status === 200 ? JSON.parse(r.body) : { status: r.status };
  }

  async all(rel) { return ((await this.fhir(rel)).entry ?? []).map((e) => e.resource); }

  // The specialist's hours: every day round the clock, half an hour each.
  async hours(login = 'doctor', tz = TZ_MINUTES, minutes = 30) {
    let page = (await this.get(login, '/schedule')).body;
    const person = /name="person" value="([^"]+)"/.exec(page)[1];
    await this.post(login, '/schedule', { person, service: '', place: 'Room 1', tz: String(tz) });
    page = (await this.get(login, `/schedule?person=${person}`)).body;
    const schedule = [...page.matchAll(/action="\/schedule\/([^/]+)\/hours"/g)].pop()[1];
    for (let day = 1; day <= 7; day++) {
      await this.post(login, `/schedule/${schedule}/hours`, { person, day, from: '00:00', to: '24:00', minutes: String(minutes), mode: 'both' });
    }
    return { person, schedule };
  }

  async patient(family, birthDate = '1972-05-04', org = this.region.hospital) {
    const r = await this.program.request('POST', '/fhir/Patient', { authorization: `Bearer ${this.desk}`, 'content-type': 'application/fhir+json' },
      JSON.stringify({ resourceType: 'Patient', name: [{ family, given: ['Test'] }], birthDate, gender: 'female',
        managingOrganization: { reference: `Organization/${org}` } }));
    if (r.status !== 201) throw new Error(`patient: ${r.status} ${r.body}`);
    return JSON.parse(r.body).id;
  }

  // An account of the patient, by an invitation the registry gives out.
  async account(patient, login) {
    const page = (await this.post('registrar', `/patients/${patient}/access`, { for: 'patient' })).body;
    const token = /\/invite\/([a-z2-7]{26})/.exec(page)?.[1];
    const code = /<b>(\d{6})<\/b>/.exec(page)?.[1];
    const r = await this.program.request('POST', `/invite/${token}`, FORM,
      new URLSearchParams({ code, password: PASSWORD, again: PASSWORD, login }).toString());
    if (r.status !== 303) throw new Error(`invitation: ${r.status} ${r.body.slice(0, 300)}`);
  }

  // A visit in person with this problem, recorded by the doctor.
  async seen(patient, problem = 'I10 Hypertension', login = 'doctor') {
    const [year, month, day] = new Date(this.now() + TZ_MINUTES * 60e3).toISOString().slice(0, 10).split('-');
    const r = await this.post(login, `/patients/${patient}/encounters/new`, { 'date-day': day, 'date-month': month, 'date-year': year,
      place: 'Room 1', problem, diagnosis: 'Essential hypertension', plan: 'Tablets' });
    if (r.status !== 303) throw new Error(`a visit in person: ${r.status} ${plain(r.body).slice(0, 500)}`);
  }

  wish(patient, more = {}) {
    return { patient, mode: 'remote', schedule: this.schedule, purpose: 'follow-up', problem: 'I10', ...more };
  }

  // The free times of a day that begins at an instant, as the page shows them.
  async times(patient, from, more = {}) {
    const day = from ? new Date(from + TZ_MINUTES * 60e3).toISOString().slice(0, 10) : '';
    const page = (await this.post('registrar', '/book', { ...this.wish(patient, more), go: 'times', from: day })).body;
    return [...page.matchAll(/name="start" id="at-\d+" value="(\d+)"/g)].map((m) => Number(m[1]));
  }

  // Booked by the registry: the visit's id.
  async book(patient, start, more = {}) {
    const r = await this.post('registrar', '/book', { ...this.wish(patient, more), go: 'book', start: String(start) });
    if (r.status !== 303) throw new Error(`booking: ${r.status} ${plain(r.body).slice(0, 600)}`);
    const mine = await this.all(`Appointment?patient=${patient}&_count=50`);
    return mine.filter((a) => a.start && Date.parse(a.start) === start && a.status === 'booked').pop().id;
  }

  go(visit, action, fields = {}, login = 'doctor') { return this.post(login, `/visits/${visit}/go/${action}`, fields); }

  async begun(visit) {
    const r = await this.go(visit, 'begin');
    const a = await this.go(visit, 'admit', { identity: 'known', consent: 'oral' });
    return is('begun and admitted', r.headers.location?.endsWith('visit-begin') && a.headers.location?.endsWith('visit-admit'), [r.status, a.status, r.headers.location]);
  }

  note(more = {}) {
    return { go: 'preview', 'complaints.now': 'Headache', 'act.done': 'Looked at readings', 'act.advice': 'Go on', 'need-in-person.need': 'see-not', language: 'en', ...more };
  }

  // Signs what is shown.
  async signed(visit) {
    const page = (await this.get('doctor', `/visits/${visit}/note/preview`)).body;
    const sha = /name="sha" value="([0-9a-f]{64})"/.exec(page)?.[1];
    return this.post('doctor', `/visits/${visit}/note/sign`, { sha, password: PASSWORD });
  }

  async sign(visit, more = {}) {
    const w = await this.post('doctor', `/visits/${visit}/note`, this.note(more));
    const r = await this.signed(visit);
    return is('the note is signed', w.status === 303 && /done=note-(signed|corrected)/.test(r.headers.location), [w.status, r.status, plain(w.body).slice(0, 500)]);
  }

  // What the bell of somebody says, newest first.
  async bell(login) { return (await this.text(login, '/notices')); }

  // The doctor hears by e-mail too.
  async hears(login, address) {
    await this.post(login, '/account/notices/add', { channel: 'mail', address });
    const of = () => this.mail.came.filter((m) => m.to.includes(address));
    await until('the code', () => of().length === 1);
    const code = /\b(\d{6})\b/.exec(wordsOf(of()[0]))[1];
    const id = /\/account\/notices\/(\d+)\/confirm/.exec((await this.get(login, '/account/notices')).body)[1];
    await this.post(login, `/account/notices/${id}/confirm`, { code });
    return () => of().slice(1).map(wordsOf);
  }
}

export { plain };
