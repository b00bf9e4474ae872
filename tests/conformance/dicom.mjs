// DICOM files read by the program: node tests/conformance/dicom.mjs CONSILIUM DATA
// Metadata and frames of the public files are held to what stands beside them; where Debian's dcmtk is
// installed, metadata also to its dcm2json, of the same files and of what dcmconv makes of them in other
// codings. First frames as pictures are held to dcmtk's own. De-identified, nothing removed stands in a file. Prints a line a case (tests/conformance/suite.h).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DCM2JSON, difference, EXPECTED } from '../lib/dicom_json.mjs';

const [program, data] = process.argv.slice(2);
const DIR = path.join(data, 'dicom');
const ALL = String(1 << 30);

// What is asked of the broken files (index.json says it in words): [of metadata, of frames]; a text is
// what the refusal says.
const BROKEN = {
  'bad-truncated-pixels.dcm': ['(7fe0,0010) at 1488: its length runs past the end of the file', null],
  'bad-value.dcm': [null, '(0028,0008) at 1000: no whole number'],
  'bad-no-meta.dcm': ['not a DICOM file', null],
  'bad-no-transfer-syntax.dcm': ['(0002,0010) at 132: no transfer syntax', null],
  'bad-sequence-delimiter.dcm': [null, null],
  'bad-sequence-length.dcm': ['at 1410: its length runs past the end of the file', null],
};

const ok = (name) => console.log(`ok ${name}`);
const fail = (name, why) => console.log(`FAIL ${name}: ${why}`);
const left = (name, why) => console.log(`left ${name}: ${why}`);

