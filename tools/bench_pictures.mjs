// The first picture of a CT series of 300 slices on a weak line (2 Mbit/s, 150 ms; Chromium's own shaping), written to
// doc/BENCHMARKS.md between two marks: node tools/bench_pictures.mjs [--build release] [--runs 3]
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { launch } from '../tests/pages/browser.mjs';
import { GL, firstPicture, prepare } from '../tests/pages/pictures.mjs';
import { DEMO_PASSWORD } from '../tests/lib/demo.mjs';
import { ANY_RATE, option, Program, ROOT } from '../tests/lib/program.mjs';

const MARKS = ['<!-- first picture: begin -->', '<!-- first picture: end -->'];
const args = process.argv.slice(2);
const build = option(args, '--build', 'release');
const runs = Number(option(args, '--runs', 3));
const out = path.join(ROOT, 'doc/BENCHMARKS.md');

const program = new Program({ build, env: ANY_RATE, extra: ['--lang', 'ru'] });
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-pictures-'));
const browser = await launch(GL);
try {
  await program.fill();
  await program.start({ words: ['demo', '--demo-live=false'] });
  const who = ['cardiologist1', DEMO_PASSWORD];
  const made = await prepare(program, ...who, dir);
  const all = [];
  for (let i = 0; i < runs; i++) all.push(await firstPicture(browser, program, who, made, { send: i === 0 }));
  const of = (key) => { const s = all.map((r) => r[key]).sort((a, b) => a - b); return `${s[s.length >> 1]} (${s[0]}..${s[s.length - 1]}, ${runs} runs)`; };
  const text = `${MARKS[0]}
## The first picture of a CT series

A series of 300 slices of 512 x 512, 16 bits (150 MB), opened in Chromium with an empty cache on 2 Mbit/s and 150 ms; ${build} build, the browser on the same cores.

| | |
|---|---|
| from the click to the middle slice on the screen, ms | ${of('ms')} |
| the picture, KB | ${of('kb')} |
| all before it on the wire (page, style, script, picture), KB | ${of('all')} |
| to reach | 3000 ms |
${MARKS[1]}`;
  const old = fs.readFileSync(out, 'utf8');
  const [from, to] = MARKS.map((m) => old.indexOf(m));
  fs.writeFileSync(out, from < 0 ? `${old.trimEnd()}\n\n${text}\n` : old.slice(0, from) + text + old.slice(to + MARKS[1].length));
  console.log(text);
  await program.stop();
  program.remove();
} finally {
  await browser.close();
  fs.rmSync(dir, { recursive: true, force: true });
}
