// Nothing typed is lost. A form with data-draft="address" is kept in this browser at every change and
// sent to the server shortly after; what could not be sent stays here, is tried again, and comes back
// when the form is opened again by the same person (data-draft-by).
import { all, clock, csrf, fill, isSignIn, renewToken, signInLink, store } from './util';

const WAIT_MS = 1200;
const AGAIN_MS = [5000, 10000, 20000, 40000, 60000];
const KEEP_MS = 14 * 24 * 3600 * 1000;
const PREFIX = 'draft:';

interface Kept {
  at: number;
  body: string;
}

class Draft {
  private readonly url: string;
  private readonly key: string;
  private timer = 0;
  private failures = 0;
  private sending = false;
  private dirty = false;

  constructor(private readonly form: HTMLFormElement, private readonly status: HTMLElement | null) {
    this.url = form.dataset.draft ?? '';
    this.key = `${PREFIX}${form.dataset.draftBy ?? ''}:${this.url}`;
    this.restore();
    const changed = (): void => this.changed();
    form.addEventListener('input', changed);
    form.addEventListener('change', changed);
    window.addEventListener('online', () => this.dirty && this.plan(0));
    document.addEventListener('visibilitychange', () => {
      if (!this.dirty) return;
      if (document.hidden) this.sendLast();
      else this.plan(0);
    });
    window.addEventListener('pagehide', () => this.dirty && this.sendLast());
  }

  private body(): string {
    const out = new URLSearchParams();
    new FormData(this.form).forEach((value, name) => {
      if (typeof value === 'string' && name !== 'csrf') out.append(name, value);
    });
    return out.toString();
  }

  private say(text: string | undefined, bad = false, link?: HTMLAnchorElement): void {
    if (!this.status) return;
    this.status.textContent = text ?? '';
    this.status.classList.toggle('c-saved--bad', bad);
    if (link) this.status.append(' ', link);
  }

  private changed(): void {
    this.dirty = true;
    const kept: Kept = { at: Date.now(), body: this.body() };
    store.set(this.key, JSON.stringify(kept));
    if (!this.failures) this.say(this.status?.dataset.tTyping);
    this.plan(this.failures ? (AGAIN_MS[0] ?? WAIT_MS) : WAIT_MS);
  }

