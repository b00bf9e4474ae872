// What a bad line and a hostile sender do to STOW: a clear end for the one, nothing for the others, bounded memory.
import fs from 'node:fs';
import net from 'node:net';
import zlib from 'node:zlib';
import { dicomFile } from '../lib/dicom.mjs';
import { until } from '../lib/until.mjs';
import { body, BOUNDARY, dataSet, partHead, Place, TYPE } from './place.mjs';

const MIB = 1 << 20;
export const MEMORY_MIB = 64; // above idle, while a study streams in
const STREAM_MIB = Number(process.env.STREAM_MIB ?? 192);
const PIECE = 256 * 1024;
const SLICE = 512 * 1024;
const PARTS_MAX = 20000; // of a request
const REASON_BROKEN = 0xc000;
const REASON_DUPLICATE = 0x0111;
const UNPACKED_MIB = 256; // a data set may have
const SILENT_SECONDS = 120;
const BOMBS = 4;
const BOMB_MIB = 120;

// An open request: parts of its body are sent as one likes.
class Open {
  constructor(place, length) {
    this.said = '';
    this.s = net.connect(place.program.port, '127.0.0.1');
    this.s.on('data', (d) => { this.said += d.toString('latin1'); });
    this.ended = new Promise((done) => { this.s.on('close', done); });
    this.s.on('error', () => {});
    const size = length === null ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
    this.s.write(`POST /dicom-web/studies HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${place.auth.authorization}\r\nContent-Type: ${TYPE}\r\n${size}\r\nConnection: close\r\n\r\n`);
  }

  send(bytes) {
    return new Promise((done) => { if (this.s.write(bytes)) done(); else this.s.once('drain', done); });
  }
}

// A large instance in pieces: pixels of so many bytes.
export function* large(uid, n, size) {
  const whole = dicomFile({ uid, n, pixels: '\x01\x02' });
  const value = whole.length - 2;
  whole.writeUInt32LE(size, value - 4);
  yield whole.subarray(0, value);
  const piece = Buffer.alloc(PIECE, n);
  for (let left = size; left > 0; left -= Math.min(left, PIECE)) yield piece.subarray(0, Math.min(left, PIECE));
}

// A study of so many MiB in slices, as one request; the status.
export async function stream(place, uid, mib, slice = SLICE) {
  const count = Math.ceil((mib * MIB) / slice);
  const one = [...large(uid, 1, slice)].reduce((n, b) => n + b.length, 0);
  // the numbers of slices have one to four digits, and are padded: each is as long as it says
  let length = body([]).length;
  for (let i = 1; i <= count; i++) length += partHead().length + [...large(uid, i, 2)][0].length + slice + 2;
  const o = new Open(place, length);
  for (let i = 1; i <= count; i++) {
    await o.send(partHead());
    for (const piece of large(uid, i, slice)) await o.send(piece);
    await o.send(Buffer.from('\r\n'));
  }
  await o.send(body([]));
  await o.ended;
  return { status: Number(o.said.slice(9, 12)), count, one };
}

async function ends(t, place) {
  const file = dicomFile({ uid: '1.2.3301' });
  const whole = body([file]);
  const noEnd = new Open(place, whole.length - 12);
  await noEnd.send(whole.subarray(0, whole.length - 12));
  await noEnd.ended;
  t.check('a boundary that never comes', /^HTTP\/1.1 400/.test(noEnd.said), noEnd.said.slice(0, 200));

  const truncated = new Open(place, whole.length);
  await truncated.send(whole.subarray(0, whole.length - 200));
  truncated.s.end();
  await truncated.ended;
  t.check('a body that is cut has no good end', !/^HTTP\/1.1 2/.test(truncated.said), truncated.said.slice(0, 200));

  const stalled = new Open(place, whole.length);
  await stalled.send(whole.subarray(0, whole.length - 200));
  const echo = await place.stow([dicomFile({ uid: '1.2.3302' })]);
  t.check('others store while one stalls in the middle of an instance', echo.status === 200, String(echo.status));
  stalled.s.destroy();
  t.check('nothing of the broken ones is filed', (await place.get('/studies/1.2.3301')).status === 404, 'there');

  const mixed = Buffer.concat([Buffer.from(`--${BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nno image\r\n`), body([dicomFile({ uid: '1.2.3306' })])]);
  const part = await place.program.request('POST', '/dicom-web/studies', { ...place.auth, 'content-type': TYPE }, mixed);
  t.check('a part that is no image is told by its place', part.status === 202 && part.body.includes('part 1: not application/dicom'), part.body.slice(0, 300));

  const two = body([dicomFile({ uid: '1.2.3303' }), Buffer.from('no image')]);
  const r = await place.program.request('POST', '/dicom-web/studies', { ...place.auth, 'content-type': TYPE }, two);
  const said = JSON.parse(r.body);
  t.check('one good and one bad: 202 and both told', r.status === 202 && said['00081199'].Value.length === 1 && said['00081198'].Value.length === 1, r.body.slice(0, 300));
}

