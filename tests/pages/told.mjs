// Being told in Chromium: an emergency rings on an open page until it is silenced or accepted; the browser's own notices
// from the button to what is shown. The push service stands in for the browser maker's: its address is a gateway of ours,
// and what comes there is handed to the service worker as the browser would.
// node tests/pages/told.mjs [--build release]
import crypto from 'node:crypto';
import { aCase } from '../lib/consilium.mjs';
import { Gateway, pushed } from '../lib/gateway.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { faults, launch, must, Person, proof, provenCount, tell } from './browser.mjs';

const gateway = await new Gateway().listen();
const program = new Program({ build: option(process.argv.slice(2), '--build', 'release'), extra: ['--notify-plain', '--push-hosts', '127.0.0.1', '--base-url', 'http://127.0.0.1'] });
const region = world(program);
const local = (hours) => new Date(Date.now() + (hours + 5) * 3600e3).toISOString().slice(0, 16);
program.cli(['org', 'duty', region.service, 'consultant', '--from', local(-1), '--to', local(8)]);
await program.start();
const browser = await launch();

// Tones that were begun, since a page without a touch may not be heard at all.
const COUNT_TONES = () => {
  window.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function counted(...at) { window.tones += 1; return start.apply(this, at); };
};

async function somebody(name, login) {
  const p = await Person.begin(browser, program, name, { lang: 'en' });
  await p.page.addInitScript(COUNT_TONES);
  await p.open('/sign-in', '');
  await p.signIn(login, PASSWORD);
  return p;
}

const rings = (p) => p.page.locator('#ring .c-ring').count();
const tones = (p) => p.page.evaluate(() => window.tones);

async function emergency() {
  const doctor = await signIn(program, 'doctor', PASSWORD);
  const coordinator = await signIn(program, 'coordinator', PASSWORD);
  const [on, off] = [await somebody('on-duty', 'consultant'), await somebody('off-duty', 'second')];
  for (const p of [on, off]) await p.open('/work', '');
  must(await rings(on) === 0, 'it rings before anything happened');
  const id = await aCase(doctor, region, { urgency: 'emergency' });
  const once = crypto.randomUUID().replaceAll('-', '');
  await coordinator.post(`/cases/${id}/move/allocate`, { service: region.service, once });
  await until('it rings on the open page', async () => await rings(on) === 1);
  await until('it sounds, again and again', async () => await tones(on) >= 4);
  must(await rings(off) === 0, 'it rings for who is not on duty');
  await on.look('told-ring');
  must(!/Answerer|angina|Cardiology/i.test(await on.page.locator('#ring').innerText()), 'the call tells of the case');
  await on.page.locator('#ring button').click();
  const silent = await tones(on);
  await on.page.reload();
  must(await rings(on) === 1, 'silenced, the call is gone from the page');
  await on.page.locator('a[href="/help"], a[href^="/directory"]').first().click(); // silent on other pages, too
  await until('the next page stands', async () => await rings(on) === 1);
  must(await tones(on) === 0, `silenced, it sounds again (${silent})`);
  const consultant = await signIn(program, 'consultant', PASSWORD);
  const r = await consultant.post(`/cases/${id}/move/accept`, { once: `${once}a` });
  must(r.status === 303, `accept: ${r.status}`);
  await on.open('/work', '');
  await until('accepted: it is quiet', async () => await rings(on) === 0);
  await on.end();
  await off.end();
}

// A subscription as the browser would give it, with keys of the test.
const MADE_UP = ({ endpoint, p256dh, auth }) => {
  PushManager.prototype.subscribe = async function subscribe(options) {
    window.asked = { only: options.userVisibleOnly, key: new Uint8Array(options.applicationServerKey).length };
    return { toJSON: () => ({ endpoint, keys: { p256dh, auth } }) };
  };
};

async function push() {
  const keys = crypto.createECDH('prime256v1');
  const auth = crypto.randomBytes(16);
  const p = await somebody('told', 'doctor');
  await p.context.grantPermissions(['notifications'], { origin: program.base });
  await p.page.addInitScript(MADE_UP, { endpoint: `http://127.0.0.1:${gateway.port}/made-up`, p256dh: keys.generateKeys().toString('base64url'), auth: auth.toString('base64url') });
  const cdp = await p.context.newCDPSession(p.page);
  const workers = [];
  cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => workers.push(...registrations));
  await cdp.send('ServiceWorker.enable');
  await p.open('/account/notices', 'told-notices');
  await p.page.locator('#push button').click();
  const test = p.page.locator('form[action$="/test"] button').first();
  await test.waitFor(); // the browser stands among the addresses
  const worker = await until('the service worker', () => workers.findLast((w) => w.scopeURL.endsWith('/assets/')));
  await until('it is at work', () => p.page.evaluate(async () => (await navigator.serviceWorker.getRegistration('/assets/'))?.active?.state === 'activated'));
  await test.click();
  await until('the push service is asked', () => gateway.came.length === 1);
  const told = pushed(gateway.came[0].body, keys, auth);
  must(told.title === 'Test message' && told.ring === false, `what was sent: ${JSON.stringify(told)}`);
  const shown = () => p.page.evaluate(async () => (await (await navigator.serviceWorker.getRegistration('/assets/')).getNotifications()).map((n) => ({ title: n.title, tag: n.tag, body: n.body, stays: n.requireInteraction })));
  // The tools of the browser drop, without a word, what comes for a worker they do not know to be at work yet: it is handed over again.
  const arrives = (what, data, right) => until(what, async () => {
    await cdp.send('ServiceWorker.deliverPushMessage', { origin: program.base, registrationId: worker.registrationId, data });
    return (await shown()).some(right);
  }, { every: 1 });
  await arrives('it is shown', JSON.stringify(told), (n) => n.title === 'Test message' && n.tag === 'notice' && !n.stays);
  await arrives('an emergency stays until it is touched', JSON.stringify({ title: 'An emergency', text: 'Sign in', ring: true }), (n) => n.tag === 'ring' && n.stays);
  await arrives('what cannot be read is shown without words', 'no JSON at all', (n) => n.title === 'Consilium');
  await p.end();
}

try {
  await proof('an emergency rings on the open page of who is on duty', emergency);
  await proof('the browser is told: the button, the push service, the service worker', push);
  await proof('the server ends well', () => program.stop());
} catch (e) {
  faults.push(String(e.stack ?? e));
  console.log(e.stack);
}
await browser.close();
gateway.server.close();
tell();
console.log(`${provenCount()} passed, ${faults.length} failed`);
if (!faults.length) program.remove();
process.exitCode = faults.length ? 1 : 0;
