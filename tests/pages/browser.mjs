// Chromium as one person at one screen. Every page that is looked at is held to the rules all pages
// share: no script errors, no breach of the content security policy, nothing wider than the screen,
// axe, weight; and is kept as a picture in build/screens/.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { ROOT } from '../lib/program.mjs';

export const SCREENS = path.join(ROOT, 'build/screens');
const AXE = path.join(ROOT, 'node_modules/axe-core/axe.min.js');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const FIRST_BYTES = 60 * 1024;
const FIRST_REQUESTS = 4;
const LATER_BYTES = 15 * 1024;
const NARROW = 360;
export const WAIT_MS = 20000;

export const faults = [];
let passed = 0;
let told = 0;
// Prints what was found since the last time: also between two proofs something may go wrong.
export function tell() {
  for (const f of faults.slice(told)) console.log(`    ${f}`);
  told = faults.length;
}

// One named proof of the run; a proof that fails does not stop the others. PROOF in the environment: only those whose
// name has this in it.
export async function proof(name, fn) {
  if (!name.includes(process.env.PROOF ?? '')) return true;
  const before = faults.length;
  const t0 = Date.now();
  try {
    await fn();
  } catch (e) {
    faults.push(`${name}: ${String(e.stack ?? e).split('\n').slice(0, 12).join('\n    ')}`);
  }
  const ok = faults.length === before;
  if (ok) passed += 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} ${((Date.now() - t0) / 1000).toFixed(1)} s`);
  tell();
  return ok;
}
export const provenCount = () => passed;

export function must(condition, text) {
  if (!condition) throw new Error(text);
}

// more: further flags; those of WebGL need the graphics process.
export async function launch(more = []) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-chromium-'));
  fs.mkdirSync(SCREENS, { recursive: true });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: [...FLAGS.filter((f) => f !== '--disable-gpu' || !more.length), ...more], env: { ...process.env, HOME: profile } });
  browser.on('disconnected', () => fs.rmSync(profile, { recursive: true, force: true }));
  return browser;
}

export class Person {
  constructor(program, name, context) {
    Object.assign(this, { program, name, context, page: null, weight: { bytes: 0, requests: 0 }, quiet: false });
  }

  // options: login, password, width, lang, scripts (true), base (another address of the same program).
  static async begin(browser, program, name, { width = 1280, lang = 'ru', scripts = true, base = program.base } = {}) {
    const context = await browser.newContext({ baseURL: base, viewport: { width, height: width < 600 ? 740 : 900 },
      locale: lang === 'kk' ? 'kk-KZ' : lang === 'ru' ? 'ru-RU' : 'en-GB', javaScriptEnabled: scripts, acceptDownloads: true });
    await context.addCookies([{ name: 'device', value: 'A'.repeat(43), url: base }]); // the same browser again: nobody is told of a new one
    const p = new Person(program, name, context);
    p.scripts = scripts;
    p.lang = lang;
    await p.newPage();
    return p;
  }

  // A new tab of the same browser; the one before is closed as a killed browser closes it.
  async newPage() {
    await this.page?.close({ runBeforeUnload: false });
    const page = await this.context.newPage();
    this.page = page;
    page.setDefaultTimeout(WAIT_MS);
    if (this.scripts) await page.addInitScript(() => document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`)));
    page.on('pageerror', (e) => faults.push(`${this.where()}: script error: ${e.message}`));
    page.on('console', (m) => {
      // The browser's own word on a page that says 404 or 422 is no fault of the page.
      if (m.type() === 'error' && !this.quiet && m.location().url !== page.url() && !/\/events(\?|$)/.test(m.location().url)) faults.push(`${this.where()}: console: ${m.text()} ${m.location().url}`);
    });
    await this.weigh();
  }

  where() {
    return `${this.name} ${this.page.url().replace(/^https?:\/\/[^/]+/, '').replace(/[a-z2-7]{26}/g, 'ID')}`;
  }

  // Bytes on the wire as the network layer counts them.
  async weigh() {
    const cdp = await this.context.newCDPSession(this.page);
    const aside = new Set();
    await cdp.send('Network.enable');
    cdp.on('Network.responseReceived', ({ requestId, type }) => {
      if (['Image', 'Media', 'EventSource', 'Fetch', 'XHR'].includes(type)) aside.add(requestId);
    });
    cdp.on('Network.requestWillBeSent', ({ type }) => { if (!['EventSource', 'Fetch', 'XHR', 'Ping'].includes(type)) this.weight.requests += 1; });
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => { if (!aside.has(requestId)) this.weight.bytes += encodedDataLength; });
  }

  // Opens an address and holds the page to the rules.
  async open(target, name) {
    this.weight = { bytes: 0, requests: 0 };
    const reply = await this.page.goto(target, { waitUntil: 'load' });
    await this.look(name);
    return reply;
  }

  // Presses something that leads to another page (a link or a button of a form).
  async go(selector, name) {
    this.weight = { bytes: 0, requests: 0 };
    const to = typeof selector === 'string' ? this.page.locator(selector).first() : selector;
    await Promise.all([this.page.waitForNavigation({ waitUntil: 'load' }), to.click()]);
    await this.look(name);
  }

  async signIn(login, password) {
    await this.page.fill('#login', login);
    await this.page.fill('#password', password);
    await this.go('form[action="/sign-in"] button:not([type=button])', `${this.name}-begin`);
    must(!this.page.url().includes('/sign-in'), `${login} was not signed in`);
  }

  // The language by the menu of the header, when the page has another one.
  async language(lang) {
    if (await this.page.getAttribute('html', 'lang') === lang) return;
    await this.page.locator('.c-menu summary').click();
    await this.go(`.c-langs button[value="${lang}"]`, '');
    must(await this.page.getAttribute('html', 'lang') === lang, `the page is not in ${lang}`);
  }

  // Holds the page to the rules and keeps its picture. name: of the picture; empty: the rules alone.
  async look(name) {
    const { page } = this;
    const here = this.where();
    const { bytes, requests } = this.weight;
    if (this.first === undefined) {
      this.first = bytes;
      if (bytes > FIRST_BYTES || requests > FIRST_REQUESTS) faults.push(`${here}: the first page weighs ${(bytes / 1024).toFixed(1)} KB in ${requests} requests`);
    } else if (bytes > LATER_BYTES) faults.push(`${here}: the page weighs ${(bytes / 1024).toFixed(1)} KB`);
    if (!name) return;
    const width = page.viewportSize().width;
    await this.fits(here);
    await page.screenshot({ path: path.join(SCREENS, `${name}-${width}-${this.lang}.png`), fullPage: true });
    if (width > NARROW) {
      const height = page.viewportSize().height;
      await page.setViewportSize({ width: NARROW, height: 740 });
      await this.fits(`${here} at ${NARROW}`);
      await page.screenshot({ path: path.join(SCREENS, `${name}-${NARROW}-${this.lang}.png`), fullPage: true });
      await page.setViewportSize({ width, height });
    }
    if (this.scripts) await this.axeRun(here);
  }

  async fits(here) {
    const wide = await this.page.evaluate(() => {
      const w = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= w) return '';
      const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > w + 1 && !e.closest('[class*=hidden]'));
      return out.slice(-3).map((e) => `${e.tagName}.${e.className}`).join(', ') || 'page';
    });
    if (wide) faults.push(`${here}: wider than the screen: ${wide}`);
  }

  async axeRun(here) {
    if (!await this.page.evaluate(() => !!window.axe)) {
      const cdp = await this.context.newCDPSession(this.page);
      await cdp.send('Runtime.evaluate', { expression: fs.readFileSync(AXE, 'utf8') });
      if (!this.device) await cdp.detach(); // with it goes what other sessions put into the page
    }
    const found = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] })
      .then((r) => r.violations.map((v) => ({ id: v.id, impact: v.impact, at: v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.any?.[0]?.message ?? ''}`) }))));
    for (const v of found.filter((x) => ['serious', 'critical'].includes(x.impact) || x.id === 'heading-order')) faults.push(`${here}: axe: ${v.id} (${v.impact}): ${v.at.join(' | ')}`);
  }

  // Where the keyboard goes is seen: each of the first stops has an outline, a shadow or another colour.
  async focusSeen(stops = 8) {
    const { page } = this;
    await page.evaluate(() => document.activeElement?.blur());
    for (let i = 0; i < stops; i++) {
      await page.keyboard.press('Tab');
      const r = await page.evaluate(() => {
        const e = document.activeElement;
        if (!e || e === document.body) return null;
        const read = () => { const s = getComputedStyle(e); return [s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 ? s.outline : '', s.boxShadow, s.backgroundColor, s.borderColor].join('|'); };
        const on = read();
        e.blur();
        const off = read();
        e.focus({ focusVisible: true });
        return { seen: on !== off, what: `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)}` };
      });
      if (r && !r.seen) faults.push(`${this.where()}: focus is not seen on ${r.what}`);
    }
  }

  text() {
    return this.page.locator('main').innerText();
  }

  async end() {
    this.quiet = true;
    await this.context.close();
  }
}
