// Translations. Texts are written in English in templates/*.html ({% t %}, {% n %}, t"...") and in C
// (T("..."), TN("...", "..."), and the last
// column of a .def table whose heading says "text shown to people"); po/LANG.po has the other languages.
//   node tools/po.mjs check         every text translated, nothing fuzzy, unused or wrong: else 1
//   node tools/po.mjs sync          adds missing texts to po/*.po with an empty msgstr, drops unused ones,
//                                   in the order of the files they come from; ends conflicts of a merge
//   node tools/po.mjs list LANG     texts without translation
//   node tools/po.mjs fill LANG F   takes translations from F, a JSON object {msgid: text or [forms]}
//   node tools/po.mjs compile FILE  the C tables that src/base/text.c includes
import fs from 'node:fs';
import path from 'node:path';
import { parseTemplate, templateFiles, walk } from './tpl_parse.mjs';
import { cString } from './templates.mjs';

const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '..');
const LANGS = { ru: 3, kk: 1, uz: 1 }; // plural forms, as src/base/text.c counts them
const PLURALS = {
  ru: 'nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);',
  kk: 'nplurals=1; plural=0;',
  uz: 'nplurals=1; plural=0;',
};

function cUnescape(s) {
  const simple = { n: '\n', t: '\t', r: '\r' };
  return s.replace(/\\(?:u([0-9A-Fa-f]{4})|(.))/g, (_, u, c) => (u ? String.fromCodePoint(parseInt(u, 16)) : simple[c] ?? c));
}

// "a" "b" as one text.
const literal = (s) => [...s.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => cUnescape(m[1])).join('');

