// Live care as people do it at their screens: a visit by video from the hours of a specialist to the note that the patient
// reads, and a consilium from the call to the signed protocol. The way is gone without scripts; the pages of the way are then
// looked at once more with them, in another language.
import { faults, must, Person } from './browser.mjs';
import { iin } from './made_up.mjs';
import { accept, invite } from './patients.mjs';

const BIRTH = '1951-04-09';
const PLACE = 'Кабинет 707';
const MINUTES = '5'; // the next visit begins before the door of its room opens
const plain = { scripts: false, lang: 'ru' };

async function signedIn(browser, program, login, password, options) {
  const p = await Person.begin(browser, program, login, options);
  await p.open('/sign-in', '');
  await p.signIn(login, password);
  await p.language(options.lang);
  return p;
}

const check = (p, name, value) => p.page.locator(`input[name="${name}"][value="${value}"]`).check({ force: true });
const href = (p, selector) => p.page.locator(selector).first().getAttribute('href');
const here = (p) => new URL(p.page.url()).pathname;

// Pages as they stand at the end, with scripts: no fault of axe, none of the console. [address, name of the picture].
async function looks(browser, program, login, password, lang, pages, width = 1280) {
  const p = await signedIn(browser, program, login, password, { lang, width });
  for (const [target, name] of pages) {
    const reply = await p.open(target, name);
    if (reply.status() !== 200) faults.push(`${p.where()}: ${reply.status()}`);
  }
  await p.focusSeen(6);
  await p.end();
}

/* ---- a visit ---- */

export class Visit {
  constructor(browser, program, password) {
    Object.assign(this, { browser, program, password, number: iin(BIRTH, true, 451), family: 'Дәулетбекова-Тестова' });
  }

  in(login, options) {
    return signedIn(this.browser, this.program, login, this.password, options);
  }

  // A specialist of the registrar's institution who has no hours yet receives all week.
  async hours() {
    const r = await this.in('registrar1', plain);
    this.registrar = r;
    await r.open('/schedule', '');
    const people = await r.page.locator('a[href^="/schedule?person="]').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
    for (const one of people) {
      await r.open(one, '');
      this.doctor = new URL(one, 'http://x').searchParams.get('person');
      if (!await r.page.locator('form[action$="/hours"]').count()) break;
    }
    await r.look('hours-none');
    await r.go('form[action="/schedule"] .c-actions button', 'hours-error');
    must(await r.page.locator('.nhsuk-error-message').count() === 1, 'a place without a name is taken');
    await r.page.fill('[name="place"]', PLACE);
    await r.page.selectOption('[name="tz"]', '300');
    await r.go('form[action="/schedule"] .c-actions button', 'hours-place');
    await this.week(r);
    await r.look('hours');
  }

  // All days of the week with one form; without a day it stands open again and says so.
  async week(r) {
    const part = r.page.locator('details', { has: r.page.locator('input[name="day"]') }).last();
    if (!await part.locator('input[name="from"]').isVisible()) await part.locator('summary').click();
    await r.go(part.locator('.c-actions button'), 'hours-no-day');
    must(await part.locator('.nhsuk-error-message').isVisible(), 'hours without a day are taken, or the form hides what is wrong');
    for (let day = 1; day <= 7; day++) await part.locator(`input[name="day"][value="${day}"]`).check({ force: true });
    for (const [name, value] of [['from', '00:00'], ['to', '24:00'], ['minutes', MINUTES]]) await part.locator(`[name="${name}"]`).fill(value);
    await r.go(part.locator('.c-actions button'), '');
    must(await r.page.locator('table button[name="remove"]').count() === 7, 'one form did not fill seven days');
  }

  // The doctor registers a patient and has received her in person: the rule of remote visits stands on it.
  async inPerson() {
    const d = await this.in(this.doctor, plain);
    const { page } = d;
    await d.open('/ask/register', '');
    for (const [name, value] of [['id', this.number], ['family', this.family], ['given', 'Зейнеп']]) await page.fill(`[name="${name}"]`, value);
    for (const [i, part] of ['year', 'month', 'day'].entries()) await page.fill(`[name="birth-date-${part}"]`, BIRTH.split('-')[i]);
    await check(d, 'sex', 'female');
    await d.go('form[action="/ask/register"] button', '');
    await this.find(d, 'patients-found-doctor');
    await d.go('form[action$="/encounters/new"] button', 'visit-in-person');
    await d.go('main form .c-actions button', 'visit-in-person-error');
    await page.fill('[name="problem"]', 'I10');
    await page.fill('[name="diagnosis"]', 'Артериальная гипертензия 2 степени');
    await page.fill('[name="plan"]', 'Контроль давления, приём через две недели');
    await d.go('main form .c-actions button', 'visits-of-patient');
    must(here(d).endsWith('/encounters'), 'the visit in person was not recorded');
    this.patient = /\/patients\/([a-z0-9]+)\//.exec(page.url())[1];
    await d.end();
  }

