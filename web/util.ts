// Small things that several parts need.

export const all = <T extends HTMLElement>(selector: string, of: ParentNode = document): T[] =>
  Array.from(of.querySelectorAll<T>(selector));

export const csrf = (): string => document.body.dataset.csrf ?? '';

export const clock = (): string =>
  new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });

// A text from the page with {names} replaced.
export const fill = (text: string | undefined, values: Record<string, string | number>): string =>
  (text ?? '').replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));

export const isSignIn = (r: Response): boolean =>
  r.status === 401 || (r.redirected && new URL(r.url).pathname === '/sign-in');

// After signing in again in another tab the form token has changed: takes the new one from the
// server. False while still signed out.
export async function renewToken(): Promise<boolean> {
  const r = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!r.ok || isSignIn(r)) return false;
  const token = new DOMParser().parseFromString(await r.text(), 'text/html').body.dataset.csrf;
  if (!token) return false;
  document.body.dataset.csrf = token;
  for (const input of all<HTMLInputElement>('input[name=csrf]')) input.value = token;
  return true;
}

export function signInLink(text: string | undefined): HTMLAnchorElement {
  const a = document.createElement('a');
  a.href = '/sign-in';
  a.target = '_blank';
  a.rel = 'noopener';
  a.textContent = text ?? '';
  return a;
}

// localStorage may be forbidden or full.
export const store = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key: string, value: string): boolean {
    try {
      localStorage.setItem(key, value);
      return true;
    } catch {
      return false;
    }
  },
  remove(key: string): void {
    try {
      localStorage.removeItem(key);
    } catch {
      // nothing was kept
    }
  },
  keys(): string[] {
    try {
      return Object.keys(localStorage);
    } catch {
      return [];
    }
  },
};
