// A patient is invited, makes an account and reads the own record on a phone: without scripts in Russian, then with scripts in
// Kazakh, Uzbek and English; a relative with limits sees less; clinicians' pages stay shut. And a course of care of the demo:
// the questionnaire before a visit, messages, the visit moved, on every page of a patient.
import { faults, must, Person } from './browser.mjs';

const PASSWORD = 'made-up-quiet-river-stone';
const PAGES = ['/my', '/my/conclusions', '/my/visits', '/my/book', '/my/results', '/my/messages', '/my/send', '/my/log', '/my/consents', '/my/password'];

// A case whose patient has a conclusion, and the invitation made from it: {link, code}.
export async function invite(p, target, fields) {
  await p.open(target, '');
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'relation') await p.page.check(`[name="relation"][value="${value}"]`);
    else await p.page.fill(`[name="${name}"]`, value);
  }
  await p.go('form[action$="/access"] button', 'my-invited');
  const [link, code] = await Promise.all([p.page.locator('.c-signature .c-hash').innerText(), p.page.locator('.c-signature dd b').innerText()]);
  return { link: link.replace(/^https?:\/\/[^/]+/, ''), code };
}

export async function accept(browser, program, { link, code }, login, name) {
  const p = await Person.begin(browser, program, name, { scripts: false, width: 360, lang: 'ru' });
  await p.open(link, 'my-invite');
  for (const [field, value] of Object.entries({ code, password: PASSWORD, again: PASSWORD, login })) await p.page.fill(`[name="${field}"]`, value);
  await p.go('form[action^="/invite/"] button', 'my-begin');
  must(p.page.url().includes('/my'), `${name} is not on the own page`);
  return p;
}

async function onPhone(browser, program, login, password, lang, scripts = true) {
  const p = await Person.begin(browser, program, `${login} ${lang}`, { width: 360, lang, scripts });
  await p.open('/sign-in', '');
  await p.signIn(login, password);
  await p.language(lang);
  return p;
}

async function pages(browser, program, login, lang, targets = PAGES, password = PASSWORD) {
  const p = await onPhone(browser, program, login, password, lang);
  for (const target of targets) {
    const reply = await p.open(target, `patient${target.replaceAll('/', '-').replace(/[a-z2-7]{26}/g, 'ID')}`);
    if (reply.status() !== 200) faults.push(`${p.where()}: ${reply.status()}`);
  }
  await p.focusSeen(5);
  await p.end();
}

const first = async (p, target, selector) => {
  await p.open(target, '');
  return p.page.locator(selector).first().getAttribute('href');
};

// The doctor of the visit that is near asks the patient to fill in a questionnaire, and answers the message.
async function asked(browser, program, password, visit) {
  const d = await Person.begin(browser, program, 'doctor of the course', { scripts: false });
  await d.open('/sign-in', '');
  await d.signIn('cardiologist1', password);
  await d.open(visit, '');
  await d.go('a[href*="/questions?visit="]', 'survey-ask');
  await d.page.locator('input[name="form"]').first().check({ force: true });
  await d.go('main form .c-actions button', 'survey-asked');
  await d.end();
}

