// What a scope does not open is not read, not found, not counted, not included, not chained over, not written.
import assert from 'node:assert/strict';

const observation = (patient, category) => ({
  resourceType: 'Observation', status: 'final', subject: { reference: `Patient/${patient}` }, valueString: 'made up',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: category }] }],
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] }, effectiveDateTime: '2026-11-02',
});

export async function scopeSteps(t) {
  const { program, doctor, step, app } = t;
  const first = app.options;
  const let_in = async (scope, fields = {}, query) => {
    app.begin({ ...first, ...(query ? { iss: undefined } : {}), scope }, query);
    return t.openApp(program, doctor, app, fields);
  };
  const total = async (client, query) => (await client.request(`${query}${query.includes('?') ? '&' : '?'}_summary=count`)).total;

  await step('a scope with a query opens what meets it', async () => {
    const c = await let_in('user/Observation.rs?category=vital-signs');
    assert.equal(c.state.tokenResponse.scope, 'user/Observation.rs?category=vital-signs');
    assert.equal(await total(c, 'Observation?code=8867-4,718-7'), 2);
    assert.equal(await total(c, 'Observation?category=laboratory'), 0);
    await c.request(`Observation/${t.observations[0]}`);
    await assert.rejects(c.request(`Observation/${t.observations[1]}`), /404/);
    await assert.rejects(c.request(`Observation/${t.observations[1]}/_history`), /404/);
    const history = await c.request('Observation/_history');
    assert.ok(!JSON.stringify(history).includes(t.observations[1]));
    await assert.rejects(c.request('Patient'), /403/);
    await assert.rejects(c.create(observation(t.patient.id, 'vital-signs')), /403/);
  });
  await step('a scope may name records, their age and their labels', async () => {
    const apart = { ...observation(t.other.id, 'activity'), code: { text: 'Steps' } };
    const one = await let_in(`user/Observation.rs?_id=${t.observations[0]},${t.observations[2]}`);
    assert.equal(await total(one, 'Observation'), 2);
    await one.request(`Observation/${t.observations[0]}`);
    await assert.rejects(one.request(`Observation/${t.observations[1]}`), /404/);
    const fresh = await let_in('user/Observation.cruds?_lastUpdated=gt2026-01-01');
    assert.equal(await total(fresh, 'Observation?code=8867-4,718-7'), 3);
    await fresh.create(apart);
    const old = await let_in('user/Observation.cruds?_lastUpdated=lt2020-01-01');
    assert.equal(await total(old, 'Observation'), 0);
    await assert.rejects(old.request(`Observation/${t.observations[0]}`), /404/);
    await assert.rejects(old.create(apart), /403/);
    const label = { system: 'urn:made-up', code: 'study' };
    for (const [param, key] of [['_tag', 'tag'], ['_security', 'security']]) {
      const made = await t.client.create({ ...apart, meta: { [key]: [label] } });
      const c = await let_in(`user/Observation.rs?${param}=urn:made-up|study`);
      assert.equal(await total(c, 'Observation'), 1);
      assert.equal((await c.request(`Observation/${made.id}`)).id, made.id);
      await assert.rejects(c.request(`Observation/${t.observations[0]}`), /404/);
    }
  });
  await step('nothing is included or chained over without its scope', async () => {
    const c = await let_in('user/Observation.rs');
    const page = await c.request('Observation?code=8867-4&_include=Observation:subject');
    assert.equal(page.entry.filter((e) => e.resource.resourceType === 'Patient').length, 0);
    assert.equal(await total(c, 'Observation?subject:Patient.name=Made'), 0);
    const both = await let_in('user/Observation.rs user/Patient.rs');
    assert.equal(await total(both, 'Observation?subject:Patient.name=Made'), 2);
    const whole = await both.request('Observation?code=8867-4&_include=Observation:subject');
    assert.equal(whole.entry.filter((e) => e.resource.resourceType === 'Patient').length, 2);
    const back = await let_in('user/Patient.rs user/Observation.rs?category=laboratory');
    const rev = await back.request('Patient?identifier=urn:made-up|smart-1&_revinclude=Observation:subject');
    assert.deepEqual(rev.entry.filter((e) => e.resource.resourceType === 'Observation').map((e) => e.resource.id), [t.observations[1]]);
  });
  await step('nor by the roundabout ways: _has, compartments, all types, iterated includes', async () => {
    const c = await let_in('user/Patient.rs');
    assert.equal(await total(c, 'Patient?_has:Observation:subject:code=8867-4'), 0);
    await assert.rejects(c.request(`Patient/${t.patient.id}/Observation`), /403|404/);
    const all = await c.request('?_type=Patient,Observation&_count=100').catch((e) => ({ entry: [], refused: e.message }));
    assert.equal((all.entry ?? []).filter((e) => e.resource.resourceType === 'Observation').length, 0, 'all types');
    const o = await let_in('user/Observation.rs');
    const page = await o.request('Observation?code=8867-4&_include=*&_include:iterate=Patient:general-practitioner').catch(() => ({ entry: [] }));
    assert.equal((page.entry ?? []).filter((e) => !['Observation', 'OperationOutcome'].includes(e.resource.resourceType)).length, 0, 'includes');
    const both = await let_in('user/Patient.rs user/Observation.rs?category=laboratory');
    assert.equal(await total(both, 'Patient?_has:Observation:subject:code=8867-4'), 0);
    assert.equal(await total(both, 'Patient?_has:Observation:subject:code=718-7'), 1);
    assert.equal(await total(both, `Patient/${t.patient.id}/Observation`), 1);
    const types = await both.request('?_type=Patient,Observation&_count=100');
    const seen = types.entry.filter((e) => e.resource.resourceType === 'Observation').map((e) => e.resource.id);
    assert.deepEqual(seen, [t.observations[1]]);
  });
  await step('letters are held one by one', async () => {
    const reads = await let_in('user/Observation.r');
    await reads.request(`Observation/${t.observations[0]}`);
    await assert.rejects(reads.request('Observation'), /403/);
    const finds = await let_in('user/Observation.s');
    await finds.request('Observation');
    await assert.rejects(finds.request(`Observation/${t.observations[0]}`), /403/);
  });
  await step('a write must be within the scope before and after', async () => {
    const c = await let_in('user/Observation.cruds?category=vital-signs');
    const made = await c.create(observation(t.patient.id, 'vital-signs'));
    await assert.rejects(c.create(observation(t.patient.id, 'laboratory')), /403/);
    await assert.rejects(c.update({ ...made, category: observation('', 'laboratory').category }), /403/);
    const lab = await t.client.request(`Observation/${t.observations[1]}`);
    await assert.rejects(c.update({ ...lab, category: made.category }), /404/);
    await assert.rejects(c.request({ url: `Observation/${t.observations[1]}`, method: 'DELETE' }), /404/);
  });
  await step('patient/ is about the one patient in context', async () => {
    const c = await let_in('launch/patient patient/*.cruds', { patient: t.patient.id });
    assert.equal(c.patient.id, t.patient.id);
    assert.equal((await c.patient.read()).id, t.patient.id);
    await assert.rejects(c.request(`Patient/${t.other.id}`), /404/);
    assert.equal(await total(c, 'Patient'), 1);
    assert.equal(await total(c, `Observation?subject=Patient/${t.other.id}`), 0);
    assert.equal(await total(c, 'Observation?code=8867-4'), 2);
    await assert.rejects(c.request(`Observation/${t.observations[2]}`), /404/);
    await assert.rejects(c.create(observation(t.other.id, 'vital-signs')), /403/);
    await assert.rejects(c.create({ resourceType: 'Patient', name: [{ family: 'New' }] }), /403/);
    await c.request('Organization');
  });
  await step('an entry of a bundle needs its own scope', async () => {
    const c = await let_in('user/Observation.rs');
    const batch = {
      resourceType: 'Bundle', type: 'batch',
      entry: [{ request: { method: 'GET', url: `Observation/${t.observations[0]}` } }, { request: { method: 'GET', url: `Patient/${t.patient.id}` } },
        { request: { method: 'POST', url: 'Observation' }, resource: observation(t.patient.id, 'vital-signs') }],
    };
    const answer = await c.request({ url: '', method: 'POST', headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify(batch) });
    assert.deepEqual(answer.entry.map((e) => e.response.status.slice(0, 3)), ['200', '403', '403']);
  });
  await step('the words of version 1 mean what they meant', async () => {
    const c = await let_in('user/Observation.read user/Condition.*');
    await c.request('Observation');
    await c.request('Condition');
    await assert.rejects(c.create(observation(t.patient.id, 'vital-signs')), /403/);
  });
  await step('the visit that is going on is in the context when it is asked for', async () => {
    const visit = (status, date) => t.client.create({ resourceType: 'Encounter', status, class: { code: 'AMB' }, subject: { reference: `Patient/${t.patient.id}` }, period: { start: date } });
    await visit('finished', '2026-11-03');
    const now = await visit('in-progress', '2026-11-02');
    const c = await let_in('launch/encounter patient/*.rs', { patient: t.patient.id });
    assert.equal(c.state.tokenResponse.encounter, now.id);
    assert.equal((await c.encounter.read()).id, now.id);
    const none = await let_in('launch/encounter patient/*.rs', { patient: t.other.id });
    assert.equal(none.state.tokenResponse.encounter, undefined);
    const plain = await let_in('launch/patient patient/*.rs', { patient: t.patient.id });
    assert.equal(plain.state.tokenResponse.encounter, undefined);
  });
  await step('a page of ours opens an application about a patient', async () => {
    const reply = await doctor.post('/oauth/launch', { client_id: 'chart', patient: t.patient.id, intent: 'growth' });
    const { launch, iss } = JSON.parse(reply.body);
    const c = await let_in('launch patient/Observation.rs', {}, { launch, iss });
    assert.equal(c.patient.id, t.patient.id);
    assert.equal(c.state.tokenResponse.intent, 'growth');
    assert.equal((await doctor.post('/oauth/launch', { patient: t.patient.id, intent: 'No such <word>' })).status, 400);
    await assert.rejects(let_in('launch patient/Observation.rs', {}, { launch, iss }), /303/); // once
    const stranger = await t.outsider.post('/oauth/launch', { client_id: 'chart', patient: t.patient.id });
    assert.equal(stranger.status, 404);
  });
}
