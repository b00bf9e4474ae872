// Runs the golden HTTP files: node tests/http/run.mjs [--write] [--build PRESET] [NAME...]
// Makes a data folder, fills it by region.txt, starts the server on a free port and plays each NAME.http
// against it in turn. --write replaces what files expect by what came. See tests/README.md for the form.
import fs from 'node:fs';
import path from 'node:path';
import { dicomFile } from '../lib/dicom.mjs';
import { option, Program, ROOT } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { parseGolden, writeGolden } from './golden.mjs';
import { checkReply, expectation, fill, take } from './match.mjs';

const HERE = path.dirname(new URL(import.meta.url).pathname);
const args = process.argv.slice(2);
const program = new Program({ build: option(args, '--build', 'dev') });
const write = args.includes('--write') && !!args.splice(args.indexOf('--write'), 1);
const vars = new Map();
const jars = new Map(); // login -> {login, password, session} or {token}

const PASSWORD = 'made-up-password';
vars.set('password', PASSWORD);
const day = new Date(Date.now() + 5 * 3600e3).toISOString(); // the server's own time zone
for (const [i, name] of ['year', 'month', 'day'].entries()) vars.set(`today_${name}`, day.slice(0, 10).split('-')[i]);
const eve = new Date(Date.parse(day) + 864e5); // who is born on that day 18 years ago is 17, and 18 tomorrow
for (const [name, value] of [['year', eve.getUTCFullYear() - 18], ['month', eve.getUTCMonth() + 1], ['day', eve.getUTCDate()]]) vars.set(`eve18_${name}`, value);
for (const [name, minutes] of [['now', 0], ['soon', 20], ['soon_end', 40]]) vars.set(name, new Date(Date.now() + minutes * 60e3).toISOString());
vars.set('tenmegabytes', 'a'.repeat(10 << 20));
// Images whose bytes are text, without line ends: no pixels, no value of 10 bytes.
for (const [name, about] of Object.entries({ image: {}, imagechanged: { more: [[8, 0x1030, 'LO', 'other bytes.']] },
  imageofcase: { uid: '1.2.3999998', id: '', name: '', birth: '19720504', more: [[0x28, 0x30, 'DS', '0.5\\0.5']] },
  imageshared: { uid: '1.2.3999997', id: '', name: '', birth: '', more: [[8, 0x1030, 'LO', 'Golden study..']] } })) {
  vars.set(name, dicomFile({ uid: '1.2.3999999', ...about, pixels: null }).toString('latin1'));
}
vars.set('manybasics', Array(501).fill(JSON.stringify({ // more than one conditional delete may delete
  resource: { resourceType: 'Basic', code: { text: 'many' }, identifier: [{ system: 'urn:many', value: 'all' }] },
  request: { method: 'POST', url: 'Basic' },
})).join());

