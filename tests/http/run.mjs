// Runs the golden HTTP files: node tests/http/run.mjs [--write] [--build PRESET] [NAME...]
// Makes a data folder, fills it by region.txt, starts the server on a free port and plays each NAME.http
// against it in turn. --write replaces what files expect by what came. See tests/README.md for the form.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { parseGolden, writeGolden } from './golden.mjs';
import { checkReply, expectation, fill, take } from './match.mjs';

const HERE = path.dirname(new URL(import.meta.url).pathname);
const ROOT = path.join(HERE, '../..');
const args = process.argv.slice(2);
const option = (name, fallback) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : fallback);
const preset = option('--build', 'dev');
const write = args.includes('--write') && !!args.splice(args.indexOf('--write'), 1);
const program = path.join(ROOT, 'build', preset, 'src/app/consilium');
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-golden-'));
const vars = new Map();
const jars = new Map(); // login -> {cookie, csrf} or {token}
let server;
let port;

function consilium(words) {
  const r = spawnSync(program, [...words, '--data', data], { encoding: 'utf8', timeout: 120000 });
  if (r.status !== 0) throw new Error(`consilium ${words.join(' ')}: exit ${r.status}\n${r.stderr}`);
  return r.stdout;
}

// "let NAME = words": the last word printed; "words": run; "password LOGIN PASSWORD", "token LOGIN {NAME}": who signs in how.
function fillRegion() {
  for (const line of fs.readFileSync(path.join(HERE, 'region.txt'), 'utf8').split('\n')) {
    if (!line.trim() || line.startsWith('#')) continue;
    const words = (fill(line, vars).match(/"[^"]*"|\S+/g) ?? []).map((w) => w.replace(/^"|"$/g, ''));
    if (words[0] === 'password') jars.set(words[1], { login: words[1], password: words[2] });
    else if (words[0] === 'token') jars.set(`token ${words[1]}`, { token: words[2] });
    else if (words[0] === 'let') vars.set(words[1], consilium(words.slice(3)).trim().split(/\s+/).pop());
    else consilium(words);
  }
}

function startServer() {
  return new Promise((done, fail) => {
    server = spawn(program, ['serve', '--port', '0', '--data', data, '--lang', 'en'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = fs.createWriteStream(path.join(data, 'server.log'));
    server.stderr.pipe(log);
    let text = '';
    server.stdout.on('data', (d) => {
      text += d;
      const m = /listening on http:\/\/[^:]+:(\d+)\//.exec(text);
      if (m) done(Number(m[1]));
    });
    server.on('exit', (code) => fail(new Error(`the server ended with ${code}`)));
    setTimeout(() => fail(new Error('the server did not start in 20 s')), 20000).unref();
  });
}

export function request(method, target, headers, body) {
  return new Promise((done, fail) => {
    const r = http.request({ host: '127.0.0.1', port, method, path: target, headers, timeout: 30000 }, (res) => {
      const parts = [];
      res.on('data', (d) => parts.push(d));
      res.on('end', () => done({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts).toString('utf8') }));
      res.on('error', fail);
    });
    r.on('timeout', () => r.destroy(new Error('no answer in 30 s')));
    r.on('error', fail);
    r.end(body);
  });
}

const formType = { 'content-type': 'application/x-www-form-urlencoded' };

async function signIn(jar) {
  const reply = await request('POST', '/sign-in', formType,
    new URLSearchParams({ login: jar.login, password: jar.password }).toString());
  const cookie = [reply.headers['set-cookie'] ?? []].flat().map((c) => c.split(';')[0]).find((c) => c.startsWith('sid='));
  if (!cookie) throw new Error(`sign-in of ${jar.login}: ${reply.status}`);
  jar.cookie = cookie;
  const home = await request('GET', '/', { cookie });
  const page = home.status === 303 ? await request('GET', home.headers.location, { cookie }) : home;
  jar.csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? /data-csrf="([^"]+)"/.exec(page.body)?.[1] ?? '';
}

// Headers of the person who asks; {csrf} in the request is the form token of their session.
async function actAs(who) {
  if (who === 'nobody') return { headers: {}, csrf: '' };
  const jar = jars.get(who);
  if (!jar) throw new Error(`nobody is called "${who}": see region.txt`);
  if (jar.token) return { headers: { authorization: `Bearer ${jar.token}` }, csrf: '' };
  if (!jar.cookie) await signIn(jar);
  return { headers: { cookie: jar.cookie }, csrf: jar.csrf };
}

