// Medical images in Chromium: the page of a study without scripts and with the viewer; what it shows against what
// dcmtk draws of the same files; angles against what geometry says; the first picture on a weak line.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { signIn } from '../lib/session.mjs';
import { ctSeries, dcmtk, drawn, film, lutPicture, stow, usLoop, usRegions } from '../lib/pictures.mjs';
import { faults, launch, must, Person, proof, SCREENS, WAIT_MS } from './browser.mjs';
import { areas, ellipses, keptMarks, printedMarks } from './marks.mjs';

const CT = '1.2.826.0.1.3680043.8.498.4001';
const US = '1.2.826.0.1.3680043.8.498.4002';
const FILM = '1.2.826.0.1.3680043.8.498.4003';
const J2K = path.join(process.env.CONFORMANCE_DATA ?? '../shared/conformance', 'dicom/mr-jpeg2000.dcm');
const SLICES = 300;
const TAGS_OF_PATIENT = ['PatientName', 'PatientID', 'PatientBirthDate'];

// Chromium draws with SwiftShader where there is no graphics card; without WebGL at all Cornerstone draws itself.
export const GL = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const NO_GL = ['--disable-3d-apis'];

export async function prepare(program, login, password, dir) {
  const s = await signIn(program, login, password);
  const id = /\/cases\/([a-z2-7]{26})/.exec((await s.get('/work')).body)[1];
  const accession = id.slice(0, 8).toUpperCase();
  const token = /[A-Za-z0-9_-]{30,}/.exec(program.cli(['token', 'new', '--system', 'pictures']))[0];
  const files = { ct: ctSeries({ uid: CT, accession, n: 24 }), us: dcmtk('dcmcrle', [], usLoop({ uid: US, accession }), dir), film: film({ uid: FILM, accession }), j2k: null };
  await stow(program, token, [...files.ct, files.us, files.film]);
  if (fs.existsSync(J2K)) {
    const copy = path.join(dir, 'j2k.dcm');
    fs.copyFileSync(J2K, copy);
    const r = spawnSync('dcmodify', ['-nb', '-i', `AccessionNumber=${accession}`, ...TAGS_OF_PATIENT.flatMap((t) => ['-m', `${t}=`]), copy]);
    must(r.status === 0, `dcmodify: ${r.stderr}`);
    files.j2k = fs.readFileSync(copy);
    await stow(program, token, [files.j2k]);
  }
  return { id, token, accession, files };
}

const ready = async (p) => {
  await p.page.waitForSelector('#viewer[data-ready]');
  must(await p.page.getAttribute('#viewer', 'data-ready') === 'true', `the viewer did not start: ${await p.page.textContent('#v-note')}`);
  await p.page.waitForFunction(() => document.querySelector('.v__view')?.dataset.shown);
};
const pixels = (p) => p.page.evaluate(() => consiliumViewer.pixels());

// Values through a window as PS3.3 C.11.2.1.2.1 says, to 0..255.
const toned = (v, centre, width) => {
  if (v <= centre - 0.5 - (width - 1) / 2) return 0;
  return v > centre - 0.5 + (width - 1) / 2 ? 255 : Math.round(((v - (centre - 0.5)) / (width - 1) + 0.5) * 255);
};

function same(what, got, want, tone = (v) => v) {
  must(got && got.columns === want.columns && got.rows === want.rows, `${what}: ${got?.columns} x ${got?.rows}, dcmtk ${want.columns} x ${want.rows}`);
  const per = got.n;
  let worst = 0;
  for (let i = 0; i < want.columns * want.rows; i++) {
    for (let c = 0; c < want.n; c++) worst = Math.max(worst, Math.abs(tone(got.values[i * per + (per === 1 ? 0 : c)]) - want.values[i * want.n + c]));
  }
  must(worst <= 1, `${what}: a value differs from dcmtk's by ${worst}`);
}

// What stands on the screen at points of the image, against dcmtk's values there. Whole areas of one value are compared:
// between points the screen shows what lies between.
async function onScreen(p, want, places, what, most) {
  const at = [];
  for (const [x, y] of places) at.push(await p.page.evaluate((point) => consiliumViewer.screen(point), [x + 0.5, y + 0.5]));
  const shot = (await p.page.screenshot()).toString('base64');
  const seen = await p.page.evaluate(async ({ png, points }) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const g = canvas.getContext('2d');
    g.drawImage(bitmap, 0, 0);
    return points.map(([x, y]) => [...g.getImageData(Math.round(x), Math.round(y), 1, 1).data.slice(0, 3)]);
  }, { png: shot, points: at });
  places.forEach(([x, y], i) => {
    const k = (y * want.columns + x) * want.n;
    const expected = want.n === 3 ? [...want.values.subarray(k, k + 3)] : Array(3).fill(want.values[k]);
    must(expected.every((v, c) => Math.abs(v - seen[i][c]) <= most), `${what} at ${x},${y} on the screen: ${seen[i]}, dcmtk ${expected}`);
  });
}

