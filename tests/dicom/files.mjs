// The public files and those dcmtk makes, in by STOW and C-STORE and out again by WADO. Uploads are in uploads.mjs.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { until } from '../lib/until.mjs';
import { dataSet, freePort, Place } from './place.mjs';
import { checkOut, madeRows, publicRows } from './rows.mjs';

const sha = (b) => createHash('sha256').update(b).digest('hex');
// What storescu proposes so that a file goes as it is.
const OPTION = {
  '1.2.840.10008.1.2': '-xi', '1.2.840.10008.1.2.1': '-xe', '1.2.840.10008.1.2.2': '-xb', '1.2.840.10008.1.2.1.99': '-xd', '1.2.840.10008.1.2.5': '-xr',
  '1.2.840.10008.1.2.4.50': '-xy', '1.2.840.10008.1.2.4.51': '-xx', '1.2.840.10008.1.2.4.70': '-xs', '1.2.840.10008.1.2.4.80': '-xt', '1.2.840.10008.1.2.4.90': '-xv',
};
// Of the broken ones these are read: what is wrong with them is not in the way of filing them.
const FILED = new Set(['bad-value.dcm', 'bad-sequence-delimiter.dcm']);
const REASON_BROKEN = 0xc000;

async function stow(t, rows) {
  const place = await Place.open(t.build);
  const good = rows.filter((r) => r.valid);
  const r = await place.stow(good.map((row) => row.bytes));
  t.check(`STOW: ${good.length} files in one request`, r.status === 200 && r.stored.length === good.length && r.failed.length === 0, `${r.status} ${r.body.slice(0, 400)}`);
  for (const row of good) {
    await checkOut(t, place, row, 'STOW');
  }
  for (const row of rows.filter((b) => !b.valid)) {
    const said = await place.stow([row.bytes]);
    const why = said.failed[0];
    const kept = fs.existsSync(path.join(place.program.dir, 'blobs', sha(row.bytes).slice(0, 2), sha(row.bytes).slice(2)));
    const fine = FILED.has(row.file) ? said.stored.length === 1
      : said.status === 409 && why?.['00081197']?.Value?.[0] === REASON_BROKEN && why?.['00000902']?.Value?.[0]?.length > 0;
    t.check(`STOW: ${row.file} ${FILED.has(row.file) ? 'is filed' : 'is refused with its place'}`, fine, `${said.status} ${said.body.slice(0, 300)}`);
    t.check(`STOW: ${row.file} is kept`, kept, 'its bytes are not there');
  }
  const again = await place.stow(good.map((row) => row.bytes));
  t.check('STOW: the same files again', again.status === 200 && again.stored.length === good.length, `${again.status} ${again.body.slice(0, 300)}`);
  await place.close();
}

// dcmtk's own storage SCP keeps the bytes of a data set as they come over the line: what storescu sends.
async function witness(dir) {
  const port = await freePort();
  const c = spawn('storescp', ['+B', '-od', dir, '+xa', '+uf', String(port)], { stdio: 'ignore' });
  await until('storescp listens', () => new Promise((done) => {
    const s = net.connect(port, '127.0.0.1', () => { s.destroy(); done(true); });
    s.on('error', () => done(false));
  }));
  return { port, end: () => { c.kill(); return new Promise((done) => { c.once('exit', done); }); } };
}

async function cstore(t, rows) {
  const place = await Place.open(t.build);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-dicom-'));
  const other = await witness(dir);
  for (const row of rows.filter((r) => r.valid)) {
    const file = path.join(dir, 'sent.dcm');
    fs.writeFileSync(file, row.bytes);
    const option = OPTION[row.transferSyntax];
    const r = await place.scu('storescu', ['-R', option, file]);
    t.check(`C-STORE: ${row.file}`, r.code === 0, r.said.slice(-300));
    for (const old of fs.readdirSync(dir)) if (old !== 'sent.dcm') fs.rmSync(path.join(dir, old));
    const w = spawnSync('storescu', ['-R', option, '127.0.0.1', String(other.port), file], { encoding: 'utf8' });
    const heard = fs.readdirSync(dir).find((name) => name !== 'sent.dcm');
    const back = await place.instance(row.at);
    if (!heard) t.left(`C-STORE: ${row.file} beside storescp`, `storescp does not take it: ${w.stderr.trim().split('\n').pop()}`);
    else t.check(`C-STORE: the data set of ${row.file} is what came over the line`, back && dataSet(back).equals(dataSet(fs.readFileSync(path.join(dir, heard)))), back ? 'other bytes' : 'not there');
  }
  await other.end();
  fs.rmSync(dir, { recursive: true });
  await place.close();
}

// All rows there are: the public ones, and those dcmtk makes; null when neither is there.
export function allRows(t) {
  const dir = path.join(process.env.CONFORMANCE_DATA ?? path.join(t.root, '../shared/conformance'), 'dicom');
  const rows = [];
  if (fs.existsSync(path.join(dir, 'index.json'))) rows.push(...publicRows(dir));
  else t.left('public files', `${dir} is not there`);
  if (t.dcmtk) rows.push(...madeRows());
  else t.left('files made by dcmtk', 'it is not installed');
  return rows.length ? rows : null;
}

export async function files(t) {
  const rows = allRows(t);
  if (!rows) return;
  await stow(t, rows);
  if (t.dcmtk) await cstore(t, rows);
}
