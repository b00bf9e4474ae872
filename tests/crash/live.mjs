// Crash test of live care: kill -9 and start again while visits are booked, held and signed, consilia go from their call
// to the signed protocol and meetings are recorded. Nothing acknowledged is lost, no time is taken twice, nothing is half-done.
//   node tests/crash/live.mjs [--kills 40] [--build release]
import { option } from '../lib/program.mjs';
import { until } from '../lib/until.mjs';
import { Place } from '../visits/place.mjs';
import { Bookings } from './bookings.mjs';
import { Consilia } from './consilia.mjs';
import { Media } from './media.mjs';
import { Recordings } from './recordings.mjs';

const args = process.argv.slice(2);
const KILLS = Number(option(args, '--kills', 40));
const MORE = 3; // so many times the kills, at most, until all there is to see was seen
const SECONDS = 420; // and no longer than this
const FAULTS_MAX = 5;
const [LEAST_MS, SHORT_MS] = [40, 900];
const [LONG_EACH, LONG_S] = [2, 10]; // every so many windows is long enough for steps that sign, whatever the machine is busy with

const media = await Media.listen();
const place = await Place.open(option(args, '--build', 'release'),
  ['--media-servers', media.file, '--recordings', media.recordings, '--recorder', 'false']); // its files are kept as they came
let faults = 0;
const fault = (text) => { if (++faults <= 4 * FAULTS_MAX) console.log(`FAULT ${text}`); };
const bookings = new Bookings(place, fault);
const consilia = new Consilia(place, fault);
await bookings.begin();
const recordings = new Recordings(place, media, fault);
await consilia.begin();
await recordings.begin();
const started = Date.now();
const spent = () => (Date.now() - started) / 1000;
const sums = () => `${bookings.acked.length} bookings (${bookings.cancelled} cancelled), ${bookings.notes} signed notes, ${consilia.steps} steps of consilia (${consilia.closed} closed), ${recordings.runs} recordings (${recordings.docs.size} files)`;
const unseen = () => Object.entries({ bookings: bookings.acked.length, notes: bookings.notes, steps: consilia.steps, recordings: recordings.runs, 'a recording that waits for somebody who came': recordings.silenced, files: recordings.docs.size }).filter(([, n]) => n === 0).map(([what]) => what);
const done = () => [bookings.steps, consilia.steps];
let kills = 0;
while (spent() < SECONDS && (kills < KILLS || (kills < MORE * KILLS && unseen().length > 0)) && faults <= FAULTS_MAX) {
  const load = [bookings.racer(), bookings.doctor(), consilia.player(), recordings.player()].map((l) => l.catch((e) => e.message));
  const before = done();
  if (kills % LONG_EACH === 0) await until('a step of a visit and of a consilium', () => done().every((n, i) => n > before[i]), { within: LONG_S }).catch(() => {});
  await new Promise((f) => { setTimeout(f, LEAST_MS + Math.floor(Math.random() * SHORT_MS)); });
  await place.program.kill();
  kills += 1;
  await Promise.all(load);
  recordings.killed();
  await place.program.start();
  await bookings.check();
  await consilia.check();
  await recordings.check();
}
await recordings.end();
media.close();
console.log(`${kills} kills in ${spent().toFixed(0)} s: ${sums()}, ${faults} faults`);
if (unseen().length > 0) console.log(`nothing was seen of: ${unseen().join(', ')}`);
await place.close().catch((e) => fault(e.message));
process.exit(faults || unseen().length > 0 ? 1 : 0);
