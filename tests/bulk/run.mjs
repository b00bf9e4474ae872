// Exports and imports over all resources, and their access (a server killed in the middle: tests/crash): node tests/bulk/run.mjs [--build PRESET]
// [--resources N]
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { option, Program } from '../lib/program.mjs';
import { until } from '../lib/until.mjs';
import { exportSteps } from './export.mjs';
import { importSteps } from './import.mjs';
import { scopeSteps } from './scope.mjs';

const args = process.argv.slice(2);
const build = option(args, '--build', 'dev');
const resources = Number(option(args, '--resources', '30000'));
const program = new Program({ build });
let passed = 0;
let failed = 0;

async function step(name, fn) {
  try {
    await fn();
    passed++;
    console.log(`ok     ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAILED ${name}\n${e.stack}`);
  }
}

const token = (words) => program.cli(['token', 'new', ...words]).trim().split(/\s+/).pop();
const t = { program, step, resources, token };

// One request as the bearer of a token; the answer's JSON as .json.
t.ask = async (bearer, method, target, body, headers = {}) => {
  const reply = await program.request(method, target, {
    authorization: `Bearer ${bearer}`, ...(body ? { 'content-type': 'application/fhir+json' } : {}), ...headers,
  }, body && (typeof body === 'string' ? body : JSON.stringify(body)));
  try {
    reply.json = JSON.parse(reply.body);
  } catch {
    reply.json = undefined;
  }
  return reply;
};
t.local = (url) => new URL(url).pathname + new URL(url).search;
// Asks until it is done.
t.wait = (bearer, where) => until(`${where} is done`, async () => {
  const reply = await t.ask(bearer, 'GET', where);
  return reply.status !== 202 && reply;
}, { within: 60, every: 0.05 });
t.files = () => fs.readdirSync(path.join(program.dir, 'exports'));

try {
  program.cli(['init']);
  const org = program.cli(['org', 'add', 'Hospital', '--kind', 'hospital']).trim().split(/\s+/).pop();
  t.org = org;
  program.cli(['user', 'add', 'doctor', '--family', 'Bulk', '--given', 'Doctor', '--org', org, '--role', 'doctor', '--must-change', 'false']);
  t.system = token(['--system', 'bulk']);
  t.other = token(['--system', 'other']);
  t.doctor = token(['doctor', '--name', 'test']);
  await program.start();
  const own = (await t.ask(t.doctor, 'POST', '/fhir/Patient', { resourceType: 'Patient', name: [{ family: 'Own' }] })).json;
  assert.equal((await t.ask(t.doctor, 'DELETE', `/fhir/Patient/${own.id}`)).status, 204);
  await exportSteps(t);
  await step('a page of history is filled however much of others lies between', async () => {
    for (const where of ['/fhir/_history?_count=2', '/fhir/Patient/_history?_count=2']) {
      const page = (await t.ask(t.doctor, 'GET', where)).json;
      const named = page.entry.filter((e) => e.request.url.startsWith('Patient')).map((e) => e.request.method);
      assert.equal(page.entry.length, 2);
      assert.deepEqual(named, ['DELETE', 'POST']);
    }
  });
  await scopeSteps(t);
  await importSteps(t);
  await program.stop();
} catch (e) {
  failed++;
  console.log(`FAILED ${e.stack}`);
} finally {
  if (failed > 0) console.log(program.log.slice(-2000));
  program.remove?.();
}
assert.ok(passed + failed > 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