// Every page that a course of care has for a patient, on a phone without scripts; then with them in the other languages.
export async function course(browser, program, password) {
  const p = await onPhone(browser, program, 'patient1', password, 'ru', false);
  const visit = await first(p, '/my/visits', 'main a[href^="/my/visits/"]');
  await asked(browser, program, password, visit.replace('/my', ''));
  const form = await first(p, '/my/forms', 'main a[href^="/my/forms/"]');
  const episode = await first(p, '/my/messages', 'main a[href^="/my/episodes/"]');
  const talk = await first(p, '/my/messages', 'main a[href^="/my/messages/"]');
  const conclusion = await first(p, '/my/conclusions', 'main a[href^="/my/conclusions/"]');
  const hours = await first(p, '/my/book', 'main a[href^="/my/book/"]');
  const all = ['/my', '/my/visits', visit, `${visit}/move`, '/my/forms', form, episode, talk, conclusion, hours];
  for (const target of all) await p.open(target, `course-plain${target.replaceAll('/', '-').replace(/[a-z2-7]{26}/g, 'ID')}`);
  for (const lang of ['kk', 'uz', 'en']) await pages(browser, program, 'patient1', lang, all, password);

  await p.open(form, '');
  await p.go('main form .c-actions button', 'course-form-error');
  must(await p.page.locator('.nhsuk-error-message').count() > 0, 'an empty questionnaire is taken');
  for (const name of new Set(await p.page.locator('main form input[type=radio]').evaluateAll((l) => l.map((x) => x.name)))) await p.page.locator(`input[name="${name}"]`).first().check({ force: true });
  for (const box of await p.page.locator('main form textarea').all()) await box.fill('Без перемен');
  await p.go('main form .c-actions button', 'course-form-sent');
  must(p.page.url().includes('done=my-answered'), `the questionnaire was not sent: ${p.page.url()}`);

  await p.open(episode, '');
  await p.page.fill('[name="text"]', 'Отёки стали меньше');
  await p.go('main form .c-actions button', 'course-message');
  must((await p.text()).includes('Отёки стали меньше'), 'the message is not in the course of care');

  await p.open(`${visit}/move`, '');
  await p.go('main form .c-actions button', 'course-move-error');
  must(await p.page.locator('#errors').count() === 1, 'a visit is moved to no time');
  await p.page.locator('input[name="start"]').nth(3).check({ force: true });
  await p.go('main form .c-actions button', 'course-moved');
  must(p.page.url().includes('done=visit-moved'), `the visit was not moved: ${p.page.url()}`);
  await p.end();

  const noted = await onPhone(browser, program, 'patient2', password, 'ru', false);
  const note = await first(noted, '/my/conclusions', 'main a[href^="/my/notes/"]');
  await noted.open(note, 'course-plain-note');
  await noted.end();
  await pages(browser, program, 'patient2', 'kk', [note, '/my/visits'], password);
  await pages(browser, program, 'relative1', 'uz', ['/my', '/my/people'], password);
}

export async function patients(browser, program, login, password) {
  const doctor = await Person.begin(browser, program, login, { scripts: false });
  await doctor.open('/sign-in', '');
  await doctor.signIn(login, password);
  await doctor.open('/mine?of=org', '');
  const href = await doctor.page.locator('a[href^="/cases/"]').first().getAttribute('href');
  await doctor.open(href.replace(/#.*/, ''), '');
  const access = (await doctor.page.locator('a[href*="/access?case="]').getAttribute('href')).replace(/\?.*/, '');
  const own = await invite(doctor, access, {});
  const mother = await invite(doctor, `${access}?for=relative`, { name: 'Ахметова Гүлнәр', relation: 'MTH' });
  await doctor.open(access, 'patient-access');

  const patient = await accept(browser, program, own, 'page.patient', 'patient');
  for (const target of PAGES) await patient.open(target, `patient-plain${target.replaceAll('/', '-')}`);
  await patient.open('/my/send', '');
  await patient.page.setInputFiles('input[type=file]', { name: 'давление.txt', mimeType: 'text/plain', buffer: Buffer.from('150/95') });
  await patient.go('form[enctype] .c-actions button', 'patient-stored');
  await patient.go('form[action="/my/send/add"] .c-actions button', 'patient-sent');
  must((await patient.text()).includes('давление.txt'), 'the file is not in the record');
  await patient.open('/my/consents', '');
  await patient.go('form[action="/my/consents/observers"] button[value="withdraw"]', 'patient-refused');
  await patient.open('/my/messages', '');
  await patient.go('.c-tiles a', 'patient-talk');
  patient.quiet = true;
  for (const target of ['/desk', '/mine', '/directory', href.replace(/#.*/, '')]) {
    const reply = await patient.page.goto(target);
    must(reply.status() === 403, `${target} opens for a patient: ${reply.status()}`);
  }
  await patient.end();

  const relative = await accept(browser, program, mother, 'page.mother', 'relative');
  must(!(await relative.text()).includes('Отправить результат'), 'a relative without leave may send');
  await relative.end();
  for (const lang of ['kk', 'uz', 'en']) await pages(browser, program, 'page.patient', lang);
  await doctor.end();
}