const unfinished = (place) => fs.readdirSync(place.program.dir).filter((name) => name.startsWith('blob-')).length;

// As many parts as a request may have, and one more; the same instance twice.
async function many(t, place) {
  const r = await place.stow(Array.from({ length: PARTS_MAX }, () => Buffer.alloc(0)));
  const told = r.failed.filter((f) => f['00081197'].Value[0] === REASON_BROKEN && f['00000902'].Value[0].length > 0);
  t.check(`${PARTS_MAX} parts of no bytes: each is answered`, r.status === 409 && told.length === PARTS_MAX, `${r.status} ${told.length} ${r.body.slice(0, 200)}`);
  const more = await place.stow(Array.from({ length: PARTS_MAX + 1 }, () => Buffer.alloc(0)));
  t.check('one part more is too much', more.status === 413, `${more.status} ${more.body.slice(0, 200)}`);
  const file = dicomFile({ uid: '1.2.3304' });
  const twice = await place.stow([file, file]);
  t.check('the same instance twice in one request is stored', twice.status === 200 && twice.stored.length === 2, twice.body.slice(0, 300));
  const two = await place.stow([dicomFile({ uid: '1.2.3305' }), dicomFile({ uid: '1.2.3305', pixels: '\x07\x07\x07\x07' })]);
  t.check('one number with two contents: the second is put aside', two.status === 202 && two.failed[0]?.['00081197'].Value[0] === REASON_DUPLICATE, two.body.slice(0, 300));
}

// A small file whose data set unpacks to so many MiB of pixels.
function packed(uid, n, mib) {
  const file = dicomFile({ uid, n, pixels: '\x01\x02' });
  const set = dataSet(file);
  const head = Buffer.from(set.subarray(0, set.length - 2));
  head.writeUInt32LE(mib * MIB, head.length - 4);
  const meta = Buffer.from(file.subarray(0, file.length - set.length).toString('latin1').replace('\x14\x001.2.840.10008.1.2.1\0', '\x16\x001.2.840.10008.1.2.1.99'), 'latin1');
  meta.writeUInt32LE(meta.length - 144, 140);
  return Buffer.concat([meta, zlib.deflateRawSync(Buffer.concat([head, Buffer.alloc(mib * MIB)]))]);
}

async function bombs(t, place) {
  const idle = place.memory('VmRSS');
  const over = await place.stow([packed('1.2.3600', 1, UNPACKED_MIB + 44)]);
  t.check('what unpacks to too much is broken', over.status === 409 && over.failed[0]['00081197'].Value[0] === REASON_BROKEN, over.body.slice(0, 300));
  const all = await Promise.all(Array.from({ length: BOMBS }, (_, i) => place.stow([packed('1.2.3600', i + 2, BOMB_MIB)])));
  const more = place.peak() - idle;
  t.check(`${BOMBS} files that unpack to ${BOMB_MIB} MiB at once are stored`, all.every((r) => r.status === 200), all.map((r) => r.status).join(' '));
  t.check(`they take the memory of one (${more.toFixed(0)} MiB)`, more <= BOMB_MIB + MEMORY_MIB, `${more.toFixed(0)} MiB`);
}

async function memory(t, place) {
  const idle = place.memory('VmRSS');
  const r = await stream(place, '1.2.3400', STREAM_MIB);
  const more = place.peak() - idle;
  t.check(`a study of ${STREAM_MIB} MiB streams in`, r.status === 200, String(r.status));
  t.check(`at most ${MEMORY_MIB} MiB above idle while it does (${more.toFixed(0)})`, more <= MEMORY_MIB, `${more.toFixed(0)} MiB`);
  const single = await stream(place, '1.2.3500', STREAM_MIB, STREAM_MIB * MIB);
  const most = place.peak() - idle;
  t.check(`an instance of ${STREAM_MIB} MiB streams in`, single.status === 200, String(single.status));
  t.check(`at most ${MEMORY_MIB} MiB above idle with it (${most.toFixed(0)})`, most <= MEMORY_MIB, `${most.toFixed(0)} MiB`);
  await until('the study is whole', async () => (await place.get('/studies/1.2.3400/instances?limit=5000')).status === 200);
}

export async function bad(t) {
  const place = await Place.open(t.build);
  await ends(t, place);
  await many(t, place);
  await bombs(t, place);
  // a line that is half shut is given up when it was silent long enough
  await until('no unfinished file is left', () => unfinished(place) === 0, { within: SILENT_SECONDS });
  await place.close();
  const fresh = await Place.open(t.build, ['--upload-max', '4096']);
  await memory(t, fresh);
  await fresh.close();
}
