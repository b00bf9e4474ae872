// Crash test: under load, kill -9 and start again, many times. After each start every acknowledged
// write and every acknowledged byte of an upload is there, and nothing half-done is; at the end the
// record of who did what is whole.
//   node tests/crash/run.mjs [--kills 100] [--build release]
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Program } from '../lib/program.mjs';
import { world } from '../lib/world.mjs';

const arg = (name, dflt) => { const i = process.argv.indexOf(`--${name}`); return i > 0 ? process.argv[i + 1] : dflt; };
const KILLS = Number(arg('kills', 100));
const WRITERS = 6;
const UPLOADERS = 3;
const PART = 192 * 1024;
const MRN = 'urn:example:crash';

const program = new Program({ build: arg('build', 'release') });
const { systemToken, personToken, draft } = await world(program);
await program.start();

const fhir = (method, rel, body) => fetch(`${program.base}/fhir/${rel}`, {
  method,
  headers: { authorization: `Bearer ${systemToken}`, 'content-type': 'application/fhir+json', accept: 'application/fhir+json' },
  body: body && JSON.stringify(body),
});

const acked = { creates: new Map(), pairs: new Set(), updates: new Map() };
const unsure = { pairs: new Set(), updates: new Map() };
let running = true;
let faults = 0;
const fault = (text) => { faults += 1; console.log(`FAULT ${text}`); };

const patient = (mrn, n) => ({ resourceType: 'Patient', identifier: [{ system: MRN, value: mrn }], multipleBirthInteger: n });

// One writer: creates, pairs in a transaction, and updates of its own record, until the server dies.
async function writer(own) {
  for (;;) {
    const mrn = randomUUID();
    const r = await fhir('POST', 'Patient', patient(mrn, 1));
    if (r.status !== 201) { fault(`create answered ${r.status}: ${(await r.text()).slice(0, 200)}`); return; }
    acked.creates.set((await r.json()).id, mrn);

    const pair = randomUUID();
    unsure.pairs.add(pair);
    const t = await fhir('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: [1, 2].map((n) => (
      { fullUrl: `urn:uuid:${randomUUID()}`, resource: patient(pair, n), request: { method: 'POST', url: 'Patient' } })) });
    if (t.status !== 200) { fault(`transaction answered ${t.status}`); return; }
    await t.arrayBuffer();
    unsure.pairs.delete(pair);
    acked.pairs.add(pair);

    const next = (acked.updates.get(own.id) ?? 1) + 1;
    unsure.updates.set(own.id, next);
    const u = await fhir('PUT', `Patient/${own.id}`, { id: own.id, ...patient(own.mrn, next) });
    if (u.status !== 200) { fault(`update answered ${u.status}`); return; }
    await u.arrayBuffer();
    acked.updates.set(own.id, next);
  }
}

const tus = (method, rel, headers, body) => fetch(`${program.base}${rel}`, {
  method, body, headers: { authorization: `Bearer ${personToken}`, 'tus-resumable': '1.0.0', ...headers },
});
const b64 = (s) => Buffer.from(s).toString('base64');

async function uploadBegin(n) {
  const bytes = Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(PART * 40)]);
  const meta = `filename ${b64(`scan-${n}.pdf`)},filetype ${b64('application/pdf')},case ${b64(draft)}`;
  const r = await tus('POST', '/uploads', { 'upload-length': String(bytes.length), 'upload-metadata': meta });
  if (r.status !== 201) throw new Error(`upload: ${r.status} ${await r.text()}`);
  return { url: r.headers.get('location'), bytes, acked: 0, sha: createHash('sha256').update(bytes).digest('hex') };
}

async function uploadPart(up) {
  if (up.acked === up.bytes.length) return;
  const body = up.bytes.subarray(up.acked, up.acked + PART);
  const r = await tus('PATCH', up.url, { 'upload-offset': String(up.acked), 'content-type': 'application/offset+octet-stream' }, body);
  if (r.status !== 204) { fault(`PATCH at ${up.acked} answered ${r.status}: ${(await r.text()).slice(0, 200)}`); throw new Error('stop'); }
  up.acked = Number(r.headers.get('upload-offset'));
}

