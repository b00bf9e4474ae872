// What a hostile client sends is answered with an OperationOutcome, soon and within bounds of memory.
// node tests/http/hostile.mjs [--build PRESET]. Forged tokens and keys: tests/smart/service.mjs, refusals.mjs.
import fs from 'node:fs';
import http from 'node:http';
import { Program, option } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { PASSWORD } from '../lib/world.mjs';

const args = process.argv.slice(2);
const p = new Program({ build: option(args, '--build', 'dev') });
const SECONDS = 30; // each answer; a plain read beside it takes thousandths of that
const MIB_MORE = 500; // the server's most memory over its first: a bundle may hold 320 MiB, a search 48
const FHIR = 'application/fhir+json';
let passed = 0;
let failed = 0;

p.cli(['init']);
const token = p.cli(['token', 'new', '--system', 'hostile']).trim().split(/\s+/).pop();
await p.start();
const most = () => Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${p.child.pid}/status`, 'utf8'))[1]) >> 10;
const before = most();

// An answer may come while the body is still on its way, and the line be shut after it.
function ask(method, target, body = '', headers = {}) {
  return new Promise((done, refuse) => {
    let answered = false;
    const r = http.request({ host: '127.0.0.1', port: p.port, agent: false, method, path: target, timeout: SECONDS * 1000,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': FHIR, ...headers } }, (res) => {
      answered = true;
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (d) => { text += d; });
      res.on('end', () => done({ status: res.statusCode, type: res.headers['content-type'] ?? '', text, next: res.headers.location }));
    });
    r.on('timeout', () => r.destroy(new Error(`no answer in ${SECONDS} s`)));
    r.on('error', (e) => { if (!answered) refuse(e); });
    r.end(body);
  });
}

// Each error says what is wrong, and where in the body when a place is given.
async function refused(what, statuses, method, target, body, headers, place) {
  const a = await ask(method, target, body, headers).catch((e) => ({ status: e.message, type: '', text: '' }));
  const outcome = a.type.startsWith(FHIR) && a.text.startsWith('{"resourceType":"OperationOutcome"');
  const said = outcome && JSON.parse(a.text).issue.filter((i) => i.severity === 'error')
    .every((i) => (i.diagnostics ?? '') !== '' && (place === undefined || (i.expression ?? []).includes(place)));
  if (statuses.includes(a.status) && said) { passed++; return; }
  failed++;
  console.log(`failed: ${what}: ${a.status} ${a.text.slice(0, 200)}`);
}

async function answered(what, method, target, body, headers) {
  const a = await ask(method, target, body, headers).catch((e) => ({ status: e.message, text: '' }));
  if (a.status === 200 || a.status === 201) { passed++; return JSON.parse(a.text); }
  failed++;
  console.log(`failed: ${what}: ${a.status} ${a.text.slice(0, 200)}`);
  return {};
}

// ---- JSON ----
const nested = (open, close, n) => open.repeat(n) + close.repeat(n);
await refused('nested lists', [400, 413, 422], 'POST', '/fhir/Basic', `{"resourceType":"Basic","code":${nested('[', ']', 1_000_000)}}`);
await refused('nested objects', [400, 413, 422], 'POST', '/fhir/Basic', `{"resourceType":"Basic","code":${'{"coding":'.repeat(500_000)}1${'}'.repeat(500_000)}}`);
await refused('nested extensions', [400, 413, 422], 'POST', '/fhir/Basic',
  `{"resourceType":"Basic","code":{"text":"x"},"extension":${'[{"url":"u","extension":'.repeat(2000)}[]${'}]'.repeat(2000)}}`);
await refused('a key twice', [400, 422], 'POST', '/fhir/Patient', '{"resourceType":"Patient","gender":"male","gender":"female"}', {}, 'Patient');
await refused('a key twice, once in escapes', [400], 'POST', '/fhir/Patient', '{"resourceType":"Patient","name":[{"family":"a","f\\u0061mily":"b"}]}', {}, 'Patient.name[0]');
await refused('half a surrogate pair', [400, 422], 'POST', '/fhir/Patient', '{"resourceType":"Patient","name":[{"family":"\\ud800"}]}', {}, 'Patient.name[0]');
await refused('a surrogate in UTF-8', [400, 422], 'POST', '/fhir/Patient', Buffer.from('{"resourceType":"Patient","name":[{"family":"\xed\xa0\x80"}]}', 'latin1'));
await refused('a zero byte', [400, 422], 'POST', '/fhir/Patient', '{"resourceType":"Patient","name":[{"family":"\\u0000"}]}');
const quantity = (v) => `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":${v}}}`;
await refused('NaN', [400, 422], 'POST', '/fhir/Observation', quantity('NaN'));
await answered('a number of a million digits', 'POST', '/fhir/Observation', quantity('9'.repeat(1_000_000))); // legal, and kept as it is
await refused('1e400', [400, 422], 'POST', '/fhir/Observation', quantity('1e400'), {}, 'Observation.value.ofType(Quantity).value');
await refused('1e999999999', [400, 422], 'POST', '/fhir/Observation', quantity('1e999999999'));
await refused('half a document', [400], 'POST', '/fhir/Patient', '{"resourceType":"Patient","name":[');