  async find(p, name) {
    await p.open('/patients', name.replace('-found', ''));
    const form = 'form:has(input[name="by"][value="number"])';
    await p.page.fill(`${form} [name="id"]`, this.number);
    await p.go(`${form} button`, name);
  }

  // Booked by the rule: refused for a new problem, with the way to a visit in person; allowed for the one that was examined.
  async book() {
    const r = this.registrar;
    const { page } = r;
    await this.find(r, 'patients-found');
    await r.go('form[action="/book"] button', 'book');
    await check(r, 'mode', 'remote');
    await page.selectOption('[name="schedule"]', await page.locator('[name="schedule"] option', { hasText: PLACE }).getAttribute('value'));
    await page.selectOption('[name="purpose"]', 'follow-up');
    await page.selectOption('[name="problem"]', '');
    await r.go('button[value="times"]', 'book-refused');
    must(await page.locator('input[name="start"]').count() === 0, 'a refused visit shows free times');
    must(await page.locator('input[name="mode"][value="in-person"][type="hidden"]').count() === 1, 'a refusal does not offer the visit in person');
    await page.selectOption('[name="problem"]', { index: 1 });
    await r.go('button[value="times"]', 'book-times');
    await page.locator('input[name="start"]').first().check({ force: true });
    await r.go('button[value="book"]', 'visits-of-day');
    this.visit = /\/visits\/([a-z0-9]+)\/cancel/.exec(await href(r, `tr:has-text("${this.family}") a[href$="/cancel"]`))[1];
    await this.wait(r);
  }

  // A second one waits, is offered a time, and is cancelled.
  async wait(r) {
    await r.open(`/book?patient=${this.patient}`, '');
    await check(r, 'mode', 'in-person');
    await r.page.selectOption('[name="schedule"]', await r.page.locator('[name="schedule"] option', { hasText: PLACE }).getAttribute('value'));
    await r.go('button[value="times"]', '');
    await r.go('button[value="wait"]', 'waiting');
    const row = `tr:has-text("${this.family}")`;
    await r.open('/waiting', '');
    await r.go(`${row} a[href$="/change"]`, 'visit-offer');
    await r.open('/waiting', '');
    await r.go(`${row} a[href$="/cancel"]`, 'visit-cancel');
    await r.go('main form .c-button--danger', 'visit-cancel-error');
    await r.page.locator('input[name="reason"]').first().check({ force: true });
    await r.go('main form .c-button--danger', 'visit-cancelled');
  }

