// Recording through the whole program with a real media server: asked, agreed to, announced, stopped; what was said becomes
// files of the case that play. Somebody who comes in silences it; who says no ends it; a media server that dies does, and is said.
import fs from 'node:fs';
import path from 'node:path';
import { until } from '../lib/until.mjs';
import { chromium } from './browser.mjs';
import { Media } from './media.mjs';
import { allSee, Meeting, numbers, WHO } from './meeting.mjs';

const NOTICE = 'This session is being recorded.';
const SAID_BYTES = 20000; // of each person's sound or picture, written
const MAGIC = { 'audio/ogg': Buffer.from('OggS'), 'video/webm': Buffer.from([0x1a, 0x45, 0xdf, 0xa3]) };

const press = (page, name) => page.locator('#recording').getByRole('button', { name, exact: true }).click();
const reads = (page, text) => page.locator('#recording', { hasText: text }).waitFor({ timeout: 30000 });
const all = (pages, text) => Promise.all(pages.map((p) => reads(p, text)));

// What the media server has written by now, by file.
function written(folder) {
  const list = fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  return new Map(list.filter((f) => f.isFile()).map((f) => [f.name, fs.statSync(path.join(f.parentPath ?? f.path, f.name)).size]));
}

const grown = (folder, n) => until(`${n} files grow`, () => [...written(folder).values()].filter((size) => size > SAID_BYTES).length >= n, { within: 60 });

// Resources of the record, as the interface account sees them.
async function resources(m, query) {
  const r = await m.program.request('GET', `/fhir/${query}`, { authorization: `Bearer ${m.region.system}`, accept: 'application/fhir+json' });
  return (JSON.parse(r.body).entry ?? []).map((e) => e.resource);
}

const documents = (m) => resources(m, 'DocumentReference?_count=100').then((list) => list.filter((d) => d.type?.coding?.[0]?.code === 'recording'));

async function plays(page, d) {
  const { url, contentType, size, title } = d.content[0].attachment;
  const r = await page.context().request.get(url);
  const body = await r.body();
  const kind = MAGIC[contentType];
  if (r.status() !== 200 || body.length !== size || !kind || !body.subarray(0, 4).equals(kind)) throw new Error(`${title}: ${r.status()} ${contentType} ${body.length} of ${size}`);
  const part = await page.context().request.get(url, { headers: { range: 'bytes=0-3' } });
  if (part.status() !== 206 || !(await part.body()).equals(kind)) throw new Error(`${title}: a part of it: ${part.status()}`);
  // The browser itself plays it, on a page that has nothing else.
  const blank = await (await page.context().browser().newContext()).newPage();
  const shown = await blank.evaluate(async ([bytes, type]) => {
    /* global document */
    const player = document.createElement(type.split('/')[0]);
    player.muted = true;
    return new Promise((done) => {
      player.onloadeddata = () => done(1); // the first is decoded; the last may be torn where a media server died
      player.onerror = () => done(0);
      player.src = `data:${type};base64,${bytes}`;
      player.play().catch(() => done(0));
    });
  }, [body.toString('base64'), contentType]);
  await blank.context().close();
  return !!shown;
}

// All are what they say. Of each person sound and a picture play; a stretch too short for a whole picture of its own shows none.
async function allPlay(page, list) {
  const playing = new Set();
  for (const d of list) {
    const { contentType, title } = d.content[0].attachment;
    const who = `${contentType} ${title.split(': ').at(-1)}`;
    if (await plays(page, d)) playing.add(who);
    else if (contentType === 'audio/ogg') throw new Error(`${title} does not play`);
  }
  for (const name of ['Asker', 'Answerer']) {
    for (const type of Object.keys(MAGIC)) if (![...playing].some((w) => w.startsWith(`${type} ${name}`))) throw new Error(`${type} of ${name} does not play`);
  }
}

