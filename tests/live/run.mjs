// Live media with real servers and browsers: node tests/live/run.mjs [--build release] [bridge|rooms|record]
// Runs itself again in a network of its own; where that may not be made, or Janus or coturn is not installed, it says so and
// leaves the tests out.
import path from 'node:path';
import { option, ROOT } from '../lib/program.mjs';
import { bridge } from './bridge.mjs';
import { missing, within } from './net.mjs';
import { record } from './record.mjs';
import { rooms } from './rooms.mjs';

const PARTS = { bridge, rooms, record };
const args = process.argv.slice(2);
if (!process.env.LIVE_NET) {
  const why = missing();
  if (why) {
    console.log(`left live media: ${why}\n0 passed, 0 failed`);
    process.exit(0);
  }
  within(process.argv[1], args);
}
const t = {
  build: option(args, '--build', 'release'),
  root: ROOT,
  passed: 0,
  failed: 0,
  async prove(name, fn) {
    const t0 = performance.now();
    const time = () => `${((performance.now() - t0) / 1000).toFixed(1)} s`;
    try {
      await fn();
      this.passed += 1;
      console.log(`ok ${name} ${time()}`);
    } catch (e) {
      this.failed += 1;
      console.log(`FAIL ${name} ${time()}: ${e.message}`);
    }
  },
};
t.exe = path.join(ROOT, 'build', t.build, 'src/app/consilium');
for (const [name, part] of Object.entries(PARTS)) {
  if (args.length === 0 || args.includes(name)) {
    await part(t).catch((e) => { t.failed += 1; console.log(`FAIL ${name}: ${e.stack}`); });
  }
}
console.log(`${t.passed} passed, ${t.failed} failed`);
process.exit(t.failed ? 1 : 0);
