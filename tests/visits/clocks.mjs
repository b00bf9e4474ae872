// The clocks of a visit in the running program: reminders and the promise of the note come once each, over restarts and
// jumps of the clock; a visit is joined an hour early, or a day late.
import { until } from '../lib/until.mjs';
import { DAY, is } from './place.mjs';
import { stands } from './story.mjs';

const HOUR = 3600;

// What somebody is told from now on: notices, exactly, in the list of them; by mail each at least once. A mail may tell of
// several, and goes out again when the program is killed before it has written down that it went.
async function listens(p, login, address) {
  const heard = await p.hears(login, address);
  const listed = async (text) => [...(await p.get(login, '/notices')).body.matchAll(/<li>[^]*?<\/li>/g)].filter(([li]) => li.includes('<time ') && li.includes(text)).length;
  const had = await listed('');
  const notices = async () => await listed('') - had;
  const mailed = () => heard().reduce((n, m) => n + Number(/There are (\d+) new notices/.exec(m)?.[1] ?? 1), 0);
  return {
    heard,
    listed,
    async once(what, n) {
      await until('the mails', () => mailed() >= n, { within: 60 }).catch(() => {}); // told below
      is(what, await notices() === n && mailed() >= n, [await notices(), mailed(), heard()]);
    },
  };
}

async function restart(p) {
  await p.program.kill();
  await p.program.start();
  p.sessions.clear();
}

export async function reminded(p) {
  const patient = await p.patient('Reminded');
  // a doctor with no other visits: whatever else comes due meanwhile goes to others
  const watcher = await listens(p, 'watcher', 'watcher.reminded@mail.test');
  const how = { schedule: (await p.hours('watcher')).schedule, purpose: 'advice', problem: '' };
  const [start] = await p.times(patient, p.now() + 4 * DAY * 1000, how);
  const [late] = await p.times(patient, start + 2 * DAY * 1000, how);
  const visit = await p.book(patient, start, how);
  await p.book(patient, late, how);
  const soon = () => watcher.listed('A visit is coming up');
  for (const [i, before] of [DAY, 2 * HOUR].entries()) {
    p.goTo(start, -before + 5);
    await until('the reminder', async () => (await soon()) === i + 1, { within: 60 });
    await restart(p);
  }
  // over all of the second visit's: one, and none once it has begun
  p.goTo(late, -HOUR);
  await until('the late reminder', async () => (await soon()) === 3, { within: 60 });
  await restart(p);
  p.goTo(late, DAY);
  // what was still to come for it has come when the next visit's reminder has
  const other = await p.patient('Marker');
  const [next] = await p.times(other, p.now() + 3 * DAY * 1000, how);
  await p.book(other, next, how);
  p.goTo(next, -HOUR);
  await until('the reminder after it', async () => (await soon()) >= 4, { within: 60 });
  is('reminders once each, over restarts and a jump', (await soon()) === 4, watcher.heard());
  await watcher.once('told of each once: three bookings, four reminders', 7);
  is('without content', !/Reminded|I10|hypertension/i.test(watcher.heard().join()));
  await stands(p, visit, 'booked busy 404 ');
}

export async function noteOwed(p) {
  const patient = await p.patient('Owed');
  await p.seen(patient);
  const doctor = await listens(p, 'colleague', 'colleague.owed@mail.test');
  const [start] = await p.times(patient, p.now() + 3 * DAY * 1000, { schedule: p.colleague ??= (await p.hours('colleague')).schedule, purpose: 'advice', problem: '' });
  const visit = await p.book(patient, start, { schedule: p.colleague, purpose: 'advice', problem: '' });
  p.goTo(start, 30); // too late for a reminder
  await p.go(visit, 'begin', {}, 'colleague');
  await p.go(visit, 'admit', { identity: 'known', consent: 'oral' }, 'colleague');
  await p.go(visit, 'end', {}, 'colleague');
  await stands(p, visit, 'fulfilled busy finished note-owed');
  const t = await p.fhir(`Task/${visit}`);
  const due = Date.parse(t.restriction.period.end);
  is('due within the policy\'s time', Math.abs(due - start - DAY * 1000) < 120e3, t.restriction);
  const level = async () => (await p.fhir(`Task/${visit}`)).businessStatus.coding[1]?.code ?? '';
  for (const [seconds, wanted] of [[-4 * HOUR + 5, 'due-soon'], [5, 'overdue'], [DAY + 5, 'escalated']]) {
    p.goTo(due, seconds);
    await until(wanted, async () => (await level()) === wanted, { within: 60 });
    await restart(p);
    is(`${wanted}, and the visit stays where it is`, (await p.fhir(`Task/${visit}`)).status === 'in-progress');
  }
  is('the page says it is overdue', /The note is overdue/.test(await p.text('colleague', `/visits/${visit}`)));
  const clock = (await p.all(`AuditEvent?patient=${patient}&_count=200`)).filter((e) => e.subtype?.[0].code === 'clock').map((e) => e.entity[0].description);
  is('each deadline once', ['remind', 'overdue', 'escalate'].every((k) => clock.filter((x) => x === k).length === 1), clock);
  await doctor.once('the doctor heard of each once: booked; the note due soon, overdue, escalated', 4);
}

// Joined early, late, over midnight of the place.
export async function whenJoined(p) {
  const patient = await p.patient('Joined');
  await p.account(patient, 'patient.joined');
  await p.seen(patient);
  const [start] = await p.times(patient, p.now() + 3 * DAY * 1000); // midnight of the place
  const visit = await p.book(patient, start);
  const room = (await p.post('patient.joined', `/visits/${visit}/room`)).headers.location;
  p.goTo(start, -HOUR - 30);
  is('more than an hour early: not begun', /too early/.test(await p.text('doctor', `/visits/${visit}`)));
  p.goTo(start, -HOUR + 30);
  const early = await p.text('patient.joined', room);
  is('the patient is told when the door opens', /opens/i.test(early), early.slice(0, 400));
  is('and is not let in by a click', (await p.post('patient.joined', `${room}/enter`)).status !== 303 || !/Waiting|waiting/.test(await p.text('patient.joined', room)));
  is('an hour early, the day before by the calendar: begun', (await p.go(visit, 'begin')).headers.location?.endsWith('visit-begin'));
  await stands(p, visit, 'arrived busy in-progress begun');
  const [other] = await p.times(patient, p.now() + 2 * DAY * 1000);
  const second = await p.book(patient, other);
  const door = (await p.post('patient.joined', `/visits/${second}/room`)).headers.location;
  p.goTo(other, DAY + 6 * HOUR);
  const late = await p.text('patient.joined', door);
  is('a day late: the patient is told it is over', /closed|over|ended/i.test(late), late.slice(0, 400));
  is('the doctor may still begin it the day after', (await p.go(second, 'begin')).headers.location?.endsWith('visit-begin'));
  await stands(p, second, 'arrived busy in-progress begun');
  const [third] = await p.times(patient, p.now() + 2 * DAY * 1000);
  const last = await p.book(patient, third);
  p.goTo(third, 2 * DAY + HOUR);
  is('two days late: not any more', /too late/.test(await p.text('doctor', `/visits/${last}`)) && (await p.go(last, 'begin')).headers.location?.endsWith('visit-late'));
  await stands(p, last, 'booked busy 404 ');
}
