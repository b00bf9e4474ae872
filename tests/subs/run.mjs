// Subscriptions against a receiver of our own: handshake, events by number, what may not be seen, retries,
// heartbeats, TLS, $status, $events, the event stream. What a kill -9 does to them: tests/crash.
//   node tests/subs/run.mjs [--build release]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { option, Program } from '../lib/program.mjs';
import { Receiver, statusOf } from '../lib/receiver.mjs';
import { until } from '../lib/until.mjs';
import { world } from '../lib/world.mjs';

const args = process.argv.slice(2);
const TOPIC = 'https://consilium.example/fhir/SubscriptionTopic/';
const EXT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';
let passed = 0;
let failed = 0;
function is(what, ok, more = '') {
  if (ok) passed += 1;
  else {
    failed += 1;
    console.log(`FAILED ${what} ${more && JSON.stringify(more).slice(0, 1500)}`);
  }
}
// One proof: it comes about. Gives what came, or nothing.
const comes = (what, fn, within) => until(what, fn, { within }).then((got) => {
  is(what, true);
  return got;
}, (e) => is(what, false, e.message));

// A key and certificate of 127.0.0.1, its own authority.
const tlsDir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-tls-'));
process.on('exit', () => fs.rmSync(tlsDir, { recursive: true, force: true }));
const pem = (name) => path.join(tlsDir, name);
spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
  '-addext', 'subjectAltName=DNS:localhost', '-keyout', pem('key.pem'), '-out', pem('cert.pem')], { stdio: 'ignore' });
const tls = await new Receiver({ key: fs.readFileSync(pem('key.pem')), cert: fs.readFileSync(pem('cert.pem')) }).listen();
const receiver = await new Receiver().listen();
const other = await new Receiver().listen();

const program = new Program({
  build: option(args, '--build', 'release'),
  extra: ['--hook-hosts', `127.0.0.1:${receiver.port}, localhost:${tls.port}`, '--hook-http', '--hook-full', '--hook-ca', pem('cert.pem')],
});
const region = world(program);
const tokenOf = (login) => program.cli(['token', 'new', login, '--name', 'subs']).trim().split(/\s+/).pop();
const tokens = { system: region.system, doctor: tokenOf('doctor'), outsider: tokenOf('outsider') };
await program.start();

async function call(method, rel, body, as = 'system', headers = {}) {
  const r = await program.request(method, `/fhir/${rel}`, { authorization: `Bearer ${tokens[as]}`,
    ...(body ? { 'content-type': method === 'PATCH' ? 'application/json-patch+json' : 'application/fhir+json' } : {}), ...headers }, body && JSON.stringify(body));
  let json;
  try { json = JSON.parse(r.body); } catch { json = undefined; }
  return { status: r.status, json, headers: r.headers, body: r.body };
}

function subscription(topic, url, { content, filters = [], heartbeat, headers, port = receiver.port, scheme = 'http', host = '127.0.0.1' } = {}) {
  return {
    resourceType: 'Subscription', status: 'requested', reason: 'test', criteria: topic.includes('/') ? topic : TOPIC + topic,
    ...(filters.length ? { _criteria: { extension: filters.map((f) => ({ url: `${EXT}backport-filter-criteria`, valueString: f })) } } : {}),
    channel: {
      ...(heartbeat ? { extension: [{ url: `${EXT}backport-heartbeat-period`, valueUnsignedInt: heartbeat }] } : {}),
      type: 'rest-hook', endpoint: `${scheme}://${host}:${port}${url}`, payload: 'application/fhir+json',
      ...(content ? { _payload: { extension: [{ url: `${EXT}backport-payload-content`, valueCode: content }] } } : {}),
      ...(headers ? { header: headers } : {}),
    },
  };
}
const stream = (topic) => ({
  resourceType: 'Subscription', status: 'requested', reason: 'test', criteria: TOPIC + topic,
  channel: { type: 'message', _type: { extension: [{ url: `${EXT}backport-channel-type`, valueCoding: { system: 'https://consilium.example/fhir/CodeSystem/channel', code: 'event-stream' } }] } },
});
async function subscribe(what, body, as, status = 'requested') {
  const r = await call('POST', 'Subscription', body, as);
  is(`${what}: created`, r.status === 201 && r.json.status === status, r);
  return r.json?.id;
}
const patient = (value) => ({ resourceType: 'Patient', identifier: [{ system: 'urn:example:subs', value }] });

