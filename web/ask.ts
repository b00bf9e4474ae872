// The request form: what depends on another answer appears with it, tables grow in place, diagnoses
// are offered while one types, choosing a profile brings its fields.
import { all, store } from './util';

const WAIT_MS = 250;
const RELOAD_MS = 500;
const BACK_TO = 'back-to';
const OFFER_FROM = 2;

interface Hit {
  code: string;
  title: string;
}

// "name=code name!=code": any of them, as the server counts it.
function holds(form: HTMLFormElement, rule: string): boolean {
  const data = new FormData(form);
  return rule.split(' ').some((part) => {
    const [name = '', code = ''] = part.split(/!?=/);
    return data.getAll(name).includes(code) !== part.includes('!=');
  });
}

function startWhen(form: HTMLFormElement): void {
  const parts = all<HTMLElement>('[data-when]', form);
  const show = (): void => parts.forEach((el) => (el.hidden = !holds(form, el.dataset.when ?? '')));
  all<HTMLElement>('[data-when-text]', form).forEach((el) => (el.hidden = true));
  form.addEventListener('change', show);
  if (parts.length) show();
}

// "tests.name[0]" of the last row becomes "tests.name[1]" in the new one.
function startRepeat(box: HTMLElement): void {
  box.querySelector<HTMLButtonElement>('[data-more]')?.addEventListener('click', (e) => {
    const last = box.querySelector<HTMLTableRowElement>('tbody tr:last-child');
    if (!last) return;
    e.preventDefault();
    const row = last.cloneNode(true) as HTMLTableRowElement;
    for (const input of all<HTMLInputElement | HTMLTextAreaElement>('input,textarea', row)) {
      input.name = input.name.replace(/\[(\d+)\]$/, (_, i: string) => `[${Number(i) + 1}]`);
      input.id = input.name;
      input.value = '';
    }
    all('.nhsuk-error-message', row).forEach((m) => m.remove());
    last.after(row);
    row.querySelector<HTMLElement>('input,textarea')?.focus();
  });
}

function startIcd(input: HTMLInputElement): void {
  const list = document.getElementById(input.getAttribute('list') ?? '');
  let timer = 0;
  let asked = '';
  const find = async (q: string): Promise<Hit[]> => {
    const r = await fetch(`/icd10?q=${encodeURIComponent(q)}`, { headers: { Accept: 'application/json' } });
    return r.ok ? ((await r.json()) as Hit[]) : [];
  };
  const ask = async (): Promise<void> => {
    const q = input.value.trim();
    if (q.length < OFFER_FROM || q === asked || all<HTMLOptionElement>('option', list ?? input).some((o) => o.value === q)) return;
    asked = q;
    try {
      const hits = await find(q);
      if (input.value.trim() !== q) return;
      const options = hits.map((hit) => {
        const o = document.createElement('option');
        o.value = `${hit.code} ${hit.title}`;
        // The browser offers what contains the typed text: other words for the same thing count too.
        o.label = o.value.toLowerCase().includes(q.toLowerCase()) ? '' : q;
        return o;
      });
      list?.replaceChildren(...options);
    } catch {
      // no line: words are as good
    }
  };
  // A code typed by hand gets its title; the server does the same when it is saved.
  const title = async (): Promise<void> => {
    const q = input.value.trim();
    if (!/^[a-z]\d\d[.\d]*$/i.test(q)) return;
    const plain = (code: string): string => code.replace('.', '').toUpperCase();
    const hits = await find(q).catch((): Hit[] => []);
    const hit = hits.find((h) => plain(h.code) === plain(q)) ?? hits.find((h) => h.code === plain(q).slice(0, 3));
    if (!hit || input.value.trim() !== q) return;
    input.value = `${plain(q).replace(/^(...)(.)/, '$1.$2')} ${hit.title}`;
  };
  input.addEventListener('change', () => void title());
  input.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), WAIT_MS);
  });
}

// Choosing saves and brings the fields that belong to the choice; who goes through the choices with the
// arrow keys is waited for, and comes back to where they were.
function startReload(el: HTMLElement): void {
  let timer = 0;
  el.addEventListener('change', (e) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      store.set(BACK_TO, (e.target as HTMLInputElement).name);
      el.closest('form')?.requestSubmit();
    }, RELOAD_MS);
  });
}

export function startAsk(): void {
  all('[data-script]').forEach((el) => (el.hidden = false));
  all<HTMLFormElement>('main form').forEach(startWhen);
  all('[data-repeat]').forEach(startRepeat);
  all<HTMLInputElement>('[data-icd]').forEach(startIcd);
  all('[data-reload]').forEach(startReload);
  const name = store.get(BACK_TO);
  store.remove(BACK_TO);
  if (name && !document.getElementById('errors')) document.querySelector<HTMLElement>(`[name="${name}"]:checked`)?.focus();
}
