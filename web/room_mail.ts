// A page's mail in a room: what others' pages say to it and it to them, over plain requests. Events of the page's
// stream (live.ts) only say that there is something; each answer also tells who is there.
import { csrf } from './util';

export interface Person { seat: number; epoch: number; name: string; role: string; mic: boolean; cam: boolean; screen: boolean; away: boolean; level?: number }
export interface Note { n: number; from: number; kind: string; body: string }
export interface News { seat: number; epoch: number; state: string; host: boolean; lost: boolean; mail: Note[]; people: Person[]; place: number; of: number; media: 'mesh' | 'server' | 'none'; gone?: string }

const EVERY_MS = 8000;
const AGAIN_MS = 1500;
const TRIES = 4;

export class Mail {
  private after = 0;
  private busy = false;
  private again = false;
  private timer = 0;
  private queue: Promise<unknown> = Promise.resolve();
  reached = true; // the server answers
  over = false; // this page is not in the room any more

  constructor(readonly base: string, private readonly news: (n: News) => void, private readonly line: (reached: boolean) => void) {
    // Whoever leaves does not come back by a last look.
    document.addEventListener('submit', (e) => { this.over ||= !(e.target as Element).matches('[data-quiet]'); });
    document.addEventListener('told', () => void this.look());
    window.addEventListener('online', () => void this.look());
  }

  private wait(ms: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.look(), ms);
  }

  async look(): Promise<void> {
    if (this.over) return;
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    this.again = false;
    try {
      const r = await fetch(`${this.base}/signal?after=${this.after}`, { headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(15000) });
      if (r.status === 401 || r.status === 404) return location.reload();
      if (!r.ok) throw new Error(String(r.status));
      const n = (await r.json()) as News;
      if (!this.reached) this.line(this.reached = true);
      this.after = n.mail?.at(-1)?.n ?? this.after;
      this.wait(EVERY_MS);
      this.news(n);
    } catch {
      if (this.reached) this.line(this.reached = false);
      this.wait(AGAIN_MS);
    } finally {
      this.busy = false;
    }
    if (this.again) void this.look();
  }

  send(what: Record<string, unknown>): Promise<Response> {
    return fetch(`${this.base}/signal`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf() }, body: JSON.stringify(what), signal: AbortSignal.timeout(15000) });
  }

  // In order, tried again while the line is away; what nobody is there for any more is dropped.
  post(to: number | 'all' | 'media', kind: string, body: unknown): void {
    const what = { to, kind, body: JSON.stringify(body) };
    this.queue = this.queue.then(async () => {
      for (let i = 0; i < TRIES; i++) {
        try {
          const r = await this.send(what);
          if (r.status !== 429 && r.status < 500) return;
        } catch { /* the line */ }
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    });
  }
}