// ---- size ----
const entry = (i) => `{"resource":{"resourceType":"Basic","code":{"text":"${i}"}},"request":{"method":"POST","url":"Basic"}}`;
const bundle = (n, type) => `{"resourceType":"Bundle","type":"${type}","entry":[${Array.from({ length: n }, (_, i) => entry(i)).join()}]}`;
await refused('a bundle of 64 MB', [413], 'POST', '/fhir', `{"resourceType":"Bundle","type":"batch","entry":[],"id":"${'x'.repeat(64_000_000)}"}`);
await refused('64 MB in pieces, without a length', [413], 'POST', '/fhir', Buffer.alloc(64_000_000, 0x20), { 'Transfer-Encoding': 'chunked' });
await refused('100 000 entries', [413], 'POST', '/fhir', bundle(100_000, 'transaction'));
await refused('100 000 entries of a batch', [413], 'POST', '/fhir', bundle(100_000, 'batch'));
await refused('a resource of 17 MB', [413], 'POST', '/fhir/Basic', `{"resourceType":"Basic","code":{"text":"${'x'.repeat(17 << 20)}"}}`);
await refused('a million empty entries', [400, 413], 'POST', '/fhir', `{"resourceType":"Bundle","type":"batch","entry":[${'{},'.repeat(999_999)}{}]}`);

// ---- searches ----
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const chain = Array.from({ length: 40 }, () => 'partof').join('.');
await answered('10 000 values', 'POST', '/fhir/Observation/_search', `code=${Array.from({ length: 10_000 }, (_, i) => `c${i}`).join()}`, form);
await refused('10 001 values', [400], 'POST', '/fhir/Observation/_search', `code=${Array.from({ length: 10_001 }, (_, i) => `c${i}`).join()}`, form);
await refused('a long chain', [400], 'GET', `/fhir/Organization?${chain}.name=x`);
await refused('_has in _has', [400], 'GET', `/fhir/Organization?${'_has:Organization:partof:'.repeat(40)}name=x`);
await refused('a chain over every type', [400], 'GET', '/fhir/Basic?subject.subject.subject.subject.subject._id=x');
await refused('nested brackets', [400], 'POST', '/fhir/Observation/_search', `_filter=${'('.repeat(50_000)}status eq final${')'.repeat(50_000)}`, form);
await refused('five hundred parameters', [400, 413], 'POST', '/fhir/Observation/_search', Array.from({ length: 500 }, () => 'status=final').join('&'), form);
await refused('a search of 8 MB', [400, 413], 'POST', '/fhir/Observation/_search', `_content=${'x'.repeat(8 << 20)}`, form);
await refused('near of nonsense', [400], 'GET', '/fhir/Location?near=1e400|1e400|1e400');
for (const cursor of ['AAAA', 'x'.repeat(5000), '%00', '../..', 'e30']) {
  await refused(`a forged cursor ${cursor.slice(0, 8)}`, [400], 'GET', `/fhir/Basic?_cursor=${cursor}`);
  await refused(`a forged cursor of a history ${cursor.slice(0, 8)}`, [400], 'GET', `/fhir/Basic/_history?_cursor=${cursor}`);
}

// A circle of references, and an include that would bring everything: the page ends, with a warning.
const ring = 1500;
await answered('a ring of organisations', 'POST', '/fhir', `{"resourceType":"Bundle","type":"transaction","entry":[${Array.from({ length: ring }, (_, i) =>
  `{"resource":{"resourceType":"Organization","id":"ring-${i}","name":"r","partOf":{"reference":"Organization/ring-${(i + 1) % ring}"}},"request":{"method":"PUT","url":"Organization/ring-${i}"}}`).join()}]}`);
