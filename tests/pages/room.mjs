// Meetings in Chromium with its made-up camera: two people browser to browser, who waits at the door and what a host
// does, what all look at together, another window, a blocked camera or none, without scripts, and what stays in the record.
// node tests/pages/room.mjs [--build release]
import { Line } from '../lib/line.mjs';
import { DEMO_PASSWORD as PASSWORD } from '../lib/demo.mjs';
import { option, Program } from '../lib/program.mjs';
import { until } from '../lib/until.mjs';
import { ctSeries, stow } from '../lib/pictures.mjs';
import { faults, launch, must, Person, proof, provenCount, tell } from './browser.mjs';

const MEDIA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--allow-loopback-in-peer-connection', '--auto-accept-this-tab-capture', '--autoplay-policy=no-user-gesture-required', '--disable-gpu'];
const DENIED = MEDIA.map((f) => (f === '--use-fake-ui-for-media-stream' ? `${f}=deny` : f));
const NO_CAMERA = MEDIA.filter((f) => f !== '--use-fake-device-for-media-stream');
const CT = '1.2.826.0.1.3680043.8.498.4101';
const SLICES = 5;
const SLOW = { within: 60, every: 0.2 };

const args = process.argv.slice(2);
const program = new Program({ build: option(args, '--build', 'release') });
const browser = await launch(MEDIA);

async function signedIn(name, login, options) {
  const p = await Person.begin(browser, program, name, { lang: 'ru', ...options });
  await p.open('/sign-in', '');
  await p.signIn(login, PASSWORD);
  await p.language(options?.lang ?? 'ru');
  return p;
}

// Frames that were decoded of each other person, and packets of sound.
const decoded = (p) => p.page.evaluate(async () => {
  const out = [];
  for (const peer of window.consiliumCall?.peers.values() ?? []) {
    const one = { frames: 0, sound: 0, height: 0 };
    (await peer.pc.getStats()).forEach((s) => {
      if (s.type !== 'inbound-rtp') return;
      if (s.kind === 'video') Object.assign(one, { frames: s.framesDecoded ?? 0, height: s.frameHeight ?? 0 });
      else one.sound = s.packetsReceived ?? 0;
    });
    out.push(one);
  }
  return out;
});

// So many others are seen moving and heard from now on.
async function seen(p, n, within = 30) {
  const before = await decoded(p);
  const sum = (list, k) => list.map((x) => x[k]);
  await until(`${p.name} sees and hears ${n}`, async () => {
    const now = await decoded(p);
    return now.length === n && sum(now, 'frames').every((f, i) => f > (before.length === n ? sum(before, 'frames')[i] : 0) + 10) && sum(now, 'sound').every((f, i) => f > (before.length === n ? sum(before, 'sound')[i] : 0) + 20);
  }, { within, every: 0.3 }).catch(async (e) => {
    throw new Error(`${e.message}: ${JSON.stringify(await decoded(p))} ${await p.page.locator('#room-say').innerText().catch(() => '')}`);
  });
}

// On a small phone nobody scrolls to leave: the button is within the screen as the page opens.
async function leaveInReach(p) {
  const before = p.page.viewportSize();
  await p.page.setViewportSize({ width: 360, height: 640 });
  await p.page.evaluate(() => window.scrollTo(0, 0));
  const box = await p.page.locator('#leave').boundingBox();
  must(box && box.y >= 0 && box.y + box.height <= 640 && box.height >= 40, `leave is out of reach on a phone: ${JSON.stringify(box)}`);
  await p.page.setViewportSize(before);
}

const text = (p, selector) => p.page.locator(selector).innerText();

// Waits until the page of a person shows this.
const shows = (p, what, selector) => until(`${p.name} sees ${what}`, () => p.page.locator(selector).first().isVisible(), SLOW)
  .catch(async (e) => { throw new Error(`${e.message}: ${(await p.text().catch(() => '')).slice(0, 1500)}`); });
const says = (p, words) => until(`${p.name} reads ${words}`, async () => words.test(await p.text()), SLOW)
  .catch(async (e) => { throw new Error(`${e.message}: ${(await p.text().catch(() => '')).slice(0, 1500)}`); });
const waitsFor = (p, what, fn) => until(`${p.name}: ${what}`, fn, SLOW);

// One more page of the same browser, held to no budget of its own.
async function beside(p, name) {
  const q = new Person(program, name, p.context);
  Object.assign(q, { scripts: p.scripts, lang: p.lang, first: 0 });
  await q.newPage();
  return q;
}

