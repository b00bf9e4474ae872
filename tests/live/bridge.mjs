// The bridge of src/work against real media servers and real browsers: rooms of several people, people who leave, a server
// that dies with another beside it, the last server that dies.
import { spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { until } from '../lib/until.mjs';
import { chromium } from './browser.mjs';
import { Media } from './media.mjs';
import { inPage } from './page.mjs';

const MOVE_SECONDS = 10; // a room whose server dies moves or says so within this
const FRAMES = 10;

class Bridge {
  constructor(exe, files) {
    this.child = spawn(exe, [files.join(',')], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.pages = new Map();
    this.said = [];
    this.servers = 0;
    let rest = '';
    this.child.stdout.on('data', (d) => {
      const lines = (rest + d).split('\n');
      rest = lines.pop();
      for (const l of lines) this.line(l);
    });
    this.ended = new Promise((done) => { this.child.once('exit', done); });
  }

  line(text) {
    const [first, second] = text.split(' ', 2);
    if (first === 'up') this.servers = Number(second);
    else this.pages.get(`${first} ${second}`)?.evaluate((b) => window.me.got(b), text.slice(first.length + second.length + 2)).catch(() => {});
  }

  say(text) {
    this.child.stdin.write(`${text}\n`);
  }

  async page(browser, base, room, seat) {
    const page = await browser.newPage();
    await page.exposeFunction('say', (body) => this.say(`take ${room} ${seat} ${body}`));
    await page.goto(base);
    await page.evaluate(inPage);
    this.pages.set(`${room} ${seat}`, page);
    page.seat = seat;
    return page;
  }

  up(n) {
    return until(`${n} servers answer`, () => { this.say('up'); return this.servers === n; }, { every: 0.1 });
  }

  async stop() {
    this.child.stdin.end();
    await this.ended;
  }
}

const numbers = (page) => page.evaluate(() => window.me.numbers());
// Everybody sees and hears everybody, from now on.
async function allSee(pages, within = 20) {
  const seats = pages.map((p) => p.seat);
  const counts = new Map();
  await until(`${pages.length} people see and hear each other`, async () => {
    for (const p of pages) {
      const { people } = await numbers(p);
      for (const s of seats.filter((x) => x !== p.seat)) {
        const key = `${p.seat} ${s}`;
        const now = people[s];
        if (!now?.frames) return false;
        const before = counts.get(key) ?? counts.set(key, now).get(key);
        if (now.frames < before.frames + FRAMES || now.packets <= before.packets) return false;
      }
    }
    return true;
  }, { within, every: 0.2 });
}
// Connections a server holds.
const handles = async (server) => {
  const { sessions } = await server.admin({ janus: 'list_sessions' });
  return sessions.length ? (await server.admin({ janus: 'list_handles', session_id: sessions[0] })).handles.length : 0;
};
const word = (page, w) => page.evaluate((x) => window.me.words.filter((y) => y === x).length, w);

export async function bridge(t) {
  const exe = path.join(t.root, 'build', t.build, 'tests/live_bridge');
  const web = http.createServer((q, r) => r.setHeader('content-type', 'text/html').end('<!doctype html><title>live</title>'));
  await new Promise((done) => web.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${web.address().port}/`;
  const servers = [await new Media(t.exe, 0).janusStart(), await new Media(t.exe, 1).janusStart()];
  const b = new Bridge(exe, servers.map((s) => s.file));
  const browser = await chromium();
  try {
    await b.up(2);
    const pages = [];
    for (const seat of [1, 2, 3]) pages.push(await b.page(browser, base, 'one', seat));
    for (const p of pages) await p.evaluate(() => window.me.join());
    await t.prove('three people in a room on Janus see and hear each other', () => allSee(pages));
    const other = await b.page(browser, base, 'two', 1);
    await other.evaluate(() => window.me.join());
    await t.prove('a second room is made on the server with fewer people', () => until('each server has somebody', async () =>
      (await Promise.all(servers.map(handles))).every((n) => n > 0)));
    b.say('left one 3');
    await t.prove('who left is not received any more', () => until('two are left', async () => {
      const { people } = await numbers(pages[0]);
      return Object.keys(people).length === 1 && people[2];
    }));
    const again = await b.page(browser, base, 'one', 4);
    await again.evaluate(() => window.me.join());
    pages[2] = again;
    await t.prove('who comes late sees and is seen', () => allSee(pages));
    await t.prove('a killed server: the room is on the other within 10 s', async () => {
      const load = await Promise.all(servers.map(handles));
      const first = load[0] > load[1] ? 0 : 1;
      const t0 = performance.now();
      await servers[first].janusKill();
      await until('all are told', async () => (await Promise.all(pages.map((p) => word(p, 'moved')))).every((n) => n > 0), { within: MOVE_SECONDS });
      await allSee(pages, MOVE_SECONDS - (performance.now() - t0) / 1000);
      servers.push(servers.splice(first, 1)[0]);
    });
    await t.prove('the last server killed: they are told to do without within 10 s', async () => {
      await servers[0].janusKill();
      await until('all are told', async () => (await Promise.all(pages.map((p) => word(p, 'mesh')))).every((n) => n > 0), { within: MOVE_SECONDS });
    });
    await t.prove('a server that comes back is used again', async () => {
      await servers[0].janusStart();
      await b.up(1);
      await Promise.all(pages.map((p) => p.evaluate(() => window.me.join())));
      await allSee(pages);
    });
    await t.prove('a room nobody is in is gone from the server', async () => {
      b.say('over one');
      b.say('over two');
      await until('no handle and no room is left', async () => await handles(servers[0]) === 0 && (await servers[0].rooms()).length === 0);
    });
  } finally {
    await browser.close();
    await b.stop();
    for (const s of servers) await s.stop();
    web.close();
  }
}
