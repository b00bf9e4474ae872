// The viewer of medical images on the page of a study (Cornerstone3D). The page is whole without it: this takes the
// page's own links and picture over. Loaded by app.ts once the first picture is on the screen.
//
// What others may use: the element #viewer gets the event "consilium:marks" with the marks as plain data (see
// viewer_marks.ts) on each change. window.consiliumViewer exists for tests alone.
import { cache, getRenderingEngine, getShouldUseCPURendering, init as initCore, metaData, RenderingEngine, type Types } from '@cornerstonejs/core';
import { init as initTools } from '@cornerstonejs/tools';
import { keepMarks } from './viewer_keep';
import { Loader, SignedOut } from './viewer_load';
import { lines, marks, onMarks, showMark, words, worldOf } from './viewer_marks';
import { imageId, isVolume, pictureOf, provide } from './viewer_meta';
import { Pane, seriesOf } from './viewer_pane';
import { closePlanes, eachPlane, openPlanes } from './viewer_planes';
import { choose, cross, crossAt, drawnMarks, removeChosen, startTools, tools, type Drag } from './viewer_tools';
import { all, fill, signInLink } from './util';

const NEAR = 9;
const CACHE_BYTES = 512 * 1024 * 1024;
const root = document.getElementById('viewer')!;
const views = document.getElementById('picture');
const note = document.getElementById('v-note')!;
const panel = document.getElementById('v-tools')!;
const data = root.dataset as Record<string, string>;
const control = (name: string): HTMLButtonElement => panel.querySelector<HTMLButtonElement>(`[data-do=${name}]`)!;
const field = <T extends HTMLElement>(selector: string): T => document.querySelector<T>(selector)!;

let engine: RenderingEngine;
let loader: Loader;
let panes: Pane[] = [];
let chosen = 0;
let planes = false;
const pane = (): Pane => panes[Math.min(chosen, panes.length - 1)]!;

function newBox(): HTMLElement {
  const box = document.createElement('figure');
  box.className = 'v__view';
  views!.append(box);
  return box;
}

function addPane(first: HTMLImageElement | null): Pane {
  const p = new Pane(engine, loader, `view-${panes.length + 1}`, (first?.parentElement as HTMLElement | null) ?? newBox(), first);
  const at = panes.length;
  tools.addViewport(p.name, engine.id);
  p.onPlace = place;
  p.box.addEventListener('focusin', () => pick(at));
  p.box.addEventListener('pointerdown', () => pick(at), true);
  p.box.addEventListener('keydown', key);
  panes.push(p);
  views!.classList.toggle('v__views--two', panes.length === 2);
  return p;
}

function pick(at: number): void {
  chosen = at;
  panes.forEach((p, i) => p.box.classList.toggle('v__view--chosen', panes.length > 1 && i === at));
  state();
}

// ---- what the page says ----

function place(): void {
  for (const kind of ['slice', 'frame']) {
    const el = root.querySelector(`[data-place=${kind}]`);
    const p = panes[0];
    if (!el || !p) continue;
    if (kind === 'frame' || !p.instance) el.textContent = p.place();
    else el.textContent = fill(words.slice, { n: p.series!.instances.indexOf(p.instance) + 1, all: p.series!.instances.length });
  }
}

function state(): void {
  const p = pane();
  const moving = p.ids.length > 1;
  field('#v-cine').hidden = !moving || planes;
  field<HTMLInputElement>('#v-speed').value = String(p.speed);
  const play = control('play');
  play.setAttribute('aria-pressed', String(p.isPlaying));
  play.dataset.tPlay ??= play.textContent ?? '';
  play.textContent = (p.isPlaying ? play.dataset.tStop : play.dataset.tPlay) ?? '';
  const mpr = control('mpr');
  mpr.hidden = !panes[0]?.series || !isVolume(panes[0].series) || getShouldUseCPURendering();
  mpr.setAttribute('aria-pressed', String(planes));
  field('[data-tool=cross]').hidden = !planes;
  control('clear').disabled = drawnMarks().length === 0;
  for (const a of all<HTMLAnchorElement>('[data-series]', root.querySelector('.v__series')!)) {
    if (panes[0]?.series?.uid === a.dataset.series) a.setAttribute('aria-current', 'true');
    else a.removeAttribute('aria-current');
  }
}

