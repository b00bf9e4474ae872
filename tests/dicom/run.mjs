// Images with real peers: node tests/dicom/run.mjs [--build release] [peers|web|files|uploads|clean|bad|lines|lossless...]
// dcmtk's echoscu and storescu, the JavaScript client dicomweb-client, the public DICOM files in and out by each
// way, without identity, and bad input. What is not installed or not there is left out with a line that says so.
import { spawnSync } from 'node:child_process';
import { option, ROOT } from '../lib/program.mjs';
import { bad } from './bad.mjs';
import { clean } from './clean.mjs';
import { files } from './files.mjs';
import { lines } from './lines.mjs';
import { lossless } from './lossless.mjs';
import { peers } from './peers.mjs';
import { uploads } from './uploads.mjs';
import { web } from './web.mjs';

const PARTS = { peers, web, files, uploads, clean, bad, lines, lossless };
const args = process.argv.slice(2);
const t = {
  build: option(args, '--build', 'release'),
  root: ROOT,
  dcmtk: spawnSync('storescu', ['--version']).status === 0,
  passed: 0,
  failed: 0,
  check(name, fine, why) {
    this[fine ? 'passed' : 'failed'] += 1;
    console.log(fine ? `ok ${name}` : `FAIL ${name}: ${why}`);
  },
  left(name, why) {
    console.log(`left ${name}: ${why}`);
  },
};
for (const [name, part] of Object.entries(PARTS)) {
  if (args.length === 0 || args.includes(name)) await part(t).catch((e) => t.check(name, false, e.stack));
}
console.log(`${t.passed} passed, ${t.failed} failed`);
process.exit(t.failed ? 1 : 0);
