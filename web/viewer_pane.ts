// One picture area of the viewer: a stack of slices or frames in a Cornerstone viewport, the words on it, and the
// server's own drawing below while a slice is still on its way.
import { Enums, getShouldUseCPURendering, utilities, type RenderingEngine, type Types } from '@cornerstonejs/core';
import { number, words } from './viewer_marks';
import { imageId, pictureOf, planeOf, readSeries, speedOf, voiTableOf, windowOf, type DataSet, type Instance, type Series } from './viewer_meta';
import { SignedOut, type Loader } from './viewer_load';
import { fill, isSignIn } from './util';

const STAND_IN_MS = 350;
const STAND_IN_SIDE = 512;
const NODES = 2048; // of a table of tones, as the graphics card gets it

const known = new Map<string, Promise<Series>>();
// The metadata of a series, once.
export function seriesOf(study: string, uid: string): Promise<Series> {
  const load = async (): Promise<Series> => {
    const r = await fetch(`/dicom-web/studies/${study}/series/${uid}/metadata`, { headers: { Accept: 'application/dicom+json' } });
    if (isSignIn(r)) throw new SignedOut();
    if (!r.ok) throw new Error(`metadata ${r.status}`);
    return readSeries(study, uid, await r.json() as DataSet[]);
  };
  let s = known.get(uid);
  if (!s) {
    s = load();
    known.set(uid, s);
    s.catch(() => known.delete(uid));
  }
  return s;
}

export class Pane {
  series: Series | null = null;
  instance: Instance | null = null; // the moving picture shown; null: slices of the whole series
  ids: string[] = [];
  index = 0;
  readonly box: HTMLElement;
  readonly element: HTMLDivElement;
  private readonly standIn: HTMLImageElement;
  private readonly low = document.createElement('div');
  private readonly high = document.createElement('div');
  private timer = 0;
  private playing = 0;
  private curved = false; // tones by the picture's own table
  speed = 15;
  onPlace: () => void = () => {};

  constructor(private readonly engine: RenderingEngine, private readonly loader: Loader, readonly name: string, box: HTMLElement, first: HTMLImageElement | null) {
    this.box = box;
    this.element = document.createElement('div');
    this.element.className = 'v__canvas';
    this.standIn = first ?? document.createElement('img');
    if (!first) {
      this.standIn.alt = '';
      this.standIn.hidden = true;
      box.append(this.standIn);
    }
    this.low.className = 'v__words';
    this.high.className = 'v__words v__words--top';
    box.append(this.element, this.low, this.high);
    box.tabIndex = 0;
    box.setAttribute('role', 'application');
    engine.enableElement({ viewportId: name, element: this.element, type: Enums.ViewportType.STACK, defaultOptions: { background: [0, 0, 0] } });
    this.element.addEventListener(Enums.Events.STACK_NEW_IMAGE, () => this.shown());
    this.element.addEventListener(Enums.Events.IMAGE_RENDERED, () => this.say());
    this.element.addEventListener(Enums.Events.PRE_STACK_NEW_IMAGE, ((e: CustomEvent<{ imageIdIndex?: number; imageId: string }>) => {
      const at = this.ids.indexOf(e.detail.imageId);
      if (at >= 0) this.moved(at);
    }) as EventListener);
  }

  get viewport(): Types.IStackViewport {
    return this.engine.getViewport(this.name) as Types.IStackViewport;
  }

  get current(): string | undefined {
    return this.ids[this.index];
  }

