// A file of people and the kill: whatever moment it comes, a line is there whole (the person, the account, the role)
// or not at all, the page says how far it came, and the same file applied again does what is left and nothing twice.
//   node tests/crash/people.mjs [--rounds 8] [--build release]
import { checks } from '../lib/checks.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { PASSWORD, world } from '../lib/world.mjs';

const args = process.argv.slice(2);
const ROUNDS = Number(option(args, '--rounds', 8));
const PEOPLE = 300;
const program = new Program({ build: option(args, '--build', 'release') });
const { is, end } = checks();
const CUT = 'cut-here';

const form = (csrf, csv) => `--${CUT}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${csrf}\r\n--${CUT}\r\n`
  + `Content-Disposition: form-data; name="file"; filename="people.csv"\r\nContent-Type: text/csv\r\n\r\n${csv}\r\n--${CUT}--\r\n`;
const lay = (s, csv) => program.request('POST', '/staff/import', { cookie: s.cookie, 'content-type': `multipart/form-data; boundary=${CUT}` }, form(s.csrf, csv));

// Each third person has two roles, which are two lines.
function people(round) {
  const lines = [];
  for (let i = 0; i < PEOPLE; i++) {
    const one = `r${round}p${i},Made${round},Up${i},${region.hospital}`;
    lines.push(`${one},doctor`);
    if (i % 3 === 0) lines.push(`${one},nurse`);
  }
  return { csv: `login,family,given,organisation,role\n${lines.join('\n')}\n`, lines };
}

const total = async (type) => JSON.parse((await program.request('GET', `/fhir/${type}?_summary=count`, { authorization: `Bearer ${region.system}` })).body).total;
const counts = async () => [await total('Practitioner'), await total('PractitionerRole')];

// What the page says of the file laid ready; null without one.
async function page(s) {
  const { body } = await s.get('/staff/import');
  const number = (re) => (re.test(body) ? Number(re.exec(body)[1].replace(/\D/g, '')) : null);
  return /What would be done/.test(body) && {
    mark: /name="mark" value="([0-9a-f]{64})"/.exec(body)?.[1],
    left: number(/Import these ([^<]*) lines?</) ?? number(/Import this ([^<]*) line</) ?? 0,
    same: number(/>([^<>]*) lines? changes? nothing</), wrong: number(/>([^<>]*) lines? (?:is|are) wrong/),
    cut: number(/cut short at [^<]*?: ([^<:a-z]*) of /), ended: /The last import ended/.test(body),
  };
}

// Kills the program ms after a request went out; what was answered until then, or undefined.
async function killed(sent, ms) {
  let answer;
  const quiet = sent.then((r) => { answer = r; }, () => {});
  await new Promise((done) => setTimeout(done, ms));
  await program.kill();
  await quiet;
  await program.start();
  return answer;
}

const region = world(program);
program.cli(['user', 'add', 'admin', '--family', 'Admin', '--given', 'Test', '--org', region.hospital, '--role', 'administrator',
  '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
await program.start();
const s = await signIn(program, 'admin', PASSWORD);

// Once without a kill: how long it takes, and what it makes.
const whole = people(0);
const before = await counts();
const began = Date.now();
is('the file is read', (await lay(s, whole.csv)).status, 303);
const laid = Date.now() - began;
const first = await page(s);
is('all of it would be made', [first.left, first.same, first.wrong], [whole.lines.length, 0, 0]);
const start = Date.now();
is('and is', (await s.post('/staff/import/apply', { mark: first.mark })).status, 303);
const took = Date.now() - start;
is('each person and each role once', await counts(), [before[0] + PEOPLE, before[1] + whole.lines.length]);

let cuts = 0;
for (let n = 1; n <= ROUNDS; n++) {
  const file = people(n);
  const had = await counts();
  if (n % 4 === 0) { // while the file comes: it is there whole, or not
    const old = await page(s);
    const answer = await killed(lay(s, file.csv), (laid * n) / ROUNDS);
    const now = await page(s);
    is(`${n}: the file is laid ready whole or not at all`, [file.lines.length, old.left].includes(now.left) && now.wrong === 0, true);
    if (answer) is(`${n}: what was answered is there`, now.left, file.lines.length);
  }
  await lay(s, file.csv);
  const plan = await page(s);
  is(`${n}: a new file, nothing done`, [plan.left, plan.same, plan.cut, plan.ended], [file.lines.length, 0, null, false]);
  const answer = await killed(s.post('/staff/import/apply', { mark: plan.mark }), (took * n) / (ROUNDS + 1));
  const then = await page(s);
  const made = await counts();
  const lines = made[1] - had[1];
  const logins = new Set(file.lines.slice(0, lines).map((l) => l.split(',')[0]));
  is(`${n}: as many lines are left as have no role yet`, [then.left, then.same, then.wrong], [file.lines.length - lines, lines, 0]);
  is(`${n}: no person without a role`, made[0] - had[0], logins.size);
  is(`${n}: the page says how far it came`, lines === file.lines.length ? then.ended : lines === 0 ? then.cut === null : then.cut === lines, true);
  if (answer) is(`${n}: what was answered is there`, [answer.status, lines], [303, file.lines.length]);
  cuts += Number(lines > 0 && lines < file.lines.length);
  if (then.left === 0) continue;
  is(`${n}: the page from before the kill does nothing more`, lines === 0 || (await s.post('/staff/import/apply', { mark: plan.mark })).status === 409, true);
  is(`${n}: once more does what is left`, (await s.post('/staff/import/apply', { mark: then.mark })).status, 303);
  is(`${n}: and nothing twice`, await counts(), [had[0] + PEOPLE, had[1] + file.lines.length]);
  const last = await page(s);
  is(`${n}: nothing is left`, [last.left, last.same, last.ended], [0, file.lines.length, true]);
}
is('some kills fell in the middle', cuts > 0, true);
await program.stop();
is('the record is whole', /holds/.test(program.cli(['audit', 'verify'])), true);
program.remove();
end();
