// Uploads that survive a bad line (tus 1.0: creation, checksum, termination): several at once, pause and
// go on, per file and in all, each piece with its SHA-256. A killed browser loses nothing stored:
// choosing the same file again goes on where it stopped. Loaded only on pages with a field_file.html.
import { all, csrf, fill, renewToken, signInLink, store } from './util';

const AGAIN_MS = [0, 1000, 3000, 5000, 10000, 20000, 30000, 60000];
const STALL_MS = 180000;
const AT_ONCE = 2;
const KEEP_MS = 14 * 24 * 3600 * 1000;
const PREFIX = 'upload:';

// A piece is what some seconds of this line carry: what a cut loses is sent again.
const PIECE_MS = 8000;
const PIECE_LEAST = 64 * 1024;
const PIECE_FIRST = 256 * 1024;
const PIECE_MOST = 2 * 1024 * 1024;

// Where a file that is on its way stands on the server: kept in this browser.
interface Kept {
  at: number;
  url: string;
  name: string;
}

// What a request came to; status 0: no answer.
interface Reply {
  status: number;
  text: string;
  header(name: string): string;
}

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));

function readKept(key: string): Kept | null {
  try {
    const kept = JSON.parse(store.get(key) ?? '') as Kept;
    if (Date.now() - kept.at < KEEP_MS) return kept;
  } catch {
    // not ours
  }
  store.remove(key);
  return null;
}

// One file on its way: asks where it stands, sends piece after piece, tries again, until it is stored,
// refused or stopped.
class Sending {
  private readonly key: string;
  private url = '';
  private offset = -1; // what the server has; -1: to be asked
  private piece = PIECE_FIRST;
  private failures = 0;
  private turn = 0; // of start(); another one ends the loop of the last
  private xhr: XMLHttpRequest | null = null;
  private wakeUp: (() => void) | null = null;

  constructor(private readonly row: Row, private readonly endpoint: string, private readonly of: string) {
    const f = row.file;
    this.key = `${PREFIX}${of}:${f.size}:${f.lastModified}:${f.name}`;
  }

  async start(): Promise<void> {
    const turn = ++this.turn;
    let renewed = false;
    this.failures = 0;
    this.offset = -1;
    this.url = readKept(this.key)?.url ?? '';
    for (;;) {
      const reply = await this.step();
      if (turn !== this.turn) return;
      if (reply === 'unreadable') return this.row.unreadable();
      if (this.took(reply)) {
        renewed = false;
        if (this.offset < this.row.file.size) continue;
        store.remove(this.key);
        return this.row.finish();
      }
      if (reply.status === 403 && !renewed && (await renewToken())) {
        renewed = true;
      } else if (!(await this.again(reply))) {
        if ([400, 413, 415, 422].includes(reply.status)) store.remove(this.key);
        return this.row.failed(reply.status, reply.text);
      }
      if (turn !== this.turn) return;
    }
  }

  stop(): void {
    this.turn++;
    this.xhr?.abort();
    this.wake();
  }

  // The line is back: no need to wait longer.
  wake(): void {
    this.wakeUp?.();
  }

  // Nothing stays on the server of a file that is taken out.
  remove(): void {
    this.stop();
    store.remove(this.key);
    if (this.url) void this.call('DELETE', this.url, {});
  }

  private async step(): Promise<Reply | 'unreadable'> {
    const f = this.row.file;
    if (!this.url) {
      const about = { filename: f.name, filetype: f.type, case: this.of };
      const pairs = Object.entries(about).map(([k, v]) => `${k} ${base64(new TextEncoder().encode(v))}`);
      return this.call('POST', this.endpoint, { 'Upload-Length': String(f.size), 'Upload-Metadata': pairs.join(',') });
    }
    if (this.offset < 0) return this.call('HEAD', this.url, {});
    const body = f.slice(this.offset, this.offset + this.piece);
    const headers: Record<string, string> = { 'Upload-Offset': String(this.offset), 'Content-Type': 'application/offset+octet-stream' };
    try {
      const bytes = await body.arrayBuffer();
      if (window.crypto?.subtle) headers['Upload-Checksum'] = `sha256 ${base64(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))}`;
    } catch {
      return 'unreadable'; // changed or gone from the disk since it was chosen
    }
    const began = Date.now();
    const reply = await this.call('PATCH', this.url, headers, body);
    if (reply.status === 204) {
      const carries = (body.size / Math.max(1, Date.now() - began)) * PIECE_MS;
      this.piece = Math.round(Math.min(PIECE_MOST, Math.max(PIECE_LEAST, Math.min(carries, this.piece * 4))));
    }
    return reply;
  }

  // True when the request did what it was for.
  private took(r: Reply): boolean {
    const at = Number(r.header('Upload-Offset') || NaN);
    if (r.status === 201) {
      this.url = new URL(r.header('Location'), location.href).pathname;
      this.offset = 0;
      const kept: Kept = { at: Date.now(), url: this.url, name: this.row.file.name };
      store.set(this.key, JSON.stringify(kept));
    } else if ((r.status === 200 || r.status === 204) && at >= 0) {
      this.offset = at;
    } else {
      return false;
    }
    this.failures = 0;
    this.row.progress(this.offset);
    return true;
  }

