// What meetings cost: node tools/bench_live.mjs [--streams 1000] [--out FILE]. A room made, many streams of events open in
// waiting rooms, the time from a change to each of them. Writes a section of doc/BENCHMARKS.md.
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { DEMO_PASSWORD } from '../tests/lib/demo.mjs';
import { ANY_RATE, option, Program, ROOT } from '../tests/lib/program.mjs';
import { signIn } from '../tests/lib/session.mjs';

const args = process.argv.slice(2);
const STREAMS = Number(option(args, '--streams', '1000'));
const OUT = option(args, '--out', path.join(ROOT, 'doc/BENCHMARKS.md'));
const MARK = ['<!-- live: written by tools/bench_live.mjs -->', '<!-- end of live -->'];
const CONSULTANTS = ['cardiologist1', 'neurologist1', 'obstetrician1', 'orthopaedist1', 'oncologist1', 'paediatrician1', 'intensivist1', 'therapist1'];
const ROOMS_MAX = 20;
const TURNS = 10;
const LIMITS = { room: 50, event: 300, memory: 100 }; // ms, ms, MB

const program = new Program({ env: ANY_RATE, extra: ['--demo-live=false', '--max-streams', String(STREAMS + 100), '--max-connections', '8192'] });
const rss = () => Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${program.child.pid}/status`, 'utf8'))[1]) / 1024;
const at = (list, share) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))];
const once = (page) => /name="once" value="([^"]+)"/.exec(page)?.[1] ?? '';

// One stream of a room's events; heard: when the next event came.
class Stream {
  constructor(room) {
    this.room = room;
    this.open = new Promise((done, fail) => {
      const r = http.get({ port: program.port, path: `${room.path}/events`, headers: { cookie: room.person.cookie }, agent: false }, (res) => {
        if (res.statusCode !== 200) fail(new Error(`stream: ${res.statusCode}`));
        res.on('data', (d) => { if (d.includes('event: room')) this.heard?.(performance.now()); });
        done();
      });
      r.on('error', fail);
      this.end = () => r.destroy();
    });
  }

  next() {
    return new Promise((done) => { this.heard = done; });
  }
}

// Rooms of the cases consultants work on, each with its own person in it; and how long making one took.
async function rooms() {
  const made = [];
  const times = [];
  for (const login of CONSULTANTS) {
    const person = await signIn(program, login, DEMO_PASSWORD);
    const list = (await person.get('/work')).body;
    for (const one of new Set(list.match(/\/cases\/[a-z2-7]{26}(?=["#])/g) ?? [])) {
      if (made.length >= ROOMS_MAX) break;
      const page = (await person.get(one)).body;
      if (!page.includes(`${one}/room"`)) continue;
      const t0 = performance.now();
      const r = await person.post(`${one}/room`, { once: once(page) });
      times.push(performance.now() - t0);
      const room = { path: r.headers.location?.split(/[?#]/)[0], person };
      if (r.status !== 303) throw new Error(`room: ${r.status}`);
      const entered = await person.post(`${room.path}/enter`, { once: once((await person.get(room.path)).body) });
      if (entered.status !== 303) throw new Error(`enter: ${entered.status}`);
      made.push(room);
    }
  }
  return { made, times };
}

async function told(made, streams) {
  const waits = [];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const room of made) {
      const heard = streams.filter((s) => s.room === room).map((s) => s.next());
      const page = (await room.person.get(room.path)).body;
      const t0 = performance.now();
      const said = room.person.post(`${room.path}/say`, { once: once(page), text: `Turn ${turn}` });
      for (const t of await Promise.all(heard)) waits.push(t - t0);
      if ((await said).status !== 303) throw new Error('say');
    }
  }
  return waits;
}

await program.fill();
await program.start({ words: ['demo'] });
const { made, times } = await rooms();
const idle = rss();
const streams = Array.from({ length: STREAMS }, (_, i) => new Stream(made[i % made.length]));
await Promise.all(streams.map((s) => s.open));
const open = rss();
const waits = await told(made, streams);
const full = rss();
streams.forEach((s) => s.end());
await program.stop();
program.remove();

const n = (v) => v.toFixed(1);
const mark = (v, limit) => (v <= limit ? '' : ' (above the aim)');
const lines = ['## Meetings', '',
  `Measured ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, load ${os.loadavg()[0].toFixed(1)} on ${os.cpus().length} cores. A message is said in a room and kept (synced) before anybody is told of it.`, '',
  '| what | figure | aim |', '|---|---|---|',
  `| a room is made, of ${times.length}: median, most | ${n(at(times, 0.5))}, ${n(Math.max(...times))} ms${mark(at(times, 0.5), LIMITS.room)} | ${LIMITS.room} ms |`,
  `| ${STREAMS} streams of events open in ${made.length} rooms: memory of the program (RSS) | ${n(full)} MiB, ${n(open - idle)} more than without them${mark(full, LIMITS.memory)} | ${LIMITS.memory} MB |`,
  `| from a message sent to each stream told, ${waits.length} times: p50, p99 | ${n(at(waits, 0.5))}, ${n(at(waits, 0.99))} ms${mark(at(waits, 0.99), LIMITS.event)} | ${LIMITS.event} ms |`, ''];
console.log(lines.join('\n'));
const old = fs.existsSync(OUT) ? fs.readFileSync(OUT, 'utf8') : '';
const [head, rest] = old.includes(MARK[0]) ? [old.slice(0, old.indexOf(MARK[0])), old.slice(old.indexOf(MARK[1]) + MARK[1].length + 1)] : [`${old.trimEnd()}\n\n`, ''];
fs.writeFileSync(OUT, `${head}${MARK[0]}\n${lines.join('\n')}${MARK[1]}\n${rest}`);
