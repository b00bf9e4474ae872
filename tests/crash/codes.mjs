// One-time codes and the kill: of many who send one code at once it lets in one; after kill -9 and a new start the
// session that was answered holds, and the code lets in nobody; the same for recovery codes.
//   node tests/crash/codes.mjs [--rounds 5] [--build release]
import { checks } from '../lib/checks.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { codeOf } from '../lib/totp.mjs';
import { PASSWORD, world } from '../lib/world.mjs';

const args = process.argv.slice(2);
const ROUNDS = Number(option(args, '--rounds', 5));
const AT_ONCE = 4; // fewer than the wrong ones that lock the account
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const program = new Program({ build: option(args, '--build', 'release') });
const { is, end } = checks();

const form = (target, cookie, fields) => program.request('POST', target, { ...FORM, cookie }, new URLSearchParams(fields).toString());
const cookieOf = (reply, name) => [reply.headers['set-cookie'] ?? []].flat().map((c) => c.split(';')[0]).find((c) => c.startsWith(`${name}=`));

// Sets one-time codes up for a new person. Gives the code that comes next and the recovery codes.
async function enrol(login) {
  const s = await signIn(program, login, PASSWORD);
  await s.post('/account/sign-in/codes', {});
  const secret = /<dd class="c-hash">([A-Z2-7 ]+)</.exec((await s.get('/account/sign-in')).body)[1];
  const [first, next] = [codeOf(secret), codeOf(secret, 1)];
  const done = await s.post('/account/sign-in/codes/confirm', { password: PASSWORD, code: first });
  return { next, papers: [...done.body.matchAll(/<li class="c-hash">([a-z0-9-]+)</g)].map((m) => m[1]) };
}

async function half(login) {
  const cookie = cookieOf(await form('/sign-in', '', { login, password: PASSWORD }), 'half');
  if (!cookie) throw new Error(`no half session of ${login}`);
  return cookie;
}

// Several send one code at once; the program is killed at the first answer that lets in. Gives the sessions that began.
async function race(login, code) {
  const halves = await Promise.all(Array.from({ length: AT_ONCE }, () => half(login)));
  const begun = [];
  let killed = null;
  await Promise.allSettled(halves.map(async (cookie) => {
    const reply = await form('/sign-in/code', cookie, { code });
    if (reply.status !== 303) return;
    begun.push(cookieOf(reply, 'sid'));
    killed ??= program.kill();
  }));
  await killed;
  return begun;
}

async function round(n) {
  const login = `coded${n}`;
  const { next, papers } = await enrol(login);
  let others = 0; // sessions before the one that begins
  is(`${login}: recovery codes`, papers.length, 10);
  for (const [what, code] of [['code', next], ['recovery code', papers[n]]]) {
    const begun = await race(login, code);
    is(`${login}: one ${what} lets in`, begun.length, 1);
    await program.start();
    const page = await program.request('GET', '/account/sign-in', { cookie: begun[0] });
    is(`${login}: the session holds after the kill`, page.status, 200);
    is(`${login}: no other began unanswered`, page.body.match(/sessions\/[0-9a-f]{32}\/end/g)?.length, ++others);
    is(`${login}: the ${what} again`, (await form('/sign-in/code', await half(login), { code })).status, 401);
  }
  is(`${login}: another recovery code`, (await form('/sign-in/code', await half(login), { code: papers[(n + 1) % 10] })).status, 303);
}

const region = world(program);
for (let n = 0; n < ROUNDS; n++) {
  program.cli(['user', 'add', `coded${n}`, '--family', 'Coded', '--given', 'Test', '--org', region.hospital, '--role', 'doctor',
    '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
}
await program.start();
for (let n = 0; n < ROUNDS; n++) await round(n);
await program.stop();
is('the record is whole', /holds/.test(program.cli(['audit', 'verify'])), true);
program.remove();
end();
