// Plays golden files: a data folder filled by region.txt, the people in it, requests and what they must be answered.
import fs from 'node:fs';
import path from 'node:path';
import { dicomFile } from '../lib/dicom.mjs';
import { signIn } from '../lib/session.mjs';
import { parseGolden } from './golden.mjs';
import { checkReply, fill, take } from './match.mjs';

export const HERE = path.dirname(new URL(import.meta.url).pathname);
const PASSWORD = 'made-up-password';
const FORM_TYPE = 'application/x-www-form-urlencoded';

export const goldenFiles = () => fs.readdirSync(HERE).filter((f) => f.endsWith('.http')).sort();
// sealed: the server is reached by https, and its addresses and cookies say so.
const addressed = (text) => text.replace(/http(?=:\/\/127\.0\.0\.1|%(25)?3A%(25)?2F%(25)?2F127\.0\.0\.1|:\.\.\[)/g, 'https')
  .replace(/^Cookie: .*$/gm, (line) => line.replace(/(?<=[ ;])(\w+)=/g, '__Host-$1='));
export const readGolden = (name, sealed = false) => {
  const text = fs.readFileSync(path.join(HERE, name), 'utf8');
  return parseGolden(sealed ? addressed(text) : text);
};

// What files may name before any answer was taken.
function firstVars() {
  const vars = new Map([['password', PASSWORD]]);
  const day = new Date(Date.now() + 5 * 3600e3).toISOString(); // the server's own time zone
  for (const [i, name] of ['year', 'month', 'day'].entries()) vars.set(`today_${name}`, day.slice(0, 10).split('-')[i]);
  const eve = new Date(Date.parse(day) + 864e5); // who is born on that day 18 years ago is 17, and 18 tomorrow
  for (const [name, value] of [['year', eve.getUTCFullYear() - 18], ['month', eve.getUTCMonth() + 1], ['day', eve.getUTCDate()]]) vars.set(`eve18_${name}`, value);
  for (const [name, minutes] of [['now', 0], ['soon', 20], ['soon_end', 40]]) vars.set(name, new Date(Date.now() + minutes * 60e3).toISOString());
  vars.set('tenmegabytes', 'a'.repeat(10 << 20));
  // Images whose bytes are text, without line ends: no pixels, no value of 10 bytes.
  for (const [name, about] of Object.entries({ image: {}, imagechanged: { more: [[8, 0x1030, 'LO', 'other bytes.']] },
    imageofcase: { uid: '1.2.3999998', id: '', name: '', birth: '19720504', more: [[0x28, 0x30, 'DS', '0.5\\0.5']] },
    imageshared: { uid: '1.2.3999997', id: '', name: '', birth: '', more: [[8, 0x1030, 'LO', 'Golden study..']] } })) {
    vars.set(name, dicomFile({ uid: '1.2.3999999', ...about, pixels: null }).toString('latin1'));
  }
  vars.set('manybasics', Array(501).fill(JSON.stringify({ // more than one conditional delete may delete
    resource: { resourceType: 'Basic', code: { text: 'many' }, identifier: [{ system: 'urn:many', value: 'all' }] },
    request: { method: 'POST', url: 'Basic' },
  })).join());
  return vars;
}

// MiB: more than the disk has free now, and reading still goes on.
function aboveFree(dir) {
  const disk = fs.statfsSync(dir);
  return String(Math.floor((disk.bavail * disk.bsize * 1.4) / (1 << 20)));
}

export class Player {
  constructor(program) {
    this.program = program;
    this.vars = firstVars();
    this.jars = new Map(); // login -> {login, password, session} or {token}
    this.lastAudit = 0;
  }

  // "let NAME = words": the last word printed; "words": run; "person LOGIN FAMILY ORG ROLE ...": somebody with the
  // password {password}, {id_LOGIN} is their Practitioner; "password LOGIN PASSWORD [NAME]", "token LOGIN {NAME}": who signs in how.
  fillRegion() {
    const { program, vars, jars } = this;
    for (const line of fs.readFileSync(path.join(HERE, 'region.txt'), 'utf8').split('\n')) {
      if (!line.trim() || line.startsWith('#')) continue;
      const words = (fill(line, vars).match(/"[^"]*"|\S+/g) ?? []).map((w) => w.replace(/^"|"$/g, ''));
      if (words[0] === 'person') {
        const [, login, family, org, role, ...more] = words;
        const said = program.cli(['user', 'add', login, '--family', family, '--given', 'Test', '--org', org, '--role', role,
          '--password-stdin', 'true', '--must-change', 'false', ...more], { input: `${PASSWORD}\n` });
        vars.set(`id_${login.replace(/\W/g, '_')}`, /^person (\S+)$/m.exec(said)[1]);
        jars.set(login, { login, password: PASSWORD });
      } else if (words[0] === 'password') jars.set(words[3] ?? words[1], { login: words[1], password: words[2] });
      else if (words[0] === 'token' && words[1] !== 'new') jars.set(`token ${words[1]}`, { token: words[2] });
      else if (words[0] === 'let') vars.set(words[1], program.cli(words.slice(3)).trim().split(/\s+/).pop());
      else program.cli(words);
    }
  }

  // Headers of the person who asks; {csrf} in the request is the form token of their session.
  async actAs(who) {
    if (who === 'nobody') return { headers: {}, csrf: '' };
    const jar = this.jars.get(who);
    if (!jar) throw new Error(`nobody is called "${who}": see region.txt`);
    if (jar.token) return { headers: { authorization: `Bearer ${jar.token}` }, csrf: '' };
    jar.session ??= await signIn(this.program, jar.login, jar.password);
    return { headers: { cookie: jar.session.cookie }, csrf: jar.session.csrf };
  }

  auditRows() {
    const rows = this.program.cli(['audit', 'list', '--after', String(this.lastAudit)]).split('\n').filter(Boolean)
      .map((line) => { const [seq, ...rest] = line.split(' '); return { seq: Number(seq), text: rest.join(' ') }; });
    if (rows.length > 0) this.lastAudit = rows[rows.length - 1].seq;
    return rows.map((r) => r.text);
  }

  // What one person sends of a step: a function that sends it.
  async requestOf(step, as = step.as) {
    const who = await this.actAs(as);
    const local = new Map([...this.vars, ['csrf', who.csrf]]);
    const headers = { ...who.headers };
    for (const [k, v] of step.headers) headers[k.toLowerCase()] = fill(v, local);
    let body = fill(step.body, local);
    if (body && !headers['content-type']) headers['content-type'] = body.startsWith('{') ? 'application/fhir+json' : FORM_TYPE;
    if (headers['content-type']?.startsWith('multipart/')) body = `${body.replace(/\r?\n/g, '\r\n')}\r\n`;
    if (headers['content-type'] === FORM_TYPE) body = body.replace(/\n/g, '');
    if (body || !['GET', 'HEAD'].includes(step.method)) headers['content-length'] ??= Buffer.byteLength(body);
    return () => this.program.request(step.method, fill(step.target, local), headers, body);
  }

  // Several people at once: one answer of each status that is expected; the last one's is looked at.
  async race(step, people) {
    const sends = [];
    for (const as of people) sends.push(await this.requestOf(step, as));
    const replies = await Promise.all(sends.map((send) => send()));
    const order = (list) => list.map(Number).sort().join('+');
    const came = order(replies.map((r) => r.status));
    const wanted = order(String(step.race).split('+'));
    const reply = replies.find((r) => r.status === step.status) ?? replies[0];
    return { reply, faults: came === wanted ? [] : [`at once came ${came}, expected ${wanted}`] };
  }

  // What is wrong with the answer to a step; what the step takes from it is kept.
  look(step, reply) {
    for (const [name, rule] of step.lets) this.vars.set(name, rule.startsWith('{code') ? fill(rule, this.vars) : take(reply, rule));
    return checkReply(step, reply, this.vars);
  }

  // What is missing in the record since the step began (auditRows() was asked then).
  lookAudit(step) {
    if (step.audit.length === 0) return [];
    const rows = this.auditRows();
    return step.audit.map((want) => [want.startsWith('!'), fill(want.replace(/^!/, ''), this.vars).split(/\s+/)])
      .filter(([none, words]) => none === rows.some((r) => words.every((w) => ` ${r} `.includes(` ${w} `))))
      .map(([none, words]) => `${none ? 'an' : 'no'} audit record "${words.join(' ')}" among:\n    ${rows.join('\n    ')}`);
  }

  async playStep(step) {
    const people = step.as.split(' and ');
    if (step.audit.length > 0) this.auditRows(); // forget what was before
    const { reply, faults } = people.length > 1 ? await this.race(step, people) : { reply: await (await this.requestOf(step))(), faults: [] };
    return { reply, faults: [...faults, ...this.look(step, reply), ...this.lookAudit(step)] };
  }

  // "# serve WORDS" in a file's head: for this file the server runs with these settings.
  async serveWith(extra) {
    this.vars.set('abovefree', aboveFree(this.program.dir));
    extra = extra.map((word) => fill(word, this.vars));
    if (this.program.child && this.program.extra.join() === extra.join()) return;
    if (this.program.child) await this.program.stop();
    this.program.extra = extra;
    await this.program.start();
    this.vars.set('port', String(this.program.port));
  }
}
