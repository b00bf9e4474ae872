// What goes wrong around the program: a full disk, a folder that cannot be written, a clock that goes back,
// too few file descriptors, a database whose bytes were changed, a write-ahead log that lost its end. It
// answers 507 or 503 with words in the log, loses nothing it acknowledged, and starts again.
//   node tests/faults/run.mjs [--build release] [NAME...]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Clock } from '../lib/clock.mjs';
import { option, Program, ROOT } from '../lib/program.mjs';
import { until } from '../lib/until.mjs';

const args = process.argv.slice(2);
const build = option(args, '--build', 'release');
const MRN = 'urn:example:faults';
const MIB = 1 << 20;
const FILES = 80; // of a server that has few

class Skip extends Error {}
function must(is, text) {
  if (!is) throw new Error(text);
}

// A folder in memory of so many MiB that the disk of a test may be: for root alone.
function mountSmall(mib) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-small-'));
  if (process.getuid() !== 0 || spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0700`, 'none', dir]).status !== 0) {
    fs.rmdirSync(dir);
    throw new Skip('needs root, to mount a small disk');
  }
  return dir;
}

// Flags make the next mount of a disk writable or not.
const remount = (dir, how) => spawnSync('mount', ['-o', `remount,${how}`, dir]).status === 0;

function unmount(dir) {
  spawnSync('umount', ['-l', dir]);
  fs.rmdirSync(dir);
}

// A program with an interface account, and what it acknowledged.
class World {
  constructor(settings = {}) {
    this.program = new Program({ build, ...settings });
    this.program.cli(['init']);
    this.token = this.program.cli(['token', 'new', '--system', 'faults']).trim();
    this.acked = new Map();
  }

  fhir(method, rel, body, more = {}) {
    return this.program.request(method, `/fhir/${rel}`, { authorization: `Bearer ${this.token}`,
      ...(body ? { 'content-type': 'application/fhir+json' } : {}), ...more }, body && JSON.stringify(body));
  }

  // One patient with a text of so many bytes; gives the status.
  async write(bytes = 200) {
    const mrn = `${this.acked.size}-${process.hrtime.bigint()}`;
    let text = '';
    while (text.length < bytes) text += Math.random().toString(36).slice(2);
    const r = await this.fhir('POST', 'Patient', { resourceType: 'Patient', identifier: [{ system: MRN, value: mrn }], address: [{ text }] });
    if (r.status === 201) this.acked.set(JSON.parse(r.body).id, mrn);
    else must(r.body.includes('"resourceType":"OperationOutcome"'), `a refusal without an outcome: ${r.body.slice(0, 200)}`);
    return r.status;
  }

  // Writes until one is refused, at most so often; gives the status of that.
  async writeUntilRefused(n, bytes) {
    for (let i = 0; i < n; i++) {
      const status = await this.write(bytes);
      if (status !== 201) return status;
    }
    return 201;
  }

  // All that was acknowledged is there. among: more answers a read may have.
  async readAll(among = []) {
    const seen = new Map();
    for (const [id, mrn] of this.acked) {
      const r = await this.fhir('GET', `Patient/${id}`);
      seen.set(r.status, (seen.get(r.status) ?? 0) + 1);
      must(r.status === 200 || among.includes(r.status), `Patient/${id} was acknowledged and answers ${r.status}`);
      must(r.status !== 200 || JSON.parse(r.body).identifier[0].value === mrn, `Patient/${id} is another`);
    }
    return seen;
  }

  // What is logged comes by a pipe, maybe after the answer.
  async said(event) {
    await until(`the log tells of ${event}`, () => this.program.log.includes(`event=${event}`));
  }

  // The record is whole and every version is there.
  prove() {
    this.program.cli(['audit', 'verify']);
    this.program.cli(['doctor']);
  }

  // The trouble is over: it starts, takes a write, has all it acknowledged, and proves it.
  async goesOn() {
    await this.program.start();
    must(await this.write() === 201, 'the trouble is over, and nothing can be written');
    await this.readsAndProves();
  }

  async readsAndProves() {
    await this.readAll();
    await this.program.stop();
    this.prove();
  }

  async end() {
    if (this.program.child?.exitCode === null && this.program.child.signalCode === null) await this.program.kill();
    this.program.remove();
  }
}

// A command that must fail with words and without a crash.
function refuses(program, words) {
  const r = spawnSync(program.exe, [...words, '--data', program.dir], { cwd: ROOT, encoding: 'utf8', timeout: 60000, env: { ...process.env, ...program.env } });
  must(r.status === 1, `consilium ${words.join(' ')}: exit ${r.status ?? r.signal}, not 1:\n${r.stdout}${r.stderr}`);
  must((r.stdout + r.stderr).trim().length > 10, `consilium ${words.join(' ')} failed without a word`);
  return r.stdout + r.stderr;
}

// It does not come up, says why, and does not crash.
async function staysDown(program) {
  try {
    await program.start();
  } catch (e) {
    must(/ended with 1:/.test(e.message), `not an orderly refusal: ${e.message}`);
    must(e.message.split('\n').slice(1).join('').trim().length > 10, 'refused to start without a word');
    return e.message;
  }
  await program.kill();
  throw new Error('it started');
}

// ---- the cases ----

async function disk_is_full() {
  const disk = mountSmall(64);
  const dir = path.join(disk, 'data');
  const w = new World({ dir, env: { CONSILIUM_FREE_FLOOR: '16' } });
  try {
    await w.program.start();
    must(await w.writeUntilRefused(50, 2000) === 201, 'no room at the beginning');
    // All room goes at once, between two looks at it: the database itself meets the end.
    const ballast = path.join(disk, 'ballast');
    spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64k'], { stdio: 'ignore' });
    const status = await w.writeUntilRefused(200, 20000);
    must(status === 507, `a full disk answers ${status}`);
    await w.readAll([507]); // who looks at a record is on record: that needs room, too
    for (let i = 0; i < 5; i++) must(await w.write() === 507, 'still full');
    must(/event=(disk-low|batch-failed)/.test(w.program.log), `nothing in the log:\n${w.program.log.slice(-1000)}`);
    fs.rmSync(ballast);
    await until('there is room again, and something can be written', async () => await w.write() === 201);
    // Full again, and killed there: it starts with a full disk, for reading.
    spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64k'], { stdio: 'ignore' });
    await w.writeUntilRefused(200, 20000);
    await w.program.kill();
    fs.truncateSync(ballast, fs.statSync(ballast).size - MIB); // SQLite needs some pages to look at its log
    await w.program.start();
    await w.readAll([507]);
    must(await w.write() === 507, 'after the start on a full disk');
    fs.rmSync(ballast);
    await w.program.stop();
    await w.goesOn();
  } finally {
    await w.end();
    unmount(disk);
  }
}

// The same for everybody: files may not grow past a limit of the account.
async function quota_is_full() {
  const w = new World();
  const used = Math.ceil(fs.statSync(path.join(w.program.dir, 'consilium.db')).size / 1024);
  w.program.before = `ulimit -f ${used + 512}`;
  try {
    await w.program.start();
    const status = await w.writeUntilRefused(2000, 20000);
    must(status === 507, `a full quota answers ${status}`);
    await w.said('batch-failed');
    await w.readAll([507]);
    must(await w.write(40000) === 507, 'still full');
    await w.program.stop();
    w.program.before = '';
    await w.goesOn();
  } finally {
    await w.end();
  }
}

async function folder_cannot_be_written() {
  const disk = mountSmall(64);
  const dir = path.join(disk, 'data');
  const w = new World({ dir, env: { CONSILIUM_FREE_FLOOR: '16' } });
  try {
    await w.program.start();
    await w.writeUntilRefused(20);
    await w.program.stop();
    must(remount(disk, 'ro'), 'remount');
    must(/open|write|read/i.test(await staysDown(w.program)), 'the reason');
    refuses(w.program, ['token', 'new', '--system', 'more']);
    must(remount(disk, 'rw'), 'remount');
    await w.goesOn();
  } finally {
    await w.end();
    unmount(disk);
  }
}

// Two days back while it runs, and two days more while it is down.
async function clock_goes_back() {
  const clock = new Clock(build);
  if (clock.without) {
    clock.remove();
    throw new Skip(clock.without);
  }
  const w = new World({ env: clock.env });
  const timeOf = async (rel) => Date.parse(JSON.parse((await w.fhir('GET', rel)).body).meta.lastUpdated);
  try {
    await w.program.start();
    await w.write();
    const [id] = w.acked.keys();
    let last = await timeOf(`Patient/${id}`);
    for (const back of ['-172800', '-345600', '-60']) {
      clock.move(back);
      if (back === '-345600') {
        await w.program.stop();
        await w.program.start();
      }
      const old = JSON.parse((await w.fhir('GET', `Patient/${id}`)).body);
      const r = await w.fhir('PUT', `Patient/${id}`, { ...old, active: back.length % 2 === 0 });
      must(r.status === 200, `a change with the clock ${back} s off answers ${r.status}`);
      const now = await timeOf(`Patient/${id}`);
      must(now >= last, `a later version is earlier by ${last - now} ms`);
      last = now;
      must(await w.write() === 201, 'a new one');
    }
    const history = JSON.parse((await w.fhir('GET', `Patient/${id}/_history`)).body);
    must(history.entry.length === 4, `history has ${history.entry.length} versions, not 4`);
    await w.readsAndProves();
  } finally {
    await w.end();
    clock.remove();
  }
}

// A second server on a folder is sent away; the first goes on; and a killed one leaves nothing behind.
async function one_server_for_a_folder() {
  const w = new World();
  try {
    await w.program.start();
    const second = new Program({ build, dir: w.program.dir });
    must((await staysDown(second)).includes('another server'), 'the reason');
    must(await w.write() === 201, 'the first one');
    await w.program.kill();
    await w.program.start();
    await w.readsAndProves();
  } finally {
    await w.end();
  }
}

async function files_run_out() {
  const w = new World();
  const hold = [];
  try {
    // The listener cannot even begin.
    w.program.before = 'ulimit -n 12';
    await staysDown(w.program);
    // Nobody else gets in, those who are in are served, and all is well when they leave.
    w.program.before = `ulimit -n ${FILES}`;
    await w.program.start();
    await w.said('few-files');
    must(await w.writeUntilRefused(5) === 201, 'before');
    for (let i = 0; i < 150; i++) {
      const s = net.connect(w.program.port, '127.0.0.1');
      s.on('error', () => {});
      hold.push(s);
    }
    await until('no file is left', () => fs.readdirSync(`/proc/${w.program.child.pid}/fd`).length >= FILES);
    must(w.program.child.exitCode === null, 'it ended');
    let answer = '';
    hold[0].on('data', (d) => { answer += d; }).write('GET /fhir/metadata HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('who is in is served', () => answer.startsWith('HTTP/1.1 200'));
    for (const s of hold.splice(0)) s.destroy();
    await until('the connections are gone, and somebody is served', async () => await w.write().catch(() => 0) === 201);
    await w.readsAndProves();
  } finally {
    for (const s of hold) s.destroy();
    await w.end();
  }
}

// Bytes in the middle of the database are others: what is hit says so, what is not is served.
async function pages_are_damaged() {
  const w = new World();
  try {
    await w.program.start();
    must(await w.writeUntilRefused(400, 1500) === 201, 'fill');
    await w.program.stop();
    const file = path.join(w.program.dir, 'consilium.db');
    const page = 4096;
    const fd = fs.openSync(file, 'r+');
    const pages = Math.floor(fs.fstatSync(fd).size / page);
    for (let i = Math.floor(pages / 2); i < pages; i += 9) fs.writeSync(fd, Buffer.alloc(page, 0xa5), 0, page, i * page);
    fs.closeSync(fd);
    const found = refuses(w.program, ['doctor']);
    must(!/\b0 faults/.test(found), found);
    let up = true;
    try {
      await w.program.start();
    } catch (e) {
      must(/ended with 1:/.test(e.message), e.message);
      up = false;
    }
    if (up) {
      const seen = await w.readAll([503]);
      must(seen.get(503) > 0, 'nothing was hit: the case shows nothing');
      await w.said('request-failed');
      must([201, 503].includes(await w.write()), 'a write');
      await w.program.stop();
    }
  } finally {
    await w.end();
  }
}

// The end of the log of writes is lost, as a disk that lied about its sync may leave it: it starts with what
// is left, says that the record was longer, and keeps the proof.
async function log_lost_its_end() {
  for (const left of [0.6, 0]) {
    const w = new World();
    try {
      await w.program.start();
      must(await w.writeUntilRefused(60, 800) === 201, 'fill');
      await w.program.kill();
      // The next start moves the log into the database and signs where the record stands: the signed head
      // stays, the two files are put back as they were, the log without its end.
      const file = path.join(w.program.dir, 'consilium.db');
      const was = [file, `${file}-wal`].map((f) => fs.readFileSync(f));
      must(was[1].length > 0, 'the log is empty');
      await w.program.start();
      await w.program.kill();
      fs.rmSync(`${file}-shm`, { force: true });
      fs.writeFileSync(file, was[0]);
      fs.writeFileSync(`${file}-wal`, was[1].subarray(0, Math.floor(was[1].length * left)));
      await w.program.start();
      await w.said('audit-broken');
      must(fs.existsSync(path.join(w.program.dir, 'audit.head.conflict')), 'the head that does not fit is not kept');
      const gone = await w.readAll([404, 401]);
      must((gone.get(404) ?? 0) + (gone.get(401) ?? 0) > 0, 'nothing was lost: the case shows nothing');
      if (left > 0) must(await w.write() === 201, 'it cannot be written on');
      await w.program.stop();
      refuses(w.program, ['audit', 'verify']);
    } finally {
      await w.end();
    }
  }
}

const CASES = { disk_is_full, quota_is_full, folder_cannot_be_written, clock_goes_back, one_server_for_a_folder, files_run_out, pages_are_damaged, log_lost_its_end };
let passed = 0;
let failed = 0;
for (const [name, run] of Object.entries(CASES)) {
  if (args.length && !args.includes(name)) continue;
  const begun = Date.now();
  try {
    await run();
    passed += 1;
    console.log(`ok     ${name} ${Date.now() - begun} ms`);
  } catch (e) {
    if (e instanceof Skip) {
      console.log(`skip   ${name}: ${e.message}`);
    } else {
      failed += 1;
      console.log(`FAILED ${name}: ${e.stack}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
