// Exports: what is in them, and who may have them.
import assert from 'node:assert/strict';

const ASYNC = { prefer: 'respond-async', accept: 'application/fhir+json' };

// Patients, each with an observation, and some that are nobody's; in transactions of 500.
async function fill(t) {
  for (let from = 0; from < t.resources / 2; from += 250) {
    const entry = [];
    for (let i = from; i < Math.min(from + 250, t.resources / 2); i++) {
      entry.push({ resource: { resourceType: 'Patient', id: `p${i}`, active: i % 2 === 0 }, request: { method: 'PUT', url: `Patient/p${i}` } });
      entry.push({
        resource: {
          resourceType: 'Observation', id: `o${i}`, status: i % 3 === 0 ? 'preliminary' : 'final', code: { text: 'Made up' },
          subject: { reference: `Patient/p${i}` }, valueQuantity: { value: i, unit: 'x' },
        },
        request: { method: 'PUT', url: `Observation/o${i}` },
      });
    }
    const reply = await t.ask(t.system, 'POST', '/fhir', { resourceType: 'Bundle', type: 'transaction', entry });
    assert.equal(reply.status, 200, reply.body.slice(0, 500));
  }
  const group = {
    resourceType: 'Group', id: 'g', type: 'person', actual: true,
    member: [{ entity: { reference: 'Patient/p1' } }, { entity: { reference: 'Patient/p2' } }, { entity: { reference: 'Patient/p3' }, inactive: true }],
  };
  assert.equal((await t.ask(t.system, 'PUT', '/fhir/Group/g', group)).status, 201);
}

