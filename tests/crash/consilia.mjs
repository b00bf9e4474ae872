// Consilia under kill -9, from the call to the signed protocol: after each start every acknowledged step is there, at most
// the one that was on its way beside them, and a closed one has its protocol with all signatures.
import { Consilium, PROTOCOL, aCase } from '../lib/consilium.mjs';

const FAMILIES = ['Answerer', 'Answerertoo', 'Outsider'];
const LOGINS = ['consultant', 'second', 'outsider'];
const ORDER = ['quorum-forming', 'convened', 'deliberating', 'decision-drafted', 'signing', 'closed'];
// Each step, and the state it leads to at the earliest and at the latest.
const STEPS = [
  ...LOGINS.map((l) => [(c) => c.part(l, 'accept'), 'quorum-forming']),
  [(c) => c.part('doctor', 'convene'), 'convened'],
  [(c) => c.part('consultant', 'begin'), 'deliberating'],
  ...LOGINS.map((l) => [(c) => c.opinion(l, `The opinion of ${l}.`), 'deliberating']),
  [(c) => c.write('doctor', PROTOCOL), 'deliberating'],
  [(c) => c.move('consultant', 'draft'), 'decision-drafted'],
  [(c) => c.present('consultant'), 'signing'],
  ...LOGINS.map((l, i) => [(c) => c.sign(l), i < LOGINS.length - 1 ? 'signing' : 'closed']),
];
const after = (n) => ORDER.indexOf(n === 0 ? ORDER[0] : STEPS[n - 1][1]);

export class Consilia {
  constructor(place, fault) {
    Object.assign(this, { p: place, fault, people: new Consilium(place.program), open: null, closed: 0, steps: 0 });
  }

  async begin() { this.open = await this.call(); }

  async call() {
    const c = new Consilium(this.p.program);
    c.sessions = this.people.sessions;
    await c.call('doctor', await aCase(await c.as('doctor'), this.p.region), FAMILIES);
    return { c, acked: 0, unsure: false };
  }

  async player() {
    for (;;) {
      this.open ??= await this.call();
      const o = this.open;
      while (o.acked < STEPS.length) {
        await this.step(o);
        o.acked += 1;
        this.steps += 1;
      }
      this.closed += 1;
      await this.checkOne(o);
      this.open = null;
    }
  }

  // A step that was on its way when the server died may have been made: then it is refused now.
  async step(o) {
    try {
      await STEPS[o.acked][0](o.c);
      o.unsure = false;
    } catch (e) {
      const refused = /: \d{3} |present|no preview/.test(e.message);
      if (!refused) o.unsure = true;
      if (!refused || !o.unsure) throw e;
      o.unsure = false;
    }
  }

  async check() { if (this.open) await this.checkOne(this.open); }

  async checkOne(o) {
    const task = await this.p.fhir(`Task/${o.c.item}`);
    const now = ORDER.indexOf(task.businessStatus?.coding[0].code);
    if (now < after(o.acked) || now > after(Math.min(o.acked + 1, STEPS.length))) {
      this.fault(`consilium ${o.c.item}: ${task.businessStatus?.coding[0].code} after ${o.acked} steps`);
    }
    const page = (await o.c.page('consultant')).body;
    const given = LOGINS.filter((l) => page.includes(`The opinion of ${l}.`)).length;
    const wanted = Math.max(0, Math.min(o.acked - (LOGINS.length + 2), LOGINS.length));
    if (given < wanted) this.fault(`consilium ${o.c.item}: ${given} opinions of ${wanted}`);
    if (ORDER[now] === 'closed') {
      const file = await o.c.page('doctor', '/protocol.json');
      if (file.status !== 200) this.fault(`consilium ${o.c.item}: closed, its protocol is ${file.status}`);
    }
  }
}