// ---- what is offered ----
const meta = (await call('GET', 'metadata')).json;
const offered = meta.rest[0].resource.find((r) => r.type === 'Subscription');
const topics = offered.extension.filter((e) => e.url === `${EXT}capabilitystatement-subscriptiontopic-canonical`).map((e) => e.valueCanonical);
is('topics in the statement', topics.includes(`${TOPIC}patient-changed`), topics);
is('the profile in the statement', offered.supportedProfile?.includes(`${EXT}backport-subscription`));
const listed = (await call('GET', 'Subscription/$topics')).json;
is('topics by $topics', listed.entry?.length === topics.length, listed);
for (const e of listed.entry ?? []) {
  const v = await call('POST', 'Basic/$validate', e.resource);
  is('a topic is a good Basic', v.status === 200 && !v.json.issue.some((i) => i.severity === 'error'), v.json);
}

// ---- what is refused ----
for (const [what, body] of [
  ['an unknown topic', subscription('nothing', '/x')],
  ['a search for a topic', subscription('Observation?code=x/y', '/x')],
  ['an address that is not allowed', subscription('patient-changed', '/x', { port: other.port })],
  ['a filter the topic has not', subscription('patient-changed', '/x', { filters: ['Patient?birthdate=2000'] })],
  ['a filter of another type', subscription('patient-changed', '/x', { filters: ['Task?status=draft'] })],
  ['a header of ours', subscription('patient-changed', '/x', { headers: ['Host: elsewhere'] })],
  ['another version', { ...subscription('patient-changed', '/x'), channel: { ...subscription('patient-changed', '/x').channel, payload: 'application/fhir+json; fhirVersion=5.0' } }],
  ['a websocket', { ...subscription('patient-changed', '/x'), channel: { type: 'websocket' } }],
  ['an unknown content', subscription('patient-changed', '/x', { content: 'everything' })],
]) {
  const r = await call('POST', 'Subscription', body);
  is(`refused: ${what}`, r.status === 422, r);
}

// ---- handshake, events ----
const empty = await subscribe('empty', subscription('patient-changed', '/empty', { headers: ['X-Secret: sesame-of-the-hook'] }));
const ids = await subscribe('ids', subscription('patient-changed', '/ids', { content: 'id-only', filters: ['Patient?identifier=urn:example:subs|wanted'] }));
const full = await subscribe('full', subscription('patient-changed', '/full', { content: 'full-resource', scheme: 'https', host: 'localhost', port: tls.port }));
const live = await subscribe('live', stream('patient-changed'), 'system', 'active');
for (const [id, url, r] of [[empty, '/empty', receiver], [ids, '/ids', receiver], [full, '/full', tls]]) {
  await comes(`${url}: handshake`, () => r.of(url, 'handshake').length > 0);
  await comes(`${url}: active`, async () => (await call('GET', `Subscription/${id}`)).json.status === 'active');
}
is('the header comes along', receiver.came.find((c) => c.url === '/empty')?.headers['x-secret'] === 'sesame-of-the-hook');
is('the type comes along', receiver.came[0]?.headers['content-type'] === 'application/fhir+json');
const silent = await subscribe('silent', stream('message-sent'), 'system', 'active');
let silence = '';
http.get({ host: '127.0.0.1', port: program.port, path: `/fhir/Subscription/${silent}/$stream`, headers: { authorization: `Bearer ${tokens.system}` } },
  (res) => res.on('data', (d) => { silence += d; }).on('error', () => {})).on('error', () => {});
const wanted = (await call('POST', 'Patient', patient('wanted'))).json.id;
const unwanted = (await call('POST', 'Patient', patient('unwanted'))).json.id;
await comes('empty: two events', () => receiver.of('/empty').at(-1)?.count === 2);
const told = receiver.of('/empty', 'event-notification');
is('empty: numbers', told.flatMap((s) => s.events.map((e) => e.number)).join() === '1,2', told);
is('empty: nothing else', told.every((s) => s.entries.length === 0 && s.topic === undefined && s.events.every((e) => !e.focus)));
is('empty: no id in it', !JSON.stringify(receiver.came.filter((c) => c.url === '/empty')).includes(wanted));
await comes('ids: one event', () => receiver.of('/ids', 'event-notification').length === 1);
const one = receiver.of('/ids', 'event-notification')[0];
is('ids: the focus', one?.events[0].focus === `${program.base}/fhir/Patient/${wanted}`, one?.events);
is('ids: an entry without the resource', one?.entries.length === 1 && !one.entries[0].resource && one.entries[0].fullUrl.endsWith(`Patient/${wanted}`));
is('ids: the first entry asks for $status', one?.bundle.entry[0].request.url.endsWith(`Subscription/${ids}/$status`));
await comes('full: over TLS', () => tls.of('/full').at(-1)?.count === 2);
const carried = tls.of('/full', 'event-notification').flatMap((s) => s.entries.map((e) => e.resource));
is('full: whole records', carried.map((p) => p?.id).join() === `${wanted},${unwanted}`, carried);
const valid = await call('POST', 'Bundle/$validate', tls.came.at(-1).note);
is('a notification is a good Bundle', valid.status === 200 && !valid.json.issue.some((i) => i.severity === 'error'), valid.json);
await call('PUT', `Patient/${wanted}`, { id: wanted, ...patient('other') });
await call('DELETE', `Patient/${unwanted}`);
await comes('a change and a deletion', () => receiver.of('/empty').at(-1)?.count === 4);
const gone = await comes('full: a deletion has no record', () => tls.of('/full', 'event-notification').flatMap((s) => s.entries).find((e) => e.request.method === 'DELETE'));
is('full: the deletion names it', gone?.request.url === `Patient/${unwanted}` && !gone.resource);
const ids_told = () => receiver.of('/ids', 'event-notification').flatMap((s) => s.events.map((e) => e.focus));
is('ids: the filter looks at what it is now', statusOf((await call('GET', `Subscription/${ids}/$status`)).json).count === 1 && ids_told().length === 1, ids_told());
is('nobody else was called', other.came.length === 0);