// "let NAME = words": the last word printed; "words": run; "person LOGIN FAMILY ORG ROLE ...": somebody with the
// password {password}, {id_LOGIN} is their Practitioner; "password LOGIN PASSWORD [NAME]", "token LOGIN {NAME}": who signs in how.
function fillRegion() {
  for (const line of fs.readFileSync(path.join(HERE, 'region.txt'), 'utf8').split('\n')) {
    if (!line.trim() || line.startsWith('#')) continue;
    const words = (fill(line, vars).match(/"[^"]*"|\S+/g) ?? []).map((w) => w.replace(/^"|"$/g, ''));
    if (words[0] === 'person') {
      const [, login, family, org, role, ...more] = words;
      const said = program.cli(['user', 'add', login, '--family', family, '--given', 'Test', '--org', org, '--role', role,
        '--password-stdin', 'true', '--must-change', 'false', ...more], { input: `${PASSWORD}\n` });
      vars.set(`id_${login.replace(/\W/g, '_')}`, /^person (\S+)$/m.exec(said)[1]);
      jars.set(login, { login, password: PASSWORD });
    } else if (words[0] === 'password') jars.set(words[3] ?? words[1], { login: words[1], password: words[2] });
    else if (words[0] === 'token' && words[1] !== 'new') jars.set(`token ${words[1]}`, { token: words[2] });
    else if (words[0] === 'let') vars.set(words[1], program.cli(words.slice(3)).trim().split(/\s+/).pop());
    else program.cli(words);
  }
}

const formType = 'application/x-www-form-urlencoded';

// Headers of the person who asks; {csrf} in the request is the form token of their session.
async function actAs(who) {
  if (who === 'nobody') return { headers: {}, csrf: '' };
  const jar = jars.get(who);
  if (!jar) throw new Error(`nobody is called "${who}": see region.txt`);
  if (jar.token) return { headers: { authorization: `Bearer ${jar.token}` }, csrf: '' };
  jar.session ??= await signIn(program, jar.login, jar.password);
  return { headers: { cookie: jar.session.cookie }, csrf: jar.session.csrf };
}

let lastAudit = 0;
function auditRows() {
  const rows = program.cli(['audit', 'list', '--after', String(lastAudit)]).split('\n').filter(Boolean)
    .map((line) => { const [seq, ...rest] = line.split(' '); return { seq: Number(seq), text: rest.join(' ') }; });
  if (rows.length > 0) lastAudit = rows[rows.length - 1].seq;
  return rows.map((r) => r.text);
}

// What one person sends of a step.
async function requestOf(step, as) {
  const who = await actAs(as);
  const local = new Map([...vars, ['csrf', who.csrf]]);
  const headers = { ...who.headers };
  for (const [k, v] of step.headers) headers[k.toLowerCase()] = fill(v, local);
  let body = fill(step.body, local);
  if (body && !headers['content-type']) headers['content-type'] = body.startsWith('{') ? 'application/fhir+json' : formType;
  if (headers['content-type']?.startsWith('multipart/')) body = `${body.replace(/\r?\n/g, '\r\n')}\r\n`;
  if (headers['content-type'] === formType) body = body.replace(/\n/g, '');
  if (body || !['GET', 'HEAD'].includes(step.method)) headers['content-length'] ??= Buffer.byteLength(body);
  return () => program.request(step.method, fill(step.target, local), headers, body);
}

// Several people at once: one answer of each status that is expected; the last one's is looked at.
async function race(step, people) {
  const sends = [];
  for (const as of people) sends.push(await requestOf(step, as));
  const replies = await Promise.all(sends.map((send) => send()));
  const order = (list) => list.map(Number).sort().join('+');
  const came = order(replies.map((r) => r.status));
  const wanted = order(String(step.race).split('+'));
  const reply = replies.find((r) => r.status === step.status) ?? replies[0];
  return { reply, faults: came === wanted ? [] : [`at once came ${came}, expected ${wanted}`] };
}

async function playStep(step) {
  const people = step.as.split(' and ');
  if (step.audit.length > 0) auditRows(); // forget what was before
  const { reply, faults: raced } = people.length > 1 ? await race(step, people) : { reply: await (await requestOf(step, people[0]))(), faults: [] };
  for (const [name, rule] of step.lets) vars.set(name, rule.startsWith('{code') ? fill(rule, vars) : take(reply, rule));
  const faults = [...raced, ...checkReply(step, reply, vars)];
  if (step.audit.length > 0) {
    const rows = auditRows();
    for (const want of step.audit) {
      const words = fill(want, vars).split(/\s+/);
      if (!rows.some((r) => words.every((w) => ` ${r} `.includes(` ${w} `)))) faults.push(`no audit record "${words.join(' ')}" among:\n    ${rows.join('\n    ')}`);
    }
  }
  return { reply, faults };
}

// "# serve WORDS" in a file's head: for this file the server runs with these settings.
async function serveWith(extra) {
  extra = extra.map((word) => fill(word, vars));
  if (program.child && program.extra.join() === extra.join()) return;
  if (program.child) await program.stop();
  program.extra = extra;
  await program.start();
  vars.set('port', String(program.port));
}

async function playFile(file) {
  const golden = parseGolden(fs.readFileSync(file, 'utf8'));
  let failed = 0;
  await serveWith(golden.serve);
  for (const step of golden.steps) {
    const { reply, faults } = await playStep(step).catch((e) => ({ faults: [e.message] }));
    if (write && reply && faults.length > 0) expectation(step, reply);
    else if (faults.length > 0) {
      failed++;
      console.log(`${path.relative(ROOT, file)}:${step.line}: ${step.as}: ${step.method} ${step.target}\n  ${faults.join('\n  ')}`);
    }
  }
  if (write) fs.writeFileSync(file, writeGolden(golden));
  return failed === 0;
}

// Every row of the route table has a step that is refused, or is on the list of addresses open to all; a row
// with rights, or with something of somebody in its path (OWN), one where a person who is signed in is refused;
// one that everybody may call but that opens something by its path, a step that is refused all the same.
const OWN = /:(case|draft|upload|file|id|visit|schedule|patient|tie|invite|room|guest|seat|consilium|item|task|post)\b/;
function routesWithout(files) {
  const rows = fs.readFileSync(path.join(ROOT, 'src/app/routes.c'), 'utf8')
    .matchAll(/^\s*\{(GET|POST|PUT|PATCH|DELETE),\s*"([^"]+)",\s*(WHO_\w+),\s*([^,]+),/gm);
  const refused = files.flatMap((f) => parseGolden(fs.readFileSync(f, 'utf8')).steps)
    .filter((s) => [401, 403, 404, 303].includes(s.status));
  const missing = [];
  for (const [, method, pattern, who, may] of rows) {
    if (who === 'WHO_ANY' && !OWN.test(pattern) && !/:token\b/.test(pattern)) continue;
    const re = new RegExp(`^${pattern.replace(/[.$]/g, '\\$&').replace(/:\w+/g, '[^/]+').replace(/\*\w+/, '.*')}/?(\\?.*)?$`);
    const of = refused.filter((s) => s.method === method && re.test(s.target));
    const owned = may !== '0' || OWN.test(pattern);
    if (of.length === 0) missing.push(`${method} ${pattern}`);
    else if (owned && !of.some((s) => s.as !== 'nobody' && [403, 404].includes(s.status))) missing.push(`${method} ${pattern}, being signed in`);
  }
  return missing;
}

async function main() {
  const disk = fs.statfsSync(program.dir);
  vars.set('abovefree', String(Math.floor((disk.bavail * disk.bsize * 1.4) / (1 << 20)))); // MiB: reading still goes on
  const named = args.map((a) => path.basename(a, '.http'));
  const files = fs.readdirSync(HERE).filter((f) => f.endsWith('.http')).sort();
  const chosen = files.filter((f) => named.length === 0 || named.includes(path.basename(f, '.http')));
  let passed = 0;
  fillRegion();
  for (const f of chosen) passed += await playFile(path.join(HERE, f));
  const missing = named.length === 0 ? routesWithout(files.map((f) => path.join(HERE, f))) : [];
  for (const m of missing) console.log(`no golden step shows who may not: ${m}`);
  const ended = await program.stop().then(() => 0, (e) => { console.log(e.message); return 1; });
  const failed = chosen.length - passed + missing.length + ended;
  console.log(`${passed} passed, ${failed} failed`);
  if (failed === 0) program.remove();
  process.exitCode = failed > 0 ? 1 : 0;
}

main().catch((e) => {
  console.error(e.message);
  process.exitCode = 1;
});