function progress(): void {
  const ids = [...new Set(panes.flatMap((p) => p.ids))];
  const n = ids.filter(loader.has).length;
  const bad = ids.filter((id) => loader.failed.has(id)).length;
  const said = n === ids.length ? fill(words.done, { all: n }) : fill(words.progress, { n, all: ids.length }) + (loader.slow ? `; ${words.slow}` : '');
  const text = loader.signedOut ? words.out! : bad ? `${said}; ${fill(words.failed, { n: bad })}` : said;
  if (note.dataset.said === text) return;
  note.dataset.said = text;
  note.textContent = ids.length > 1 || bad || loader.signedOut ? text : '';
  if (bad || loader.signedOut) {
    const again = document.createElement('button');
    again.type = 'button';
    again.className = 'c-button c-button--link';
    again.textContent = words.again!;
    again.onclick = () => { loader.again(); void pane().viewport.setImageIdIndex(pane().index); };
    note.append(' ', ...(loader.signedOut ? [signInLink(words.out), ' '] : []), again);
    const now = pane().current;
    if (now && loader.failed.has(now)) pane().stand();
  }
}

// ---- acting ----

async function open(p: Pane, study: string, uid: string, sop?: string, frame?: number): Promise<void> {
  try {
    await p.show(await seriesOf(study, uid), sop, frame);
  } catch (e) {
    if (e instanceof SignedOut) loader.signedOut = true;
    else if (p.current) p.stand();
    else throw e;
  }
  place();
  state();
  progress();
}

async function compare(study: string): Promise<void> {
  const list = field('#v-series-2');
  const select = list.querySelector('select')!;
  closePlanesHere();
  while (panes.length > 1) {
    tools.removeViewports(engine.id, panes[panes.length - 1]!.name);
    panes.pop()!.end();
  }
  views!.classList.remove('v__views--two');
  list.hidden = !study;
  if (study) {
    const r = await fetch(`/dicom-web/studies/${study}/series`, { headers: { Accept: 'application/dicom+json' } });
    const series = r.ok && r.status !== 204 ? await r.json() as Record<string, { Value?: unknown[] }>[] : [];
    const of = (s: typeof series[number], tag: string): string => String(s[tag]?.Value?.[0] ?? '');
    select.replaceChildren(...series.map((s) => new Option([of(s, '00080060'), of(s, '00200011'), of(s, '0008103E')].filter(Boolean).join(' · '), of(s, '0020000E'))));
    if (series.length) {
      const p = addPane(null);
      resize(false);
      await open(p, study, select.value);
    }
    select.onchange = () => void open(panes[1]!, study, select.value);
  }
  resize(false);
  pick(Math.min(chosen, panes.length - 1));
}

function closePlanesHere(): void {
  if (!planes) return;
  cross(false, panel);
  closePlanes(engine);
  planes = false;
  root.classList.remove('v--planes');
  for (const p of panes) p.box.hidden = false;
  views!.classList.remove('v__views--three');
  resize();
  state();
}

async function threePlanes(): Promise<void> {
  if (planes) return closePlanesHere();
  const p = panes[0]!;
  const missing = (): string[] => p.ids.filter((id) => !loader.has(id));
  if (missing().length) {
    note.textContent = fill(words.planes, { n: p.ids.length - missing().length, all: p.ids.length });
    return undefined;
  }
  if (panes.length > 1) {
    field<HTMLSelectElement>('#v-compare').value = '';
    await compare('');
  }
  p.stop();
  planes = true;
  root.classList.add('v--planes');
  p.box.hidden = true;
  views!.classList.add('v__views--three');
  await openPlanes(engine, views!, p.ids, p.viewport.getProperties().voiRange);
  cross(true, panel);
  state();
  return undefined;
}

