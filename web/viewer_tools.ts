// What the mouse, fingers and wheel do: Cornerstone's tools, bound to one choice at a time.
import { addTool, AngleTool, annotation, CobbAngleTool, EllipticalROITool, Enums, LengthTool, PanTool, StackScrollTool, ToolGroupManager, WindowLevelTool, ZoomTool, type Types } from '@cornerstonejs/tools';
import { TOOLS, type Mark } from './viewer_marks';

export type Drag = 'scroll' | 'window' | 'zoom' | 'pan' | Mark['tool'];
const NAMES: Record<Drag, string> = { scroll: StackScrollTool.toolName, window: WindowLevelTool.toolName, zoom: ZoomTool.toolName, pan: PanTool.toolName, ...TOOLS };
const { MouseBindings } = Enums;
let last: Drag = 'scroll';

export let tools: Types.IToolGroup;

export function startTools(lines: (tool: Mark['tool'], stats: never) => string[]): void {
  for (const t of [StackScrollTool, WindowLevelTool, ZoomTool, PanTool, LengthTool, AngleTool, CobbAngleTool, EllipticalROITool]) addTool(t as never);
  tools = ToolGroupManager.createToolGroup('marks')!;
  for (const [kind, name] of Object.entries(NAMES)) {
    const measure = kind in TOOLS;
    tools.addTool(name, measure ? { getTextLines: (d: { cachedStats: Record<string, never> }, target: string) => lines(kind as Mark['tool'], d.cachedStats[target]!) } : {});
    if (measure) tools.setToolPassive(name);
  }
  annotation.config.style.setDefaultToolStyles({ global: { color: 'rgb(255, 214, 10)', colorHighlighted: 'rgb(120, 220, 255)', colorSelected: 'rgb(120, 220, 255)', colorLocked: 'rgb(255, 214, 10)', lineWidth: '1.5', lineDash: '', shadow: true, textBoxVisibility: true, textBoxFontFamily: 'sans-serif', textBoxFontSize: '14px', textBoxColor: 'rgb(255, 214, 10)', textBoxColorHighlighted: 'rgb(120, 220, 255)', textBoxColorSelected: 'rgb(120, 220, 255)', textBoxColorLocked: 'rgb(255, 214, 10)', textBoxBackground: '', textBoxLinkLineWidth: '1', textBoxLinkLineDash: '2,3', textBoxShadow: true } } as never);
}

// What the first button and one finger do; the wheel always scrolls, the middle button moves, the right one zooms.
export function choose(kind: Drag, panel: HTMLElement): void {
  const before = NAMES[last];
  if (last in TOOLS) tools.setToolPassive(before);
  else tools.setToolPassive(before, { removeAllBindings: true } as never);
  for (const [k, n] of Object.entries(NAMES)) {
    const bindings: Types.IToolBinding[] = [];
    if (k === kind) bindings.push({ mouseButton: MouseBindings.Primary }, { numTouchPoints: 1 });
    if (k === 'scroll') bindings.push({ mouseButton: MouseBindings.Wheel });
    if (k === 'pan') bindings.push({ mouseButton: MouseBindings.Auxiliary });
    if (k === 'zoom') bindings.push({ mouseButton: MouseBindings.Secondary }, { numTouchPoints: 2 });
    if (bindings.length) tools.setToolActive(n, { bindings });
  }
  last = kind;
  for (const b of panel.querySelectorAll('[data-tool]')) b.setAttribute('aria-pressed', String((b as HTMLElement).dataset.tool === kind));
}

// The chosen marks, else the one drawn last.
export function removeChosen(): void {
  const chosen = annotation.selection.getAnnotationsSelected();
  const all = annotation.state.getAllAnnotations();
  const last = all[all.length - 1]?.annotationUID;
  for (const id of chosen.length ? chosen : last ? [last] : []) annotation.state.removeAnnotation(id);
}