const loop = await answered('a chain that loops', 'GET', `/fhir/Organization?_id=ring-0&${Array.from({ length: 7 }, () => 'partof').join('.')}.name=r`);
if (loop.entry?.length !== 1) { failed++; console.log(`failed: a chain that loops finds ${loop.entry?.length}`); }
await answered(':below of a circle', 'GET', '/fhir/Organization?partof:below=Organization/ring-0&_count=1');
const burst = await answered('an include that explodes', 'GET',
  '/fhir/Organization?name=r&_count=1000&_include:iterate=*&_revinclude:iterate=*&_include:iterate=Organization:partof');
const told = burst.entry?.some((e) => e.resource.resourceType === 'OperationOutcome');
if ((burst.entry?.length ?? 0) > 2100) { failed++; console.log(`failed: an include that explodes brings ${burst.entry.length}`); }
else if ((burst.entry?.length ?? 0) < ring && !told) { failed++; console.log('failed: an include that is cut is not told'); }
const next = burst.link?.find((l) => l.relation === 'next')?.url;
if (next) await refused('a cursor of another search', [400], 'GET', next.replace('name=r', 'name=s').replace(/^http:..[^/]*/, ''));

// ---- expressions ----
const slow = `${'a'.repeat(200)}!`;
const test = (path, family) => ask('POST', '/fhir/ViewDefinition/$viewdefinition-run', JSON.stringify({ resourceType: 'Parameters', parameter: [
  { name: '_format', valueCode: 'json' },
  { name: 'viewResource', resource: { resourceType: 'ViewDefinition', status: 'active', resource: 'Patient', select: [{ column: [{ name: 'x', path }] }] } },
  { name: 'resource', resource: { resourceType: 'Patient', name: [{ family }] } }] }));
for (const path of [`name.family.matches('^(a+)+$')`, `name.family.matches('^(a|aa)+$')`, `name.family.replaceMatches('(a*)*b', 'x')`,
  `repeat(descendants())`, `${'('.repeat(5000)}1${')'.repeat(5000)}`, `${'1+'.repeat(20_000)}1`]) {
  const a = await test(path, slow).catch((e) => ({ status: e.message, text: '' }));
  const ok = (a.status === 200 && !a.text.includes('"resourceType":"OperationOutcome"')) || (a.status >= 400 && a.status < 500 && a.text.includes('"resourceType":"OperationOutcome"'));
  passed += ok ? 1 : 0;
  failed += ok ? 0 : 1;
  if (!ok) console.log(`failed: ${path.slice(0, 40)}: ${a.status} ${a.text.slice(0, 200)}`);
}

// Patterns in the filters of value sets, over a code system with very many codes.
const codes = 20_000;
await answered('a code system of 20 000 codes', 'PUT', '/fhir/CodeSystem/many', JSON.stringify({ resourceType: 'CodeSystem', id: 'many', url: 'http://many',
  status: 'active', content: 'complete', concept: Array.from({ length: codes }, (_, i) => ({ code: `${'a'.repeat(40)}${i}`, display: `d ${i}` })) }));
const expand = (value) => ask('POST', '/fhir/ValueSet/$expand', JSON.stringify({ resourceType: 'Parameters', parameter: [{ name: 'count', valueInteger: 5 },
  { name: 'valueSet', resource: { resourceType: 'ValueSet', status: 'active', compose: { include: [{ system: 'http://many', filter: [{ property: 'code', op: 'regex', value }] }] } } }] }));
for (const [pattern, statuses] of [['^(a+)+$', [413, 422]], ['(a|aa)+!', [200, 413, 422]], ['(a*)*b', [200, 413, 422]], ['('.repeat(100_000), [400, 422]],
  ['a{1,60000}{1,60000}', [400, 413, 422]], ['.*77', [200]]]) {
  const a = await expand(pattern).catch((e) => ({ status: e.message, text: '' }));
  const ok = statuses.includes(a.status) && a.text.includes('"resourceType":"OperationOutcome"') === (a.status !== 200);
  passed += ok ? 1 : 0;
  failed += ok ? 0 : 1;
  if (!ok) console.log(`failed: the pattern ${pattern.slice(0, 30)}: ${a.status} ${a.text.slice(0, 200)}`);
}

