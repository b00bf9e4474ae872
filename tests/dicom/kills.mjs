// Kill -9 while images come in by STOW and C-STORE, again and again: every acknowledged instance is there, byte for
// byte, none is there by half, a study says of itself what is in it, and the record of who did what is whole.
//   node tests/dicom/kills.mjs [--kills 50] [--build release]
import { createHash, randomBytes } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dicomFile } from '../lib/dicom.mjs';
import { option } from '../lib/program.mjs';
import { dataSet, Place, TITLE } from './place.mjs';

const args = process.argv.slice(2);
const KILLS = Number(option(args, '--kills', 8));
const FAULTS_MAX = 5;
const LANES = 3;
const TOGETHER = 6;  // instances of a request, at most
const PUSHED = 40;   // files of an association
const PIXELS = 90000;
const LEAST_MS = 60;
const MORE_MS = 600;
const sha = (b) => createHash('sha256').update(b).digest('hex');

const place = await Place.open(option(args, '--build', 'release'));
const pushes = spawnSync('storescu', ['--version']).status === 0;
let faults = 0;
function fault(text) {
  faults += 1;
  if (faults <= 4 * FAULTS_MAX) console.log(`FAULT ${text}`);
}

const studies = new Map(); // uid -> Map(SOP instance -> {sum, acked, pushed})
let number = 0;
const study = () => {
  const uid = `1.2.37.${++number}`;
  studies.set(uid, new Map());
  return uid;
};
function image(uid, n, pushed) {
  const more = [[0x29, 0x10, 'LO', 'MADE UP'], [0x29, 0x1010, 'OB', randomBytes(2 * Math.floor(1 + Math.random() * PIXELS / 2))]];
  const bytes = dicomFile({ uid, n, id: `K${uid.split('.').pop()}`, more });
  const known = { sum: sha(pushed ? dataSet(bytes) : bytes), acked: false, pushed };
  studies.get(uid).set(`${uid}.1.${n}`, known);
  return { bytes, known };
}

async function stowing(uid) {
  for (let n = 1; ;) {
    const some = Array.from({ length: 1 + Math.floor(Math.random() * TOGETHER) }, () => image(uid, n++, false));
    const r = await place.stow(some.map((i) => i.bytes));
    if (r.status !== 200 || r.stored.length !== some.length) fault(`STOW: ${r.status} ${r.body.slice(0, 300)}`);
    for (const { known } of some) known.acked = true;
  }
}

// storescu names each file it sends and tells the answer: an acknowledgement is the answer it heard.
function pushing(uid) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-push-'));
  const all = new Map();
  for (let n = 1; n <= PUSHED; n++) {
    const file = path.join(dir, `${n}.dcm`);
    const { bytes, known } = image(uid, n, true);
    fs.writeFileSync(file, bytes);
    all.set(file, known);
  }
  return new Promise((done) => {
    const c = spawn('storescu', ['-v', '-aet', TITLE, '-aec', 'CONSILIUM', '127.0.0.1', String(place.dicomPort), '+sd', dir]);
    let said = '';
    c.stdout.on('data', (d) => { said += d; });
    c.stderr.on('data', (d) => { said += d; });
    c.on('close', () => {
      let file = null;
      for (const line of said.split('\n')) {
        file = /Sending file: (.*)$/.exec(line)?.[1] ?? file;
        if (line.includes('Received Store Response (Success)')) all.get(file).acked = true;
        else if (line.includes('Received Store Response')) fault(`C-STORE: ${line}`);
      }
      fs.rmSync(dir, { recursive: true });
      done();
    });
  });
}

async function checkStudy(uid, images) {
  const acked = [...images].filter(([, i]) => i.acked).map(([sop]) => sop);
  const list = await place.get(`/studies/${uid}/instances?limit=5000`);
  const found = list.status === 200 ? JSON.parse(list.body).map((i) => i['00080018'].Value[0]) : [];
  for (const sop of acked) if (!found.includes(sop)) fault(`${sop} was acknowledged and is not found`);
  for (const sop of found) {
    const known = images.get(sop);
    const back = await place.instance(`/studies/${uid}/series/${uid}.1/instances/${sop}`);
    if (!known) fault(`${sop} was never sent`);
    else if (!back) fault(`${sop} is found and cannot be read`);
    else if (sha(known.pushed ? dataSet(back) : back) !== known.sum) fault(`${sop} has other bytes than were sent`);
  }
  const said = found.length === 0 ? null : JSON.parse((await place.get(`/studies?StudyInstanceUID=${uid}`)).body)[0];
  if (said && said['00201208'].Value[0] !== found.length) fault(`study ${uid}: ${said['00201208'].Value[0]} instances, ${found.length} found`);
  const r = await place.program.request('GET', `/fhir/ImagingStudy?identifier=urn:oid:${uid}`, place.auth);
  const told = JSON.parse(r.body).entry?.map((e) => e.resource.numberOfInstances) ?? [];
  if (told.length !== (found.length > 0 ? 1 : 0) || (told.length > 0 && told[0] !== found.length)) fault(`ImagingStudy of ${uid} tells of ${told} instances, ${found.length} are found`);
  return acked.length;
}

let kills = 0;
let acked = { stow: 0, push: 0 };
const started = Date.now();
const count = (pushed) => [...studies.values()].reduce((n, s) => n + [...s.values()].filter((i) => i.acked && i.pushed === pushed).length, 0);
while (kills < KILLS && faults <= FAULTS_MAX) {
  const now = Array.from({ length: LANES }, study);
  const load = now.map((uid) => stowing(uid).catch(() => {}));
  if (pushes) {
    now.push(study(), study());
    load.push(...now.slice(LANES).map(pushing));
  }
  await new Promise((f) => { setTimeout(f, LEAST_MS + Math.floor(Math.random() * MORE_MS)); });
  await place.program.kill();
  kills += 1;
  await Promise.all(load);
  await place.program.start();
  for (const uid of now) await checkStudy(uid, studies.get(uid));
  acked = { stow: count(false), push: count(true) };
  if (kills % 10 === 0) console.log(`${kills} kills in ${((Date.now() - started) / 1000).toFixed(0)} s: ${acked.stow} instances by STOW, ${acked.push} by C-STORE, ${faults} faults`);
}
for (const [uid, images] of studies) await checkStudy(uid, images);
await place.program.stop().catch((e) => fault(e.message));
for (const words of [['audit', 'verify'], ['doctor', '--index'], ['doctor', '--blobs']]) {
  try {
    console.log(place.program.cli(words).trim());
  } catch (e) {
    fault(e.message);
  }
}
if (!pushes) console.log('left C-STORE: dcmtk is not installed');
console.log(`${kills} kills in ${((Date.now() - started) / 1000).toFixed(0)} s: ${acked.stow} instances by STOW, ${acked.push} by C-STORE acknowledged, all there; ${faults} faults`);
if (faults) console.log(`the data folder is kept: ${place.program.dir}`);
else place.program.remove();
const unseen = acked.stow === 0 || (pushes && acked.push === 0);
if (unseen) console.log('nothing was acknowledged by one of the ways');
process.exit(faults || unseen ? 1 : 0);