function run(argv) {
  const r = spawnSync(argv[0], argv.slice(1), { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { fine: r.status === 0, out: r.stdout ?? '', said: (r.stderr ?? '').trim() };
}

const ours = (file, ...options) => run([program, 'dicom', file, ...options]);

// dcmtk knows private elements of some makers in implicit coding; PS3.6 does not.
const IMPLICIT = [{ why: 'private elements are UN', passes: (tag) => parseInt(tag.slice(0, 4), 16) % 2 === 1 }];

function parse(name, run1, who) {
  if (!run1.fine) {
    fail(name, `${who}: ${run1.said.split('\n').pop()}`);
    return null;
  }
  return JSON.parse(run1.out);
}

function metadata(row) {
  const name = `metadata ${row.file}`;
  const have = parse(name, ours(path.join(DIR, row.file), '--as-sent', '--inline', '1024'), 'refused');
  if (!have) return;
  const want = JSON.parse(fs.readFileSync(path.join(DIR, row.metadata), 'utf8'));
  const d = difference(want, have, EXPECTED);
  if (d) fail(name, d);
  else ok(name);
}

function frames(row) {
  const name = `frames ${row.file}`;
  const r = ours(path.join(DIR, row.file), '--frames');
  const want = (row.pixel?.frames ?? []).map((f) => (f.sha256 ? `${f.length} ${f.sha256}` : `${f.length}`));
  const have = r.out.trim().split('\n').map((l) => l.split(' ')).map((w, i) => (row.pixel?.frames?.[i]?.sha256 ? `${w[0]} ${w[2]}` : w[0]));
  if (!r.fine) fail(name, r.said);
  else if (want.join('\n') !== have.join('\n')) fail(name, `${have.length} frames, expected ${want.length}; or other bytes`);
  else ok(name);
}

function broken(row) {
  const file = path.join(DIR, row.file);
  const [meta, frame] = BROKEN[row.file] ?? [];
  for (const [what, want, r] of [['metadata', meta, ours(file)], ['frames', meta ?? frame, ours(file, '--frames')]]) {
    const name = `broken ${what} ${row.file}`;
    if (want ? r.fine || !r.said.includes(want) : !r.fine) fail(name, r.fine ? 'taken' : r.said);
    else ok(name);
  }
  if (!meta && row.pixel?.frames) frames(row);
}

// dcm2json does not read compressed pixels: both read a copy without them.
function reference(row, dir) {
  const name = `dcm2json ${row.file}`;
  let file = path.join(DIR, row.file);
  if (row.pixel?.encapsulated) {
    const copy = path.join(dir, row.file);
    fs.copyFileSync(file, copy);
    fs.chmodSync(copy, 0o600);
    const r = run(['dcmodify', '-nb', '-ea', '(7fe0,0010)', copy]);
    if (!r.fine) return left(name, 'dcmodify refused the file');
    file = copy;
  }
  const have = parse(name, ours(file, '--pixels', '--inline', ALL), 'refused');
  const want = have && parse(name, run(['dcm2json', file]), 'dcm2json');
  if (!want) return undefined;
  const d = difference(want, have, DCM2JSON);
  return d ? fail(name, d) : ok(name);
}

// The same data set in other codings: equal to dcm2json's reading of the same file.
const CODINGS = { implicit: ['+ti'], big: ['+tb'], explicit: ['+te', '-e'], deflated: ['+td'], 'group lengths': ['+te', '+g', '+e'], padded: ['+te', '+p', '512', '64'] };

function converted(row, dir) {
  for (const [coding, options] of Object.entries(CODINGS)) {
    const name = `${coding} ${row.file}`;
    const file = path.join(dir, `${row.file}.${coding.replace(' ', '-')}`);
    const made = run(['dcmconv', ...options, path.join(DIR, row.file), file]);
    if (!made.fine) {
      left(name, 'dcmconv refused the file');
      continue;
    }
    const have = parse(name, ours(file, '--pixels', '--inline', ALL), 'refused');
    const want = have && parse(name, run(['dcm2json', file]), 'dcm2json');
    if (!want) continue;
    const d = difference(want, have, coding === 'implicit' ? [...DCM2JSON, ...IMPLICIT] : DCM2JSON);
    if (d) fail(name, d);
    else ok(name);
  }
}

// What is not drawn, and what the refusal says.
const NOT_DRAWN = {
  'ecg-waveform.dcm': 'no pixel data',
  'sr-text.dcm': 'no pixel data',
};
// Drawn with dcmtk's dcmdjpeg where it is installed.
if (spawnSync('dcmdjpeg', ['--version']).status !== 0) for (const f of ['nm-jpeg-extended-12bit.dcm', 'sc-rgb-jpeg-lossless.dcm']) NOT_DRAWN[f] = 'the program dcmdjpeg';
// dcmtk has no JPEG 2000: the same image in another coding.
const SAME_IMAGE = { 'mr-jpeg2000.dcm': 'mr-explicit-le.dcm' };
const DRAWERS = [['dcmj2pnm', '+Wi', '1'], ['dcmj2pnm', '+Wm'], ['dcml2pnm', '+Wi', '1'], ['dcml2pnm', '+Wm']];

// A Netpbm picture: its head as words, its points.
function netpbm(bytes) {
  const head = /^(P[56])\s+(?:#.*\s+)?(\d+)\s+(\d+)\s+(\d+)\s/.exec(bytes.subarray(0, 400).toString('latin1'));
  return head ? { head: head.slice(1).join(' '), points: bytes.subarray(head[0].length) } : null;
}

// A first window of the data set counts; without one, all values show.
function drawn(file, out) {
  for (const argv of DRAWERS) {
    fs.rmSync(out, { force: true });
    run([...argv, '+op', file, out]);
    const picture = fs.existsSync(out) && netpbm(fs.readFileSync(out));
    if (picture) return picture;
  }
  return null;
}

function picture(row, dir) {
  const name = `picture ${row.file}`;
  const file = path.join(DIR, row.file);
  const r = spawnSync(program, ['dicom', file, '--picture'], { maxBuffer: 1 << 28 });
  const refused = NOT_DRAWN[row.file];
  if (refused) return r.status !== 0 && String(r.stderr).includes(refused) ? ok(name) : fail(name, 'drawn, or refused for another reason');
  const have = r.status === 0 && netpbm(r.stdout);
  if (!have) return fail(name, String(r.stderr).trim());
  const want = drawn(path.join(DIR, SAME_IMAGE[row.file] ?? row.file), path.join(dir, 'reference.pnm'));
  if (!want) return left(name, 'dcmtk does not draw it');
  const far = want.points.reduce((n, v, i) => n + (Math.abs(v - have.points[i]) <= 1 ? 0 : 1), 0);
  if (want.head !== have.head || far > 0) return fail(name, `${have.head}, expected ${want.head}; ${far} points differ by more than 1`);
  return ok(name);
}

// Frames of a multi-frame file cut into small fragments are the frames of one fragment each, told apart by
// the offset table, or without one by the end markers of JPEG; of RLE without a table they cannot be.
function fragments(row, dir) {
  const native = path.join(dir, `${row.file}.native`);
  if (!run(['dcmdjpeg', path.join(DIR, row.file), native]).fine) return left(`fragments ${row.file}`, 'dcmdjpeg refused the file');
  const cases = [['dcmcjpeg', ['+eb', '+fs', '1', '+ot'], true], ['dcmcjpeg', ['+eb', '+fs', '1', '-ot'], true], ['dcmcrle', ['+fs', '1', '+ot'], true], ['dcmcrle', ['+fs', '1', '-ot'], false]];
  for (const [tool, options, fine] of cases) {
    const name = `fragments ${tool} ${options.join(' ')} ${row.file}`;
    const [whole, cut] = [path.join(dir, 'whole'), path.join(dir, 'cut')];
    const made = run([tool, ...options.slice(0, tool === 'dcmcjpeg' ? 1 : 0), '+ff', native, whole]).fine && run([tool, ...options, native, cut]).fine;
    const [w, c] = [ours(whole, '--frames'), ours(cut, '--frames')];
    const sums = (r) => r.out.trim().split('\n').map((l) => l.split(' ')).map((x) => `${x[0]} ${x[2]}`).join('\n');
    if (!made) left(name, `${tool} refused the file`);
    else if (c.fine !== fine) fail(name, fine ? c.said : 'taken');
    else if (fine && (sums(w) !== sums(c) || !/^\d+ ([2-9]|\d\d)/m.test(c.out))) fail(name, 'other frames, or not in fragments');
    else ok(name);
  }
  return undefined;
}

// All values of text of a data set, and parts of names, into two sets: as places and what stands there.
function texts(set, into, at = '') {
  for (const [tag, e] of Object.entries(set)) {
    for (const [i, v] of (e.Value ?? []).entries()) {
      const place = `${at}${tag}/${i}`;
      if (e.vr === 'SQ') texts(v ?? {}, into, `${place}/`);
      else if (e.vr === 'PN') Object.values(v ?? {}).flatMap((x) => x.split('^')).forEach((x, k) => into.set(`${place}/${k}`, x));
      else if (typeof v === 'string') into.set(place, v);
    }
  }
  return into;
}

// Without identity: read by dcmtk and by us, the same pixels, nothing of what was removed anywhere in it.
const WORTH = 5; // shorter values stand in others by chance
function deidentified(row, dir) {
  const name = `deidentified ${row.file}`;
  const file = path.join(DIR, row.file);
  const out = path.join(dir, 'clean.dcm');
  const r = spawnSync(program, ['dicom', file, '--deidentify'], { maxBuffer: 1 << 28 });
  if (r.status !== 0) return fail(name, String(r.stderr).trim());
  fs.writeFileSync(out, r.stdout);
  const before = texts(JSON.parse(ours(file, '--as-sent').out), new Map());
  const clean = JSON.parse(ours(out, '--as-sent').out);
  const after = texts(clean, new Map());
  const stayed = new Set(after.values());
  const lost = [...before].filter(([place, v]) => v.length >= WORTH && after.get(place) !== v && !stayed.has(v) && ![...stayed].some((s) => s.includes(v)));
  const found = lost.find(([, v]) => r.stdout.includes(Buffer.from(v)));
  if (lost.length === 0) return fail(name, 'nothing was removed');
  if (found) return fail(name, `${found[0]} stands in it still`);
  if (clean['00120062']?.Value?.[0] !== 'YES') return fail(name, 'it does not say so');
  const same = row.file === 'mr-explicit-be.dcm' ? path.join(DIR, 'mr-explicit-le.dcm') : file;
  const frame = (f) => ours(f, '--frames').out.split('\n').map((l) => l.split(' ').filter((_, i) => i !== 1).join(' ')).join('\n');
  if (row.pixel && frame(out) !== frame(same)) return fail(name, 'other pixels');
  if (dcmtk && !run(['dcmdump', '-q', out]).fine) return fail(name, 'refused by dcmdump');
  return ok(name);
}

const index = JSON.parse(fs.readFileSync(path.join(DIR, 'index.json'), 'utf8'));
const dcmtk = spawnSync('dcm2json', ['--version']).status === 0;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'dicom-'));
try {
  for (const row of index) {
    if (!row.valid) {
      broken(row);
      continue;
    }
    metadata(row);
    if (row.pixel) frames(row);
    deidentified(row, dir);
    if (!dcmtk) {
      left(`dcm2json ${row.file}`, 'dcmtk is not installed');
      continue;
    }
    reference(row, dir);
    picture(row, dir);
    if (!row.pixel?.encapsulated) converted(row, dir);
    if (row.frames > 1 && row.transferSyntax === '1.2.840.10008.1.2.4.50') fragments(row, dir);
  }
} finally {
  fs.rmSync(dir, { recursive: true });
}
