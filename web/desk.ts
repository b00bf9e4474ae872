// Lists of work: up and down (or k and j) go through the rows, Enter opens; column heads with
// data-sort order the rows by data-value or by text, and keep the order when live rows come in.
import { all } from './util';

interface Order {
  column: number;
  down: boolean;
}
const orders = new Map<string, Order>();

const rowLink = (row: Element | null | undefined): HTMLElement | null => row?.querySelector<HTMLElement>('a[href]') ?? null;

function move(e: KeyboardEvent): void {
  const target = e.target as HTMLElement;
  if (e.ctrlKey || e.altKey || e.metaKey || target.matches('input,textarea,select,button')) return;
  const step = e.key === 'ArrowDown' || e.key === 'j' ? 1 : e.key === 'ArrowUp' || e.key === 'k' ? -1 : 0;
  if (!step) return;
  const table = target.closest('table[data-rows]') ?? (e.key.length === 1 ? document.querySelector('table[data-rows]') : null);
  if (!table) return;
  const rows = all<HTMLTableRowElement>('tbody tr', table).filter((r) => rowLink(r));
  const at = rows.findIndex((r) => r.contains(target));
  const next = rowLink(rows[at < 0 ? 0 : at + step]);
  if (!next) return;
  e.preventDefault();
  next.focus();
}

const cellKey = (row: HTMLTableRowElement, column: number): string =>
  row.cells[column]?.dataset.value ?? row.cells[column]?.textContent?.trim() ?? '';

function sort(table: HTMLTableElement, { column, down }: Order): void {
  const body = table.tBodies[0];
  if (!body) return;
  const rows = Array.from(body.rows);
  const numeric = rows.every((r) => cellKey(r, column) === '' || !Number.isNaN(Number(cellKey(r, column))));
  rows.sort((a, b) => {
    const [x, y] = [cellKey(a, column), cellKey(b, column)];
    const order = numeric ? Number(x) - Number(y) : x.localeCompare(y);
    return down ? -order : order;
  });
  body.append(...rows);
  all<HTMLTableCellElement>('thead th', table).forEach((th, i) => {
    if (i === column) th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    else th.removeAttribute('aria-sort');
  });
}

function prepare(table: HTMLTableElement): void {
  const key = table.id || 'table';
  all<HTMLTableCellElement>('th[data-sort]', table).forEach((th) => {
    if (th.querySelector('button')) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...Array.from(th.childNodes));
    th.append(button);
    button.addEventListener('click', () => {
      const had = orders.get(key);
      const order = { column: th.cellIndex, down: had?.column === th.cellIndex ? !had.down : false };
      orders.set(key, order);
      sort(table, order);
    });
  });
  const order = orders.get(key);
  if (order) sort(table, order);
}

export function startDesk(): void {
  const prepareAll = (): void => all<HTMLTableElement>('table[data-rows]').forEach(prepare);
  prepareAll();
  document.addEventListener('swapped', prepareAll);
  document.addEventListener('keydown', move);
}