export async function exportSteps(t) {
  const { step } = t;
  const kick = async (target, body) => {
    const reply = await t.ask(t.system, body ? 'POST' : 'GET', target, body, ASYNC);
    assert.equal(reply.status, 202, reply.body);
    return t.local(reply.headers['content-location']);
  };
  // All resources of a finished export, by file.
  const read = async (manifest) => {
    const all = {};
    for (const f of [...manifest.output, ...manifest.deleted, ...manifest.error]) {
      const reply = await t.ask(t.system, 'GET', t.local(f.url));
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['content-type'], 'application/fhir+ndjson');
      const lines = reply.body.split('\n').slice(0, -1).map((l) => JSON.parse(l));
      assert.equal(lines.length, f.count);
      all[f.url.split('/').pop()] = lines;
    }
    return all;
  };
  const done = async (target, body) => {
    const where = await kick(target, body);
    const reply = await t.wait(t.system, where);
    assert.equal(reply.status, 200, reply.body);
    assert.equal(reply.headers['content-type'], 'application/json');
    return { where, manifest: reply.json, reply };
  };
  let whole;

  await step('the region is filled', () => fill(t));
  await step('only interface accounts and services export', async () => {
    for (const target of ['/fhir/$export', '/fhir/Patient/$export', '/fhir/Group/g/$export']) {
      const reply = await t.ask(t.doctor, 'GET', target, undefined, ASYNC);
      assert.equal(reply.status, 403);
      assert.equal(reply.json.resourceType, 'OperationOutcome');
      assert.equal((await t.program.request('GET', target, ASYNC)).status, 401);
    }
  });
  await step('what cannot be exported is refused at once', async () => {
    const cases = {
      '/fhir/$export?_type=Nothing': 400, '/fhir/$export?_type=AuditEvent': 400, '/fhir/$export?_outputFormat=csv': 400,
      '/fhir/$export?_elements=Patient.name.family': 400, '/fhir/$export?_elements=Nothing.id': 400, '/fhir/$export?includeAssociatedData=Everything': 400, '/fhir/$export?organizeOutputBy=Patient': 400,
      '/fhir/$export?_typeFilter=Observation%3F_sort%3Ddate': 400, '/fhir/$export?_typeFilter=Observation%3Fsubject:Patient.nonsense%3D1': 400,
      '/fhir/$export?_since=yesterday': 400, '/fhir/Patient/$export?_type=Organization': 400,
      '/fhir/$export?_typeFilter=Observation%3Fnonsense%3D1': 400, '/fhir/$export?_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal': 400,
      '/fhir/Group/none/$export': 404, '/fhir/Patient/$export?patient=Patient/none': 404, '/fhir/Group/g/$export?patient=Patient/p9': 400,
    };
    for (const [target, status] of Object.entries(cases)) {
      const reply = await t.ask(t.system, 'GET', target, undefined, ASYNC);
      assert.equal(reply.status, status, `${target}: ${reply.body}`);
      assert.equal(reply.json.resourceType, 'OperationOutcome');
    }
    assert.equal((await t.ask(t.system, 'GET', '/fhir/$export')).status, 400);
    assert.equal((await t.ask(t.system, 'GET', '/fhir/$export?organizeOutputBy=Patient&includeAssociatedData=Everything&_type=Group', undefined, { prefer: 'respond-async, handling=lenient' })).status, 202);
  });
  await step('everything is in the export of the system, once', async () => {
    const { manifest, reply } = await done('/fhir/$export');
    assert.ok(new Date(reply.headers.expires) > new Date());
    assert.equal(manifest.requiresAccessToken, true);
    assert.match(manifest.request, /\/fhir\/\$export$/);
    whole = await read(manifest);
    const half = t.resources / 2;
    assert.equal(new Set(whole.Patient.map((r) => r.id)).size, half);
    assert.equal(whole.Patient.length, half);
    assert.equal(whole.Observation.length, half);
    assert.equal(whole.Group.length, 1);
    assert.equal(whole.Patient[0].meta.versionId, '1');
    assert.ok(whole.Organization.length >= 1);
  });
  await step('types, filters, groups, patients, since', async () => {
    let all = await read((await done('/fhir/$export?_type=Observation,Group&_typeFilter=Observation%3Fstatus%3Dpreliminary')).manifest);
    assert.deepEqual(Object.keys(all).sort(), ['Group', 'Observation']);
    assert.equal(all.Observation.length, whole.Observation.filter((o) => o.status === 'preliminary').length);
    all = await read((await done('/fhir/$export?_type=Patient,Observation&_typeFilter=Observation%3Fstatus%3Dfinal%26subject%3DPatient/p1,Observation%3Fsubject%3DPatient/p3')).manifest);
    assert.equal(all.Patient.length, whole.Patient.length);
    assert.deepEqual(all.Observation.map((r) => r.id), ['o1', 'o3']);
    all = await read((await done('/fhir/Group/g/$export')).manifest);
    assert.deepEqual([all.Patient.map((r) => r.id), all.Observation.map((r) => r.id)], [['p1', 'p2'], ['o1', 'o2']]);
    assert.equal(all.Organization, undefined);
    const body = {
      resourceType: 'Parameters',
      parameter: [{ name: 'patient', valueReference: { reference: 'Patient/p5' } }, { name: '_type', valueString: 'Observation' },
        { name: '_outputFormat', valueString: 'application/fhir+ndjson' }],
    };
    all = await read((await done('/fhir/Patient/$export', body)).manifest);
    assert.deepEqual([Object.keys(all), all.Observation.map((r) => r.id)], [['Observation'], ['o5']]);
    const since = (await done('/fhir/$export?_type=Group')).manifest.transactionTime;
    await t.ask(t.system, 'PUT', '/fhir/Patient/p7', { resourceType: 'Patient', id: 'p7', active: true, gender: 'other' });
    assert.equal((await t.ask(t.system, 'DELETE', '/fhir/Observation/o8')).status, 204);
    all = await read((await done(`/fhir/$export?_since=${encodeURIComponent(since)}`)).manifest);
    assert.deepEqual(all.Patient.map((r) => [r.id, r.gender]), [['p7', 'other']]);
    assert.deepEqual(all.deleted[0].entry, [{ request: { method: 'DELETE', url: 'Observation/o8' } }]);
    assert.equal(all.Observation, undefined);
  });
  await step('filters that look at other resources', async () => {
    let all = await read((await done('/fhir/$export?_type=Observation&_typeFilter=Observation%3Fsubject:Patient._id%3Dp1,p3%26status%3Dfinal')).manifest);
    assert.deepEqual(all.Observation.map((r) => r.id), ['o1']);
    all = await read((await done('/fhir/$export?_type=Observation&_typeFilter=Observation%3Fpatient.gender%3Dother')).manifest);
    assert.deepEqual(all.Observation.map((r) => r.id), ['o7']);
    all = await read((await done('/fhir/$export?_type=Patient,Observation&_typeFilter=Patient%3F_has:Observation:subject:value-quantity%3D5,Patient%3F_id%3Dp2,Observation%3Fsubject:Patient.gender%3Dfemale')).manifest);
    assert.deepEqual([all.Patient.map((r) => r.id).sort(), all.Observation], [['p2', 'p5'], undefined]);
  });
  await step('elements: what was asked for, and what a resource cannot be without', async () => {
    const all = await read((await done('/fhir/$export?_type=Patient,Observation&_typeFilter=Patient%3F_id%3Dp7,Observation%3F_id%3Do7&_elements=Patient.gender,Observation.subject')).manifest);
    assert.deepEqual([all.Patient[0].gender, all.Patient[0].active, all.Patient[0].id], ['other', true, 'p7']); // active changes what a record means
    assert.deepEqual([all.Observation[0].subject.reference, all.Observation[0].status, all.Observation[0].valueQuantity], ['Patient/p7', 'final', undefined]);
    for (const r of [all.Patient[0], all.Observation[0]]) assert.ok(r.meta.tag.some((x) => x.code === 'SUBSETTED'));
    const one = await read((await done('/fhir/$export?_type=Patient,Group&_typeFilter=Patient%3F_id%3Dp7&_elements=Patient.gender')).manifest);
    assert.equal(one.Group[0].actual, true);
  });
  await step('the provenance of what is exported comes along when asked for', async () => {
    const tell = async (target, recorded) => (await t.ask(t.system, 'POST', '/fhir/Provenance', { resourceType: 'Provenance', target: [{ reference: target }], recorded, agent: [{ who: { display: 'Made up' } }] })).json.id;
    const [first, last] = [await tell('Patient/p1', '2026-01-01T00:00:00Z'), await tell('Patient/p1', '2026-02-01T00:00:00Z')];
    await tell('Observation/o1', '2026-03-01T00:00:00Z');
    const ids = async (more) => (await read((await done(`/fhir/$export?_type=Patient&_typeFilter=Patient%3F_id%3Dp1,p2${more}`)).manifest)).Provenance?.map((r) => r.id);
    assert.equal(await ids(''), undefined);
    assert.deepEqual(await ids('&includeAssociatedData=RelevantProvenanceResources'), [first, last]);
    assert.deepEqual(await ids('&includeAssociatedData=LatestProvenanceResources'), [last]);
    assert.deepEqual(await ids('&includeAssociatedData=LatestProvenanceResources,RelevantProvenanceResources'), [first, last]);
    const all = await read((await done('/fhir/$export?_type=Group&includeAssociatedData=RelevantProvenanceResources')).manifest);
    assert.equal(all.Provenance, undefined);
  });
  await step('an export is its caller\'s alone, and gone when it is deleted', async () => {
    const { where, manifest } = await done('/fhir/$export?_type=Group');
    for (const bearer of [t.other, t.doctor]) {
      for (const target of [where, t.local(manifest.output[0].url)]) assert.ok([403, 404].includes((await t.ask(bearer, 'GET', target)).status));
      assert.ok([403, 404].includes((await t.ask(bearer, 'DELETE', where)).status));
    }
    assert.equal((await t.ask(t.system, 'DELETE', where)).status, 202);
    const reply = await t.ask(t.system, 'GET', where);
    assert.deepEqual([reply.status, reply.json.resourceType], [404, 'OperationOutcome']);
    assert.equal((await t.ask(t.system, 'GET', t.local(manifest.output[0].url))).status, 404);
  });
  await step('looks and downloads are on record', () => {
    const rows = t.program.cli(['audit', 'list']);
    assert.match(rows, / export /);
    assert.match(rows, / download /);
    assert.match(rows, / deny /);
  });
}
