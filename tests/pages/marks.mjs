// Measurements in Chromium: what the consultant draws is kept by the server, is drawn again for the other side, and
// stands in the conclusion and on its print.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { signIn } from '../lib/session.mjs';
import { must, SCREENS, WAIT_MS } from './browser.mjs';

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

const comma = (v, digits = 1) => v.toFixed(digits).replace('.', ',');
// Waits until the marks on the picture say all of it. The space between thousands, which is the browser's, does not count.
async function pictureSays(p, what, all) {
  const t0 = Date.now();
  for (let seen = ''; ; await p.page.waitForTimeout(100)) {
    seen = await p.page.evaluate(() => [...document.querySelectorAll('.v__view svg text')].map((t) => [...t.querySelectorAll('tspan')].map((s) => s.textContent).join('\n')).join('\n').replace(/[\u00a0\u202f]/g, ''));
    if (all.every((said) => seen.includes(said))) return;
    must(Date.now() - t0 < WAIT_MS, `${what}: the picture says ${seen}, not ${all}`);
  }
}

// What an ellipse covers, in whole numbers: pixels whose middle lies in it, its points to a thousandth of a pixel. values:
// rows of what the modality means.
function covered([a, b, c, d], values, side) {
  const fine = ([x, y]) => [BigInt(Math.round(x * 1000)), BigInt(Math.round(y * 1000))];
  const [p, q, r, s] = [a, b, c, d].map(fine);
  const cross = (u, v) => u[0] * v[1] - u[1] * v[0];
  const u = [2n * (q[0] - p[0]), 2n * (q[1] - p[1])];
  const v = [2n * (s[0] - r[0]), 2n * (s[1] - r[1])];
  const most = cross(u, v) ** 2n;
  const got = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const e = [BigInt(4000 * x + 2000) - p[0] - q[0] - r[0] - s[0], BigInt(4000 * y + 2000) - p[1] - q[1] - r[1] - s[1]];
      if (cross(e, v) ** 2n + cross(u, e) ** 2n <= most) got.push(values(x, y));
    }
  }
  const mean = got.reduce((n, x) => n + x, 0) / got.length;
  const area = Math.PI * Math.abs(Number(cross(u, v))) / 16e6;
  return { n: got.length, mean, deviation: Math.sqrt(got.reduce((n, x) => n + (x - mean) ** 2, 0) / got.length), least: Math.min(...got), most: Math.max(...got), area };
}

