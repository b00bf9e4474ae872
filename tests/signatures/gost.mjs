// Signatures by GOST R 34.10-2012, where Debian's engine for them is installed: taken, refused, read back and verified by the
// program's helper. What is said without the engine: src/codec/outside_test.c.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Program } from '../lib/program.mjs';
import { world } from '../lib/world.mjs';
import { Authority, hasGost } from './authority.mjs';
import { Place, fault } from './place.mjs';

const SNILS = '11223344595';

export async function gost(build, is) {
  if (!hasGost()) {
    console.log('left out: GOST, the package libengine-gost-openssl is not installed');
    return;
  }
  const ca = new Authority('Gost', { gost: true });
  const p = new Program({ build });
  const lists = ca.at('lists');
  fs.mkdirSync(lists);
  fs.writeFileSync(ca.at('roots.pem'), ca.certs);
  fs.writeFileSync(path.join(lists, 'root.crl'), ca.rootList());
  p.extra = [`--signature_roots=${ca.at('roots.pem')}`, `--signature_lists=${lists}`];
  const region = world(p);
  p.cli(['user', 'number', 'consultant', '--kind', 'snils', '--number', SNILS]);
  await p.start();
  const place = new Place(p, region);
  const paper = await place.preview(await place.accepted());
  const who = ca.issue(`/CN=Answerer Test/1.2.643.100.3=${SNILS}`);
  const gone = ca.issue(`/CN=Answerer Test/1.2.643.100.3=${SNILS}`);
  ca.revoke(gone);
  fs.writeFileSync(path.join(lists, 'ca.crl'), ca.list());
  const said = async (signature) => fault(await place.send('consultant', paper, signature));
  is('GOST: revoked', await said(ca.sign(paper.bytes, gone)), 'The certificate was revoked.');
  is('GOST: another document', await said(ca.sign(Buffer.from('{}'), who)), 'The signature is over another document, or the document or the signature was changed.');
  is('GOST: another person', await said(ca.sign(paper.bytes, ca.issue('/CN=Answerer Test/serialNumber=IIN900000000009'))), "The certificate is another person's: its number is not the one on record for you.");
  const signature = ca.sign(paper.bytes, who);
  const r = await place.send('consultant', paper, signature);
  is('GOST: taken', [r.status, r.headers.location], [303, `/cases/${paper.id}?done=signed`]);
  const page = (await (await place.as('doctor')).get(`/cases/${paper.id}`)).body;
  is('GOST: read back', /Signed, unchanged since/.test(page) && /issued by Gost issuing/.test(page), true);
  fs.writeFileSync(ca.at('c.json'), paper.bytes);
  fs.writeFileSync(ca.at('c.p7s'), signature);
  fs.writeFileSync(ca.at('other.json'), Buffer.from(paper.bytes.toString().replace('Transfer today', 'Transfer never')));
  const verify = (file) => {
    const v = spawnSync(p.exe, ['verify', ca.at(file), ca.at('c.p7s'), '--roots', ca.at('roots.pem'), '--crls', lists], { encoding: 'utf8' });
    return { code: v.status, out: v.stdout };
  };
  const held = verify('c.json');
  is('GOST: verified without a server', [held.code, /\nVALID\n$/.test(held.out)], [0, true]);
  is('GOST: a changed document', [verify('other.json')].map((v) => [v.code, v.out.includes('FAIL  the signature is over exactly these bytes')])[0], [1, true]);
  const question = path.join(ca.dir, 'none');
  fs.writeFileSync(question, 'nonsense');
  const helper = spawnSync(p.exe, ['check-gost'], { stdio: [fs.openSync(question, 'r'), 'pipe', 'pipe'] });
  is('GOST: the helper refuses nonsense', [helper.status !== 0, helper.stdout.length], [true, 0]);
  await p.stop();
  for (const x of [ca, p]) x.remove();
}