async function drag(p, from, to) {
  const [a, b] = await p.page.evaluate((points) => points.map((q) => consiliumViewer.screen(q)), [from, to]);
  await p.page.mouse.move(...a);
  await p.page.mouse.down();
  await p.page.mouse.move((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, { steps: 3 });
  await p.page.mouse.move(...b, { steps: 3 });
  await p.page.mouse.up();
}
// All n marks once the last one drawn has come to its end: a point less than two away from it.
const marks = (p, n, end) => p.page.waitForFunction(([k, [x, y]]) => {
  const m = consiliumViewer.marks();
  return m.length === k && m.every((one) => one.value !== null) && m.some((one) => one.points.some((q) => Math.hypot(q[0] - x, q[1] - y) < 2)) && m;
}, [n, end]).then((h) => h.jsonValue());
const angleOf = ([a, b], [c, d]) => {
  const turn = Math.abs(Math.atan2(b[1] - a[1], b[0] - a[0]) - Math.atan2(d[1] - c[1], d[0] - c[0])) % Math.PI;
  return (Math.min(turn, Math.PI - turn) * 180) / Math.PI;
};

// A study of another patient is not shown below this patient's name, whoever may see both.
async function notBelow(program, who, made) {
  const s = await signIn(program, ...who);
  const patient = async (id) => /class="c-patient__line">[^]*?<\/div>/.exec((await s.get(`/cases/${id}`)).body)?.[0];
  const own = await patient(made.id);
  let other = null;
  for (const [, id] of (await s.get('/work')).body.matchAll(/\/cases\/([a-z2-7]{26})/g)) if (!other && id !== made.id && await patient(id) !== own) other = id;
  must(other, 'the consultant has one patient alone');
  await stow(program, made.token, [film({ uid: `${FILM}.7`, accession: other.slice(0, 8).toUpperCase() })]);
  must((await s.get(`/cases/${other}/images/${FILM}.7`)).status === 200, 'the study is not in its own case');
  must((await s.get(`/cases/${made.id}/images/${FILM}.7`)).status === 404, 'a study of another patient is shown');
  const { status, body } = await (await signIn(program, 'feldsher5', who[1])).get(`/cases/${made.id}/images/${CT}`);
  must(status === 404 && !body.includes('data-series'), `somebody else: ${status}`);
}

async function withoutScripts(browser, program, who, made) {
  for (const lang of ['ru', 'en']) {
    const p = await Person.begin(browser, program, 'pictures-plain', { lang, scripts: false });
    await p.open('/sign-in', '');
    await p.signIn(...who);
    await p.language(lang);
    await p.open(`/cases/${made.id}`, '');
    must(await p.page.locator(`#images a[href="/cases/${made.id}/images/${CT}"]`).count() > 0, 'the case does not lead to its study');
    await p.open(`/cases/${made.id}/images`, 'pictures-list');
    await p.go(p.page.locator(`a.c-rowlink[href$="${CT}"]`), 'pictures-plain');
    const place = () => p.page.textContent('[data-place=slice]');
    must(/13\D+24/.test(await place()), `not the middle slice: ${await place()}`);
    must(await p.page.evaluate(() => { const i = document.getElementById('v-first'); return i.complete && i.naturalWidth === 128; }).catch(() => true), 'the first picture is not there');
    await p.go('a[rel=next]', '');
    must(/14\D+24/.test(await place()), 'the next slice is another one');
    await p.go('a[data-by="-10"]', '');
    must(/4\D+24/.test(await place()), 'ten slices back lead elsewhere');
    await p.go('.v__windows a[data-centre="-600"]', '');
    must((await p.page.getAttribute('#v-first', 'src')).includes('-600'), 'the lung window is not in the picture');
    const reply = await program.request('GET', await p.page.getAttribute('#v-first', 'src'), { cookie: (await p.context.cookies()).map((c) => `${c.name}=${c.value}`).join('; ') });
    must(reply.status === 200 && reply.headers['content-type'] === 'image/jpeg', `the picture: ${reply.status}`);
    await p.end();
  }
}

async function signedIn(browser, program, who, name, options = {}) {
  const p = await Person.begin(browser, program, name, options);
  await p.open('/sign-in', '');
  await p.signIn(...who);
  await p.language(options.lang ?? 'ru');
  return p;
}

// look() counts scripts against the budget of pages: here the viewer is meant to come, and only here.
async function study(p, made, uid, name) {
  await p.page.goto(`/cases/${made.id}/images/${uid}`, { waitUntil: 'load' });
  await ready(p);
  if (!name) return;
  for (const width of [1280, 360]) {
    await p.page.setViewportSize({ width, height: width < 600 ? 740 : 900 });
    await p.page.waitForTimeout(300); // the picture takes its new size
    await p.fits(`${p.where()} at ${width}`);
    await p.page.screenshot({ path: path.join(SCREENS, `${name}-${width}-${p.lang}.png`), fullPage: true });
  }
  await p.page.setViewportSize({ width: 1280, height: 900 });
  await p.axeRun(p.where());
  await p.page.emulateMedia({ colorScheme: 'dark' });
  await p.focusSeen(5);
  await p.axeRun(`${p.where()} in the dark`);
  await p.page.screenshot({ path: path.join(SCREENS, `${name}-dark-1280-${p.lang}.png`), fullPage: true });
  await p.page.emulateMedia({ colorScheme: 'light' });
}

// The lines through three planes follow the mouse, a finger and the keys; the other planes go where they meet.
async function crosshairs(p) {
  const at = () => p.page.evaluate(() => consiliumViewer.crossAt());
  const meets = async (what, to, near) => {
    await p.page.waitForFunction(([[x, y, z], d]) => { const a = consiliumViewer.crossAt(); return a && Math.hypot(a[0] - x, a[1] - y, a[2] - z) < d; }, [to, near]).catch(async () => { throw new Error(`${what}: the lines meet at ${await at()}, not ${to}`); });
    const planes = await p.page.evaluate(() => ['sagittal', 'coronal', 'axial'].map((id) => consiliumViewer.planeAt(id)));
    const here = await at();
    planes.forEach((f, i) => must(Math.abs(f[i] - here[i]) < 0.05, `${what}: plane ${i} is at ${f[i]}, the lines at ${here[i]}`));
  };
  const screen = (id, world) => p.page.evaluate(([v, w]) => consiliumViewer.inPlane(v, w), [id, world]);
  await p.page.waitForFunction(() => consiliumViewer.crossAt());
  await p.page.evaluate(() => document.querySelector('.v__views--three').scrollIntoView());
  must(await p.page.getAttribute('[data-tool=cross]', 'aria-pressed') === 'true', 'the crosshairs are not what dragging does');
  const [x, y, z] = await at();
  await p.page.mouse.click(...await screen('axial', [x + 12, y - 15, z]));
  await meets('by mouse', [x + 12, y - 15, z], 1);
  await p.page.waitForTimeout(2200); // so long after the mouse touches do not count: browsers make one of the other
  const cdp = await p.context.newCDPSession(p.page);
  const here = await at();
  const [tx, ty] = await screen('sagittal', [here[0], here[1] + 20, here[2] + 4]);
  await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 2 });
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: tx, y: ty }] });
  await p.page.waitForTimeout(400);
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await meets('by a finger', [here[0], here[1] + 20, here[2] + 4], 1);
  await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: false });
  await cdp.detach();
  const [a, b, c] = await at();
  await p.page.focus('.v__views--three figure:not([hidden]) >> nth=1');
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowDown', 'PageUp']) await p.page.keyboard.press(key);
  await meets('by keys', [a + 3, b - 1, c - 2], 0.2);
  await p.page.keyboard.press('Shift+ArrowLeft');
  await meets('by keys with Shift', [a - 7, b - 1, c - 2], 0.2);
}