  private plan(ms: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), ms);
  }

  // The page goes away: no answer will be seen, so what is kept here stays.
  private sendLast(): void {
    void fetch(this.url, { method: 'POST', keepalive: true, headers: this.headers(), body: this.body() }).catch(() => undefined);
  }

  private headers(): Record<string, string> {
    return { 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8', 'X-CSRF-Token': csrf(), Accept: 'application/json' };
  }

  private async send(): Promise<void> {
    if (this.sending) return this.plan(WAIT_MS);
    this.sending = true;
    const body = this.body();
    try {
      let r = await fetch(this.url, { method: 'POST', headers: this.headers(), body });
      if (r.status === 403 && (await renewToken())) {
        r = await fetch(this.url, { method: 'POST', headers: this.headers(), body });
      }
      if (isSignIn(r)) this.failed(this.status?.dataset.tOut, signInLink(this.status?.dataset.tSignin));
      else if (r.status === 413) this.failed((await r.text()).slice(0, 400));
      else if (!r.ok) this.failed(fill(this.status?.dataset.tLocal, { time: clock() }));
      else this.sent(body);
    } catch {
      this.failed(fill(this.status?.dataset.tLocal, { time: clock() }));
    } finally {
      this.sending = false;
    }
    return undefined;
  }

  private sent(body: string): void {
    this.failures = 0;
    if (body !== this.body()) return this.plan(WAIT_MS);
    this.dirty = false;
    store.remove(this.key);
    return this.say(fill(this.status?.dataset.tSaved, { time: clock() }));
  }

  private failed(text: string | undefined, link?: HTMLAnchorElement): void {
    this.say(text, true, link);
    this.plan(AGAIN_MS[Math.min(this.failures, AGAIN_MS.length - 1)] ?? WAIT_MS);
    this.failures++;
  }

  // Whether the page shows all that was kept and has a place here. The server writes numbers as the
  // language does and gives codes their titles: that is the same.
  private isSaved(kept: URLSearchParams): boolean {
    const now = new URLSearchParams(this.body());
    const plain = (p: URLSearchParams, name: string): string[] =>
      p.getAll(name).map((v) => v.trim().replace(/\r/g, '').replace(/,/g, '.').toUpperCase()).filter(Boolean);
    const code = (v: string): string => (/^[A-Z]\d\d[.\d]*/.exec(v)?.[0] ?? '').replace('.', '');
    const fields = Array.from(this.form.elements) as HTMLInputElement[];
    return fields.filter((el) => el.name && el.type !== 'hidden' && !this.isUnanswered(el, kept)).every(({ name }) => {
      const was = plain(kept, name);
      const is = plain(now, name);
      return was.length === is.length && was.every((v, i) => is[i] === v || (!v.includes(' ') && !!code(v) && code(is[i] ?? '') === code(v)));
    });
  }

  // A choice nobody made, or one this page does not offer any more: what the page proposes stands.
  private isUnanswered(el: Element, kept: URLSearchParams): boolean {
    if (!(el instanceof HTMLInputElement) || el.type !== 'radio') return false;
    const offered = Array.from(this.form.querySelectorAll<HTMLInputElement>('input[type=radio]')).filter((o) => o.name === el.name);
    return !offered.some((o) => kept.getAll(el.name).includes(o.value));
  }

  // What could not be sent last time, put back into the fields.
  private restore(): void {
    const text = store.get(this.key);
    if (!text) return;
    let kept: Kept;
    try {
      kept = JSON.parse(text) as Kept;
    } catch {
      return store.remove(this.key);
    }
    const values = new URLSearchParams(kept.body);
    if (this.isSaved(values)) return store.remove(this.key);
    const names = new Set(values.keys());
    for (const el of Array.from(this.form.elements)) {
      if (el instanceof HTMLInputElement && (el.type === 'checkbox' || el.type === 'radio')) {
        if (el.name && !this.isUnanswered(el, values)) el.checked = values.getAll(el.name).includes(el.value);
      } else if ((el instanceof HTMLInputElement && !['hidden', 'file', 'submit'].includes(el.type)) ||
                 el instanceof HTMLTextAreaElement || el instanceof HTMLSelectElement) {
        if (names.has(el.name)) el.value = values.get(el.name) ?? '';
      }
    }
    this.say(this.status?.dataset.tRestored);
    this.dirty = true;
    this.plan(WAIT_MS);
    return undefined;
  }
}

function dropOld(): void {
  for (const key of store.keys().filter((k) => k.startsWith(PREFIX))) {
    try {
      const kept = JSON.parse(store.get(key) ?? '') as Kept;
      if (Date.now() - kept.at > KEEP_MS) store.remove(key);
    } catch {
      store.remove(key);
    }
  }
}

// A second click on a button that has sent its form does nothing.
function sendOnce(): void {
  document.addEventListener('submit', (e) => {
    const form = e.target as HTMLFormElement;
    if (form.method !== 'post' || e.defaultPrevented) return;
    if (form.dataset.sent) e.preventDefault();
    else {
      form.dataset.sent = '1';
      window.setTimeout(() => delete form.dataset.sent, 8000); // no answer: may be tried again
    }
  });
  window.addEventListener('pageshow', () => all<HTMLFormElement>('form[data-sent]').forEach((f) => delete f.dataset.sent));
}

export function startDrafts(): void {
  dropOld();
  sendOnce();
  for (const form of all<HTMLFormElement>('form[data-draft]')) {
    new Draft(form, form.querySelector<HTMLElement>('[data-saved]') ?? document.querySelector<HTMLElement>('[data-saved]'));
  }
  document.getElementById('errors')?.focus();
}
