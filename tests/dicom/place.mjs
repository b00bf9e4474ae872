// A server that takes images by HTTP and by C-STORE, and what a test does with it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { Program } from '../lib/program.mjs';
import { world } from '../lib/world.mjs';

export const BOUNDARY = 'cut5a7e';
export const TYPE = `multipart/related; type="application/dicom"; boundary=${BOUNDARY}`;
export const TITLE = 'CT1'; // may push
const EXPLICIT = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'UC', 'UN', 'UR', 'UT', 'SV', 'UV']); // long form
const COMMAND_SECONDS = 120;

export const partHead = () => Buffer.from(`--${BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n`);
export const body = (files) => Buffer.concat([...files.flatMap((f) => [partHead(), f, Buffer.from('\r\n')]), Buffer.from(`--${BOUNDARY}--\r\n`)]);

export function freePort() {
  return new Promise((done) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

// A command to its end, while this process goes on: its exit code and what it said.
export function command(words) {
  return new Promise((done) => {
    const c = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], timeout: COMMAND_SECONDS * 1000 });
    let said = '';
    c.stdout.on('data', (d) => { said += d; });
    c.stderr.on('data', (d) => { said += d; });
    c.on('error', (e) => done({ code: -1, said: e.message }));
    c.on('close', (code) => done({ code, said }));
  });
}

// Where the data set begins: after the preamble and the elements of group 2.
export function dataSet(file) {
  let at = 132;
  while (file.readUInt16LE(at) === 2) {
    const long = EXPLICIT.has(file.toString('latin1', at + 4, at + 6));
    at += long ? 12 + file.readUInt32LE(at + 8) : 8 + file.readUInt16LE(at + 6);
  }
  return file.subarray(at);
}

export class Place {
  // more: settings of serve
  static async open(build, more = []) {
    const p = new Place();
    p.dicomPort = await freePort();
    p.program = new Program({ build, extra: ['--dicom-port', String(p.dicomPort), '--dicom-peers', `${TITLE}, AWAY@192.0.2.7, NEAR@127.0.0.1`, ...more] });
    p.region = world(p.program);
    p.tokens = { doctor: p.program.cli(['token', 'new', 'doctor', '--name', 'dicom']).trim().split(/\s+/).pop() };
    await p.program.start();
    return p;
  }

  get auth() {
    return { authorization: `Bearer ${this.region.system}` };
  }

  get(target, headers = {}) {
    return this.program.request('GET', `/dicom-web${target}`, { ...this.auth, ...headers });
  }

  async stow(files, target = '/studies') {
    const r = await this.program.request('POST', `/dicom-web${target}`, { ...this.auth, 'content-type': TYPE }, body(files));
    const said = r.status < 500 && r.body.startsWith('{') ? JSON.parse(r.body) : {};
    return { status: r.status, stored: said['00081199']?.Value ?? [], failed: said['00081198']?.Value ?? [], body: r.body };
  }

  // One instance, byte for byte; null when it is not there. headers: who asks, if not the interface account.
  async instance(at, headers = {}) {
    const r = await this.get(at, { accept: 'application/dicom', ...headers });
    return r.status === 200 ? r.bytes : null;
  }

  scu(tool, words, calling = TITLE, called = 'CONSILIUM') {
    return command([tool, '-aet', calling, '-aec', called, '127.0.0.1', String(this.dicomPort), ...words]);
  }

  // The most memory it ever held, in MiB.
  peak() {
    return this.memory('VmHWM');
  }

  memory(what) {
    const status = fs.readFileSync(`/proc/${this.program.child.pid}/status`, 'utf8');
    return Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(status)[1]) / 1024;
  }

  async close() {
    await this.program.stop();
    this.program.remove();
  }
}