// Tables of the modality and of tones: the server's picture and the viewer's against dcmtk's.
async function tables(browser, program, who, made, dir) {
  const p = await signedIn(browser, program, who, 'pictures-tables');
  for (const signed of [false, true]) {
    const uid = `${FILM}.${signed ? 12 : 11}`;
    const file = lutPicture({ uid, accession: made.accession, signed });
    await stow(program, made.token, [file]);
    const want = drawn(file, dir, { table: true });
    await study(p, made, uid, '');
    const png = await p.page.evaluate(async (u) => {
      const bitmap = await createImageBitmap(await (await fetch(`/dicom-web/studies/${u}/series/${u}.1/instances/${u}.1.1/rendered`, { headers: { Accept: 'image/png' } })).blob());
      const g = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      g.drawImage(bitmap, 0, 0);
      return { rows: bitmap.height, columns: bitmap.width, n: 4, values: [...g.getImageData(0, 0, bitmap.width, bitmap.height).data] };
    }, uid);
    same(`tables, ${signed ? 'signed' : 'unsigned'}, by the server`, png, want);
    const tone = (v) => (signed ? Math.round(255 * (1 - Math.cos(Math.PI * Math.min(1, Math.max(0, (v + 1024) / 2047)))) / 2) : Math.round(255 * (1 - Math.cos(Math.PI * v / 4095)) / 2));
    same(`tables, ${signed ? 'signed' : 'unsigned'}, in the viewer`, await pixels(p), want, tone);
    await p.page.evaluate(() => document.querySelector('#picture figure').scrollIntoView());
    await p.page.waitForTimeout(500);
    const places = [[4, 4], [60, 20], [68, 44], [36, 60], [92, 76], [20, 92], [124, 124]];
    await onScreen(p, want, places, 'tables', 5);
    await p.page.click('[data-do=invert]');
    await p.page.waitForTimeout(300);
    await onScreen(p, { ...want, values: want.values.map((v) => 255 - v) }, places, 'tables, inverted', 5);
  }
  await p.page.screenshot({ path: path.join(SCREENS, 'pictures-tables-1280-ru.png') });
  await p.end();
}