  // Whether to try again, after a while; without any answer for as long as it takes.
  private async again(r: Reply): Promise<boolean> {
    const gone = r.status === 404 || r.status === 410;
    if (gone && this.url) {
      store.remove(this.key);
      this.url = '';
      return true;
    }
    if (r.status && r.status < 500 && ![409, 423, 429, 460].includes(r.status)) return false;
    if (r.status && this.failures >= AGAIN_MS.length) return false;
    if (!r.status) this.row.lost();
    const ms = AGAIN_MS[Math.min(this.failures++, AGAIN_MS.length - 1)];
    await new Promise<void>((done) => {
      this.wakeUp = done;
      window.setTimeout(done, ms);
    });
    this.wakeUp = null;
    this.offset = -1;
    this.piece = Math.max(PIECE_LEAST, Math.round(this.piece / 2));
    return true;
  }

  private call(method: string, url: string, headers: Record<string, string>, body?: Blob): Promise<Reply> {
    return new Promise((done) => {
      const x = new XMLHttpRequest();
      let timer = 0;
      const alive = (): void => {
        window.clearTimeout(timer);
        timer = window.setTimeout(() => x.abort(), STALL_MS);
      };
      this.xhr = x;
      x.open(method, url);
      for (const [k, v] of Object.entries({ ...headers, 'Tus-Resumable': '1.0.0', 'X-CSRF-Token': csrf() })) x.setRequestHeader(k, v);
      const from = this.offset;
      const turn = this.turn;
      x.upload.onprogress = (e) => {
        alive();
        if (body && turn === this.turn) this.row.progress(from + e.loaded);
      };
      x.onloadend = () => {
        window.clearTimeout(timer);
        done({ status: x.status, text: x.responseText, header: (name) => x.getResponseHeader(name) ?? '' });
      };
      alive();
      x.send(body ?? null);
    });
  }
}

class Row {
  readonly li = document.createElement('li');
  readonly sending: Sending;
  sent = 0;
  state: 'waiting' | 'running' | 'paused' | 'done' | 'refused' = 'waiting';
  private readonly bar = document.createElement('progress');
  private readonly facts = document.createElement('div');
  private readonly toggle = document.createElement('button');

  constructor(private readonly area: Area, readonly file: File) {
    const t = area.box.dataset;
    this.li.className = 'c-file';
    const kind = document.createElement('span');
    kind.className = 'c-file__kind';
    kind.textContent = (file.name.split('.').pop() ?? '').slice(0, 5).toUpperCase();
    const middle = document.createElement('div');
    const name = document.createElement('div');
    name.className = 'c-file__name';
    name.textContent = file.name;
    this.facts.className = 'c-file__facts';
    middle.append(name, this.facts);
    const actions = document.createElement('div');
    actions.className = 'c-file__do';
    const cancel = document.createElement('button');
    for (const b of [this.toggle, cancel]) {
      b.type = 'button';
      b.className = 'c-button c-button--quiet c-button--small';
    }
    cancel.textContent = t.tCancel ?? '';
    cancel.addEventListener('click', () => this.cancel());
    this.toggle.addEventListener('click', () => (this.going() ? this.pause() : this.area.start(this)));
    actions.append(this.toggle, cancel);
    this.bar.max = file.size || 1;
    this.bar.value = 0;
    this.bar.setAttribute('aria-label', file.name);
    this.li.append(kind, middle, actions, this.bar);
    this.sending = new Sending(this, t.upload ?? '', t.case ?? '');
    this.show(t.tWaiting);
  }

  going(): boolean {
    return this.state === 'running' || this.state === 'waiting';
  }

  private show(text: string | undefined, link?: HTMLElement): void {
    const over = this.state === 'done' || this.state === 'refused';
    this.facts.textContent = [size(this.file.size), over ? '' : percent(this.sent, this.file.size), text].filter(Boolean).join(' · ');
    if (link) this.facts.append(' ', link);
    this.toggle.textContent = (this.going() ? this.area.box.dataset.tPause : this.area.box.dataset.tResume) ?? '';
    this.toggle.hidden = over;
    this.bar.hidden = over;
  }

  run(): void {
    this.state = 'running';
    this.show('');
    void this.sending.start();
  }

  pause(): void {
    this.state = 'paused';
    this.sending.stop();
    this.show(this.area.box.dataset.tPaused);
    this.area.next();
  }

  lost(): void {
    this.show(this.area.box.dataset.tLost);
  }

  progress(sent: number): void {
    this.sent = Math.min(sent, this.file.size);
    this.bar.value = this.sent;
    if (this.state === 'running') this.show('');
    this.area.total();
  }

  finish(): void {
    this.state = 'done';
    this.sent = this.file.size;
    this.show(this.area.box.dataset.tDone);
    this.area.total();
    this.area.next();
    this.listed();
  }

