// The button that lets this browser be told: form[data-push] holds the key; what the browser gives is sent as the form.
function bytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  const out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}

async function subscribe(form: HTMLFormElement): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false;
  const worker = await navigator.serviceWorker.register('/assets/push_worker.js');
  while (!worker.active) await new Promise((done) => window.setTimeout(done, 100));
  const old = await worker.pushManager.getSubscription();
  await old?.unsubscribe();
  const sub = (await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.push ?? '') })).toJSON();
  const values: Record<string, string | undefined> = { endpoint: sub.endpoint, p256dh: sub.keys?.p256dh, auth: sub.keys?.auth };
  for (const [name, value] of Object.entries(values)) (form.elements.namedItem(name) as HTMLInputElement).value = value ?? '';
  return true;
}

export function startPush(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-push]');
  const button = form?.querySelector('button');
  if (!form || !button || !('serviceWorker' in navigator) || !('PushManager' in window)) return;
  button.hidden = false;
  button.addEventListener('click', (e) => {
    e.preventDefault();
    button.disabled = true;
    subscribe(form).catch(() => false).then((good) => {
      if (good) return form.submit();
      button.disabled = false;
      const status = form.querySelector('[role=status]');
      if (status) status.textContent = form.dataset.tNo ?? '';
    });
  });
}
