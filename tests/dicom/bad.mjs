// What a bad line and a hostile sender do to STOW: a clear end for the one, nothing for the others, bounded memory.
import net from 'node:net';
import { dicomFile } from '../lib/dicom.mjs';
import { until } from '../lib/until.mjs';
import { body, partHead, Place, TYPE } from './place.mjs';

const MIB = 1 << 20;
export const MEMORY_MIB = 64; // above idle, while a study streams in
const STREAM_MIB = Number(process.env.STREAM_MIB ?? 192);
const PIECE = 256 * 1024;
const SLICE = 512 * 1024;

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

  const two = body([dicomFile({ uid: '1.2.3303' }), Buffer.from('no image')]);
  const r = await place.program.request('POST', '/dicom-web/studies', { ...place.auth, 'content-type': TYPE }, two);
  const said = JSON.parse(r.body);
  t.check('one good and one bad: 202 and both told', r.status === 202 && said['00081199'].Value.length === 1 && said['00081198'].Value.length === 1, r.body.slice(0, 300));
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
  await place.close();
  const fresh = await Place.open(t.build, ['--upload-max', '4096']);
  await memory(t, fresh);
  await fresh.close();
}
