// Crash test: under load, kill -9 and start again, many times. After each start every acknowledged
// write, every acknowledged move of a case and every acknowledged byte of an upload is there, and nothing
// half-done is; deadlines act once; at the end the record of who did what is whole.
//   node tests/crash/run.mjs [--kills 100] [--seconds 60] [--build release]
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { Cases, hastyContent } from './cases.mjs';

const args = process.argv.slice(2);
const KILLS = Number(option(args, '--kills', 100));
const SECONDS = Number(option(args, '--seconds', 60));
const LEAST_KILLS = 10;
const WRITERS = 6;
const PLAYERS = 2;
const UPLOADERS = 3;
const PART = 192 * 1024;
const PARTS = 20;
const MRN = 'urn:example:crash';

const content = hastyContent();
process.on('exit', () => fs.rmSync(content, { recursive: true, force: true }));
const program = new Program({ build: option(args, '--build', 'release'), extra: ['--content', content] });
let faults = 0;
function fault(text) {
  faults += 1;
  console.log(`FAULT ${text}`);
}

const region = world(program);
const token = region.system;
const tokenOf = (login) => program.cli(['token', 'new', login, '--name', 'crash']).trim().split(/\s+/).pop();
const tokens = { doctor: tokenOf('doctor'), coordinator: tokenOf('coordinator'), consultant: tokenOf('consultant') };
const personToken = tokens.doctor;
await program.start();
const draft = await beginDraft();

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
const fhir = (method, rel, body, as = token) => call(method, `/fhir${rel && '/'}${rel}`,
  { authorization: `Bearer ${as}`, ...(body ? { 'content-type': 'application/fhir+json' } : {}) }, body && JSON.stringify(body));

// A draft of a request, begun as the pages do it: uploads need one.
async function beginDraft() {
  const doctor = await signIn(program, 'doctor', PASSWORD);
  const r = await doctor.post('/ask/register', { unidentified: 'true', sex: 'male', age: '40', note: 'found at the station', once: randomUUID().replaceAll('-', '') });
  const id = /^\/ask\/([a-z0-9]+)/.exec(r.headers.location ?? '')?.[1];
  if (!id) throw new Error(`no draft: ${r.status} ${r.body.slice(0, 2000)}`);
  return id;
}

const b64 = (s) => Buffer.from(s).toString('base64');
const tus = (method, rel, headers, body) => call(method, rel, { authorization: `Bearer ${personToken}`, 'tus-resumable': '1.0.0', ...headers }, body);

let begun = 0;
let stored = 0;
async function uploadBegin() {
  const bytes = Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(PART * PARTS)]);
  const meta = `filename ${b64(`scan-${++begun}.pdf`)},filetype ${b64('application/pdf')},case ${b64(draft)}`;
  const r = await tus('POST', '/uploads', { 'upload-length': String(bytes.length), 'upload-metadata': meta });
  if (r.status !== 201) throw new Error(`upload: ${r.status} ${r.body}`);
  return { url: r.headers.location, bytes, acked: 0, sha: createHash('sha256').update(bytes).digest('hex') };
}

async function uploader(up) {
  while (up.acked < up.bytes.length) {
    const body = up.bytes.subarray(up.acked, up.acked + PART);
    const r = await tus('PATCH', up.url, { 'upload-offset': String(up.acked), 'content-type': 'application/offset+octet-stream' }, body);
    if (r.status !== 204) return fault(`PATCH at ${up.acked} answered ${r.status}: ${r.body.slice(0, 200)}`);
    up.acked = Number(r.headers['upload-offset']);
  }
  return undefined;
}

// No acknowledged byte is lost, and a complete file is the one that was sent.
async function checkUpload(up) {
  const r = await tus('HEAD', up.url, {});
  const offset = Number(r.headers['upload-offset']);
  if (r.status !== 200 || !(offset >= up.acked)) return fault(`upload stands at ${offset} (status ${r.status}), ${up.acked} bytes were acknowledged`);
  up.acked = offset;
  if (offset < up.bytes.length) return undefined;
  const s = JSON.parse((await tus('GET', up.url, {})).body);
  if (s.state !== 'complete' || s.sha256 !== up.sha) fault(`upload ${up.url}: ${s.state}, SHA-256 ${s.sha256}, sent ${up.sha}`);
  stored += 1;
  return tus('DELETE', up.url, {});
}

const patient = (mrn, n) => ({ resourceType: 'Patient', identifier: [{ system: MRN, value: mrn }], multipleBirthInteger: n });

// What was acknowledged since the last start, and what was sent and not answered.
const acked = { creates: new Map(), pairs: new Set(), updates: new Map() };
const unsure = { creates: new Set(), pairs: new Set(), updates: new Map() };

