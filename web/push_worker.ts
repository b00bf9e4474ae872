// The service worker: shows what a push service brought, opens the notices when it is touched. Nothing else: no
// cache, no pages.
export {};
interface Told { title?: string; text?: string; ring?: boolean }
interface Wait { waitUntil(p: Promise<unknown>): void }
interface Pushed extends Wait { data?: { json(): Told } }
interface Touched extends Wait { notification: { close(): void } }
interface Self {
  addEventListener(kind: 'push', fn: (e: Pushed) => void): void;
  addEventListener(kind: 'notificationclick', fn: (e: Touched) => void): void;
  registration: { showNotification(title: string, options: object): Promise<void> };
  clients: { openWindow(url: string): Promise<unknown> };
}
const worker = self as unknown as Self;

worker.addEventListener('push', (e) => {
  let told: Told = {};
  try {
    told = e.data?.json() ?? {};
  } catch {
    // shown without words
  }
  e.waitUntil(worker.registration.showNotification(told.title ?? 'Consilium', {
    body: told.text ?? '', tag: told.ring ? 'ring' : 'notice', renotify: true, requireInteraction: told.ring === true,
    vibrate: told.ring ? [400, 200, 400, 200, 400] : [200], icon: '/assets/icon.svg',
  }));
});

worker.addEventListener('notificationclick', (e) => {
  e.notification.close();
  e.waitUntil(worker.clients.openWindow('/notices'));
});