// A next link that was changed by one letter, cut, or made longer.
const page = await answered('a page', 'GET', '/fhir/Organization?_count=2');
const good = page.link?.find((l) => l.relation === 'next')?.url.replace(/^http:..[^/]*/, '') ?? '';
for (const forged of [good.replace(/(.)$/, (c) => (c === 'A' ? 'B' : 'A')), good.replace(/(cursor=.{9})(.)/, (_, c, x) => `${c}${x === '_' ? '-' : '_'}`), good.slice(0, -6), `${good}AAAA`]) {
  await refused('a changed cursor', [400], 'GET', forged);
}

// Large bundles again and again: the memory of one is there for the next, whatever thread meets it.
for (let i = 0; i < 4; i++) {
  await answered('15 MB in one transaction', 'POST', '/fhir', `{"resourceType":"Bundle","type":"transaction","entry":[${Array.from({ length: 5000 }, (_, k) => entry(`${k}${'x'.repeat(2900)}`)).join()}]}`);
}
await refused('30 MB in one transaction', [413], 'POST', '/fhir', `{"resourceType":"Bundle","type":"transaction","entry":[${Array.from({ length: 9000 }, (_, k) => entry(`${k}${'x'.repeat(3200)}`)).join()}]}`);

// ---- tokens ----
const b64 = (v) => Buffer.from(JSON.stringify(v)).toString('base64url');
for (const forged of [`${b64({ alg: 'none' })}.${b64({ sub: 'hostile' })}.`, 'x'.repeat(8000), '', `${token.slice(0, -1)}x`]) {
  await refused(`a forged token ${forged.slice(0, 8)}`, [401], 'GET', '/fhir/Basic', '', { Authorization: `Bearer ${forged}` });
}

await answered('the server goes on', 'GET', '/fhir/Organization?_count=1');
const more = most() - before;
if (more > MIB_MORE) { failed++; console.log(`failed: ${more} MiB more memory than before, ${MIB_MORE} at most`); } else passed++;
await p.stop();
p.remove();

// ---- too often: a person, a program, an address nobody is known at ----
const q = new Program({ build: p.build, extra: ['--rate-person', '60', '--rate-program', '30', '--rate-address', '40', '--trust-proxy'] });
q.cli(['init']);
const org = q.cli(['org', 'add', 'Hospital', '--kind', 'hospital']).trim().split('\n')[0].split(/\s+/).pop();
for (const login of ['busy', 'quiet']) {
  q.cli(['user', 'add', login, '--family', login, '--given', 'Test', '--org', org, '--role', 'doctor', '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
}
const bearer = q.cli(['token', 'new', 'busy', '--name', 'hostile', '--scope', 'all']).trim().split('\n').find((l) => /^\S{20,}$/.test(l));
await q.start();
const busy = await signIn(q, 'busy', PASSWORD);
const quiet = await signIn(q, 'quiet', PASSWORD);
async function often(what, most, headers, shape) {
  let a;
  let n = 0;
  do a = await q.request('GET', '/fhir/Basic', headers); while (a.status !== 429 && ++n <= most + 20);
  const ok = n >= most && n < most + 20 && Number(a.headers['retry-after']) >= 1 && shape(a);
  if (ok) passed++; else { failed++; console.log(`failed: ${what}: ${n} before ${a.status} ${a.body.slice(0, 200)}`); }
}
const outcome = (a) => JSON.parse(a.body).issue[0].code === 'throttled';
await often('a person', 50, { cookie: busy.cookie }, outcome);
await often('a program', 30, { authorization: `Bearer ${bearer}` }, outcome);
await often('an address', 40, { 'x-forwarded-for': '192.0.2.9' }, outcome);
for (const [what, status, target, headers] of [['its page says so', 429, '/account', { cookie: busy.cookie }], ['others go on', 200, '/account', { cookie: quiet.cookie }],
  ['another address too', 200, '/sign-in', { 'x-forwarded-for': '192.0.2.10' }]]) {
  const a = await q.request('GET', target, headers);
  if (a.status === status && /<\/html>\s*$/.test(a.body)) passed++; else { failed++; console.log(`failed: ${what}: ${a.status}`); }
}
const lines = q.log.split('\n').filter((l) => l.includes('event=rate-limited'));
if (lines.length >= 3 && lines.length <= 8 && !q.log.includes('busy')) passed++; else { failed++; console.log(`failed: told ${lines.length} times`); }
await q.stop();
q.remove();
console.log(`${passed} passed, ${failed} failed; ${more} MiB at most`);
process.exit(failed === 0 ? 0 : 1);
