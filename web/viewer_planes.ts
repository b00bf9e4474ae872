// Three planes through a CT or MR series: axial, coronal, sagittal, from the slices that are here already.
import { Enums, setVolumesForViewports, volumeLoader, cornerstoneStreamingImageVolumeLoader, type RenderingEngine, type Types } from '@cornerstonejs/core';
import { words } from './viewer_marks';
import { crossAt, planeTools as tools } from './viewer_tools';

const ORIENTATIONS = ['axial', 'coronal', 'sagittal'] as const;
let boxes: HTMLElement[] = [];
let ready = false;

// Arrows move where the lines meet, to the right and up in the plane; Page Up and Page Down to the next slice of it.
const MOVES: Record<string, [number, number, number]> = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowDown: [0, -1, 0], ArrowUp: [0, 1, 0], PageUp: [0, 0, 1], PageDown: [0, 0, -1] };

// One voxel's side at a time, within the volume.
function step(v: Types.IVolumeViewport, [x, y, z]: [number, number, number], times: number): void {
  const { viewUp: up, viewPlaneNormal: normal } = v.getCamera();
  const image = v.getImageData();
  const here = crossAt();
  if (!up || !normal || !image || !here) return;
  const right = [up[1] * normal[2] - up[2] * normal[1], up[2] * normal[0] - up[0] * normal[2], up[0] * normal[1] - up[1] * normal[0]];
  const by = Math.min(...image.spacing) * times;
  const bounds = image.imageData.getBounds() as number[];
  crossAt([0, 1, 2].map((i) => Math.min(bounds[2 * i + 1]!, Math.max(bounds[2 * i]!, here[i]! + by * (x * right[i]! + y * up[i]! + z * normal[i]!)))) as [number, number, number]);
}

export async function openPlanes(engine: RenderingEngine, views: HTMLElement, ids: string[], range: Types.VOIRange | undefined): Promise<void> {
  if (!ready) volumeLoader.registerVolumeLoader('planes', cornerstoneStreamingImageVolumeLoader as never);
  ready = true;
  const id = `planes:${ids[0]}`;
  const volume = await volumeLoader.createAndCacheVolume(id, { imageIds: ids });
  for (const o of ORIENTATIONS) {
    const box = document.createElement('figure');
    box.className = 'v__view';
    box.tabIndex = 0;
    box.setAttribute('aria-label', words[o] ?? o);
    const element = document.createElement('div');
    element.className = 'v__canvas';
    const text = document.createElement('div');
    text.className = 'v__words v__words--top';
    text.textContent = words[o] ?? o;
    box.append(element, text);
    views.append(box);
    boxes.push(box);
    engine.enableElement({ viewportId: o, element, type: Enums.ViewportType.ORTHOGRAPHIC, defaultOptions: { orientation: o as Enums.OrientationAxis, background: [0, 0, 0] } });
    tools.addViewport(o, engine.id);
    box.addEventListener('keydown', (e) => {
      const move = MOVES[e.key];
      if (!move || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      step(engine.getViewport(o) as Types.IVolumeViewport, move, e.shiftKey ? 10 : 1);
    });
  }
  (volume as unknown as { load(): void }).load();
  await setVolumesForViewports(engine, [{ volumeId: id }], [...ORIENTATIONS]);
  for (const o of ORIENTATIONS) {
    const v = engine.getViewport(o) as Types.IVolumeViewport;
    if (range) v.setProperties({ voiRange: range });
  }
  engine.resize(true, false);
  engine.renderViewports([...ORIENTATIONS]);
}

export function eachPlane(engine: RenderingEngine, act: (v: Types.IVolumeViewport) => void): void {
  for (const o of ORIENTATIONS) act(engine.getViewport(o) as Types.IVolumeViewport);
  engine.renderViewports([...ORIENTATIONS]);
}

export function closePlanes(engine: RenderingEngine): void {
  for (const o of ORIENTATIONS) {
    tools.removeViewports(engine.id, o);
    engine.disableElement(o);
  }
  for (const b of boxes) b.remove();
  boxes = [];
}
