// Hostile associations: each ends soon with an abort, leaves no file behind, and does nothing to the others.
import fs from 'node:fs';
import net from 'node:net';
import { dicomFile } from '../lib/dicom.mjs';
import { until } from '../lib/until.mjs';
import { dataSet, Place, TITLE } from './place.mjs';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const SILENCE_SECONDS = 2;
const SECONDS = 10; // within which each is over
const FLOOD = 300;
const MEMORY_MIB = 64;
const COMMAND = 1;
const LAST = 2;
const NOTHING = Buffer.alloc(0);

const be16 = (n) => { const b = Buffer.alloc(2); b.writeUInt16BE(n); return b; };
const be32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const le16 = (n) => { const b = Buffer.alloc(2); b.writeUInt16LE(n); return b; };
const item = (type, value) => Buffer.concat([Buffer.from([type, 0]), be16(value.length), value]);
const pdu = (type, value, length = value.length) => Buffer.concat([Buffer.from([type, 0]), be32(length), value]);

function request() {
  const context = Buffer.concat([Buffer.from([1, 0, 0, 0]), item(0x30, Buffer.from(CT)), item(0x40, Buffer.from('1.2.840.10008.1.2.1'))]);
  return pdu(1, Buffer.concat([be16(1), be16(0), Buffer.from('CONSILIUM'.padEnd(16)), Buffer.from(TITLE.padEnd(16)), Buffer.alloc(32),
    item(0x10, Buffer.from('1.2.840.10008.3.1.1.1')), item(0x20, context), item(0x50, item(0x51, be32(16384)))]));
}

const fragment = (control, bytes, length = bytes.length + 2) => pdu(4, Buffer.concat([be32(length), Buffer.from([1, control]), bytes]));

function element(number, value) {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(number, 2);
  head.writeUInt32LE(value.length, 4);
  return Buffer.concat([head, value]);
}

// C-STORE with a data set to come.
const store = (uid) => Buffer.concat([element(2, Buffer.from(`${CT}\0`)), element(0x100, le16(1)), element(0x110, le16(1)), element(0x700, le16(0)),
  element(0x800, le16(1)), element(0x1000, Buffer.from(uid.padEnd(uid.length + (uid.length % 2), '\0')))]);

const half = dataSet(dicomFile({ uid: '1.2.3700' })).subarray(0, 50);
const begun = [request(), fragment(COMMAND | LAST, store('1.2.3700.1.1')), fragment(0, half)];
// What is sent, piece by piece.
const TRIES = {
  'what is no DICOM at all': [Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  'a request of 4 GiB': [pdu(1, NOTHING, 0xffffffff)],
  'data before the association': [fragment(LAST, Buffer.alloc(10))],
  'a fragment longer than its PDU': [request(), fragment(0, Buffer.alloc(16), 4000)],
  'a fragment without a head': [request(), pdu(4, be32(0))],
  'a PDU of 4 GiB': [request(), pdu(4, Buffer.alloc(100), 0xfffffff0)],
  'data before its command': [request(), fragment(LAST, Buffer.alloc(100))],
  'a command that never ends': [request(), ...Array.from({ length: 200 }, () => fragment(COMMAND, Buffer.alloc(1000)))],
  'a command in the middle of data': [...begun, fragment(COMMAND | LAST, store('1.2.3700.1.2'))],
  'silence in the middle of an image': begun,
};

class Line {
  constructor(place) {
    this.said = NOTHING;
    this.s = net.connect(place.dicomPort, '127.0.0.1');
    this.s.on('data', (d) => { this.said = Buffer.concat([this.said, d]); });
    this.s.on('error', () => {});
    this.over = false;
    this.s.on('close', () => { this.over = true; });
  }

  // The last PDU is an abort.
  get aborted() {
    const at = this.said.length - 10;
    return at >= 0 && this.said[at] === 7 && this.said.readUInt32BE(at + 2) === 4;
  }
}

const unfinished = (place) => fs.readdirSync(place.program.dir).filter((name) => name.startsWith('blob-')).length;

export async function lines(t) {
  const place = await Place.open(t.build, ['--dicom-silence', String(SILENCE_SECONDS)]);
  for (const [name, pieces] of Object.entries(TRIES)) {
    const line = new Line(place);
    for (const piece of pieces) line.s.write(piece);
    await until(`${name} is over`, () => line.over, { within: SECONDS });
    t.check(`${name}: an abort`, line.aborted || name.includes('never ends'), line.said.subarray(-20).toString('hex'));
  }
  const cut = new Line(place);
  for (const piece of begun) cut.s.write(piece);
  await until('the image is on its way', () => unfinished(place) > 0, { within: SECONDS });
  cut.s.destroy();
  await until('no unfinished file is left', () => unfinished(place) === 0, { within: SECONDS });
  t.check('nothing of them is filed', (await place.get('/studies/1.2.3700')).status === 404, 'there');

  const idle = place.memory('VmRSS');
  const flood = Array.from({ length: FLOOD }, () => new Line(place));
  t.check('the pages answer in a flood of associations', (await place.get('/studies?limit=1')).status === 204, 'no');
  await until('the silent ones are over', () => flood.every((l) => l.over), { within: 6 * SECONDS });
  const more = place.peak() - idle;
  t.check(`${FLOOD} associations take little (${more.toFixed(0)} MiB)`, more <= MEMORY_MIB, `${more.toFixed(0)} MiB`);
  if (t.dcmtk) t.check('echoscu is answered after all of it', (await place.scu('echoscu', [])).code === 0, 'not');
  await place.close();
}
