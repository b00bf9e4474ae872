// Crash test: kill -9 and start again, many times, while records are written one by one and in transactions, files
// are uploaded, whole consultations are held, imports and exports run and subscribers are told. After each start
// every acknowledged write, move and byte is there, and nothing half-done is; deadlines act once; imports and
// exports go on; subscribers hear of every acknowledged change, in order; at the end the record of who did what
// is whole, and the search index is what the resources say.
//   node tests/crash/run.mjs [--kills 100] [--build release]
import fs from 'node:fs';
import http from 'node:http';
import { option, Program } from '../lib/program.mjs';
import { world } from '../lib/world.mjs';
import { Exports, Imports } from './bulk.mjs';
import { Cases, hastyContent } from './cases.mjs';
import { Told } from './told.mjs';
import { Uploads } from './uploads.mjs';
import { Writes } from './writes.mjs';

const args = process.argv.slice(2);
const KILLS = Number(option(args, '--kills', 100));
const MORE = 3; // so many times the kills, at most, until all there is to see was seen
const PLAYERS = 2;
const FAULTS_MAX = 5;
const LONG_EACH = 4; // every so many windows is long enough for a signature
const LONG_MS = 1500;
const SHORT_MS = 250;
const LEAST_MS = 30;

const content = hastyContent();
process.on('exit', () => fs.rmSync(content, { recursive: true, force: true }));
const receiver = await Told.receiver();
const program = new Program({
  build: option(args, '--build', 'release'),
  extra: ['--content', content, '--hook-hosts', `127.0.0.1:${receiver.port}`, '--hook-http', '--hook-full'],
});
let faults = 0;
function fault(text) {
  faults += 1;
  if (faults <= 4 * FAULTS_MAX) console.log(`FAULT ${text}`);
}

const region = world(program);
const tokenOf = (login) => program.cli(['token', 'new', login, '--name', 'crash']).trim().split(/\s+/).pop();
const tokens = { system: region.system, doctor: tokenOf('doctor'), coordinator: tokenOf('coordinator'), consultant: tokenOf('consultant') };
await program.start();

let agent = new http.Agent({ keepAlive: true });
function call(method, target, headers, body) {
  return new Promise((done, fail) => {
    const r = http.request({ host: '127.0.0.1', port: program.port, method, path: target, headers, agent, timeout: 20000 }, (res) => {
      const parts = [];
      res.on('data', (d) => parts.push(d));
      res.on('end', () => (res.complete ? done({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts).toString() }) : fail(new Error('cut'))));
      res.on('error', fail);
    });
    r.on('timeout', () => { fault(`${method} ${target}: no answer in 20 s`); r.destroy(); });
    r.on('error', fail);
    r.end(body);
  });
}
const api = (method, target, body, more, as = tokens.system) => call(method, target,
  { authorization: `Bearer ${as}`, ...(body ? { 'content-type': 'application/fhir+json' } : {}), ...more }, body && JSON.stringify(body));
const fhir = (method, rel, body, as) => api(method, `/fhir${rel && '/'}${rel}`, body, {}, as);
const t = { program, region, tokens, call, api, fhir, fault };

const told = new Told(t);
const writes = new Writes(t, told);
const uploads = new Uploads(t, tokens.doctor);
const imports = new Imports(t, told);
const exports = new Exports(t, writes);
const cases = new Cases(program, fhir, region, tokens, fault);
await told.begin(receiver);
await writes.begin();
await uploads.begin();
await cases.signIn();
const left = await cases.leave();

const started = Date.now();
const seconds = () => ((Date.now() - started) / 1000).toFixed(0);
const sums = () => `${writes.older.length} creates, ${writes.transactions} transactions, ${cases.closed} closed cases, ${uploads.stored} files, `
  + `${imports.done} imports (${imports.interrupted} through a kill), ${exports.done} exports (${exports.interrupted}), ${told.patients.top + told.tasks.top} events`;
let kills = 0;
// What nothing was seen of, on a machine that is too slow for a window.
const unseen = () => Object.entries({ creates: writes.older.length, files: uploads.stored, signatures: cases.signed,
  'imports through a kill': imports.interrupted, 'exports through a kill': exports.interrupted, bells: told.bells }).filter(([, n]) => n === 0).map(([what]) => what);
while ((kills < KILLS || (kills < MORE * KILLS && unseen().length > 0)) && faults <= FAULTS_MAX) {
  const players = Array.from({ length: PLAYERS }, () => cases.player());
  const load = [...writes.load(), uploads.load(), imports.load(), exports.load(), told.load(), ...players].map((p) => p.catch(() => {}));
  await new Promise((f) => setTimeout(f, LEAST_MS + Math.floor(Math.random() * (kills % LONG_EACH === LONG_EACH - 1 ? LONG_MS : SHORT_MS))));
  await program.kill();
  kills += 1;
  await Promise.all(load);
  agent.destroy();
  agent = new http.Agent({ keepAlive: true });
  imports.killed();
  exports.killed();
  await program.start();
  for (const part of [writes, cases, uploads, told]) await part.check();
  if (kills % 20 === 0) console.log(`${kills} kills in ${seconds()} s: ${sums()}, ${faults} faults`);
}
await writes.end();
await imports.end();
await exports.end();
await cases.checkLeft(left);
await told.end(await cases.versions());
await program.stop().catch((e) => fault(e.message));
for (const words of [['audit', 'verify'], ['doctor', '--index']]) {
  try {
    console.log(program.cli(words).trim());
  } catch (e) {
    fault(e.message);
  }
}
console.log(`${kills} kills in ${seconds()} s: ${sums()} (${told.must} acknowledged), ${told.bells} bells, ${faults} faults`);
if (faults) console.log(`the data folder is kept: ${program.dir}`);
else program.remove();
if (unseen().length > 0) console.log(`nothing was seen of: ${unseen().join(', ')}`);
process.exit(faults || kills < KILLS || unseen().length > 0 ? 1 : 0);
