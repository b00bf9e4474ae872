// What `consilium demo` sets on its stage, over HTTP as its people: the remote visit of now, the signed note, the consilium and
// its protocol, the emergency that rings; and that it starts the media server and the relay where they are installed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { DEMO_PASSWORD } from '../lib/demo.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { must } from './browser.mjs';

const STATES = ['fulfilled', 'noshow', 'cancelled', 'waitlist', 'booked'];
// Beside the program: where each listens (src/app/demo_live.c).
const BESIDE = [['janus', 8188], ['turnserver', 3578]];

const as = (program, login) => signIn(program, login, DEMO_PASSWORD);
const links = (body, pattern) => [...new Set(body.match(pattern) ?? [])];

async function page(session, target, status = 200) {
  const reply = await session.get(target);
  must(reply.status === status, `${target}: ${reply.status}, not ${status}`);
  return reply.body;
}

async function visits(program) {
  const token = /[A-Za-z0-9_-]{30,}/.exec(program.cli(['token', 'new', '--system', 'stage']))[0];
  const found = await program.request('GET', '/fhir/Appointment?_count=200', { Authorization: `Bearer ${token}` });
  const states = JSON.parse(found.body).entry.map((e) => e.resource.status);
  for (const state of STATES) must(states.includes(state), `no visit is ${state}: ${states}`);
  const [doctor, patient, relative, other] = await Promise.all(['cardiologist1', 'patient1', 'relative1', 'patient2'].map((login) => as(program, login)));
  const [room] = links(await page(patient, '/my'), /\/rooms\/[a-z2-7]{26}/g);
  must(room, 'the patient has no visit to enter');
  for (const one of [doctor, patient, relative]) must((await page(one, room)).includes('id="enter"'), 'the door is shut');
  must((await page(patient, room)).includes('href="/my/visits/'), 'the patient is not led back to the own pages');
  await page(other, room, 404);
  const [note] = links(await page(other, '/my/conclusions'), /\/my\/notes\/[a-z2-7]{26}/g);
  must(note, 'the other patient has no note');
  await page(other, note);
  const [conclusion] = links(await page(patient, '/my/conclusions'), /\/my\/conclusions\/[a-z2-7]{26}/g);
  must(conclusion, 'the patient has no conclusion of before');
}

async function consilium(program) {
  const [treats, chair, spoke] = await Promise.all(['doctor1', 'cardiologist1', 'therapist1'].map((login) => as(program, login)));
  const [meeting] = links(await page(treats, '/consilia'), /\/consilia\/[a-z2-7]{26}/g);
  const items = links(await page(treats, meeting), /\/consilium\/[a-z2-7]{26}/g);
  must(items.length === 2, `${items.length} patients on the agenda`);
  const bodies = await Promise.all(items.map((item) => page(treats, item)));
  const signed = bodies.findIndex((body) => body.includes('/protocol.json'));
  must(signed >= 0, 'no protocol is signed');
  const held = items[1 - signed];
  const words = 'внутривенный диуретик';
  must(!(await page(chair, held)).includes(words), 'an opinion is shown before all have spoken');
  must((await page(spoke, held)).includes(words), 'the own opinion is not shown');

  const file = path.join(program.dir, 'protocol.json');
  const good = await page(treats, `${items[signed]}/protocol.json`);
  const verify = (text) => {
    fs.writeFileSync(file, text);
    return spawnSync(program.exe, ['verify', file], { encoding: 'utf8' });
  };
  const said = verify(good);
  must(said.status === 0 && said.stdout.includes('4 of 4') && said.stdout.includes('dissent'), said.stdout + said.stderr);
  const at = good.indexOf('"data":"') + 4000;
  must(verify(good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1)).status !== 0, 'a changed byte goes unnoticed');
  fs.rmSync(file);
}

async function emergency(program) {
  const called = await Promise.all(['neurologist1', 'neurologist2', 'neurologist3'].map(async (login) => (await page(await as(program, login), '/work')).includes('c-ring')));
  must(called.includes(true), 'the emergency rings for nobody');
}

export async function stage(program) {
  await visits(program);
  await consilium(program);
  await emergency(program);
}

const answers = (port) => new Promise((done) => {
  const s = net.connect(port, '127.0.0.1', () => { s.destroy(); done(true); });
  s.once('error', () => done(false));
});

// With what runs beside it: a start of its own, on the folder that is there. Gives the names of what is installed.
export async function beside(program) {
  const there = BESIDE.filter(([name]) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0);
  await program.start({ words: ['demo'] });
  for (const [name, port] of there) await until(`${name} answers`, () => answers(port), { within: 60, every: 0.3 });
  await program.stop();
  for (const [name, port] of there) await until(`${name} has ended`, async () => !await answers(port), { within: 60, every: 0.3 });
  return there.map(([name]) => name);
}
