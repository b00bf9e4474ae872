// Builds what browsers load and puts it into C: node tools/assets.mjs OUT_DIR
// web/style/app.scss (sass), web/*.ts (esbuild) and web/*.svg become OUT_DIR/web/assets.c;
// http/asset.c compresses them once at start and serves them under names that hold a hash.
import { execSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '..');
const BUDGET = { 'app.css': 25000, 'app.js': 15000, 'upload.js': 5000 }; // bytes, compressed

// Colours of nhsuk-frontend's components in our tokens (web/style/_base.scss).
const COLOURS = {
  '#212b32': '--ink', '#4c6272': '--ink-2', '#d8dde0': '--line', '#aeb7bd': '--line-2', '#768692': '--line-2', '#f0f4f5': '--shade',
  '#005eb8': '--accent', '#7c2855': '--accent-2', '#330072': '--accent', '#002f5c': '--accent-2', '#d5281b': '--red',
  '#007f3b': '--green', '#ffeb3b': '--focus', '#ffffff': '--paper',
};

function installed() {
  if (fs.existsSync(path.join(ROOT, 'node_modules/sass')) && fs.existsSync(path.join(ROOT, 'node_modules/esbuild'))) return;
  execSync('npm ci --no-audit --no-fund --loglevel=error', { cwd: ROOT, stdio: 'inherit' });
}

async function css() {
  const sass = await import('sass');
  const out = sass.compile(path.join(ROOT, 'web/style/app.scss'), {
    loadPaths: [path.join(ROOT, 'node_modules')],
    style: 'compressed',
    quietDeps: true,
  });
  // Only in the components' part: our own rules name the tokens themselves.
  const at = out.css.indexOf(':root{');
  const theirs = out.css.slice(0, at).replace(/#[0-9a-f]{6}\b/g, (c) => (COLOURS[c] ? `var(${COLOURS[c]})` : c));
  return Buffer.from(theirs + out.css.slice(at));
}

async function script(name) {
  const esbuild = await import('esbuild');
  const out = await esbuild.build({
    entryPoints: [path.join(ROOT, `web/${name}.ts`)],
    bundle: true,
    minify: true,
    write: false,
    target: 'es2020',
    format: 'iife',
    legalComments: 'none',
    logLevel: 'error',
  });
  return Buffer.from(out.outputFiles[0].contents);
}

function bytes(name, data) {
  const rows = [];
  for (let i = 0; i < data.length; i += 32) rows.push(Array.from(data.subarray(i, i + 32)).join(','));
  return `static const unsigned char ${name}[${data.length || 1}] = {\n${rows.join(',\n') || '0'}};\n`;
}

export async function build() {
  const files = [['app.css', await css()], ['app.js', await script('app')], ['upload.js', await script('upload')],
    ['icon.svg', fs.readFileSync(path.join(ROOT, 'web/icon.svg'))]];
  return files.map(([name, data]) => {
    const gzip = zlib.gzipSync(data, { level: 9 });
    if (gzip.length > (BUDGET[name] ?? 5000)) throw new Error(`${name} has ${gzip.length} bytes compressed; the most is ${BUDGET[name] ?? 5000}`);
    return { name, data, gzip };
  });
}

function toC(list) {
  const id = (a) => a.name.replace(/\W/g, '_');
  return `/* Written by tools/assets.mjs from web/. */
#include "web/assets.h"

${list.map((a) => bytes(id(a), a.data)).join('')}
const struct http_asset web_assets[] = {
${list.map((a) => `    {SI("${a.name}"), {(const char *)${id(a)}, ${a.data.length}}},`).join('\n')}
};
const size_t web_assets_count = LEN(web_assets);
`;
}

if (process.argv[1] && path.basename(process.argv[1]) === 'assets.mjs') {
  try {
    installed();
    const list = await build();
    const out = process.argv[2];
    fs.mkdirSync(path.join(out, 'web'), { recursive: true });
    fs.mkdirSync(path.join(out, 'static'), { recursive: true });
    fs.writeFileSync(path.join(out, 'web/assets.c'), toC(list));
    // Beside it as files, for looking at pages without a server.
    for (const a of list) fs.writeFileSync(path.join(out, 'static', a.name), a.data);
    console.log(list.map((a) => `${a.name} ${a.data.length} (${a.gzip.length})`).join(', '));
  } catch (e) {
    console.error(e.message ?? e);
    process.exit(1);
  }
}
