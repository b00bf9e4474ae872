// Random searches against the FHIRPath evaluator for some minutes: node tests/conformance/soak.mjs MINUTES [SEED]
// Ends with "N passed, N failed"; a failure names the question, and the seed that asks it again.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '../..');
const DATA = path.resolve(ROOT, process.env.CONFORMANCE_DATA || '../shared/conformance');
const [minutes = '10', seed = String(Date.now() % 1e9)] = process.argv.slice(2);
if (!fs.existsSync(DATA)) {
  console.log('no conformance data: set CONFORMANCE_DATA; nothing was run');
  process.exit(0);
}
console.log(`seed ${seed}, ${minutes} minutes`);
const child = spawn(path.join(ROOT, 'build/dev/tests/conformance/conformance_searches'), [DATA, String(Math.round(minutes * 60)), seed], { stdio: ['ignore', 'pipe', 'inherit'] });
let passed = 0;
let failed = 0;
readline.createInterface({ input: child.stdout }).on('line', (line) => {
  if (line.startsWith('ok ')) passed++;
  else if (line.startsWith('FAIL ')) {
    failed++;
    console.log(`  failed: ${line.slice(5)}`);
  }
});
child.on('close', (code) => {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = code === 0 && failed === 0 && passed > 0 ? 0 : 1;
});
