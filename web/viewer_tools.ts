// What the mouse, fingers and wheel do: Cornerstone's tools, bound to one choice at a time.
import { addTool, AngleTool, annotation, CobbAngleTool, CrosshairsTool, EllipticalROITool, Enums, LengthTool, PanTool, StackScrollTool, ToolGroupManager, WindowLevelTool, ZoomTool, type Types } from '@cornerstonejs/tools';
import { TOOLS, type Mark } from './viewer_marks';

export type Drag = 'cross' | 'scroll' | 'window' | 'zoom' | 'pan' | Mark['tool'];
const NAMES: Record<Exclude<Drag, 'cross'>, string> = { scroll: StackScrollTool.toolName, window: WindowLevelTool.toolName, zoom: ZoomTool.toolName, pan: PanTool.toolName, ...TOOLS };
const { MouseBindings } = Enums;

export let tools: Types.IToolGroup;
// Of the three planes: the same, and the crosshairs through them.
export let planeTools: Types.IToolGroup;
const CROSS = CrosshairsTool.toolName;
const COLOURS: Record<string, string> = { axial: 'rgb(255, 120, 110)', coronal: 'rgb(120, 230, 130)', sagittal: 'rgb(110, 190, 255)' };

export function startTools(lines: (tool: Mark['tool'], data: unknown, target: string) => string[]): void {
  for (const t of [StackScrollTool, WindowLevelTool, ZoomTool, PanTool, LengthTool, AngleTool, CobbAngleTool, EllipticalROITool, CrosshairsTool]) addTool(t as never);
  tools = ToolGroupManager.createToolGroup('marks')!;
  planeTools = ToolGroupManager.createToolGroup('planes')!;
  for (const [kind, name] of Object.entries(NAMES)) {
    const measure = kind in TOOLS;
    const own = measure ? { getTextLines: (d: unknown, target: string) => lines(kind as Mark['tool'], d, target) } : {};
    for (const g of [tools, planeTools]) {
      g.addTool(name, own);
      if (measure) g.setToolPassive(name);
    }
  }
  const coarse = window.matchMedia('(pointer: coarse)').matches;
  planeTools.addTool(CROSS, { getReferenceLineColor: (id: string) => COLOURS[id] ?? 'rgb(255, 255, 255)', getReferenceLineSlabThicknessControlsOn: () => false, mobile: { enabled: coarse, opacity: 0.9, handleRadius: 9, referenceLinesCenterGapRatio: 0.05 } });
  annotation.config.style.setDefaultToolStyles({ global: { color: 'rgb(255, 214, 10)', colorHighlighted: 'rgb(120, 220, 255)', colorSelected: 'rgb(120, 220, 255)', colorLocked: 'rgb(255, 214, 10)', lineWidth: '1.5', lineDash: '', shadow: true, textBoxVisibility: true, textBoxFontFamily: 'sans-serif', textBoxFontSize: '14px', textBoxColor: 'rgb(255, 214, 10)', textBoxColorHighlighted: 'rgb(120, 220, 255)', textBoxColorSelected: 'rgb(120, 220, 255)', textBoxColorLocked: 'rgb(255, 214, 10)', textBoxBackground: '', textBoxLinkLineWidth: '1', textBoxLinkLineDash: '2,3', textBoxShadow: true } } as never);
}

// What the first button and one finger do; the wheel always scrolls, the middle button moves, the right one zooms.
function bind(group: Types.IToolGroup, kind: Drag): void {
  for (const [k, n] of Object.entries(NAMES)) {
    if (k in TOOLS) group.setToolPassive(n);
    else group.setToolPassive(n, { removeAllBindings: true } as never);
  }
  for (const [k, n] of Object.entries(NAMES)) {
    const bindings: Types.IToolBinding[] = [];
    if (k === kind) bindings.push({ mouseButton: MouseBindings.Primary }, { numTouchPoints: 1 });
    if (k === 'scroll') bindings.push({ mouseButton: MouseBindings.Wheel });
    if (k === 'pan') bindings.push({ mouseButton: MouseBindings.Auxiliary });
    if (k === 'zoom') bindings.push({ mouseButton: MouseBindings.Secondary }, { numTouchPoints: 2 });
    if (bindings.length) group.setToolActive(n, { bindings });
  }
}

let crossed = false; // three planes are open
export function choose(kind: Drag, panel: HTMLElement): void {
  if (kind !== 'cross') bind(tools, kind);
  bind(planeTools, kind);
  if (crossed && kind === 'cross') planeTools.setToolActive(CROSS, { bindings: [{ mouseButton: MouseBindings.Primary }, { numTouchPoints: 1 }] });
  else if (crossed) planeTools.setToolPassive(CROSS, { removeAllBindings: true } as never);
  for (const b of panel.querySelectorAll('[data-tool]')) b.setAttribute('aria-pressed', String((b as HTMLElement).dataset.tool === kind));
}

// The lines come with three planes and go with them.
export function cross(on: boolean, panel: HTMLElement): void {
  if (!on) planeTools.setToolDisabled(CROSS);
  crossed = on;
  choose(on ? 'cross' : 'scroll', panel);
}

// Where the lines meet, in millimetres of the patient; to: there from now on.
export function crossAt(to?: [number, number, number]): [number, number, number] | undefined {
  const tool = crossed ? planeTools.getToolInstance(CROSS) as CrosshairsTool : undefined;
  if (to) tool?.setToolCenter(to);
  return tool && [...tool.toolCenter] as [number, number, number];
}

// Without the crosshairs, which Cornerstone counts among its annotations.
export const drawnMarks = (): Types.Annotation[] => annotation.state.getAllAnnotations().filter((a) => Object.values(TOOLS).includes(a.metadata?.toolName ?? ''));

// The chosen marks, else the one drawn last.
export function removeChosen(): void {
  const all = drawnMarks();
  const chosen = annotation.selection.getAnnotationsSelected().filter((id) => all.some((a) => a.annotationUID === id));
  const last = all[all.length - 1]?.annotationUID;
  for (const id of chosen.length ? chosen : last ? [last] : []) annotation.state.removeAnnotation(id);
}
