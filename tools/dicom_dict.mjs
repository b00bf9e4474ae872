// The data dictionary of DICOM (PS3.6) as a C table: node tools/dicom_dict.mjs OUT_DIR writes
// OUT_DIR/codec/dicom_dict_table.c. The rows come from dicom.dic of Debian's libdcmtk17, held by the hash
// below; the file is never copied into the project.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const FILE = '/usr/share/libdcmtk17/dicom.dic';
const SHA256 = '7da64aebe4f31be6ef8b3a2ac26a20975185586a3249a4ff06a0303e06f8301b';
// What dcmtk calls kinds that depend on other elements; "xs" stays, it is decided while reading. Others
// are what implicit little endian makes of them (PS3.5 annex A.1).
const KINDS = { ox: 'OW', lt: 'OW', px: 'OW', up: 'UL' };

export function load(file = FILE) {
  const bytes = fs.readFileSync(file);
  const hash = crypto.createHash('sha256').update(bytes).digest('hex');
  if (hash !== SHA256) throw new Error(`${file} is not the one this was written for: ${hash}`);
  return bytes.toString('utf8');
}

// Rows {tag, last, mask, vr, name} of the standard's own elements; a range of groups or elements has its
// first and last tag and the step between them.
export function rows(text) {
  const seen = new Map();
  for (const line of text.split('\n')) {
    const m = /^\(([0-9A-Fa-f]{4})(?:-([0-9A-Fa-f]{4}))?,([0-9A-Fa-f]{4})(?:-([0-9A-Fa-f]{4}))?\)\t(\w\w)\t(\w+)\t\S+\t(DICOM\S*)/.exec(line);
    if (!m || m[5] === 'na') continue;
    const [group, element] = [parseInt(m[1], 16), parseInt(m[3], 16)];
    if (group % 2) continue;
    const tag = (group * 0x10000 + element) >>> 0;
    const last = ((m[2] ? parseInt(m[2], 16) : group) * 0x10000 + (m[4] ? parseInt(m[4], 16) : element)) >>> 0;
    const row = { tag, last, vr: KINDS[m[5]] ?? m[5], name: m[6].replace(/^RETIRED_/, '') };
    if (!/^([A-Z]{2}|xs)$/.test(row.vr)) throw new Error(`kind of ${line}`);
    if (!seen.has(tag)) seen.set(tag, row);
  }
  return [...seen.values()].sort((a, b) => a.tag - b.tag);
}

const hex = (n) => `0x${n.toString(16).padStart(8, '0')}`;
const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const cRow = (r) => `    {${hex(r.tag)}, "${r.vr}", "${r.name}"},`;

export function toC(all) {
  const single = all.filter((r) => r.tag === r.last);
  const ranges = all.filter((r) => r.tag !== r.last);
  const names = single.map((r, i) => [r.name, i]).sort((a, b) => byBytes(a[0], b[0]));
  const unique = names.filter(([n], i) => i === 0 || names[i - 1][0] !== n);
  const lines = [];
  for (let i = 0; i < unique.length; i += 16) lines.push(`    ${unique.slice(i, i + 16).map((n) => n[1]).join(', ')},`);
  return `/* Written by tools/dicom_dict.mjs. */
#include "codec/dicom_int.h"

const struct dicom_dict_row dicom_dict[] = {
${single.map(cRow).join('\n')}
};
const size_t dicom_dict_count = LEN(dicom_dict);

const uint16_t dicom_dict_by_name[] = {
${lines.join('\n')}
};
const size_t dicom_dict_names = LEN(dicom_dict_by_name);

const struct dicom_dict_range dicom_dict_ranges[] = {
${ranges.map((r) => `    {${hex(r.tag)}, ${hex(r.last)}, "${r.vr}", "${r.name}"},`).join('\n')}
};
const size_t dicom_dict_ranges_count = LEN(dicom_dict_ranges);
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const out = process.argv[2];
  if (!out) {
    console.error('usage: node tools/dicom_dict.mjs OUT_DIR');
    process.exit(2);
  }
  try {
    const text = toC(rows(load()));
    fs.mkdirSync(path.join(out, 'codec'), { recursive: true });
    fs.writeFileSync(path.join(out, 'codec/dicom_dict_table.c'), text);
  } catch (e) {
    console.error(`tools/dicom_dict.mjs: ${e.message}${e.code === 'ENOENT' ? ' (run make setup)' : ''}`);
    process.exit(1);
  }
}
