// Imports: what comes in, what is left out, and that a killed command neither loses nor doubles a line.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { until } from '../lib/until.mjs';

const ASYNC = { prefer: 'respond-async' };
const line = (r) => JSON.stringify(r);

export async function importSteps(t) {
  const { step, program } = t;
  const upload = async (bearer, text) => {
    const meta = `filename ${Buffer.from('all.ndjson').toString('base64')},case ${Buffer.from('import').toString('base64')}`;
    const tus = { authorization: `Bearer ${bearer}`, 'tus-resumable': '1.0.0' };
    const made = await program.request('POST', '/uploads', { ...tus, 'upload-length': Buffer.byteLength(text), 'upload-metadata': meta });
    if (made.status !== 201) return made;
    const sent = await program.request('PATCH', made.headers.location, { ...tus, 'upload-offset': 0, 'content-type': 'application/offset+octet-stream' }, text);
    assert.equal(sent.status, 204, sent.body);
    return made.headers.location;
  };
  const kick = async (input, bearer = t.system) => t.ask(bearer, 'POST', '/fhir/$import', { inputFormat: 'application/fhir+ndjson', input }, ASYNC);
  const count = async (query) => (await t.ask(t.system, 'GET', `/fhir/${query}&_summary=count`)).json.total;
  const tag = (word, i) => ({ resourceType: 'Observation', status: 'final', code: { text: 'Made up' }, identifier: [{ system: 'urn:made-up', value: word }], valueInteger: i });

  await step('only interface accounts import', async () => {
    assert.equal((await upload(t.doctor, 'x')).status, 404);
    assert.equal((await kick([{ url: '/uploads/x' }], t.doctor)).status, 403);
    assert.equal((await kick([{ url: '/uploads/none' }])).status, 404);
    assert.equal((await kick([{ url: 'http://elsewhere.example/a.ndjson' }])).status, 400);
    const theirs = await upload(t.other, `${line(tag('theirs', 1))}\n`);
    assert.equal((await kick([{ url: theirs }])).status, 404);
  });
  await step('lines come in; wrong ones are told by their number', async () => {
    const text = [line({ ...tag('in', 1), id: 'in1' }), '', '{broken', line({ resourceType: 'Observation', id: 'in2', status: 'wrong' }),
      line({ ...tag('in', 2), id: 'in3' }), line({ ...tag('in', 3), id: 'in3' }), line(tag('in', 4)), line({ resourceType: 'Patient', id: 'in4' })].join('\n');
    const reply = await kick([{ type: 'Observation', url: await upload(t.system, text) }]);
    assert.equal(reply.status, 202, reply.body);
    const where = t.local(reply.headers['content-location']);
    const done = await t.wait(t.system, where);
    assert.equal(done.status, 200, done.body);
    assert.equal(done.json.count, 4);
    const outcomes = (await t.ask(t.system, 'GET', t.local(done.json.error[0].url))).body.split('\n').slice(0, -1).map((l) => JSON.parse(l));
    assert.deepEqual(outcomes.map((o) => [o.resourceType, o.extension[0].valueString]), [['OperationOutcome', '1:3'], ['OperationOutcome', '1:4'], ['OperationOutcome', '1:8']]);
    assert.equal(await count('Observation?identifier=urn:made-up|in'), 3);
    const twice = (await t.ask(t.system, 'GET', '/fhir/Observation/in3')).json;
    assert.deepEqual([twice.valueInteger, twice.meta.versionId], [3, '2']);
    for (const bearer of [t.other, t.doctor]) assert.ok([403, 404].includes((await t.ask(bearer, 'GET', where)).status));
    assert.equal((await t.ask(t.system, 'DELETE', where)).status, 202);
    assert.equal((await t.ask(t.system, 'GET', where)).status, 404);
  });
  await step('the command goes on where it was killed', async () => {
    await program.stop();
    const file = path.join(program.dir, 'command.ndjson');
    const n = t.resources;
    fs.writeFileSync(file, Array.from({ length: n }, (_, i) => line(tag('command', i))).join('\n'));
    const written = () => fs.statSync(path.join(program.dir, 'consilium.db')).size;
    for (let kills = 0; kills < 3; kills++) {
      const before = written();
      const child = spawn(program.exe, ['import', file, '--data', program.dir], { stdio: 'ignore' });
      const ended = new Promise((wait) => { child.once('exit', (code, signal) => wait(signal)); });
      await until('some lines are in', () => written() > before || child.exitCode !== null, { within: 60 });
      child.kill('SIGKILL');
      assert.equal(await ended, 'SIGKILL', 'it was done before it could be killed');
    }
    assert.match(program.cli(['import', file]), new RegExp(`^${n} resources`));
    const out = path.join(program.dir, 'out');
    assert.match(program.cli(['export', '--out', out, '--type', 'Observation']), / resources in /);
    const lines = fs.readFileSync(path.join(out, 'Observation.ndjson'), 'utf8').split('\n').slice(0, -1).map((l) => JSON.parse(l));
    const came = lines.filter((r) => r.identifier?.[0].value === 'command');
    assert.equal(came.length, n);
    assert.equal(new Set(came.map((r) => r.id)).size, n);
    assert.equal(new Set(came.map((r) => r.valueInteger)).size, n);
    assert.match(program.cli(['doctor']), /\b0 faults/);
    await program.start();
  });
}