// keep: what was zoomed and moved stays.
function resize(keep = true): void {
  engine?.resize(true, keep);
}

const ACTS: Record<string, () => void> = {
  rotate: () => { if (!planes) pane().rotate(); },
  invert: () => {
    const inverted = pane().invert();
    if (planes) eachPlane(engine, (v) => v.setProperties({ invert: inverted }));
    control('invert').setAttribute('aria-pressed', String(inverted));
  },
  reset: () => {
    pane().reset();
    const { voiRange } = pane().viewport.getProperties();
    if (planes) eachPlane(engine, (v) => { v.setProperties({ voiRange, invert: false }); v.resetCamera(); });
    control('invert').setAttribute('aria-pressed', 'false');
  },
  clear: () => { removeChosen(); for (const p of panes) p.viewport.render(); },
  mpr: () => void threePlanes(),
  play: () => { if (pane().isPlaying) pane().stop(); else pane().play(); state(); },
};

const STEP = 40;
const KEYS: Record<string, (p: Pane, e: KeyboardEvent) => void> = {
  ArrowUp: (p, e) => (e.shiftKey ? p.pan(0, STEP) : p.go(p.index - 1)),
  ArrowDown: (p, e) => (e.shiftKey ? p.pan(0, -STEP) : p.go(p.index + 1)),
  ArrowLeft: (p, e) => (e.shiftKey ? p.pan(-STEP, 0) : p.go(p.index - 1)),
  ArrowRight: (p, e) => (e.shiftKey ? p.pan(STEP, 0) : p.go(p.index + 1)),
  PageUp: (p) => p.go(p.index - 10),
  PageDown: (p) => p.go(p.index + 10),
  Home: (p) => p.go(0),
  End: (p) => p.go(p.ids.length - 1),
  '+': (p) => p.zoom(1.25),
  '=': (p) => p.zoom(1.25),
  '-': (p) => p.zoom(0.8),
  r: () => ACTS.rotate!(),
  i: () => ACTS.invert!(),
  0: () => ACTS.reset!(),
  ' ': () => ACTS.play!(),
  Delete: () => ACTS.clear!(),
  Backspace: () => ACTS.clear!(),
};

function key(e: KeyboardEvent): void {
  const act = KEYS[e.key] ?? KEYS[e.key.toLowerCase()];
  if (!act || e.ctrlKey || e.metaKey || e.altKey) return;
  e.preventDefault();
  act(pane(), e);
}

function listen(): void {
  panel.addEventListener('click', (e) => {
    const b = (e.target as HTMLElement).closest('button');
    if (b?.dataset.tool) choose(b.dataset.tool as Drag, panel);
    else if (b?.dataset.do) ACTS[b.dataset.do]?.();
  });
  root.addEventListener('click', (e) => {
    const a = (e.target as HTMLElement).closest('a');
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return;
    const { step, by, series, centre, width } = a.dataset;
    if (step) {
      if (step === 'frame' || !panes[0]!.instance) panes[0]!.go(panes[0]!.index + Number(by));
      else void panes[0]!.turn(Number(by));
    } else if (series) {
      closePlanesHere();
      void open(panes[0]!, data.study!, series);
    } else if (centre !== undefined) {
      pane().window(centre ? Number(centre) : undefined, width ? Number(width) : undefined);
      const { voiRange } = pane().viewport.getProperties();
      if (planes) eachPlane(engine, (v) => v.setProperties({ voiRange }));
      for (const o of all('[data-centre]', root)) o.removeAttribute('aria-current');
      a.setAttribute('aria-current', 'true');
    } else return;
    e.preventDefault();
  });
  field<HTMLSelectElement>('#v-compare').addEventListener('change', (e) => void compare((e.target as HTMLSelectElement).value));
  field<HTMLInputElement>('#v-speed').addEventListener('change', (e) => { pane().speed = Math.min(60, Math.max(1, Number((e.target as HTMLInputElement).value) || 15)); });
  new ResizeObserver(() => resize()).observe(views!);
}

