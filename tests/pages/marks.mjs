// Measurements in Chromium: what the consultant draws is kept by the server, is drawn again for the other side, and
// stands in the conclusion and on its print.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { signIn } from '../lib/session.mjs';
import { must, SCREENS } from './browser.mjs';

const shown = (p, n) => p.page.waitForFunction((k) => window.consiliumViewer?.marks().length === k, n);
const list = (p) => p.page.locator('#marks tbody tr');
const angle = (v) => `${v.toFixed(1).replace('.', ',')}°`;

async function open(p, address) {
  await p.page.goto(address, { waitUntil: 'load' });
  await p.page.waitForSelector('#viewer[data-ready=true]');
}

async function screens(p, name, element) {
  for (const width of [1280, 360]) {
    await p.page.setViewportSize({ width, height: 900 });
    await p.fits(`${p.where()} at ${width}`);
    if (element) await p.page.locator(element).scrollIntoViewIfNeeded();
    await p.page.screenshot({ path: path.join(SCREENS, `${name}-${width}-${p.lang}.png`), fullPage: true });
  }
  await p.page.setViewportSize({ width: 1280, height: 900 });
  await p.axeRun(p.where());
}

// draw: draws a Cobb angle in p's viewer and gives it as the viewer has it, with the angle that geometry says.
export async function keptMarks(p, asker, made, study, draw) {
  const address = `/cases/${made.id}/images/${study}`;
  await open(p, address);
  await open(asker, address);
  await p.page.evaluate(() => document.querySelector('#picture figure').scrollIntoView());
  const { mark, computed } = await draw(p);
  await list(p).first().waitFor();
  const row = await list(p).first().innerText();
  must(row.includes('Угол Кобба') && row.includes(angle(computed)), `kept as: ${row}`);
  await list(asker).first().waitFor(); // without a reload
  await shown(asker, 1);
  const [again] = await asker.page.evaluate(() => consiliumViewer.marks());
  must(again.points.every((q, i) => Math.hypot(q[0] - mark.points[i][0], q[1] - mark.points[i][1]) < 0.01), `drawn again elsewhere: ${JSON.stringify(again.points)}`);
  must(await list(asker).first().locator('button').count() === 0, 'the mark of another person can be removed');

  // A key image of the other side; the form goes with the picture that is shown.
  await asker.page.fill('#key-text', 'Вершина дуги');
  await asker.page.click('#key-image button');
  await list(p).nth(1).waitFor();
  must((await list(p).nth(1).innerText()).includes('Вершина дуги'), 'the key image is not listed');

  await open(p, address);
  await shown(p, 1);
  await screens(p, 'marks-study', '#marks');
  await p.page.goto(`/cases/${made.id}`, { waitUntil: 'load' });
  must((await p.page.locator('#images').innerText()).includes(angle(computed)), 'the case does not list the measurement');
  await p.page.screenshot({ path: path.join(SCREENS, `marks-case-1280-${p.lang}.png`), fullPage: true });
  return computed;
}

// The first answer, where the case's form asks this.
async function pick(page, name) {
  const choices = page.locator(`select[name="${name}"]`);
  const buttons = page.locator(`input[name="${name}"]`);
  if (await choices.count()) await choices.selectOption({ index: 1 });
  else if (await buttons.count()) await buttons.first().check({ force: true });
}

// Written, looked through and signed by p; its print says the angle.
export async function printedMarks(program, p, who, made, computed) {
  const { page } = p;
  await page.goto(`/cases/${made.id}`, { waitUntil: 'load' });
  const accept = page.locator('form[action$="/move/accept"] button');
  if (await accept.count()) await p.go(accept.first(), '');
  await page.goto(`/cases/${made.id}/conclusion`, { waitUntil: 'load' });
  const boxes = page.locator('#marks-chosen input[type=checkbox]');
  must(await boxes.count() === 2, `${await boxes.count()} marks to tick`);
  must(await boxes.nth(0).isChecked() && !await boxes.nth(1).isChecked(), 'not the own one is ticked at first');
  await boxes.nth(1).check({ force: true });
  await pick(page, 'examined.what');
  await pick(page, 'answerable');
  await page.fill('[name="findings"]', 'Сколиоз грудного отдела.');
  await page.fill('[name="recommend.treatment"]', 'Корсетотерапия.');
  await pick(page, 'recommend.route');
  await screens(p, 'marks-conclusion', '#marks-chosen');
  await p.go('form#conclusion button[value="preview"]', '');
  must(await page.locator('input[name="sha"]').count() === 1, `no preview: ${await page.locator('.nhsuk-error-message').allInnerTexts()}`);
  must((await p.text()).includes(angle(computed)), 'the preview does not say the angle');
  await screens(p, 'marks-preview');
  await page.fill('[name="password"]', who[1]);
  await p.go('form[action$="/conclusion/sign"] button', '');
  must(await page.locator('.c-signature--valid').count() === 1, 'not signed');

  const s = await signIn(program, ...who);
  const file = path.join(SCREENS, 'marks-conclusion.pdf');
  const bytes = async () => Buffer.from(await (await fetch(`${program.base}/cases/${made.id}/conclusion.pdf`, { headers: { cookie: s.cookie } })).arrayBuffer());
  const first = await bytes();
  must(first.equals(await bytes()), 'the print is another one the second time');
  fs.writeFileSync(file, first);
  const text = spawnSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' }).stdout;
  for (const said of ['Измерения на снимках', 'Угол Кобба', angle(computed), 'Ключевое изображение', 'Вершина дуги']) must(text.includes(said), `the print does not say ${said}:\n${text}`);
  const images = spawnSync('pdfimages', ['-list', file], { encoding: 'utf8' }).stdout;
  must(/jpeg/.test(images), `no picture in the print: ${images}`);
  spawnSync('pdftoppm', ['-r', '100', '-png', file, path.join(SCREENS, 'marks-pdf')]);
}