async function series(browser, program, who, made, dir) {
  const p = await signedIn(browser, program, who, 'pictures-ct');
  await study(p, made, CT, 'pictures-viewer');
  await p.page.evaluate(() => document.querySelector('#picture figure').scrollIntoView());
  const want = drawn(made.files.ct[12], dir);
  same('CT', await pixels(p), want, (v) => toned(v, 40, 80));
  await onScreen(p, want, [[64, 40], [64, 80], [2, 2], [125, 125]], 'CT', 40);
  await p.page.focus('#picture figure');
  await p.page.keyboard.press('ArrowDown');
  await p.page.waitForFunction(() => consiliumViewer.shown().endsWith('.14/1'));
  same('CT by key', await pixels(p), drawn(made.files.ct[13], dir), (v) => toned(v, 40, 80));
  await p.page.click('.v__windows a[data-centre="-600"]');
  await p.page.waitForFunction(() => /600.*1/.test(document.querySelector('.v__words:not(.v__words--top)').textContent));
  await p.page.waitForFunction(() => /24/.test(document.getElementById('v-note').textContent) && !document.getElementById('v-note').textContent.includes(' из '));
  const { frames } = await p.page.evaluate(() => consiliumViewer.requests());
  must(frames === 24, `24 slices took ${frames} requests`);
  await p.page.click('[data-do=mpr]');
  await p.page.waitForFunction(() => document.querySelectorAll('.v__views--three figure:not([hidden]) canvas').length === 3);
  await crosshairs(p);
  for (const width of [1280, 360]) {
    await p.page.setViewportSize({ width, height: 900 });
    await p.page.waitForTimeout(500);
    await p.fits(`three planes at ${width}`);
    await p.page.screenshot({ path: path.join(SCREENS, `pictures-planes-${width}-ru.png`), fullPage: true });
  }
  await p.page.setViewportSize({ width: 1280, height: 900 });
  await p.page.click('[data-do=mpr]');
  must(await p.page.locator('[data-tool=cross]').isHidden() && await p.page.locator('.v__view svg line').count() === 0, 'the lines stayed after the planes');
  await p.page.selectOption('#v-compare', FILM);
  await p.page.waitForFunction((uid) => consiliumViewer.shown(1)?.includes(uid), FILM);
  await p.page.screenshot({ path: path.join(SCREENS, 'pictures-two-1280-ru.png') });
  await p.end();
}

async function loop(browser, program, who, made, dir) {
  const p = await signedIn(browser, program, who, 'pictures-us', { lang: 'en' });
  await study(p, made, US, 'pictures-loop');
  must(await p.page.inputValue('#v-speed') === '20', 'the speed is not that of the data: 50 ms a picture');
  const want = drawn(made.files.us, dir, { frame: 7, window: null });
  same('US, RLE', await pixels(p), want);
  await onScreen(p, want, [[48, 48], [50, 40]], 'US', 4);
  await p.page.click('[data-do=play]');
  const seen = new Set();
  const t0 = Date.now();
  while (seen.size < 12 && Date.now() - t0 < WAIT_MS) seen.add(await p.page.evaluate(() => consiliumViewer.shown()));
  must(seen.size === 12, `the loop showed ${seen.size} of 12 pictures`);
  await p.end();
}

