// Compiles templates/*.html into C: node tools/templates.mjs OUT_DIR [TEMPLATES_DIR [NAME]]
// Writes OUT_DIR/web/NAME.h and OUT_DIR/web/NAME.c (tpl unless given): one function tpl_NAME() a template. The language is
// described in templates/README.md. A wrong template stops the build with file:line.
import fs from 'node:fs';
import path from 'node:path';
import { parseTemplate, templateFiles, TemplateError } from './tpl_parse.mjs';
import { START, context, describe, follow, same, settle, squeeze } from './tpl_html.mjs';

const FORMAT_NAMES = { asset: 'view_asset' };
const RESERVED = /^(loop|and|or|not|in)$/;

export function cString(s) {
  let out = '';
  for (const byte of Buffer.from(s)) {
    const c = String.fromCharCode(byte);
    if (c === '\n') out += '\\n';
    else if (c === '"' || c === '\\') out += `\\${c}`;
    else if (byte < 32 || byte > 126 || c === '?') out += `\\${byte.toString(8).padStart(3, '0')}`;
    else out += c;
  }
  return `"${out}"`;
}

const str = (s) => `S(${cString(s)})`;

class Compiler {
  constructor(template, names) {
    this.t = template;
    this.names = names;
    this.lines = [];
    this.depth = 1;
    this.n = 0;
    this.blank = true;
    this.uses = new Set();
  }
  fail(node, what) {
    throw new TemplateError(this.t.name, node.line, what);
  }
  emit(line) {
    this.lines.push('    '.repeat(this.depth) + line);
  }
  literal(text) {
    for (let at = 0; at < text.length; at += 1000) this.emit(`buf_str(v->out, ${str(text.slice(at, at + 1000))});`);
  }
  value(x) {
    switch (x.kind) {
      case 'string': return `val_of_str(${str(x.value)})`;
      case 'text': return `val_of_str(tr(v->lang, ${cString(x.value)}))`;
      case 'number': return `val_of_i64(${x.value})`;
      case 'path': return `view_get(v, ${str(x.value)})`;
      case 'format':
        if (FORMAT_NAMES[x.name]) return `${FORMAT_NAMES[x.name]}(v, ${this.value(x.arg)})`;
        return `view_format(v, FORMAT_${x.name.toUpperCase()}, ${this.value(x.arg)})`;
    }
    throw new Error(x.kind);
  }
  test(x) {
    switch (x.kind) {
      case 'is': return `val_is(${this.value(x.of)})`;
      case 'not': return `!(${this.test(x.of)})`;
      case 'and': return `(${this.test(x.left)} && ${this.test(x.right)})`;
      case 'or': return `(${this.test(x.left)} || ${this.test(x.right)})`;
      case 'compare': {
        const pair = `${this.value(x.left)}, ${this.value(x.right)}`;
        if (x.op === '==') return `val_eq(${pair})`;
        if (x.op === '!=') return `!val_eq(${pair})`;
        return `val_cmp(${pair}) ${x.op} 0`;
      }
    }
    throw new Error(x.kind);
  }
  // { {name, value}... } for a text's placeholders, checked against them.
  textArgs(node, texts, extra) {
    const wanted = new Set(texts.flatMap((t) => [...t.matchAll(/\{([a-z0-9_]+)\}/g)].map((m) => m[1])));
    const given = new Set([...extra, ...node.args.map((a) => a.name)]);
    for (const w of wanted) if (!given.has(w)) this.fail(node, `the text names {${w}}, which is not given`);
    for (const g of node.args) if (!wanted.has(g.name)) this.fail(node, `${g.name} is given but not in the text`);
    if (!node.args.length) return ['NULL', 0];
    const list = node.args.map((a) => `{${str(a.name)}, ${this.value(a.value)}}`);
    return [`(const struct view_arg[]){${list.join(', ')}}`, node.args.length];
  }
  put(node, state, call) {
    let where;
    try {
      where = context(state);
    } catch (e) {
      this.fail(node, e.message);
    }
    this.emit(call(where.ctx));
    this.blank = false;
    return where.next;
  }
  frames(args, node, body) {
    for (const a of args) {
      if (RESERVED.test(a.name)) this.fail(node, `${a.name} has a meaning of its own`);
      const id = ++this.n;
      this.emit(`struct view_frame f${id} = {.prev = v->scope, .name = ${str(a.name)}, .value = ${this.value(a.value)}};`);
      a.id = id;
    }
    for (const a of args) {
      this.emit(`f${a.id}.prev = v->scope;`);
      this.emit(`v->scope = &f${a.id};`);
    }
    const state = body();
    if (args.length) this.emit(`v->scope = f${args[0].id}.prev;`);
    return state;
  }
  scoped(body) {
    this.emit('{');
    this.depth++;
    const state = body();
    this.depth--;
    this.emit('}');
    return state;
  }
  node(node, state) {
    switch (node.kind) {
      case 'comment': return state;
      case 'html': {
        try {
          const s = squeeze(state, node.text, this.blank);
          this.literal(s.out);
          this.blank = s.blank;
          return s.next;
        } catch (e) {
          return this.fail(node, e.message);
        }
      }
      case 'put': return this.put(node, state, (ctx) => `view_put(v, ${ctx}, ${this.value(node.value)});`);
      case 't': {
        const [list, n] = this.textArgs(node, [node.msgid], []);
        return this.put(node, state, (ctx) => `view_text(v, ${ctx}, tr(v->lang, ${cString(node.msgid)}), ${list}, ${n});`);
      }
      case 'n': {
        const [list, n] = this.textArgs(node, [node.one, node.other], ['n']);
        return this.put(node, state, (ctx) => `view_count(v, ${ctx}, ${this.value(node.count)}, ${cString(node.one)}, ${cString(node.other)}, ${list}, ${n});`);
      }
      case 'with': return this.scoped(() => this.frames(node.args, node, () => this.block(node.body, settle(state))));
      case 'include': return this.include(node, state);
      case 'for': return this.loop(node, settle(state));
      case 'if': return this.branches(node, settle(state));
    }
    throw new Error(node.kind);
  }
  include(node, state) {
    const name = node.file.replace(/\.html$/, '');
    if (!this.names.includes(name)) this.fail(node, `there is no ${node.file}`);
    if (state.at !== 'text') this.fail(node, `an include cannot stand in ${describe(state)}`);
    this.uses.add(name);
    this.scoped(() => this.frames(node.args, node, () => this.emit(`part_${name}(v);`)));
    this.blank = true; // a part ends with its line
    return state;
  }
  loop(node, state) {
    if (RESERVED.test(node.variable) || node.variable.includes('.')) this.fail(node, 'a loop variable is a plain name');
    return this.scoped(() => {
      const id = ++this.n;
      this.emit(`struct view_frame f${id} = {.name = ${str(node.variable)}};`);
      this.emit(`for (view_each(v, &f${id}, ${this.value(node.list)}); view_has(v, &f${id}); view_next(&f${id})) {`);
      this.depth++;
      const end = this.block(node.body, state);
      if (!same(end, state)) this.fail(node, `a turn of the loop begins in ${describe(state)} but ends in ${describe(end)}`);
      this.depth--;
      this.emit('}');
      return state;
    });
  }
  branches(node, state) {
    const blank = this.blank;
    let end = null;
    let ends_blank = true;
    node.branches.forEach((b, i) => {
      this.emit(`${i ? '} else ' : ''}${b.test ? `if (${this.test(b.test)}) ` : ''}{`);
      this.depth++;
      this.blank = blank;
      const got = this.block(b.body, state);
      if (end && !same(end, got)) this.fail(node, `one branch ends in ${describe(end)}, another in ${describe(got)}`);
      end = got;
      ends_blank = ends_blank && this.blank;
      this.depth--;
    });
    this.emit('}');
    if (node.branches.every((b) => b.test)) {
      if (!same(end, state)) this.fail(node, `begins in ${describe(state)}, ends in ${describe(end)}, and there is no else`);
      ends_blank = ends_blank && blank;
    }
    this.blank = ends_blank;
    return end;
  }
  block(nodes, state) {
    let s = state;
    for (const node of nodes) s = this.node(node, s);
    return settle(s);
  }
  function() {
    const end = this.block(this.t.nodes, START);
    if (end.at !== 'text') throw new TemplateError(this.t.name, 1, `ends in ${describe(end)}`);
    const name = this.t.name.replace(/\.html$/, '');
    return `static void part_${name}(struct view *v)\n{\n${this.lines.join('\n')}\n}\n`;
  }
}

