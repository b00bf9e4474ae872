// The examples of packaging/examples in real programs, Debian's nginx and HAProxy, in front of the program on its
// socket: who calls, by TLS or not, streams of events, large files. The program runs under strace, and each system call
// it makes is one its unit allows.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { aCase } from '../lib/consilium.mjs';
import { Program, ROOT } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD, world } from '../lib/world.mjs';

const HOST = 'telemed.example';
const LARGE = 48 << 20;
const FROM = { nginx: '127.0.0.2', haproxy: '127.0.0.3' }; // where the calls come from
const GROUP = 'www-data'; // stands for the group consilium, which may reach the socket: nobody else
const b64 = (s) => Buffer.from(s).toString('base64');
const has = (words) => spawnSync(words[0], words.slice(1)).error === undefined;
const freePort = () => new Promise((done) => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); });
});

// A request on its way: {status, headers, body}. options: those of http.request.
function call(lib, options, body) {
  return new Promise((done, fail) => {
    const r = lib.request({ timeout: 60000, ...options }, (res) => {
      const parts = [];
      res.on('data', (d) => parts.push(d));
      res.on('end', () => done({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts).toString('utf8') }));
      res.on('error', fail);
    });
    r.on('timeout', () => r.destroy(new Error('no answer in 60 s')));
    r.on('error', fail);
    r.end(body);
  });
}

// One of the two, with the example's names replaced by this test's. Whoever comes through it looks like a program to
// tests/lib/session.mjs: request().
class Proxy {
  constructor(name, place, socket, cert) {
    Object.assign(this, { name, dir: path.join(place, name), socket, cert });
  }

