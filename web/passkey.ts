// Passkeys (WebAuthn): form[data-passkey] says what is done: "offer" shows the button that begins to sign in where the
// browser can, "get" and "create" ask the browser and send what it gives as the form. The server decides.
const MINUTES = 5;

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  const out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}

function text(of: ArrayBuffer | null): string {
  let raw = '';
  for (const b of new Uint8Array(of ?? new ArrayBuffer(0))) raw += String.fromCharCode(b);
  return btoa(raw).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

async function get(d: DOMStringMap): Promise<Record<string, string>> {
  const c = (await navigator.credentials.get({ publicKey: {
    challenge: bytes(d.challenge ?? ''), rpId: d.rp, userVerification: 'required', timeout: MINUTES * 60000,
  } })) as PublicKeyCredential;
  const r = c.response as AuthenticatorAssertionResponse;
  return { id: text(c.rawId), client_data: text(r.clientDataJSON), auth_data: text(r.authenticatorData), signature: text(r.signature), handle: text(r.userHandle) };
}

async function create(d: DOMStringMap): Promise<Record<string, string>> {
  const key = (alg: number) => ({ type: 'public-key' as const, alg });
  const c = (await navigator.credentials.create({ publicKey: {
    challenge: bytes(d.challenge ?? ''), rp: { id: d.rp, name: 'Consilium' },
    user: { id: bytes(d.handle ?? ''), name: d.login ?? '', displayName: d.login ?? '' },
    pubKeyCredParams: [key(-7), key(-8), key(-257)], attestation: 'none', timeout: MINUTES * 60000,
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    excludeCredentials: (d.known ?? '').split(' ').filter(Boolean).map((id) => ({ type: 'public-key', id: bytes(id) })),
  } })) as PublicKeyCredential;
  const r = c.response as AuthenticatorAttestationResponse;
  return { client_data: text(r.clientDataJSON), auth_data: text(r.getAuthenticatorData()), transports: r.getTransports().join(' ') };
}

function ask(form: HTMLFormElement): void {
  const no = form.querySelector<HTMLElement>('[data-passkey-no]');
  const button = form.querySelector('button');
  if (no) no.hidden = true;
  if (button) {
    button.hidden = false;
    button.disabled = true;
  }
  (form.dataset.passkey === 'get' ? get : create)(form.dataset).then((fields) => {
    for (const [name, value] of Object.entries(fields)) (form.elements.namedItem(name) as HTMLInputElement).value = value;
    form.submit();
  }).catch(() => {
    if (no) no.hidden = false;
    if (button) button.disabled = false;
  });
}

export function startPasskeys(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-passkey]');
  if (!form) return;
  const can = 'PublicKeyCredential' in window;
  if (form.dataset.passkey === 'offer') {
    form.hidden = !can;
    return;
  }
  if (!can) {
    const no = form.querySelector<HTMLElement>('[data-passkey-no]');
    if (no) no.hidden = false;
    return;
  }
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    ask(form);
  });
  ask(form);
}
