// What all look at together: a screen somebody shows, or an image of the record; and where everybody points. Of an
// image only its address goes from page to page: each page asks the server for it by the right of its own person, and
// shows the server's words when there is none.
import type { Person } from './room_mail';
import { all, fill } from './util';

const POINT_MS = 200;
const FADE_MS = 4000;
const STEP = 200; // of 10 000 across
const BIG_STEP = 1000;
const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PAGES: Record<string, string> = { PageUp: '-1', PageDown: '1' };
const OWN = 0;

interface Shown { seat: number; epoch: number; q: string }
type Post = (to: number | 'all', kind: string, body: unknown) => void;

export class Stage {
  private readonly at = document.getElementById('stage') as HTMLElement;
  private readonly dots = new Map<number, { el: HTMLElement; fade: number }>();
  private image: Shown | null = null;
  private people: Person[] = [];
  private told = new Set<string>(); // pages that know the image shown from here
  private what = ''; // on the stage now
  private screen: [Person, MediaStream] | null = null;
  private here = { x: 5000, y: 5000 };
  private timer = 0;
  private asked = 0;

  constructor(private readonly post: Post, private readonly box: HTMLElement, private readonly base: string, private readonly changed: (own: boolean) => void) {
    const move = (e: PointerEvent): void => {
      const r = this.picture?.getBoundingClientRect();
      if (r) this.point(10000 * (e.clientX - r.left) / r.width, 10000 * (e.clientY - r.top) / r.height, false);
    };
    this.at.addEventListener('pointermove', move);
    this.at.addEventListener('pointerdown', move);
    this.at.addEventListener('keydown', (e) => this.key(e));
    this.at.addEventListener('click', (e) => {
      const a = (e.target as Element).closest<HTMLAnchorElement>('a[href]');
      if (!a) return;
      e.preventDefault();
      this.lead(new URL(a.href).search);
    });
  }

  private get picture(): HTMLElement | null { return this.at.querySelector('video,img'); }

  // ---- pointing ----

  private key(e: KeyboardEvent): void {
    const page = PAGES[e.key];
    const by = e.target === this.at && ARROWS[e.key];
    if (page) this.at.querySelector<HTMLElement>(`[data-by="${page}"]:not([hidden])`)?.click();
    else if (by && this.picture) {
      const n = e.shiftKey ? BIG_STEP : STEP;
      this.point(this.here.x + by[0] * n, this.here.y + by[1] * n, true);
    } else return;
    e.preventDefault();
  }

  private point(x: number, y: number, see: boolean): void {
    const inside = (v: number): number => Math.round(Math.min(10000, Math.max(0, v)));
    if (!see && (x < 0 || y < 0 || x > 10000 || y > 10000)) return;
    this.here = { x: inside(x), y: inside(y) };
    if (see) this.dot(OWN, this.box.dataset.tYou ?? '', this.here);
    this.timer ||= window.setTimeout(() => {
      this.timer = 0;
      this.post('all', 'cursor', this.here);
    }, POINT_MS);
  }

  private dot(seat: number, name: string, to: { x: number; y: number }): void {
    const r = this.picture?.getBoundingClientRect();
    if (!r) return;
    let dot = this.dots.get(seat);
    if (!dot) {
      dot = { el: document.createElement('div'), fade: 0 };
      dot.el.className = 'c-room__dot';
      dot.el.append(document.createElement('span'));
      this.dots.set(seat, dot);
    }
    const { el } = dot;
    const a = this.at.getBoundingClientRect();
    el.style.left = `${r.left - a.left + r.width * to.x / 10000}px`;
    el.style.top = `${r.top - a.top + r.height * to.y / 10000}px`;
    el.dataset.seat = String(seat);
    (el.firstChild as HTMLElement).textContent = name;
    this.at.append(el);
    window.clearTimeout(dot.fade);
    dot.fade = window.setTimeout(() => el.remove(), FADE_MS);
  }

  // ---- an image of the record ----

  get leads(): boolean { return this.image?.seat === OWN; }

  // This page leads: an address of room_image.c, "" for the list of what there is; null ends it.
  lead(q: string | null): void {
    if (q === null) {
      this.post('all', 'image', { q: '' });
      this.image = null;
    } else {
      this.image = { seat: OWN, epoch: 0, q };
      this.told.clear();
    }
    this.draw();
  }

  // Who came later is told what is shown.
  private tell(): void {
    if (!this.leads || !this.image?.q) return;
    for (const p of this.people) {
      const key = `${p.seat}.${p.epoch}`;
      if (!p.epoch || this.told.has(key)) continue;
      this.told.add(key);
      this.post(p.seat, 'image', { q: this.image.q });
    }
  }

  private async ask(q: string): Promise<void> {
    const n = ++this.asked;
    const r = await fetch(`${this.base}/image${q}`, { headers: { Accept: 'text/html' } }).catch(() => null);
    const fresh = r?.ok ? new DOMParser().parseFromString(await r.text(), 'text/html').getElementById('image') : null;
    if (n !== this.asked || !this.image) return; // another one was asked for meanwhile
    const from = this.people.find((p) => p.seat === this.image?.seat);
    if (!fresh) return this.at.replaceChildren(this.box.dataset.tFailed ?? '');
    if (!this.leads) fresh.querySelector('[data-lead]')?.remove();
    const focus = this.at.querySelector<HTMLElement>('a:focus')?.dataset;
    const who = document.createElement('p');
    who.textContent = from ? fill(this.box.dataset.tImage, { name: from.name }) : '';
    this.at.replaceChildren(...(from ? [who] : []), ...Array.from(fresh.childNodes));
    if (focus?.step) all<HTMLElement>(`[data-step="${focus.step}"][data-by="${focus.by}"]`, this.at)[0]?.focus();
  }

  // ---- what stands on the stage ----

  // others: without this page's own seat; shows: whose screen it is, when somebody shows one.
  show(others: Person[], shows: Person | undefined, stream: (seat: number) => MediaStream | undefined): void {
    this.people = others;
    const of = this.image;
    if (of && of.seat !== OWN && !others.some((p) => p.seat === of.seat && p.epoch === of.epoch)) this.image = null;
    this.tell();
    const media = shows && stream(shows.seat);
    this.screen = shows && media ? [shows, media] : null;
    this.draw();
  }

  private draw(): void {
    const [p, media] = this.screen ?? [];
    const what = p && media ? media.id : this.image ? `i${this.image.seat}${this.image.q}` : '';
    if (what === this.what) return;
    this.what = what;
    this.at.hidden = !what;
    this.changed(this.leads);
    if (p && media) {
      const video = document.createElement('video');
      video.autoplay = true;
      video.playsInline = true;
      video.muted = true;
      video.srcObject = media;
      video.setAttribute('aria-label', fill(this.box.dataset.tShows, { name: p.name }));
      this.at.replaceChildren(video);
    } else if (this.image) {
      this.tell();
      void this.ask(this.image.q);
    } else this.at.replaceChildren();
  }

  take(kind: string, body: string, from: Person): void {
    const m = JSON.parse(body) as { x: number; y: number; q?: string };
    if (kind === 'cursor') return this.dot(from.seat, from.name, m);
    const q = m.q ?? '';
    if (q.startsWith('?')) this.image = { seat: from.seat, epoch: from.epoch, q };
    else if (this.image?.seat === from.seat) this.image = null;
    this.draw();
  }
}