  async patientComes() {
    const own = await invite(this.registrar, `/patients/${this.patient}/access`, {});
    const p = await accept(this.browser, this.program, own, 'live.patient', 'patient of a visit');
    this.own = p;
    await p.go(`a[href="/my/visits/${this.visit}"]`, 'my-visit');
    await p.open('/line', 'line');
    await p.open(`/my/visits/${this.visit}`, '');
    await p.go('form[action$="/room"] button', 'room-door-patient');
    must(/^\/rooms\//.test(here(p)), 'the patient does not come to the door');
    await p.open('/account/notices', 'notices-patient');
    await this.registrar.end();
  }

  // The doctor: what changed, the visit, the note, the signature.
  async held() {
    const d = await this.in(this.doctor, { lang: 'kk' });
    const { page } = d;
    await d.open('/visits', 'visits-mine');
    await d.go(`a[href="/visits/${this.visit}"]`, 'visit');
    await d.go('form[action$="/go/begin"] button', 'visit-begun');
    await this.notCancelled(d);
    await page.locator('input[name="identity"]').nth(1).check({ force: true });
    await page.locator('input[name="consent"]').first().check({ force: true });
    await d.go('form[action$="/go/admit"] button', 'visit-talk');
    await d.open(`/visits/${this.visit}/note`, 'note');
    await d.go('button[value="preview"]', 'note-error');
    must(await page.locator('.nhsuk-error-message').count() > 0, 'an empty note can be signed');
    for (const [name, text] of [['complaints.now', 'Бас ауыруы сирек'], ['act.done', 'Қысым күнделігі қаралды'], ['act.advice', 'Тұзды шектеу']]) await page.fill(`[name="${name}"]`, text);
    await page.locator('input[name="need-in-person.need"]').first().check({ force: true });
    await d.go('button[value="preview"]', 'note-preview');
    await page.fill('[name="password"]', 'not the password');
    await d.go('form[action$="/note/sign"] button', '');
    must(/note/.test(here(d)), 'signed with a wrong password');
    await page.fill('[name="password"]', this.password);
    await d.go('form[action$="/note/sign"] button', 'visit-signed');
    must(await page.locator('.c-signature--valid').count() === 1, 'the visit does not show a valid signature');
    await d.end();
  }

  // Begun: no way to cancel it is shown, and whoever asks for it is told why.
  async notCancelled(d) {
    await d.open('/visits', '');
    must(await d.page.locator(`a[href="/visits/${this.visit}"]`).count() > 0 && await d.page.locator(`a[href="/visits/${this.visit}/cancel"]`).count() === 0, 'a visit that has begun can be cancelled in the list');
    d.quiet = true;
    const reply = await d.open(`/visits/${this.visit}/cancel`, 'visit-begun-cancel');
    d.quiet = false;
    must(reply.status() === 409 && await d.page.locator('main [role="alert"]').count() === 1 && await d.page.locator('input[name="reason"]').count() === 0, 'why a visit that has begun is not cancelled is not said');
    await d.go(`main .c-actions a[href="/visits/${this.visit}"]`, '');
  }

  async patientReads() {
    const p = this.own;
    await p.open('/my/conclusions', '');
    await p.go(`a[href="/my/notes/${this.visit}"]`, 'my-note');
    must((await p.text()).includes('Тұзды шектеу'), 'the patient does not read the note');
    await p.open('/notices', 'notices-of-patient');
    await p.end();
    await looks(this.browser, this.program, 'live.patient', 'made-up-quiet-river-stone', 'uz',
      [['/my', 'my-after'], ['/my/visits', 'my-visits-after'], [`/my/visits/${this.visit}`, 'my-visit-after'], [`/my/notes/${this.visit}`, 'my-note-uz'], ['/line', 'line-uz'], ['/account/notices', 'notices-patient-uz']], 360);
  }

  async looksAgain() {
    const of = `/patients/${this.patient}`;
    await looks(this.browser, this.program, 'registrar1', this.password, 'kk',
      [['/home', 'home-registrar'], [`/schedule?person=${this.doctor}`, 'hours-kk'], ['/visits', 'visits-kk'], ['/waiting', 'waiting-kk'], ['/patients', 'patients-kk'], [`/book?patient=${this.patient}`, 'book-kk'], [`${of}/access`, 'access-kk']]);
    await looks(this.browser, this.program, this.doctor, this.password, 'uz',
      [[`${of}/encounters`, 'visits-of-patient-uz'], [`${of}/encounters/new`, 'visit-in-person-uz'], [`/visits/${this.visit}`, 'visit-signed-uz'], ['/account/notices', 'notices-doctor-uz']]);
    await looks(this.browser, this.program, 'admin', this.password, 'ru', [['/system/notices', 'system-notices']]);
  }

  async tell() {
    await this.hours();
    await this.inPerson();
    await this.book();
    await this.patientComes();
    await this.held();
    await this.patientReads();
    await this.looksAgain();
  }
}

/* ---- a consilium ---- */

const SECRETARY = 'neurologist1';
const MEMBERS = ['cardiologist1', 'orthopaedist1', 'doctor1', 'doctor2'];
const AWAY = 'obstetrician1';

export class Meeting {
  constructor(browser, program, password) {
    Object.assign(this, { browser, program, password, people: {} });
  }

  // Names as the page of calling writes them: each person says their own.
  async come() {
    for (const login of [SECRETARY, ...MEMBERS, AWAY]) {
      const p = await signedIn(this.browser, this.program, login, this.password, { ...plain, width: login === 'doctor1' ? 360 : 1280 });
      await p.open('/home', '');
      p.fullName = await p.page.locator('h1').innerText();
      this.people[login] = p;
    }
    this.secretary = this.people[SECRETARY];
    this.chair = this.people[MEMBERS[0]];
  }

  async tick(p, names) {
    for (const name of names) await p.page.locator('.c-pick').getByLabel(name, { exact: false }).first().check({ force: true });
  }

