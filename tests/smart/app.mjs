// A made-up application: the fhirclient library on a server of its own, and a browser of one person for it.
import http from 'node:http';
import { createRequire } from 'node:module';
import { Session } from '../lib/session.mjs';

const smart = createRequire(import.meta.url)('fhirclient');

// What the library keeps between launch and return: one person, so one place.
class Kept {
  constructor() { this.all = {}; }
  async get(key) { return this.all[key]; }
  async set(key, value) { this.all[key] = value; return value; }
  async unset(key) { return delete this.all[key]; }
}

export class App {
  // options: of fhirclient's authorize().
  constructor(options) {
    this.options = options;
    this.kept = new Kept();
  }

  // Begins anew with other options; query: what the launch address carries (iss, launch).
  begin(options, query) {
    Object.assign(this, { options, query, kept: new Kept(), client: undefined, fault: undefined });
  }

  async start() {
    this.server = http.createServer((req, res) => this.answer(req, res).catch((e) => {
      this.fault = e;
      res.writeHead(500).end(e.message);
    }));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.base = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async answer(req, res) {
    const api = smart(req, res, this.kept);
    if (req.url.startsWith('/launch')) return api.authorize(this.options);
    this.client = await api.ready();
    return res.end('ready');
  }

  stop() {
    this.server.close();
  }
}

export const form = (fields) => new URLSearchParams(fields).toString();
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const unescape = (s) => s.replace(/&quot;/g, '"').replace(/&#39;|&apos;/g, "'").replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

// The consent page at an address, as a person sees it: status, its hidden fields, the roles to choose from.
export async function consentPage(session, target) {
  const reply = await session.get(target);
  const hidden = (name) => unescape(new RegExp(`name="${name}" value="([^"]*)"`).exec(reply.body)?.[1] ?? '');
  const select = (name) => {
    const part = new RegExp(`<select[^>]*name="${name}"[^>]*>(.*?)</select>`, 's').exec(reply.body)?.[1] ?? '';
    return [...part.matchAll(/<option value="([^"]+)"/g)].map((m) => unescape(m[1]));
  };
  return { ...reply, ask: hidden('ask'), csrf: hidden('csrf'), roles: select('role').length ? select('role') : [hidden('role')].filter(Boolean), patients: select('patient') };
}

// The person says yes (or what fields say): the answer, which leads to the application.
export function answerConsent(session, page, fields = {}) {
  const body = form({ csrf: page.csrf, ask: page.ask, role: page.roles[0] ?? '', action: 'allow', ...fields });
  return session.program.request('POST', '/oauth/consent', { cookie: session.cookie, ...FORM }, body);
}

// Opens the application, lets it in, and comes back to it: fhirclient's client, ready to be used.
export async function openApp(program, session, app, fields = {}) {
  const first = await fetch(`${app.base}/launch?${form(app.query ?? {})}`, { redirect: 'manual' });
  const to = new URL(first.headers.get('location'));
  const page = await consentPage(session, to.pathname + to.search);
  if (page.status !== 200) throw new Error(`consent page: ${page.status} ${page.body.slice(0, 300)}`);
  const chosen = page.patients.length > 0 && !('patient' in fields) ? { patient: page.patients[0], ...fields } : fields;
  const back = await answerConsent(session, page, chosen);
  if (back.status !== 303) throw new Error(`consent: ${back.status} ${back.body.slice(0, 300)}`);
  const ready = await fetch(back.headers.location);
  if ((await ready.text()) !== 'ready') throw app.fault ?? new Error(`back at the application: ${ready.status}`);
  // The library's page sends people on to the address without code and state; the client is made then.
  return app.client;
}

export { Session };