async function wavelets(browser, program, who, made, dir) {
  const p = await signedIn(browser, program, who, 'pictures-j2k');
  const uid = /\b0020,000d\) UI \[([\d.]+)\]/.exec(spawnSync('dcmdump', ['+P', '0020,000d', path.join(dir, 'j2k.dcm')], { encoding: 'utf8' }).stdout)[1];
  await study(p, made, uid, '');
  // Debian's dcmtk has no JPEG 2000: the same image lies there uncompressed, too.
  const plain = J2K.replace('mr-jpeg2000', 'mr-explicit-le');
  const got = await pixels(p);
  const want = drawn(fs.readFileSync(plain), dir, { window: [600, 1200] });
  same('MR, JPEG 2000', got, want, (v) => toned(v, 600, 1200));
  await p.end();
}

async function angles(browser, program, who, made) {
  const p = await signedIn(browser, program, who, 'pictures-cobb');
  await study(p, made, FILM, '');
  await p.page.evaluate(() => document.querySelector('#picture figure').scrollIntoView());
  await p.page.click('[data-tool=cobb]');
  await drag(p, [120, 100], [260, 140]);
  await drag(p, [120, 300], [260, 260]);
  const [cobb] = await marks(p, 1, [260, 260]);
  const computed = angleOf(cobb.points.slice(0, 2), cobb.points.slice(2));
  must(cobb.tool === 'cobb' && cobb.unit === 'deg' && Math.abs(cobb.value - computed) < 0.01, `Cobb ${cobb.value}, computed ${computed}`);
  must(Math.abs(computed - 2 * Math.atan2(40, 140) * 180 / Math.PI) < 0.5, `Cobb ${computed}, drawn 31.9`);
  must(cobb.sop === `${FILM}.1.1` && cobb.series === `${FILM}.1` && cobb.frame === 1 && cobb.text.includes('°'), `the mark: ${JSON.stringify(cobb)}`);
  await p.page.click('[data-tool=length]');
  await drag(p, [50, 350], [150, 350]);
  const length = (await marks(p, 2, [150, 350])).find((m) => m.tool === 'length');
  must(Math.abs(length.value - 50) < 0.6 && length.unit === 'mm', `length ${length.value} ${length.unit}: 100 points of 0.5 mm`);
  await p.page.screenshot({ path: path.join(SCREENS, 'pictures-cobb-1280-ru.png') });
  await p.end();
}

// Of a study of its own: what is kept is seen by everybody of the case.
export async function measured(browser, program, who, made) {
  const uid = `${FILM}.8`;
  await stow(program, made.token, [film({ uid, accession: made.accession })]);
  const p = await signedIn(browser, program, who, 'marks');
  const request = await program.request('GET', `/fhir/ServiceRequest/${made.id}`, { Authorization: `Bearer ${made.token}` });
  const login = JSON.parse(request.body).requester.reference.split('/').pop(); // who asked in this case
  const asker = await signedIn(browser, program, [login, who[1]], 'marks-asker');
  const computed = await keptMarks(p, asker, made, uid, async () => {
    await p.page.click('[data-tool=cobb]');
    await drag(p, [120, 100], [260, 140]);
    await drag(p, [120, 300], [260, 260]);
    const [mark] = await marks(p, 1, [260, 260]);
    return { mark, computed: angleOf(mark.points.slice(0, 2), mark.points.slice(2)) };
  });
  await printedMarks(program, p, who, made, computed);
  await asker.end();
  await p.end();
}

// Values in an ellipse are those of the pixels, on the screen and kept.
async function valued(browser, program, who, made) {
  const [uid, side] = [`${CT}.9`, 128];
  const [file] = ctSeries({ uid, accession: made.accession, n: 1 });
  await stow(program, made.token, [file]);
  const pixels = file.subarray(file.length - side * side * 2);
  const p = await signedIn(browser, program, who, 'marks-ellipse');
  await ellipses(p, program, made, uid, { values: (x, y) => pixels.readUInt16LE((y * side + x) * 2) - 1024, side, drag, marks });
  await p.end();
}

async function measuredAreas(browser, program, who, made) {
  const uid = `${US}.9`;
  await stow(program, made.token, [usRegions({ uid, accession: made.accession })]);
  const p = await signedIn(browser, program, who, 'marks-areas');
  await areas(p, made, uid, { drag, marks });
  await p.end();
}