  // A planned consilium of two patients; what is missing is told and what was typed stays.
  async call() {
    const s = this.secretary;
    await s.open('/consilia', 'consilia');
    await s.open('/work', '');
    this.cases = await s.page.locator('a[href^="/cases/"]').evaluateAll((all) => [...new Set(all.map((a) => a.getAttribute('href').replace(/#.*/, '')))]);
    must(this.cases.length > 1, 'the secretary has no two cases');
    await s.open(`${this.cases[0]}/consilium/new`, 'consilium-new');
    await this.tick(s, [...MEMBERS, AWAY].map((login) => this.people[login].fullName));
    await s.go('main form .c-actions button', 'consilium-new-error');
    must(await s.page.locator('input[name="member"]:checked').count() === MEMBERS.length + 1, 'the members that were ticked are gone');
    await s.go('button[name="find"]', '');
    await s.page.selectOption('[name="chair"]', { label: this.chair.fullName });
    await s.page.fill('[name="start"]', new Date(Date.now() + 30 * 3600e3).toISOString().slice(0, 16));
    await s.go('main form[action$="/consilium/new"] .c-actions button', 'consilium-called');
    this.consilium = here(s);
    must(/^\/consilia\/[a-z2-7]{26}$/.test(this.consilium), 'the consilium was not called');
    await s.open(`${this.cases[1]}/consilium/new`, '');
    await s.page.locator('summary', { hasText: /повестк/ }).click();
    await check(s, 'to', this.consilium.split('/').pop());
    await s.go('form[action$="/consilium/add"] button', 'consilium-two');
    must(await s.page.locator('ol a[href^="/consilium/"]').count() === 2, 'the agenda has not two patients');
  }

  // Answers; the one who cannot come names another.
  async answers() {
    for (const login of MEMBERS) {
      const p = this.people[login];
      await p.open('/consilia', login === MEMBERS[0] ? 'consilia-asked' : '');
      await p.open(this.consilium, login === 'doctor1' ? 'consilium-asked' : '');
      await p.go('form[action$="/move/accept"] button', '');
    }
    const a = this.people[AWAY];
    await a.open(`${this.consilium}/move/substitute`, 'consilium-substitute');
    const free = a.page.locator('.c-pick input[name="role"]').last();
    await free.check({ force: true });
    await a.go('main form .c-actions button', 'consilium-substitute-error');
    await a.page.locator('.c-pick input[name="role"]').last().check({ force: true });
    await a.page.fill('[name="reason"]', 'Дежурство');
    await a.go('main form .c-actions button', '');
    await a.end();
    const s = this.secretary;
    await s.open(this.consilium, 'consilium-quorum');
    await s.go('form[action$="/move/convene"] button', '');
    await s.go('form[action$="/move/begin"] button', 'consilium-begun');
    this.item = await href(s, 'ol a[href^="/consilium/"]');
  }

  async signed(p, target, text, name) {
    await p.open(`${this.item}${target}`, name);
    if (text) await p.page.fill('[name="text"], [name="reason"]', text);
    if (await p.page.locator('[name="password"]').count()) await p.page.fill('[name="password"]', this.password);
    await p.go('main form .c-actions button', '');
  }

  async decide() {
    for (const login of MEMBERS) await this.signed(this.people[login], '/move/opinion', 'Перевод в центр в течение часа.', login === 'doctor1' ? 'consilium-opinion' : '');
    const s = this.secretary;
    await s.open(`${this.item}/protocol`, 'consilium-protocol');
    for (const [i, area] of (await s.page.locator('main form textarea').all()).entries()) await area.fill(`Раздел ${i + 1}: перевод в центр.`);
    await s.go('main form .c-actions button', 'consilium-item');
    await s.go('form[action$="/move/draft"] button', 'consilium-drafted');
    await this.signed(this.people.orthopaedist1, '/move/dissent', 'Сначала тромбэктомия.', 'consilium-dissent');
    await this.chair.open(this.item, 'consilium-chair');
    await this.chair.go('form[action$="/present"] button', 'consilium-fixed');
  }

  // Three sign, which is the quorum, one refuses with a reason; the decision stands and is back at the case.
  async close() {
    await this.signed(this.chair, '/sign', '', 'consilium-sign');
    for (const login of ['doctor1', 'doctor2']) await this.signed(this.people[login], '/sign', '', `consilium-sign-${login}`);
    await this.signed(this.people.orthopaedist1, '/move/refuse', 'Не согласен с порядком этапов.', 'consilium-refuse');
    await this.chair.open(this.item, 'consilium-closed'); // the last one closes it
    must((await this.chair.text()).includes('Сначала тромбэктомия.'), 'the dissenting opinion is not shown');
    await this.secretary.open(this.cases[0], 'case-consilium');
    must(await this.secretary.page.locator(`a[href^="${this.item}"]`).count() > 0, 'the case does not lead to the consilium');
    for (const p of [this.secretary, ...MEMBERS.map((login) => this.people[login])]) await p.end();
  }

  async looksAgain() {
    await looks(this.browser, this.program, SECRETARY, this.password, 'kk',
      [['/consilia', 'consilia-kk'], [this.consilium, 'consilium-kk'], [this.item, 'consilium-item-kk'], [`${this.item}/sign`, 'consilium-paper-kk'], [`${this.cases[1]}/consilium/new`, 'consilium-new-kk'], [`${this.consilium}/move/cancel`, 'consilium-cancel-kk'], [this.cases[0], 'case-consilium-kk']]);
    await looks(this.browser, this.program, MEMBERS[1], this.password, 'uz', [['/consilia', 'consilia-uz'], [this.item, 'consilium-item-uz']]);
  }

  async tell() {
    await this.come();
    await this.call();
    await this.answers();
    await this.decide();
    await this.close();
    await this.looksAgain();
  }
}
