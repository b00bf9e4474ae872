// The page of a study: the viewer comes once the first picture is on the screen, so that it never waits for a
// script of a megabyte on a weak line.
import { all } from './util';

export function startImages(): void {
  // A picture that cannot be drawn leaves its place dark, without the sign of a broken one.
  for (const img of all<HTMLImageElement>('.c-study__picture img, .v__series img')) {
    if (img.complete && !img.naturalWidth && img.loading !== 'lazy') img.hidden = true;
    img.addEventListener('error', () => { img.hidden = true; });
  }
  const root = document.getElementById('viewer');
  const first = document.getElementById('v-first') as HTMLImageElement | null;
  const src = root?.dataset.viewer;
  if (!root || !first || !src) return;
  const begin = (): void => {
    const s = document.createElement('script');
    s.src = src;
    document.head.append(s);
  };
  if (first.complete) begin();
  else for (const e of ['load', 'error']) first.addEventListener(e, begin, { once: true });
}