  // Shows a series from a picture on: its middle when none is named.
  async show(series: Series, sop?: string, frame?: number): Promise<void> {
    const moving = series.instances.some((i) => i.frames > 1);
    const at = sop ? Math.max(0, series.instances.findIndex((i) => i.sop === sop)) : Math.floor(series.instances.length / 2);
    const instance = series.instances[at];
    if (!instance) return;
    this.stop();
    this.series = series;
    this.instance = moving ? instance : null;
    this.ids = moving ? Array.from({ length: instance.frames }, (_, k) => imageId(instance.sop, k + 1)) : series.instances.map((i) => imageId(i.sop, 1));
    this.moved(moving ? Math.min((frame ?? Math.floor(instance.frames / 2) + 1), instance.frames) - 1 : at);
    const own = speedOf(pictureOf(this.ids[0]!)!);
    this.speed = Math.round(Math.min(60, Math.max(1, own || 15)));
    try {
      await this.viewport.setStack(this.ids, this.index);
      this.viewport.resetCamera();
      this.viewport.render();
    } catch {
      this.stand(); // the server draws what cannot be decoded here
    }
    this.shown();
  }

  // The next or previous moving picture of the series.
  turn(by: number): Promise<void> {
    const list = this.series?.instances ?? [];
    const at = list.findIndex((i) => i === this.instance) + by;
    return this.instance && list[at] ? this.show(this.series!, list[at].sop, 1) : Promise.resolve();
  }

  go(index: number): void {
    const to = Math.max(0, Math.min(this.ids.length - 1, index));
    if (to === this.index || !this.ids.length) return;
    this.moved(to);
    void this.viewport.setImageIdIndex(to).catch(() => {});
  }

  private moved(index: number): void {
    this.index = index;
    clearTimeout(this.timer);
    if (this.current && !this.loader.has(this.current) && this.viewport.getCurrentImageId?.()) this.timer = window.setTimeout(() => this.stand(), STAND_IN_MS);
    this.loader.pump();
    this.say();
    this.onPlace();
  }

  // The server's drawing until the slice is here.
  stand(): void {
    const p = this.current ? pictureOf(this.current) : undefined;
    if (!p || this.loader.has(p.id)) return;
    const many = (this.instance?.frames ?? 1) > 1;
    const { lower, upper } = this.viewport.getProperties().voiRange ?? {};
    const w = !voiTableOf(p) && lower !== undefined && upper !== undefined ? `&window=${(lower + upper) / 2},${Math.max(1, upper - lower)},linear` : '';
    this.standIn.src = `/dicom-web/studies/${p.study}/series/${p.series}/instances/${p.sop}${many ? `/frames/${p.frame}` : ''}/rendered?viewport=${STAND_IN_SIDE},${STAND_IN_SIDE}&quality=50${w}`;
    this.standIn.alt = this.low.textContent ?? '';
    this.standIn.hidden = false;
  }

  private shown(): void {
    const id = this.viewport.getCurrentImageId?.();
    if (id && id === this.current && this.loader.has(id)) {
      clearTimeout(this.timer);
      this.standIn.hidden = true;
      if (this.box.dataset.shown !== id) this.tones();
      this.box.dataset.shown = id;
    }
    this.say();
  }

  place(): string {
    return this.ids.length > 1 ? fill(this.instance ? words.frame : words.slice, { n: this.index + 1, all: this.ids.length }) : '';
  }

  private say(): void {
    const p = this.current ? pictureOf(this.current) : undefined;
    if (!p) return;
    const range = this.viewport.getProperties?.().voiRange;
    const colour = p.ds['00280002']?.Value?.[0] === 3;
    const win = range && !colour ? utilities.windowLevel.toWindowLevel(range.lower, range.upper) : null;
    const line = win ? fill(words.window, { centre: number(win.windowCenter, 0), width: number(win.windowWidth, 0) }) : '';
    this.low.textContent = [this.place(), line].filter(Boolean).join('\n');
    this.high.textContent = [this.series?.modality ?? '', String(p.ds['0008103E']?.Value?.[0] ?? '')].filter(Boolean).join(' · ') + (planeOf(p).detector ? `\n${words.detector}` : '');
    this.box.setAttribute('aria-label', fill(words.view, { n: this.name.slice(-1) }));
  }

