// What a real client does: discovery, a code with PKCE, search, create, transaction, a new token.
import assert from 'node:assert/strict';
import { createPublicKey, createVerify } from 'node:crypto';

const part = (jwt, i) => JSON.parse(Buffer.from(jwt.split('.')[i], 'base64url'));

export async function clientSteps(t) {
  const { program, app, doctor, step } = t;
  await step('the discovery document names every address', async () => {
    const reply = await program.request('GET', '/fhir/.well-known/smart-configuration', { accept: 'text/html' });
    const doc = JSON.parse(reply.body);
    assert.equal(reply.headers['content-type'].split(';')[0], 'application/json');
    for (const key of ['issuer', 'jwks_uri', 'authorization_endpoint', 'token_endpoint', 'introspection_endpoint', 'revocation_endpoint']) {
      assert.ok(doc[key].startsWith(program.base), key);
    }
    assert.deepEqual(doc.code_challenge_methods_supported, ['S256']);
    const metadata = JSON.parse((await program.request('GET', '/fhir/metadata')).body);
    const uris = metadata.rest[0].security.extension[0].extension;
    assert.equal(uris.find((e) => e.url === 'token').valueUri, doc.token_endpoint);
  });
  await step('fhirclient is let in', async () => {
    t.client = await t.openApp(program, doctor, app);
    assert.equal(t.client.state.tokenResponse.token_type, 'Bearer');
    assert.match(t.client.getFhirUser(), /Practitioner\/.+/);
  });
  await step('the identity is signed by a published key', async () => {
    const jwt = t.client.state.tokenResponse.id_token;
    const { keys } = JSON.parse((await program.request('GET', '/oauth/jwks')).body);
    const key = keys.find((k) => k.kid === part(jwt, 0).kid);
    const [head, body, sig] = jwt.split('.');
    const ok = createVerify('RSA-SHA256').update(`${head}.${body}`).verify(createPublicKey({ key, format: 'jwk' }), sig, 'base64url');
    assert.ok(ok);
    assert.equal(part(jwt, 1).aud, 'chart');
    assert.equal(part(jwt, 1).iss, `${program.base}/fhir`);
  });
  await step('it reads who it acts as', async () => {
    const me = await t.client.request(t.client.getFhirUser());
    assert.equal(me.resourceType, 'Practitioner');
  });
  await step('it creates nothing the person may not create', async () => {
    await assert.rejects(t.client.create({ resourceType: 'Organization', name: 'Not mine' }), /403/);
  });
  await step('it creates a patient and finds it', async () => {
    t.patient = await t.client.create({
      resourceType: 'Patient', name: [{ family: 'Made', given: ['Up'] }], identifier: [{ system: 'urn:made-up', value: 'smart-1' }],
    });
    t.other = await t.client.create({ resourceType: 'Patient', name: [{ family: 'Other' }], identifier: [{ system: 'urn:made-up', value: 'smart-2' }] });
    const found = await t.client.request('Patient?identifier=urn:made-up|smart-1');
    assert.equal(found.entry.length, 1);
    assert.equal(found.entry[0].resource.id, t.patient.id);
  });
  await step('it sends a transaction', async () => {
    const observation = (patient, code, category) => ({
      request: { method: 'POST', url: 'Observation' },
      resource: {
        resourceType: 'Observation', status: 'final', subject: { reference: `Patient/${patient}` },
        category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: category }] }],
        code: { coding: [{ system: 'http://loinc.org', code }] }, effectiveDateTime: '2026-11-01', valueString: 'made up',
      },
    });
    const answer = await t.client.request({
      url: '', method: 'POST', headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({
        resourceType: 'Bundle', type: 'transaction',
        entry: [
          observation(t.patient.id, '8867-4', 'vital-signs'), observation(t.patient.id, '718-7', 'laboratory'),
          observation(t.other.id, '8867-4', 'vital-signs'),
        ],
      }),
    });
    assert.deepEqual(answer.entry.map((e) => e.response.status.slice(0, 3)), ['201', '201', '201']);
    t.observations = answer.entry.map((e) => /Observation\/([^/]+)/.exec(e.response.location)[1]);
  });
  await step('it gets a new token with its refresh token', async () => {
    const before = t.client.state.tokenResponse.access_token;
    t.oldRefresh = t.client.state.tokenResponse.refresh_token;
    await t.client.refresh();
    assert.notEqual(t.client.state.tokenResponse.access_token, before);
    assert.notEqual(t.client.state.tokenResponse.refresh_token, t.oldRefresh);
    await t.client.request('Patient?identifier=urn:made-up|smart-1');
  });
}
