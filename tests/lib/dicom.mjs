// Small DICOM files for tests: explicit VR little endian, 2 x 2 grey points unless told otherwise.

const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);

function element(group, number, vr, value) {
  let v = Buffer.isBuffer(value) ? value : Buffer.from(String(value), 'latin1');
  if (v.length % 2) v = Buffer.concat([v, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (LONG.has(vr)) head.writeUInt32LE(v.length, 8);
  else head.writeUInt16LE(v.length, 6);
  return Buffer.concat([head, v]);
}

// A sequence of items; each a list of [group, number, vr, value].
export function sequence(...items) {
  return Buffer.concat(items.map((rows) => {
    const body = Buffer.concat(rows.map((r) => element(...r)));
    const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    head.writeUInt32LE(body.length, 4);
    return Buffer.concat([head, body]);
  }));
}

export function ul(n) {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(n);
  return b;
}

export function fd(n) {
  const b = Buffer.alloc(8);
  b.writeDoubleLE(n);
  return b;
}

export function us(n) {
  const b = Buffer.alloc(2);
  b.writeUInt16LE(n);
  return b;
}

// pixels: four points; null: none. uid: of the study; "UID.1" is its series, "UID.1.N" its instances. more: [[group, number, vr, value]], instead of
// the same element here.
export function dicomFile({ uid, n = 1, id = 'P1', name = 'Made^Up', birth = '19700101', accession = '', pixels = '\x01\x02\x03\x04', more = [], sopClass = '1.2.840.10008.5.1.4.1.1.7' }) {
  const sop = `${uid}.1.${n}`;
  const meta = Buffer.concat([
    element(2, 1, 'OB', Buffer.from([0, 1])),
    element(2, 2, 'UI', sopClass),
    element(2, 3, 'UI', sop),
    element(2, 0x10, 'UI', '1.2.840.10008.1.2.1'),
    element(2, 0x12, 'UI', '1.2.3.4'),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  const rows = [
    [8, 0x16, 'UI', sopClass], [8, 0x18, 'UI', sop], [8, 0x20, 'DA', '20261101'],
    [8, 0x50, 'SH', accession], [8, 0x60, 'CS', 'OT'],
    [0x10, 0x10, 'PN', name], [0x10, 0x20, 'LO', id], [0x10, 0x30, 'DA', birth], [0x10, 0x40, 'CS', 'O'],
    [0x20, 0xd, 'UI', uid], [0x20, 0xe, 'UI', `${uid}.1`], [0x20, 0x11, 'IS', 1], [0x20, 0x13, 'IS', n],
    [0x28, 2, 'US', us(1)], [0x28, 4, 'CS', 'MONOCHROME2'], [0x28, 0x10, 'US', us(2)], [0x28, 0x11, 'US', us(2)],
    [0x28, 0x100, 'US', us(8)], [0x28, 0x101, 'US', us(8)], [0x28, 0x102, 'US', us(7)], [0x28, 0x103, 'US', us(0)],
    ...(pixels === null ? [] : [[0x7fe0, 0x10, 'OB', Buffer.from(pixels, 'latin1')]]),
  ].filter(([g, e]) => !more.some((m) => m[0] === g && m[1] === e)).concat(more).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), element(2, 0, 'UL', length), meta, ...rows.map((r) => element(...r))]);
}
