// One file on its way over tus 1.0 (creation, checksum, termination): piece after piece, each with its
// SHA-256, tried again after any interruption.
import { csrf, renewToken, store } from './util';

const AGAIN_MS = [0, 1000, 3000, 5000, 10000, 20000, 30000, 60000];
const STALL_MS = 180000;
const KEEP_MS = 14 * 24 * 3600 * 1000;
export const PREFIX = 'upload:';

// A piece is what some seconds of this line carry: what a cut loses is sent again.
const PIECE_MS = 8000;
const PIECE_LEAST = 64 * 1024;
const PIECE_FIRST = 256 * 1024;
const PIECE_MOST = 2 * 1024 * 1024;

// Where a file that is on its way stands on the server: kept in this browser.
interface Kept {
  at: number;
  url: string;
  name: string; // of the file, or of the folder it came in
  folder?: boolean;
}

// What a request came to; status 0: no answer.
interface Reply {
  status: number;
  text: string;
  header(name: string): string;
}

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));

export function readKept(key: string): Kept | null {
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
// What sends a file: told how far it is.
export interface Target {
  readonly file: File;
  readonly folder: string; // it is one of many of this folder; '': a file by itself
  progress(sent: number): void;
  lost(): void;
  finish(): void;
  failed(status: number, body: string): void;
  unreadable(): void;
}

export class Sending {
  private readonly key: string;
  private url = '';
  private offset = -1; // what the server has; -1: to be asked
  private piece = PIECE_FIRST;
  private failures = 0;
  private turn = 0; // of start(); another one ends the loop of the last
  private xhr: XMLHttpRequest | null = null;
  private making: Promise<unknown> | null = null; // of the upload: never cut, else one stays behind that nobody knows
  private wakeUp: (() => void) | null = null;

  constructor(private readonly row: Target, private readonly endpoint: string, private readonly of: string) {
    const f = row.file;
    this.key = `${PREFIX}${of}:${f.size}:${f.lastModified}:${f.webkitRelativePath || f.name}`;
  }

  async start(): Promise<void> {
    const turn = ++this.turn;
    let renewed = false;
    await this.making;
    if (turn !== this.turn) return;
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
        if (!this.row.folder) this.forget();
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
    if (!this.making) this.xhr?.abort();
    this.wake();
  }

  // Of a folder what is stored is remembered until all of it is: a closed browser does not send it again.
  forget(): void {
    store.remove(this.key);
  }

  // The line is back: no need to wait longer.
  wake(): void {
    this.wakeUp?.();
  }

  // Nothing stays on the server of a file that is taken out.
  remove(): void {
    const end = (): void => {
      store.remove(this.key);
      if (this.url) void this.call('DELETE', this.url, {});
    };
    this.stop();
    if (this.making) void this.making.then(end);
    else end();
  }

  private async step(): Promise<Reply | 'unreadable'> {
    const f = this.row.file;
    if (!this.url) {
      const about = { filename: f.name, filetype: f.type, case: this.of };
      const pairs = Object.entries(about).map(([k, v]) => `${k} ${base64(new TextEncoder().encode(v))}`);
      const made = this.call('POST', this.endpoint, { 'Upload-Length': String(f.size), 'Upload-Metadata': pairs.join(',') }).then((r) => {
        if (r.status === 201) this.keep(r);
        this.making = null;
        return r;
      });
      this.making = made;
      return made;
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

  // Where the upload is that was made.
  private keep(r: Reply): void {
    this.url = new URL(r.header('Location'), location.href).pathname;
    const kept: Kept = { at: Date.now(), url: this.url, name: this.row.folder || this.row.file.name, folder: !!this.row.folder };
    store.set(this.key, JSON.stringify(kept));
  }

  // True when the request did what it was for.
  private took(r: Reply): boolean {
    const at = Number(r.header('Upload-Offset') || NaN);
    if (r.status === 201) {
      this.offset = 0;
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

// The server says why in plain text or in an OperationOutcome.
export function reason(body: string | undefined): string {
  try {
    const outcome = JSON.parse(body ?? '') as { issue?: { details?: { text?: string }; diagnostics?: string }[] };
    return outcome.issue?.[0]?.details?.text ?? outcome.issue?.[0]?.diagnostics ?? '';
  } catch {
    return (body ?? '').slice(0, 200);
  }
}

// As the server writes them: browsers know some of the languages under other rules, or not at all.
const english = document.documentElement.lang === 'en';
const cyrillic = ['ru', 'kk'].includes(document.documentElement.lang);
const plain = new Intl.NumberFormat(english ? 'en' : 'ru', { maximumFractionDigits: 1 });

export function size(bytes: number): string {
  const units = cyrillic ? ['Б', 'КБ', 'МБ', 'ГБ'] : ['B', 'KB', 'MB', 'GB'];
  let n = bytes;
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${plain.format(n)}\u00a0${units[unit]}`;
}

export const percent = (part: number, whole: number): string =>
  `${plain.format(whole ? Math.floor((part / whole) * 100) : 100)}${english ? '' : '\u00a0'}%`;