class Meeting {
  // The consultant's newest open case, and who asked in it.
  async find() {
    this.consultant = await signedIn('consultant', 'cardiologist1', {});
    const { page } = this.consultant;
    await this.consultant.open('/work', '');
    this.cases = await page.locator('a[href^="/cases/"]').evaluateAll((list) => [...new Set(list.map((a) => a.getAttribute('href').replace(/#.*/, '')))]);
    must(this.cases.length > 0, 'the consultant has no case');
    this.line = await new Line(program).start();
    const token = /[A-Za-z0-9_-]{30,}/.exec(program.cli(['token', 'new', '--system', 'room']))[0];
    this.fhir = async (target) => JSON.parse((await program.request('GET', `/fhir/${target}`, { Authorization: `Bearer ${token}`, Accept: 'application/fhir+json' })).body);
    for (const one of this.cases) {
      const request = await this.fhir(`ServiceRequest/${one.split('/').pop()}`);
      const login = /Practitioner\/([a-z0-9]+)$/.exec(request.requester?.reference ?? '')?.[1];
      await page.goto(one);
      if (!login || !await page.locator('form[action$="/room"]').count()) continue;
      this.case = one;
      this.login = login;
      await stow(program, token, ctSeries({ uid: CT, accession: one.split('/').pop().slice(0, 8).toUpperCase(), n: SLICES }));
      this.asker = await signedIn('asker', login, { base: this.line.base });
      return;
    }
    throw new Error('nobody who asked was found');
  }

  async begin() {
    await this.find();
    const c = this.consultant;
    await c.open(this.case, '');
    await c.go('form[action$="/room"] button', 'room-door');
    this.room = new URL(c.page.url()).pathname;
    must(/^\/rooms\/[a-z2-7]{26}$/.test(this.room), `no room: ${this.room}`);
    await c.page.click('#try-start');
    await until('camera and microphone are tried', async () => (await text(c, '#try-say')).length > 0);
    await c.go('#enter', '');
    await this.called();
    await this.asker.open(this.case, '');
    await this.asker.go('form[action$="/room"] button', '');
    await this.asker.go('#enter', '');
    await seen(this.asker, 1);
    await seen(c, 1);
    await c.look('room-call');
    await this.asker.page.setViewportSize({ width: 360, height: 740 });
    await this.asker.look('room-call-asker');
  }

  // Who asked was told that somebody waits, without a word of the case.
  async called() {
    await this.asker.open('/notices', '');
    await shows(this.asker, 'the notice of the meeting', `a[href="${this.room}"]`);
  }

  // The host makes a link for somebody; gives its address and code.
  async link(name, role) {
    this.office ??= await beside(this.consultant, 'office');
    const { page } = this.office;
    await waitsFor(this.office, 'the form for links', async () => {
      await this.office.open(`${this.room}/guests`, '');
      return page.locator('[name=name]').isVisible();
    });
    await page.fill('[name=name]', name);
    const option = page.locator(`[name=role][value="${role}"]`);
    if (await option.count()) await option.check({ force: true });
    else await page.selectOption('[name=role]', role);
    await this.office.go('main form[action$="/guests"] button', `room-guests-${role}`);
    return { path: /\/join\/[a-z2-7]{26}/.exec(await this.office.text())[0], code: await page.locator('.c-signature b').innerText() };
  }

  // Somebody with a link of their own, at the door.
  async guest(name, role, { at = browser, wrong = false, look = '', ...options } = {}) {
    const { path, code } = await this.link(name, role);
    const g = await Person.begin(at, program, name, { lang: 'en', width: 360, ...options });
    await g.open(path, look && `${look}-join`);
    if (wrong) {
      await g.page.fill('#code', '000');
      await g.go(`form[action="${path}"] button`, '');
      must(/wrong/.test(await g.text()), 'a wrong code is not told');
    }
    await g.page.fill('#code', code);
    await g.go(`form[action="${path}"] button`, look && `${look}-lobby`);
    await g.go('form[action$="/enter"] button', look && `${look}-waiting`);
    g.path = path;
    return g;
  }

  // The button of the host beside a name; the list is drawn anew with each event, so it is pressed where it stands.
  async host(name, what) {
    await waitsFor(this.consultant, `${what} of ${name}`, () => this.consultant.page.evaluate(([who, action]) => {
      const line = [...document.querySelectorAll('#people li')].find((li) => li.textContent.includes(who));
      const button = line?.querySelector(`form[action$="/${action}"] button`);
      button?.click();
      return !!button;
    }, [name, what]));
  }

  async door() {
    const first = await this.guest('Translator', 'interpreter', { wrong: true, look: 'room' });
    await says(first, /You are the next to be let in/);
    const used = await Person.begin(browser, program, 'another browser', { lang: 'en', width: 360 });
    await used.open(first.path, 'room-join-used');
    must(/used before/.test(await used.text()), 'a link is used twice');
    await used.end();
    const second = await this.guest('Student', 'observer');
    await says(second, /number 2 of 2/);
    await shows(this.consultant, 'two who wait', '.c-room__queue li:nth-child(2)');
    await this.consultant.look('room-queue');
    await this.host('Translator', 'admit');
    await shows(first, 'the meeting', '#tiles');
    await says(second, /You are the next to be let in/);
    await seen(first, 2, 90);
    Object.assign(this, { first, second });
  }

  async hosting() {
    const { first, second, asker, consultant } = this;
    await waitsFor(first, 'speaks', async () => await first.page.getAttribute('#mic', 'aria-pressed') === 'true');
    await this.host('Translator', 'mute');
    await waitsFor(first, 'is muted', async () => await first.page.getAttribute('#mic', 'aria-pressed') === 'false');
    await this.host('Student', 'admit');
    await shows(asker, 'the observer by role', '#people .c-tag--warn');
    second.quiet = true; // the link ends: the page's own requests are refused
    await consultant.page.locator('form[action$="/observers"]').evaluate((f) => { f.closest('details').open = true; });
    await consultant.page.locator('form[action$="/observers"] button').click();
    await says(second, /does not want observers/);
    await waitsFor(asker, 'no observer any more', async () => await asker.page.locator('#people .c-tag--warn').count() === 0);
    await second.end();
    first.quiet = true;
    await this.host('Translator', 'remove');
    await says(first, /not among those who meet/);
    await first.end();
  }

  // A screen, an image of the record with everybody's pointer, a photo into the record, text beside.
  async together() {
    const { asker, consultant } = this;
    const frames = (p) => p.page.evaluate(() => document.querySelector('#stage video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0);
    await asker.page.click('#screen');
    await waitsFor(consultant, 'the screen of the asker', async () => await frames(consultant) > 3);
    await asker.page.click('#screen');
    await waitsFor(consultant, 'no screen', async () => !await consultant.page.locator('#stage').isVisible());

    const pictured = (p) => waitsFor(p, 'the image', () => p.page.evaluate(() => (document.querySelector('#stage img')?.naturalWidth ?? 0) > 0));
    const slice = (p) => text(p, '#stage .c-room__what');
    await consultant.page.click('#show-image');
    await consultant.page.click('#stage a[href*="study="]');
    await pictured(consultant);
    await pictured(asker);
    const before = await slice(consultant);
    must(before.includes(`${SLICES}`) && await asker.page.locator('#stage [data-lead]').count() === 0, `the stage says ${before}`);
    await consultant.page.focus('#stage');
    await consultant.page.keyboard.press('PageDown');
    await waitsFor(consultant, 'the next slice', async () => await slice(consultant) !== before);
    const now = await slice(consultant);
    await waitsFor(asker, 'the same slice', async () => await slice(asker).catch(() => '') === now);
    await pictured(asker);
    const dot = (p) => p.page.locator('.c-room__dot span').allInnerTexts();
    const point = async (from, to, act) => waitsFor(to, `where ${from.name} points`, async () => {
      await act();
      return (await dot(to)).some((name) => name.length > 3);
    });
    const r = await consultant.page.locator('#stage img').boundingBox();
    let step = 0;
    await point(consultant, asker, () => consultant.page.mouse.move(r.x + 20 + (step++ % 20), r.y + 20));
    await asker.page.focus('#stage');
    await point(asker, consultant, () => asker.page.keyboard.press('ArrowRight'));
    await consultant.look('room-image');
    await asker.look('room-image-asker');
    const late = await this.guest('Aunt', 'relative');
    await this.host('Aunt', 'admit');
    await says(late, /not shown to you/);
    must(await late.page.locator('#stage img').count() === 0, 'a guest has an image of the record');
    await late.look('room-image-guest');
    late.quiet = true; // its last looks find no seat
    await late.go('#leave', '');
    await late.end();
    await consultant.page.click('#show-image');
    await waitsFor(asker, 'no image', async () => !await asker.page.locator('#stage').isVisible());

    await consultant.page.click('#still');
    await shows(asker, 'a file in the talk', '#talk .c-talk li');
    await consultant.page.fill('#say textarea', 'Ейск 60 mmHg');
    await consultant.page.click('#say button:not([type=button])');
    await says(asker, /Ейск 60 mmHg/);
    await says(consultant, /Ейск 60 mmHg/);
  }

  async window() {
    const again = await beside(this.consultant, 'another window');
    await again.open(this.room, '');
    await seen(again, 1, 90);
    await says(this.consultant, /открыта в другом окне/);
    await this.consultant.page.close();
    this.consultant = again;
    await seen(this.asker, 1, 90);
  }

  // A guest in a browser of another kind; without camera and microphone everything else goes on.
  async lacking(name, flags, words) {
    const at = await launch(flags);
    try {
      const g = await this.guest(name, 'relative', { at });
      await this.host(name, 'admit');
      await says(g, words);
      await seen(g, 2, 90);
      await g.page.fill('#say textarea', `${name} writes`);
      await g.page.click('#say button:not([type=button])');
      await says(this.asker, new RegExp(`${name} writes`));
      await g.look(`room-${name.toLowerCase()}`);
      await leaveInReach(g);
      g.quiet = true;
      await g.go('#leave', '');
      await g.end();
      await waitsFor(this.asker, `${name} left`, async () => await this.asker.page.locator(`#people li:has-text("${name}")`).count() === 0);
    } finally {
      await at.close();
    }
  }

  async plain() {
    const g = await this.guest('Grandfather', 'relative', { scripts: false, look: 'room-plain' });
    await this.host('Grandfather', 'admit');
    await waitsFor(g, 'is in after looking again', async () => {
      await g.page.reload();
      return g.page.locator('#say textarea').isVisible();
    });
    await g.look('room-plain-call');
    await leaveInReach(g);
    await g.page.fill('#say textarea', 'Grandfather writes');
    await g.go('#say button', '');
    await says(g, /Grandfather writes/);
    await says(this.asker, /Grandfather writes/);
    await g.go('#leave', '');
    await g.end();
    const line = await Person.begin(browser, program, 'line', { lang: 'ru', width: 1280 });
    await line.open('/line', 'room-line');
    await line.page.click('#line-start');
    await waitsFor(line, 'the line is measured', async () => /\d/.test(await text(line, '#line-say')));
    await line.end();
  }

  // The Encounter has who was there, from when to when, and how good their lines were.
  async record() {
    await shows(this.consultant, 'how the lines are', '#people .c-quiet.c-small');
    await this.consultant.page.locator('form[action$="/end"]').evaluate((f) => { f.closest('details').open = true; });
    await this.consultant.go('form[action$="/end"] button', '');
    await shows(this.asker, 'the door again', '#enter');
    const { entry } = await this.fhir(`Encounter?subject=${(await this.fhir(`ServiceRequest/${this.case.split('/').pop()}`)).subject.reference}&_count=50`);
    const all = entry.map((e) => e.resource).filter((e) => e.class.code === 'VR' && e.basedOn?.some((b) => b.reference.endsWith(this.case.split('/').pop())));
    must(all.length === 1 && all[0].status === 'finished' && all[0].period.end > all[0].period.start, `Encounters: ${JSON.stringify(all).slice(0, 2000)}`);
    const people = all[0].participant;
    const roles = people.flatMap((p) => p.type.flatMap((t) => t.coding.map((c) => c.code)));
    for (const role of ['clinician', 'interpreter', 'observer', 'relative']) must(roles.includes(role), `nobody was ${role}: ${roles}`);
    const staff = people.filter((p) => p.individual?.reference.startsWith('Practitioner/'));
    must(staff.length === 2 && staff.every((p) => p.period.start && p.period.end), `staff: ${JSON.stringify(staff)}`);
    const lines = staff.flatMap((p) => (p.extension ?? []).flatMap((x) => (x.extension ?? []).map((y) => y.url)));
    for (const url of ['rtt-ms', 'lost-per-mille', 'kbit-per-second']) must(lines.filter((l) => l === url).length === 2, `${url} of both lines: ${lines}`);
  }
}

const meeting = new Meeting();
try {
  await program.fill();
  await program.start({ words: ['demo'] });
  await proof('two people see and hear each other, browser to browser', () => meeting.begin());
  await proof('the door: a link and its code once, the place in the queue, being let in', () => meeting.door());
  await proof('a host mutes, refuses observers for the patient, takes somebody out', () => meeting.hosting());
  await proof('a screen, an image of the record with pointers, a photo, text', () => meeting.together());
  await proof('another window takes the seat', () => meeting.window());
  await proof('a blocked camera and microphone', () => meeting.lacking('Blocked', DENIED, /does not let this page use camera/));
  await proof('no camera at all', () => meeting.lacking('Camless', NO_CAMERA, /No camera/));
  await proof('without scripts all but the call works; the line is tried', () => meeting.plain());
  await proof('people, times and lines stand in the Encounter', () => meeting.record());
  await proof('the server ends well', () => program.stop());
} catch (e) {
  faults.push(String(e.stack ?? e));
  console.log(e.stack);
}
await browser.close();
meeting.line?.stop();
tell();
console.log(`${provenCount()} passed, ${faults.length} failed`);
if (!faults.length) program.remove();
process.exitCode = faults.length ? 1 : 0;
