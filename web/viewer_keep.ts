// Marks people draw are kept with the case as soon as they are drawn, and those of everybody in the case are drawn
// here. The server reckons lengths and angles itself: what it keeps is what is printed. Marks of others do not move.
import { annotation, Enums } from '@cornerstonejs/tools';
import { eventTarget } from '@cornerstonejs/core';
import { csrf, renewToken } from './util';
import { marks, showMark, sign, takeKept, TOOLS, type Mark } from './viewer_marks';

interface Kept extends Mark { shown: string; by: string; own: boolean; areaUnit: string; hounsfield: boolean }
interface Known { id: string; own: boolean; sign: string; kept: Kept }

const WAIT_MS = 400;
const RETRY_MS = 5000;
const POINTS: Record<Mark['tool'], number> = { length: 2, angle: 3, cobb: 4, ellipse: 4 };
const at = (v: number): number => Math.round(v * 1000) / 1000;
const drawn = (uid: string): boolean => !!annotation.state.getAnnotation(uid);

export function keepMarks(root: HTMLElement, render: () => void): void {
  const list = document.getElementById('marks');
  const url = list?.dataset.marks;
  if (!list || !url) return;
  const known = new Map<string, Known>(); // by the annotation's UID
  const finished = new Set<string>();
  let may = false;
  let down = false;
  let busy = false;
  let timer = 0;

  const say = (text: string): void => {
    const note = document.getElementById('marks-note');
    if (note) note.textContent = text;
  };

  async function post(address: string, body?: unknown): Promise<Response> {
    const send = (): Promise<Response> => fetch(address, { method: 'POST', headers: { 'X-CSRF-Token': csrf(), ...(body ? { 'Content-Type': 'application/json' } : {}) }, body: body ? JSON.stringify(body) : null });
    const r = await send();
    return r.status === 403 && await renewToken() ? send() : r;
  }

  function show(uid: string, k: Known): void {
    if (!(k.kept.tool in TOOLS)) return;
    showMark({ ...k.kept, id: uid });
    takeKept(uid, k.kept);
    if (drawn(uid) && !k.own) annotation.locking.setAnnotationLocked(uid, true);
  }

  // What is kept and not drawn is drawn once its picture is known here.
  function showAll(): void {
    for (const [uid, k] of known) if (!drawn(uid)) show(uid, k);
    render();
  }

  async function load(): Promise<void> {
    const r = await fetch(url!, { headers: { Accept: 'application/json' } });
    if (!r.ok) return;
    const all = await r.json() as { may: boolean; marks: Kept[] };
    may = all.may;
    const uids = new Map([...known].map(([uid, k]) => [k.id, uid]));
    for (const m of all.marks) {
      const uid = uids.get(m.id) ?? m.id;
      const old = known.get(uid);
      known.set(uid, { id: m.id, own: m.own, sign: sign(m), kept: m });
      if (old && old.sign !== sign(m) && drawn(uid)) annotation.state.removeAnnotation(uid);
      else takeKept(uid, m);
    }
    for (const [uid, k] of known) {
      if (all.marks.some((m) => m.id === k.id)) continue;
      known.delete(uid);
      if (drawn(uid)) annotation.state.removeAnnotation(uid);
    }
    showAll();
  }

  async function keep(m: Mark): Promise<void> {
    const old = known.get(m.id);
    const r = await post(url!, { id: old?.id ?? '', tool: m.tool, series: m.series, sop: m.sop, frame: m.frame, points: m.points.map((p) => p.map(at)), value: m.value, unit: m.unit, more: m.more });
    if (r.status === 201) {
      const kept = await r.json() as Kept;
      known.set(m.id, { id: kept.id, own: true, sign: sign(m), kept: { ...kept, own: true } });
      takeKept(m.id, kept);
      say(list!.dataset.tKept ?? '');
    } else {
      say(list!.dataset.tFailed ?? '');
      finished.delete(m.id);
      if (r.status >= 500) throw new Error(String(r.status));
    }
  }

  async function drop(uid: string, k: Known): Promise<void> {
    const r = await post(`${url}/${k.id}/remove`);
    if (r.status === 204 || r.status === 404) known.delete(uid);
    else show(uid, k);
  }

  async function sync(): Promise<void> {
    const here = marks().filter((m) => m.study === root.dataset.study);
    for (const [uid, k] of [...known]) {
      const m = here.find((x) => x.id === uid);
      if (k.own && !m && gone.delete(uid)) await drop(uid, k);
      else if (!k.own && (m ? sign(m) !== k.sign : gone.delete(uid))) {
        if (m) annotation.state.removeAnnotation(uid);
        show(uid, k);
      }
    }
    for (const m of here) {
      const k = known.get(m.id);
      if (m.points.length !== POINTS[m.tool] || !(k ? k.own && k.sign !== sign(m) : finished.has(m.id))) continue;
      if (may) await keep(m);
      else say(list!.dataset.tOnly ?? '');
    }
    render();
  }

  function soon(ms = WAIT_MS): void {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (busy || down) return soon();
      busy = true;
      sync().catch(() => { say(list!.dataset.tFailed ?? ''); soon(RETRY_MS); }).finally(() => { busy = false; });
      return undefined;
    }, ms);
  }

  const gone = new Set<string>(); // removed here, by whoever sits here
  const uidOf = (e: Event): string => (e as CustomEvent<{ annotation?: { annotationUID?: string } }>).detail?.annotation?.annotationUID ?? '';
  eventTarget.addEventListener(Enums.Events.ANNOTATION_COMPLETED, (e: Event) => finished.add(uidOf(e)));
  eventTarget.addEventListener(Enums.Events.ANNOTATION_REMOVED, (e: Event) => known.has(uidOf(e)) && gone.add(uidOf(e)));
  root.addEventListener('consilium:marks', () => soon());
  root.addEventListener('pointerdown', () => { down = true; }, true);
  window.addEventListener('pointerup', () => { down = false; }, true);
  window.addEventListener('pointercancel', () => { down = false; }, true);
  list.addEventListener('swapped', () => void load());

  // The form of a key image goes with the picture that is shown.
  const form = document.getElementById('key-image') as HTMLFormElement | null;
  const field = (name: string): HTMLInputElement => form!.elements.namedItem(name) as HTMLInputElement;
  const views = document.getElementById('picture');
  const follow = (): void => {
    const shown = /^dcm:(.+)\/(\d+)$/.exec(root.querySelector<HTMLElement>('.v__view--chosen, .v__view[data-shown]')?.dataset.shown ?? '');
    if (form && shown) {
      field('sop').value = shown[1]!;
      field('frame').value = shown[2]!;
    }
    showAll();
  };
  if (views) new MutationObserver(follow).observe(views, { subtree: true, attributes: true, attributeFilter: ['data-shown', 'class'] });
  form?.addEventListener('submit', (e) => {
    e.preventDefault();
    void post(url, { tool: 'key', sop: field('sop').value, frame: Number(field('frame').value), text: field('text').value }).then((r) => {
      say((r.status === 201 ? list.dataset.tKept : list.dataset.tFailed) ?? '');
      if (r.status !== 201) return;
      field('text').value = '';
      document.dispatchEvent(new CustomEvent('refresh', { detail: 'case' }));
    });
  });
  void load();
}
