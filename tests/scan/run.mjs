// Files are shown to a virus scanner before they are kept: clamd itself, at every door; one that is gone; one that lies.
//   node tests/scan/run.mjs [--build release]
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Clamd, eicar, NAME } from '../lib/clamd.mjs';
import { checks } from '../lib/checks.mjs';
import { dicomFile } from '../lib/dicom.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { zipFile } from '../lib/zip.mjs';
import { Authority } from '../signatures/authority.mjs';
import { fault, Place } from '../signatures/place.mjs';

const build = option(process.argv.slice(2), '--build', 'release');
const { is, end } = checks();
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-scan-'));
process.on('exit', () => fs.rmSync(place, { recursive: true, force: true }));
const clamd = await new Clamd(place).start();
const at = `unix:${clamd.socket}`;
const ca = new Authority('Test');
fs.writeFileSync(path.join(place, 'ca.pem'), ca.certs);
const program = new Program({ build, extra: ['--clamav-socket', at, '--clamav-wait', '10', '--signature-roots', path.join(place, 'ca.pem')] });
const region = world(program);
program.cli(['user', 'add', 'admin', '--family', 'Keeper', '--given', 'Test', '--org', region.hospital, '--role', 'administrator',
  '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
const token = program.cli(['token', 'new', 'doctor', '--name', 'scan']).trim().split(/\s+/).pop();
await program.start();

const b64 = (s) => Buffer.from(s).toString('base64');
const infected = Buffer.concat([Buffer.from('Results\n'), eicar(), Buffer.from('\nend\n')]);
const CLEAN = Buffer.from('Results of the laboratory, all of them fine.\n');
const tus = (method, rel, headers, body) => program.request(method, rel, { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', ...headers }, body);
const system = (method, rel, type = 'application/fhir+json', body = undefined) => program.request(method, rel, { authorization: `Bearer ${region.system}`, 'content-type': type }, body);
const figure = async (name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec((await program.request('GET', '/metrics')).body)?.[1]);
const total = async (type) => JSON.parse((await system('GET', `/fhir/${type}?_summary=count`)).body).total;

const doctor = await signIn(program, 'doctor', PASSWORD);
const begun = await doctor.post('/ask/register', { unidentified: 'true', sex: 'male', age: '40', note: 'found at the station', once: randomUUID().replaceAll('-', '') });
const draft = /^\/ask\/([a-z0-9]+)/.exec(begun.headers.location ?? '')?.[1];

async function upload(name, type, bytes) {
  const r = await tus('POST', '/uploads', { 'upload-length': String(bytes.length), 'upload-metadata': `filename ${b64(name)},filetype ${b64(type)},case ${b64(draft)}` });
  const sent = await tus('PATCH', r.headers.location, { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }, bytes);
  return { url: r.headers.location, sent };
}
const status = async (url) => { const r = await tus('GET', url, {}); return r.status === 200 ? JSON.parse(r.body) : { state: r.status }; };
function form(name, type, bytes, fields = {}) {
  const cut = 'cut-here';
  const texts = Object.entries(fields).map(([k, v]) => `--${cut}\r\nContent-Disposition: form-data; name="${k}"\r\n\r\n${v}\r\n`);
  return [`multipart/form-data; boundary=${cut}`, Buffer.concat([Buffer.from(`${texts.join('')}--${cut}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`), bytes, Buffer.from(`\r\n--${cut}--\r\n`)])];
}
const send = (s, target, name, bytes) => { const [type, body] = form(name, 'text/plain', bytes, { csrf: s.csrf }); return program.request('POST', target, { cookie: s.cookie, 'content-type': type }, body); };

// ---- every door ----
const good = await upload('fine.txt', 'text/plain', CLEAN);
is('a file without a virus is kept', [good.sent.status, (await status(good.url)).state], [204, 'complete']);
const bad = await upload('Ivanov.txt', 'text/plain', infected);
const told = await status(bad.url);
is('one with a virus is refused', [bad.sent.status, told.state, told.meta.virus], [422, 'refused', NAME]);
is('the page by a form takes it to the list', (await send(doctor, `/ask/${draft}/files`, 'Petrov.txt', infected)).status, 303);
for (const [lang, words] of [['en', 'A virus was found in this file'], ['ru', 'В этом файле найден вирус'], ['kk', 'Бұл файлда вирус табылды'], ['uz', 'Bu faylda virus topildi']]) {
  await doctor.post('/language', { lang, back: '/' });
  const page = (await doctor.get(`/ask/${draft}/files`)).body;
  is(`and the list says it in ${lang}`, [page.includes(words), page.includes('Petrov.txt'), page.includes(NAME)], [true, true, true]);
}
const images = await upload('images.zip', 'application/zip', zipFile([['a.dcm', dicomFile({ uid: '1.2.77', pixels: eicar().toString('latin1') })]]));
is('an image in an archive', images.sent.status, 422);

await doctor.post('/language', { lang: 'en', back: '/' });
const series = (start) => Array.from({ length: 70 }, (_, i) => [`${i}.dcm`, dicomFile({ uid: start, n: i + 1, pixels: i === 66 ? eicar().toString('latin1') : 'clean pixels' })]);
const many = await upload('series.zip', 'application/zip', zipFile(series('1.2.80')));
const stays = await status(many.url);
is('one far in an archive: refused, and it is said what was filed before', [many.sent.status, stays.state, stays.meta.virus, stays.meta.filed?.aside], [422, 'refused', NAME, 64]);
is('the list says it too', (await doctor.get(`/ask/${draft}/files`)).body.includes('64 images that came earlier in the archive are kept; nothing else of it was taken.'), true);
is('as does the record', program.cli(['audit', 'list']).length > 0 && (await system('GET', '/fhir/AuditEvent?_sort=-date&_count=50')).body.includes('refuse, images before it filed'), true);

// The same bytes: FHIR allows what RFC 4648 3.5 leaves to who reads.
const loose = (bytes) => { const text = Buffer.concat([bytes, Buffer.alloc((3 - (bytes.length % 3)) % 3 + 2, ' ')]).toString('base64'); return text.replace('A=', 'B='); };
const attachment = { resourceType: 'DocumentReference', status: 'current', content: [{ attachment: { contentType: 'text/plain', data: infected.toString('base64') } }] };
for (const [what, method, rel, type, body] of [
  ['Binary as bytes', 'POST', '/fhir/Binary', 'application/pdf', infected],
  ['Binary as a resource', 'POST', '/fhir/Binary', 'application/fhir+json', JSON.stringify({ resourceType: 'Binary', contentType: 'text/plain', data: infected.toString('base64') })],
  ['an Attachment', 'POST', '/fhir/DocumentReference', 'application/fhir+json', JSON.stringify(attachment)],
  ['an Attachment whose base64 ends with bits of no byte', 'POST', '/fhir/DocumentReference', 'application/fhir+json', JSON.stringify({ ...attachment, content: [{ attachment: { contentType: 'text/plain', data: loose(infected) } }] })],
  ['a value of an extension', 'POST', '/fhir/Patient', 'application/fhir+json', JSON.stringify({ resourceType: 'Patient', extension: [{ url: 'http://example.org/photo', valueBase64Binary: infected.toString('base64') }] })],
  ['an Attachment in a Bundle', 'POST', '/fhir', 'application/fhir+json', JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: [{ resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } }, { resource: attachment, request: { method: 'POST', url: 'DocumentReference' } }] })],
]) {
  const before = [await total('DocumentReference'), await total('Patient')];
  const r = await system(method, rel, type, body);
  is(`${what}: refused with words, and nothing is stored`, [r.status, r.body.includes(NAME), [await total('DocumentReference'), await total('Patient')]], [422, true, before]);
}
is('a Binary without a virus', (await system('POST', '/fhir/Binary', 'application/pdf', CLEAN)).status, 201);
const part = (bytes) => Buffer.concat([Buffer.from('--cut\r\nContent-Type: application/dicom\r\n\r\n'), bytes, Buffer.from('\r\n--cut--\r\n')]);
const stow = (bytes) => system('POST', '/dicom-web/studies', 'multipart/related; type="application/dicom"; boundary=cut', part(bytes));
is('an image by STOW-RS', (await stow(dicomFile({ uid: '1.2.78', pixels: eicar().toString('latin1') }))).status, 422);
is('is in no study', (await system('GET', '/dicom-web/instances')).body.includes('1.2.78'), false);
is('one without a virus', (await stow(dicomFile({ uid: '1.2.79' }))).status, 200);
const admin = await signIn(program, 'admin', PASSWORD);
const csv = await send(admin, '/staff/import', 'people.csv', infected);
is('a file of people to import', [csv.status, /virus|вирус/i.test(csv.body)], [422, true]);

const papers = new Place(program, region);
const paper = await papers.preview(await papers.accepted());
const signature = await papers.send('consultant', paper, infected);
is('the file of a signature', [signature.status, fault(signature)], [422, 'A virus was found in the file of the signature. Nothing was signed.']);

const record = async (text) => (await system('GET', '/fhir/AuditEvent?_sort=-date&_count=200')).body.split(text).length - 1;
is('it is on record, by its name', await record(`virus ${NAME}`) >= 7, true);
is('the log tells it, without names of files', [/event=virus-found/.test(program.log), /Ivanov|Petrov|Results/.test(program.log)], [true, false]);
is('figures count', [await figure('consilium_viruses_found_total') >= 8, await figure('consilium_scanned_files_total') >= 11], [true, true]);
const big = await upload('big.txt', 'text/plain', Buffer.alloc(3 << 20, 'Results of the laboratory\n'));
is('one that is larger than the scanner takes', [big.sent.status, (await status(big.url)).state], [422, 'refused']);
const large = await upload('large.txt', 'text/plain', Buffer.alloc(800 << 10, 'Results of the laboratory\n'));
const why = (await status(large.url)).meta;
is('one it takes and does not look at', [large.sent.status, why.refused, why.virus], [422, (await status(big.url)).meta.refused, undefined]);

// ---- the scanner is gone ----
await clamd.stop();
const late = await upload('late.txt', 'text/plain', CLEAN);
is('the scanner is gone: not now, and when', [late.sent.status, late.sent.headers['retry-after'] > 0], [503, true]);
is('nothing of the resource is kept', (await system('POST', '/fhir/Binary', 'application/pdf', CLEAN)).status, 503);
is('what has no file goes on', (await system('POST', '/fhir/Patient', 'application/fhir+json', '{"resourceType":"Patient"}')).status, 201);
await doctor.post('/language', { lang: 'en', back: '/' });
is('the form of the page keeps the file', (await send(doctor, `/ask/${draft}/files`, 'waits.txt', Buffer.from('Another text that waits.\n'))).status, 303);
const waiting = (await doctor.get(`/ask/${draft}/files`)).body;
is('and says that it waits', [waiting.includes('The virus scanner does not answer now'), waiting.includes('waits.txt'), waiting.includes('waits for the virus scanner')], [true, true, true]);
const doctorOf = (more = []) => spawnSync(program.exe, ['doctor', '--data', program.dir, '--clamav-socket', at, ...more], { encoding: 'utf8' }).stdout;
is('the doctor says that it does not answer', /urgent: the virus scanner \(clamav_socket\) does not answer/.test(doctorOf()), true);
await clamd.start();
is('back again, the same upload is done', (await status(late.url)).state, 'complete');
const done = (await doctor.get(`/ask/${draft}/files`)).body;
is('and that of the page', [done.includes('waits for the virus scanner'), done.includes('The virus scanner does not answer')], [false, false]);
is('the doctor asks for signatures', /advice: the virus scanner has no signatures of the ClamAV project/.test(doctorOf()), true);
await clamd.stop();

// ---- one that lies ----
const lies = { 'nonsense': 'HTTP/1.1 200 OK\r\n\r\n', 'without end': 'x'.repeat(1 << 20), 'cut short': 'stream: OK', 'another word': 'stream: okay\0', 'at once gone': '' };
let saying = '';
const liar = net.createServer((s) => { s.on('error', () => {}); s.once('data', () => s.end(saying)); });
await new Promise((ready) => liar.listen(clamd.socket, ready));
for (const [what, text] of Object.entries(lies)) {
  saying = text;
  is(`a scanner that says ${what}: nothing is kept`, (await system('POST', '/fhir/Binary', 'application/pdf', CLEAN)).status, 503);
}
liar.close();

// ---- one that takes all and never answers ----
const held = new Set();
const mute = net.createServer((s) => { s.on('error', () => {}); s.resume(); held.add(s); s.on('close', () => held.delete(s)); });
await new Promise((ready) => mute.listen(clamd.socket, ready));
const waits = Array.from({ length: 6 }, () => system('POST', '/fhir/Binary', 'application/pdf', CLEAN));
const turned = await Promise.race(waits);
is('it hangs: others than the first are told at once to come again', [turned.status, turned.headers['retry-after'] > 0, held.size], [503, true, 2]);
const others = await Promise.all([1, 2, 3].map(() => signIn(program, 'doctor', PASSWORD)));
is('people sign in and see their pages meanwhile', [(await Promise.all(others.map((s) => s.get('/account')))).map((r) => r.status), held.size], [[200, 200, 200], 2]);
is('and nothing is taken unseen', (await Promise.all(waits)).map((r) => r.status), [503, 503, 503, 503, 503, 503]);
mute.close();
await program.stop();

// ---- let through, with a mark ----
program.extra = ['--clamav-socket', at, '--clamav-missing', 'keep'];
await program.start();
const unseen = await upload('unseen.txt', 'text/plain', Buffer.from('A third text.\n'));
is('let through where the settings say so', [unseen.sent.status, (await status(unseen.url)).meta.unscanned], [204, 'yes']);
is('with a mark on the page', (await (await signIn(program, 'doctor', PASSWORD)).get(`/ask/${draft}/files`)).body.includes('not looked at by the virus scanner'), true);
is('and on record', await record('not looked at by the virus scanner') > 0, true);
await program.stop();
program.remove();
end();
