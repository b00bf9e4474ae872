// What the tests of backups share: files of a folder by their hashes, and what a backup says of itself.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

// [name, SHA-256] of each file below dir.
export function tree(dir, rel = '') {
  return fs.readdirSync(path.join(dir, rel), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((e) => {
    const name = path.join(rel, e.name);
    if (e.isDirectory()) return tree(dir, name);
    return [[name, createHash('sha256').update(fs.readFileSync(path.join(dir, name))).digest('hex')]];
  });
}

// Bytes a backup holds, and how many of them were sent; null when it says neither.
export function newBytes(text) {
  const m = /backup [0-9a-f]+: (\d+) bytes, (\d+) of them new/.exec(text);
  return m && [Number(m[1]), Number(m[2])];
}
