// Who is dismissed is out at once: an open stream of events ends, the session and the token are refused; by the page and by the
// command beside the server. node tests/http/dismissed.mjs [--build PRESET]
import http from 'node:http';
import { Program, option } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';

const args = process.argv.slice(2);
const p = new Program({ build: option(args, '--build', 'dev') });
const PASSWORD = 'made-up-password';
const MOST_MS = 20000; // a stream is asked by itself only about once a minute
let passed = 0;
let failed = 0;
function is(what, got, wanted) {
  if (JSON.stringify(got) === JSON.stringify(wanted)) { passed++; return; }
  failed++;
  console.log(`failed: ${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
}

p.cli(['init']);
const org = p.cli(['org', 'add', 'Hospital', '--kind', 'hospital']).trim().split(/\s+/).pop();
const ids = {};
for (const [login, role] of [['admin', 'administrator'], ['first', 'doctor'], ['second', 'doctor'], ['stays', 'doctor']]) {
  const said = p.cli(['user', 'add', login, '--family', login, '--given', 'Test', '--org', org, '--role', role,
    '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
  ids[login] = /^person (\S+)$/m.exec(said)[1];
}
await p.start();
const who = {};
for (const login of Object.keys(ids)) who[login] = await signIn(p, login, PASSWORD);
const tokens = {};
for (const login of ['first', 'second']) tokens[login] = p.cli(['token', 'new', login, '--name', 'test']).trim().split(/\s+/).pop();

// An open page: resolves when its first bytes came; ended resolves to true when the server ends it, false after MOST_MS.
function listen(login) {
  return new Promise((begun, refuse) => {
    const r = http.request({ host: '127.0.0.1', port: p.port, path: '/events', headers: { cookie: who[login].cookie } }, (res) => {
      let over;
      const ended = new Promise((done) => { over = done; });
      const timer = setTimeout(() => { over(false); r.destroy(); }, MOST_MS);
      res.on('end', () => { clearTimeout(timer); over(true); });
      res.on('error', () => {});
      res.once('data', () => begun({ ended, stop: () => { clearTimeout(timer); r.destroy(); over(false); } }));
      res.on('data', () => {});
    });
    r.on('error', refuse);
    r.end();
  });
}

function ask(path, headers, method = 'GET', body) {
  return new Promise((done, refuse) => {
    const r = http.request({ host: '127.0.0.1', port: p.port, path, method, headers }, (res) => { res.resume(); res.on('end', () => done(res.statusCode)); });
    r.on('error', refuse);
    r.end(body);
  });
}
const page = (login) => ask('/home', { cookie: who[login].cookie });
const api = (login) => ask('/fhir/Organization', { authorization: `Bearer ${tokens[login]}` });

is('the page before', await page('first'), 200);
is('the interface before', [await api('first'), await api('second')], [200, 200]);
const open = { first: await listen('first'), second: await listen('second'), stays: await listen('stays') };

is('dismissed by the page', await ask(`/staff/people/${ids.first}/dismiss`, { cookie: who.admin.cookie, 'content-type': 'application/x-www-form-urlencoded' },
  'POST', `csrf=${who.admin.csrf}&sure=yes`), 303);
is('its stream ends', await open.first.ended, true);
is('its page and token', [await page('first'), await api('first')], [303, 401]);

p.cli(['user', 'dismiss', 'second']);
is('the stream ends by the command', await open.second.ended, true);
is('page and token after the command', [await page('second'), await api('second')], [303, 401]);

is('nobody else is touched', await page('stays'), 200);
const other = await Promise.race([open.stays.ended, page('stays').then(() => 'open')]);
is('nor their stream', other, 'open');
open.stays.stop();
await p.stop();
p.remove();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