async function whole(t, m, folder, media, browser) {
  const near = await m.enter(browser, WHO[0]);
  const far = await m.enter(browser, WHO[1]);
  const two = [near, far];
  await t.prove('two people agree to a recording: both are told, and are brought to the media server', async () => {
    await allSee(two);
    if ((await numbers(near)).server) throw new Error('by the server before');
    if (await far.locator('#recording button').count() && !(await far.getByText('Ask everybody to record').count())) throw new Error('a question before it was asked');
    await press(near, 'Ask everybody to record');
    await reads(near, 'Nothing is recorded now.');
    if (written(folder).size) throw new Error('recorded before all agreed');
    await press(far, 'I agree to be recorded');
    await all(two, NOTICE);
    await until('both come by the server', async () => (await Promise.all(two.map(numbers))).every((n) => n.server === 'on'), { within: 40 });
    await grown(folder, 4);
  });
  await t.prove('somebody comes in: nothing is recorded until they agree', async () => {
    const third = await m.enter(browser, WHO[2]);
    await all(two, 'Nothing is recorded now.');
    const before = written(folder);
    await reads(third, 'asks to record this meeting');
    await allSee([...two, third], { within: 60 });
    const now = written(folder);
    if ([...now].some(([name, size]) => size > (before.get(name) ?? 0) + SAID_BYTES)) throw new Error('it goes on being written');
    await press(third, 'I agree to be recorded');
    await all([...two, third], NOTICE);
    await near.locator('#people li', { hasText: 'Answerertoo' }).getByRole('button', { name: 'Take out' }).click();
    await third.getByText('You were taken out of the meeting').waitFor();
    await third.context().close();
    m.pages.pop();
    await all(two, NOTICE);
  });
  await t.prove('stopped: the files are of the case, and play; their first form is erased', async () => {
    await press(near, 'Stop recording');
    await all(two, 'The recording was stopped.');
    await until('the files are kept', async () => (await all(two, 'Its files are in the record.').then(() => true, () => false)), { within: 90 });
    const list = await documents(m);
    if (list.length < 4) throw new Error(`${list.length} documents`);
    const encounters = await m.encounters();
    for (const d of list) {
      if (d.context.encounter[0].reference !== `Encounter/${encounters[0].id}` || d.context.related[0].reference !== `ServiceRequest/${m.case}`) throw new Error(JSON.stringify(d.context));
      if (!d.author[0].reference.startsWith('Practitioner/')) throw new Error('no author');
    }
    await allPlay(near, list);
    const kinds = new Set(list.map((d) => d.content[0].attachment.contentType));
    if (kinds.size !== 2 || fs.readdirSync(folder).length) throw new Error(`${[...kinds]} ${fs.readdirSync(folder)}`);
    const consents = await resources(m, 'Consent?_count=100').then((c) => c.filter((x) => x.category?.[0]?.coding?.[0]?.code === 'meeting-recorded'));
    if (consents.length !== 3 || consents.some((c) => c.provision.type !== 'permit')) throw new Error(`${consents.length} consents`);
    const outside = await browser.newContext({ baseURL: m.program.base });
    const r = await outside.request.get(list[0].content[0].attachment.url, { maxRedirects: 0 });
    if (r.status() === 200) throw new Error('anybody reads it');
    await outside.close();
  });
  await t.prove('who says no ends it, and nothing is recorded', async () => {
    await press(near, 'Ask everybody to record');
    await press(far, 'I do not agree');
    await all(two, 'Somebody does not agree');
    if (written(folder).size) throw new Error('something was recorded');
  });
  await t.prove('the media server dies: all are told, and what was recorded is kept', async () => {
    const before = (await documents(m)).length;
    await press(near, 'Ask everybody to record');
    await press(far, 'I agree to be recorded');
    await all(two, NOTICE);
    await grown(folder, 4);
    await media.janusKill();
    await all(two, 'The recording broke off');
    await allSee(two, { within: 40, pictures: false });
    // Nobody has written to them for long, as the clock of the files says.
    for (const d of fs.readdirSync(folder)) for (const f of fs.readdirSync(path.join(folder, d))) fs.utimesSync(path.join(folder, d, f), 0, 0);
    await until('the files are kept', async () => (await documents(m)).length >= before + 4, { within: 90 });
    await allPlay(near, await documents(m));
  });
}

export async function record(t) {
  const media = new Media(t.exe, 0, true);
  await media.janusStart();
  const m = await Meeting.open(t.build, ['--media-servers', media.file, '--recordings', media.settings.recordings]);
  const browser = await chromium();
  try {
    await whole(t, m, media.settings.recordings, media, browser);
  } finally {
    await browser.close();
    await m.stop();
    await media.stop();
  }
}
