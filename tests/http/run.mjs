// Runs the golden HTTP files: node tests/http/run.mjs [--write] [--build PRESET] [NAME...]
// Makes a data folder, fills it by region.txt, starts the server on a free port and plays each NAME.http
// against it in turn, with --tls over HTTPS. --write replaces what files expect by what came. See tests/README.md for the form.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Authority } from '../lib/certificates.mjs';
import { option, Program, ROOT } from '../lib/program.mjs';
import { writeGolden } from './golden.mjs';
import { expectation } from './match.mjs';
import { goldenFiles, HERE, Player, readGolden } from './player.mjs';

const args = process.argv.slice(2);
const flag = (name) => args.includes(name) && !!args.splice(args.indexOf(name), 1);
const place = flag('--tls') ? fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-tls-')) : null;

function tls() {
  const authority = new Authority(place);
  return { ...authority.make('server'), ca: authority.pem };
}

const program = new Program({ build: option(args, '--build', 'dev'), tls: place ? tls() : undefined });
const write = flag('--write');
const player = new Player(program);

async function playFile(name) {
  const golden = readGolden(name, place !== null);
  let failed = 0;
  await player.serveWith(golden.serve);
  for (const step of golden.steps) {
    const { reply, faults } = await player.playStep(step).catch((e) => ({ faults: [e.message] }));
    if (write && reply && faults.length > 0) expectation(step, reply);
    else if (faults.length > 0) {
      failed++;
      console.log(`tests/http/${name}:${step.line}: ${step.as}: ${step.method} ${step.target}\n  ${faults.join('\n  ')}`);
    }
  }
  if (write) fs.writeFileSync(path.join(HERE, name), writeGolden(golden));
  return failed === 0;
}

// Every row of the route table has a step that is refused, or is on the list of addresses open to all; a row
// with rights, or with something of somebody in its path (OWN), one where a person who is signed in is refused;
// one that everybody may call but that opens something by its path, a step that is refused all the same.
const OWN = /:(case|draft|upload|file|id|visit|schedule|patient|tie|invite|room|guest|seat|consilium|item|task|post)\b/;
function routesWithout(files) {
  const rows = fs.readFileSync(path.join(ROOT, 'src/app/routes.c'), 'utf8')
    .matchAll(/^\s*\{(GET|POST|PUT|PATCH|DELETE),\s*"([^"]+)",\s*(WHO_\w+),\s*([^,]+),/gm);
  const refused = files.flatMap((f) => readGolden(f).steps)
    .filter((s) => [401, 403, 404, 303].includes(s.status));
  const missing = [];
  for (const [, method, pattern, who, may] of rows) {
    if (who === 'WHO_ANY' && !OWN.test(pattern) && !/:token\b/.test(pattern)) continue;
    const re = new RegExp(`^${pattern.replace(/[.$]/g, '\\$&').replace(/:\w+/g, '[^/]+').replace(/\*\w+/, '.*')}/?(\\?.*)?$`);
    const of = refused.filter((s) => s.method === method && re.test(s.target));
    const owned = may !== '0' || OWN.test(pattern);
    if (of.length === 0) missing.push(`${method} ${pattern}`);
    else if (owned && !of.some((s) => s.as !== 'nobody' && [403, 404].includes(s.status))) missing.push(`${method} ${pattern}, being signed in`);
  }
  return missing;
}

async function main() {
  const named = args.map((a) => path.basename(a, '.http'));
  const files = goldenFiles();
  const chosen = files.filter((f) => named.length === 0 || named.includes(path.basename(f, '.http')));
  let passed = 0;
  player.fillRegion();
  for (const f of chosen) passed += await playFile(f);
  const missing = named.length === 0 ? routesWithout(files) : [];
  for (const m of missing) console.log(`no golden step shows who may not: ${m}`);
  const ended = await program.stop().then(() => 0, (e) => { console.log(e.message); return 1; });
  const failed = chosen.length - passed + missing.length + ended;
  console.log(`${passed} passed, ${failed} failed`);
  if (place) fs.rmSync(place, { recursive: true });
  if (failed === 0) program.remove();
  process.exitCode = failed > 0 ? 1 : 0;
}

main().catch((e) => {
  console.error(e.message);
  process.exitCode = 1;
});