// Links that led nowhere from the first picture lead somewhere from others.
function readySteps(): void {
  for (const a of all<HTMLAnchorElement>('[data-step]', root)) a.hidden = false;
}

async function start(): Promise<void> {
  for (const [k, v] of Object.entries(data)) if (k.startsWith('t') && /^t[A-Z]/.test(k)) words[k[1]!.toLowerCase() + k.slice(2)] = v;
  initCore();
  initTools();
  cache.setMaxCacheSize(CACHE_BYTES);
  metaData.addProvider((type: string, id: unknown) => provide(type, id), 100_000);
  loader = new Loader({ worker: data.decode!, codecs: { openjpeg: data.openjpeg!, charls: data.charls!, libjpegturbo: data.jpeg! } });
  engine = new RenderingEngine('consilium');
  startTools(lines);
  const series = await seriesOf(data.study!, data.series!);
  root.classList.add('v--on');
  const first = document.getElementById('v-first') as HTMLImageElement;
  const p = addPane(first);
  loader.inView = () => new Set(panes.map((x) => x.current).filter((x): x is string => !!x));
  // Who saves data gets what is near.
  const most = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData ? NEAR : Infinity;
  loader.plan = function* plan() {
    for (const x of panes) {
      let n = 0;
      for (const id of x.near()) {
        if (n++ >= most) break;
        yield id;
      }
    }
  };
  loader.onChange = progress;
  listen();
  readySteps();
  onMarks(() => { state(); root.dispatchEvent(new CustomEvent('consilium:marks', { detail: marks() })); });
  choose('scroll', panel);
  panel.hidden = false;
  field('#v-keys').hidden = false;
  await p.show(series, data.instance, Number(data.frame) || 1);
  place();
  state();
  progress();
  keepMarks(root, () => { for (const x of panes) x.viewport.render(); });
  root.dataset.ready = 'true';
}

// For tests: what is shown and where its pixels are on the screen.
(window as unknown as Record<string, unknown>).consiliumViewer = {
  marks, showMark, imageId,
  cpu: () => getShouldUseCPURendering(),
  requests: () => ({ frames: loader.requests, bytes: loader.bytes }),
  shown: (at = 0) => panes[at]?.box.dataset.shown,
  pixels: (at = 0) => {
    const image = cache.getImage(panes[at]!.current!) as Types.IImage | undefined;
    return image ? { rows: image.rows, columns: image.columns, n: image.numberOfComponents, values: Array.from(image.getPixelData()) } : null;
  },
  screen: (point: [number, number], at = 0) => {
    const p = panes[at]!;
    const [x, y] = p.viewport.worldToCanvas(worldOf(p.current!, point));
    const box = p.element.getBoundingClientRect();
    return [box.left + x, box.top + y];
  },
  crossAt,
  planeAt: (id: string) => (engine.getViewport(id) as Types.IVolumeViewport).getCamera().focalPoint,
  inPlane: (id: string, world: [number, number, number]) => {
    const v = engine.getViewport(id);
    const [x, y] = v.worldToCanvas(world);
    const box = v.element.getBoundingClientRect();
    return [box.left + x, box.top + y];
  },
  zoomTo: (z: number, at = 0) => { panes[at]!.viewport.setZoom(z); panes[at]!.viewport.render(); },
  pictureOf, engine: () => getRenderingEngine('consilium'),
};

if (views) {
  start().catch((e: unknown) => {
    console.warn(e);
    root.classList.remove('v--on');
    panel.hidden = true;
    note.textContent = e instanceof SignedOut ? words.out ?? '' : words.cannot ?? '';
    root.dataset.ready = 'failed';
  });
}
