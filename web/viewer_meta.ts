// What DICOM JSON (PS3.18 F) says of a series, in the modules Cornerstone asks for. Images are named
// dcm:SOP/FRAME; a frame of an enhanced multi-frame object has its own position, rescale and window.
import type { Frame, Table } from './viewer_frame';

export interface Item { vr?: string; Value?: unknown[]; InlineBinary?: string; BulkDataURI?: string; bytes?: Uint8Array<ArrayBuffer> }
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
  const regions = regionsOf(p);
  const only = regions.length === 1 ? stepOf(regions[0]!) : undefined;
  return only ? { spacing: only, known: true, detector: false } : { spacing: [1, 1], known: false, detector: false };
}

// What an ultrasound picture is made of (PS3.3 C.8.5.5): places with units of their own.
const regionsOf = (p: Picture): DataSet[] => (p.ds['00186011']?.Value ?? []) as DataSet[];

// Millimetres between rows, between columns, of a region in centimetres.
function stepOf(region: DataSet): [number, number] | undefined {
  const x = Math.abs(num(region, '0018602C') ?? 0) * 10;
  const y = Math.abs(num(region, '0018602E') ?? 0) * 10;
  return x > 0 && y > 0 && num(region, '00186024') === 3 && num(region, '00186026') === 3 ? [y, x] : undefined;
}

export interface Step { spacing: [number, number]; unit: 'mm' | 'px'; why: '' | 'outside' | 'across' | 'units' }

// What a point is in the body where these points are, as the server has it (care/mark_scale.c); only of pictures made of
// regions. Where regions overlap, one of high priority counts (the first bit of its flags is 0), else the first.
export function stepAt(p: Picture, points: [number, number][]): Step | undefined {
  const regions = regionsOf(p);
  if (!regions.length || nums(group(p, '00289110'), '00280030').length === 2 || nums(p.ds, '00181164').length === 2) return undefined;
  const low = (r: DataSet): number => (num(r, '00186016') ?? 0) & 1;
  const at = ([x, y]: [number, number]): DataSet | undefined => {
    const here = regions.filter((r) => x >= (num(r, '00186018') ?? 0) && x < (num(r, '0018601C') ?? 0) + 1 && y >= (num(r, '0018601A') ?? 0) && y < (num(r, '0018601E') ?? 0) + 1);
    return here.find((r) => !low(r)) ?? here[0];
  };
  const found = points.map(at);
  const spacing = found[0] && found.every((r) => r === found[0]) ? stepOf(found[0]) : undefined;
  if (spacing) return { spacing, unit: 'mm', why: '' };
  return { spacing: [1, 1], unit: 'px', why: found.some((r) => !r) ? 'outside' : found.some((r) => r !== found[0]) ? 'across' : 'units' };
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

// The bytes of a value: as they stand in the metadata, or fetched before by tablesOf().
function bytesOf(item: Item | undefined): Uint8Array<ArrayBuffer> {
  if (item?.bytes) return item.bytes;
  return item?.InlineBinary ? Uint8Array.from(atob(item.InlineBinary), (c) => c.charCodeAt(0)) : new Uint8Array();
}

const MODALITY_TABLE = '00283000';
const VOI_TABLE = '00283010';
const TABLE_DATA = '00283006';
const PALETTES = ['00281201', '00281202', '00281203'];

// Values of a picture's tables that are so large that the metadata have only their address.
export const tablesOf = (p: Picture): Item[] => [...[MODALITY_TABLE, VOI_TABLE].map((tag) => (first(voiPlace(p, tag), tag) as DataSet | undefined)?.[TABLE_DATA]), ...PALETTES.map((tag) => p.ds[tag])]
  .filter((item): item is Item => !!item?.BulkDataURI && !item.bytes);

// A table may stand in the frame's own window group.
const voiPlace = (p: Picture, tag: string): DataSet => (tag === VOI_TABLE ? group(p, '00289132') : p.ds);

const tables = new WeakMap<DataSet, Table>();
function tableOf(p: Picture, tag: string, negative: boolean): Table | undefined {
  const item = first(voiPlace(p, tag), tag) as DataSet | undefined;
  const [n = 0, from = 0, bits = 16] = nums(item ?? {}, '00283002');
  if (!item || tables.has(item)) return item && tables.get(item);
  const entries = n > 0 ? n : n + 65536;
  const data = item[TABLE_DATA];
  const raw = bytesOf(data);
  const wide = raw.length >= entries * 2;
  const values = data?.Value ? Uint16Array.from(data.Value as number[], (v) => v & 65535) : wide ? new Uint16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + entries * 2)) : Uint16Array.from(raw);
  if (values.length < entries) return undefined;
  const t = { first: negative && from > 32767 ? from - 65536 : from, bits: !data?.Value && !wide ? 8 : bits, values: values.slice(0, entries) };
  tables.set(item, t);
  return t;
}
const isSigned = (p: Picture): boolean => num(p.ds, '00280103') === 1;

// The table that makes grey of values; none where a window is said: that counts, as on the server.
export function voiTableOf(p: Picture): Table | undefined {
  const negative = !p.ds[MODALITY_TABLE] && (isSigned(p) || (num(group(p, '00289145'), '00281052') ?? 0) < 0);
  return windowOf(p).centre === undefined ? tableOf(p, VOI_TABLE, negative) : undefined;
}

function palette(ds: DataSet, tag: string, bits: number): number[] {
  const raw = bytesOf(ds[tag]);
  if (bits <= 8 && raw.length <= 256) return [...raw];
  return [...new Uint16Array(raw.buffer.slice(0, raw.length & ~1))].map((v) => v >> 8);
}

export function frameOf(p: Picture): Frame {
  const { ds } = p;
  const value = group(p, '00289145');
  const colours = nums(ds, '00281101');
  const modality = tableOf(p, MODALITY_TABLE, isSigned(p));
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
    red: palette(ds, '00281201', colours[2] ?? 8),
    green: palette(ds, '00281202', colours[2] ?? 8),
    blue: palette(ds, '00281203', colours[2] ?? 8),
    paletteFrom: colours[1] ?? 0,
    ...(modality ? { modality } : {}),
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
    return { rescaleSlope: f.modality ? 1 : f.slope, rescaleIntercept: f.modality ? 0 : f.intercept, rescaleType: text(p.ds, '00281054') || text((first(p.ds, MODALITY_TABLE) ?? {}) as DataSet, '00283004') };
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
