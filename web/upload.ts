// Uploads that survive a bad line (tus 1.0: creation, checksum, termination): several at once, pause and
// go on, per file and in all, each piece with its SHA-256. A killed browser loses nothing stored:
// choosing the same file again goes on where it stopped. Loaded only on pages with a field_file.html.
import { Entry, Folder, Place, Row } from './upload_rows';
import { percent, PREFIX, readKept } from './upload_send';
import { all, fill, store } from './util';

const AT_ONCE = 2;
const MANY = 12; // files chosen together are looked at: the images among them become one row
const LOOKS = 32; // files looked at together

// A file of DICOM (PS3.10): 128 bytes and "DICM". The list of a disc is none: the images tell the same.
async function isImage(f: File): Promise<boolean> {
  if (f.name.toUpperCase() === 'DICOMDIR') return false;
  try {
    return (await f.slice(128, 132).text()) === 'DICM';
  } catch {
    return false;
  }
}

// The files of what was dropped, folders looked through.
async function within(entry: FileSystemEntry): Promise<File[]> {
  const files: File[] = [];
  const rest = [entry];
  for (let e = rest.pop(); e; e = rest.pop()) {
    if (e.isFile) files.push(await new Promise<File>((done, failed) => (e as FileSystemFileEntry).file(done, failed)));
    else {
      const reader = (e as FileSystemDirectoryEntry).createReader();
      for (let some: FileSystemEntry[] = []; (some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed))).length > 0;) rest.push(...some);
    }
  }
  return files;
}

class Area implements Place {
  private readonly rows: Entry[] = [];
  private readonly list: HTMLElement | null;
  private readonly sum: HTMLElement | null;

  constructor(readonly box: HTMLElement) {
    this.list = box.querySelector('.c-drop__list');
    this.sum = box.querySelector('.c-drop__total');
    const input = box.querySelector<HTMLInputElement>('input[type=file]');
    input?.addEventListener('change', () => {
      void this.choose(Array.from(input.files ?? []), '');
      input.value = '';
    });
    if (input && 'webkitdirectory' in input) this.folderField(input);
    box.addEventListener('dragover', (e) => {
      e.preventDefault();
      box.classList.add('c-drop--over');
    });
    box.addEventListener('dragleave', () => box.classList.remove('c-drop--over'));
    box.addEventListener('drop', (e) => {
      e.preventDefault();
      box.classList.remove('c-drop--over');
      const entries = Array.from(e.dataTransfer?.items ?? []).map((item) => item.webkitGetAsEntry()).filter((x) => x !== null);
      const folder = entries.find((x) => x.isDirectory);
      if (!folder) void this.choose(Array.from(e.dataTransfer?.files ?? []), '');
      else void Promise.all(entries.map(within)).then((all) => this.choose(all.flat(), folder.name));
    });
    window.addEventListener('online', () => this.rows.forEach((r) => r.wake()));
    window.addEventListener('beforeunload', (e) => {
      if (this.rows.some((r) => r.going())) e.preventDefault();
    });
    this.unfinished();
  }

  // A field of its own: a browser chooses files or folders, not both.
  private folderField(files: HTMLInputElement): void {
    const t = this.box.dataset;
    const label = document.createElement('label');
    const input = document.createElement('input');
    label.className = 'nhsuk-label c-drop__folder';
    label.textContent = t.tFolder ?? '';
    label.htmlFor = input.id = `${files.id}-folder`;
    input.type = 'file';
    input.webkitdirectory = true;
    input.addEventListener('change', () => {
      const all = Array.from(input.files ?? []);
      input.value = '';
      void this.choose(all, all[0]?.webkitRelativePath.split('/')[0] ?? '');
    });
    files.after(label, input);
  }

  // Of a folder the medical images alone; of many files they are one row.
  private async choose(files: File[], folder: string): Promise<void> {
    if (!folder && files.length < MANY) return this.add(files);
    const images: File[] = [];
    const others: File[] = [];
    for (let at = 0; at < files.length; at += LOOKS) {
      const some = files.slice(at, at + LOOKS);
      const are = await Promise.all(some.map(isImage));
      some.forEach((f, i) => (are[i] ? images : others).push(f));
    }
    const t = this.box.dataset;
    if (images.length) {
      const row = new Folder(this, folder || (t.tImages ?? ''), images, folder ? others.length : 0);
      this.rows.push(row);
      this.list?.append(row.li);
    }
    this.add(folder ? [] : others);
    if (folder && !images.length && this.sum) this.sum.textContent = fill(t.tNone, { folder });
  }

  private add(files: File[]): void {
    for (const file of files) {
      const same = this.rows.find((r) => r.same(file));
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

  start(row: Entry): void {
    row.state = 'waiting';
    this.next();
  }

  next(): void {
    let free = AT_ONCE - this.rows.filter((r) => r.state === 'running').reduce((n, r) => n + r.lanes, 0);
    for (const r of this.rows.filter((one) => one.state === 'waiting')) {
      if (free <= 0) break;
      free -= r.lanes;
      r.run();
    }
  }

  drop(row: Entry): void {
    this.rows.splice(this.rows.indexOf(row), 1);
    row.li.remove();
    this.total();
    this.next();
  }

  // How many are stored and how much of all has arrived.
  total(): void {
    if (!this.sum) return;
    const add = (of: (r: Entry) => number): number => this.rows.reduce((n, r) => n + of(r), 0);
    const text = fill(this.box.dataset.tTotal, { done: add((r) => r.done()), all: add((r) => r.all) });
    this.sum.textContent = this.rows.length ? `${text} · ${percent(add((r) => r.sent), add((r) => r.size))}` : '';
  }

  // Files whose upload was cut in an earlier visit and that the page's list still has: the browser may
  // not open them by itself.
  private unfinished(): void {
    const list = document.querySelector('[data-live~=files]')?.textContent ?? undefined;
    const of = `${PREFIX}${this.box.dataset.case ?? ''}:`;
    const kept = store.keys().filter((k) => k.startsWith(of)).map(readKept);
    const there = kept.filter((k) => k && (k.folder || list === undefined || list.includes(k.name))).map((k) => k?.name);
    const names = [...new Set(there)];
    if (names.length && this.sum && !this.rows.length) this.sum.textContent = fill(this.box.dataset.tUnfinished, { names: names.join(', ') });
  }
}

all('[data-upload]').forEach((box) => new Area(box));
