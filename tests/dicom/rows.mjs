// The files that go in by each way and out again: the public ones, and what dcmtk makes of a picture in each coding
// it writes. Each says what its metadata shall be.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DCM2JSON, difference, EXPECTED } from '../lib/dicom_json.mjs';
import { ctSeries, dcmtk } from '../lib/pictures.mjs';

const DEFLATED = '1.2.840.10008.1.2.1.99';
const MADE_STUDY = '1.2.3401';
// What dcmtk writes: a name, a tool, its words, the transfer syntax.
const MADE = [
  ['plain', 'dcmconv', ['+te', '-e'], '1.2.840.10008.1.2.1'],
  ['lengths', 'dcmconv', ['+te', '+g', '+e', '+p', '512', '64'], '1.2.840.10008.1.2.1'],
  ['implicit', 'dcmconv', ['+ti'], '1.2.840.10008.1.2'],
  ['big', 'dcmconv', ['+tb'], '1.2.840.10008.1.2.2'],
  ['deflated', 'dcmconv', ['+td'], DEFLATED],
  ['rle', 'dcmcrle', [], '1.2.840.10008.1.2.5'],
  ['jpeg', 'dcmcjpeg', ['+e1'], '1.2.840.10008.1.2.4.70'],
  ['jpegls', 'dcmcjpls', [], '1.2.840.10008.1.2.4.80'],
];
const bulk = { why: 'long values are given by address, texts in Unicode', passes: (tag, w, h) => tag === '00080005' || h?.BulkDataURI !== undefined || (tag.startsWith('7FE0') && (!h || !w)) };

const at = (row) => ({ ...row, deflated: row.transferSyntax === DEFLATED, at: `/studies/${row.study}/series/${row.series}/instances/${row.sop}` });

// Several of them are one image in several codings, with one UID: each gets its own of the same length.
export function publicRows(dir) {
  const index = JSON.parse(fs.readFileSync(path.join(dir, 'index.json'), 'utf8'));
  const seen = new Map();
  return index.map((row) => {
    let bytes = fs.readFileSync(path.join(dir, row.file));
    let sop = row.sopInstance;
    const n = seen.get(sop) ?? 0;
    seen.set(sop, n + 1);
    if (row.valid && n > 0) {
      const other = `${sop.slice(0, -1)}${(Number(sop.at(-1)) + n) % 10}`;
      bytes = Buffer.from(bytes.toString('latin1').replaceAll(sop, other), 'latin1');
      sop = other;
    }
    const metadata = row.metadata && JSON.parse(fs.readFileSync(path.join(dir, row.metadata), 'utf8').replaceAll(row.sopInstance, sop));
    return at({ ...row, bytes, sop, metadata, rules: [...EXPECTED, bulk] });
  });
}

// One picture in each coding; metadata as dcm2json reads them (of compressed ones without the pixels, which it
// does not read).
export function madeRows() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-dicom-'));
  const series = ctSeries({ uid: MADE_STUDY, n: MADE.length, side: 64 });
  const rows = MADE.map(([name, tool, words, transferSyntax], i) => {
    const bytes = dcmtk(tool, words, series[i], dir);
    const file = path.join(dir, 'read.dcm');
    fs.writeFileSync(file, bytes);
    if (tool !== 'dcmconv') spawnSync('dcmodify', ['-nb', '-ea', '(7fe0,0010)', file]);
    const said = spawnSync('dcm2json', [file], { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (said.status !== 0) throw new Error(`dcm2json of ${name}: ${said.stderr}`);
    return at({ file: `dcmtk-${name}.dcm`, valid: true, bytes, transferSyntax, study: MADE_STUDY, series: `${MADE_STUDY}.1`, sop: `${MADE_STUDY}.1.${i + 1}`,
      patientName: '', metadata: JSON.parse(said.stdout), rules: [...DCM2JSON, bulk] });
  });
  fs.rmSync(dir, { recursive: true });
  return rows;
}

// What comes back by WADO is what was sent, and its metadata are as they shall be. headers: who asks.
export async function checkOut(t, place, row, way, headers) {
  const back = await place.instance(row.at, headers);
  t.check(`${way}: ${row.file} comes back as it was`, back?.equals(row.bytes), back ? 'other bytes' : 'not there');
  const r = await place.get(`${row.at}/metadata`, { accept: 'application/dicom+json', ...headers });
  const d = r.status === 200 ? difference(row.metadata, JSON.parse(r.body)[0], row.rules) : `${r.status} ${r.body.slice(0, 200)}`;
  t.check(`${way}: metadata of ${row.file}`, !d, d);
}
