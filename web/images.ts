// The page of a study: the viewer comes once the first picture is on the screen, so that it never waits for a
// script of a megabyte on a weak line.
export function startImages(): void {
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
