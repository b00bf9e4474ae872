// Notices beyond the page against receivers of our own: e-mail, SMS, Telegram, web push; codes, refusals, a server that
// asks to try later, one that is silent. A message holds nothing of a case, a log nothing of a secret.
//   node tests/notify/run.mjs [--build release]
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Gateway, MailServer, pushed, wordsOf } from '../lib/gateway.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { sealed } from './sealed.mjs';

const args = process.argv.slice(2);
let passed = 0;
let failed = 0;
function is(what, ok, more = '') {
  if (ok) passed += 1;
  else {
    failed += 1;
    console.log(`FAILED ${what} ${more && JSON.stringify(more).slice(0, 1500)}`);
  }
}
const comes = (what, fn, within = 30) => until(what, fn, { within }).then((got) => {
  is(what, true);
  return got;
}, (e) => is(what, false, e.message));

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-notify-'));
process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));
const file = (name, text) => {
  fs.writeFileSync(path.join(dir, name), `${text}\n`);
  return path.join(dir, name);
};
const mail = await new MailServer().listen();
const sms = await new Gateway().listen();
const bot = await new Gateway().listen();
const push = await new Gateway().listen();
const build = option(args, '--build', 'release');
const program = new Program({
  build,
  extra: ['--notify-plain', '--base-url', 'http://127.0.0.1', '--smtp-url', `smtp://127.0.0.1:${mail.port}`, '--mail-from', 'notices@mail.test',
    '--sms-url', `http://127.0.0.1:${sms.port}/send?key={secret}`, '--sms-type', 'application/json', '--sms-body', '{"to":"{to}","text":"{text}"}',
    '--sms-header', 'Authorization: Bearer {secret}', '--sms-secret-file', file('sms', 'sesame&sms'),
    '--telegram-url', `http://127.0.0.1:${bot.port}`, '--telegram-bot', 'made_up_bot', '--telegram-token-file', file('bot', '77:sesame-bot'), '--push-hosts', '127.0.0.1'],
});
const region = world(program);
program.cli(['user', 'add', 'chief', '--family', 'Chief', '--given', 'Test', '--org', region.centre,
  '--role', 'administrator', '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
await program.start();
const me = await signIn(program, 'doctor', PASSWORD);
const page = async () => (await me.get('/account/notices')).body;
const ids = async (what) => [...(await page()).matchAll(new RegExp(`/account/notices/(\\d+)/${what}`, 'g'))].map((m) => m[1]);
const add = (channel, address) => me.post('/account/notices/add', { channel, address });
const test = (id) => me.post(`/account/notices/${id}/test`, {});

// ---- e-mail: a code, then messages ----
is('an address that is none', (await add('mail', 'a@b\r\nBcc: c@d.example')).status === 422);
is('e-mail added', (await add('mail', 'doctor@mail.test')).headers.location === '/account/notices?done=notice-code');
is('not two codes at once', (await add('mail', 'doctor@mail.test')).status === 429);
await comes('the code by e-mail', () => mail.came.length === 1);
const code = /\b(\d{6})\b/.exec(wordsOf(mail.came[0]))?.[1];
const [mailId] = await ids('confirm');
is('a wrong code', (await me.post(`/account/notices/${mailId}/confirm`, { code: '12345' })).headers.location.endsWith('notice-wrong'));
is('the right code', (await me.post(`/account/notices/${mailId}/confirm`, { code })).headers.location.endsWith('notice-good'));
is('only once', (await me.post(`/account/notices/${mailId}/confirm`, { code })).headers.location.endsWith('notice-late'));
await test(mailId);
await comes('a test message by e-mail', () => mail.came.length === 2);
is('from whom, to whom', mail.came[1]?.from.includes('notices@mail.test') && mail.came[1]?.to.includes('doctor@mail.test'), mail.came[1]);
is('its words', /^This is a test message\. Notices reach you here\.\r?\n/.test(wordsOf(mail.came[1] ?? { text: '' })), mail.came[1]);
is('names nobody', !/Asker|hospital|Cardiology/i.test(JSON.stringify(mail.came.map(wordsOf))));
const stranger = await signIn(program, 'outsider', PASSWORD);
is('of nobody else', (await stranger.post(`/account/notices/${mailId}/test`, {})).status === 404);

// ---- SMS: template, header, secret ----
await add('sms', '+7 701 555 12 34');
await comes('the code by SMS', () => sms.came.length === 1);
const said = JSON.parse(sms.came[0]?.body.toString() || '{}');
is('the template', said.to === '+77015551234' && /^Consilium: Your code: \d{6}/.test(said.text), said);
is('the secret in the address and the header', sms.came[0]?.url === '/send?key=sesame%26sms' && sms.came[0]?.headers.authorization === 'Bearer sesame&sms', sms.came[0]?.url);
await me.post(`/account/notices/${(await ids('confirm'))[0]}/confirm`, { code: /(\d{6})/.exec(said.text)?.[1] });
const smsId = (await ids('test')).find((id) => id !== mailId);
sms.mode = 'later';
await test(smsId);
await comes('asked to try later', () => sms.came.some((c) => c.mode === 'later'));
sms.mode = 'take';
await comes('tried again', () => sms.came.length === 3 && sms.came[2].mode === 'take');

// ---- Telegram: the link, the chat ----
bot.answer = (url) => (url.includes('/getUpdates') ? JSON.stringify({ ok: true, result: [] }) : undefined);
const link = (await add('telegram', '')).body.match(/https:\/\/t\.me\/made_up_bot\?start=(\w+)/);
is('the link to the bot', Boolean(link));
bot.answer = (url) => (url.includes('/getUpdates') ? JSON.stringify({ ok: true, result: [{ update_id: 5, message: { text: '/start wrong', chat: { id: 1 } } },
  { update_id: 6, message: { text: `/start ${link?.[1]}`, chat: { id: 4242 } } }] }) : undefined);
const chatId = await comes('the chat is found', async () => (await ids('test')).find((id) => id !== mailId && id !== smsId));
await test(chatId);
await comes('a message by the bot', () => bot.came.length === 1);
is('to that chat', bot.came[0]?.url === '/bot77:sesame-bot/sendMessage' && JSON.parse(bot.came[0].body).chat_id === '4242', bot.came[0]?.url);

// ---- web push: read with the browser's keys (RFC 8291), vouched for (RFC 8292) ----
const browser = crypto.createECDH('prime256v1');
const point = browser.generateKeys();
const auth = crypto.randomBytes(16);
const endpoint = `http://127.0.0.1:${push.port}/one`;
is('no other host', (await me.post('/account/notices/push', { endpoint: 'http://localhost:1/x', p256dh: point.toString('base64url'), auth: auth.toString('base64url') })).status === 422);
await me.post('/account/notices/push', { endpoint, p256dh: point.toString('base64url'), auth: auth.toString('base64url') });
const pushId = (await ids('test')).find((id) => ![mailId, smsId, chatId].includes(id));
await test(pushId);
await comes('a push', () => push.came.length === 1);
const got = push.came[0];
let told = {};
try { told = pushed(got.body, browser, auth); } catch (e) { told = { error: e.message }; }
is('what the browser reads', told.title === 'Test message' && told.ring === false, told);
const [, token, key] = /^vapid t=([^,]+), k=(.+)$/.exec(got?.headers.authorization ?? '') ?? [];
const spki = Buffer.concat([Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'), Buffer.from(key ?? '', 'base64url')]);
const [head, claims, sig] = (token ?? '..').split('.');
is('vouched for', token && crypto.verify('sha256', Buffer.from(`${head}.${claims}`), { key: crypto.createPublicKey({ key: spki, format: 'der', type: 'spki' }), dsaEncoding: 'ieee-p1363' }, Buffer.from(sig, 'base64url')));
is('for that push service alone', JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}').aud === `http://127.0.0.1:${push.port}`);
is('how it is sent', got?.headers['content-encoding'] === 'aes128gcm' && Number(got?.headers.ttl) > 0);
push.mode = 'gone';
await test(pushId);
await comes('a browser that is gone is left alone', async () => (await page()).includes('no longer reachable'));

// ---- an invitation goes to an address nobody has proved; who opens it has ----
const admin = await signIn(program, 'chief', PASSWORD);
const letters = mail.came.length;
const made = await admin.post('/staff/people/new', { org: region.hospital, family: 'Invited', given: 'Test', login: 'invited', role: 'doctor', way: 'mail', mail: 'invited@mail.test' });
is('an invitation by e-mail is not shown', made.status === 303 && /\?done=staff-mailed$/.test(made.headers.location), made.headers);
await comes('the invitation by e-mail', () => mail.came.length === letters + 1);
const letter = wordsOf(mail.came[letters] ?? { text: '' });
const invited = /http:\/\/127\.0\.0\.1(\/invite\/staff\/[a-z2-7]{26})/.exec(letter)?.[1];
is('to its address, with the link', mail.came[letters]?.to.includes('invited@mail.test') && Boolean(invited), letter);
is('naming nobody', !/Invited|hospital|doctor/.test(letter), letter);
is('the page tells where it went', (await admin.get(made.headers.location)).body.includes('invited@mail.test'));
const chosen = await program.request('POST', invited, { 'content-type': 'application/x-www-form-urlencoded' }, 'password=words+of+my+own&again=words+of+my+own');
is('its link lets in', chosen.status === 303, chosen.status);
const newcomer = await signIn(program, 'invited', 'words of my own');
const addresses = (await newcomer.get('/account/notices')).body;
is('and has proved the address', /in\*\*\*@mail\.test/.test(addresses) && !/\/confirm/.test(addresses));
is('no link in the log', !program.log.includes(invited.slice(-26)));

// ---- a refusal is given up and told; silence holds up nobody else ----
mail.mode = 'refuse';
await test(mailId);
const chief = await signIn(program, 'chief', PASSWORD);
await comes('given up, on the page of the administrators', async () => /message refused[^<]*\(550\)/.test((await chief.get('/system/notices')).body));
is('without the address', !(await chief.get('/system/notices')).body.includes('doctor@mail.test'));
mail.mode = 'silent';
await test(mailId);
await comes('the silent one was asked', () => mail.asked >= 4);
const before = sms.came.length;
await test(smsId);
await comes('SMS goes on', () => sms.came.length === before + 1, 5);
is('no secret in the log', !/sesame|doctor@mail|7015551234/.test(program.log), program.log);
await program.stop();
for (const s of [mail, sms, bot, push]) s.server.close();
await sealed({ build, dir, file, is }).catch((e) => is(`over TLS: ${e.message}`, false));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
