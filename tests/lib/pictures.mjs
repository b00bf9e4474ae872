// Medical images for tests and measurements: a CT series, a moving ultrasound picture (RLE by dcmtk), a plain film;
// sending them by STOW-RS; and what dcmtk makes of a file as grey or colour values.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { dicomFile, fd, sequence, ul, us } from './dicom.mjs';

const CT_CLASS = '1.2.840.10008.5.1.4.1.1.2';
const US_CLASS = '1.2.840.10008.5.1.4.1.1.3.1';
const CR_CLASS = '1.2.840.10008.5.1.4.1.1.1';

// The same numbers in each run.
function random(seed) {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

const grey16 = (side, intercept) => [[0x28, 0x10, 'US', us(side)], [0x28, 0x11, 'US', us(side)], [0x28, 0x100, 'US', us(16)], [0x28, 0x101, 'US', us(12)], [0x28, 0x102, 'US', us(11)],
  [0x28, 0x1052, 'DS', intercept], [0x28, 0x1053, 'DS', '1']];

// A head of rings with noise, n slices 1 mm apart; the ring's size tells the slice.
export function ctSeries({ uid, accession = '', n = 30, side = 128, of = n }) {
  const rnd = random(7);
  return Array.from({ length: n }, (_, k) => {
    const v = Buffer.alloc(side * side * 2);
    const size = 0.55 + 0.4 * Math.sin((Math.PI * (k + 1)) / (of + 1));
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const r = Math.hypot((x - side / 2) / (side / 2), (y - side / 2) / (side / 2) / 1.15);
        const hu = r > size ? -1000 : r > size - 0.08 ? 900 : r < size * 0.25 && y > side / 2 ? 60 : 35;
        v.writeUInt16LE(Math.max(0, Math.round(hu + 1024 + (rnd() - 0.5) * 24)), (y * side + x) * 2);
      }
    }
    return dicomFile({ uid, n: k + 1, id: '', name: '', birth: '', accession, pixels: null, sopClass: CT_CLASS, more: [[8, 0x60, 'CS', 'CT'], [8, 0x1030, 'LO', 'Head'], [8, 0x103e, 'LO', 'Head 1.0'],
      [0x18, 0x50, 'DS', '1'], [0x20, 0x32, 'DS', `-64\\-64\\${k}`], [0x20, 0x37, 'DS', '1\\0\\0\\0\\1\\0'], [0x20, 0x52, 'UI', `${uid}.9`], ...grey16(side, '-1024'), [0x28, 0x30, 'DS', `${128 / side}\\${128 / side}`],
      [0x28, 0x1050, 'DS', '40'], [0x28, 0x1051, 'DS', '80'], [0x7fe0, 0x10, 'OW', v]] });
  });
}

// A moving colour picture: frames of a disc that grows.
export function usLoop({ uid, accession = '', frames = 12, side = 96 }) {
  const v = Buffer.alloc(frames * side * side * 3);
  for (let f = 0, i = 0; f < frames; f++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++, i += 3) {
        const inside = Math.hypot(x - side / 2, y - side / 2) < 8 + f * 3;
        v[i] = inside ? 200 : x;
        v[i + 1] = inside ? 40 + f * 10 : y;
        v[i + 2] = inside ? 30 : 60;
      }
    }
  }
  return dicomFile({ uid, id: '', name: '', birth: '', accession, pixels: null, sopClass: US_CLASS, more: [[8, 0x60, 'CS', 'US'], [8, 0x103e, 'LO', 'Loop'], [0x18, 0x1063, 'DS', '50'], [0x28, 2, 'US', us(3)], [0x28, 4, 'CS', 'RGB'],
    [0x28, 6, 'US', us(0)], [0x28, 8, 'IS', frames], [0x28, 9, 'AT', Buffer.from([0x18, 0, 0x63, 0x10])], [0x28, 0x10, 'US', us(side)], [0x28, 0x11, 'US', us(side)], [0x28, 0x100, 'US', us(8)], [0x28, 0x101, 'US', us(8)], [0x28, 0x102, 'US', us(7)], [0x7fe0, 0x10, 'OB', v]] });
}

// A plain film with a spine: what a Cobb angle is drawn on. Half a millimetre a point.
export function film({ uid, accession = '', side = 400 }) {
  const v = Buffer.alloc(side * side * 2);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const middle = side / 2 + 40 * Math.sin((y / side) * Math.PI * 2);
      v.writeUInt16LE(Math.abs(x - middle) < 24 ? ((y % 40) < 30 ? 3000 : 2000) : 600 + x, (y * side + x) * 2);
    }
  }
  return dicomFile({ uid, id: '', name: '', birth: '', accession, pixels: null, sopClass: CR_CLASS, more: [[8, 0x60, 'CS', 'CR'], [8, 0x103e, 'LO', 'Spine'], ...grey16(side, '0'), [0x28, 0x30, 'DS', '0.5\\0.5'],
    [0x28, 0x1050, 'DS', '2000'], [0x28, 0x1051, 'DS', '4000'], [0x7fe0, 0x10, 'OW', v]] });
}