// Creates, pairs in a transaction, and updates of its own record, until the server dies.
async function writer(own) {
  for (;;) {
    const mrn = randomUUID();
    unsure.creates.add(mrn);
    const r = await fhir('POST', 'Patient', patient(mrn, 1));
    if (r.status !== 201) return fault(`create answered ${r.status}: ${r.body.slice(0, 200)}`);
    unsure.creates.delete(mrn);
    acked.creates.set(JSON.parse(r.body).id, mrn);

    const pair = randomUUID();
    unsure.pairs.add(pair);
    const t = await fhir('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: [1, 2].map((n) => (
      { fullUrl: `urn:uuid:${randomUUID()}`, resource: patient(pair, n), request: { method: 'POST', url: 'Patient' } })) });
    if (t.status !== 200) return fault(`transaction answered ${t.status}: ${t.body.slice(0, 200)}`);
    unsure.pairs.delete(pair);
    acked.pairs.add(pair);

    const next = (acked.updates.get(own.id) ?? 1) + 1;
    unsure.updates.set(own.id, next);
    const u = await fhir('PUT', `Patient/${own.id}`, { id: own.id, ...patient(own.mrn, next) });
    if (u.status !== 200) return fault(`update answered ${u.status}: ${u.body.slice(0, 200)}`);
    unsure.updates.delete(own.id);
    acked.updates.set(own.id, next);
  }
}

const found = async (mrn) => JSON.parse((await fhir('GET', `Patient?identifier=${encodeURIComponent(`${MRN}|${mrn}`)}`)).body).entry?.length ?? 0;
const read = async (id) => { const r = await fhir('GET', `Patient/${id}`); return r.status === 200 ? JSON.parse(r.body) : { status: r.status }; };

async function checkWrites(older) {
  for (const [id, mrn] of acked.creates) {
    const p = await read(id);
    if (p.identifier?.[0]?.value !== mrn) fault(`acknowledged create ${id} is gone (${p.status})`);
    older.push([id, mrn]);
  }
  for (const mrn of unsure.creates) if (await found(mrn) > 1) fault(`create ${mrn} is there twice`);
  for (const [pairs, sure] of [[acked.pairs, true], [unsure.pairs, false]]) {
    for (const pair of pairs) {
      const n = await found(pair);
      if (n !== 2 && (sure || n !== 0)) fault(`transaction ${pair}: ${n} of 2 records, acknowledged: ${sure}`);
    }
  }
  for (const own of owns) {
    const p = await read(own.id);
    const sure = acked.updates.get(own.id) ?? 1;
    const n = p.multipleBirthInteger;
    if (n !== sure && n !== unsure.updates.get(own.id)) fault(`update ${own.id}: ${n}, acknowledged ${sure}, tried ${unsure.updates.get(own.id)}`);
    if (p.meta?.versionId !== String(n)) fault(`update ${own.id}: version ${p.meta?.versionId} of value ${n}`);
    acked.updates.set(own.id, n);
  }
  acked.creates.clear();
  acked.pairs.clear();
  unsure.creates.clear();
  unsure.pairs.clear();
  unsure.updates.clear();
}

const owns = [];
for (let i = 0; i < WRITERS; i++) {
  const mrn = randomUUID();
  owns.push({ mrn, id: JSON.parse((await fhir('POST', 'Patient', patient(mrn, 1))).body).id });
}
const cases = new Cases(program, fhir, region, tokens, fault);
await cases.signIn();
const left = await cases.leave();
const older = [];
let uploads = [];
const started = Date.now();
let kills = 0;
while (kills < KILLS && faults <= 5 && (kills < LEAST_KILLS || Date.now() - started < SECONDS * 1000)) {
  while (uploads.length < UPLOADERS) uploads.push(await uploadBegin());
  const players = Array.from({ length: PLAYERS }, () => cases.player());
  const load = [...owns.map(writer), ...uploads.map(uploader), ...players].map((p) => p.catch(() => {}));
  const long = kills % 4 === 3; // long enough for a signature
  await new Promise((f) => setTimeout(f, 30 + Math.floor(Math.random() * (long ? 1500 : 250))));
  await program.kill();
  kills += 1;
  await Promise.all(load);
  agent.destroy();
  agent = new http.Agent({ keepAlive: true });
  await program.start();
  await checkWrites(older);
  await cases.check();
  for (const up of uploads) await checkUpload(up);
  uploads = uploads.filter((up) => up.acked < up.bytes.length);
  if (kills % 20 === 0) console.log(`${kills} kills, ${older.length} creates, ${cases.closed} cases and ${stored} files acknowledged, ${faults} faults, ${((Date.now() - started) / 1000).toFixed(0)} s`);
}
for (const [id, mrn] of older.filter((_, i) => i % 37 === 0)) {
  const p = await read(id);
  if (p.identifier?.[0]?.value !== mrn) fault(`older create ${id} is gone`);
}
await cases.checkLeft(left);
await program.stop().catch((e) => fault(e.message));
for (const words of [['audit', 'verify'], ['doctor']]) {
  try {
    console.log(program.cli(words).trim());
  } catch (e) {
    fault(e.message);
  }
}
console.log(`${kills} kills in ${((Date.now() - started) / 1000).toFixed(0)} s, ${older.length} creates, ${cases.closed} closed cases and ${stored} files acknowledged, ${faults} faults`);
if (faults) console.log(`the data folder is kept: ${program.dir}`);
else program.remove();
process.exitCode = faults || kills < LEAST_KILLS || older.length === 0 || stored === 0 || cases.signed === 0 ? 1 : 0;
