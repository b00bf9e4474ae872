// What DICOM JSON (PS3.18 F) says of a series, in the modules Cornerstone asks for. Images are named
// dcm:SOP/FRAME; a frame of an enhanced multi-frame object has its own position, rescale and window.
import type { Frame } from './viewer_frame';

export interface Item { vr?: string; Value?: unknown[]; InlineBinary?: string; BulkDataURI?: string }
export type DataSet = Record<string, Item>;

export interface Picture {
  id: string;
  sop: string;
  frame: number; // from 1
  study: string;
  series: string;
  ds: DataSet;
}
export interface Instance { sop: string; frames: number; number: number; ds: DataSet }
export interface Series { study: string; uid: string; modality: string; instances: Instance[] }

const pictures = new Map<string, Picture>();
export const pictureOf = (id: string): Picture | undefined => pictures.get(id);
export const imageId = (sop: string, frame: number): string => `dcm:${sop}/${frame}`;

const first = (ds: DataSet, tag: string): unknown => ds[tag]?.Value?.[0];
const text = (ds: DataSet, tag: string): string => String(first(ds, tag) ?? '');
const num = (ds: DataSet, tag: string): number | undefined => {
  const v = first(ds, tag);
  const n = v === undefined || v === null || v === '' ? NaN : Number(v);
  return Number.isFinite(n) ? n : undefined;
};
const nums = (ds: DataSet, tag: string): number[] => (ds[tag]?.Value ?? []).map(Number).filter(Number.isFinite);

// A group of the frame's own (per frame, then shared), else the data set itself.
function group(p: Picture, tag: string): DataSet {
  const own = (p.ds['52009230']?.Value?.[p.frame - 1] ?? {}) as DataSet;
  const shared = (first(p.ds, '52009229') ?? {}) as DataSet;
  return ((first(own, tag) ?? first(shared, tag)) as DataSet | undefined) ?? p.ds;
}

export function readSeries(study: string, uid: string, list: DataSet[]): Series {
  const instances = list.filter((ds) => num(ds, '00280010') && num(ds, '00280011')).map((ds) => ({ sop: text(ds, '00080018'), frames: num(ds, '00280008') ?? 1, number: num(ds, '00200013') ?? 0, ds }));
  instances.sort((a, b) => a.number - b.number || (a.sop < b.sop ? -1 : 1));
  for (const i of instances) for (let k = 1; k <= i.frames; k++) pictures.set(imageId(i.sop, k), { id: imageId(i.sop, k), sop: i.sop, frame: k, study, series: uid, ds: i.ds });
  return { study, uid, modality: text(instances[0]?.ds ?? {}, '00080060'), instances };
}

const cross = (a: number[], b: number[]): number[] => [a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!];
export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;

export interface Plane { origin: number[]; row: number[]; column: number[]; spacing: number[]; known: boolean; detector: boolean }

// Millimetres between rows, between columns. Of a plain film they are those of the detector, not of the body.
function spacingOf(p: Picture): { spacing: number[]; known: boolean; detector: boolean } {
  const own = nums(group(p, '00289110'), '00280030');
  if (own.length === 2 && own[0]! > 0 && own[1]! > 0) return { spacing: own, known: true, detector: false };
  const detector = nums(p.ds, '00181164');
  if (detector.length === 2 && detector[0]! > 0 && detector[1]! > 0) return { spacing: detector, known: true, detector: true };
  const regions = (p.ds['00186011']?.Value ?? []) as DataSet[];
  const region = regions.length === 1 ? regions[0]! : {};
  const x = Math.abs(num(region, '0018602C') ?? 0) * 10;
  const y = Math.abs(num(region, '0018602E') ?? 0) * 10;
  if (x > 0 && y > 0 && num(region, '00186024') === 3 && num(region, '00186026') === 3) return { spacing: [y, x], known: true, detector: false };
  return { spacing: [1, 1], known: false, detector: false };
}

export function planeOf(p: Picture): Plane {
  const o = nums(group(p, '00209116'), '00200037');
  const at = nums(group(p, '00209113'), '00200032');
  return { origin: at.length === 3 ? at : [0, 0, 0], row: o.length === 6 ? o.slice(0, 3) : [1, 0, 0], column: o.length === 6 ? o.slice(3) : [0, 1, 0], ...spacingOf(p) };
}

// Slices of one direction with places of their own: what three planes can be made of.
export function isVolume(s: Series): boolean {
  if (!['CT', 'MR', 'PT'].includes(s.modality) || s.instances.length < 8 || s.instances.some((i) => i.frames > 1)) return false;
  const a = s.instances[0]!.ds;
  const o = nums(a, '00200037');
  if (o.length !== 6) return false;
  const normal = cross(o.slice(0, 3), o.slice(3));
  const places = new Set<string>();
  for (const { ds } of s.instances) {
    const here = nums(ds, '00200037');
    const at = nums(ds, '00200032');
    if (at.length !== 3 || here.some((v, i) => Math.abs(v - o[i]!) > 1e-3) || num(ds, '00280010') !== num(a, '00280010') || num(ds, '00280011') !== num(a, '00280011')) return false;
    places.add(dot(at, normal).toFixed(2));
  }
  return places.size === s.instances.length && num(a, '00280002') === 1;
}

