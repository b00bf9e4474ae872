// Torture: every step of the golden files while a call of the program fails, by a build with -DFAULTS=ON.
//   node tests/torture/run.mjs [--build asan] [--places DEPTH | --tries N] [--seed N] [--thin N] [NAME...]
// First all is played with nothing failing, which counts the calls of each step by kind. Then again, each step under
// faults first: N calls of each kind chosen from the seed (0: each call), once that call alone, once all after it too.
// With --places each place of the program where a call is made, so many functions deep (torture/fault.c), in the first
// step that comes by it and in which it can be tried: played again as long as that finds places not tried yet.
// What comes then is the golden answer, or an error that can be read, or the connection ends; never anything else.
// After the fault the step is asked again and its golden answer comes. In the end the program stops in order, and
// the doctor and the record find nothing. An error after the change was made is allowed: then the change is there once.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ANY_RATE, option, Program } from '../lib/program.mjs';
import { goldenFiles, Player, readGolden } from '../http/player.mjs';
import { choose, Control, KINDS } from './control.mjs';

const args = process.argv.slice(2);
const tells = args.includes('--tell') && !!args.splice(args.indexOf('--tell'), 1);
const build = option(args, '--build', 'asan');
const depth = Number(option(args, '--places', 0));
const tries = Number(option(args, '--tries', 1));
const seed = option(args, '--seed', 'golden');
const thin = Number(option(args, '--thin', 1));
const counts = new Map(); // "file:line" -> {memory: n ..., places: [...]}
const owed = new Set(); // what was not tried of each place: its name, and its name with "+" for all after it too
const tally = { steps: 0, faults: 0, errors: 0, cut: 0, benign: 0, after: 0 };
const failures = [];

// What is spent by being shown, also when it is refused: asked again, the answer is another one.
const SPENT = /^\/(account\/)?sign-in\/(passkey|passkeys)\/confirm$/;

// A file that came by half is removed again, which takes a disk that works again: there one call fails.
const mayStay = (step) => !step.headers.some(([, v]) => v.startsWith('multipart/form-data'));

function* plans(key, step) {
  for (const { name, kind, at } of counts.get(key)?.places ?? []) {
    if (owed.has(name)) yield { kind, at, forever: false, owed: name };
    if (mayStay(step) && owed.has(`${name}+`)) yield { kind, at, forever: true, owed: `${name}+` };
  }
  for (const kind of depth > 0 ? [] : KINDS) {
    const n = counts.get(key)?.[kind] ?? 0;
    const calls = tries === 0 ? Array.from({ length: n }, (_, i) => i + 1) : [...new Set(Array.from({ length: Math.min(tries, n) }, (_, i) => choose(seed, n, key, kind, i)))];
    for (const at of calls) {
      if (choose(seed, thin, key, kind, at, 'thin') !== 1) continue;
      if (tries === 0 || !mayStay(step) || choose(seed, 2, key, kind, at) === 1) yield { kind, at, forever: false };
      if (mayStay(step) && (tries === 0 || choose(seed, 2, key, kind, at) === 2)) yield { kind, at, forever: true };
    }
  }
}

function brokenJson(text) {
  try {
    JSON.parse(text);
    return '';
  } catch (e) {
    return `${e.message}: ${text.slice(0, 300)}`;
  }
}


function isError(reply) {
  const type = String(reply.headers['content-type'] ?? '').split(';')[0];
  if (reply.status < 400) return `${reply.status} is no error: ${reply.headers.location ?? reply.body.slice(0, 300)}`;
  if (type === 'text/html' && reply.method !== 'HEAD' && !/<\/html>\s*$/.test(reply.body)) return 'half a page';
  const silent = reply.method === 'HEAD' || /\/events(\?|$)/.test(reply.target); // a stream of events has no words for errors
  if (reply.body.length === 0) return silent ? '' : 'an error without words';
  return /json$/.test(type) ? brokenJson(reply.body) : '';
}

