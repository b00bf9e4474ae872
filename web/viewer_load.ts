// Frames from the server to Cornerstone's cache, each once. What somebody looks at goes first, newest first; then
// what is near it, then the rest of what is shown: a weak line carries the slice in view before anything else.
import { cache, imageLoader, utilities, type Types } from '@cornerstonejs/core';
import type { Decoded, Job } from './viewer_frame';
import { frameOf, isColour, pictureOf, planeOf, tablesOf, windowOf, type Item, type Picture } from './viewer_meta';
import { isSignIn } from './util';

const AT_ONCE = 3;
const AGAIN_MS = [1000, 3000, 8000];
const SLOW_BYTES_PER_S = 150_000;

export class SignedOut extends Error {}

interface Wanted { id: string; resolve(i: Types.IImage): void; reject(e: unknown): void }

export class Loader {
  onChange: () => void = () => {};
  slow = false;
  failed = new Set<string>();
  signedOut = false;
  // What should come by itself, in order; asked whenever there is room.
  plan: () => Iterable<string> = () => [];
  inView: () => Set<string> = () => new Set();
  private readonly waiting: Wanted[] = [];
  private readonly flying = new Map<string, Promise<unknown>>();
  private readonly workers: Worker[] = [];
  private readonly jobs = new Map<number, { resolve(d: Decoded): void; reject(e: Error): void }>();
  private next = 0;
  bytes = 0;
  requests = 0;

  constructor(private readonly addresses: { worker: string; codecs: Record<string, string> }) {
    imageLoader.registerImageLoader('dcm', ((id: string) => ({ promise: new Promise<Types.IImage>((resolve, reject) => {
      this.waiting.push({ id, resolve, reject });
      this.pump();
    }) })) as unknown as Types.ImageLoaderFn);
    const many = Math.max(1, Math.min(3, (navigator.hardwareConcurrency || 2) - 1));
    for (let i = 0; i < many; i++) {
      const w = new Worker(addresses.worker);
      w.onmessage = (e: MessageEvent<Decoded & { id: number; fault?: string }>) => {
        const job = this.jobs.get(e.data.id);
        this.jobs.delete(e.data.id);
        if (e.data.fault) job?.reject(new Error(e.data.fault));
        else job?.resolve(e.data);
      };
      this.workers.push(w);
    }
  }

  has = (id: string): boolean => cache.isLoaded(id);

  // Fills the free places: first what is in view, then what was asked last, then the plan.
  pump(): void {
    while (this.flying.size < AT_ONCE && !this.signedOut) {
      const seen = this.inView();
      let at = this.waiting.findIndex((w) => seen.has(w.id));
      if (at < 0) at = this.waiting.length - 1;
      if (at >= 0) {
        this.start(this.waiting.splice(at, 1)[0]!);
        continue;
      }
      const id = this.planned();
      if (!id) return;
      void imageLoader.loadAndCacheImage(id, { priority: 0, requestType: 'prefetch' } as never).catch(() => {});
      if (!this.flying.has(id)) return;
    }
  }

  private planned(): string | undefined {
    for (const id of this.plan()) if (!this.flying.has(id) && !this.failed.has(id) && !cache.getImageLoadObject(id)) return id;
    return undefined;
  }

  private start(w: Wanted): void {
    const p = pictureOf(w.id);
    const done = (p ? this.load(p) : Promise.reject(new Error(w.id))).then((i) => { this.failed.delete(w.id); w.resolve(i); }, (e: unknown) => {
      if (e instanceof SignedOut) this.signedOut = true;
      this.failed.add(w.id);
      w.reject(e);
    }).finally(() => {
      this.flying.delete(w.id);
      this.pump();
      setTimeout(() => this.onChange());
    });
    this.flying.set(w.id, done);
  }

  again(): void {
    this.signedOut = false;
    for (const id of this.failed) if (cache.getImageLoadObject(id)) cache.removeImageLoadObject(id);
    this.failed.clear();
    this.pump();
  }

