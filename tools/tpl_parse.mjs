// Reads template files: text with {{ expression }}, {% tag %} and {# comment #}, into a tree.
// Used by templates.mjs (compiles) and po.mjs (collects the texts to translate).
import fs from 'node:fs';
import path from 'node:path';

export class TemplateError extends Error {
  constructor(file, line, what) {
    super(`${file}:${line}: ${what}`);
  }
}

export const FORMATS = ['date', 'time', 'datetime', 'iso', 'age', 'num', 'size', 'dur', 'rel', 'asset', 'len'];

// Splits an expression or tag into words: paths, strings, numbers, punctuation.
function words(source, fail) {
  const out = [];
  const re = /\s*(?:(t?)"((?:[^"\\]|\\["\\n])*)"|(-?\d+)|([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_][A-Za-z0-9_-]*)*)|(==|!=|<=|>=|<|>|=|\(|\)))/gy;
  const text = source.trim();
  let at = 0;
  while (at < text.length) {
    re.lastIndex = at;
    const m = re.exec(text);
    if (!m) fail(`cannot read "${text.slice(at, at + 30)}"`);
    if (m[2] !== undefined) {
      const value = m[2].replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
      out.push({ kind: m[1] ? 'text' : 'string', value });
    } else if (m[3] !== undefined) out.push({ kind: 'number', value: m[3] });
    else if (m[4] !== undefined) out.push({ kind: 'path', value: m[4] });
    else out.push({ kind: m[5], value: m[5] });
    at = re.lastIndex;
  }
  return out;
}

// value := "string" | t"text" | number | format(value) | path
class Reader {
  constructor(source, fail) {
    this.list = words(source, fail);
    this.at = 0;
    this.fail = fail;
  }
  peek(kind) {
    const w = this.list[this.at];
    return w && (kind === undefined || w.kind === kind) ? w : null;
  }
  take(kind, what = kind) {
    const w = this.peek(kind);
    if (!w) this.fail(`expected ${what}`);
    this.at++;
    return w;
  }
  word(value) {
    const w = this.peek('path');
    if (w && w.value === value) {
      this.at++;
      return true;
    }
    return false;
  }
  end() {
    if (this.at < this.list.length) this.fail(`unexpected "${this.list[this.at].value}"`);
  }
  value() {
    for (const kind of ['string', 'text', 'number']) {
      if (this.peek(kind)) return { kind, value: this.take(kind).value };
    }
    const p = this.take('path', 'a value');
    if (this.peek('(')) {
      if (!FORMATS.includes(p.value)) this.fail(`no format "${p.value}"; there are ${FORMATS.join(' ')}`);
      this.take('(');
      const arg = this.value();
      this.take(')');
      return { kind: 'format', name: p.value, arg };
    }
    return { kind: 'path', value: p.value };
  }
  args() {
    const out = [];
    while (this.peek()) {
      const name = this.take('path', 'name=value').value;
      if (name.includes('.')) this.fail(`an argument's name has no dot: ${name}`);
      this.take('=');
      out.push({ name, value: this.value() });
    }
    return out;
  }
  // or := and {or and}; and := not {and not}; not := [not] value [op value] | ( or )
  condition() {
    let left = this.conjunction();
    while (this.word('or')) left = { kind: 'or', left, right: this.conjunction() };
    return left;
  }
  conjunction() {
    let left = this.negation();
    while (this.word('and')) left = { kind: 'and', left, right: this.negation() };
    return left;
  }
  negation() {
    if (this.word('not')) return { kind: 'not', of: this.negation() };
    if (this.peek('(')) {
      this.take('(');
      const inner = this.condition();
      this.take(')');
      return inner;
    }
    const left = this.value();
    const op = ['==', '!=', '<=', '>=', '<', '>'].find((o) => this.peek(o));
    if (!op) return { kind: 'is', of: left };
    this.take(op);
    return { kind: 'compare', op, left, right: this.value() };
  }
}

