// The image viewer's files: viewer.js (Cornerstone3D with web/viewer.ts), viewer-decode.js (the worker that
// decodes frames) and the decoders in WebAssembly. They load on the page of a study alone.
import fs from 'node:fs';
import path from 'node:path';

// Parts of packages that our pages never run. The metadata package keeps a DICOM dictionary of 700 KB for
// files it parses itself: the server has done that, so every keyword is known here and means nothing. What logs keeps
// its errors.
const QUIET = `
const none = () => {};
const logger = () => ({ trace: none, debug: none, info: none, log: none, warn: none, error: console.error, setLevel: none, getLogger: logger });
export const log = logger();
const tags = {};
const tagOf = (name) => (tags[name] ??= { tag: \`(FFFF,\${(Object.keys(tags).length + 0x1000).toString(16).toUpperCase()})\`, vr: 'UN', vm: '1', name });
const nameMap = new Proxy({}, { get: (t, name) => tagOf(String(name)), getOwnPropertyDescriptor: (t, name) => (/^[A-Z]/.test(String(name)) ? { value: tagOf(String(name)), configurable: true, enumerable: true } : undefined) });
export const data = { DicomMetaDictionary: { dictionary: {}, nameMap } };
export const async = {}, utilities = {}, constants = {};
export default { log, data, async, utilities, constants };`;
const NONE = 'export const create = () => {}; export default {};';

// Where decoders look for their WebAssembly: the page tells the worker the addresses.
const WASM = [['openjpeg', 'codec-openjpeg/dist/openjpegwasm_decode.wasm'], ['charls', 'codec-charls/dist/charlswasm_decode.wasm'],
  ['libjpegturbo', 'codec-libjpeg-turbo-8bit/dist/libjpegturbowasm_decode.wasm']];

const parts = (root) => ({
  name: 'parts',
  setup(b) {
    const cs = path.join(root, 'node_modules/@cornerstonejs');
    b.onResolve({ filter: /^(xmlbuilder2|fs|path|module)$/ }, () => ({ path: 'none', namespace: 'none' }));
    b.onResolve({ filter: /^dcmjs$/ }, () => ({ path: 'quiet', namespace: 'none' }));
    b.onResolve({ filter: /^decoders\// }, (a) => ({ path: path.join(cs, 'dicom-image-loader/dist/esm/shared', a.path) }));
    // A page needs ten of the tools: what nobody names is left out.
    b.onResolve({ filter: /.*/ }, async (a) => {
      if (a.pluginData === 'again' || !(/^@cornerstonejs\/(tools|metadata)$/.test(a.path) || /@cornerstonejs\/(tools|metadata)\//.test(a.importer))) return undefined;
      const r = await b.resolve(a.path, { importer: a.importer, resolveDir: a.resolveDir, kind: a.kind, pluginData: 'again' });
      return r.errors.length ? r : { path: r.path, namespace: r.namespace, sideEffects: false };
    });
    b.onResolve({ filter: /vtk\.js\/Rendering\/WebGPU/ }, () => ({ path: 'none', namespace: 'none' }));
    b.onLoad({ filter: /.*/, namespace: 'none' }, (a) => ({ contents: a.path === 'quiet' ? QUIET : NONE, loader: 'js' }));
    // The content security policy refuses attributes of style.
    b.onLoad({ filter: /drawingSvg\/drawTextBox\.js$/ }, (a) => ({ loader: 'js', contents: fs.readFileSync(a.path, 'utf8').replace("textElement.setAttribute('style', combinedStyle)", 'textElement.style.cssText = combinedStyle') }));
    b.onLoad({ filter: /shared\/decoders\/decode(JPEG2000|JPEGLS|JPEGBaseline8Bit)\.js$/ }, (a) => ({ loader: 'js',
      contents: fs.readFileSync(a.path, 'utf8').replace(/new URL\('@cornerstonejs\/codec-(\w+)[^']*', import\.meta\.url\)/, (_, n) => `({ toString: () => self.codecs.${n === 'libjpeg' ? 'libjpegturbo' : n} })`) }));
  },
});

async function bundle(root, file) {
  const esbuild = await import('esbuild');
  const out = await esbuild.build({
    entryPoints: [path.join(root, file)],
    bundle: true,
    minify: true,
    write: false,
    target: 'es2022',
    format: 'iife',
    legalComments: 'none',
    logLevel: 'error',
    define: { 'import.meta.url': 'self.location.href', 'process.env.NODE_ENV': '"production"' },
    plugins: [parts(root)],
  });
  return Buffer.from(out.outputFiles[0].contents);
}

export async function viewerFiles(root) {
  const cs = path.join(root, 'node_modules/@cornerstonejs');
  return [['viewer.js', await bundle(root, 'web/viewer.ts')], ['viewer-decode.js', await bundle(root, 'web/viewer_decode.ts')],
    ...WASM.map(([name, file]) => [`${name}.wasm`, fs.readFileSync(path.join(cs, file))])];
}
