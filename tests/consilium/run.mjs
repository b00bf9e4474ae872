// Consilia through the whole program: four people of three organisations sign one protocol over the pages, one dissents;
// `consilium verify` reads the file that was taken away, and any changed byte of it fails.
// node tests/consilium/run.mjs [--build PRESET]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { checks } from '../lib/checks.mjs';
import { Consilium, PROTOCOL, aCase, local, sent } from '../lib/consilium.mjs';
import { Program, option } from '../lib/program.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { exported, Watch } from './hidden.mjs';
import { profiles, russians } from './profiles.mjs';

const args = process.argv.slice(2);
const p = new Program({ build: option(args, '--build', 'dev') });
const { is, end } = checks();

const region = world(p);
for (const [login, family, org] of [['fourth', 'Fourth', region.hospital], ['stranger', 'Stranger', region.other]]) {
  p.cli(['user', 'add', login, '--family', family, '--given', 'Test', '--org', org, '--role', 'doctor', '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
}
russians(p, region);
await p.start();

// ---- what the profile of a country decides ----

await profiles(p, region, is);

const four = ['consultant', 'second', 'outsider', 'fourth'];
const families = ['Answerer', 'Answerertoo', 'Outsider', 'Fourth'];
const c = new Consilium(p);

async function decided(fields) {
  await c.call('doctor', await aCase(await c.as('doctor'), region), families, fields);
  for (const login of four) await c.part(login, 'accept');
  await c.part('doctor', 'convene');
  await c.part('consultant', 'begin');
  for (const login of four) await c.opinion(login, `The opinion of ${login}.`);
  await c.write('doctor', PROTOCOL);
  await c.move('consultant', 'draft');
}

// ---- four signatures, one dissent ----

await decided();
await c.move('outsider', 'dissent', { text: 'Wait for the scan' });
await c.present('consultant');
for (const login of four) await c.sign(login);
is('closed after the last signature', /Decided and signed/.test((await c.page('doctor')).body), true);

const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-protocol-')), 'protocol.json');
const bytes = Buffer.from((await c.page('doctor', '/protocol.json')).body);
const verify = (content) => {
  fs.writeFileSync(file, content);
  const r = spawnSync(p.exe, ['verify', file], { encoding: 'utf8' });
  return { code: r.status, out: r.stdout };
};
// The times, numbers and fingerprints of this run are not those of another.
// Who has the smallest id stands first: lines of people in order of name.
const ordered = (text) => { const lines = text.split('\n'); const people = (l) => / Test, /.test(l); const sorted = lines.filter(people).sort(); return lines.map((l) => (people(l) ? sorted.shift() : l)).join('\n'); };
const plain = (text) => ordered(text).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z?(\+[\d:]+)?/g, 'TIME').replace(/, certificate [0-9a-f]+/gi, ', certificate NUMBER').replace(/fingerprint {2}\S+/, 'fingerprint  HEX');
const whole = verify(bytes);
is('verify of the file as it was given out', whole.code, 0);
is('what it says', plain(whole.out), fs.readFileSync(new URL('signed.txt', import.meta.url), 'utf8'));

// One byte in each stretch of the file, so that every part of it is met: the document, each signature, the paper around them.
const STRETCHES = 240;
const slipped = [];
for (let i = 0; i < STRETCHES; i++) {
  const at = Math.floor((i * (bytes.length - 1)) / (STRETCHES - 1));
  const changed = Buffer.from(bytes);
  changed[at] ^= 1;
  const r = verify(changed);
  if (r.code === 0 || /^VALID$/m.test(r.out)) slipped.push(at);
}
is('changed bytes that were not noticed', slipped, []);
// The same for the signatures as files of their own (`.p7s`), which carry bytes that mean nothing to whoever checks them:
// certificates along the way, names of algorithms, numbers of versions.
const [paper, ...signatures] = JSON.parse(bytes).entry.map((e) => Buffer.from(e.resource.data, 'base64'));
const folder = path.dirname(file);
const write = (name, content) => { const at = path.join(folder, name); fs.writeFileSync(at, content); return at; };
const files = [write('document.json', paper), ...signatures.map((s, i) => write(`${i}.p7s`, s))];
const apart = () => { const r = spawnSync(p.exe, ['verify', ...files], { encoding: 'utf8' }); return { code: r.status, out: r.stdout }; };
is('the document and four files of signatures', [signatures.length, apart().code, /^signatures {3}4 of 4/m.test(apart().out)], [4, 0, true]);
const passed = [];
const SPREAD = 300;
const everything = signatures.reduce((n, s) => n + s.length, 0);
for (let i = 0; i < SPREAD; i++) {
  let at = Math.floor((i * (everything - 1)) / (SPREAD - 1));
  let which = 0;
  while (at >= signatures[which].length) at -= signatures[which++].length;
  const changed = Buffer.from(signatures[which]);
  changed[at] ^= 1 << (i % 8);
  write(`${which}.p7s`, changed);
  const r = apart();
  write(`${which}.p7s`, signatures[which]);
  if (r.code === 0 || /^VALID$/m.test(r.out)) passed.push([which, at]);
}
is('changed bytes of signature files that were not noticed', passed, []);
is('all is whole again', apart().code, 0);
is('a byte more', verify(Buffer.concat([bytes, Buffer.from(' ')])).code !== 0, true);
is('a byte less', verify(bytes.subarray(0, -1)).code !== 0, true);
fs.rmSync(path.dirname(file), { recursive: true, force: true });

// The server has closed the connections that nobody used meanwhile: new ones.
http.globalAgent.destroy();

// ---- what the public check says ----

const code = JSON.parse(Buffer.from(JSON.parse(bytes).entry[0].resource.data, 'base64')).identifier.value;
const checked = (await p.request('GET', `/check/${code}`)).body;
is('the check of the code', [/Valid: signed, unchanged, in force/.test(checked), (checked.match(/Signed by/g) ?? []).length, /Signatures<\/dt><dd>4</.test(checked)], [true, 4, true]);
is('names every signer, and the chair', families.every((f) => checked.includes(`${f} Test`)) && /Answerer Test \(Chair\)/.test(checked), true);
is('and nothing of what was decided', /Operate|pain|Wait for the scan/.test(checked), false);

// ---- what was decided is done in the case ----

const caseOf = async (login) => (await (await c.as(login)).get(`/cases/${c.caseId}`)).body;
const orders = await caseOf('doctor');
is('orders on the page of the case', [/Blood group and cross-match/.test(orders), /Transfer to the regional centre/.test(orders), (orders.match(/\/orders\/[a-z0-9]+\/done/g) ?? []).length], [true, true, 2]);
is('the consilium and who was called to it', /Decided and signed/.test(orders) && families.every((f) => orders.includes(`${f} Test, `)), true);
const done = /action="(\/consilium\/[a-z0-9]+\/orders\/[a-z0-9]+\/done)"/.exec(orders)[1];
is('who treats the patient says it is done', await sent(await c.as('doctor'), done, { back: 'case' }), `/cases/${c.caseId}?done=consilium-order#orders`);
is('one is left', ((await caseOf('doctor')).match(/\/orders\/[a-z0-9]+\/done/g) ?? []).length, 1);
is('a member cannot say so', (await (await c.as('consultant')).post(/action="(\/consilium[^"]+done)"/.exec(await caseOf('doctor'))[1], {})).status, 403);

const tokens = Object.fromEntries([...four, 'doctor', 'leaver', 'stranger', 'coordinator'].map((login) => [login, p.cli(['token', 'new', login]).trim().split(/\s+/).pop()]));
const fhir = async (login, query) => {
  const r = await p.request('GET', `/fhir/${query}`, { Authorization: `Bearer ${tokens[login]}` });
  return { status: r.status, body: r.body, json: r.body.startsWith('{') ? JSON.parse(r.body) : {} };
};
const list = async (login, query) => ((await fhir(login, query)).json.entry ?? []).map((e) => e.resource);
const tasks = (await list('doctor', `Task?based-on=ServiceRequest/${c.item}&code=consilium-order`)).filter((t) => t.description);
const named = tasks.find((t) => /Blood/.test(t.description));
is('Tasks of the orders: owner, day', [tasks.length, named?.owner?.display, Boolean(named?.restriction?.period?.end), named?.description], [2, 'Asker Test', true, 'Blood group and cross-match']);
is('which a stranger does not find', (await list('stranger', `Task?_id=${named?.id}`)).length + (await list('stranger', 'ServiceRequest?category=consilium-order')).length, 0);

// ---- a planned one stands as an Appointment; opinions are hidden until all are given ----

const MARK = 'SECRETOPINION';
await c.call('doctor', await aCase(await c.as('doctor'), region), families, { urgency: 'planned', start: local(48 * 60), until: local(49 * 60), hidden: '1' });
const visit = async (login) => (await fhir(login, `Appointment/${c.item}`));
let made = await visit('doctor');
is('Appointment of who calls', [made.json.status, made.json.participant?.length, Date.parse(made.json.end) - Date.parse(made.json.start)], ['proposed', 6, 3600000]);
is('is none for who is only asked', [(await visit('second')).status, (await list('second', `Appointment?_id=${c.item}`)).length], [404, 0]);
for (const login of four) await c.part(login, 'accept');
await c.part('doctor', 'convene');
made = await visit('second');
is('Appointment for a member', [made.json.status, made.json.participant?.filter((x) => x.status === 'accepted').length], ['booked', 6]);
is('found by its members and time', (await list('outsider', `Appointment?practitioner=Practitioner/${c.people[1].id}&date=gt${new Date().toISOString().slice(0, 10)}`)).length, 1);
is('and by nobody else', [(await visit('leaver')).status, (await list('leaver', 'Appointment?status=booked')).length, (await list('coordinator', `Appointment?_id=${c.item}`)).length, (await visit('stranger')).status], [404, 0, 0, 404]);
await c.part('consultant', 'begin');
is('Appointment once it has begun', (await visit('consultant')).json.status, 'arrived');

const patient = made.json.participant.find((x) => x.actor.reference.startsWith('Patient/')).actor.reference;
const WAYS = ['ClinicalImpression', 'ClinicalImpression?_summary=text', 'ClinicalImpression/_history', '_history?_count=100', 'Provenance?_count=100', 'Provenance?_include=Provenance:target', 'Provenance/_history',
  `ServiceRequest?_id=${c.item}&_revinclude=*&_revinclude=Task:focus&_revinclude=Provenance:target&_revinclude=ClinicalImpression:supporting-info`, `Task?based-on=ServiceRequest/${c.item}&_include=*`, 'Task/_history',
  `${patient}/$everything`, `${patient}/ClinicalImpression`, `${patient}/*`, `ClinicalImpression?patient=${patient}`, `ClinicalImpression?_content=CRETOPIN`, `Communication?patient=${patient}`, `AuditEvent?_count=100`, 'Binary', 'Composition?_count=100'];
async function leaks(login, mark) {
  const seen = [];
  for (const way of WAYS) if ((await fhir(login, way)).body.includes(mark)) seen.push(way);
  const s = await c.as(login);
  for (const page of [`/consilium/${c.item}`, `/consilia/${c.id}`, `/cases/${c.caseId}`, `/cases/${c.caseId}/log`, '/notices', '/home']) if ((await s.get(page)).body.includes(mark)) seen.push(page);
  const count = await fhir(login, `ClinicalImpression?patient=${patient}&_summary=count`);
  if (count.status === 200 && count.json.total !== 0) seen.push('count');
  return seen;
}
const talk = four.slice(0, 3);
const watch = await Watch.of(p, region, tokens.second);
for (const login of talk) await c.opinion(login, `${MARK} of ${login}.`);
for (const login of ['consultant', 'fourth', 'doctor', 'leaver', 'stranger']) {
  is(`hidden opinions before ${login}`, await leaks(login, login === 'consultant' ? `${MARK} of second` : MARK), []);
}
is('the page says that they are given', ((await c.page('fourth')).body.match(/Given, hidden until all are given/g) ?? []).length, 3);
let all = await exported(p, region.system);
is('an export of everything, while opinions are hidden: the consilium is there, no opinion of it', [all.includes(c.item), all.includes(MARK)], [true, false]);
is('nor do versions, includes, subscriptions show one', await watch.leaks(MARK, c.item, patient), []);
await c.opinion('fourth', `${MARK} of fourth.`);
is('with the last one all members read all', [(await list('second', `ClinicalImpression?patient=${patient}`)).length, ((await c.page('second')).body.match(/SECRETOPINION of/g) ?? []).length], [4, 4]);
is('and nobody else any', await leaks('leaver', MARK), []);
all = await exported(p, region.system);
is('and the export holds the four', (all.match(/SECRETOPINION of/g) ?? []).length >= four.length, true);
is('the subscriptions were told of the consilium itself', await watch.heard(c.item), ['system', 'member']);

await p.stop();
p.cli(['doctor']);
p.cli(['audit', 'verify']);
end();