  // The page has a list of its own that shows what is stored or refused: not twice.
  private listed(): void {
    const list = document.querySelector('[data-live~=files]');
    list?.addEventListener('swapped', () => this.li.remove(), { once: true });
    document.dispatchEvent(new CustomEvent('refresh', { detail: 'files' }));
  }

  unreadable(): void {
    this.state = 'refused';
    this.show(this.area.box.dataset.tUnreadable);
    this.area.next();
  }

  failed(status: number, body: string): void {
    const t = this.area.box.dataset;
    if (status === 401 || status === 403) {
      this.state = 'paused';
      this.show(status === 403 ? reason(body) : '', signInLink(t.tSignin));
    } else if (status >= 500 || status === 409 || status === 429) {
      this.state = 'paused';
      this.show(reason(body));
    } else {
      this.state = 'refused';
      this.show(`${t.tRefused ?? ''}: ${reason(body)}`);
      if (status === 422) this.listed();
    }
    this.area.next();
  }

  private cancel(): void {
    if (this.state === 'done') this.sending.stop();
    else this.sending.remove();
    this.area.drop(this);
  }
}

// The server says why in plain text or in an OperationOutcome.
function reason(body: string | undefined): string {
  try {
    const outcome = JSON.parse(body ?? '') as { issue?: { details?: { text?: string }; diagnostics?: string }[] };
    return outcome.issue?.[0]?.details?.text ?? outcome.issue?.[0]?.diagnostics ?? '';
  } catch {
    return (body ?? '').slice(0, 200);
  }
}

function size(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let n = bytes;
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return new Intl.NumberFormat(document.documentElement.lang, { style: 'unit', unit: units[unit], unitDisplay: 'short', maximumFractionDigits: unit ? 1 : 0 }).format(n);
}

const percent = (part: number, whole: number): string =>
  new Intl.NumberFormat(document.documentElement.lang, { style: 'percent' }).format(whole ? Math.floor((part / whole) * 100) / 100 : 1);

class Area {
  private readonly rows: Row[] = [];
  private readonly list: HTMLElement | null;
  private readonly sum: HTMLElement | null;

  constructor(readonly box: HTMLElement) {
    this.list = box.querySelector('.c-drop__list');
    this.sum = box.querySelector('.c-drop__total');
    const input = box.querySelector<HTMLInputElement>('input[type=file]');
    input?.addEventListener('change', () => {
      this.add(Array.from(input.files ?? []));
      input.value = '';
    });
    box.addEventListener('dragover', (e) => {
      e.preventDefault();
      box.classList.add('c-drop--over');
    });
    box.addEventListener('dragleave', () => box.classList.remove('c-drop--over'));
    box.addEventListener('drop', (e) => {
      e.preventDefault();
      box.classList.remove('c-drop--over');
      this.add(Array.from(e.dataTransfer?.files ?? []));
    });
    window.addEventListener('online', () => this.rows.forEach((r) => r.sending.wake()));
    window.addEventListener('beforeunload', (e) => {
      if (this.rows.some((r) => r.going())) e.preventDefault();
    });
    this.unfinished();
  }

  private add(files: File[]): void {
    for (const file of files) {
      const same = this.rows.find((r) => r.state !== 'refused' && r.file.name === file.name && r.file.size === file.size && r.file.lastModified === file.lastModified);
      if (same) {
        if (same.state === 'paused') same.state = 'waiting';
        continue;
      }
      const row = new Row(this, file);
      this.rows.push(row);
      this.list?.append(row.li);
    }
    this.total();
    this.next();
  }

  start(row: Row): void {
    row.state = 'waiting';
    this.next();
  }

  next(): void {
    const running = this.rows.filter((r) => r.state === 'running').length;
    this.rows.filter((r) => r.state === 'waiting').slice(0, Math.max(0, AT_ONCE - running)).forEach((r) => r.run());
  }

  drop(row: Row): void {
    this.rows.splice(this.rows.indexOf(row), 1);
    row.li.remove();
    this.total();
    this.next();
  }

  // How many are stored and how much of all has arrived.
  total(): void {
    if (!this.sum) return;
    const done = this.rows.filter((r) => r.state === 'done').length;
    const add = (of: (r: Row) => number): number => this.rows.reduce((n, r) => n + of(r), 0);
    const text = fill(this.box.dataset.tTotal, { done, all: this.rows.length });
    this.sum.textContent = this.rows.length ? `${text} · ${percent(add((r) => r.sent), add((r) => r.file.size))}` : '';
  }

  // Files whose upload was cut in an earlier visit and that the page's list still has: the browser may
  // not open them by itself.
  private unfinished(): void {
    const list = document.querySelector('[data-live~=files]')?.textContent ?? undefined;
    const names = store.keys().filter((k) => k.startsWith(PREFIX)).map((k) => [k, readKept(k)?.name] as const)
      .filter(([k, name]) => name && (list === undefined || list.includes(name)) && k.startsWith(`${PREFIX}${this.box.dataset.case ?? ''}:`)).map(([, name]) => name);
    if (names.length && this.sum && !this.rows.length) this.sum.textContent = fill(this.box.dataset.tUnfinished, { names: names.join(', ') });
  }
}

all('[data-upload]').forEach((box) => new Area(box));
