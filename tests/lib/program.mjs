// Runs the program for a test: a data folder of its own, a free port, commands, start, kill, stop.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';

export const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '../..');
// What the sanitizers need to know, when the build has them.
process.env.LSAN_OPTIONS ??= `suppressions=${ROOT}/cmake/lsan.supp:print_suppressions=0`;
process.env.TSAN_OPTIONS ??= `suppressions=${ROOT}/cmake/tsan.supp:print_suppressions=0`;
// More of an environment: whoever measures asks as often as can be answered.
export const ANY_RATE = Object.fromEntries(['PERSON', 'PROGRAM', 'ADDRESS', 'ROUTE'].map((k) => [`CONSILIUM_RATE_${k}`, '0']));
const running = new Set();
process.on('exit', () => { for (const c of running) c.kill('SIGKILL'); });

// --NAME VALUE of the command line, taken out of args.
export function option(args, name, fallback) {
  const at = args.indexOf(name);
  return at < 0 ? fallback : args.splice(at, 2)[1];
}

export class Program {
  // build: dev, release, asan, tsan. dir: a data folder that is there; else one is made. extra: more settings of serve.
  // People read English unless a test says else; nobody must sign in with one-time codes unless extra says so
  // (--second_factor=true): tests sign in as everybody.
  // tls: {certificate, key, ca}, files and the bytes of who vouches: it speaks HTTPS, and is asked so.
  // before: words of the shell that serve runs under ("ulimit -n 64"); env: more of its environment.
  constructor({ build = 'release', dir, extra = [], tls, before = '', env = {} } = {}) {
    this.build = build;
    this.before = before;
    this.env = { CONSILIUM_LANG: 'en', CONSILIUM_SECOND_FACTOR: 'false', ...env };
    this.exe = path.join(ROOT, 'build', build, 'src/app/consilium');
    this.dir = dir ?? fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-test-'));
    this.tls = tls;
    this.extra = extra;
    this.port = 0;
    this.child = null;
    this.log = '';
  }

  // Runs a command on the data folder to its end; throws with its output when it fails.
  cli(words, { input, env = {}, seconds = 120 } = {}) {
    const r = spawnSync(this.exe, [...words, '--data', this.dir],
      { cwd: ROOT, input, encoding: 'utf8', maxBuffer: 1 << 28, timeout: seconds * 1000, env: { ...process.env, ...this.env, ...env } });
    if (r.status !== 0) throw new Error(`consilium ${words.join(' ')}: exit ${r.status ?? r.signal}\n${r.stdout}${r.stderr}`);
    return r.stdout;
  }

  // Starts it on a free port, the same one after a stop or kill, and waits until it listens.
  async start({ words = ['serve', '--lang', 'en'], seconds = 30 } = {}) {
    this.log = '';
    const all = [this.exe, ...words, '--data', this.dir, '--port', String(this.port), ...this.extra];
    if (this.tls) all.push('--tls-certificate', this.tls.certificate, '--tls-key', this.tls.key);
    if (this.before) all.unshift('bash', '-c', `${this.before}; exec "$0" "$@"`);
    const c = spawn(all[0], all.slice(1), { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.env } });
    this.child = c;
    running.add(c);
    this.ended = new Promise((done) => c.once('exit', (code, signal) => { running.delete(c); done({ code, signal }); }));
    c.stderr.on('data', (d) => { this.log = (this.log + d).slice(-200000); });
    const said = new Promise((done) => {
      let text = '';
      c.stdout.on('data', (d) => {
        text += d;
        const m = /listening on (https?:\/\/[^:]+:(\d+))\//.exec(text);
        if (m) done(m);
      });
    });
    let timer;
    const late = new Promise((done) => { timer = setTimeout(done, seconds * 1000); });
    const m = await Promise.race([said, this.ended, late]);
    clearTimeout(timer);
    if (!m?.[1]) {
      c.kill('SIGKILL');
      throw new Error(`the server ${m ? `ended with ${m.code ?? m.signal}` : `did not start in ${seconds} s`}:\n${this.log}`);
    }
    this.base = m[1];
    this.port = Number(m[2]);
    return this;
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  // Asks it to end; throws when it does not end well.
  async stop() {
    this.child.kill('SIGTERM');
    const { code, signal } = await this.ended;
    if (code !== 0) throw new Error(`the server ended with ${code ?? signal}:\n${this.log}`);
  }

  // One request without following redirects. body: text or bytes.
  request(method, target, headers = {}, body = undefined) {
    return new Promise((done, fail) => {
      const [lib, own] = this.tls ? [https, { ca: this.tls.ca, servername: 'localhost' }] : [http, {}];
      const r = lib.request({ host: '127.0.0.1', port: this.port, method, path: target, headers, timeout: 60000, ...own }, (res) => {
        const parts = [];
        res.on('data', (d) => parts.push(d));
        res.on('end', () => {
          const bytes = Buffer.concat(parts);
          done({ status: res.statusCode, headers: res.headers, bytes, body: bytes.toString('utf8') });
        });
        res.on('error', fail);
      });
      r.on('timeout', () => r.destroy(new Error('no answer in 60 s')));
      r.on('error', fail);
      r.end(body);
    });
  }

  // The made-up region: filled once per program under build/, copied for each test. Two tests at once may both
  // fill one: the first that is whole stays.
  async fill() {
    const key = createHash('sha256').update(fs.readFileSync(this.exe)).digest('hex').slice(0, 16);
    const kept = path.join(ROOT, 'build', 'demo-fill', `${this.build}-${key}`);
    if (!fs.existsSync(kept)) {
      for (const old of fs.existsSync(path.dirname(kept)) ? fs.readdirSync(path.dirname(kept)) : []) {
        if (old.startsWith(`${this.build}-`) && !old.startsWith(path.basename(kept))) fs.rmSync(path.join(path.dirname(kept), old), { recursive: true });
      }
      const one = new Program({ build: this.build });
      fs.rmdirSync(one.dir);
      await one.start({ words: ['demo', '--demo-live=false'], seconds: 300 });
      await one.stop();
      fs.mkdirSync(path.dirname(kept), { recursive: true });
      const made = `${kept}.${process.pid}`;
      fs.cpSync(one.dir, made, { recursive: true });
      try {
        fs.renameSync(made, kept);
      } catch (e) {
        if (!['ENOTEMPTY', 'EEXIST'].includes(e.code)) throw e;
        fs.rmSync(made, { recursive: true });
      }
      one.remove();
    }
    fs.rmSync(this.dir, { recursive: true, force: true });
    fs.cpSync(kept, this.dir, { recursive: true });
    return this;
  }

  remove() {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