// Squares of one value each, of 12 bits, with a look-up table of the modality (4 096 entries, above 1 KiB) and one of tones;
// signed: values from -2 048 and a table of tones alone that begins below zero.
export function lutPicture({ uid, accession = '', signed = false }) {
  const side = 128;
  const v = Buffer.alloc(side * side * 2);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) v[signed ? 'writeInt16LE' : 'writeUInt16LE'](((y >> 3) * 16 + (x >> 3)) * 16 - (signed ? 2048 : 0), (y * side + x) * 2);
  const lut = (first, n, bits, at) => {
    const d = Buffer.alloc(6);
    d.writeUInt16LE(n, 0);
    d[signed ? 'writeInt16LE' : 'writeUInt16LE'](first, 2);
    d.writeUInt16LE(bits, 4);
    const data = Buffer.alloc(n * 2);
    for (let i = 0; i < n; i++) data.writeUInt16LE(Math.round(at(i / (n - 1)) * (2 ** bits - 1)), i * 2);
    return [[0x28, 0x3002, signed ? 'SS' : 'US', d], [0x28, 0x3006, 'OW', data]];
  };
  const tones = lut(signed ? -1024 : 0, signed ? 2048 : 4096, 12, (x) => (1 - Math.cos(Math.PI * x)) / 2);
  return dicomFile({ uid, id: '', name: '', birth: '', accession, pixels: null, sopClass: CR_CLASS, more: [[8, 0x60, 'CS', 'CR'], [8, 0x103e, 'LO', 'Tables'], [0x28, 0x10, 'US', us(side)], [0x28, 0x11, 'US', us(side)],
    [0x28, 0x100, 'US', us(16)], [0x28, 0x101, 'US', us(12)], [0x28, 0x102, 'US', us(11)], [0x28, 0x103, 'US', us(signed ? 1 : 0)],
    ...(signed ? [] : [[0x28, 0x3000, 'SQ', sequence([...lut(0, 4096, 12, (x) => x * x), [0x28, 0x3004, 'LO', 'OD']])]]), [0x28, 0x3010, 'SQ', sequence(tones)], [0x7fe0, 0x10, 'OW', v]] });
}

// An ultrasound picture of two areas in centimetres side by side, 0.02 and 0.05 a point, and a trace in seconds below them.
export function usRegions({ uid, accession = '' }) {
  const [columns, rows] = [320, 240];
  const v = Buffer.alloc(columns * rows);
  const area = (x0, y0, x1, y1, x, y, step) => [[0x18, 0x6012, 'US', us(1)], [0x18, 0x6014, 'US', us(1)], [0x18, 0x6016, 'UL', ul(0)], [0x18, 0x6018, 'UL', ul(x0)], [0x18, 0x601a, 'UL', ul(y0)], [0x18, 0x601c, 'UL', ul(x1)], [0x18, 0x601e, 'UL', ul(y1)],
    [0x18, 0x6024, 'US', us(x)], [0x18, 0x6026, 'US', us(y)], [0x18, 0x602c, 'FD', fd(step)], [0x18, 0x602e, 'FD', fd(step)]];
  for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) v[y * columns + x] = y > 160 ? (y % 20 ? 20 : 120) : x < 160 ? 40 + ((x >> 3) + (y >> 3)) % 2 * 60 : 90 + ((x >> 3) + (y >> 3)) % 2 * 60;
  return dicomFile({ uid, id: '', name: '', birth: '', accession, pixels: null, sopClass: '1.2.840.10008.5.1.4.1.1.6.1', more: [[8, 0x60, 'CS', 'US'], [8, 0x103e, 'LO', 'Areas'],
    [0x18, 0x6011, 'SQ', sequence(area(10, 10, 159, 159, 3, 3, 0.02), area(160, 10, 309, 159, 3, 3, 0.05), area(10, 165, 309, 235, 4, 7, 0.01))],
    [0x28, 0x10, 'US', us(rows)], [0x28, 0x11, 'US', us(columns)], [0x7fe0, 0x10, 'OB', v]] });
}

// Runs a tool of dcmtk over a file; gives what it wrote.
export function dcmtk(tool, words, bytes, dir) {
  const from = path.join(dir, 'in.dcm');
  const to = path.join(dir, 'out');
  fs.writeFileSync(from, bytes);
  const r = spawnSync(tool, [...words, from, to], { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`${tool} ${words.join(' ')}: ${r.stderr}`);
  return fs.readFileSync(to);
}

// A frame as dcmtk draws it: {columns, rows, n (1 or 3), values}. window: [centre, width], else the file's first; null: it has none.
// table: its first table of tones.
export function drawn(bytes, dir, { frame = 1, window, table = false } = {}) {
  const tone = table ? ['+Wl', '1'] : window ? ['+Ww', ...window.map(String)] : window === null ? [] : ['+Wi', '1'];
  return pnm(dcmtk('dcmj2pnm', ['+F', String(frame), ...tone], bytes, dir));
}

export function pnm(out) {
  const m = /^(P[56])\s+(?:#.*\n)*(\d+)\s+(\d+)\s+(\d+)\s/.exec(out.subarray(0, 200).toString('latin1'));
  return { n: m[1] === 'P6' ? 3 : 1, columns: Number(m[2]), rows: Number(m[3]), values: out.subarray(m[0].length) };
}

// Sends files by STOW-RS as an interface account; all must be stored.
export async function stow(program, token, files, query = '') {
  const boundary = 'consilium-test';
  const parts = files.flatMap((f) => [Buffer.from(`\r\n--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`), f]);
  const body = Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const r = await program.request('POST', `/dicom-web/studies${query}`, { authorization: `Bearer ${token}`, 'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}` }, body);
  if (r.status !== 200) throw new Error(`STOW: ${r.status} ${r.body.slice(0, 600)}`);
}
