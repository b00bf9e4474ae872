// Images come into a case as a folder and as a ZIP: one study with all of them, their bytes as they were.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dicomFile } from '../lib/dicom.mjs';
import { zipFile } from '../lib/zip.mjs';
import { must, Person } from './browser.mjs';

const UID = '1.2.3999.77';
const IN_FOLDER = 40;
const IN_BOTH = 10;
const IN_ALL = 60;
const WAIT = 60000;

const image = (n) => dicomFile({ uid: UID, n, id: '', name: '', birth: '' });
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');

function folder(dir) {
  const disc = path.join(dir, 'Диск 7');
  fs.mkdirSync(path.join(disc, 'IMAGES'), { recursive: true });
  for (let n = 1; n <= IN_FOLDER; n++) fs.writeFileSync(path.join(disc, 'IMAGES', `I${n}`), image(n));
  fs.writeFileSync(path.join(disc, 'AUTORUN.INF'), '[autorun]');
  fs.writeFileSync(path.join(disc, 'VIEWER.EXE'), Buffer.alloc(300, 'MZ'));
  return disc;
}

function zip(dir) {
  const members = [['CD/README.TXT', Buffer.from('made up')]];
  for (let n = IN_FOLDER - IN_BOTH + 1; n <= IN_ALL; n++) members.push([`CD/IMG/S${n}.DCM`, image(n)]);
  const file = path.join(dir, 'cd.zip');
  fs.writeFileSync(file, zipFile(members));
  return file;
}

// What DICOMweb gives of each instance, as this person: number -> SHA-256.
const kept = (page) => page.evaluate(async (uid) => {
  const list = await (await fetch(`/dicom-web/studies/${uid}/instances?limit=1000`, { headers: { Accept: 'application/dicom+json' } })).json();
  const hashes = {};
  for (const one of list) {
    const [sop, n] = [one['00080018'].Value[0], one['00200013'].Value[0]];
    const r = await fetch(`/dicom-web/studies/${uid}/series/${uid}.1/instances/${sop}`, { headers: { Accept: 'application/dicom' } });
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await r.arrayBuffer()));
    hashes[n] = Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join('');
  }
  return hashes;
}, UID);

// On a phone the row of a folder stays readable while it waits, and a pause leaves no upload behind.
async function pausedOnPhone(p, row) {
  await p.page.setViewportSize({ width: 360, height: 740 });
  const pause = row.getByRole('button', { name: 'Пауза' });
  if (await pause.count()) await pause.click({ timeout: 2000 }).catch(() => {});
  const { height } = await row.boundingBox() ?? { height: 0 };
  must(height < 260, `a row is ${height} points high on a phone`);
  const on = row.getByRole('button', { name: 'Продолжить' });
  if (await on.count()) await on.click();
  await p.page.setViewportSize({ width: 1280, height: 900 });
}

export async function imagesIn(browser, program, login, password) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-images-'));
  const p = await Person.begin(browser, program, login, {});
  await p.open('/sign-in', '');
  await p.signIn(login, password);
  await p.open('/mine', '');
  const all = await p.page.locator('a[href^="/cases/"]').evaluateAll((links) => links.map((l) => l.getAttribute('href').replace(/#.*/, '')));
  const href = all.find((h) => /^\/cases\/[a-z0-9]+$/.test(h));
  must(href, `${login} has no open case`);
  await p.open(`${href}/files`, 'images-in');
  await p.page.setInputFiles('input[webkitdirectory]', folder(dir));
  const row = p.page.locator('.c-drop__list .c-file');
  await row.first().waitFor({ timeout: WAIT });
  await pausedOnPhone(p, row.first());
  must(await row.count() === 1, `${await row.count()} rows for one folder`);
  await p.page.waitForFunction((n) => document.querySelector('.c-drop__total')?.textContent.includes(String(n)) && !document.querySelector('.c-drop__list progress:not([hidden])'), IN_FOLDER, { timeout: WAIT });
  must(await p.page.locator('#uploads .c-file').count() === 0, `left behind: ${await p.page.locator('#uploads').innerText()}`);
  await p.page.setInputFiles('input[type=file]:not([webkitdirectory])', zip(dir));
  await p.page.locator('#uploads .c-file', { hasText: 'cd.zip' }).waitFor({ timeout: WAIT });
  const told = await p.page.locator('#uploads .c-file', { hasText: 'cd.zip' }).innerText();
  must(told.includes(String(IN_ALL - IN_FOLDER)) && told.includes(String(IN_BOTH)), `the row of the ZIP says: ${told}`);
  const have = await kept(p.page);
  must(Object.keys(have).length === IN_ALL, `${Object.keys(have).length} instances are kept, ${IN_ALL} were sent`);
  for (let n = 1; n <= IN_ALL; n++) must(have[n] === sha(image(n)), `image ${n} is not as it was sent`);
  await p.open(href, 'images-in-case');
  const studies = await p.page.locator('body').innerText();
  must(studies.includes(String(IN_ALL)), 'the case does not tell how many images it has');
  await p.end();
  fs.rmSync(dir, { recursive: true });
}
