// Images in by the page's uploader, one by one, as a ZIP and as the image of a CD with its DICOMDIR, into requests of
// the patients they name; sent, and out again by WADO for the doctor who asked. What is broken is said, and where.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Cases } from '../crash/cases.mjs';
import { tus, tusBegin } from '../crash/uploads.mjs';
import { zipFile } from '../lib/zip.mjs';
import { allRows } from './files.mjs';
import { Place } from './place.mjs';
import { checkOut } from './rows.mjs';

const BIRTH = '19700504'; // of patients whose files do not tell it
// The broken files: whom they name, and what becomes of one that comes alone, and of one on another patient's disc
// (whose family name one of them shares).
const BROKEN = {
  'bad-truncated-pixels.dcm': { name: 'CompressedSamples^MR1', fate: 'complete', inside: 'unreadable' },
  'bad-value.dcm': { name: 'Lastname^Firstname', fate: 'filed', inside: 'other' },
  'bad-no-meta.dcm': { name: '', fate: 'refused', inside: 'left' },
  'bad-no-transfer-syntax.dcm': { name: '', fate: 'complete', inside: 'unreadable' },
  'bad-sequence-delimiter.dcm': { name: 'CompressedSamples^NM1', fate: 'filed', inside: 'filed' },
  'bad-sequence-length.dcm': { name: 'Last^First', fate: 'complete', inside: 'unreadable' },
};
const FATES = { complete: 'kept with the reason', filed: 'filed', refused: 'refused' };
const SAYS = { complete: 'This medical image could not be read; it was kept as it is.', refused: 'This kind of file is not accepted.' };
const ASIDE = { unreadable: 'The file cannot be read as a medical image.', other: 'The image names another patient.' };

// The registration of the patient a file names.
function patientOf(row) {
  const [family, given] = row.patientName.split('^');
  const birth = row.metadata?.['00100030']?.Value?.[0] ?? BIRTH;
  return { family: family || 'Nameless', given: given || 'Test', 'birth-date-year': birth.slice(0, 4), 'birth-date-month': birth.slice(4, 6), 'birth-date-day': birth.slice(6, 8),
    sex: 'male', 'id-kind': 'none', confirm: 'true' };
}

function byPatient(rows) {
  const groups = new Map();
  for (const row of rows.filter((r) => r.valid)) groups.set(row.patientName, [...(groups.get(row.patientName) ?? []), row]);
  return [...groups.values()];
}

class Desk {
  static async open(t) {
    const d = new Desk();
    d.place = await Place.open(t.build);
    const { program } = d.place;
    const fault = (why) => t.check('upload', false, why);
    d.at = { call: (...a) => program.request(...a), fault };
    d.token = d.place.tokens.doctor;
    d.cases = new Cases(program, null, d.place.region, {}, fault);
    await d.cases.signIn();
    d.seen = { authorization: `Bearer ${d.token}` };
    return d;
  }

  // Sends a file into a draft; gives what the program says of it.
  async send(into, name, type, bytes) {
    const url = await tusBegin(this.at, this.token, into, name, type, bytes);
    await tus(this.at, this.token, 'PATCH', url, { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }, bytes);
    return JSON.parse((await tus(this.at, this.token, 'GET', url, {})).body);
  }

  async page(target) {
    const r = await this.cases.doctor.get(target);
    return r.status === 200 ? r.body.replace(/\s+/g, ' ') : `${r.status}`;
  }
}

async function oneByOne(t, rows) {
  const desk = await Desk.open(t);
  for (const group of byPatient(rows)) {
    const c = await desk.cases.begin('urgent', patientOf(group[0]));
    for (const row of group) {
      const said = await desk.send(c.id, row.file, 'application/dicom', row.bytes);
      t.check(`upload: ${row.file} is filed`, said.state === 'filed' && said.meta?.filed?.taken === 1, JSON.stringify(said));
    }
    await desk.cases.submit(c);
    for (const row of group) await checkOut(t, desk.place, row, 'upload', desk.seen);
  }
  await desk.place.close();
}