  async start() {
    this.port = await freePort();
    this.plain = await freePort();
    fs.mkdirSync(this.dir);
    const conf = path.join(this.dir, 'conf');
    const example = fs.readFileSync(path.join(ROOT, 'packaging/examples', this.name === 'nginx' ? 'nginx.conf' : 'haproxy.cfg'), 'utf8');
    const swap = (text, rows) => rows.reduce((t, [from, to]) => {
      if (!t.includes(from)) throw new Error(`the example of ${this.name} has no "${from}" any more`);
      return t.replaceAll(from, to);
    }, text);
    if (this.name === 'nginx') {
      const site = swap(example, [['/run/consilium/http', this.socket], ['listen 80;', `listen 127.0.0.1:${this.plain};`], ['listen 443 ', `listen 127.0.0.1:${this.port} `],
        ['/etc/ssl/telemed.example/fullchain.pem', this.cert.chain], ['/etc/ssl/telemed.example/privkey.pem', this.cert.key]]);
      const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${this.dir}/${n};`).join(' ');
      fs.writeFileSync(conf, `user ${GROUP}; pid ${this.dir}/pid; error_log ${this.dir}/error.log;\nevents {}\nhttp { ${temp}\n${site}\n}\n`);
      this.child = spawn('nginx', ['-c', conf, '-p', this.dir, '-g', 'daemon off;'], { stdio: ['ignore', 'pipe', 'pipe'] });
    } else {
      fs.writeFileSync(conf, swap(example, [['/run/consilium/http', this.socket], ['bind :80', `bind 127.0.0.1:${this.plain}`], ['bind :443', `bind 127.0.0.1:${this.port}`],
        ['/etc/haproxy/telemed.example.pem', this.cert.both], ['group consilium', `group ${GROUP}`]]));
      this.child = spawn('haproxy', ['-f', conf, '-db'], { stdio: ['ignore', 'pipe', 'pipe'] });
    }
    this.said = '';
    for (const s of [this.child.stdout, this.child.stderr]) s.on('data', (d) => { this.said += d; });
    process.on('exit', () => this.child.kill('SIGTERM')); // nginx ends its workers
    await until(`${this.name} answers, or ended`, async () => this.child.exitCode !== null
      || (await this.request('GET', '/healthz').catch(() => ({}))).status === 200);
    if (this.child.exitCode !== null) throw new Error(`${this.name} ended: ${this.said}`);
  }

  options(method, target, headers = {}) {
    return { host: '127.0.0.1', port: this.port, localAddress: FROM[this.name], servername: HOST, ca: this.cert.pem, method, path: target, headers: { host: HOST, ...headers }, agent: false };
  }

  request(method, target, headers = {}, body = undefined) {
    return call(https, this.options(method, target, headers), body);
  }

  async stop() {
    const ended = new Promise((done) => { this.child.once('exit', done); });
    this.child.kill('SIGTERM');
    await ended;
  }
}

// The server on its socket; under strace where that is there.
class Server {
  constructor(program, place) {
    Object.assign(this, { program, socket: path.join(place, 'run', 'http'), trace: path.join(place, 'trace'), said: '' });
  }

  async start(base) {
    const words = [this.program.exe, 'serve', '--lang', 'en', '--data', this.program.dir, '--listen', `unix:${this.socket}`, '--trust-proxy', '--base-url', base, '--slow-ms', '1'];
    this.traced = has(['strace', '-V']);
    if (this.traced) words.unshift('strace', '-f', '-qq', '-e', 'signal=none', '-o', this.trace);
    this.child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.program.env } });
    process.on('exit', () => this.child.kill('SIGKILL'));
    for (const s of [this.child.stdout, this.child.stderr]) s.on('data', (d) => { this.said += d; });
    await until('it listens, or ended', () => this.said.includes(`listening on unix:${this.socket}`) || this.child.exitCode !== null);
    if (this.child.exitCode !== null) throw new Error(`the server ended: ${this.said}`);
    const [pid] = fs.readFileSync(path.join('/proc', String(this.child.pid), 'task', String(this.child.pid), 'children'), 'utf8').trim().split(' ');
    this.pid = this.traced ? Number(pid) : this.child.pid;
    process.on('exit', () => { if (this.child.exitCode === null) process.kill(this.pid, 'SIGKILL'); });
  }

  own(method, target) {
    return call(http, { socketPath: this.socket, method, path: target, agent: false });
  }

  async stop() {
    const ended = new Promise((done) => { this.child.once('exit', (code, signal) => done(code ?? signal)); });
    process.kill(this.pid, 'SIGTERM');
    return ended;
  }
}

// What a set of systemd's filters allows, with the sets in it.
function allowed(name, sets) {
  return (sets.get(name) ?? []).flatMap((n) => (n.startsWith('@') ? allowed(n, sets) : [n]));
}

function systemCalls(trace, is) {
  const r = spawnSync('systemd-analyze', ['--no-pager', 'syscall-filter'], { encoding: 'utf8' });
  if (r.status !== 0) {
    console.log('skipped: system calls are not compared: systemd-analyze is not installed');
    return;
  }
  const sets = new Map();
  let set = [];
  for (const l of r.stdout.split('\n')) {
    if (l.startsWith('@')) sets.set(l.trim(), set = []);
    else if (/^\s+[@a-z]/.test(l)) set.push(l.trim());
  }
  const unit = fs.readFileSync(path.join(ROOT, 'packaging/debian/consilium.service'), 'utf8');
  const may = new Set(/^SystemCallFilter=(.+)$/m.exec(unit)[1].split(' ').flatMap((n) => (n.startsWith('@') ? allowed(n, sets) : [n])));
  const made = new Set([...fs.readFileSync(trace, 'utf8').matchAll(/^\d+ +([a-z0-9_]+)\(/gm)].map((m) => m[1]));
  is('many system calls were seen', made.size > 40 && may.size > 200, true);
  is('none of them is outside of what the unit allows', [...made].filter((n) => !may.has(n)), []);
}

async function through(proxy, server, people, is) {
  const what = (text) => `${proxy.name}: ${text}`;
  const plain = await call(http, { host: '127.0.0.1', port: proxy.plain, path: '/sign-in?x=1', headers: { host: HOST }, agent: false });
  is(what('plain http leads to https'), [plain.status, plain.headers.location], [301, `https://${HOST}/sign-in?x=1`]);
  const forged = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'http' };
  const form = { 'content-type': 'application/x-www-form-urlencoded', origin: `https://${HOST}`, ...forged };
  const inside = await proxy.request('POST', '/sign-in', form, `login=doctor&password=${PASSWORD}`);
  is(what('the cookie of a session goes by https alone'), [inside.status, /__Host-sid=[^;]+;.*Secure/.test(String(inside.headers['set-cookie']))], [303, true]);
  await proxy.request('POST', '/sign-in', form, 'login=outsider&password=wrong');
  const auditor = await signIn(proxy, 'auditor', PASSWORD);
  const record = (await auditor.get('/record/download?kind=sign-in')).body;
  is(what('on record is the address of the caller, not the one it pretends'),
    [record.includes(`"${FROM[proxy.name]}"`), record.includes('203.0.113.9'), record.includes('"127.0.0.1"')], [true, false, false]);
  is(what('figures are not for callers from outside'), [401, 403, 404, 303].includes((await proxy.request('GET', '/metrics')).status), true);
  is(what('a form from another site is refused'), (await proxy.request('POST', '/sign-in', { ...form, origin: 'https://evil.example' }, `login=doctor&password=${PASSWORD}`)).status === 303, false);

  // ---- a page that listens ----
  const coordinator = await signIn(proxy, 'coordinator', PASSWORD);
  let heard = '';
  const stream = https.request(proxy.options('GET', '/events', { cookie: coordinator.cookie }), (res) => {
    heard = `${res.statusCode}\n`;
    res.on('data', (d) => { heard += d; });
    res.on('error', () => {});
  });
  stream.on('error', () => {});
  stream.end();
  await until('the stream begins', () => heard.startsWith('200\n'));
  const doctor = await signIn(proxy, 'doctor', PASSWORD);
  await aCase(doctor, people.region);
  await until('the event comes through', () => /event: (desk|notices)/.test(heard));
  is(what('an event comes while the page listens'), true, true);
  stream.destroy();

  // ---- a large file ----
  const draft = await doctor.post('/ask/register', { unidentified: 'true', sex: 'male', age: '40', note: 'found at the station', once: randomBytes(16).toString('hex') });
  const into = /^\/ask\/([a-z0-9]+)/.exec(draft.headers.location ?? '')?.[1] ?? '';
  const bytes = Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(LARGE)]);
  const tus = (method, target, headers, body) => proxy.request(method, target, { authorization: `Bearer ${people.token}`, 'tus-resumable': '1.0.0', ...headers }, body);
  const begun = await tus('POST', '/uploads', { 'upload-length': String(bytes.length), 'upload-metadata': `filename ${b64('large.pdf')},filetype ${b64('application/pdf')},case ${b64(into)}` });
  const at = begun.headers.location ?? '';
  is(what('the address of an upload is one people reach'), [begun.status, at.startsWith('/uploads/') || at.startsWith(`https://${HOST}/uploads/`)], [201, true]);
  const target = at.replace(`https://${HOST}`, '');
  const sent = await tus('PATCH', target, { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream', 'content-length': String(bytes.length) }, bytes);
  is(what('48 MiB in one piece'), [sent.status, sent.headers['upload-offset']], [204, String(bytes.length)]);
  const state = JSON.parse((await tus('GET', target, {})).body);
  is(what('byte for byte'), [state.state, state.sha256], ['complete', createHash('sha256').update(bytes).digest('hex')]);
}

export async function proxies(build, place, is) {
  if (process.getuid() !== 0) {
    console.log('skipped: no proxy in front: only root starts one that goes on as its own user');
    return;
  }
  const names = ['nginx', 'haproxy'].filter((n) => {
    const there = has([n, '-v']);
    if (!there) console.log(`skipped: ${n} is not installed`);
    return there;
  });
  const cert = { chain: path.join(place, 'chain.pem'), key: path.join(place, 'key.pem'), both: path.join(place, 'both.pem') };
  spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`,
    '-keyout', cert.key, '-out', cert.chain]);
  cert.pem = fs.readFileSync(cert.chain);
  fs.writeFileSync(cert.both, Buffer.concat([cert.pem, fs.readFileSync(cert.key)]), { mode: 0o600 });

  // As systemd makes it: RuntimeDirectory, mode 0750; the group goes on to the socket in it.
  const run = path.join(place, 'run');
  fs.chmodSync(place, 0o711);
  fs.mkdirSync(run);
  fs.chownSync(run, 0, Number(spawnSync('getent', ['group', GROUP], { encoding: 'utf8' }).stdout.split(':')[2]));
  fs.chmodSync(run, 0o2750);
  const program = new Program({ build });
  const region = world(program);
  program.cli(['user', 'add', 'auditor', '--family', 'Auditor', '--given', 'Test', '--org', region.centre, '--role', 'auditor', '--password-stdin', 'true', '--must-change', 'false'],
    { input: `${PASSWORD}\n` });
  const token = program.cli(['token', 'new', 'doctor', '--name', 'files', '--scope', 'all']).trim().split('\n').find((l) => /^\S{20,}$/.test(l));
  const server = new Server(program, place);
  await server.start(`https://${HOST}`);
  is('the socket is for its group', [fs.statSync(server.socket).mode & 0o777, fs.statSync(server.socket).gid === fs.statSync(run).gid], [0o660, true]);
  is('figures on the socket, for this machine', (await server.own('GET', '/metrics')).status, 200);
  is('health on the socket', (await server.own('GET', '/healthz')).body, 'ok\n');
  for (const name of names) {
    const proxy = new Proxy(name, place, server.socket, cert);
    await proxy.start();
    await through(proxy, server, { region, token }, is);
    await proxy.stop();
  }
  const slow = server.said.split('\n').filter((l) => l.includes('event=slow-request'));
  is('a slow request leaves a line: route, status, time', slow.some((l) => /level=warn event=slow-request request=\d+ method=POST route=\/sign-in status=303 took_ms=\d+$/.test(l)), true);
  is('and nothing of what was asked', slow.filter((l) => !/ route=(-|\/[a-z0-9/:*$_-]*) status=\d{3} took_ms=\d+$/.test(l)), []);
  is('the server ends well', await server.stop(), 0);
  is('and leaves no socket', fs.existsSync(server.socket), false);
  if (server.traced) systemCalls(server.trace, is);
  else console.log('skipped: system calls are not compared: strace is not installed');
  program.remove();
}