let lastAudit = 0;
function auditRows() {
  const rows = consilium(['audit', 'list', '--after', String(lastAudit)]).split('\n').filter(Boolean)
    .map((line) => { const [seq, ...rest] = line.split(' '); return { seq: Number(seq), text: rest.join(' ') }; });
  if (rows.length > 0) lastAudit = rows[rows.length - 1].seq;
  return rows.map((r) => r.text);
}

async function playStep(step) {
  const who = await actAs(step.as);
  const local = new Map([...vars, ['csrf', who.csrf]]);
  if (step.audit.length > 0) auditRows(); // forget what was before
  const headers = { ...who.headers };
  for (const [k, v] of step.headers) headers[k.toLowerCase()] = fill(v, local);
  const body = fill(step.body, local);
  if (body && !headers['content-type']) headers['content-type'] = body.startsWith('{') ? 'application/fhir+json' : formType['content-type'];
  if (body || !['GET', 'HEAD'].includes(step.method)) headers['content-length'] = Buffer.byteLength(body);
  const reply = await request(step.method, fill(step.target, local), headers, body);
  for (const [name, rule] of step.lets) vars.set(name, take(reply, rule));
  const faults = checkReply(step, reply, vars);
  if (step.audit.length > 0) {
    const rows = auditRows();
    for (const want of step.audit) {
      const words = fill(want, vars).split(/\s+/);
      if (!rows.some((r) => words.every((w) => ` ${r} `.includes(` ${w} `)))) faults.push(`no audit record "${words.join(' ')}" among:\n    ${rows.join('\n    ')}`);
    }
  }
  return { reply, faults };
}

async function playFile(file) {
  const golden = parseGolden(fs.readFileSync(file, 'utf8'));
  let failed = 0;
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

// Every row of the route table has a step that is refused, or is on the list of addresses open to all.
function routesWithout(files) {
  const rows = fs.readFileSync(path.join(ROOT, 'src/app/routes.c'), 'utf8')
    .matchAll(/^\s*\{(GET|POST|PUT|PATCH|DELETE),\s*"([^"]+)",\s*(WHO_\w+)/gm);
  const refused = files.flatMap((f) => parseGolden(fs.readFileSync(f, 'utf8')).steps)
    .filter((s) => [401, 403, 404, 303].includes(s.status));
  const missing = [];
  for (const [, method, pattern, who] of rows) {
    if (who === 'WHO_ANY') continue;
    const re = new RegExp(`^${pattern.replace(/[.$]/g, '\\$&').replace(/:\w+/g, '[^/]+').replace(/\*\w+/, '.*')}/?(\\?.*)?$`);
    if (!refused.some((s) => s.method === method && re.test(s.target))) missing.push(`${method} ${pattern}`);
  }
  return missing;
}

async function main() {
  const named = args.map((a) => path.basename(a, '.http'));
  const files = fs.readdirSync(HERE).filter((f) => f.endsWith('.http')).sort();
  const chosen = files.filter((f) => named.length === 0 || named.includes(path.basename(f, '.http')));
  let passed = 0;
  fillRegion();
  port = await startServer();
  vars.set('port', String(port));
  for (const f of chosen) passed += await playFile(path.join(HERE, f));
  const missing = named.length === 0 ? routesWithout(files.map((f) => path.join(HERE, f))) : [];
  for (const m of missing) console.log(`no golden step shows who may not: ${m}`);
  const status = await new Promise((done) => {
    server.removeAllListeners('exit');
    server.on('exit', (code, signal) => done(code ?? signal));
    server.kill('SIGTERM');
  });
  if (status !== 0) console.log(`the server ended with ${status}; see ${data}/server.log`);
  const failed = chosen.length - passed + missing.length + (status !== 0);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed === 0) fs.rmSync(data, { recursive: true });
  process.exitCode = failed > 0 ? 1 : 0;
}

main().catch((e) => {
  console.error(e.message);
  server?.kill('SIGKILL');
  process.exitCode = 1;
});
