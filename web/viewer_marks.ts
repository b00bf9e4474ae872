// Marks people draw, as plain data: what is kept with a case is this, not Cornerstone's objects.
// Points are in the image's own coordinates as DICOM counts them (PS3.3 C.10.5.1.2): 0,0 is the upper left corner
// of the first pixel, its middle is 0.5,0.5.
import { annotation, Enums, type Types } from '@cornerstonejs/tools';
import { eventTarget } from '@cornerstonejs/core';
import { dot, imageId, pictureOf, planeOf, stepAt, type Step } from './viewer_meta';

export interface Mark {
  id: string;
  tool: 'length' | 'angle' | 'cobb' | 'ellipse';
  study: string;
  series: string;
  sop: string;
  frame: number; // from 1
  points: [number, number][];
  value: number | null; // length, angle, or the mean inside an ellipse
  unit: string; // mm, px, deg, HU, ...
  more: Record<string, number>; // ellipse: deviation, least, most, area (mm2 or px2)
  text: string; // as shown
}

export const TOOLS: Record<Mark['tool'], string> = { length: 'Length', angle: 'Angle', cobb: 'CobbAngle', ellipse: 'EllipticalROI' };
const nameOf = (tool: string): Mark['tool'] | undefined => (Object.keys(TOOLS) as Mark['tool'][]).find((k) => TOOLS[k] === tool);

