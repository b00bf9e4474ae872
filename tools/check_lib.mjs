// What the checkers share: the list of files, reading C without comments and strings, reporting.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(path.dirname(new URL(import.meta.url).pathname), '..');
process.chdir(ROOT);

// Files of the work tree that git tracks or would track, sorted.
export function files(pattern = /./) {
  const out = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return [...new Set(out.split('\n'))].filter((f) => f && pattern.test(f) && fs.existsSync(f)).sort();
}

export const read = (f) => fs.readFileSync(f, 'utf8');
export const lineOf = (text, at) => text.slice(0, at).split('\n').length;

const blankOut = (m) => m.replace(/[^\n]/g, ' ');

// C with comments (and, unless kept, the insides of strings) replaced by blanks; lines stay.
export function code(text, keepStrings = false) {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'|\/\*[^]*?\*\//g, (m) => {
    if (m.startsWith('/*')) return blankOut(m);
    return keepStrings ? m : m[0] + blankOut(m.slice(1, -1)) + m[0];
  });
}

export function rooms() {
  const out = new Map();
  for (const line of read('LAYERS').split('\n')) {
    const m = /^([a-z]+):(.*)$/.exec(line);
    if (m) out.set(m[1], m[2].trim().split(/\s+/).filter(Boolean));
  }
  return out;
}

// Runs one checker: check(report) calls report(file, line, what) for each fault.
export function main(check) {
  let n = 0;
  check((file, line, what) => {
    n++;
    console.log(`${file}:${line}: ${what}`);
  });
  process.exitCode = n ? 1 : 0;
}
