// Invitations of staff and the kill: the link is used and the password set, or neither. Two choose different
// passwords by one link at once and the program is killed, at the first answer or before any; after the new start
// either the link is used and one password lets in, the answered one, or it still waits and none does.
//   node tests/crash/invites.mjs [--rounds 12] [--build release]
import { checks } from '../lib/checks.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { PASSWORD, world } from '../lib/world.mjs';

const args = process.argv.slice(2);
const ROUNDS = Number(option(args, '--rounds', 12));
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const program = new Program({ build: option(args, '--build', 'release') });
const { is, end } = checks();

const form = (target, fields) => program.request('POST', target, FORM, new URLSearchParams(fields).toString());

async function link(login) {
  const admin = await signIn(program, 'admin', PASSWORD);
  const page = await admin.post('/staff/people/new', { org: region.hospital, family: 'Invited', given: 'Test', login, role: 'doctor', way: 'link' });
  return /\/invite\/staff\/[a-z2-7]{26}/.exec(page.body)[0];
}

// early: the kill comes while the program works, before an answer. Gives the passwords that were answered.
async function race(address, early) {
  const good = [];
  let killed = null;
  const sent = ['first of both words', 'second of both words'].map(async (password) => {
    const reply = await form(address, { password, again: password });
    if (reply.status !== 303) return;
    good.push(password);
    killed ??= program.kill();
  });
  if (early) {
    await program.request('GET', '/healthz'); // the two are on their way
    killed = program.kill();
  }
  await Promise.allSettled(sent);
  await killed;
  return good;
}

async function round(n) {
  const login = `invited${n}`;
  const address = await link(login);
  const good = await race(address, n % 2 === 1);
  await program.start();
  const page = (await program.request('GET', address)).body;
  const used = /It was used/.test(page);
  const right = [];
  for (const password of ['first of both words', 'second of both words']) {
    if ((await form('/sign-in', { login, password })).status === 303) right.push(password);
  }
  is(`${login}: at most one was answered`, good.length <= 1, true);
  is(`${login}: the link is used and one password set, or neither`, right.length, used ? 1 : 0);
  if (good.length > 0) is(`${login}: what was answered holds`, right[0], good[0]);
  if (!used) {
    is(`${login}: the link still opens`, (await form(address, { password: 'a third of words', again: 'a third of words' })).status, 303);
  }
}

const region = world(program);
program.cli(['user', 'add', 'admin', '--family', 'Admin', '--given', 'Test', '--org', region.centre, '--role', 'administrator',
  '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
await program.start();
for (let n = 0; n < ROUNDS; n++) await round(n);
await program.stop();
is('the record is whole', /holds/.test(program.cli(['audit', 'verify'])), true);
program.remove();
end();
