// A consilium over the pages, without a browser: a case that is sent, a call, and every step to a signed protocol.
import { randomUUID } from 'node:crypto';
import { signIn } from './session.mjs';
import { PASSWORD } from './world.mjs';

export const once = () => randomUUID().replaceAll('-', '');

// Sends a form and gives where it led; anything but a redirect throws.
export async function sent(session, target, fields = {}) {
  const r = await session.post(target, { once: once(), ...fields });
  if (r.status !== 303) throw new Error(`${target}: ${r.status} ${/<title>[^<]*|c-errors[^]{0,400}/.exec(r.body)?.[0] ?? r.body.slice(0, 200)}`);
  return String(r.headers.location);
}

// A request of the doctor's to the service of the region, written and not sent; gives its id.
export async function aDraft(doctor, region, more) {
  const at = await sent(doctor, '/ask/register', { unidentified: 'true', sex: 'male', age: '40', note: 'found at the station' });
  const id = /^\/ask\/([a-z0-9]+)/.exec(at)[1];
  await sent(doctor, `/ask/${id}`, { form: 'cardiology', go: 'review', profile: 'cardiology', urgency: 'urgent', question: 'Transfer?',
    contact: '+77010000001', diagnosis: 'I20.0 Unstable angina', consent: 'written', service: region.service, complaints: 'Pain', history: 'Two hours',
    status: 'Pale', 'vitals.heart-rate': '94', 'vitals.systolic': '148', 'vitals.diastolic': '92', 'cardio.ecg': 'ecg-st-up', 'allergies.known': 'allergy-none', ...more });
  return id;
}

// The same, sent: a case.
export async function aCase(doctor, region, more = {}) {
  const id = await aDraft(doctor, region, more);
  await sent(doctor, `/ask/${id}/send`);
  return id;
}

// "2026-11-22T14:30" of the server's local time, so many minutes from now. tzMinutes: what the server was told (default UTC+5).
export const local = (minutes, tzMinutes = 300) => new Date(Date.now() + (minutes + tzMinutes) * 60000).toISOString().slice(0, 16);

export class Consilium {
  constructor(program) {
    this.program = program;
    this.sessions = new Map();
  }

  async as(login) {
    if (!this.sessions.has(login)) this.sessions.set(login, await signIn(this.program, login, PASSWORD));
    return this.sessions.get(login);
  }

  // The role somebody is asked in, and who they are, by family name, as the page of calling lists them.
  async person(convener, caseId, family) {
    const s = await this.as(convener);
    const page = (await s.get(`/cases/${caseId}/consilium/new`)).body;
    const role = new RegExp(`value="([a-z0-9]+)"[^>]*>\\s*<label[^>]*>[^<]*${family}`).exec(page)?.[1];
    const again = (await s.post(`/cases/${caseId}/consilium/new`, { find: '1', question: 'Who', member: role })).body;
    const id = new RegExp(`name="chair"[^]*?<option value="([a-z0-9]+)"[^>]*>[^<]*${family}`).exec(again)?.[1];
    if (!role || !id) throw new Error(`nobody is called ${family}`);
    return { role, id };
  }

  // members: family names, the first chairs. Gives the consilium's and its first patient's id.
  async call(convener, caseId, members, fields = {}) {
    const people = [];
    for (const family of members) people.push(await this.person(convener, caseId, family));
    const s = await this.as(convener);
    const body = new URLSearchParams({ csrf: s.csrf, once: once(), question: 'Operate, and when?', urgency: 'emergency', chair: people[0].id, ...fields });
    for (const p of people) body.append('member', p.role);
    const r = await this.program.request('POST', `/cases/${caseId}/consilium/new`,
      { cookie: s.cookie, 'content-type': 'application/x-www-form-urlencoded' }, body.toString());
    if (r.status !== 303) throw new Error(`call: ${r.status} ${(r.body.match(/href="#[^<]*<|error-message[^<]*<[^<]*/g) ?? []).join(' ')}`);
    this.id = /^\/consilia\/([^?]+)/.exec(r.headers.location)[1];
    this.item = /href="\/consilium\/([a-z0-9]+)"/.exec((await s.get(`/consilia/${this.id}`)).body)[1];
    this.people = people;
    this.caseId = caseId;
    return this;
  }

  async part(login, action, fields = {}) { return sent(await this.as(login), `/consilia/${this.id}/move/${action}`, fields); }

  async move(login, action, fields = {}) { return sent(await this.as(login), `/consilium/${this.item}/move/${action}`, fields); }

  async opinion(login, text) { return this.move(login, 'opinion', { text, password: PASSWORD }); }

  async page(login, path = '') { return (await this.as(login)).get(`/consilium/${this.item}${path}`); }

  async write(login, fields) {
    const page = (await this.page(login, '/protocol')).body;
    return sent(await this.as(login), `/consilium/${this.item}/protocol`, { seen: /name="seen" value="(\d+)"/.exec(page)[1], ...fields });
  }

  async present(login) {
    const version = /name="version" value="(\d+)"/.exec((await this.page(login)).body)?.[1] ?? '0';
    const at = await sent(await this.as(login), `/consilium/${this.item}/present`, { version });
    if (!at.includes('/sign')) throw new Error(`present: ${at}`);
  }

  async sign(login) {
    const sha = /name="sha" value="([0-9a-f]{64})"/.exec((await this.page(login, '/sign')).body)?.[1];
    return sent(await this.as(login), `/consilium/${this.item}/sign`, { sha, password: PASSWORD });
  }
}

export const PROTOCOL = {
  reason: 'Unclear indication', course: 'Two days of pain', state: 'Stable; leucocytes 14, which speaks for inflammation',
  discussion: 'Risks were weighed', decision: 'Operate within six hours', orders: 'Blood group and cross-match; 25.11.2096\nTransfer to the regional centre',
};
