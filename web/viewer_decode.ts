// The worker that makes pixels of frames, so that the page stays at hand while a slice is decoded: the decoders of
// Cornerstone's image loader, then what the modality says of values (rescale), colours as red, green, blue.
import decodeJPEG2000 from 'decoders/decodeJPEG2000.js';
import decodeJPEGBaseline8Bit from 'decoders/decodeJPEGBaseline8Bit.js';
import decodeJPEGBaseline12Bit from 'decoders/decodeJPEGBaseline12Bit-js.js';
import decodeJPEGLossless from 'decoders/decodeJPEGLossless.js';
import decodeJPEGLS from 'decoders/decodeJPEGLS.js';
import decodeLittleEndian from 'decoders/decodeLittleEndian.js';
import decodeRLE from 'decoders/decodeRLE.js';
import type { Decoded, Frame, Job, Table } from './viewer_frame';

type Pixels = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array;
const LITTLE = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99'];

async function samples(job: Job): Promise<Pixels> {
  const f: Frame = { ...job.frame };
  const bytes = new Uint8Array(job.bytes);
  const info = { ...f, signed: f.pixelRepresentation === 1, bytesPerPixel: f.bitsAllocated <= 8 ? 1 : 2 };
  const jpeg = '1.2.840.10008.1.2.4.';
  const last = job.syntax.startsWith(jpeg) ? job.syntax.slice(jpeg.length) : '';
  if (LITTLE.includes(job.syntax)) return (await decodeLittleEndian(f, bytes)).pixelData;
  if (job.syntax === '1.2.840.10008.1.2.5') return (await decodeRLE(f, bytes)).pixelData;
  if (last === '50') return (await decodeJPEGBaseline8Bit(bytes, info)).pixelData;
  if (last === '51') return (await decodeJPEGBaseline12Bit(f, bytes)).pixelData;
  if (last === '57' || last === '70') return (await decodeJPEGLossless(f, bytes)).pixelData;
  if (last === '80' || last === '81') return (await decodeJPEGLS(bytes, info)).pixelData;
  if (last === '90' || last === '91') return (await decodeJPEG2000(bytes, info)).pixelData;
  throw new Error(`no decoder for ${job.syntax}`);
}

// Signed values of fewer bits than their words.
function signs(p: Pixels, f: Frame): Pixels {
  if (f.pixelRepresentation !== 1 || f.bitsStored >= f.bitsAllocated || f.bitsAllocated > 16) return p;
  const shift = 32 - f.bitsStored;
  const out = p instanceof Int16Array || p instanceof Int8Array ? p : new Int16Array(p.length);
  for (let i = 0; i < p.length; i++) out[i] = (p[i]! << shift) >> shift;
  return out;
}

// What the modality's table says of each value.
function lookedUp(p: Pixels, { first, values }: Table): Pixels {
  const out = new Int32Array(p.length);
  for (let i = 0; i < p.length; i++) out[i] = values[Math.min(Math.max(p[i]! - first, 0), values.length - 1)]!;
  return out;
}

function rescaled(stored: Pixels, form: Frame): Decoded {
  const p = form.modality ? lookedUp(stored, form.modality) : stored;
  const f = form.modality ? { ...form, slope: 1, intercept: 0, bitsAllocated: 16 } : form;
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < p.length; i++) {
    const v = p[i]!;
    if (v < least) least = v;
    if (v > most) most = v;
  }
  const lo = Math.min(least * f.slope, most * f.slope) + f.intercept;
  const hi = Math.max(least * f.slope, most * f.slope) + f.intercept;
  const whole = Number.isInteger(f.slope) && Number.isInteger(f.intercept);
  const same = f.slope === 1 && f.intercept === 0;
  // One kind of numbers for a whole series: volumes are made of it.
  const out = !whole ? new Float32Array(p.length) : f.bitsAllocated <= 8 && same && lo >= 0 ? new Uint8Array(p.length)
    : lo >= -32768 && hi <= 32767 ? new Int16Array(p.length) : new Float32Array(p.length);
  if (same) out.set(p);
  else for (let i = 0; i < p.length; i++) out[i] = p[i]! * f.slope + f.intercept;
  return { pixels: out, least: lo, most: hi };
}

const CODED = ['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'];

// Red, green, blue by pixel. Decoders of JPEG give these already; RLE gives planes or pixels as the data set says.
function colours(p: Pixels, job: Job): Decoded {
  const f = job.frame;
  const n = f.rows * f.columns;
  const out = new Uint8ClampedArray(n * 3);
  if (f.photometric === 'PALETTE COLOR') {
    const tables = [f.red, f.green, f.blue];
    for (let i = 0; i < n; i++) tables.forEach((t, c) => { out[i * 3 + c] = t[Math.min(Math.max(p[i]! - f.paletteFrom, 0), t.length - 1)] ?? 0; });
    return { pixels: new Uint8Array(out.buffer), least: 0, most: 255 };
  }
  const planes = f.planarConfiguration === 1 && !CODED.includes(job.syntax);
  const at = (i: number, c: number): number => p[planes ? c * n + i : i * 3 + c] ?? 0;
  const half = f.photometric === 'YBR_FULL_422' && LITTLE.includes(job.syntax);
  const ybr = !CODED.includes(job.syntax) && (f.photometric === 'YBR_FULL' || half);
  const shift = f.bitsStored > 8 ? f.bitsStored - 8 : 0;
  for (let i = 0; i < n; i++) {
    const pair = (i >> 1) * 4;
    const a = half ? p[pair + (i & 1)]! : at(i, 0) >> shift;
    const b = half ? p[pair + 2]! : at(i, 1) >> shift;
    const c = half ? p[pair + 3]! : at(i, 2) >> shift;
    out[i * 3] = ybr ? a + 1.402 * (c - 128) : a;
    out[i * 3 + 1] = ybr ? a - 0.344136 * (b - 128) - 0.714136 * (c - 128) : b;
    out[i * 3 + 2] = ybr ? a + 1.772 * (b - 128) : c;
  }
  return { pixels: new Uint8Array(out.buffer), least: 0, most: 255 };
}

async function decode(job: Job): Promise<Decoded> {
  const p = await samples(job);
  const f = job.frame;
  if (p.length < f.rows * f.columns * f.samplesPerPixel && f.photometric !== 'YBR_FULL_422') throw new Error('frame is too short');
  return f.samplesPerPixel === 3 || f.photometric === 'PALETTE COLOR' ? colours(p, job) : rescaled(signs(p, f), f);
}

const worker = self as unknown as { codecs: Record<string, string>; postMessage(m: unknown, t: Transferable[]): void };
self.addEventListener('message', (e: MessageEvent<Job>) => {
  const job = e.data;
  worker.codecs = job.codecs;
  decode(job).then((d) => worker.postMessage({ id: job.id, ...d }, [d.pixels.buffer]), (fault: unknown) => worker.postMessage({ id: job.id, fault: String(fault) }, []));
});
