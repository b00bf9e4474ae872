// The script of a room's page: the door, the queue, the meeting (room_call.ts). Loaded on pages of rooms alone.
import { Call } from './room_call';
import { startLineTry, startTry } from './room_devices';
import { Mail, type News } from './room_mail';
import { all, csrf, fill } from './util';

const DAY_MS = 86400000;

const box = document.getElementById('room');
const base = box?.dataset.room ?? '';

// Forms beside a meeting are sent without leaving the page: it would end the call.
function quiet(): void {
  document.addEventListener('submit', (e) => {
    const form = e.target as HTMLFormElement;
    if (!form.matches('form[data-quiet]')) return;
    e.preventDefault();
    const data = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    data.delete('once');
    data.set('csrf', csrf());
    const button = form.querySelector('button');
    if (button) button.disabled = true;
    void fetch(form.action, { method: 'POST', body: data, redirect: 'manual' }).then((r) => r.type === 'opaqueredirect' || r.ok, () => false).then((ok) => {
      if (button) button.disabled = false;
      form.dispatchEvent(new CustomEvent('sent', { bubbles: true, detail: ok }));
      document.dispatchEvent(new CustomEvent('refresh', { detail: 'room' }));
      if (ok) for (const area of all<HTMLTextAreaElement>('textarea', form)) area.value = '';
    });
  });
}

// The server began anew, or the seat was given up for want of a line: enter again, in the same meeting, but not in one
// that is over.
async function enterAgain(): Promise<void> {
  const news = await fetch(`${base}/signal`).then((r) => r.json() as Promise<News>).catch(() => null);
  if (news?.gone !== 'ended') await fetch(`${base}/enter`, { method: 'POST', body: new URLSearchParams({ csrf: csrf() }), redirect: 'manual' }).catch(() => undefined);
  location.reload();
}

function startWaiting(): void {
  const mail = new Mail(base, (n: News) => {
    if (n.gone === 'again') void enterAgain();
    else if (n.gone || n.state !== 'waiting') location.reload();
  }, () => undefined);
  void mail.look();
}

// The door opens later: when, by the clock of this device, and the page comes again then. In digits as all our languages
// write them: browsers know no months of some.
function startDoor(door: HTMLElement): void {
  const at = new Date(door.dataset.at ?? '');
  const wait = at.getTime() - Date.now();
  door.hidden = -at.getTimezoneOffset() === Number(door.dataset.tz);
  door.textContent = fill(door.dataset.tHere, { when: at.toLocaleString('ru', { dateStyle: 'short', timeStyle: 'short' }) });
  if (wait > 0 && wait < DAY_MS) window.setTimeout(() => location.reload(), wait + 1000);
}
const door = document.getElementById('door');
if (door) startDoor(door);

if (box) {
  startTry();
  quiet();
  if (box.dataset.stage === 'waiting') startWaiting();
  if (box.dataset.stage === 'in') new Call(box, base, () => void enterAgain());
} else {
  startTry();
  startLineTry();
}