// Drawn, moved, there after a reload, removed. values(x, y): what the file's pixels mean, in HU; a point is 1 mm.
export async function ellipses(p, program, made, study, { values, side, drag, marks }) {
  const address = `/cases/${made.id}/images/${study}`;
  // What is said where: on the picture and in the list, of the one mark there is.
  const says = async (what) => {
    const [m] = await p.page.evaluate(() => consiliumViewer.marks());
    const want = covered(m.points, values, side);
    must(want.n > 100, `${what}: covers ${want.n} pixels`);
    const row = `среднее ${comma(want.mean)} HU, стандартное отклонение ${comma(want.deviation)} HU, от ${comma(want.least)} HU до ${comma(want.most)} HU, площадь ${comma(want.area)} мм²`;
    await p.page.waitForFunction((t) => document.querySelector('#marks tbody')?.textContent.includes(t), row).catch(async () => { throw new Error(`${what}: kept as ${await list(p).first().innerText()}, not ${row}`); });
    await pictureSays(p, what, [`среднее: ${comma(want.mean)} HU`, `отклонение: ${comma(want.deviation)} HU`, `наим.: ${want.least} · наиб.: ${want.most}`, `площадь: ${comma(want.area)} мм²`]);
    return m;
  };
  await open(p, address);
  await p.page.evaluate(() => document.querySelector('#picture figure').scrollIntoView());
  await p.page.click('[data-tool=ellipse]');
  await drag(p, [58.2, 44.7], [83.1, 61.4]);
  await list(p).first().waitFor();
  const drawn = await says('drawn');
  await p.page.screenshot({ path: path.join(SCREENS, 'marks-ellipse-1280-ru.png') });
  // By its edge, over the skull.
  const [right] = drawn.points.slice().sort((a, b) => b[0] - a[0]);
  const edge = (k) => [(drawn.points[2][0] + drawn.points[3][0]) / 2 + (right[0] - (drawn.points[2][0] + drawn.points[3][0]) / 2) * Math.cos(k), (drawn.points[0][1] + drawn.points[1][1]) / 2 + Math.abs(drawn.points[0][1] - drawn.points[1][1]) / 2 * Math.sin(k)];
  const from = edge(0.9);
  await drag(p, from, [from[0] + 4, from[1] - 20]);
  await p.page.waitForFunction((y) => consiliumViewer.marks().every((m) => Math.min(...m.points.map((q) => q[1])) < y - 10), Math.min(...drawn.points.map((q) => q[1])));
  const moved = await says('moved');
  must(await list(p).count() === 1, 'moving made a second mark');
  await open(p, address);
  await shown(p, 1);
  const again = await says('after a reload');
  must(again.points.every((q, i) => Math.hypot(q[0] - moved.points[i][0], q[1] - moved.points[i][1]) < 0.01), 'drawn again elsewhere');
  await screens(p, 'marks-ellipse-kept', '#marks');

  const changes = () => program.cli(['audit', 'list']).split('\n').filter((l) => / update \S+ OK /.test(l) && l.endsWith(`ServiceRequest/${made.id}`)).length;
  const before = changes();
  await p.page.focus('#picture figure');
  await p.page.keyboard.press('Delete');
  await p.page.waitForFunction(() => !document.querySelector('#marks tbody'));
  await open(p, address);
  await p.page.waitForTimeout(500);
  must(await p.page.evaluate(() => consiliumViewer.marks().length) === 0 && await list(p).count() === 0, 'a removed mark came back');
  must(changes() === before + 1, `removing is on record ${changes() - before} times`);
}

// Lengths on a picture of several areas: in their millimetres, or in points with a word of why; the same in the list.
export async function areas(p, made, study, { drag, marks }) {
  await open(p, `/cases/${made.id}/images/${study}`);
  await p.page.evaluate(() => document.querySelector('#picture figure').scrollIntoView());
  await p.page.click('[data-tool=length]');
  const drawn = [
    [[20, 30], [60, 60], 0.2, 'мм', ''], [[180, 30], [220, 60], 0.5, 'мм', ''], [[120, 110], [200, 110], 1, 'px', 'через две области'],
    [[30, 180], [110, 220], 1, 'px', 'область не в сантиметрах'], [[60, 120], [60, 200], 1, 'px', 'через две области'], [[280, 140], [316, 140], 1, 'px', 'вне калиброванных областей']];
  for (let i = 0; i < drawn.length; i++) {
    const [from, to, step, unit, why] = drawn[i];
    await drag(p, from, to);
    const m = (await marks(p, i + 1, to)).find((x) => x.points.some((q) => Math.hypot(q[0] - to[0], q[1] - to[1]) < 2));
    const size = step * Math.hypot(m.points[0][0] - m.points[1][0], m.points[0][1] - m.points[1][1]);
    must(Math.abs(m.value - size) < 1e-6 && m.unit === (unit === 'мм' ? 'mm' : 'px'), `${from} to ${to}: ${m.value} ${m.unit}, computed ${size}`);
    const row = unit === 'мм' ? `${comma(size)} мм` : `${comma(size)} пикс. снимка (${why})`;
    await p.page.waitForFunction((t) => document.querySelector('#marks tbody')?.textContent.includes(t), row).catch(async () => { throw new Error(`not kept as ${row}: ${await p.page.locator('#marks').innerText()}`); });
    await pictureSays(p, `${from} to ${to}`, [`${comma(size)} ${unit === 'мм' ? unit : 'пикс.'}`, why]);
  }
  await screens(p, 'marks-areas');
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
