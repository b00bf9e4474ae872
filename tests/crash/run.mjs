// Crash test: under load, kill -9 and start again, many times. After each start every acknowledged
// write and every acknowledged byte of an upload is there, and nothing half-done is; at the end the
// record of who did what is whole.
//   node tests/crash/run.mjs [--kills 100] [--build release]
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { option, Program } from '../lib/program.mjs';

const args = process.argv.slice(2);
const KILLS = Number(option(args, '--kills', 100));
const WRITERS = 6;
const MRN = 'urn:example:crash';

const program = new Program({ build: option(args, '--build', 'release') });
program.cli(['init']);
const token = program.cli(['token', 'new', '--system', 'crash']).trim().split(/\s+/).pop();
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
const fhir = (method, rel, body) => call(method, `/fhir${rel && '/'}${rel}`,
  { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/fhir+json' } : {}) }, body && JSON.stringify(body));

let faults = 0;
function fault(text) {
  faults += 1;
  console.log(`FAULT ${text}`);
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
const older = [];
const started = Date.now();
let kills = 0;
while (kills < KILLS && faults <= 5) {
  const load = owns.map((o) => writer(o).catch(() => {}));
  await new Promise((f) => setTimeout(f, 30 + Math.floor(Math.random() * 250)));
  await program.kill();
  kills += 1;
  await Promise.all(load);
  agent.destroy();
  agent = new http.Agent({ keepAlive: true });
  await program.start();
  await checkWrites(older);
  if (kills % 20 === 0) console.log(`${kills} kills, ${older.length} creates acknowledged, ${faults} faults, ${((Date.now() - started) / 1000).toFixed(0)} s`);
}
for (const [id, mrn] of older.filter((_, i) => i % 37 === 0)) {
  const p = await read(id);
  if (p.identifier?.[0]?.value !== mrn) fault(`older create ${id} is gone`);
}
await program.stop().catch((e) => fault(e.message));
for (const words of [['audit', 'verify'], ['doctor']]) {
  try {
    console.log(program.cli(words).trim());
  } catch (e) {
    fault(e.message);
  }
}
console.log(`${kills} kills in ${((Date.now() - started) / 1000).toFixed(0)} s, ${older.length} creates acknowledged, ${faults} faults`);
if (faults) console.log(`the data folder is kept: ${program.dir}`);
else program.remove();
process.exitCode = faults || kills < KILLS || older.length === 0 ? 1 : 0;