  private async fetchFrame(p: Picture): Promise<{ bytes: ArrayBuffer; syntax: string }> {
    const url = `/dicom-web/studies/${p.study}/series/${p.series}/instances/${p.sop}/frames/${p.frame}`;
    for (let turn = 0; ; turn++) {
      try {
        const t0 = performance.now();
        this.requests += 1;
        const r = await fetch(url, { headers: { Accept: 'multipart/related; type="application/octet-stream"; transfer-syntax=*' } });
        if (isSignIn(r)) throw new SignedOut();
        if (!r.ok) throw new Error(`frame ${r.status}`);
        const body = await r.arrayBuffer();
        this.bytes += body.byteLength;
        const rate = body.byteLength / Math.max(0.001, (performance.now() - t0) / 1000);
        this.slow = rate < SLOW_BYTES_PER_S;
        return part(body, r.headers.get('Content-Type') ?? '');
      } catch (e) {
        const wait = AGAIN_MS[turn];
        if (e instanceof SignedOut || wait === undefined || !(e instanceof TypeError)) throw e; // TypeError: the line was cut
        await new Promise((go) => setTimeout(go, wait));
      }
    }
  }

  private decode(job: Omit<Job, 'id' | 'codecs'>): Promise<Decoded> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.jobs.set(id, { resolve, reject });
      this.workers[id % this.workers.length]!.postMessage({ ...job, id, codecs: this.addresses.codecs }, [job.bytes]);
    });
  }

  private async load(p: Picture): Promise<Types.IImage> {
    const [{ bytes, syntax }] = await Promise.all([this.fetchFrame(p), ...tablesOf(p).map(fetchTable)]);
    const frame = frameOf(p);
    const d = await this.decode({ bytes, syntax, frame });
    return imageOf(p, d);
  }
}

async function fetchTable(item: Item): Promise<void> {
  const r = await fetch(item.BulkDataURI!, { headers: { Accept: 'application/octet-stream' } });
  if (isSignIn(r)) throw new SignedOut();
  if (!r.ok) throw new Error(`table ${r.status}`);
  item.bytes = new Uint8Array(await r.arrayBuffer());
}

// The one part of a multipart answer, or the body itself.
function part(body: ArrayBuffer, type: string): { bytes: ArrayBuffer; syntax: string } {
  const syntaxIn = (s: string): string => /transfer-syntax="?([\d.]+)/i.exec(s)?.[1] ?? '1.2.840.10008.1.2.1';
  const boundary = /boundary="?([^";]+)/i.exec(type)?.[1];
  if (!boundary) return { bytes: body, syntax: syntaxIn(type) };
  const head = new TextDecoder('latin1').decode(body.slice(0, 2048));
  const end = head.indexOf('\r\n\r\n');
  const size = Number(/content-length:\s*(\d+)/i.exec(head.slice(0, end))?.[1] ?? NaN);
  const from = end + 4;
  const to = Number.isFinite(size) ? from + size : body.byteLength - boundary.length - 8;
  return { bytes: body.slice(from, to), syntax: syntaxIn(head.slice(0, end)) };
}

function imageOf(p: Picture, d: Decoded): Types.IImage {
  const f = frameOf(p);
  const plane = planeOf(p);
  const color = isColour(f);
  const own = windowOf(p);
  const n = color ? 3 : 1;
  const { pixels } = d;
  const width = Math.max(1, d.most - d.least + 1);
  return {
    imageId: p.id,
    dataType: pixels.constructor.name,
    color,
    rgba: false,
    columns: f.columns,
    rows: f.rows,
    width: f.columns,
    height: f.rows,
    columnPixelSpacing: plane.spacing[1]!,
    rowPixelSpacing: plane.spacing[0]!,
    slope: 1,
    intercept: 0,
    preScale: { enabled: true, scaled: true, scalingParameters: { rescaleSlope: f.slope, rescaleIntercept: f.intercept, modality: '' } },
    isPreScaled: true,
    invert: f.photometric === 'MONOCHROME1',
    photometricInterpretation: color ? 'RGB' : f.photometric,
    minPixelValue: d.least,
    maxPixelValue: d.most,
    windowCenter: color ? 128 : own.centre ?? d.least + width / 2,
    windowWidth: color ? 256 : own.width ?? width,
    voiLUTFunction: color ? 'LINEAR' : own.shape,
    numberOfComponents: n,
    sizeInBytes: pixels.byteLength,
    getPixelData: () => pixels,
    getCanvas: undefined,
    imageFrame: { pixelData: pixels, photometricInterpretation: color ? 'RGB' : f.photometric },
    voxelManager: utilities.VoxelManager.createImageVoxelManager({ scalarData: pixels as never, width: f.columns, height: f.rows, numberOfComponents: n }),
  } as unknown as Types.IImage;
}
