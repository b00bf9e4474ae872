// JPEG lossless and JPEG of 12 bits, coded by dcmtk's dcmcjpeg: drawn point by point as what dcmdjpeg makes of the file, by
// the server too; broken ones refused in time, many asked at once, and no program to decode them.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../lib/program.mjs';
import { ctSeries, dcmtk, usLoop } from '../lib/pictures.mjs';
import { Place } from './place.mjs';

const SLICES = 12;
const IN_TIME_MS = 60_000;
const CODINGS = { 'lossless, first order': ['+e1'], 'lossless, process 14, selection 4': ['+el', '+sv', '4'], 'lossless, process 14, selection 7': ['+el', '+sv', '7'], 'extended, 12 bits': ['+ee'] };

// The same file, its frames coded so; the offset table and the fragments as asked for.
const coded = (bytes, options, dir) => dcmtk('dcmcjpeg', [...options, '+un'], bytes, dir);

function picture(t, bytes, dir, frame = 1) {
  const file = path.join(dir, 'drawn.dcm');
  fs.writeFileSync(file, bytes);
  const r = spawnSync(path.join(ROOT, 'build', t.build, 'src/app/consilium'), ['dicom', file, '--picture', '--frame', String(frame)], { maxBuffer: 1 << 28 });
  return r.status === 0 ? r.stdout : Buffer.from(`refused: ${r.stderr}`);
}

function decoded(t, dir) {
  const [slice] = ctSeries({ uid: '1.2.3301', n: 1 });
  const loop = usLoop({ uid: '1.2.3302', frames: 5, side: 64 });
  for (const [name, options] of Object.entries(CODINGS)) {
    const made = coded(slice, options, dir);
    const have = picture(t, made, dir);
    const plain = picture(t, dcmtk('dcmdjpeg', [], made, dir), dir);
    t.check(`${name}: as dcmdjpeg decodes it`, have.equals(plain), have.toString('latin1', 0, 200));
    if (options[0] === '+ee') continue;
    t.check(`${name}: as the image before it was coded`, have.equals(picture(t, slice, dir)), 'other points');
    const moving = coded(loop, options, dir);
    for (const frame of [1, 3, 5]) t.check(`${name}: frame ${frame} of a moving colour picture`, picture(t, moving, dir, frame).equals(picture(t, loop, dir, frame)), 'other points');
    const pieces = coded(loop, [...options, '+fs', '1'], dir);
    t.check(`${name}: frames in fragments of 1 kB`, picture(t, pieces, dir, 4).equals(picture(t, loop, dir, 4)), 'other points');
  }
}

// One byte after the other of the frame is another one; whatever comes of it comes soon.
function broken(t, dir) {
  const [slice] = ctSeries({ uid: '1.2.3303', n: 1, side: 64 });
  const made = coded(slice, ['+e1'], dir);
  const from = made.indexOf(Buffer.from([0xff, 0xd8, 0xff]));
  const began = Date.now();
  let refused = 0;
  let n = 0;
  for (let at = from; at < made.length - 8; at += Math.ceil((made.length - from) / 40), n++) {
    const bad = Buffer.from(made);
    for (let k = 0; k < 6; k++) bad[at + k] = 0xff - k;
    refused += picture(t, bad, dir).toString('latin1', 0, 8) === 'refused:' ? 1 : 0;
  }
  t.check(`${n} broken frames end in time, ${refused} of them refused`, refused > 0 && Date.now() - began < IN_TIME_MS, `${refused} refused, ${Date.now() - began} ms`);
}

async function served(t, dir) {
  const place = await Place.open(t.build);
  const uid = '1.2.3304';
  const files = ctSeries({ uid, n: SLICES }).map((f) => coded(f, ['+e1'], dir));
  const [whole] = ctSeries({ uid: '1.2.3305', n: 1 });
  const bad = coded(whole, ['+e1'], dir);
  bad.fill(0xff, bad.length - 600, bad.length - 20);
  const r = await place.stow([...files, whole]);
  const badly = await place.stow([Buffer.from(bad.toString('latin1').replaceAll('1.2.3305', '1.2.3306'), 'latin1')]);
  t.check('lossless images are stored', r.stored.length === SLICES + 1 && badly.stored.length === 1, `${r.status} ${r.body.slice(0, 300)}`);
  const at = (k, of = uid) => `/studies/${of}/series/${of}.1/instances/${of}.1.${k}`;
  const png = { accept: 'image/png' };
  for (let round = 1; round <= 2; round++) {
    const all = await Promise.all(files.map((_, k) => place.get(`${at(k + 1)}/rendered`, png)));
    t.check(`${SLICES} lossless slices asked at once are drawn, round ${round}`, all.every((a) => a.status === 200 && a.bytes.toString('latin1', 1, 4) === 'PNG'), all.map((a) => a.status).join(' '));
  }
  const native = { accept: 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1' };
  const [first] = ctSeries({ uid, n: SLICES });
  const values = first.subarray(first.length - 128 * 128 * 2);
  const frame = await place.get(`${at(1)}/frames/1`, native);
  t.check('a lossless frame asked for in explicit little endian', frame.status === 200 && frame.bytes.includes(values) && frame.bytes.includes('transfer-syntax=1.2.840.10008.1.2.1'), `${frame.status} ${frame.body.slice(0, 200)}`);
  const single = await place.get(`${at(1)}/frames/1`, { accept: 'application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1' });
  t.check('the same as one body', single.status === 200 && single.bytes.equals(values), `${single.status} ${single.bytes.length}`);
  const kept = await place.get(`${at(1)}/frames/1`, { accept: 'image/jpeg' });
  t.check('and as it is kept', kept.status === 200 && kept.bytes.readUInt16BE(0) === 0xffd8, `${kept.status}`);
  const thumbnail = await place.get(`/studies/${uid}/series/${uid}.1/thumbnail`, { accept: 'image/jpeg' });
  t.check('a lossless series has its thumbnail', thumbnail.status === 200 && thumbnail.bytes.readUInt16BE(0) === 0xffd8, `${thumbnail.status}`);
  const refused = await place.get(`${at(1, '1.2.3306')}/rendered`, png);
  t.check('a broken lossless image says so', refused.status === 400 && refused.body.includes('JPEG frame'), `${refused.status} ${refused.body.slice(0, 200)}`);
  await place.close();
}

async function without(t, dir) {
  const place = await Place.open(t.build, ['--jpeg-decoder', '/no/such/dcmdjpeg']);
  const uid = '1.2.3307';
  await place.stow([coded(ctSeries({ uid, n: 1 })[0], ['+e1'], dir)]);
  const r = await place.get(`/studies/${uid}/series/${uid}.1/thumbnail`);
  t.check('without the program: 406 that names it', r.status === 406 && r.body.includes('dcmdjpeg'), `${r.status} ${r.body.slice(0, 200)}`);
  const said = place.program.cli(['doctor', '--jpeg-decoder', '/no/such/dcmdjpeg']);
  t.check('without the program: doctor says so and finds no fault', said.includes('/no/such/dcmdjpeg') && said.includes('0 faults'), said.slice(0, 300));
  await place.close();
}

export async function lossless(t) {
  if (!t.dcmtk) {
    t.left('lossless JPEG', 'dcmtk is not installed');
    return;
  }
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-lossless-'));
  decoded(t, dir);
  broken(t, dir);
  await served(t, dir);
  await without(t, dir);
  fs.rmSync(dir, { recursive: true });
}
