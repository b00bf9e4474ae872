// Rows of files on their way: one file, and the images of a folder as one.
import { fill, signInLink } from './util';
import { percent, reason, Sending, size, Target } from './upload_send';

// What stands in the list: a file, or the images of a folder.
export interface Entry {
  readonly li: HTMLElement;
  readonly size: number; // bytes
  readonly all: number; // files
  readonly lanes: number; // how many connections it takes
  state: State;
  sent: number;
  done(): number; // files
  run(): void;
  going(): boolean;
  wake(): void;
  same(f: File): boolean;
}

export type State = 'waiting' | 'running' | 'paused' | 'done' | 'refused';

// What a row needs of the area it stands in.
export interface Place {
  readonly box: HTMLElement;
  start(e: Entry): void;
  next(): void;
  drop(e: Entry): void;
  total(): void;
}

// The looks of a row: a box, a name, facts, two buttons, a bar.
export class Strip {
  readonly li = document.createElement('li');
  readonly bar = document.createElement('progress');
  private readonly facts = document.createElement('div');
  readonly toggle = document.createElement('button');

  constructor(t: DOMStringMap, kind: string, title: string, onToggle: () => void, onCancel: () => void) {
    this.li.className = 'c-file';
    const box = document.createElement('span');
    box.className = 'c-file__kind';
    box.textContent = kind;
    const middle = document.createElement('div');
    const name = document.createElement('div');
    name.className = 'c-file__name';
    name.textContent = title;
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
    cancel.addEventListener('click', onCancel);
    this.toggle.addEventListener('click', onToggle);
    actions.append(this.toggle, cancel);
    this.bar.value = 0;
    this.bar.setAttribute('aria-label', title);
    this.li.append(box, middle, actions, this.bar);
  }

  show(parts: (string | undefined)[], toggle: string | undefined, over: boolean, link?: HTMLElement): void {
    this.facts.textContent = parts.filter(Boolean).join(' · ');
    if (link) this.facts.append(' ', link);
    this.toggle.textContent = toggle ?? '';
    this.toggle.hidden = over;
    this.bar.hidden = over;
  }
}

// The page has a list of its own that shows what is stored or refused: not twice.
export function listed(li: HTMLElement): void {
  const list = document.querySelector('[data-live~=files]');
  list?.addEventListener('swapped', () => li.remove(), { once: true });
  document.dispatchEvent(new CustomEvent('refresh', { detail: 'files' }));
}

export class Row implements Entry, Target {
  readonly li: HTMLElement;
  readonly size: number;
  readonly all = 1;
  readonly lanes = 1;
  readonly folder = '';
  readonly sending: Sending;
  sent = 0;
  state: State = 'waiting';
  private readonly strip: Strip;

  constructor(private readonly area: Place, readonly file: File) {
    const t = area.box.dataset;
    const kind = (file.name.split('.').pop() ?? '').slice(0, 5).toUpperCase();
    this.strip = new Strip(t, kind, file.name, () => (this.going() ? this.pause() : this.area.start(this)), () => this.cancel());
    this.li = this.strip.li;
    this.size = file.size;
    this.strip.bar.max = file.size || 1;
    this.sending = new Sending(this, t.upload ?? '', t.case ?? '');
    this.show(t.tWaiting);
  }

  done(): number {
    return Number(this.state === 'done');
  }

  wake(): void {
    this.sending.wake();
  }

  same(f: File): boolean {
    return this.state !== 'refused' && f.name === this.file.name && f.size === this.file.size && f.lastModified === this.file.lastModified;
  }

  going(): boolean {
    return this.state === 'running' || this.state === 'waiting';
  }

  private show(text: string | undefined, link?: HTMLElement): void {
    const over = this.state === 'done' || this.state === 'refused';
    const t = this.area.box.dataset;
    this.strip.show([size(this.file.size), over ? '' : percent(this.sent, this.file.size), text], this.going() ? t.tPause : t.tResume, over, link);
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
    this.strip.bar.value = this.sent;
    if (this.state === 'running') this.show('');
    this.area.total();
  }

  finish(): void {
    this.state = 'done';
    this.sent = this.file.size;
    this.show(this.area.box.dataset.tDone);
    this.area.total();
    this.area.next();
    listed(this.li);
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
      if (status === 422) listed(this.li);
    }
    this.area.next();
  }

  private cancel(): void {
    if (this.state === 'done') this.sending.stop();
    else this.sending.remove();
    this.area.drop(this);
  }
}

const LANES = 2;

// The images of a folder: sent two at a time in the order of their names, one row with a count.
export class Folder implements Entry {
  readonly li: HTMLElement;
  readonly size: number;
  readonly all: number;
  readonly lanes = LANES;
  sent = 0;
  state: State = 'waiting';
  private readonly strip: Strip;
  private readonly waiting: Piece[];
  private readonly pieces: Piece[];
  private active: Piece[] = [];
  private stored = 0;
  private refused = 0;
  private why = '';

