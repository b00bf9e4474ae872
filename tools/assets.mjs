// Builds what browsers load and puts it into C: node tools/assets.mjs OUT_DIR
// web/style/app.scss (sass), web/*.ts (esbuild) and web/*.svg become OUT_DIR/web/assets.c;
// http/asset.c compresses them once at start and serves them under names that hold a hash.
import { execSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { viewerFiles } from './assets_viewer.mjs';

const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '..');
const BUDGET = { 'app.css': 25000, 'app.js': 15000, 'upload.js': 6000, 'room.js': 10000, 'room.css': 2500, 'viewer.js': 900000, 'viewer-decode.js': 60000, 'openjpeg.wasm': 120000, 'charls.wasm': 70000, 'libjpegturbo.wasm': 90000 }; // bytes, compressed

// Colours of nhsuk-frontend's components in our tokens (web/style/_base.scss).
const COLOURS = {
  '#212b32': '--ink', '#4c6272': '--ink-2', '#d8dde0': '--line', '#aeb7bd': '--line-2', '#768692': '--line-2', '#f0f4f5': '--shade',
  '#005eb8': '--accent', '#7c2855': '--accent-2', '#330072': '--accent', '#002f5c': '--accent-2', '#d5281b': '--red',
  '#007f3b': '--green', '#ffeb3b': '--focus', '#ffffff': '--paper',
};

function installed() {
  if (['sass', 'esbuild', '@cornerstonejs/core'].every((name) => fs.existsSync(path.join(ROOT, 'node_modules', name)))) return;
  execSync('npm ci --no-audit --no-fund --loglevel=error', { cwd: ROOT, stdio: 'inherit' });
}

async function ownCss(name) {
  const sass = await import('sass');
  return Buffer.from(sass.compile(path.join(ROOT, `web/style/${name}.scss`), { style: 'compressed' }).css);
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

// By the assembler, not as a list of numbers: these are millions of bytes.
function bytes(name, file) {
  return `__asm__(".section .rodata\\n.balign 16\\n${name}:\\n.incbin \\"${file}\\"\\n.byte 0\\n.previous\\n");
extern const char ${name}[] __attribute__((visibility("hidden")));
`;
}

export async function build() {
  const files = [['app.css', await css()], ['app.js', await script('app')], ['upload.js', await script('upload')],
    ['viewer.css', await ownCss('viewer')], ['room.js', await script('room')], ['room.css', await ownCss('room')], ...await viewerFiles(ROOT),
    ['push_worker.js', await script('push_worker')], ['icon.svg', fs.readFileSync(path.join(ROOT, 'web/icon.svg'))]];
  return files.map(([name, data]) => {
    const gzip = zlib.gzipSync(data, { level: 9 });
    if (gzip.length > (BUDGET[name] ?? 5000)) throw new Error(`${name} has ${gzip.length} bytes compressed; the most is ${BUDGET[name] ?? 5000}`);
    return { name, data, gzip };
  });
}

function toC(list, dir) {
  const id = (a, kind) => `web_asset_${a.name.replace(/\W/g, '_')}${kind}`;
  return `/* Written by tools/assets.mjs from web/. */
#include "web/assets.h"

${list.map((a) => bytes(id(a, ''), path.join(dir, a.name)) + bytes(id(a, '_gz'), path.join(dir, `${a.name}.gz`))).join('')}
const struct http_asset web_assets[] = {
${list.map((a) => `    {SI("${a.name}"), {${id(a, '')}, ${a.data.length}}, {${id(a, '_gz')}, ${a.gzip.length}}},`).join('\n')}
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
    const dir = path.resolve(out, 'static');
    for (const a of list) {
      fs.writeFileSync(path.join(dir, a.name), a.data);
      fs.writeFileSync(path.join(dir, `${a.name}.gz`), a.gzip);
    }
    fs.writeFileSync(path.join(out, 'web/assets.c'), toC(list, dir));
    console.log(list.map((a) => `${a.name} ${a.data.length} (${a.gzip.length})`).join(', '));
  } catch (e) {
    console.error(e.message ?? e);
    process.exit(1);
  }
}
