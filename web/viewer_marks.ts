// Marks people draw, as plain data: what is kept with a case is this, not Cornerstone's objects.
// Points are in the image's own coordinates as DICOM counts them (PS3.3 C.10.5.1.2): 0,0 is the upper left corner
// of the first pixel, its middle is 0.5,0.5.
import { annotation, Enums, type Types } from '@cornerstonejs/tools';
import { eventTarget } from '@cornerstonejs/core';
import { dot, imageId, pictureOf, planeOf } from './viewer_meta';

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

export function lines(tool: Mark['tool'], s: Stats | undefined): string[] {
  if (!s) return [];
  if (tool === 'length') return Number.isFinite(s.length) ? [`${number(s.length!)} ${s.unit ?? ''}`] : [];
  if (tool !== 'ellipse') return Number.isFinite(s.angle) ? [`${number(s.angle!)}°`] : [];
  if (!Number.isFinite(s.mean)) return [];
  const unit = s.modalityUnit && s.modalityUnit !== 'raw' ? ` ${s.modalityUnit}` : '';
  return [`${words.mean}: ${number(s.mean!)}${unit}`, `${words.deviation}: ${number(s.stdDev ?? 0)}${unit}`,
    `${words.least}: ${number(s.min ?? 0, 0)} · ${words.most}: ${number(s.max ?? 0, 0)}`, `${words.area}: ${number(s.area ?? 0)} ${s.areaUnit ?? ''}`];
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
  const data = a.data as { handles?: { points?: number[][] }; cachedStats?: Record<string, Stats> };
  const s = Object.values(data.cachedStats ?? {})[0] ?? {};
  // While it is being drawn its values are those of a moment ago.
  const value = a.invalidated ? undefined : tool === 'length' ? s.length : tool === 'ellipse' ? s.mean : s.angle;
  const more: Record<string, number> = tool === 'ellipse' ? { deviation: s.stdDev ?? 0, least: s.min ?? 0, most: s.max ?? 0, area: s.area ?? 0 } : {};
  return { id: a.annotationUID ?? '', tool, study: picture.study, series: picture.series, sop: picture.sop, frame: picture.frame, points: (data.handles?.points ?? []).map((p) => pointOf(id, p)),
    value: Number.isFinite(value) ? value! : null, unit: tool === 'length' ? s.unit ?? '' : tool === 'ellipse' ? s.modalityUnit ?? '' : 'deg', more, text: lines(tool, s).join('; ') };
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