// Pictures a second, as the data say; 0: they do not.
export function speedOf(p: Picture): number {
  const ms = num(p.ds, '00181063');
  return num(p.ds, '00082144') ?? num(p.ds, '00180040') ?? (ms ? 1000 / ms : 0);
}

const windowsOf = (p: Picture): [number[], number[]] => {
  const g = group(p, '00289132');
  return [nums(g, '00281050'), nums(g, '00281051')];
};

function palette(ds: DataSet, tag: string, bits: number): number[] {
  const item = ds[tag];
  const raw = item?.InlineBinary ? Uint8Array.from(atob(item.InlineBinary), (c) => c.charCodeAt(0)) : new Uint8Array();
  if (bits <= 8 && raw.length <= 256) return [...raw];
  return [...new Uint16Array(raw.buffer.slice(0, raw.length & ~1))].map((v) => v >> 8);
}

export function frameOf(p: Picture): Frame {
  const { ds } = p;
  const value = group(p, '00289145');
  const tables = nums(ds, '00281101');
  return {
    rows: num(ds, '00280010') ?? 0,
    columns: num(ds, '00280011') ?? 0,
    samplesPerPixel: num(ds, '00280002') ?? 1,
    planarConfiguration: num(ds, '00280006') ?? 0,
    bitsAllocated: num(ds, '00280100') ?? 8,
    bitsStored: num(ds, '00280101') ?? num(ds, '00280100') ?? 8,
    pixelRepresentation: num(ds, '00280103') ?? 0,
    photometric: text(ds, '00280004'),
    photometricInterpretation: text(ds, '00280004'),
    slope: num(value, '00281053') || 1,
    intercept: num(value, '00281052') ?? 0,
    red: palette(ds, '00281201', tables[2] ?? 8),
    green: palette(ds, '00281202', tables[2] ?? 8),
    blue: palette(ds, '00281203', tables[2] ?? 8),
    paletteFrom: tables[1] ?? 0,
  };
}

export const isColour = (f: Frame): boolean => f.samplesPerPixel === 3 || f.photometric === 'PALETTE COLOR';

export function windowOf(p: Picture): { centre?: number; width?: number; shape: string } {
  const [centre, width] = windowsOf(p);
  const shape = text(group(p, '00289132'), '00281056') || 'LINEAR';
  return centre.length && width.length && width[0]! > 0 ? { centre: centre[0]!, width: width[0]!, shape } : { shape };
}

// The modules by Cornerstone's names.
const MODULES: Record<string, (p: Picture) => unknown> = {
  imagePixelModule: (p) => {
    const f = frameOf(p);
    return { ...f, highBit: f.bitsStored - 1, photometricInterpretation: isColour(f) ? 'RGB' : f.photometric, bitsAllocated: isColour(f) ? 8 : f.bitsAllocated };
  },
  imagePlaneModule: (p) => {
    const plane = planeOf(p);
    return { frameOfReferenceUID: text(p.ds, '00200052') || p.series, rows: num(p.ds, '00280010'), columns: num(p.ds, '00280011'), imageOrientationPatient: [...plane.row, ...plane.column],
      rowCosines: plane.row, columnCosines: plane.column, imagePositionPatient: plane.origin, sliceThickness: num(group(p, '00289110'), '00180050'), sliceLocation: num(p.ds, '00201041'),
      pixelSpacing: plane.spacing, rowPixelSpacing: plane.known ? plane.spacing[0] : null, columnPixelSpacing: plane.known ? plane.spacing[1] : null, usingDefaultValues: !plane.known };
  },
  generalSeriesModule: (p) => ({ modality: text(p.ds, '00080060'), seriesInstanceUID: p.series, studyInstanceUID: p.study, seriesNumber: num(p.ds, '00200011') }),
  voiLutModule: (p) => {
    const [windowCenter, windowWidth] = windowsOf(p);
    return { windowCenter, windowWidth, voiLUTFunction: windowOf(p).shape };
  },
  modalityLutModule: (p) => {
    const f = frameOf(p);
    return { rescaleSlope: f.slope, rescaleIntercept: f.intercept, rescaleType: text(p.ds, '00281054') };
  },
  sopCommonModule: (p) => ({ sopClassUID: text(p.ds, '00080016'), sopInstanceUID: p.sop }),
  generalImageModule: (p) => ({ sopInstanceUID: p.sop, instanceNumber: num(p.ds, '00200013') }),
  multiframeModule: (p) => ({ NumberOfFrames: num(p.ds, '00280008') ?? 1 }),
  cineModule: (p) => ({ frameTime: num(p.ds, '00181063') }),
  transferSyntax: () => ({}),
};

export function provide(type: string, id: unknown): unknown {
  const p = typeof id === 'string' ? pictures.get(id) : undefined;
  return p ? MODULES[type]?.(p) : undefined;
}
