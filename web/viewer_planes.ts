// Three planes through a CT or MR series: axial, coronal, sagittal, from the slices that are here already.
import { Enums, setVolumesForViewports, volumeLoader, cornerstoneStreamingImageVolumeLoader, type RenderingEngine, type Types } from '@cornerstonejs/core';
import type { Types as Tools } from '@cornerstonejs/tools';
import { words } from './viewer_marks';

const ORIENTATIONS = ['axial', 'coronal', 'sagittal'] as const;
let boxes: HTMLElement[] = [];
let group: Tools.IToolGroup;
let ready = false;

export async function openPlanes(engine: RenderingEngine, tools: Tools.IToolGroup, views: HTMLElement, ids: string[], range: Types.VOIRange | undefined): Promise<void> {
  if (!ready) volumeLoader.registerVolumeLoader('planes', cornerstoneStreamingImageVolumeLoader as never);
  ready = true;
  group = tools;
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
      const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[e.key];
      if (by === undefined) return;
      e.preventDefault();
      const v = engine.getViewport(o) as Types.IVolumeViewport;
      v.scroll(by);
      v.render();
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
    group.removeViewports(engine.id, o);
    engine.disableElement(o);
  }
  for (const b of boxes) b.remove();
  boxes = [];
}
