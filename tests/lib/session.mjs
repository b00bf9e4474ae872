// A person's session without a browser: signed in over the form, the cookie and the form token kept.

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

export class Session {
  constructor(program, cookie) {
    this.program = program;
    this.cookie = cookie;
    this.csrf = '';
  }

  get(target, headers = {}) {
    return this.program.request('GET', target, { cookie: this.cookie, ...headers });
  }

  // fields: an object; the form token is added.
  post(target, fields, headers = {}) {
    const body = new URLSearchParams({ csrf: this.csrf, ...fields }).toString();
    return this.program.request('POST', target, { cookie: this.cookie, ...FORM, ...headers }, body);
  }
}

// Always from the same browser: nobody is told of a new one.
const DEVICE = ['device', '__Host-device'].map((name) => `${name}=${'A'.repeat(43)}`).join('; '); // by http, by https

export async function signIn(program, login, password) {
  const reply = await program.request('POST', '/sign-in', { ...FORM, cookie: DEVICE }, new URLSearchParams({ login, password }).toString());
  const cookie = [reply.headers['set-cookie'] ?? []].flat().map((c) => c.split(';')[0]).find((c) => /^(__Host-)?sid=/.test(c));
  if (!cookie) throw Object.assign(new Error(`sign-in of ${login}: ${reply.status}`), { signIn: login });
  const s = new Session(program, cookie);
  let page = await s.get('/');
  for (let hops = 0; page.status === 303 && hops < 4; hops++) page = await s.get(page.headers.location);
  s.csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? /data-csrf="([^"]+)"/.exec(page.body)?.[1] ?? '';
  return s;
}
