// The opinion of a member of a consilium signed by their own token: who may not, what is refused, the file that is given out
// held by `consilium verify`.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { sent } from '../lib/consilium.mjs';
import { fault } from './place.mjs';

const TEXT = 'Operate within six hours, for "leucocytes" rise & pain <stays>.';

// c: a consilium whose opinions are given; the consultant, a member, has the certificate person; token(login): an access token.
export async function opinions({ c, place, ca, roots, lists, is, person, another, token }) {
  const p = place.program;
  const base = `/consilium/${c.item}/opinion`;
  const form = (await c.page('consultant', '/move/opinion')).body;
  is('opinion: the form offers it', /name="go" value="token"/.test(form), true);
  const show = async (text, login = 'consultant') => {
    const to = await sent(await place.as(login), `/consilium/${c.item}/move/opinion`, { text, go: 'token' });
    const page = await (await place.as(login)).get(base);
    return { to, page, path: `${base}/token`, sha: /name="sha" value="([0-9a-f]{64})"/.exec(page.body)?.[1], bytes: (await c.page(login, '/opinion/preview.json')).bytes };
  };
  is('opinion: nothing was written, nothing is shown', (await (await place.as('consultant')).get(base)).status, 303);
  is('opinion: no words, no document', /Write the text/.test((await p.request('POST', `/consilium/${c.item}/move/opinion`, { cookie: (await place.as('consultant')).cookie, 'content-type': 'application/x-www-form-urlencoded' },
    new URLSearchParams({ csrf: (await place.as('consultant')).csrf, once: 'no-words', text: ' ', go: 'token' }).toString())).body), true);
  const first = await show('The first thought.');
  is('opinion: it is shown', [first.to, first.page.status, first.page.body.includes('The first thought.'), first.page.body.includes(`href="${base}/preview.json"`)], [base, 200, true, true]);
  is('opinion: it is gone on with', (await c.page('consultant', '/move/opinion')).body.includes('The first thought.'), true);
  const paper = await show(TEXT);
  const doc = JSON.parse(paper.bytes);
  is('opinion: the bytes', [doc.resourceType, doc.summary], ['ClinicalImpression', TEXT]);

  // ---- who may not ----
  const good = ca.sign(paper.bytes, person);
  is('opinion: nobody else takes the bytes', (await (await place.as('stranger')).get(`${base}/preview.json`)).status, 404);
  is('opinion: another member has none', (await (await place.as('second')).get(`${base}/preview.json`)).status, 404);
  is('opinion: nor signs', [(await place.send('stranger', paper, good)).status, (await place.send('second', paper, good)).headers.location], [404, `/consilium/${c.item}?done=consilium-late`]);
  is('opinion: the secretary has no voice', (await (await place.as('doctor')).get(base)).status, 303);

  // ---- refused in words ----
  const refused = async (what, login, signature, wanted, of = paper) => {
    const r = await place.send(login, of, signature);
    is(`opinion: ${what}`, [fault(r), login !== 'consultant' || r.body.includes('six hours')], [wanted, true]);
  };
  await refused('nothing was sent', 'consultant', '', 'Choose the file of the signature.');
  await refused('no signature', 'consultant', 'hello', 'This file is not a signature (CMS, RFC 5652).');
  await refused('the text before', 'consultant', ca.sign(first.bytes, person), 'The signature is over another document, or the document or the signature was changed.');
  await refused('another person', 'consultant', ca.sign(paper.bytes, another), "The certificate is another person's: its number is not the one on record for you.");
  await refused('the text was changed meanwhile', 'consultant', good, 'The text was changed since you looked: read it once more, then sign.', { ...paper, sha: first.sha });
  const nameless = await show('Without a number on record.', 'second');
  is('opinion: without a number on record', fault(await place.send('second', nameless, ca.sign(nameless.bytes, person))), 'Your personal number (SNILS, IIN or PINFL) is not on record: an administrator enters it on your page under “People and organisations”.');

  // ---- taken ----
  const software = (login, body) => p.request('POST', `/consilium/${c.item}/opinion.p7s`, { authorization: `Bearer ${token(login)}` }, body);
  is('opinion: software of who takes no part', (await software('stranger', good)).status, 404);
  is('opinion: software hears why not', [await software('consultant', ca.sign(first.bytes, person))].map((r) => [r.status, r.body.includes('over another document')])[0], [400, true]);
  const record = () => (p.cli(['audit', 'list']).match(/ sign \S+ OK consultant /g) ?? []).length;
  const before = record();
  const taken = await place.send('consultant', paper, good);
  is('opinion: taken', [taken.status, taken.headers.location], [303, `/consilium/${c.item}?done=consilium-moved`]);
  is('opinion: on record', record(), before + 1);
  is('opinion: twice is not', [(await software('consultant', good)).status, (await (await place.as('consultant')).get(base)).status], [404, 303]);

  // ---- taken away, verified ----
  const me = c.people[0].id;
  const link = `/consilium/${c.item}/opinions/${me}`;
  is('opinion: its file is offered', (await c.page('second')).body.includes(`href="${link}"`), true);
  is('opinion: not to others', (await (await place.as('stranger')).get(link)).status, 404);
  is('opinion: of who gave none there is none', (await (await place.as('second')).get(`/consilium/${c.item}/opinions/${c.people[1].id}`)).status, 404);
  const json = (await (await place.as('second')).get(link)).bytes;
  const verify = (content, ...words) => {
    const files = [content].flat().map((bytes, i) => {
      const at = path.join(ca.dir, `opinion-${i}`);
      fs.writeFileSync(at, bytes);
      return at;
    });
    const r = spawnSync(p.exe, ['verify', ...files, ...words], { encoding: 'utf8' });
    return { code: r.status, out: r.stdout + r.stderr };
  };
  const held = verify(json, '--roots', roots, '--crls', lists);
  is('opinion: verify holds', [held.code, /ok {4}it is the opinion of a member of a consilium\n/.test(held.out), /ok {4}the author is the person of the certificate\n/.test(held.out), /\nVALID\n$/.test(held.out)], [0, true, true, true]);
  is('opinion: verify of the two files', verify([paper.bytes, good], '--roots', roots, '--crls', lists).code, 0);
  is('opinion: verify without roots', verify(json).code, 1);
  const inside = JSON.parse(json).entry[0].resource.data;
  const other = Buffer.from(Buffer.from(inside, 'base64').toString().replace('six hours', 'six weeks')).toString('base64');
  is('opinion: verify finds a changed word', verify(json.toString().replace(inside, other), '--roots', roots).code, 1);
  is('opinion: verify finds a changed blank', [verify(json.toString().replace('{"resourceType"', '{ "resourceType"'), '--roots', roots)].map((v) => [v.code, /FAIL {2}the file is exactly as it was given out/.test(v.out)])[0], [1, true]);
  const shown = `/consilium/${c.item}/opinions/${c.people[1].id}`;
  await c.opinion('second', 'The opinion of second.');
  const own = (await (await place.as('consultant')).get(shown)).bytes;
  const authority = path.join(p.dir, 'ca/ca.pem');
  is('opinion: one by password holds as well', [verify(own, '--ca', authority)].map((v) => [v.code, v.out.includes('VALID') && !v.out.includes('FAIL')])[0], [0, true]);
}