// ---- $status and $events ----
const st = await call('GET', `Subscription/${empty}/$status`);
is('$status', st.json.type === 'searchset' && statusOf(st.json).type === 'query-status' && statusOf(st.json).count === 4, st.json);
const all = await call('GET', `Subscription/$status?id=${empty},${ids}&status=active`);
is('$status of two', all.json.entry?.length === 2, all.json);
const posted = await call('POST', 'Subscription/$status', { resourceType: 'Parameters', parameter: [{ name: 'id', valueId: ids }] });
is('$status by POST', posted.json.entry?.length === 1, posted.json);
const in_error = await call('GET', 'Subscription/$status?status=error');
is('$status of those in error: none', in_error.status === 200 && in_error.json.type === 'searchset' && !in_error.json.entry?.length, in_error);
const range = statusOf((await call('GET', `Subscription/${empty}/$events?eventsSinceNumber=2&eventsUntilNumber=3`)).json);
is('$events by number', range.type === 'query-event' && range.events.map((e) => e.number).join() === '2,3', range);
const streamed = statusOf((await call('GET', `Subscription/${live}/$events?content=full-resource`)).json);
is('$events of a stream', streamed.events.length === 4 && streamed.entries.length === 4, streamed);

// ---- who may not ----
const own = await subscribe('a doctor', subscription('patient-changed', '/own', { content: 'id-only' }), 'doctor');
await comes('a doctor: active', async () => (await call('GET', `Subscription/${own}`, undefined, 'doctor')).json.status === 'active');
for (const [method, rel] of [['GET', ''], ['GET', '/$status'], ['GET', '/$events'], ['GET', '/$stream'], ['DELETE', '']]) {
  const r = await call(method, `Subscription/${own}${rel}`, undefined, 'outsider');
  is(`another doctor: ${method} ${rel}`, r.status === 404, r);
}
is('another doctor: PUT', (await call('PUT', `Subscription/${own}`, { id: own, ...subscription('patient-changed', '/mine') }, 'outsider')).status === 404);
const none = await call('GET', 'Subscription', undefined, 'outsider');
is('another doctor: finds none', none.status === 200 && none.json.entry === undefined, none);
const theirs = (await call('POST', 'Patient', patient('theirs'))).json.id; // the system's: not the doctor's to see
const mine = (await call('POST', 'Patient', { ...patient('mine'), name: [{ family: 'Seen' }] }, 'doctor')).json?.id;
is('a doctor registers', typeof mine === 'string', mine);
const seen = () => receiver.of('/own', 'event-notification').flatMap((s) => s.events.map((e) => e.focus ?? ''));
await comes('a doctor is told of the own', () => seen().some((f) => f.endsWith(`/${mine}`)));
is('a doctor is not told of others, which were before', !seen().some((f) => f.endsWith(`/${theirs}`)), seen());

// ---- a receiver that fails ----
receiver.status = 500;
await call('PUT', `Patient/${wanted}`, { id: wanted, ...patient('again') });
await comes('error is shown', async () => (await call('GET', `Subscription/${empty}`)).json.status === 'error');
const bad = (await call('GET', `Subscription/${empty}`)).json;
is('the error says what', /500/.test(bad.error ?? ''), bad);
is('$status says error', statusOf((await call('GET', `Subscription/${empty}/$status`)).json).status === 'error');
receiver.status = 302;
await comes('it is sent to another address', () => receiver.came.some((c) => c.url === '/empty' && c.answered === 302), 30);
receiver.status = 200;
await comes('it is tried again', () => receiver.came.some((c) => c.url === '/empty' && c.answered === 200 && statusOf(c.note).events.some((e) => e.number >= 5)), 30);
await comes('and active again', async () => (await call('GET', `Subscription/${empty}`)).json.status === 'active', 30);
is('no redirect is followed', !receiver.came.some((c) => c.url.startsWith('/moved')));
const active = (await call('GET', `Subscription/${empty}`)).json;
is('the error is gone', active.error === undefined, active);

