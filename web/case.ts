// The case page: sections below each other become tabs; pictures open large and zoom by a click; sending
// files is brought along when it is wanted.
import { all } from './util';

function tabs(list: HTMLElement): void {
  const links = all<HTMLAnchorElement>('a[href^="#"]', list);
  const pane = (a: HTMLAnchorElement): HTMLElement | null => document.getElementById(a.hash.slice(1));
  const usable = links.filter((a) => pane(a));
  if (usable.length < 2) return;
  const show = (chosen: HTMLAnchorElement): void => {
    for (const a of usable) {
      const on = a === chosen;
      a.setAttribute('aria-selected', String(on));
      a.tabIndex = on ? 0 : -1;
      const p = pane(a);
      if (p) p.hidden = !on;
    }
  };
  list.setAttribute('role', 'tablist');
  for (const a of usable) {
    a.parentElement?.setAttribute('role', 'presentation');
    a.setAttribute('role', 'tab');
    a.id ||= `tab-${a.hash.slice(1)}`;
    a.setAttribute('aria-controls', a.hash.slice(1));
    const p = pane(a);
    p?.setAttribute('role', 'tabpanel');
    p?.setAttribute('aria-labelledby', a.id);
    a.addEventListener('click', (e) => {
      e.preventDefault();
      show(a);
      history.replaceState(null, '', a.hash);
    });
    a.addEventListener('keydown', (e) => {
      const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
      const next = step ? usable[(usable.indexOf(a) + step + usable.length) % usable.length] : undefined;
      if (!next) return;
      e.preventDefault();
      show(next);
      next.focus();
    });
  }
  const wanted = usable.find((a) => a.hash === location.hash) ?? usable[0];
  if (wanted) show(wanted);
}

function zoom(link: HTMLAnchorElement): void {
  const box = document.createElement('dialog');
  box.className = 'c-zoom';
  const img = document.createElement('img');
  img.src = link.href;
  img.alt = link.title || link.textContent?.trim() || '';
  const close = document.createElement('button');
  close.className = 'c-button';
  close.textContent = '✕';
  close.ariaLabel = 'Esc';
  close.addEventListener('click', () => box.close());
  img.addEventListener('click', () => box.classList.toggle('c-zoom--in'));
  box.addEventListener('close', () => {
    box.remove();
    link.focus();
  });
  box.append(img, close);
  document.body.append(box);
  box.showModal();
}

// A part that few open brings its script when it is opened.
function loads(part: HTMLDetailsElement): void {
  const load = (): void => {
    if (!part.open || !part.dataset.load) return;
    const script = document.createElement('script');
    script.src = part.dataset.load;
    delete part.dataset.load;
    document.head.append(script);
  };
  part.addEventListener('toggle', load);
  load();
}

export function startCase(): void {
  all<HTMLDetailsElement>('details[data-load]').forEach(loads);
  all('.c-tabs').forEach(tabs);
  document.addEventListener('click', (e) => {
    const link = (e.target as HTMLElement).closest<HTMLAnchorElement>('a[data-zoom]');
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey || !window.HTMLDialogElement) return;
    e.preventDefault();
    zoom(link);
  });
}