function tokens(source) {
  const out = [];
  const re = /\{\{([^]*?)\}\}|\{%([^]*?)%\}|\{#([^]*?)#\}/g;
  let at = 0;
  let line = 1;
  const lines = (s) => (s.match(/\n/g) || []).length;
  for (const m of source.matchAll(re)) {
    if (m.index > at) out.push({ kind: 'html', line, body: source.slice(at, m.index) });
    line += lines(source.slice(at, m.index));
    if (m[1] !== undefined) out.push({ kind: 'put', line, body: m[1] });
    else if (m[2] !== undefined) out.push({ kind: 'tag', line, body: m[2] });
    else out.push({ kind: 'comment', line });
    line += lines(m[0]);
    at = m.index + m[0].length;
  }
  if (at < source.length) out.push({ kind: 'html', line, body: source.slice(at) });
  return out;
}

// One {% tag %} as a node, or a marker that ends a block.
function tagNode(token, fail) {
  const m = /^\s*([a-z]+)\s*([^]*)$/.exec(token.body);
  if (!m) fail('a tag begins with a word');
  const [, name, rest] = m;
  const r = new Reader(rest, fail);
  const line = token.line;
  let node;
  if (FORMATS.includes(name)) node = { kind: 'put', value: { kind: 'format', name, arg: r.value() } };
  else if (name === 't') node = { kind: 't', msgid: r.take('string', 'a text').value, args: r.args() };
  else if (name === 'n') {
    node = { kind: 'n', count: r.value(), one: r.take('string', 'the text for one').value,
             other: r.take('string', 'the text for many').value, args: r.args() };
  } else if (name === 'if' || name === 'elif') node = { kind: name, test: r.condition() };
  else if (name === 'for') {
    const variable = r.take('path').value;
    if (!r.word('in')) fail('for NAME in LIST');
    node = { kind: 'for', variable, list: r.value() };
  } else if (name === 'with') node = { kind: 'with', args: r.args() };
  else if (name === 'include') node = { kind: 'include', file: r.take('string', 'a file').value, args: r.args() };
  else if (name === 'else' || name === 'end') node = { kind: name };
  else fail(`no tag "${name}"`);
  r.end();
  return { ...node, line };
}

export function parseTemplate(file, name = path.basename(file)) {
  const list = tokens(fs.readFileSync(file, 'utf8'));
  let at = 0;
  // Nodes up to one of the ending markers, which is left for the caller.
  const block = (ends, opened) => {
    const nodes = [];
    while (at < list.length) {
      const token = list[at];
      const fail = (what) => { throw new TemplateError(name, token.line, what); };
      if (token.kind === 'html') nodes.push({ kind: 'html', line: token.line, text: token.body });
      else if (token.kind === 'comment') nodes.push({ kind: 'comment', line: token.line });
      else if (token.kind === 'put') {
        const r = new Reader(token.body, fail);
        nodes.push({ kind: 'put', line: token.line, value: r.value() });
        r.end();
      } else {
        const node = tagNode(token, fail);
        if (['elif', 'else', 'end'].includes(node.kind)) {
          if (!ends.includes(node.kind)) fail(`{% ${node.kind} %} with nothing open`);
          return { nodes, end: node };
        }
        at++;
        if (node.kind === 'if') nodes.push(ifNode(node));
        else if (node.kind === 'for' || node.kind === 'with') {
          node.body = block(['end'], node).nodes;
          at++;
          nodes.push(node);
        } else nodes.push(node);
        continue;
      }
      at++;
    }
    if (opened) throw new TemplateError(name, opened.line, `{% ${opened.kind} %} is never ended`);
    return { nodes, end: null };
  };
  const ifNode = (first) => {
    const branches = [];
    let test = first.test;
    for (;;) {
      const part = block(test ? ['elif', 'else', 'end'] : ['end'], first);
      branches.push({ test, body: part.nodes });
      at++;
      if (part.end.kind === 'end') break;
      test = part.end.kind === 'elif' ? part.end.test : null;
    }
    return { kind: 'if', line: first.line, branches };
  };
  return { name, nodes: block([], null).nodes };
}

export function templateFiles(dir) {
  return fs.readdirSync(dir).filter((f) => f.endsWith('.html')).sort().map((f) => path.join(dir, f));
}

// Calls see(node) for every node of the tree, in order.
export function walk(nodes, see) {
  for (const node of nodes) {
    see(node);
    if (node.body) walk(node.body, see);
    for (const b of node.branches || []) {
      if (b.test) see({ kind: 'test', line: node.line, test: b.test });
      walk(b.body, see);
    }
  }
}