// Words of the page, set once by viewer.ts.
export const words: Record<string, string> = {};
// Browsers without Kazakh or Uzbek numbers write Russian ones, which look the same.
const lang = (): string[] => [document.documentElement.lang || 'en', ...(document.documentElement.lang === 'en' ? [] : ['ru'])];
export const number = (v: number, digits = 1): string => new Intl.NumberFormat(lang(), { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(v);

interface Stats { length?: number; unit?: string; angle?: number; mean?: number; stdDev?: number; area?: number; areaUnit?: string; modalityUnit?: string; min?: number; max?: number }

// What the server keeps of a mark that lies where it lay: its values stand on the screen, whoever drew it.
export interface Kept { sign: string; stats: Stats }
interface Data { handles?: { points?: number[][] }; cachedStats?: Record<string, Stats>; kept?: Kept }

const at = (v: number): number => Math.round(v * 1000) / 1000;
export const sign = (m: Pick<Mark, 'points'>): string => m.points.flat().map(at).join(' ');

// Lengths, angles and areas in the units of their ultrasound region, as the server reckons them (care/mark_reckon.c).
function stepped(tool: Mark['tool'], p: [number, number][], step: Step): Stats {
  const by = (a: number, b: number): [number, number] => [(p[b]![0] - p[a]![0]) * step.spacing[1], (p[b]![1] - p[a]![1]) * step.spacing[0]];
  const size = (a: number, b: number): number => Math.hypot(...by(a, b));
  const between = (u: [number, number], v: [number, number]): number => (Math.atan2(Math.abs(u[0] * v[1] - u[1] * v[0]), u[0] * v[0] + u[1] * v[1]) * 180) / Math.PI;
  if (tool === 'length') return { length: size(0, 1), unit: step.unit };
  if (tool === 'ellipse') return { area: (Math.PI / 4) * size(0, 1) * size(2, 3), areaUnit: `${step.unit}²` };
  if (tool === 'angle') return { angle: between(by(1, 0), by(1, 2)) };
  const near = [[0, 2], [0, 3], [1, 2], [1, 3]].sort((m, n) => size(m[0]!, m[1]!) - size(n[0]!, n[1]!))[0]!;
  return { angle: between(by(1 - near[0]!, near[0]!), by(5 - near[1]!, near[1]!)) };
}

const NEEDS: Record<Mark['tool'], number> = { length: 2, angle: 3, cobb: 4, ellipse: 4 };
function statsOf(tool: Mark['tool'], data: Data, id: string): Stats & { why?: string } {
  const picture = pictureOf(id);
  const own = Object.values(data.cachedStats ?? {})[0] ?? {};
  const points = picture ? (data.handles?.points ?? []).map((p) => pointOf(id, p)) : [];
  if (data.kept?.sign === sign({ points })) return data.kept.stats;
  const step = picture && points.length === NEEDS[tool] && Object.keys(own).length ? stepAt(picture, points) : undefined;
  return step ? { ...own, ...stepped(tool, points, step), why: step.why } : own;
}

// Units in the reader's letters.
const unitText = (unit = ''): string => unit.replace(/^(mm|px)/, (u) => words[u] || u);

function said(tool: Mark['tool'], s: Stats & { why?: string }): string[] {
  if (tool === 'length') return Number.isFinite(s.length) ? [`${number(s.length!)} ${unitText(s.unit)}`, ...(s.why ? [words[s.why] ?? ''] : [])] : [];
  if (tool !== 'ellipse') return Number.isFinite(s.angle) ? [`${number(s.angle!)}°`] : [];
  const unit = s.modalityUnit && s.modalityUnit !== 'raw' ? ` ${s.modalityUnit}` : '';
  const level = (v = 0): string => number(v, Number.isInteger(v) ? 0 : 1);
  const values = [`${words.mean}: ${number(s.mean ?? 0)}${unit}`, `${words.deviation}: ${number(s.stdDev ?? 0)}${unit}`, `${words.least}: ${level(s.min)} · ${words.most}: ${level(s.max)}`];
  return [...(Number.isFinite(s.mean) ? values : []), ...(Number.isFinite(s.area) ? [`${words.area}: ${number(s.area!)} ${unitText(s.areaUnit)}`] : [])];
}

// The words beside a mark; target: "imageId:" and the picture's name.
export const lines = (tool: Mark['tool'], data: unknown, target: string): string[] => said(tool, statsOf(tool, data as Data, target.replace(/^imageId:/, '')));

// The server's values of an ellipse go to the mark as it is drawn.
export function takeKept(uid: string, m: Mark & { areaUnit?: string; hounsfield?: boolean }): void {
  const data = annotation.state.getAnnotation(uid)?.data as Data | undefined;
  if (!data || m.tool !== 'ellipse') return;
  const { deviation, least, most, area } = m.more;
  data.kept = { sign: sign(m), stats: { mean: m.value ?? NaN, stdDev: deviation ?? 0, min: least ?? 0, max: most ?? 0, area: area ?? NaN, areaUnit: m.areaUnit ?? '', modalityUnit: m.hounsfield ? 'HU' : 'raw' } };
}

function pointOf(id: string, world: ArrayLike<number>): [number, number] {
  const p = planeOf(pictureOf(id)!);
  const d = [world[0]! - p.origin[0]!, world[1]! - p.origin[1]!, world[2]! - p.origin[2]!];
  return [dot(d, p.row) / p.spacing[1]! + 0.5, dot(d, p.column) / p.spacing[0]! + 0.5];
}

export function worldOf(id: string, point: [number, number]): [number, number, number] {
  const p = planeOf(pictureOf(id)!);
  const x = (point[0] - 0.5) * p.spacing[1]!;
  const y = (point[1] - 0.5) * p.spacing[0]!;
  return [0, 1, 2].map((i) => p.origin[i]! + x * p.row[i]! + y * p.column[i]!) as [number, number, number];
}

function markOf(a: Types.Annotation): Mark | undefined {
  const tool = nameOf(a.metadata?.toolName ?? '');
  const id = a.metadata?.referencedImageId;
  const picture = id ? pictureOf(id) : undefined;
  if (!tool || !id || !picture) return undefined;
  const data = a.data as Data;
  const s = statsOf(tool, data, id);
  // While it is being drawn its values are those of a moment ago.
  const value = a.invalidated ? undefined : tool === 'length' ? s.length : tool === 'ellipse' ? s.mean : s.angle;
  const more: Record<string, number> = tool === 'ellipse' ? { deviation: s.stdDev ?? 0, least: s.min ?? 0, most: s.max ?? 0, area: s.area ?? 0 } : {};
  return { id: a.annotationUID ?? '', tool, study: picture.study, series: picture.series, sop: picture.sop, frame: picture.frame, points: (data.handles?.points ?? []).map((p) => pointOf(id, p)),
    value: Number.isFinite(value) ? value! : null, unit: tool === 'length' ? s.unit ?? '' : tool === 'ellipse' ? s.modalityUnit ?? '' : 'deg', more, text: said(tool, s).join('; ') };
}

export const marks = (): Mark[] => annotation.state.getAllAnnotations().map(markOf).filter((m): m is Mark => !!m);

// Draws a mark that was kept; values are reckoned anew from the pixels when its picture is shown.
export function showMark(m: Pick<Mark, 'id' | 'tool' | 'series' | 'sop' | 'frame' | 'points'>): void {
  const id = imageId(m.sop, m.frame);
  const picture = pictureOf(id);
  if (!picture) return;
  const plane = planeOf(picture);
  const normal = [plane.row[1]! * plane.column[2]! - plane.row[2]! * plane.column[1]!, plane.row[2]! * plane.column[0]! - plane.row[0]! * plane.column[2]!, plane.row[0]! * plane.column[1]! - plane.row[1]! * plane.column[0]!];
  const f = String(picture.ds['00200052']?.Value?.[0] ?? picture.series);
  annotation.state.addAnnotation({ annotationUID: m.id, highlighted: false, invalidated: true, isLocked: false, isVisible: true, metadata: { toolName: TOOLS[m.tool], referencedImageId: id, FrameOfReferenceUID: f, viewPlaneNormal: normal, viewUp: plane.column.map((v) => -v) },
    data: { label: '', handles: { points: m.points.map((p) => worldOf(id, p)), activeHandleIndex: null, textBox: { hasMoved: false, worldPosition: [0, 0, 0], worldBoundingBox: { topLeft: [0, 0, 0], topRight: [0, 0, 0], bottomLeft: [0, 0, 0], bottomRight: [0, 0, 0] } } }, cachedStats: {} } } as unknown as Types.Annotation, f);
}

// Tells of each change: drawn, moved, removed.
export function onMarks(fn: () => void): void {
  const { ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED } = Enums.Events;
  for (const e of [ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED]) eventTarget.addEventListener(e, () => setTimeout(fn));
}