  constructor(readonly area: Place, readonly name: string, files: File[], private readonly left: number) {
    const t = area.box.dataset;
    this.strip = new Strip(t, 'DICOM', name, () => (this.going() ? this.pause('') : area.start(this)), () => this.cancel());
    this.li = this.strip.li;
    this.all = files.length;
    this.size = files.reduce((n, f) => n + f.size, 0);
    this.strip.bar.max = this.size || 1;
    const path = (f: File): string => f.webkitRelativePath || f.name;
    files.sort((a, b) => path(a).localeCompare(path(b), 'en', { numeric: true }));
    this.pieces = files.map((f) => new Piece(this, f));
    this.waiting = [...this.pieces];
    this.show(t.tWaiting);
  }

  going(): boolean {
    return this.state === 'running' || this.state === 'waiting';
  }

  done(): number {
    return this.stored;
  }

  wake(): void {
    this.active.forEach((p) => p.sending.wake());
  }

  same(): boolean {
    return false;
  }

  run(): void {
    this.state = 'running';
    this.show('');
    this.more();
  }

  show(text: string | undefined, link?: HTMLElement): void {
    const t = this.area.box.dataset;
    const over = this.state === 'done' || this.state === 'refused';
    const count = fill(t.tImagesOf, { done: this.stored, all: this.all });
    const left = this.left ? fill(t.tLeft, { n: this.left }) : '';
    const bad = this.refused ? `${t.tRefused ?? ''}: ${this.refused}, ${this.why}` : '';
    this.strip.bar.value = this.sent;
    this.strip.show([count, size(this.size), over ? '' : percent(this.sent, this.size), left, bad, text], this.going() ? t.tPause : t.tResume, over, link);
  }

  progress(): void {
    this.sent = this.pieces.reduce((n, p) => n + p.sent, 0);
    if (this.state === 'running') this.show('');
    this.area.total();
  }

  // A piece has ended, one way or another.
  ended(p: Piece, stored: boolean, why = ''): void {
    this.active = this.active.filter((one) => one !== p);
    if (stored) this.stored++;
    else {
      this.refused++;
      this.why = why;
    }
    this.progress();
    if (this.state === 'running') this.more();
  }

  private more(): void {
    while (this.active.length < LANES) {
      const p = this.waiting.shift();
      if (!p) break;
      this.active.push(p);
      void p.sending.start();
    }
    if (!this.active.length) this.over();
  }

  private over(): void {
    const t = this.area.box.dataset;
    this.state = this.refused ? 'refused' : 'done';
    this.pieces.forEach((p) => p.sending.forget());
    this.show(this.refused ? '' : t.tDone);
    this.area.total();
    this.area.next();
    listed(this.refused ? document.createElement('li') : this.li);
  }

  // Nothing more is sent until somebody goes on; what was under way goes on where it stands.
  pause(text: string | undefined, link?: HTMLElement): void {
    this.state = 'paused';
    this.active.forEach((p) => p.sending.stop());
    this.waiting.unshift(...this.active);
    this.active = [];
    this.show(text || this.area.box.dataset.tPaused, link);
    this.area.next();
  }

  // What is stored already stands in the page's list, to be taken out there.
  private cancel(): void {
    this.state = 'refused';
    this.active.forEach((p) => p.sending.remove());
    this.pieces.forEach((p) => p.sending.forget());
    this.area.drop(this);
    if (this.stored) listed(this.li);
  }
}

// One file of a folder.
class Piece implements Target {
  readonly folder: string;
  readonly sending: Sending;
  sent = 0;

  constructor(private readonly of: Folder, readonly file: File) {
    this.folder = of.name;
    this.sending = new Sending(this, of.area.box.dataset.upload ?? '', of.area.box.dataset.case ?? '');
  }

  progress(sent: number): void {
    this.sent = Math.min(sent, this.file.size);
    this.of.progress();
  }

  lost(): void {
    this.of.show(this.of.area.box.dataset.tLost);
  }

  finish(): void {
    this.sent = this.file.size;
    this.of.ended(this, true);
  }

  unreadable(): void {
    this.of.ended(this, false, this.of.area.box.dataset.tUnreadable);
  }

  failed(status: number, body: string): void {
    if (status === 401 || status === 403) this.of.pause(status === 403 ? reason(body) : '', signInLink(this.of.area.box.dataset.tSignin));
    else if (status >= 500 || status === 409 || status === 429) this.of.pause(reason(body));
    else this.of.ended(this, false, reason(body));
  }
}
