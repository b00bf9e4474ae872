// Keeps a page true without reload. The body names a stream of events (data-events); each event says
// only that a topic changed. Elements with data-live="topic" and an id are fetched again, from
// data-src or the page's own address, and swapped. What somebody is typing in is left alone.
import { all, isSignIn, signInLink } from './util';

const WAIT_MS = 200;
const pending = new Set<string>();
let timer = 0;
let lost = false;

const line = (): HTMLElement | null => document.getElementById('line');

function say(text: string, link?: HTMLAnchorElement): void {
  const box = line();
  if (!box) return;
  box.textContent = text;
  if (link) box.append(' ', link);
}

function isTypedIn(el: HTMLElement): boolean {
  const active = document.activeElement;
  if (active && active !== el && el.contains(active) && active.matches('input:not([type=hidden]),textarea,select')) return true;
  return all<HTMLInputElement>('input,textarea', el).some((i) => i.type !== 'hidden' && i.value !== i.defaultValue);
}

// Where the focus was inside: by id, or by address for links.
function focusPath(el: HTMLElement): string {
  const active = document.activeElement as HTMLElement | null;
  if (!active || !el.contains(active)) return '';
  if (active.id) return `#${CSS.escape(active.id)}`;
  const href = active.getAttribute('href');
  return href ? `a[href="${CSS.escape(href)}"]` : '';
}

function swap(el: HTMLElement, fresh: HTMLElement): void {
  if (el.innerHTML === fresh.innerHTML) return;
  const focus = focusPath(el);
  const open = all<HTMLDetailsElement>('details[open][id]', el).map((d) => d.id);
  el.replaceChildren(...Array.from(fresh.childNodes));
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  if (focus) el.querySelector<HTMLElement>(focus)?.focus({ preventScroll: true });
  el.dispatchEvent(new CustomEvent('swapped', { bubbles: true }));
}

async function refresh(): Promise<void> {
  timer = 0;
  if (document.hidden) return; // visibilitychange comes back to it
  const topics = Array.from(pending);
  pending.clear();
  const elements = all('[data-live][id]').filter((el) => (el.dataset.live ?? '').split(' ').some((t) => topics.includes(t)));
  const sources = new Map<string, HTMLElement[]>();
  for (const el of elements) {
    if (isTypedIn(el)) {
      el.addEventListener('focusout', () => again(el.dataset.live ?? ''), { once: true });
      continue;
    }
    const src = el.dataset.src ?? location.pathname + location.search;
    sources.set(src, [...(sources.get(src) ?? []), el]);
  }
  for (const [src, list] of sources) {
    try {
      const r = await fetch(src, { headers: { Accept: 'text/html', 'X-Live': '1' } });
      if (isSignIn(r)) {
        say(line()?.dataset.out ?? '', signInLink(line()?.dataset.signIn));
        return;
      }
      if (!r.ok) continue;
      const page = new DOMParser().parseFromString(await r.text(), 'text/html');
      for (const el of list) {
        const fresh = page.getElementById(el.id);
        if (fresh) swap(el, fresh);
      }
    } catch {
      for (const t of topics) pending.add(t); // the stream's return asks again
    }
  }
}

function again(topics: string): void {
  for (const t of topics.split(' ')) pending.add(t);
  if (!timer) timer = window.setTimeout(() => void refresh(), WAIT_MS);
}

export function startLive(): void {
  const url = document.body.dataset.events;
  const topics = new Set(all('[data-live]').flatMap((el) => (el.dataset.live ?? '').split(' ')));
  document.addEventListener('refresh', (e) => again((e as CustomEvent<string>).detail));
  if (!url || !topics.size || !window.EventSource) return;
  const everything = Array.from(topics).join(' ');
  let source: EventSource;
  const connect = (): void => {
    source = new EventSource(url);
    for (const topic of topics) source.addEventListener(topic, () => again(topic));
    if (document.getElementById('room')) for (const topic of ['room', 'signal', 'again']) source.addEventListener(topic, () => document.dispatchEvent(new CustomEvent('told', { detail: topic })));
    source.onopen = () => {
      say('');
      document.dispatchEvent(new CustomEvent('told', { detail: 'open' }));
      if (lost) again(everything); // what changed meanwhile
      lost = false;
    };
    source.onerror = () => {
      lost = true;
      window.setTimeout(() => lost && say(line()?.dataset.lost ?? ''), 3000);
      // A refused stream (signed out, restarting server) is not tried again by the browser.
      if (source.readyState === EventSource.CLOSED) window.setTimeout(connect, 15000);
    };
  };
  connect();
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && pending.size) again('');
  });
  window.addEventListener('pagehide', () => source.close());
  window.addEventListener('pageshow', (e) => {
    if (e.persisted) connect();
  });
}
