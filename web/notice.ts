// The bell's number is repeated in the title of the window, so that it is seen from other windows.
const title = document.title;

function show(): void {
  const text = document.querySelector('#bell .c-count')?.firstChild?.textContent?.trim() ?? '';
  document.title = text && text !== '0' ? `(${text}) ${title}` : title;
}

export function startNotices(): void {
  const bell = document.getElementById('bell');
  if (!bell) return;
  show();
  bell.addEventListener('swapped', show);
}