// A folder as a disc has it, in a folder of its own: the files by numbers, and the list dcmmkdir makes of them.
function disc(group, dir) {
  const images = path.join(dir, 'IMAGES');
  fs.mkdirSync(images, { recursive: true });
  group.forEach((row, i) => fs.writeFileSync(path.join(images, `IM${String(i).padStart(6, '0')}`), row.bytes));
  fs.writeFileSync(path.join(dir, 'README.TXT'), 'Insert the disc.\r\n');
  const r = spawnSync('dcmmkdir', ['-nb', '-Nxc', '-Nrc', '-Nec', '+Nrs', '+I', '+id', dir, '+r', '+D', path.join(dir, 'DICOMDIR'), 'IMAGES'], { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`dcmmkdir: ${r.stderr}`);
}

const inside = (dir) => fs.readdirSync(dir, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
  .map((e) => path.join(e.parentPath ?? e.path, e.name)).sort();
const zipOf = (dir) => zipFile(inside(dir).map((f) => [path.relative(dir, f), fs.readFileSync(f)]));

function isoOf(dir) {
  const file = `${dir}.iso`;
  const r = spawnSync('xorriso', ['-as', 'mkisofs', '-quiet', '-J', '-V', 'DISC', '-o', file, dir], { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`xorriso: ${r.stderr}`);
  return fs.readFileSync(file);
}

const PACKED = [
  { way: 'ZIP', name: 'disc.zip', type: 'application/zip', make: zipOf },
  { way: 'CD', name: 'disc.iso', type: 'application/octet-stream', make: isoOf },
];

async function packed(t, rows, { way, name, type, make }, tmp) {
  const desk = await Desk.open(t);
  for (const [i, group] of byPatient(rows).entries()) {
    const dir = path.join(tmp, `${way}${i}`);
    disc(group, dir);
    const c = await desk.cases.begin('urgent', patientOf(group[0]));
    const said = await desk.send(c.id, name, type, make(dir));
    const { taken, aside, others, missing, cut } = said.meta?.filed ?? {};
    t.check(`${way}: ${group.length} of ${group[0].patientName || 'nobody'} are filed, none is missing`,
      said.state === 'filed' && taken === group.length && aside === 0 && others === 2 && missing === 0 && !cut, JSON.stringify(said));
    await desk.cases.submit(c);
    for (const row of group) await checkOut(t, desk.place, row, way, desk.seen);
  }
  await desk.place.close();
}

// A disc whose list names more than is there says so, in the row of the draft's page; what is there is taken.
async function lacking(t, group, { way, name, type, make }, tmp) {
  const desk = await Desk.open(t);
  for (const lost of [1, 2]) {
    const dir = path.join(tmp, `${way}-lacks-${lost}`);
    disc(group, dir);
    for (let i = 0; i < lost; i++) fs.rmSync(path.join(dir, 'IMAGES', `IM${String(i).padStart(6, '0')}`));
    const c = await desk.cases.begin('urgent', patientOf(group[0]));
    const said = await desk.send(c.id, name, type, make(dir));
    const { taken, same, missing } = said.meta?.filed ?? {};
    t.check(`${way}: ${lost} of ${group.length} that the disc lists are missing`, taken + same === group.length - lost && missing === lost, JSON.stringify(said));
    const page = await desk.page(`/ask/${c.id}/files`);
    const text = lost === 1 ? '1 image that the disc lists is not in the archive.' : `${lost} images that the disc lists are not in the archive.`;
    t.check(`${way}: the page says that ${lost} are missing`, page.includes(text), page.slice(0, 200));
  }
  await desk.place.close();
}

// Broken files alone: filed where nothing is in the way of that, refused, or kept as files with the reason.
async function broken(t, rows) {
  const bad = rows.filter((r) => !r.valid);
  if (bad.length === 0) return;
  const desk = await Desk.open(t);
  const kept = [];
  for (const row of bad) {
    const { name, fate } = BROKEN[row.file];
    const c = await desk.cases.begin('urgent', patientOf({ patientName: name }));
    const said = await desk.send(c.id, row.file, 'application/dicom', row.bytes);
    const says = said.state === fate && (fate === 'filed' ? said.meta.filed.taken === 1 : (said.meta.note ?? said.meta.refused ?? '').includes(SAYS[fate]));
    t.check(`upload: ${row.file} is ${FATES[fate]}`, says, JSON.stringify(said));
    const page = await desk.page(`/ask/${c.id}/files`);
    if (fate !== 'filed') t.check(`upload: the page says why ${row.file} is ${FATES[fate]}`, page.includes(SAYS[fate]), page.slice(0, 300));
    if (fate === 'complete') kept.push({ c, row });
  }
  for (const { c, row } of kept) {
    await desk.cases.submit(c);
    const page = await desk.page(`/cases/${c.id}`);
    t.check(`upload: ${row.file} goes along with the request`, page.includes(row.file), page.slice(0, 300));
  }
  await desk.place.close();
}

// Among the files of a disc: left out when they are none of DICOM, else put aside with the case.
async function brokenOnDisc(t, rows, tmp) {
  const bad = rows.filter((r) => !r.valid);
  if (bad.length === 0) return;
  const desk = await Desk.open(t);
  const group = rows.filter((r) => r.file.startsWith('mr-'));
  const dir = path.join(tmp, 'broken');
  disc(group, dir);
  bad.forEach((row, i) => fs.writeFileSync(path.join(dir, 'IMAGES', `BAD${i}`), row.bytes));
  const c = await desk.cases.begin('urgent', patientOf({ patientName: 'CompressedSamples^MR1' }));
  const said = await desk.send(c.id, 'disc.zip', 'application/zip', zipOf(dir));
  const { taken, aside, others } = said.meta?.filed ?? {};
  const fates = bad.map((r) => BROKEN[r.file].inside);
  const n = (fate) => fates.filter((f) => f === fate).length;
  t.check('ZIP: what can be read of broken files is filed, other patients\' and unreadable ones are put aside, what is no image is left out',
    taken === group.length + n('filed') && aside === n('other') + n('unreadable') && others === 2 + n('left') && said.meta.note.length > 0, JSON.stringify(said));
  await desk.cases.submit(c);
  const page = await desk.page(`/cases/${c.id}/images/aside`);
  for (const [fate, text] of Object.entries(ASIDE)) {
    t.check(`ZIP: the case says of ${n(fate)} put aside why: ${text}`, page.split(text).length - 1 === n(fate), page.slice(0, 300));
  }
  for (const row of group) await checkOut(t, desk.place, row, 'ZIP with broken files', desk.seen);
  await desk.place.close();
}

export async function uploads(t) {
  const rows = allRows(t);
  if (!rows) return;
  await oneByOne(t, rows);
  await broken(t, rows);
  if (!t.dcmtk) return;
  const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-dicom-'));
  const hasIso = spawnSync('xorriso', ['--version']).status === 0;
  const many = rows.filter((r) => r.file.startsWith('dcmtk-'));
  for (const how of PACKED) {
    if (how.way === 'CD' && !hasIso) {
      t.left('images of a CD', 'xorriso is not installed');
      continue;
    }
    await packed(t, rows, how, tmp);
    await lacking(t, many, how, tmp);
  }
  await brokenOnDisc(t, rows, tmp);
  fs.rmSync(tmp, { recursive: true });
}
