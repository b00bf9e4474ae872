// De-identified public files: no name, number, date, time, UID or private value of the original is left anywhere in them.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { allRows } from './files.mjs';

const TELLS = new Set(['PN', 'DA', 'DT', 'TM', 'LT', 'ST', 'UT', 'UR']); // of these kinds nothing stays
const STANDARD = '1.2.840.10008.';
const SHORT = 5; // characters: less may stand anywhere by chance
const PERSON = '0010'; // the group of the patient
const SEX = '00100040';

// The place, tag, kind and text of each value.
function values(set, place = '') {
  return Object.entries(set).filter(([tag]) => !tag.startsWith('0002')).flatMap(([tag, e]) => (e.Value ?? []).flatMap((v) => {
    if (e.vr === 'SQ') return values(v ?? {}, `${place}${tag}/`);
    return (e.vr === 'PN' ? Object.values(v ?? {}) : [String(v)]).map((text) => ({ place: place + tag, tag, vr: e.vr, text }));
  }));
}

const SCHEMES = new Set(['0008010C', '00080117', '00080118']); // UIDs of lists of codes
const NUMBERS = new Set(['FD', 'FL', 'SL', 'SS', 'SV', 'UL', 'US', 'UV']); // not written as text

const isOwnUid = (v) => v.vr === 'UI' && !v.text.startsWith(STANDARD) && !SCHEMES.has(v.tag);
const isPrivate = (v) => v.place.split('/').some((tag) => Number.parseInt(tag[3], 16) % 2 === 1);
const tells = (v) => TELLS.has(v.vr) || isOwnUid(v) || isPrivate(v) || (v.tag.startsWith(PERSON) && v.tag !== SEX);

export async function clean(t) {
  const exe = path.join(t.root, 'build', t.build, 'src/app/consilium');
  const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-clean-'));
  const run = (words) => spawnSync(exe, ['dicom', ...words], { maxBuffer: 1 << 28 });
  for (const row of (allRows(t) ?? []).filter((r) => r.valid)) {
    const file = path.join(tmp, 'in.dcm');
    const out = path.join(tmp, 'out.dcm');
    fs.writeFileSync(file, row.bytes);
    const r = run([file, '--deidentify', '--pseudonym', 'ANON-1']);
    fs.writeFileSync(out, r.stdout);
    const said = JSON.parse(run([out]).stdout.toString() || '{}');
    const now = values(Array.isArray(said) ? said[0] ?? {} : said);
    const was = values([row.metadata].flat()[0]);
    const stays = new Set(now.filter((v) => was.some((w) => w.place === v.place && w.text === v.text)).map((v) => v.text));
    const told = now.filter((v) => tells(v) && was.some((w) => w.text === v.text && w.place === v.place));
    t.check(`clean: ${row.file} keeps no element that tells`, r.status === 0 && now.length > 0 && told.length === 0, `${r.status} ${told.map((v) => v.place)} ${r.stderr}`);
    const text = r.stdout.toString('latin1');
    const left = was.filter((v) => tells(v) && !NUMBERS.has(v.vr) && v.text.length >= SHORT && !stays.has(v.text) && text.includes(Buffer.from(v.text).toString('latin1')));
    t.check(`clean: ${row.file} holds no value that tells`, left.length === 0, left.map((v) => v.place).join(' '));
  }
  fs.rmSync(tmp, { recursive: true });
}