// ---- heartbeat, off, on again, end ----
const beat = await subscribe('heartbeat', subscription('message-sent', '/beat', { heartbeat: 1 }));
await comes('heartbeats', () => receiver.of('/beat', 'heartbeat').length >= 2);
is('heartbeats count no events', receiver.of('/beat').every((s) => s.count === 0));
await call('PATCH', `Subscription/${beat}`, [{ op: 'replace', path: '/status', value: 'off' }]);
is('off stays off', (await call('GET', `Subscription/${beat}`)).json.status === 'off');
// Another one that beats is the clock: what was on its way when it was switched off comes before its first beat.
const clock = await subscribe('a clock', subscription('message-sent', '/clock', { heartbeat: 1 }));
const ticks = (n) => comes(`the clock beats ${n} times`, () => receiver.of('/clock', 'heartbeat').length >= n);
await ticks(1);
const beats = receiver.of('/beat').length;
await ticks(3);
is('nothing is sent when off', receiver.of('/beat').length === beats, receiver.of('/beat').length - beats);
is('the clock is deleted', (await call('DELETE', `Subscription/${clock}`)).status === 204);
await call('PATCH', `Subscription/${beat}`, [{ op: 'replace', path: '/status', value: 'active' }]);
await comes('asked for again: a handshake first', () => receiver.of('/beat', 'handshake').length === 2);
is('it is deleted', (await call('DELETE', `Subscription/${beat}`)).status === 204);
is('and gone', (await call('GET', `Subscription/${beat}/$status`)).status === 410);

// ---- the event stream ----
let heard = '';
const stream_of_live = http.get({ host: '127.0.0.1', port: program.port, path: `/fhir/Subscription/${live}/$stream`, headers: { authorization: `Bearer ${tokens.system}` } },
  (res) => res.on('data', (d) => { heard += d; }).on('error', () => {})).on('error', () => {});
await comes('the stream begins', () => /event: handshake\n/.test(heard));
await call('POST', 'Patient', patient('stream'));
await comes('the stream tells of new events', () => /event: events/.test(heard));
stream_of_live.destroy();
const shake = /event: handshake\ndata: (.*)\n\n/.exec(heard);
is('a handshake comes first, with the number of events', shake && statusOf(JSON.parse(shake[1])).type === 'handshake' && statusOf(JSON.parse(shake[1])).count >= 4
  && heard.indexOf('handshake') < heard.indexOf('event: events'), heard);
const narrow = await subscribe('a stream with a filter', { ...stream('patient-changed'),
  _criteria: { extension: [{ url: `${EXT}backport-filter-criteria`, valueString: 'Patient?identifier=urn:example:subs|narrow' }] } }, 'system', 'active');
await call('POST', 'Patient', patient('wide'));
const one_of = (await call('POST', 'Patient', patient('narrow'))).json.id;
const narrowed = await comes('its events by number', async () => {
  const s = statusOf((await call('GET', `Subscription/${narrow}/$events?eventsSinceNumber=1`)).json);
  return s.events.length > 0 && s;
});
is('the filter holds for streams', narrowed?.events.map((e) => `${e.number} ${e.focus.split('/').pop()}`).join() === `1 ${one_of}`, narrowed?.events);
is('a hook has no stream', (await call('GET', `Subscription/${empty}/$stream`)).status === 409);

await comes('a quiet stream beats', () => /event: heartbeat\n/.test(silence), 35);
is('and says nothing else', !/event: events/.test(silence), silence.slice(-300));

is('ids: and of nothing since', ids_told().length === 1, ids_told());

// ---- the owner goes ----
program.cli(['user', 'lock', 'doctor']);
await call('POST', 'Patient', patient('after'));
await comes('a closed account has no subscription', async () => (await call('GET', `Subscription/${own}`)).json.status === 'off');

// ---- on record ----
const record = program.cli(['audit', 'list']).split('\n');
is('sent records are on record', record.some((l) => / export /.test(l) && l.includes(wanted)), record.slice(0, 5));
is('no secret in the log', !program.log.includes('sesame-of-the-hook') && !program.log.includes(wanted), program.log.slice(0, 500));

await program.stop();
is('the record is whole', /holds/.test(program.cli(['audit', 'verify'])), program.cli(['audit', 'verify']));
program.remove();
for (const r of [receiver, tls, other]) r.server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
