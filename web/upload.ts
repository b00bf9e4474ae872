// Uploads that survive a bad line (tus 1.0): several at once, pause and go on, per file and in all,
// each piece with its SHA-256. A killed browser loses nothing stored: choosing the same file again goes
// on where it stopped. Loaded only on pages with a field_file.html.
import { DefaultHttpStack, Upload, defaultOptions } from 'tus-js-client';
import type { DetailedError, HttpRequest, HttpStack } from 'tus-js-client';
import { all, csrf, fill, renewToken, signInLink } from './util';

const PIECE = 2 * 1024 * 1024;
const RETRIES = [0, 1000, 3000, 5000, 10000, 20000, 30000, 60000];
const AT_ONCE = 2;

// tus "checksum" extension: each PATCH says what its bytes must hash to.
class CheckedStack implements HttpStack {
  private readonly inner = new DefaultHttpStack({});
  getName(): string {
    return 'checked';
  }
  createRequest(method: string, url: string): HttpRequest {
    const request = this.inner.createRequest(method, url);
    const send = request.send.bind(request);
    request.send = async (body: unknown) => {
      if (method === 'PATCH' && body instanceof Blob && window.crypto?.subtle) {
        const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await body.arrayBuffer()));
        request.setHeader('Upload-Checksum', `sha256 ${btoa(String.fromCharCode(...sum))}`);
      }
      return send(body);
    };
    return request;
  }
}

class Row {
  readonly li = document.createElement('li');
  readonly upload: Upload;
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
    cancel.addEventListener('click', () => void this.cancel());
    this.toggle.addEventListener('click', () => (this.state === 'running' || this.state === 'waiting' ? this.pause() : this.area.start(this)));
    actions.append(this.toggle, cancel);
    this.bar.max = file.size || 1;
    this.li.append(kind, middle, actions, this.bar);
    this.upload = new Upload(file, {
      endpoint: t.upload,
      chunkSize: PIECE,
      retryDelays: RETRIES,
      removeFingerprintOnSuccess: true,
      httpStack: new CheckedStack(),
      metadata: { filename: file.name, filetype: file.type, case: t.case ?? '' },
      onBeforeRequest: (r) => r.setHeader('X-CSRF-Token', csrf()),
      onShouldRetry: (e) => this.mayRetry(e),
      onProgress: (sent) => this.progress(sent),
      onSuccess: () => this.finish(),
      onError: (e) => void this.failed(e),
    });
    this.show(t.tWaiting);
  }

  private show(text: string | undefined, link?: HTMLElement): void {
    const percent = this.file.size ? Math.floor((this.sent / this.file.size) * 100) : 100;
    this.facts.textContent = `${size(this.file.size)} · ${this.state === 'done' ? '' : `${percent} % · `}${text ?? ''}`;
    if (link) this.facts.append(' ', link);
    const going = this.state === 'running' || this.state === 'waiting';
    this.toggle.textContent = (going ? this.area.box.dataset.tPause : this.area.box.dataset.tResume) ?? '';
    this.toggle.hidden = this.state === 'done' || this.state === 'refused';
    this.bar.hidden = this.toggle.hidden;
  }

  async run(): Promise<void> {
    this.state = 'running';
    this.show('');
    const before = await this.upload.findPreviousUploads();
    const same = before.find((p) => p.metadata?.case === (this.area.box.dataset.case ?? ''));
    if (same) this.upload.resumeFromPreviousUpload(same);
    this.upload.start();
  }

  pause(): void {
    this.state = 'paused';
    void this.upload.abort();
    this.show(this.area.box.dataset.tPaused);
    this.area.next();
  }

  private mayRetry(e: DetailedError): boolean {
    const status = e.originalResponse?.getStatus() ?? 0;
    if (status === 0) this.show(this.area.box.dataset.tLost);
    return status === 0 || status >= 500 || [409, 423, 429, 460].includes(status);
  }

  private progress(sent: number): void {
    this.sent = sent;
    this.bar.value = sent;
    if (this.state === 'running') this.show('');
    this.area.total();
  }

  private finish(): void {
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

  private async failed(e: Error | DetailedError): Promise<void> {
    const response = 'originalResponse' in e ? e.originalResponse : null;
    const status = response?.getStatus() ?? 0;
    const t = this.area.box.dataset;
    if (status === 403 && (await renewToken())) return void this.run();
    if (status === 401 || status === 403 || status === 0) {
      this.state = 'paused';
      this.show(status === 0 ? t.tLost : '', status === 0 ? undefined : signInLink(t.tSignin));
    } else {
      this.state = 'refused';
      this.show(`${t.tRefused ?? ''}: ${reason(response?.getBody())}`);
      if (status === 422) this.listed();
    }
    return this.area.next();
  }

  private async cancel(): Promise<void> {
    const stored = this.state === 'done';
    await this.upload.abort(!stored).catch(() => undefined);
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
    window.addEventListener('online', () => this.rows.filter((r) => r.state === 'paused').forEach((r) => this.start(r)));
    window.addEventListener('beforeunload', (e) => {
      if (this.rows.some((r) => r.state === 'running' || r.state === 'waiting')) e.preventDefault();
    });
    void this.unfinished();
  }

  private add(files: File[]): void {
    for (const file of files) {
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
    this.rows.filter((r) => r.state === 'waiting').slice(0, Math.max(0, AT_ONCE - running)).forEach((r) => void r.run());
  }

  drop(row: Row): void {
    this.rows.splice(this.rows.indexOf(row), 1);
    row.li.remove();
    this.total();
    this.next();
  }

  total(): void {
    if (!this.sum) return;
    const done = this.rows.filter((r) => r.state === 'done').length;
    this.sum.textContent = this.rows.length ? fill(this.box.dataset.tTotal, { done, all: this.rows.length }) : '';
  }

  // Files whose upload was cut in an earlier visit: the browser may not open them by itself.
  private async unfinished(): Promise<void> {
    const earlier = await defaultOptions.urlStorage.findAllUploads().catch(() => []);
    const names = earlier.filter((u) => u.metadata?.case === (this.box.dataset.case ?? '')).map((u) => u.metadata?.filename ?? '');
    if (names.length && this.sum && !this.rows.length) this.sum.textContent = fill(this.box.dataset.tUnfinished, { names: names.join(', ') });
  }
}

all('[data-upload]').forEach((box) => new Area(box));
