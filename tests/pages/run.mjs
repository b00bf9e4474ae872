// The whole story in Chromium: node tests/pages/run.mjs [--build release] [--only NAME,NAME]
// A feldsher asks, a coordinator allocates, a consultant answers and signs, the asker acts; every page
// on the way is held to the rules of browser.mjs. Pictures go to build/screens/.
import { option, Program } from '../lib/program.mjs';
import { DEMO_PASSWORD as PASSWORD } from '../lib/demo.mjs';
import { imagesIn } from './images_in.mjs';
import { Meeting, Visit } from './live_care.mjs';
import { manyFiles } from './many.mjs';
import { course, patients } from './patients.mjs';
import { pictures } from './pictures.mjs';
import { beside, stage } from './stage.mjs';
import { Story } from './story.mjs';
import { faults, launch, Person, proof, provenCount, tell } from './browser.mjs';

const args = process.argv.slice(2);
const program = new Program({ build: option(args, '--build', 'release'), extra: ['--lang', 'ru'] });
const only = option(args, '--only', '').split(',').filter(Boolean);
const browser = await launch();

// Pages each role can open, looked at as they are; one that is refused with the status.
const PAGES = [
  ['doctor1', 'ru', ['/home', '/mine', '/directory', '/directory/duty', '/notices', '/account', '/account/sign-in', '/help', '/ask', '/ask/register']],
  ['coordinator1', 'kk', ['/home', '/desk', '/figures']],
  ['neurologist1', 'ru', ['/home', '/work', '/duty', '/mine 403']],
  ['head1', 'ru', ['/home', '/figures', '/duty']],
  ['auditor', 'ru', ['/home', '/record', '/record?kind=refused', '/erasures']],
  ['admin', 'kk', ['/home', '/system', '/system/sign-in', '/system/settings', '/system/retention', '/system/load', '/staff/import', '/erasures']],
];

async function looks(login, lang, targets) {
  const p = await Person.begin(browser, program, login, { lang });
  await p.open('/sign-in', login === 'doctor1' ? 'sign-in' : '');
  await p.focusSeen(5);
  await p.signIn(login, PASSWORD);
  await p.language(lang);
  for (const [target, status = '200'] of targets.map((words) => words.split(' '))) {
    const reply = await p.open(target, `${login}${target.replaceAll('/', '-')}`);
    if (reply.status() !== Number(status)) faults.push(`${p.where()}: ${reply.status()}`);
  }
  const links = p.page.locator('a[href^="/cases/"]');
  const href = await links.count() > 0 && await links.first().getAttribute('href');
  if (href) await p.open(href.replace(/#.*/, ''), `${login}-case`);
  await p.focusSeen();
  await p.end();
}

// Login and password of who plays the story; the looks below are of others, whose lists are full.
const people = Object.fromEntries([['asker', 'feldsher1'], ['coordinator', 'coordinator1'], ['consultant', 'cardiologist1'], ['outsider', 'feldsher5']].map(([role, login]) => [role, [login, PASSWORD]]));
const steps = PAGES.map(([login, lang, targets]) => [`pages of ${login}`, () => looks(login, lang, targets)]);

try {
  await program.fill();
  await program.start({ words: ['demo', '--demo-live=false'] });
  if (!only.length || only.includes('stage')) await proof('the stage of the demo: a visit, a consilium, an emergency', () => stage(program));
  for (const [name, fn] of steps) if (!only.length || only.includes('looks')) await proof(name, fn);
  if (!only.length || only.includes('many')) await proof('a case of many files', () => manyFiles(browser, program, 'feldsher9', PASSWORD));
  if (!only.length || only.includes('patients')) await proof('a patient and a relative on a phone', () => patients(browser, program, 'feldsher1', PASSWORD));
  if (!only.length || only.includes('patients')) await proof('a course of care on a phone: questionnaire, messages, a visit moved', () => course(browser, program, PASSWORD));
  if (!only.length || only.includes('visit')) await proof('a visit by video, from the hours to the note', () => new Visit(browser, program, PASSWORD).tell());
  if (!only.length || only.includes('consilium')) await proof('a consilium, from the call to the signed protocol', () => new Meeting(browser, program, PASSWORD).tell());
  if (!only.length || only.includes('pictures')) await pictures(program, ['cardiologist1', PASSWORD]);
  if (!only.length || only.includes('images')) await proof('images come in as a folder and as a ZIP', () => imagesIn(browser, program, 'feldsher9', PASSWORD));
  const story = new Story(program, browser, people);
  if (!only.length || only.includes('story')) await story.tell();
  await proof('the server ends well', () => program.stop());
  if (!only.length || only.includes('stage')) await proof('media server and relay are started and ended where they are installed', () => beside(program));
} catch (e) {
  faults.push(String(e.stack ?? e));
  console.log(e.stack);
}
await browser.close();
tell();
console.log(`${provenCount()} passed, ${faults.length} failed`);
if (!faults.length) program.remove();
process.exitCode = faults.length ? 1 : 0;
