// The records of Synthea through the program: node tests/conformance/synthea.mjs EXE DATA [--speed]
// Each is sent as the transaction it is. Every entry must be made; every type must count as many as the bundles hold;
// each resource is read back, is what was sent but for the references, and each of these names one that is there.
// Prints "ok NAME" and "FAIL NAME: why" for run.mjs; with --speed how fast they went in, instead of reading all back.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { Program } from '../lib/program.mjs';

const [exe, data] = process.argv.slice(2);
const SPEED = process.argv.includes('--speed');
const LANES = 4;
const folder = path.join(data, 'synthea');
const bundles = fs.readdirSync(folder).filter((f) => f.endsWith('.json.gz')).sort()
  .map((f) => ({ name: f.replace('.json.gz', ''), text: zlib.gunzipSync(fs.readFileSync(path.join(folder, f))) }));
const fail = (name, why) => { console.log(`FAIL ${name}: ${why}`); };

const p = new Program();
p.exe = exe;
p.cli(['init']);
const token = p.cli(['token', 'new', '--system', 'synthea']).trim().split(/\s+/).pop();
await p.start();
const agent = new http.Agent({ keepAlive: true, maxSockets: LANES });

function ask(method, target, body) {
  return new Promise((done, refuse) => {
    const r = http.request({ host: '127.0.0.1', port: p.port, agent, method, path: target,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json', ...(body ? { 'Content-Length': body.length } : {}) } }, (res) => {
      const parts = [];
      res.on('data', (d) => parts.push(d));
      res.on('end', () => done({ status: res.statusCode, text: Buffer.concat(parts).toString('utf8') }));
    });
    r.on('error', refuse);
    r.end(body);
  });
}

async function lanes(list, work) {
  let at = 0;
  await Promise.all(Array.from({ length: LANES }, async () => {
    while (at < list.length) await work(list[at++]);
  }));
}

const clip = (text) => text.slice(0, 300).replace(/\s+/g, ' ');

// ---- in ----
const bodies = new Set(); // Type/id of all
const began = process.hrtime.bigint();
await lanes(bundles, async (b) => {
  const r = await ask('POST', '/fhir', b.text);
  b.ok = r.status === 200;
  if (!b.ok) return fail(b.name, `${r.status} ${clip(r.text)}`);
  b.answers = r.text;
});
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
let total = 0;
const counts = new Map();
for (const b of bundles) {
  b.entries = JSON.parse(b.text).entry;
  b.made = new Map(); // fullUrl -> Type/id
  total += b.entries.length;
  const answers = b.ok ? JSON.parse(b.answers).entry : [];
  const bad = b.entries.findIndex((e, i) => answers[i]?.response.status !== '201 Created');
  if (b.ok && bad >= 0) fail(b.name, `entry ${bad}: ${answers[bad]?.response.status}`);
  else if (b.ok) console.log(`ok ${b.name}`);
  b.entries.forEach((e, i) => {
    const type = e.resource.resourceType;
    counts.set(type, (counts.get(type) ?? 0) + 1);
    const m = /\/fhir\/([A-Za-z]+\/[^/]+)\/_history\/1$/.exec(answers[i]?.response.location ?? '');
    if (m) b.made.set(e.fullUrl, m[1]), bodies.add(m[1]);
  });
}
if (SPEED) console.log(`speed ${(total / seconds).toFixed(0)} resources/s, ${total} in ${seconds.toFixed(2)} s`);

// ---- counts ----
for (const [type, n] of [...counts].sort()) {
  const r = await ask('GET', `/fhir/${type}?_summary=count`);
  const got = r.status === 200 ? JSON.parse(r.text).total : r.status;
  if (got === n) console.log(`ok count ${type}`);
  else fail(`count ${type}`, `${got} instead of ${n}`);
}

// ---- back ----
// The same value with the references of the bundle replaced, and neither id nor meta; numbers are compared as read.
function same(made, sent, got, at) {
  if (typeof sent === 'string') return (made.get(sent) ?? sent) === got ? null : at;
  if (sent === null || typeof sent !== 'object') return Object.is(sent, got) ? null : at;
  const keys = Object.keys(sent);
  if (got === null || typeof got !== 'object' || Object.keys(got).length !== keys.length) return at;
  for (const k of keys) {
    const where = same(made, sent[k], got[k], `${at}.${k}`);
    if (where) return where;
  }
  return null;
}

if (!SPEED) {
  for (const b of bundles) {
    let wrong = null;
    await lanes(b.entries, async (e) => {
      const ref = b.made.get(e.fullUrl);
      if (!ref) return;
      const r = await ask('GET', `/fhir/${ref}`);
      if (r.status !== 200) { wrong ??= `${e.resource.resourceType}: read ${r.status}`; return; }
      const got = JSON.parse(r.text);
      const { id, meta, ...rest } = e.resource;
      const { id: newId, meta: newMeta, ...newRest } = got;
      const where = same(b.made, rest, newRest, e.resource.resourceType);
      if (where) wrong ??= `${where}: not what was sent`;
      for (const m of r.text.matchAll(/"reference": ?"([^"#][^"]*)"/g)) {
        if (!bodies.has(m[1])) wrong ??= `${ref}: ${m[1]} leads nowhere`;
      }
    });
    if (wrong) fail(`${b.name} read back`, wrong);
    else console.log(`ok ${b.name} read back`);
  }
}
agent.destroy();
await p.stop();
p.remove();