function fromC(file, add) {
  // Comments go, strings stay, lines keep their numbers.
  const source = fs.readFileSync(file, 'utf8').replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'|\/\*[^]*?\*\//g,
    (m) => (m.startsWith('/*') ? m.replace(/[^\n]/g, ' ') : m));
  const line = (at) => source.slice(0, at).split('\n').length;
  const STR = '((?:"(?:[^"\\\\]|\\\\.)*"\\s*)+)';
  const re = new RegExp(`\\bTN\\(\\s*${STR},\\s*${STR}\\)|\\bT\\(\\s*${STR}\\)`, 'g');
  for (const m of source.matchAll(re)) {
    if (m[3] !== undefined) add(literal(m[3]), null, line(m.index));
    else add(literal(m[1]), literal(m[2]), line(m.index));
  }
  if (file.endsWith('.def') && fs.readFileSync(file, 'utf8').includes('text shown to people')) {
    for (const m of source.matchAll(/^(?:X|TEXT|SECRET|NUM|FLAG)\(.*("(?:[^"\\]|\\.)*")\)\s*$/gm)) add(literal(m[1]), null, line(m.index));
  }
}

function fromTemplate(file, add) {
  const value = (x, line) => {
    if (x.kind === 'text') add(x.value, null, line);
    if (x.kind === 'format') value(x.arg, line);
  };
  const test = (x, line) => {
    if (x.of) (x.kind === 'not' ? test : value)(x.of, line);
    if (x.left) (x.kind === 'compare' ? value : test)(x.left, line);
    if (x.right) (x.kind === 'compare' ? value : test)(x.right, line);
  };
  walk(parseTemplate(file).nodes, (node) => {
    if (node.kind === 't') add(node.msgid, null, node.line);
    if (node.kind === 'n') add(node.one, node.other, node.line);
    for (const a of node.args || []) value(a.value, node.line);
    if (node.kind === 'put') value(node.value, node.line);
    if (node.kind === 'for') value(node.list, node.line);
    if (node.kind === 'test') test(node.test, node.line);
  });
}

function sourceFiles(dir, out = []) {
  for (const e of fs.readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const p = path.join(dir, e.name);
    if (e.isDirectory()) sourceFiles(p, out);
    else if (/\.(c|h|def)$/.test(e.name) && !/_(test|fuzz)\.c$/.test(e.name)) out.push(p);
  }
  return out;
}

// msgid -> {one, other or null, file, line}, in file order.
export function extract() {
  const found = new Map();
  const errors = [];
  const adder = (file) => (one, other, line) => {
    if (!one) return;
    const had = found.get(one);
    if (had && had.other !== other && had.other !== null && other !== null) {
      errors.push(`${file}:${line}: "${one}" has another plural in ${had.file}`);
    }
    if (!had) found.set(one, { one, other, file, line });
    else if (other !== null) had.other = other;
  };
  const rel = (f) => path.relative(ROOT, f);
  for (const f of sourceFiles(path.join(ROOT, 'src'))) fromC(f, adder(rel(f)));
  for (const f of templateFiles(path.join(ROOT, 'templates'))) fromTemplate(f, adder(rel(f)));
  return { found, errors };
}

function poText(s) {
  return `"${s.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}

// {header, entries: [{msgid, plural, str: [], fuzzy, line}]}. Of a file with conflict marks both sides
// are read, so "sync" ends a conflict: a translation wins over none, ours over theirs.
export function readPo(lang) {
  const file = `po/${lang}.po`;
  const full = path.join(ROOT, file);
  if (!fs.existsSync(full)) return { header: '', entries: [] };
  const text = fs.readFileSync(full, 'utf8');
  if (!/^<{7} /m.test(text)) return parsePo(file, text);
  const conflict = /^<{7} .*\n([^]*?)(?:^\|{7}[^]*?)?^={7}\n([^]*?)^>{7} .*\n/gm;
  const [ours, theirs] = ['$1', '$2'].map((side) => parsePo(file, text.replace(conflict, side)));
  const done = new Map(theirs.entries.filter((e) => e.str.every(Boolean)).map((e) => [e.msgid, e]));
  const kept = ours.entries.map((e) => (e.str.every(Boolean) ? e : done.get(e.msgid) ?? e));
  const known = new Set(kept.map((e) => e.msgid));
  return { header: ours.header, entries: [...kept, ...theirs.entries.filter((e) => !known.has(e.msgid))] };
}

function parsePo(file, source) {
  const entries = [];
  let e = null;
  let target = null;
  let fuzzy = false;
  source.split('\n').forEach((text, i) => {
    const fail = (what) => { throw new Error(`${file}:${i + 1}: ${what}`); };
    const line = text.trim();
    if (line.startsWith('#,') && line.includes('fuzzy')) fuzzy = true;
    if (line === '' || line.startsWith('#')) return;
    const m = /^(msgid_plural|msgid|msgstr(?:\[(\d)\])?)?\s*("(?:[^"\\]|\\.)*")$/.exec(line);
    if (!m) fail('cannot be read');
    if (m[1] === 'msgid') {
      e = { msgid: '', plural: null, str: [], fuzzy, line: i + 1 };
      entries.push(e);
      fuzzy = false;
      target = 'msgid';
    } else if (m[1] === 'msgid_plural') {
      e.plural = '';
      target = 'plural';
    } else if (m[1]) {
      target = Number(m[2] || 0);
      e.str[target] = '';
    } else if (!e) fail('text before any msgid');
    const value = cUnescape(m[3].slice(1, -1));
    if (typeof target === 'number') e.str[target] += value;
    else e[target] += value;
  });
  const header = entries.length && entries[0].msgid === '' ? entries.shift().str[0] : '';
  return { header, entries };
}

function writePo(lang, found, entries) {
  const known = new Map(entries.map((e) => [e.msgid, e]));
  let out = `# Consilium, ${lang}. Kept in order by "node tools/po.mjs sync".\nmsgid ""\nmsgstr ""\n"Language: ${lang}\\n"\n` +
    `"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: ${PLURALS[lang]}\\n"\n`;
  for (const f of found.values()) {
    const had = known.get(f.one);
    const n = f.other === null ? 1 : LANGS[lang];
    out += `\n#: ${f.file}\nmsgid ${poText(f.one)}\n`;
    if (f.other !== null) out += `msgid_plural ${poText(f.other)}\n`;
    for (let i = 0; i < n; i++) {
      out += `msgstr${f.other === null ? '' : `[${i}]`} ${poText(had?.str[i] ?? '')}\n`;
    }
  }
  fs.writeFileSync(path.join(ROOT, `po/${lang}.po`), out);
}

const names = (s) => [...new Set([...s.matchAll(/\{([a-z0-9_]+)\}/g)].map((m) => m[1]))].sort().join(' ');

export function check() {
  const { found, errors } = extract();
  for (const lang of Object.keys(LANGS)) {
    const { header, entries } = readPo(lang);
    const at = (e) => `po/${lang}.po:${e.line}`;
    if (!header.includes(`Plural-Forms: ${PLURALS[lang]}`)) errors.push(`po/${lang}.po: the header must say Plural-Forms: ${PLURALS[lang]}`);
    const seen = new Set();
    for (const e of entries) {
      if (seen.has(e.msgid)) errors.push(`${at(e)}: twice: "${e.msgid}"`);
      seen.add(e.msgid);
      const f = found.get(e.msgid);
      if (!f) errors.push(`${at(e)}: not used: "${e.msgid}"`);
      if (e.fuzzy) errors.push(`${at(e)}: fuzzy: "${e.msgid}"`);
      if (!f) continue;
      if (e.plural !== f.other) errors.push(`${at(e)}: msgid_plural differs from the source: "${e.msgid}"`);
      const want = f.other === null ? 1 : LANGS[lang];
      if (e.str.length !== want) errors.push(`${at(e)}: has ${e.str.length} forms, needs ${want}: "${e.msgid}"`);
      for (const s of e.str) {
        if (!s) errors.push(`${at(e)}: not translated (${f.file}): "${e.msgid}"`);
        else if (names(s) !== names(f.other ?? f.one)) errors.push(`${at(e)}: placeholders differ: "${e.msgid}" and "${s}"`);
        else if (/^\s/.test(s) !== /^\s/.test(e.msgid) || /\s$/.test(s) !== /\s$/.test(e.msgid)) errors.push(`${at(e)}: blanks at an end differ: "${e.msgid}"`);
      }
    }
    for (const f of found.values()) if (!seen.has(f.one)) errors.push(`po/${lang}.po: missing (${f.file}:${f.line}): "${f.one}"`);
  }
  return errors;
}

function fnv(s) {
  let h = 2166136261;
  for (const b of Buffer.from(s)) h = Math.imul(h ^ b, 16777619) >>> 0;
  return h;
}

function compile(file) {
  const rows = new Map();
  const langs = ['en', ...Object.keys(LANGS)];
  langs.slice(1).forEach((lang, i) => {
    for (const e of readPo(lang).entries) {
      if (e.fuzzy || !e.str.some((s) => s)) continue;
      if (!rows.has(e.msgid)) rows.set(e.msgid, langs.map(() => ['', '', '']));
      e.str.forEach((s, k) => { rows.get(e.msgid)[i + 1][k] = s; });
    }
  });
  let size = 1;
  const pieces = ['"\\000"'];
  const place = (s) => {
    if (!s) return 0;
    const at = size;
    size += Buffer.byteLength(s) + 1;
    pieces.push(`${cString(s)} "\\000"`);
    return at;
  };
  const list = [...rows].map(([msgid, forms]) => `{${place(msgid)}, {${forms.map((f) => `{${f.map(place).join(', ')}}`).join(', ')}}}`);
  let n = 16;
  while (n < rows.size * 2) n *= 2;
  const slots = new Array(n).fill(0);
  [...rows.keys()].forEach((msgid, i) => {
    let at = fnv(msgid) & (n - 1);
    while (slots[at]) at = (at + 1) & (n - 1);
    slots[at] = i + 1;
  });
  if (!list.length) list.push('{0}');
  const text = `/* Written by tools/po.mjs from po/. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
static const char text_bytes[] =
    ${pieces.join('\n    ')};
#pragma GCC diagnostic pop
static const struct text_row text_rows[] = {
    ${list.join(',\n    ')},
};
static const uint16_t text_slots[] = {
    ${slots.join(', ')},
};
`;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

function fill(lang, file) {
  const { found } = extract();
  const given = JSON.parse(fs.readFileSync(file, 'utf8'));
  const { entries } = readPo(lang);
  const rest = entries.filter((e) => !(e.msgid in given));
  for (const [msgid, t] of Object.entries(given)) {
    if (!found.has(msgid)) console.error(`not a text of the program: "${msgid}"`);
    rest.push({ msgid, str: [].concat(t) });
  }
  writePo(lang, found, rest);
}

if (process.argv[1] && path.basename(process.argv[1]) === 'po.mjs') {
  const [command, a, b] = process.argv.slice(2);
  if (command === 'check') {
    const errors = check();
    for (const e of errors) console.error(e);
    if (!errors.length) console.log(`po: ${extract().found.size} texts in ${Object.keys(LANGS).length + 1} languages`);
    process.exitCode = errors.length ? 1 : 0;
  } else if (command === 'sync') {
    const { found } = extract();
    for (const lang of Object.keys(LANGS)) writePo(lang, found, readPo(lang).entries);
  } else if (command === 'list') {
    const have = new Map(readPo(a).entries.map((e) => [e.msgid, e]));
    for (const f of extract().found.values()) {
      const e = have.get(f.one);
      if (!e || e.str.some((s) => !s)) console.log(JSON.stringify(f.other === null ? f.one : [f.one, f.other]));
    }
  } else if (command === 'fill') fill(a, b);
  else if (command === 'compile') compile(a);
  else {
    console.error('po.mjs check | sync | list LANG | fill LANG FILE | compile FILE');
    process.exitCode = 2;
  }
}