// How far versions and the record of what was done (no looks, no refusals) are: what an error must not have moved.
function changes(program) {
  const r = spawnSync('sqlite3', [path.join(program.dir, 'consilium.db'), 'SELECT max(seq) FROM tx WHERE n > 0; SELECT max(seq) FROM audit WHERE outcome = "" AND action NOT IN (0, 1, 2, 8, 11)'], { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`sqlite3: ${r.stderr}`);
  return r.stdout;
}

class Pass {
  constructor(faulty) {
    this.faulty = faulty;
    this.program = new Program({ build, env: ANY_RATE });
    this.control = new Control(path.join(this.program.dir, '..', `${path.basename(this.program.dir)}.faults`));
    this.player = new Player(this.program);
  }

  fault(key, step, plan, what) {
    failures.push(key);
    console.log(`tests/http/${key}: ${step.as}: ${step.method} ${step.target}\n  ${plan ? `${plan.kind} ${plan.at}${plan.forever ? ' and all after' : ''}: ` : ''}${what}`);
  }

  // One step with one call failing: "golden" when its answer came all the same, else "error" or "cut".
  async under(key, step, plan) {
    const send = await this.player.requestOf(step);
    this.control.arm(plan.kind, plan.at, plan.forever);
    const reply = await send().catch((e) => e);
    const { failed } = this.control.disarm();
    tally.faults += Math.min(failed, 1);
    if (failed > 0) owed.delete(plan.owed);
    if (reply instanceof Error) {
      if (this.program.child.exitCode !== null || this.program.child.signalCode !== null) throw new Error(`${key} ${JSON.stringify(plan)}: the program ended:\n${this.program.log.slice(-6000)}`);
      tally.cut++;
      return 'cut';
    }
    // in a bundle's answer the golden file finds each line in any place: one entry's failure is looked for
    const inside = failed > 0 && /"(batch|transaction)-response"/.test(reply.body) && /"status":"(413|5\d\d)/.test(reply.body);
    if (inside) {
      tally.errors++;
      return 'error';
    }
    const kept = new Map(this.player.vars);
    let faults;
    try {
      faults = this.player.look(step, reply);
    } catch (e) {
      faults = [e.message];
    }
    if (faults.length > 0) this.player.vars = kept; // what another answer holds is not what is looked for
    if (faults.length === 0) {
      if (tells && failed > 0) console.log(`golden all the same: ${key} ${step.method} ${step.target} ${JSON.stringify(plan)} ${reply.status} ${reply.headers.location ?? ''}`);
      tally.benign++;
      return 'golden';
    }
    const bad = isError({ ...reply, method: step.method, target: step.target });
    if (bad) this.fault(key, step, plan, `${bad}\n  ${faults.join('\n  ')}`);
    tally.errors++;
    return 'error';
  }

  // False when an error came although the change was made: what follows in this file has no sense.
  async step(key, step) {
    if (step.audit.length > 0) this.player.auditRows();
    if (!this.faulty) this.control.count(depth);
    let came = 'error';
    let before = '';
    if (this.faulty && !step.as.includes(' and ')) {
      before = changes(this.program);
      for (const plan of plans(key, step)) {
        came = await this.under(key, step, plan);
        const reads = ['GET', 'HEAD'].includes(step.method);
        if (came === 'golden' && !reads) break; // it is done
        if (came !== 'golden' && !reads && changes(this.program) !== before) {
          return this.broken(key, step, plan, 'an error came after the change was made');
        }
      }
    }
    tally.steps++;
    if (came === 'golden' || (this.faulty && SPENT.test(step.target))) return true;
    const { reply, faults } = await this.player.playStep({ ...step, audit: [] }).catch((e) => this.limited(e));
    if (this.faulty && reply.status === 429 && step.status !== 429) return this.broken(key, step, null, 'asked too often by now');
    if (!this.faulty) this.counted(key);
    // refusals alike are counted, not written again and again (care/refusal.h): here they are many
    faults.push(...this.player.lookAudit({ ...step, audit: step.audit.filter((l) => !this.faulty || !/\bdeny\b|\bE_/.test(l)) }));
    if (faults.length > 0) this.fault(key, step, null, `${this.faulty ? 'after the fault was over: ' : ''}${faults.join('\n  ')}`);
    return true;
  }

  counted(key) {
    const places = depth > 0 ? this.control.places() : [];
    for (const { name } of places) owed.add(name).add(`${name}+`);
    counts.set(key, { ...this.control.disarm(), places });
  }

  broken(key, step, plan, why) {
    tally.after++;
    console.log(`${key}: ${step.method} ${step.target} ${JSON.stringify(plan)}: ${why}; what follows in this file is not looked at`);
    return false;
  }

  // What was asked again and again under faults counts against its limit.
  limited(e) {
    if (!this.faulty || !/\(429\)/.test(e.message)) throw e;
    return { reply: { status: 429 }, faults: [] };
  }

  // Does it name nothing that a file which broke off would have made?
  knows(step) {
    const names = JSON.stringify([step.target, step.headers, step.body]).match(/\{[a-z]\w*\}/g) ?? [];
    return names.every((n) => n === '{csrf}' || this.player.vars.has(n.slice(1, -1)));
  }

  // A person whose account another file would have made, had it not broken off, is nobody.
  unknown(name, e) {
    if (!e.signIn || tally.after === 0) throw e;
    console.log(`${name}: ${e.message}: not made, as said above; what follows in this file is not looked at`);
    return false;
  }

  async play(files) {
    this.player.fillRegion();
    Object.assign(this.program.env, this.control.env);
    for (const name of files) {
      const golden = readGolden(name);
      await this.player.serveWith(golden.serve);
      let whole = true;
      for (const step of golden.steps) {
        if (tally.after > 0 && !this.knows(step)) whole = false;
        if (!whole) await this.player.playStep({ ...step, audit: [] }).catch(() => {}); // other files name what it makes
        else whole = await this.step(`${name}:${step.line}`, step).catch((e) => this.unknown(name, e));
      }
    }
  }

  async end() {
    await this.program.stop().catch((e) => failures.push('end') && console.log(e.message));
    this.program.env = {};
    for (const words of [['doctor', '--index'], ['audit', 'verify']]) {
      try {
        this.program.cli(words);
      } catch (e) {
        failures.push(words[0]);
        console.log(e.message);
      }
    }
    this.control.remove();
    if (failures.length > 0) console.log(`the data folder is kept: ${this.program.dir}`);
    else this.program.remove();
  }
}

async function main() {
  const files = goldenFiles().filter((f) => args.length === 0 || args.includes(path.basename(f, '.http')));
  const play = async (faulty) => {
    const pass = new Pass(faulty);
    await pass.play(files).catch((e) => { failures.push('run'); console.log(e.stack); });
    await pass.end();
    return owed.size;
  };
  const all = await play(false);
  for (let before = all, left = await play(true); left > 0 && left < before; left = await play(true)) {
    console.log(`${all - left} of ${all} places, once and for good, are tried`);
    before = left;
  }
  const calls = Object.fromEntries(KINDS.map((k) => [k, [...counts.values()].reduce((n, c) => n + c[k], 0)]));
  console.log(JSON.stringify({ ...tally, calls, ...(depth > 0 ? { places: all, left: owed.size } : {}), seed }));
  console.log(`${tally.steps} passed, ${failures.length} failed`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

main();
