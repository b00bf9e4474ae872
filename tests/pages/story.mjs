// The main job as people do it: a request goes out, a signed conclusion comes back, the asker acts.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Line } from '../lib/line.mjs';
import { until } from '../lib/until.mjs';
import { faults, must, Person, proof, SCREENS } from './browser.mjs';
import { iin, pdf } from './made_up.mjs';

const QUESTION = 'Показан ли перевод в центр для чрескожного вмешательства?';
const FAMILY = 'Қабдолқызыева-Тестова';
const BIRTH = '1968-03-14';

async function fillDate(page, name, [y, m, d]) {
  await page.fill(`[name="${name}-day"]`, d);
  await page.fill(`[name="${name}-month"]`, m);
  await page.fill(`[name="${name}-year"]`, y);
}

const choose = (page, name, value) => page.locator(`input[name="${name}"][value="${value}"]`).check({ force: true });
// The first of few, whether they are buttons or a list.
async function pick(page, name) {
  const list = page.locator(`select[name="${name}"]`);
  if (await list.count()) await list.selectOption({ index: 1 });
  else await page.locator(`input[name="${name}"]`).first().check({ force: true });
}
const savedNow = (page) => page.waitForResponse((r) => r.url().endsWith('/save') && r.request().method() === 'POST' && r.status() === 204);

export class Story {
  constructor(program, browser, people) {
    Object.assign(this, { program, browser, people });
  }

  person(role, options = {}) {
    return Person.begin(this.browser, this.program, role, options);
  }

  async signedIn(role, options = {}) {
    const p = await this.person(role, options);
    await p.open('/sign-in', '');
    const [login, password] = this.people[role];
    await p.signIn(login, password);
    await p.language(options.lang ?? 'ru');
    return p;
  }

  // The asker registers a patient and begins a request.
  async begin() {
    this.line = await new Line(this.program).start();
    const p = await this.signedIn('asker', { base: this.line.base });
    this.asker = p;
    const { page } = p;
    await p.open('/ask', 'ask-patient');
    await page.fill('[name="id"]', '680314300011');
    await p.go('form:has(input[name="by"][value="number"]) button', 'ask-wrong-number');
    must(await page.locator('.nhsuk-error-message').count() > 0, 'a wrong check digit is not told');
    const number = iin(BIRTH, true, 301);
    await page.fill('[name="id"]', number);
    await p.go('form:has(input[name="by"][value="number"]) button', 'ask-found');
    await p.go('form[action="/ask/register"] button', 'ask-register');
    must(await page.inputValue('[name="id"]') === number, 'the number that was looked for is not filled in');
    await page.fill('[name="family"]', FAMILY);
    await page.fill('[name="given"]', 'Айгүл');
    await fillDate(page, 'birth-date', BIRTH.split('-'));
    await choose(page, 'sex', 'female');
    await p.go('form[action="/ask/register"] button', 'ask-form');
    this.draft = /\/ask\/([a-z0-9]+)/.exec(page.url())?.[1];
    must(this.draft, `no draft was begun: ${page.url()}`);
  }

