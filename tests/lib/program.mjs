// Runs the program for a test: a data folder of its own, a free port, commands, start, kill, stop.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

export const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '../..');

export function freePort() {
  return new Promise((resolve, reject) => {
    const s = net.createServer();
    s.on('error', reject);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

export class Program {
  // build: dev, release, asan, tsan. extra: more flags of serve.
  constructor({ build = 'release', dir, extra = [] } = {}) {
    this.exe = path.join(ROOT, 'build', build, 'src/app/consilium');
    this.dir = dir ?? fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-test-'));
    this.extra = extra;
    this.child = null;
    this.log = '';
  }

  // Runs a command on the data folder to its end; throws with its output when it fails.
  cli(args, { input, ok = [0] } = {}) {
    const r = spawnSync(this.exe, [...args, '--data', this.dir], { cwd: ROOT, input, encoding: 'utf8', timeout: 120000 });
    if (!ok.includes(r.status)) throw new Error(`consilium ${args.join(' ')}: exit ${r.status ?? r.signal}\n${r.stdout}${r.stderr}`);
    return r.stdout;
  }

  async start({ seconds = 20 } = {}) {
    this.port ??= await freePort();
    this.base = `http://127.0.0.1:${this.port}`;
    this.child = spawn(this.exe, ['serve', '--data', this.dir, '--port', String(this.port), ...this.extra],
      { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr.on('data', (d) => { this.log = (this.log + d).slice(-20000); });
    this.ended = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve({ code, signal })));
    const until = Date.now() + seconds * 1000;
    for (;;) {
      const up = await fetch(`${this.base}/healthz`).then((r) => r.ok, () => false);
      if (up) return this;
      if (this.child.exitCode !== null || Date.now() > until) throw new Error(`the server did not start:\n${this.log}`);
      await new Promise((f) => setTimeout(f, 10));
    }
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

  remove() {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
