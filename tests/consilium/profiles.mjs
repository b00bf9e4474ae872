// What the profile of the organisation that calls decides, over the pages: how many must take part, who may enter the opinion of
// a member who is far away, and that the public check names whoever refused to sign.
import { Consilium, PROTOCOL, aCase, aDraft, once } from '../lib/consilium.mjs';
import { PASSWORD } from '../lib/world.mjs';

// People of an organisation with the profile of Russia: one who treats, one who receives only.
export function russians(p, region) {
  region.russian = p.cli(['org', 'add', 'Russian hospital', '--kind', 'hospital', '--policy', 'ru']).trim().split('\n')[0].split(/\s+/).pop();
  for (const [login, family] of [['rudoctor', 'Treating'], ['rucolleague', 'Colleague']]) {
    p.cli(['user', 'add', login, '--family', family, '--given', 'Test', '--org', region.russian, '--role', 'doctor', '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
  }
}

const MEMBERS = ['Answerer', 'Answerertoo', 'Outsider'];
const LOGINS = ['consultant', 'second', 'outsider'];
// Who is treated in one country and asked about in the other has agreed to it.
const AGREED = { 'cross-border': 'written' };

async function held(p, region, convener, fields) {
  const c = new Consilium(p);
  await c.call(convener, await aCase(await c.as(convener), region, AGREED), MEMBERS, fields);
  for (const login of LOGINS) await c.part(login, 'accept');
  await c.part(convener, 'convene');
  await c.part('consultant', 'begin');
  return c;
}

// A form of an item, sent as it comes: status and body.
async function tried(c, login, action, fields) {
  return (await c.as(login)).post(`/consilium/${c.item}/move/${action}`, { once: once(), ...fields });
}

async function quorums(p, region, is) {
  for (const [convener, quorum, why] of [
    ['rudoctor', '', /The policy names no number: say how many must take part/], ['rudoctor', '1', /The quorum cannot be less than the policy demands/],
    ['doctor', '2', /The quorum cannot be less than the policy demands/], ['doctor', '4', /There are fewer members than the quorum/]]) {
    const c = new Consilium(p);
    const caseId = await aCase(await c.as(convener), region, AGREED);
    const why422 = await c.call(convener, caseId, MEMBERS, { quorum }).then(() => 'called', (e) => e.message);
    is(`${convener}, quorum "${quorum}": refused with its reason`, [why422.startsWith('call: 422'), why.test(why422)], [true, true]);
    const page = (await (await c.as(convener)).get('/consilia')).body;
    is(`${convener}, quorum "${quorum}": nobody was asked`, page.includes('/consilia/'), false);
  }
}

// Under the profile of Russia who treats the patient enters what a member of another organisation says; nobody else does.
async function beside(p, region, is) {
  const c = await held(p, region, 'rudoctor', { quorum: '2' });
  const outsider = c.people[2].id;
  const told = { of: outsider, text: 'Told over the telephone', password: PASSWORD };
  const page = (await c.page('rudoctor')).body;
  is('who treats is offered to enter what each member told', (page.match(/move\/beside\?of=/g) ?? []).length, 3);
  is('a member is not', /move\/beside/.test((await c.page('second')).body), false);
  is('nor does the server take it from a member', (await tried(c, 'second', 'beside', told)).status, 403);
  is('nor from a colleague of who treats', (await tried(c, 'rucolleague', 'beside', told)).status, 404);
  is('nor with a wrong password', (await tried(c, 'rudoctor', 'beside', { ...told, password: 'not this one' })).status, 422);
  is('nor without words', (await tried(c, 'rudoctor', 'beside', { ...told, text: '' })).status, 422);
  is('nothing was kept of it', /Told over the telephone/.test((await c.page('consultant')).body), false);
  await c.move('rudoctor', 'beside', told);
  is('the record names both', /Told over the telephone[^]*entered by Treating Test[^]*beside the patient/.test((await c.page('consultant')).body), true);
  is('a second time is refused', (await tried(c, 'rudoctor', 'beside', told)).status >= 409, true);
  for (const login of ['consultant', 'second']) await c.opinion(login, `The opinion of ${login}.`);
  await c.write('rudoctor', PROTOCOL);
  await c.move('consultant', 'draft');
  await c.present('consultant');
  is('the protocol says who entered it', /Entered by the clinician beside the patient/.test((await c.page('consultant', '/sign')).body), true);
  return c;
}

// One refuses to sign: the check of the code says so, and nothing of why.
async function refused(p, c, is) {
  await c.sign('consultant');
  await c.move('second', 'refuse', { reason: 'Was not heard out' });
  await c.sign('outsider');
  const closed = (await c.page('rudoctor')).body;
  is('closed with two signatures and a refusal', [/Decided and signed/.test(closed), /refused to sign/.test(closed), /Was not heard out/.test(closed)], [true, true, true]);
  const file = JSON.parse((await c.page('rudoctor', '/protocol.json')).body);
  const code = JSON.parse(Buffer.from(file.entry[0].resource.data, 'base64')).identifier.value;
  const checked = (await p.request('GET', `/check/${code}`)).body;
  is('the check: valid, two signatures', [/Valid: signed, unchanged, in force/.test(checked), /Signatures<\/dt><dd>2</.test(checked), (checked.match(/Signed by/g) ?? []).length], [true, true, 2]);
  is('and who refused, by name', /Refused to sign<\/dt><dd>Answerertoo Test/.test(checked), true);
  is('not why, nor what was decided', /Was not heard out|Operate|Told over/.test(checked), false);
  const wrong = (await p.request('GET', `/check/${code.slice(0, -1)}${code.endsWith('a') ? 'b' : 'a'}`)).body;
  is('another code tells nothing', [/No valid document has this code/.test(wrong), /Answerer|Refused/.test(wrong)], [true, false]);
}

// The profile of Kazakhstan names nobody beside: every opinion is the member's own.
async function alone(p, region, is) {
  const c = await held(p, region, 'doctor', {});
  is('not offered', /move\/beside/.test((await c.page('doctor')).body), false);
  const r = await tried(c, 'doctor', 'beside', { of: c.people[2].id, text: 'Told over the telephone', password: PASSWORD });
  is('refused when sent all the same', [r.status, /Told over/.test((await c.page('consultant')).body)], [403, false]);
}

// Without the consent nothing that names the patient goes there, and the answer says why.
async function across(p, region, is) {
  const c = new Consilium(p);
  const doctor = await c.as('rudoctor');
  const unable = { 'cross-border': 'unable', 'consent-note': 'Unconscious; the doctors on duty decided' };
  for (const [how, more, status, words] of [
    ['no answer', {}, 422, /say how the patient agreed/],
    ['not asked', { 'cross-border': 'no' }, 422, /say how the patient agreed/],
    ['decided for who can be asked', unable, 422, /Others decide only for a patient who cannot/],
    ['decided for who cannot', { ...unable, consent: 'unable' }, 303, /^/]]) {
    const r = await doctor.post(`/ask/${await aDraft(doctor, region, more)}/send`, { once: once() });
    is(`a case over the border, ${how}`, [r.status, words.test(r.body)], [status, true]);
  }
}

export async function profiles(p, region, is) {
  await across(p, region, is);
  await quorums(p, region, is);
  await refused(p, await beside(p, region, is), is);
  await alone(p, region, is);
}