// Names in an order where each part stands before those that include it.
function order(uses) {
  const done = [];
  const visit = (name, path_) => {
    if (done.includes(name)) return;
    if (path_.includes(name)) throw new Error(`${[...path_, name].join('.html includes ')}.html`);
    for (const u of uses.get(name)) visit(u, [...path_, name]);
    done.push(name);
  };
  for (const name of uses.keys()) visit(name, []);
  return done;
}

export function compile(dir, file = 'tpl') {
  const files = templateFiles(dir);
  const names = files.map((f) => path.basename(f, '.html'));
  const bad = names.find((n) => !/^[a-z][a-z0-9_]*$/.test(n));
  if (bad) throw new Error(`${bad}.html: a template's name is lower case letters, digits and _`);
  const uses = new Map();
  const code = new Map();
  for (const f of files) {
    const c = new Compiler(parseTemplate(f), names);
    code.set(path.basename(f, '.html'), c.function());
    uses.set(path.basename(f, '.html'), c.uses);
  }
  const sorted = order(uses);
  const pages = names.map((n) => `enum err tpl_${n}(struct view *v, const struct val *root)\n{\n    view_begin(v, root);\n    part_${n}(v);\n    return view_end(v);\n}\n`);
  const note = '/* Written by tools/templates.mjs from templates/. */\n';
  return {
    h: `${note}#pragma once\n#include "web/view.h"\n\n${names.map((n) => `MUST_USE enum err tpl_${n}(struct view *v, const struct val *root);`).join('\n')}\n`,
    c: `${note}#include "web/${file}.h"\n\n#include "base/text.h"\n\n${sorted.map((n) => code.get(n)).join('\n')}\n${pages.join('\n')}`,
  };
}

if (process.argv[1] && path.basename(process.argv[1]) === 'templates.mjs') {
  try {
    const [out, dir = 'templates', file = 'tpl'] = process.argv.slice(2);
    const { h, c } = compile(dir, file);
    fs.mkdirSync(path.join(out, 'web'), { recursive: true });
    fs.writeFileSync(path.join(out, `web/${file}.h`), h);
    fs.writeFileSync(path.join(out, `web/${file}.c`), c);
  } catch (e) {
    console.error(e instanceof TemplateError ? `templates/${e.message}` : e.stack);
    process.exit(1);
  }
}
