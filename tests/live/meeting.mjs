// A case of a small region and the people who meet about it, each a browser page of their own.
import { Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { Cases } from '../crash/cases.mjs';

const SERVICE = ['consultant', 'second', 'third', 'fourth', 'fifth'];
export const WHO = ['doctor', ...SERVICE];
const FRAMES = 10;

export class Meeting {
  // extra: settings of the program.
  static async open(build, extra) {
    const m = new Meeting();
    m.program = new Program({ build, extra });
    m.region = world(m.program);
    for (const login of SERVICE.slice(2)) {
      m.program.cli(['user', 'add', login, '--family', login, '--given', 'Test', '--org', m.region.centre, '--role', 'consultant',
        '--service', m.region.service, '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
    }
    await m.program.start();
    const cases = new Cases(m.program, null, m.region, {}, (text) => { throw new Error(text); });
    await cases.signIn();
    const c = await cases.begin('urgent');
    await cases.submit(c);
    const made = await cases.doctor.post(`/cases/${c.id}/room`, {});
    m.room = /\/rooms\/[a-z0-9]+/.exec(made.headers.location ?? '')?.[0];
    if (!m.room) throw new Error(`no room: ${made.status}`);
    m.case = c.id;
    m.asker = cases.doctor;
    m.pages = [];
    return m;
  }

  // Somebody enters. base: another address of the program; ice: what the program says of relays, changed.
  async enter(browser, login, { base = this.program.base, ice } = {}) {
    const session = await signIn(this.program, login, PASSWORD);
    const context = await browser.newContext({ baseURL: base, viewport: { width: 1024, height: 700 } });
    const [name, value] = session.cookie.split('=');
    await context.addCookies([{ name, value, url: base }]);
    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    if (ice) {
      await page.route('**/ice', async (route) => {
        const r = await route.fetch();
        await route.fulfill({ response: r, json: ice(await r.json()) });
      });
    }
    await page.goto(this.room);
    await page.click('#enter');
    await page.waitForSelector('#room[data-stage="in"]');
    page.seat = Number(await page.getAttribute('#room', 'data-seat'));
    page.login = login;
    this.pages.push(page);
    return page;
  }

  // Text beside.
  async write(page, text) {
    await page.fill('#say textarea', text);
    await page.click('#say button:not([type=button])');
  }

  // The Encounters of the room, as the interface account sees them.
  async encounters() {
    const r = await this.program.request('GET', '/fhir/Encounter?class=VR', { authorization: `Bearer ${this.region.system}`, accept: 'application/fhir+json' });
    return (JSON.parse(r.body).entry ?? []).map((e) => e.resource);
  }

  async stop() {
    await this.program.stop();
    this.program.remove();
  }
}

// In a page: of each who is received frames decoded and packets of sound, and which way they come.
function inPage() {
  /* global window */
  const call = window.consiliumCall;
  return (async () => {
    const people = {};
    const ways = [];
    const read = async (pc, seatOf) => {
      const all = new Map();
      (await pc.getStats()).forEach((s) => all.set(s.id, s));
      for (const s of all.values()) {
        if (s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded') {
          const c = all.get(s.localCandidateId);
          ways.push(`${c.candidateType} ${c.relayProtocol ?? c.protocol}`);
        }
        const seat = s.type === 'inbound-rtp' ? seatOf(s) : undefined;
        if (seat === undefined) continue;
        const p = (people[seat] ??= { frames: 0, packets: 0 });
        if (s.kind === 'video') p.frames += s.framesDecoded;
        else p.packets += s.packetsReceived;
      }
    };
    for (const [seat, peer] of call.peers) await read(peer.pc, () => seat);
    if (call.server?.down) await read(call.server.down, (s) => call.server.from.get(s.mid)?.from);
    const ladders = [...call.peers.values()].map((p) => p.ladder);
    if (call.server?.ladder) ladders.push(call.server.ladder);
    return { people, ways, server: call.server?.state ?? '', said: document.getElementById('room-say').textContent,
      line: ladders.map((l) => ({ ...l.last, good: l.good, wait: l.wait })), pictures: call.server?.pictures };
  })();
}
export const numbers = (page) => page.evaluate(inPage);

// Each page gets pictures (and sound) of each other one, from now on.
export async function allSee(pages, { within = 30, pictures = true } = {}) {
  const first = new Map();
  let missing = [];
  let lines = [];
  await until('everybody sees and hears everybody', async () => {
    const now = await Promise.all(pages.map((p) => numbers(p).catch(() => ({ people: {} }))));
    lines = now.map(({ said, server, line, pictures: shown }) => ({ said, server, line, shown }));
    missing = pages.flatMap((p, i) => pages.filter((other) => other !== p).flatMap((other) => {
      const key = `${p.login} < ${other.login}`;
      const n = now[i].people[other.seat];
      if (!n) return [key];
      const before = first.get(key) ?? first.set(key, n).get(key);
      if (n.packets < before.packets) first.delete(key); // a connection made anew
      return n.packets > before.packets && (!pictures || n.frames >= before.frames + FRAMES) ? [] : [`${key} ${JSON.stringify(n)}`];
    }));
    return missing.length === 0;
  }, { within, every: 0.2 }).catch((e) => { throw new Error(`${e.message}; missing: ${missing.join(', ')}; lines: ${JSON.stringify(lines)}`); });
}