  // What is typed is there after a reload, and in another session.
  async draftSurvives() {
    const { page } = this.asker;
    await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), choose(page, 'profile', 'cardiology')]);
    await choose(page, 'urgency', 'urgent');
    const saved = savedNow(page);
    await page.fill('[name="question"]', QUESTION);
    await saved;
    await page.reload();
    must(await page.inputValue('[name="question"]') === QUESTION, 'the question is gone after a reload');
    this.line.cut();
    this.asker.quiet = true;
    const tried = page.waitForEvent('requestfailed', (r) => r.url().endsWith('/save'));
    await page.fill('[name="complaints"]', 'Давящая боль за грудиной');
    await tried;
    this.line.mend();
    await page.reload();
    must(await page.inputValue('[name="complaints"]') === 'Давящая боль за грудиной', 'what was typed without a line is gone');
    const other = await this.signedIn('asker', { lang: 'ru' });
    await other.open(`/ask/${this.draft}`, '');
    must(await other.page.inputValue('[name="question"]') === QUESTION, 'another browser does not see the draft');
    await other.end();
    this.asker.quiet = false;
  }

  // On the disk: a browser knows a file again by its date.
  file(name, bytes = 7 << 20) {
    this.dir ??= fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-files-'));
    const full = this.keep(name);
    fs.writeFileSync(full, pdf(bytes));
    return full;
  }

  // A file whose line is cut in the middle goes on by itself; one whose browser was closed goes on when
  // it is chosen again.
  async uploads() {
    const { page } = this.asker;
    const file = this.file('ЭКГ 14.03.pdf');
    const stored = () => page.locator('#uploads .c-file', { hasText: '✓' });
    this.asker.quiet = true;
    this.line.bytesPerSecond = 4 << 20;
    this.line.sent = 0;
    await page.setInputFiles('input[type=file]', file);
    await until('the upload began', () => this.line.sent > (3 << 20));
    const lost = page.waitForEvent('requestfailed', (r) => r.url().includes('/uploads'));
    this.line.cut();
    await lost;
    const before = this.line.sent;
    this.line.mend();
    await stored().first().waitFor({ timeout: 60000 });
    must(this.line.sent - before < (6 << 20), `${this.line.sent - before} bytes were sent again after the cut`);

    const second = this.file('Выписка.pdf');
    this.line.sent = 0;
    await page.setInputFiles('input[type=file]', second);
    await until('the second upload began', () => this.line.sent > (4 << 20) + 200000);
    await this.asker.newPage();
    await this.asker.open(`/ask/${this.draft}`, '');
    const again = this.asker.page;
    must((await again.locator('.c-drop__total').innerText()).includes('Выписка.pdf'), 'the page does not tell of the cut upload');
    this.line.sent = 0;
    await again.setInputFiles('input[type=file]', second);
    await again.locator('#uploads .c-file', { hasText: '✓' }).nth(1).waitFor({ timeout: 60000 });
    must(this.line.sent < (6 << 20), `${this.line.sent} bytes were sent again after the browser was closed`);
    this.line.bytesPerSecond = 0;
    this.files = [file, second];
    this.asker.quiet = false;
    await this.asker.open(`/ask/${this.draft}`, 'ask-files');
  }

  async send() {
    const { page } = this.asker;
    const form = 'form#request';
    await page.fill('[name="history"]', 'Боль около трёх часов, нитроглицерин без эффекта.');
    await page.fill('[name="status"]', 'Состояние средней тяжести, тоны сердца приглушены.');
    await page.fill('[name="vitals.heart-rate"]', '96');
    await page.fill('[name="vitals.temperature"]', '37,2');
    await page.fill('[name="diagnosis"]', 'i21.9');
    await page.fill('[name="contact"]', '+7 700 000 00 01');
    await choose(page, 'consent', 'oral');
    await page.locator('input[name="service"]').first().check({ force: true });
    await this.asker.go(`${form} button[value="review"]`, 'ask-review');
    must(/\/review/.test(page.url()), `the request is not complete: ${await page.locator('.nhsuk-error-summary, .nhsuk-error-message').allInnerTexts()}`);
    for (const shown of ['I21.9 Острый инфаркт миокарда', '37,2']) must((await this.asker.text()).includes(shown), `the review does not show ${shown}`);
    await this.asker.go(`form[action$="/send"] .c-actions button`, 'case-sent');
    must(page.url().includes(`/cases/${this.draft}`), `not sent: ${page.url()}`);
    must((await this.asker.text()).includes(QUESTION), 'the case does not show the question');
  }

  // The desk that is open shows the case without a reload; two clicks allocate it.
  async deskOpen() {
    this.coordinator = await this.signedIn('coordinator');
    await this.coordinator.open('/desk', 'desk-before');
    await this.coordinator.page.evaluate(() => { window.notReloaded = true; });
  }

  async allocate() {
    const { page } = this.coordinator;
    const row = page.locator('#desk tr', { hasText: QUESTION.slice(0, 30) });
    await row.first().waitFor();
    must(await page.evaluate(() => window.notReloaded === true), 'the desk was reloaded');
    await this.coordinator.look('desk');
    // The service itself, not one person: any of its consultants may accept.
    const option = await row.locator('select[name="to"] option').evaluateAll((all) => all.find((o) => !o.textContent.startsWith('–') && o.value).value);
    await row.locator('select[name="to"]').selectOption(option);
    await this.coordinator.go(row.locator(`form[action$="/allocate"] button`).first(), 'desk-allocated');
    must((await page.locator('.c-flash').count()) > 0, 'nothing is said after allocating');
  }

  async consult() {
    const c = await this.signedIn('consultant');
    this.consultant = c;
    await c.open('/work', 'work');
    await c.go(`a[href*="/cases/${this.draft}"]`, 'case-consultant');
    await c.focusSeen(12);
    await c.go(`form[action$="/move/accept"] button, a[href$="/move/accept"]`, 'case-accepted');
    await this.asker.open(`/cases/${this.draft}`, 'case-asker');
    await this.asker.page.evaluate(() => { window.notReloaded = true; });
    await c.go(`a[href$="/move/ask-data"]`, 'case-ask-data');
    await c.page.fill('[name="reason"]', 'Пришлите тропонин в динамике.');
    await c.go(`form[action$="/move/ask-data"] button`, 'case-data-asked');
    await this.asker.page.locator('#messages', { hasText: 'тропонин' }).waitFor();
    must(await this.asker.page.evaluate(() => window.notReloaded === true), 'the asker\'s page was reloaded');
    await c.page.evaluate(() => { window.notReloaded = true; });
    await this.asker.go(`a[href$="/move/give-data"]`, 'case-give-data');
    await this.asker.page.fill('[name="reason"]', 'Тропонин 0,8 нг/мл, через три часа 2,4.');
    await this.asker.go(`form[action$="/move/give-data"] button`, 'case-data-given');
    await c.page.locator('#messages', { hasText: '2,4' }).waitFor();
    must(await c.page.evaluate(() => window.notReloaded === true), 'the consultant\'s page was reloaded');
  }

  async conclude() {
    const c = this.consultant;
    const { page } = c;
    await c.go(`a[href$="/conclusion"]`, 'conclusion');
    await pick(page, 'examined.what');
    await pick(page, 'answerable');
    const saved = savedNow(page);
    await page.fill('[name="findings"]', 'Подъём ST в II, III, aVF; тропонин растёт.');
    await saved;
    await page.reload();
    must(await page.inputValue('[name="findings"]') !== '', 'the draft of the conclusion is gone after a reload');
    await page.fill('[name="recommend.treatment"]', 'Двойная антитромбоцитарная терапия, антикоагулянт.');
    await pick(page, 'recommend.route');
    await pick(page, 'seen');
    await c.go('form#conclusion button[value="preview"]', 'conclusion-preview');
    must(await page.locator('input[name="sha"]').count() === 1, `no preview: ${await page.locator('.nhsuk-error-message').allInnerTexts()}`);
    await page.fill('[name="password"]', 'not the password');
    await c.go('form[action$="/conclusion/sign"] button', '');
    must(page.url().includes('/conclusion'), 'signed with a wrong password');
    await page.fill('[name="password"]', this.people.consultant[1]);
    await c.go('form[action$="/conclusion/sign"] button', 'case-signed');
    must(await page.locator('.c-signature--valid').count() === 1, 'the case does not show a valid signature');
  }

  // The asker sees it live, keeps the files, and they prove themselves without a server.
  async receive() {
    const a = this.asker;
    const { page } = a;
    await page.locator('#conclusion .c-signature--valid').waitFor();
    await a.open(`/cases/${this.draft}`, 'case-answered');
    const kept = {};
    for (const ext of ['pdf', 'json', 'p7s']) {
      const [load] = await Promise.all([page.waitForEvent('download').catch(() => null), page.locator(`#conclusion a[href*=".${ext}"]`).first().evaluate((l) => { l.setAttribute('download', ''); l.click(); })]);
      kept[ext] = this.keep(`conclusion.${ext}`);
      await load.saveAs(kept[ext]);
    }
    must(fs.readFileSync(kept.pdf).subarray(0, 5).toString() === '%PDF-', 'the PDF is none');
    const ca = this.keep('ca.pem');
    fs.writeFileSync(ca, this.program.cli(['ca', 'show']).replace(/^[^]*?(?=-----BEGIN)/, '').replace(/(-----END CERTIFICATE-----)[^]*$/, '$1\n'));
    const verify = (json) => spawnSync(this.program.exe, ['verify', json, kept.p7s, '--ca', ca], { encoding: 'utf8' });
    const good = verify(kept.json);
    must(good.status === 0, `consilium verify: exit ${good.status}: ${good.stdout}${good.stderr}`);
    const changed = this.keep('changed.json');
    fs.writeFileSync(changed, fs.readFileSync(kept.json, 'utf8').replace('растёт', 'падает'));
    must(verify(changed).status !== 0, 'consilium verify finds a changed document good');
    const text = spawnSync('pdftotext', [kept.pdf, '-'], { encoding: 'utf8' }).stdout;
    must(text.includes('тропонин растёт'), 'the PDF does not hold the text of the conclusion');
    const png = this.keep('page');
    spawnSync('pdftoppm', ['-r', '150', '-png', kept.pdf, png]);
    const pictures = fs.readdirSync(this.dir).filter((f) => f.startsWith('page-')).map((f) => this.keep(f));
    pictures.forEach((f, i) => fs.copyFileSync(f, path.join(SCREENS, `conclusion-pdf-${i + 1}.png`)));
    const qr = spawnSync('zbarimg', ['-q', '--raw', ...pictures], { encoding: 'utf8' }).stdout.trim();
    this.code = /[?&]code=([^&\s]+)/.exec(qr)?.[1] ?? /\/check\/([^/?\s]+)/.exec(qr)?.[1];
    must(this.code, `the QR code of the PDF does not lead to the check: ${qr}`);
  }

  keep(name) {
    return path.join(this.dir, name);
  }

  // The public check tells signer, organisation and time, and nothing of the patient.
  async check() {
    const p = await this.person('public');
    await p.open(`/check?code=${this.code}`, 'check-valid');
    must(await p.page.locator('.c-signature--valid').count() === 1, 'the check page does not find the document valid');
    const all = await p.page.content();
    for (const secret of [FAMILY, 'Айгүл', 'тропонин', QUESTION, this.draft, 'I21']) if (all.includes(secret)) faults.push(`the check page shows ${secret}`);
    await p.open('/check?code=aaaaaaaaaaaaaaaaaaaa', 'check-unknown');
    must(await p.page.locator('.c-signature--bad').count() === 1, 'the check page does not refuse an unknown code');
    await p.end();
  }

  async finish() {
    const a = this.asker;
    await a.go('form[action$="/move/receive"] button, a[href$="/move/receive"]', 'case-received');
    await a.go('a[href$="/move/report"]', 'case-report');
    await pick(a.page, 'outcome');
    await a.page.fill('[name="reason"]', 'Переведена в центр, выполнено вмешательство.');
    await a.go('form[action$="/move/report"] button', 'case-reported');
    await this.consultant.open('/notices', 'notices');
    await this.consultant.open(`/cases/${this.draft}`, 'case-end');
    must((await this.consultant.text()).includes('выполнено вмешательство'), 'the consultant does not see the outcome');
    await this.consultant.open(`/cases/${this.draft}/log`, 'case-log');
  }

  // Asking and answering once more in Kazakh, without any script.
  async plain() {
    const options = { scripts: false, lang: 'kk' };
    const a = await this.signedIn('asker', options);
    await a.open('/ask/register?unidentified=1', 'plain-register');
    await choose(a.page, 'sex', 'male');
    await a.page.fill('[name="age"]', '40');
    await a.go('form[action="/ask/register"] button', 'plain-form');
    await choose(a.page, 'profile', 'cardiology');
    await choose(a.page, 'urgency', 'emergency');
    await a.page.fill('[name="question"]', 'Тромболизис керек пе?');
    await a.go('button[value="to:clinical"]', 'plain-clinical');
    const id = /\/ask\/([a-z0-9]+)/.exec(a.page.url())[1];
    for (const [name, value] of [['complaints', 'Кеуде ауыруы'], ['history', 'Екі сағат'], ['status', 'Орташа ауыр'], ['diagnosis', 'I21'], ['contact', '+7 700 000 00 02']]) await a.page.fill(`[name="${name}"]`, value);
    await choose(a.page, 'consent', 'oral');
    await a.go('button[value="icd:diagnosis"]', 'plain-icd');
    await a.go('form[action$="/icd10"] .c-duty button', 'plain-diagnosis');
    must((await a.page.inputValue('[name="diagnosis"]')).startsWith('I21'), 'the diagnosis was not taken from the list');
    await a.go('button[value="files"]', 'plain-files');
    await a.page.setInputFiles('input[type=file]', this.file('Сурет.pdf', 100000));
    await a.go('noscript button, form[enctype] .c-actions button', 'plain-file-sent');
    must(await a.page.locator('#uploads .c-file').count() === 1, 'the file of a plain form did not arrive');
    await a.open(`/ask/${id}`, '');
    await a.page.locator('input[name="service"]').first().check({ force: true });
    await a.go('form#request button[value="review"]', 'plain-review');
    await a.go('form[action$="/send"] .c-actions button', 'plain-sent');
    must(a.page.url().includes(`/cases/${id}`), `not sent without scripts: ${a.page.url()}`);
    const d = await this.signedIn('coordinator', options);
    await d.open(`/cases/${id}/allocate`, 'plain-allocate');
    await d.page.locator('input[name="to"]').first().check({ force: true });
    await d.go('main form .c-actions button', 'plain-allocated');
    const c = await this.signedIn('consultant', options);
    await c.open(`/cases/${id}`, '');
    await c.go('form[action$="/move/accept"] button, a[href$="/move/accept"]', 'plain-accepted');
    await c.open(`/cases/${id}/conclusion`, 'plain-conclusion');
    await pick(c.page, 'examined.what');
    await pick(c.page, 'answerable');
    await c.page.fill('[name="findings"]', 'ST көтерілген.');
    await c.page.fill('[name="recommend.treatment"]', 'Тромболизис.');
    await pick(c.page, 'recommend.route');
    await c.go('form#conclusion button[value="preview"]', 'plain-preview');
    await c.page.fill('[name="password"]', this.people.consultant[1]);
    await c.go('form[action$="/conclusion/sign"] button', 'plain-signed');
    must(await c.page.locator('.c-signature--valid').count() === 1, 'not signed without scripts');
    for (const p of [a, d, c]) await p.end();
  }

  // Another organisation's case in the address is not there.
  async mayNot() {
    const o = await this.signedIn('outsider');
    o.quiet = true; // the browser reports 404 itself
    for (const rest of ['', '/log', '/conclusion', '/conclusion.pdf', '/conclusion.json', '/conclusion.p7s', '/print.pdf', '/move/withdraw']) {
      const reply = await o.open(`/cases/${this.draft}${rest}`, rest ? '' : 'case-not-yours');
      if (![403, 404].includes(reply.status())) faults.push(`${o.where()}: ${reply.status()} to somebody outside the team`);
      if ((await o.page.content()).includes(QUESTION)) faults.push(`${o.where()}: shows the question`);
    }
    await o.end();
  }

  steps() {
    return [
      ['a request is begun', () => this.begin()],
      ['a draft survives', () => this.draftSurvives()],
      ['uploads go on where they were cut', () => this.uploads()],
      ['the desk is open', () => this.deskOpen()],
      ['the request is sent', () => this.send()],
      ['the desk shows it live and allocates it', () => this.allocate()],
      ['the consultant asks for data and gets it', () => this.consult()],
      ['the conclusion is written and signed', () => this.conclude()],
      ['the asker gets it and it proves itself', () => this.receive()],
      ['the public check tells what it may', () => this.check()],
      ['receipt and outcome', () => this.finish()],
      ['asking and answering without scripts', () => this.plain()],
      ['nobody else sees the case', () => this.mayNot()],
    ];
  }

  // Each step stands on the one before: the first that fails ends the story.
  async tell() {
    for (const [name, fn] of this.steps()) if (!await proof(name, fn)) break;
    await this.line?.stop();
    for (const p of [this.asker, this.coordinator, this.consultant]) if (p) await p.end();
    if (this.dir) fs.rmSync(this.dir, { recursive: true });
  }
}
