// E-mail over TLS against mail servers of our own: STARTTLS and TLS from the first byte, a name and a password, and what is
// never said in clear: without TLS, by a certificate of nobody known, nothing leaves.
import { MailServer, certificate, wordsOf } from '../lib/gateway.mjs';
import { Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { until } from '../lib/until.mjs';
import { PASSWORD, world } from '../lib/world.mjs';

const ADDRESS = 'sealed@mail.test';

// t: {build, dir, file(name, text), is}
export async function sealed(t) {
  const own = certificate(t.dir, 'own');
  const other = certificate(t.dir, 'other');
  const servers = {
    starttls: new MailServer({ secure: own, sign: 'post secret&sauce' }),
    smtps: new MailServer({ secure: own, begins: true }),
    bare: new MailServer(),
    stranger: new MailServer({ secure: other }),
    unknown: new MailServer({ secure: other, begins: true }),
  };
  for (const s of Object.values(servers)) await s.listen();
  const program = new Program({ build: t.build });
  world(program);
  const at = (name, scheme = 'smtp') => ['--base-url', 'https://localhost', '--smtp-url', `${scheme}://localhost:${servers[name].port}`, '--mail-from', 'notices@mail.test', '--notify-ca', own.file];
  const signs = ['--smtp-user', 'post', '--smtp-password-file', t.file('smtp', 'secret&sauce')];
  let me;
  const serve = async (words) => {
    if (program.child) await program.stop();
    program.extra = words;
    await program.start();
    me = await signIn(program, 'doctor', PASSWORD);
  };
  const ids = async (what) => [...(await me.get('/account/notices')).body.matchAll(new RegExp(`/account/notices/(\\d+)/${what}`, 'g'))].map((m) => m[1]);
  const came = (name, n) => until(`mail ${n} at ${name}`, () => servers[name].came.length >= n).then(() => true, () => false);

  await serve([...at('starttls'), ...signs]);
  await me.post('/account/notices/add', { channel: 'mail', address: ADDRESS });
  t.is('STARTTLS: the code comes', await came('starttls', 1), servers.starttls.said);
  const code = /\b(\d{6})\b/.exec(wordsOf(servers.starttls.came[0] ?? { text: '' }))?.[1];
  await me.post(`/account/notices/${(await ids('confirm'))[0]}/confirm`, { code });
  const [id] = await ids('test');
  t.is('sealed, signed in', servers.starttls.came[0]?.sealed && servers.starttls.came[0]?.signed === 'post secret&sauce', servers.starttls.came[0]);
  t.is('in clear nothing but the wish for TLS', servers.starttls.said[0]?.startsWith('EHLO') && servers.starttls.said[1] === 'STARTTLS', servers.starttls.said.slice(0, 3));

  await serve(at('smtps', 'smtps'));
  await me.post(`/account/notices/${id}/test`, {});
  t.is('TLS from the first byte', await came('smtps', 1) && servers.smtps.came[0].sealed);
  servers.smtps.mode = 'stuck';
  await me.post(`/account/notices/${id}/test`, {});
  t.is('a server that takes a text and never says so', await came('smtps', 2));
  servers.smtps.mode = 'take';
  t.is('is asked again: twice rather than never', await until('again', () => servers.smtps.came.length >= 3, { within: 120 }).then(() => true, () => false));

  for (const [name, scheme, why] of [['bare', 'smtp', 'no TLS offered'], ['stranger', 'smtp', 'STARTTLS of nobody known'], ['unknown', 'smtps', 'TLS of nobody known']]) {
    await serve([...at(name, scheme), ...signs]);
    await me.post(`/account/notices/${id}/test`, {});
    t.is(`${why}: asked, and left`, await until('left', () => servers[name].ended >= 1).then(() => true, () => false));
    t.is(`${why}: no sender, no address, no password, no text`, servers[name].came.length === 0
      && !servers[name].said.some((l) => /MAIL|RCPT|AUTH|DATA|sealed@|secret/i.test(l)), servers[name].said);
  }
  t.is('no secret and no address in the log', !/secret&sauce|sealed@mail/.test(program.log), program.log.slice(-800));
  await program.stop();
  program.remove();
  for (const s of Object.values(servers)) s.server.close();
}
