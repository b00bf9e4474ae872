// What becomes of each attribute of a DICOM file that is de-identified, as a C table:
// node tools/dicom_deidentify.mjs OUT_DIR writes OUT_DIR/codec/dicom_deidentify_table.c from
// content/dicom/deidentify.json (PS3.15 Table E.1-1). Each name is held to the dictionary of PS3.6.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { load, rows } from './dicom_dict.mjs';

const FILE = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'content', 'dicom', 'deidentify.json');

// Of actions that depend on the type of the attribute, the one that is right for every type.
export function resolve(action) {
  const all = action.split('/');
  for (const a of ['D', 'U*', 'Z', 'U', 'X']) {
    if (all.includes(a)) return a[0];
  }
  throw new Error(`action ${action}`);
}

export function table(doc, dictionary) {
  const names = new Map(dictionary.map((r) => [r.tag, r.name]));
  const found = new Map();
  for (const [hex, name, action] of [...doc.own, ...doc.rows]) {
    const tag = parseInt(hex, 16);
    if (!/^[0-9A-F]{8}$/.test(hex) || names.get(tag) !== name) throw new Error(`${hex} is not ${name}`);
    if (found.has(tag)) throw new Error(`${hex} ${name} stands twice`);
    found.set(tag, resolve(action));
  }
  return [...found].sort((a, b) => a[0] - b[0]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const out = process.argv[2];
  if (!out) {
    console.error('usage: node tools/dicom_deidentify.mjs OUT_DIR');
    process.exit(2);
  }
  try {
    const all = table(JSON.parse(fs.readFileSync(FILE, 'utf8')), rows(load()));
    const lines = all.map(([tag, action]) => `    {0x${tag.toString(16).padStart(8, '0')}, '${action}'},`);
    fs.mkdirSync(path.join(out, 'codec'), { recursive: true });
    fs.writeFileSync(path.join(out, 'codec/dicom_deidentify_table.c'), `/* Written by tools/dicom_deidentify.mjs. */
#include "codec/dicom_int.h"

const struct dicom_action dicom_actions[] = {
${lines.join('\n')}
};
const size_t dicom_actions_count = LEN(dicom_actions);
`);
  } catch (e) {
    console.error(`tools/dicom_deidentify.mjs: ${e.message}`);
    process.exit(1);
  }
}
