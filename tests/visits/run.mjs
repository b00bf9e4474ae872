// Visits over HTTP: booked by the registry, held, noted and signed; cancelled, moved, missed; the clocks over restarts and
// jumps; what the rule refuses; bad input.
//   node tests/visits/run.mjs [--build release]
import { option } from '../lib/program.mjs';
import { badInput, dates } from './bad.mjs';
import { noteOwed, reminded, whenJoined } from './clocks.mjs';
import { Place, is, totals } from './place.mjs';
import { rules } from './rules.mjs';
import { cancelled, inPerson, languages, moved, noShow, verified, whole } from './story.mjs';

const args = process.argv.slice(2);
const p = await Place.open(option(args, '--build', 'release'));
const hours = await p.hours();
p.schedule = hours.schedule;
p.person = hours.person;
const parts = p.clock.without ? { rules, badInput }
  : { rules, badInput, dates, whole: async (x) => { await verified(x, await whole(x)); }, cancelled, moved, noShow, inPerson, languages, whenJoined, reminded, noteOwed };
for (const [name, part] of Object.entries(parts)) {
  if (args.length > 0 && !args.includes(name)) continue;
  await part(p).catch((e) => is(`${name}: ${e.message}`, false, e.stack));
}
await p.close();
const { passed, failed } = totals();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
