// The opinion and the protocol of a consilium signed by one member with their own token, by the others with their passwords: who may not, what
// is refused, the public check, the paper, and the downloaded file held by `consilium verify`.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Consilium, PROTOCOL, aCase } from '../lib/consilium.mjs';
import { PASSWORD } from '../lib/world.mjs';
import { opinions } from './opinion.mjs';
import { fault } from './place.mjs';

const MEMBERS = [['consultant', 'Answerer Test'], ['second', 'Answerertoo'], ['outsider', 'Outsider'], ['leaver', 'Leaver']];

// place: a Place whose program trusts ca; person: a certificate of the consultant, another: of somebody else.
export async function protocols({ place, ca, roots, lists, is, person, another }) {
  const p = place.program;
  const c = new Consilium(p);
  p.cli(['user', 'add', 'stranger', '--family', 'Stranger', '--given', 'Test', '--org', place.region.other, '--role', 'doctor', '--password-stdin', 'true', '--must-change', 'false'], { input: `${PASSWORD}\n` });
  for (const [login] of [...MEMBERS, ['doctor']]) c.sessions.set(login, await place.as(login));
  await c.call('doctor', await aCase(await place.as('doctor'), place.region), MEMBERS.map(([, family]) => family));
  for (const [login] of MEMBERS) await c.part(login, 'accept');
  await c.part('doctor', 'convene');
  await c.part('consultant', 'begin');
  const token = (login) => p.cli(['token', 'new', login]).trim().split('\n')[0].split(/\s+/).pop();
  await opinions({ c, place, ca, roots, lists, is, person, another, token });
  for (const login of ['outsider', 'leaver']) await c.opinion(login, `The opinion of ${login}.`);
  await c.write('doctor', PROTOCOL);
  await c.move('consultant', 'draft');
  await c.present('consultant');

  const base = `/consilium/${c.item}/sign`;
  const page = (await c.page('consultant', '/sign')).body;
  const sha = /name="sha" value="([0-9a-f]{64})"/.exec(page)?.[1];
  const bytes = (await c.page('consultant', '/sign/preview.json')).bytes;
  const paper = { path: `${base}/token`, sha };
  is('protocol: the page offers it', page.includes(`href="${base}/preview.json"`) && page.includes(`action="${base}/token"`), true);
  is('protocol: to the secretary, who does not sign, it does not', (await c.page('doctor', '/sign')).body.includes('/sign/token'), false);

  // ---- who may not ----
  const good = ca.sign(bytes, person);
  is('protocol: nobody else takes the bytes', (await (await place.as('stranger')).get(`${base}/preview.json`)).status, 404);
  is('protocol: nor signs', (await place.send('stranger', paper, good)).status, 404);
  is('protocol: the secretary does not sign', (await place.send('doctor', paper, good)).status, 403);

  // ---- refused in words ----
  const refused = async (what, login, signature, wanted) => is(`protocol: ${what}`, fault(await place.send(login, paper, signature)), wanted);
  await refused('nothing was sent', 'consultant', '', 'Choose the file of the signature.');
  await refused('another document', 'consultant', ca.sign(Buffer.from('{}'), person), 'The signature is over another document, or the document or the signature was changed.');
  await refused('another person', 'consultant', ca.sign(bytes, another), "The certificate is another person's: its number is not the one on record for you.");
  await refused('a colleague with the certificate of the chair', 'second', good, 'Your personal number (SNILS, IIN or PINFL) is not on record: an administrator enters it on your page under “People and organisations”.');

  // ---- taken ----
  const software = (login, body) => p.request('POST', `/consilium/${c.item}/protocol.p7s`, { authorization: `Bearer ${token(login)}` }, body);
  is('protocol: software of who takes no part', (await software('stranger', good)).status, 404);
  is('protocol: software hears why not', [await software('consultant', ca.sign(Buffer.from('{}'), person))].map((r) => [r.status, r.body.includes('over another document')])[0], [400, true]);
  const signs = () => (p.cli(['audit', 'list']).match(/ sign \S+ OK consultant /g) ?? []).length;
  const before = signs();
  const taken = await place.send('consultant', paper, good);
  is('protocol: taken', [taken.status, taken.headers.location], [303, `/consilium/${c.item}?done=consilium-signed`]);
  is('protocol: on record', signs(), before + 1);
  is('protocol: twice is not', (await software('consultant', good)).status, 409);
  for (const login of ['second', 'outsider', 'leaver']) await c.sign(login);
  is('protocol: closed after the last', /Decided and signed/.test((await c.page('doctor')).body), true);

  // ---- read back ----
  const json = (await c.page('doctor', '/protocol.json')).bytes;
  const pdf = (await c.page('doctor', '/protocol.pdf')).bytes;
  const text = spawnSync('pdftotext', ['-layout', '-', '-'], { input: pdf, encoding: 'utf8' }).stdout;
  is('protocol: the paper names the authority', /issued by Test issuing/.test(text.replace(/\s+/g, ' ')), true);
  const code = /\/check\/([a-z2-7]{20})/.exec(text.replace(/\s+/g, ''))?.[1];
  const check = (await p.request('GET', `/check/${code}`)).body;
  is('protocol: the public check', /Valid: signed, unchanged, in force/.test(check) && /issued by Test issuing/.test(check), true);

  const file = path.join(ca.dir, 'protocol.json');
  const verify = (content, ...words) => {
    fs.writeFileSync(file, content);
    const r = spawnSync(p.exe, ['verify', file, ...words], { encoding: 'utf8' });
    return { code: r.status, out: r.stdout + r.stderr };
  };
  const held = verify(json, '--roots', roots, '--crls', lists);
  is('protocol: verify holds', [held.code, /\nVALID\n$/.test(held.out), /signatures {3}4 of 4, quorum/.test(held.out), /ok {4}Answerer[^\n]* of Name Of The Certificate, issued by Test issuing, root [0-9a-f]{64}\n/.test(held.out)], [0, true, true, true]);
  is('protocol: verify says when nobody asked about revocation', /was not looked at: give --crls/.test(verify(json, '--roots', roots).out), true);
  is('protocol: verify without roots', [verify(json)].map((v) => [v.code, /a certificate of another authority: give --roots FILE/.test(v.out)])[0], [1, true]);
  fs.cpSync(lists, path.join(ca.dir, 'later'), { recursive: true });
  ca.revoke(person, Date.now() + 6e4);
  fs.writeFileSync(path.join(ca.dir, 'later/test.crl'), ca.list());
  is('protocol: verify says that it was revoked since', [verify(json, '--roots', roots, '--crls', path.join(ca.dir, 'later'))].map((v) => [v.code, /ok {4}Answerer[^\n]*; the certificate was revoked after the signature was made\n/.test(v.out)])[0], [0, true]);
  const document = JSON.parse(json).entry[0].resource.data;
  const other = Buffer.from(document, 'base64').toString().replace('Operate within six hours', 'Operate within six weeks');
  is('protocol: verify finds a changed word', verify(Buffer.from(json.toString().replace(document, Buffer.from(other).toString('base64'))), '--roots', roots).code, 1);
}