// Cornerstone's own drawing where there is no WebGL.
async function noWebGl(program, who, made, dir) {
  const browser = await launch(NO_GL);
  const p = await signedIn(browser, program, who, 'pictures-cpu');
  await study(p, made, CT, '');
  must(await p.page.evaluate(() => consiliumViewer.cpu()), 'WebGL is there');
  await p.page.evaluate(() => document.querySelector('#picture figure').scrollIntoView());
  await onScreen(p, drawn(made.files.ct[12], dir), [[64, 40], [2, 2]], 'CT without WebGL', 40);
  await study(p, made, US, '');
  await onScreen(p, drawn(made.files.us, dir, { frame: 7, window: null }), [[48, 48]], 'US without WebGL', 4);
  await p.end();
  await browser.close();
}

// The middle slice of 300 on 2 Mbit/s and 150 ms: {ms: from the click to the picture, kb: its size, all: all that came
// before it}. send: the series is not there yet.
export async function firstPicture(browser, program, who, made, { send = true, side = 512 } = {}) {
  const uid = `${CT}.300`;
  const all = send ? ctSeries({ uid, accession: made.accession, n: SLICES, side }) : [];
  for (let i = 0; i < all.length; i += 50) await stow(program, made.token, all.slice(i, i + 50));
  const p = await signedIn(browser, program, who, 'pictures-line');
  const cdp = await p.context.newCDPSession(p.page);
  await cdp.send('Network.enable');
  await cdp.send('Network.clearBrowserCache');
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 250000, uploadThroughput: 250000 });
  const t0 = Date.now();
  await p.page.goto(`/cases/${made.id}/images/${uid}`, { waitUntil: 'commit' });
  await p.page.waitForFunction(() => { const i = document.getElementById('v-first'); return i && i.complete && i.naturalWidth > 0; });
  const ms = Date.now() - t0;
  const got = await p.page.evaluate(() => {
    const list = performance.getEntriesByType('resource');
    const picture = list.find((e) => e.name.includes('/rendered'));
    const before = [...list.filter((e) => e.responseEnd && e.responseEnd <= picture.responseEnd), performance.getEntriesByType('navigation')[0]];
    return { end: picture.responseEnd, kb: picture.transferSize, all: before.reduce((n, e) => n + e.transferSize, 0), script: list.find((e) => e.name.includes('/assets/viewer.') && e.name.endsWith('.js'))?.startTime ?? Infinity };
  });
  must(got.script >= got.end, 'the viewer was loaded before the first picture was there');
  await p.end();
  return { ms, kb: Math.round(got.kb / 1024), all: Math.round(got.all / 1024) };
}

export async function pictures(program, who) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-pictures-'));
  const browser = await launch(GL);
  try {
    const made = await prepare(program, ...who, dir);
    await proof('images without scripts', () => withoutScripts(browser, program, who, made));
    await proof('images of others are not shown', () => notBelow(program, who, made));
    await proof('the viewer: a CT series, windows, three planes, two side by side', () => series(browser, program, who, made, dir));
    await proof('the viewer: a moving ultrasound picture, RLE', () => loop(browser, program, who, made, dir));
    if (made.files.j2k) await proof('the viewer: JPEG 2000', () => wavelets(browser, program, who, made, dir));
    else console.log(`skipped the viewer: JPEG 2000: no ${J2K}`);
    await proof('tables of the modality and of tones, by the server and in the viewer', () => tables(browser, program, who, made, dir));
    await proof('marks are kept, drawn for the other side, and printed', () => measured(browser, program, who, made));
    await proof('values in an ellipse are those of the pixels, drawn, moved, kept, removed', () => valued(browser, program, who, made));
    await proof('lengths on ultrasound are those of their region', () => measuredAreas(browser, program, who, made));
    await proof('the viewer: Cobb angle and length', () => angles(browser, program, who, made));
    await proof('the viewer without WebGL', () => noWebGl(program, who, made, dir));
    await proof('the first picture of 300 slices on a weak line', async () => {
      const { ms, kb } = await firstPicture(browser, program, who, made);
      console.log(`       ${ms} ms on 2 Mbit/s and 150 ms, ${kb} KB`);
      must(ms <= 3000, `${ms} ms`);
    });
  } finally {
    await browser.close();
    fs.rmSync(dir, { recursive: true, force: true });
  }
  return faults.length;
}