async function uploader(up) {
  while (up.acked < up.bytes.length) await uploadPart(up);
}

async function uploadCheck(up) {
  const r = await tus('HEAD', up.url, {});
  const offset = Number(r.headers.get('upload-offset'));
  if (r.status !== 200 || !(offset >= up.acked)) fault(`upload stands at ${offset} (status ${r.status}), ${up.acked} bytes were acknowledged`);
  else up.acked = offset;
}

// Everything acknowledged since the last check, and a sample of what is older.
async function check(older) {
  for (const [id, mrn] of acked.creates) {
    const r = await fhir('GET', `Patient/${id}`);
    const p = r.status === 200 ? await r.json() : {};
    if (p.identifier?.[0]?.value !== mrn) fault(`acknowledged create ${id} is gone (status ${r.status})`);
    older.push([id, mrn]);
  }
  acked.creates.clear();
  for (const [pairs, sure] of [[acked.pairs, true], [unsure.pairs, false]]) {
    for (const pair of pairs) {
      const b = await (await fhir('GET', `Patient?identifier=${encodeURIComponent(`${MRN}|${pair}`)}`)).json();
      const n = b.entry?.length ?? 0;
      if (n !== 2 && (sure || n !== 0)) fault(`transaction ${pair}: ${n} of 2 records, acknowledged: ${sure}`);
    }
    pairs.clear();
  }
  for (const [id, tried] of unsure.updates) {
    const p = await (await fhir('GET', `Patient/${id}`)).json();
    const sure = acked.updates.get(id) ?? 1;
    if (p.multipleBirthInteger !== sure && p.multipleBirthInteger !== tried) fault(`update ${id}: ${p.multipleBirthInteger}, acknowledged ${sure}, tried ${tried}`);
    acked.updates.set(id, p.multipleBirthInteger);
  }
}

const owns = [];
for (let i = 0; i < WRITERS; i++) {
  const mrn = randomUUID();
  owns.push({ mrn, id: (await (await fhir('POST', 'Patient', patient(mrn, 1))).json()).id });
}
let uploads = [];
let begun = 0;
const older = [];
let creates = 0;
const started = Date.now();
for (let k = 1; k <= KILLS && running; k++) {
  while (uploads.length < UPLOADERS) uploads.push(await uploadBegin(++begun));
  const load = [...owns.map((o) => writer(o)), ...uploads.map((u) => uploader(u))].map((p) => p.catch(() => {}));
  await new Promise((f) => setTimeout(f, 30 + Math.floor(Math.random() * 250)));
  await program.kill();
  await Promise.all(load);
  creates += acked.creates.size;
  await program.start();
  await check(older);
  for (const u of uploads) await uploadCheck(u);
  for (const u of uploads.filter((v) => v.acked === v.bytes.length)) {
    const s = await (await tus('GET', u.url, {})).json();
    if (s.sha256 !== u.sha) fault(`upload ${u.url}: ${s.state}, SHA-256 ${s.sha256}, sent ${u.sha}`);
    await tus('DELETE', u.url, {});
  }
  uploads = uploads.filter((v) => v.acked < v.bytes.length);
  if (faults > 5) running = false;
  if (k % 20 === 0) console.log(`${k} kills, ${creates} creates acknowledged, ${begun} uploads begun, ${faults} faults`);
}
for (const [id, mrn] of older.filter((_, i) => i % 37 === 0)) {
  const p = await (await fhir('GET', `Patient/${id}`)).json();
  if (p.identifier?.[0]?.value !== mrn) fault(`older create ${id} is gone`);
}
await program.stop();
for (const args of [['audit', 'verify'], ['doctor']]) {
  try { console.log(program.cli(args).trim()); } catch (e) { fault(e.message); }
}
console.log(`${KILLS} kills in ${((Date.now() - started) / 1000).toFixed(0)} s, ${creates} creates acknowledged, ${faults} faults`);
if (!faults) program.remove();
process.exitCode = faults || creates === 0 ? 1 : 0;
