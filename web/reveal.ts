// A typed password can be looked at: a box under the field, which stands in the page hidden and does nothing
// without this (field_text.html). It has no name and is not sent. What is sent, or left behind in the browser's
// history, is never shown: the field is closed again first. No spelling service gets to see it.
import { all } from './util';

export function startReveal(): void {
  for (const box of all<HTMLInputElement>('input[data-reveal]')) {
    const input = document.getElementById(box.dataset.reveal ?? '');
    const whole = box.closest<HTMLElement>('.c-reveal');
    if (!(input instanceof HTMLInputElement) || !whole) continue;
    const show = (open: boolean): void => {
      box.checked = open;
      input.type = open ? 'text' : 'password';
    };
    const close = (): void => show(false);
    input.spellcheck = false;
    input.autocapitalize = 'off';
    close();
    whole.hidden = false;
    box.addEventListener('change', () => show(box.checked));
    input.form?.addEventListener('submit', close);
    window.addEventListener('pagehide', close);
  }
}