  // The picture's own table of tones where it has one; on: else a straight line. Dragging the window stretches it.
  private tones(on = true): void {
    const table = on && this.current ? voiTableOf(pictureOf(this.current)!) : undefined;
    if (!table && !this.curved) return;
    this.curved = !!table;
    const range = table ? { lower: table.first, upper: table.first + table.values.length - 1 } : this.viewport.getProperties().voiRange!;
    if (getShouldUseCPURendering()) {
      const own = (this.viewport as unknown as { _cpuFallbackEnabledElement: { viewport: { voiLUT?: unknown } } })._cpuFallbackEnabledElement.viewport;
      own.voiLUT = table && { id: this.current, firstValueMapped: table.first, numBitsPerEntry: table.bits, lut: Array.from(table.values) };
    }
    this.viewport.setProperties({ voiRange: range });
    const actor = (this.viewport as unknown as { getDefaultActor(): { actor: { getProperty?(): { setRGBTransferFunction(at: number, f: unknown): void } } } }).getDefaultActor()?.actor;
    if (actor?.getProperty && !getShouldUseCPURendering()) {
      const { invert } = this.viewport.getProperties();
      const curve = utilities.createLinearRGBTransferFunction(range as never) as unknown as { removeAllPoints(): void; addRGBPoint(x: number, r: number, g: number, b: number): void };
      curve.removeAllPoints();
      const n = table?.values.length ?? 2;
      const by = Math.max(1, Math.ceil(n / NODES));
      const at = (i: number): number => { const y = table ? Math.min(1, table.values[i]! / (2 ** table.bits - 1)) : i; return invert ? 1 - y : y; };
      const put = (i: number): void => curve.addRGBPoint(table ? range.lower + i : [range.lower, range.upper][i]!, at(i), at(i), at(i));
      for (let i = 0; i < n - 1; i += by) put(i);
      put(n - 1);
      actor.getProperty().setRGBTransferFunction(0, curve);
    }
    this.viewport.render();
  }

  // A window; none: as the picture itself says.
  window(centre?: number, width?: number): void {
    const own = this.current ? windowOf(pictureOf(this.current)!) : { shape: 'LINEAR' };
    const c = centre ?? own.centre;
    const w = width ?? own.width;
    this.tones(c === undefined || w === undefined);
    if (this.curved) return;
    if (c === undefined || w === undefined) this.viewport.resetProperties();
    else this.viewport.setProperties({ voiRange: utilities.windowLevel.toLowHighRange(w, c) });
    this.viewport.render();
  }

  invert(): boolean {
    const invert = !this.viewport.getProperties().invert;
    this.viewport.setProperties({ invert });
    this.viewport.render();
    return invert;
  }

  rotate(): void {
    this.viewport.setViewPresentation({ rotation: ((this.viewport.getViewPresentation().rotation ?? 0) + 90) % 360 });
    this.viewport.render();
  }

  zoom(by: number): void {
    this.viewport.setZoom(this.viewport.getZoom() * by);
    this.viewport.render();
  }

  pan(x: number, y: number): void {
    const [a, b] = this.viewport.getPan();
    this.viewport.setPan([a + x, b + y]);
    this.viewport.render();
  }

  reset(): void {
    this.viewport.resetProperties();
    this.viewport.resetCamera();
    this.viewport.setViewPresentation({ rotation: 0 });
    this.window();
  }

  get isPlaying(): boolean {
    return this.playing !== 0;
  }

  // Waits for a frame that is not here yet instead of leaving it out.
  play(): void {
    this.stop();
    const step = (): void => {
      const next = (this.index + 1) % this.ids.length;
      if (this.loader.has(this.ids[next]!)) this.go(next);
      this.playing = window.setTimeout(step, 1000 / this.speed);
    };
    this.playing = window.setTimeout(step, 0);
  }

  stop(): void {
    clearTimeout(this.playing);
    this.playing = 0;
  }

  end(): void {
    this.stop();
    clearTimeout(this.timer);
    this.engine.disableElement(this.name);
    this.box.remove();
  }

  // Its pictures from the one in view outwards.
  *near(): Iterable<string> {
    for (let d = 0; d < this.ids.length; d++) {
      const a = this.ids[this.index + d];
      const b = this.ids[this.index - d];
      if (a) yield a;
      if (b && d) yield b;
    }
  }
}
