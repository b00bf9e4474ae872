// doc/FHIR.md, the route rows and /fhir/metadata say the same: node tests/capability.mjs [--write] [--build PRESET]
// --write makes doc/FHIR.md new; the diff is the review.
import fs from 'node:fs';
import path from 'node:path';
import { option, Program, ROOT } from './lib/program.mjs';

const args = process.argv.slice(2);
const write = args.includes('--write');
const DOC = path.join(ROOT, 'doc/FHIR.md');
const EVERY = ['_id', '_lastUpdated', '_tag', '_profile', '_security', '_source', '_text', '_content', '_filter', '_has', '_list'];
const SYSTEM = ['transaction', 'batch', 'search-system', 'history-system'];
const PLAIN = ['read', 'vread', 'update', 'patch', 'delete', 'history-instance', 'history-type', 'create', 'search-type'];
let failed = 0;
let passed = 0;

function same(what, a, b) {
  const [x, y] = [[...new Set(a)].sort().join(' '), [...new Set(b)].sort().join(' ')];
  if (x === y) passed++;
  else {
    failed++;
    console.log(`${what}:\n  doc       ${x.slice(0, 500)}\n  statement ${y.slice(0, 500)}`);
  }
}

// The rows of the table below a heading.
function rows(doc, heading) {
  const from = doc.indexOf(`## ${heading}`);
  return doc.slice(from).split('\n\n')[1].split('\n').slice(2).filter((l) => l !== '').map((l) => l.split('|').slice(1, -1).map((c) => c.trim()));
}

const program = new Program({ build: option(args, '--build', 'release') });
program.cli(['init']);
const doc = program.cli(['fhir', 'doc']);
if (write) fs.writeFileSync(DOC, doc);
same('doc/FHIR.md is not what the program prints: make fhir-doc', [fs.readFileSync(DOC, 'utf8')], [doc]);

await program.start();
const statement = await (await fetch(`http://127.0.0.1:${program.port}/fhir/metadata`)).json();
await program.stop();
const rest = statement.rest[0];
const codes = rows(doc, 'Interactions').map((r) => r[0]);
const operations = rows(doc, 'Operations').map(([name, request]) => ({ name: name.slice(1), on: /\/fhir\/([A-Za-z:$]*)/.exec(request)[1] }));
const types = rows(doc, 'Types');

same('system interactions', codes.filter((c) => SYSTEM.includes(c)), rest.interaction.map((i) => i.code));
same('system operations', operations.filter((o) => o.on.startsWith('$') || o.on === 'ViewDefinition').map((o) => o.name), (rest.operation ?? []).map((o) => o.name));
same('types', types.map((t) => t[0]), rest.resource.map((r) => r.type));
for (const r of rest.resource) {
  const params = types.find((t) => t[0] === r.type)?.[1] ?? '';
  const own = params.split(', ').filter((p) => p !== '').map((p) => p.replace(' ', ':'));
  const told = r.searchParam.filter((p) => !EVERY.includes(p.name)).map((p) => `${p.name}:${p.type}`);
  same(`search parameters of ${r.type}`, own, told);
  if (r.type === 'AuditEvent') continue; // read only, made from the record
  same(`interactions of ${r.type}`, codes.filter((c) => PLAIN.includes(c)), r.interaction.map((i) => i.code));
  same(`conditional changes of ${r.type}`,
    [codes.includes('conditional update'), codes.includes('conditional delete')].map((v, i) => `${i}${v}`),
    [r.conditionalUpdate, r.conditionalDelete !== 'not-supported'].map((v, i) => `${i}${v}`));
  same(`operations of ${r.type}`, operations.filter((o) => o.on === ':type' || o.on === r.type).map((o) => o.name), r.operation.map((o) => o.name));
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
