// Meetings through the whole program: two page to page, six by a media server, which dies; a relay alone with UDP closed; a
// line of 30 kbit/s that loses; a line cut for 20 s.
import { until } from '../lib/until.mjs';
import { BadLine } from './bad_line.mjs';
import { chromium } from './browser.mjs';
import { Media } from './media.mjs';
import { allSee, Meeting, numbers, WHO } from './meeting.mjs';
import { ADDRESS } from './net.mjs';

const TOLD_SECONDS = 10;
const LEVEL_SOUND = 1;

async function many(t) {
  const servers = [await new Media(t.exe, 0).janusStart(), await new Media(t.exe, 1).janusStart()];
  const m = await Meeting.open(t.build, ['--media-servers', servers.map((s) => s.file).join(',')]);
  const browser = await chromium();
  try {
    for (const login of WHO.slice(0, 2)) await m.enter(browser, login);
    await t.prove('two people, page to page: each decodes the other', async () => {
      await allSee(m.pages);
      const { server, ways } = await numbers(m.pages[0]);
      if (server || ways.some((w) => !w.startsWith('host'))) throw new Error(`${server} ${ways}`);
    });
    for (const login of WHO.slice(2)) await m.enter(browser, login);
    await t.prove('six people by the media server: each decodes all others', async () => {
      await allSee(m.pages, { within: 90 });
      for (const p of m.pages) if ((await numbers(p)).server !== 'on') throw new Error('not by the server');
    });
    await t.prove('a killed media server: six people meet on the other', async () => {
      const at = (await Promise.all(servers.map((s) => s.rooms()))).findIndex((r) => r.length > 0);
      const t0 = performance.now();
      await servers[at].janusKill();
      await until('the room is on the other', async () => (await servers[1 - at].rooms()).length > 0, { within: TOLD_SECONDS });
      const moved = (performance.now() - t0) / 1000;
      if (moved > TOLD_SECONDS) throw new Error(`${moved} s`);
      await allSee(m.pages, { within: 20, pictures: false });
      await allSee(m.pages, { within: 60 });
    });
    await t.prove('no media server left: six people are told within 10 s, and text works', async () => {
      await Promise.all(servers.filter((s) => !s.janus.over).map((s) => s.janusKill()));
      await until('all are told', async () => (await Promise.all(m.pages.map(numbers))).every((n) => /media server/.test(n.said)), { within: TOLD_SECONDS });
      await m.write(m.pages[0], 'By text then');
      await m.pages[5].waitForSelector('#talk :text("By text then")');
    });
  } finally {
    await browser.close();
    await m.stop();
    for (const s of servers) await s.stop();
  }
}

async function relay(t) {
  const media = new Media(t.exe, 0);
  await media.turnStart(['--no-udp']);
  const m = await Meeting.open(t.build, ['--turn-urls', media.settings.turn_urls, '--turn-secret', media.settings.turn_secret, '--turn-only=true']);
  const browser = await chromium();
  try {
    await t.prove('UDP closed: a call through the relay alone, over TCP', async () => {
      for (const login of WHO.slice(0, 2)) await m.enter(browser, login);
      await allSee(m.pages);
      const ways = (await Promise.all(m.pages.map(numbers))).flatMap((n) => n.ways);
      if (!ways.length || ways.some((w) => w !== 'relay tcp')) throw new Error(ways.join(', '));
    });
  } finally {
    await browser.close();
    await m.stop();
    await media.stop();
  }
}

async function line(t) {
  const media = await new Media(t.exe, 0).turnStart();
  const m = await Meeting.open(t.build, ['--turn-urls', media.settings.turn_urls, '--turn-secret', media.settings.turn_secret]);
  const bad = new BadLine();
  const browser = await chromium();
  const udp = await bad.udp(media.turnPort, ADDRESS);
  const base = `http://127.0.0.1:${await bad.tcp(m.program.port)}`;
  const ice = (given) => ({ ...given, iceTransportPolicy: 'relay',
    iceServers: [{ ...given.iceServers[0], urls: `turn:${ADDRESS}:${udp}?transport=udp` }] });
  try {
    const near = await m.enter(browser, WHO[0]);
    const far = await m.enter(browser, WHO[1], { base, ice });
    await t.prove('one of two by a line of their own: both see and hear', () => allSee(m.pages));
    await t.prove('the line is cut for 20 s: the same visit goes on by itself', async () => {
      const before = await m.encounters();
      bad.cut();
      await new Promise((done) => { setTimeout(done, 20000); }); // the cut
      bad.mend();
      await allSee(m.pages, { within: 40 });
      const after = await m.encounters();
      if (before.length !== 1 || after.length !== 1 || after[0].id !== before[0].id || after[0].status !== 'in-progress') throw new Error(JSON.stringify([before.length, after.map((e) => e.status)]));
    });
    await t.prove('the line becomes 30 kbit/s with 5 % loss: the picture stops, sound goes on, text works', async () => {
      bad.kbit = 30;
      bad.loss = 0.05;
      await until('sound alone', async () => (await Promise.all(m.pages.map((p) => p.evaluate(() => window.consiliumCall.told)))).every((l) => l >= 0 && l <= LEVEL_SOUND), { within: 60 });
      await until('pictures stand', async () => {
        const before = await Promise.all(m.pages.map(numbers));
        await new Promise((done) => { setTimeout(done, 3000); }); // the speed of pictures
        const after = await Promise.all(m.pages.map(numbers));
        return [0, 1].every((i) => after[i].people[m.pages[1 - i].seat].frames === before[i].people[m.pages[1 - i].seat].frames);
      }, { within: 40 });
      for (let i = 0; i < 4; i++) await allSee(m.pages, { within: 10, pictures: false });
      await m.write(far, 'Can you hear me');
      await near.waitForSelector('#talk :text("Can you hear me")');
    });
    await t.prove('the line is good again: the picture comes back by itself', async () => {
      bad.kbit = 0;
      bad.loss = 0;
      await allSee(m.pages, { within: 90 });
    });
  } finally {
    bad.stop();
    await browser.close();
    await m.stop();
    await media.stop();
  }
}

export async function rooms(t) {
  for (const part of [many, relay, line]) await part(t).catch((e) => t.prove(part.name, () => { throw e; }));
}
