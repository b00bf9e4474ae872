// The units of UCUM as a C table: node tools/ucum.mjs OUT_DIR writes OUT_DIR/codec/ucum_table.c.
// The definitions come from @lhncbc/ucum-lhc, pinned by version and by the hash below; they are never
// copied into the project. Its magnitudes are binary fractions, so every unit is computed again from
// its definition with whole numbers; the magnitude only has to agree to nine digits.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = path.join(path.dirname(new URL(import.meta.url).pathname), '..');
const FILE = 'node_modules/@lhncbc/ucum-lhc/data/ucumDefs.min.json';
const SHA256 = '6ec4716848cd17b817f13cb0ff5f7360ffbdfa74a6331d7c9bff64180401fa55';
const BASES = ['m', 's', 'g', 'rad', 'K', 'C', 'cd'];
const MAX_DIGITS = 34; // of a coefficient; codec/decimal.h holds 37

// What the file lost of the definitions in UCUM 2.1, table by table: code -> [factor, unit].
const OVERLAY = {
  '[mu_0]': ['4', '[pi].10*-7.N/A2'],
  Oe: ['250', '/[pi].A/m'],
  Lmb: ['1', 'cd/cm2/[pi]'],
  '[diop]': ['1', '/m'],
  '[mesh_i]': ['1', '/[in_i]'],
  Bd: ['1', '/s'],
  '[LPF]': ['100', '1'],
  '[S]': ['1', '10*-13.s'],
  'B[SPL]': ['2', '10*-5.Pa'],
  'B[10.nV]': ['10', 'nV'],
};
// Units of no ratio scale: v of the unit is f(v) times [factor, unit]. affine: v + offset; power: base to
// the v / by; tan: arc tangent of v / 100; square: v squared (UCUM 2.1 section 22, table 25).
const SPECIAL = {
  Cel: ['affine', '273.15', '1', 'K'],
  '[degF]': ['affine', '459.67', '5', 'K/9'],
  '[degRe]': ['affine', '218.52', '1.25', 'K'],
  '[pH]': ['power10', '-1', '1', 'mol/l'],
  Np: ['powerE', '1', '1', '1'],
  B: ['power10', '1', '1', '1'],
  'B[SPL]': ['power10', '2', '2', '10*-5.Pa'],
  'B[V]': ['power10', '2', '1', 'V'],
  'B[mV]': ['power10', '2', '1', 'mV'],
  'B[uV]': ['power10', '2', '1', 'uV'],
  'B[10.nV]': ['power10', '2', '10', 'nV'],
  'B[W]': ['power10', '1', '1', 'W'],
  'B[kW]': ['power10', '1', '1', 'kW'],
  bit_s: ['power2', '1', '1', '1'],
  "[p'diop]": ['tan', '100', '1', 'rad'],
  '%[slope]': ['tan', '100', '1', 'rad'],
  '[m/s2/Hz^(1/2)]': ['square', '1', '1', 'm2/s4/Hz'],
};
// Special in the file, with functions that mean nothing in arithmetic: homeopathic potencies.
const OPAQUE = ["[hp'_X]", "[hp'_C]", "[hp'_M]", "[hp'_Q]"];
const DISAGREE = ['B[10.nV]', 'B[SPL]', '%[slope]', '[degRe]', '[pH]', '[m/s2/Hz^(1/2)]', ...Object.keys(OVERLAY)];
const KINDS = ['none', 'affine', 'power10', 'powerE', 'power2', 'tan', 'square'];

const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return a; };
const ratio = (n, d) => { const g = gcd(n < 0n ? -n : n, d); return { n: n / g, d: d / g }; };
const mul = (a, b) => ratio(a.n * b.n, a.d * b.d);
const inverse = (a) => (a.n < 0n ? { n: -a.d, d: -a.n } : { n: a.d, d: a.n });
const power = (a, e) => (e < 0 ? power(inverse(a), -e) : { n: a.n ** BigInt(e), d: a.d ** BigInt(e) });

export function decimal(text) {
  const m = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (!m) throw new Error(`not a decimal: ${text}`);
  const digits = BigInt(m[2] + (m[3] ?? '')) * (m[1] ? -1n : 1n);
  const scale = (m[3] ?? '').length - Number(m[4] ?? 0);
  return scale > 0 ? ratio(digits, 10n ** BigInt(scale)) : ratio(digits * 10n ** BigInt(-scale), 1n);
}

export function load() {
  const bytes = fs.readFileSync(path.join(ROOT, FILE));
  const hash = crypto.createHash('sha256').update(bytes).digest('hex');
  if (hash !== SHA256) throw new Error(`${FILE} is not the one this was written for: ${hash}`);
  const data = JSON.parse(bytes);
  const unpack = ({ config, data: rows }) => rows.map((row) => Object.fromEntries(config.map((c, i) => [Array.isArray(c) ? c[1] : c, row[i]])));
  const prefixes = unpack(data.prefixes).map((p) => ({
    code: p.code_,
    value: p.exp_ === null ? { n: BigInt(p.value_), d: 1n } : power({ n: 10n, d: 1n }, Number(p.exp_)),
  }));
  const units = unpack(data.units).filter((u) => u.source_ === 'UCUM');
  return { prefixes, units };
}

// The symbols of a definition: [[code, exponent]...]; a plain number is a code too.
function symbols(text) {
  const out = [];
  if (text.startsWith('/')) text = `1${text}`;
  for (const m of text.matchAll(/(^|[./])((?:\[[^\]]*\]|[^./[])*)/g)) {
    if (m[2] === '') continue;
    const sign = m[1] === '/' ? -1 : 1;
    const s = /^(10[*^]|\d+$|(?:\[[^\]]*\]|[^\d+-])+)([+-]?\d+)?$/.exec(m[2]);
    if (!s) throw new Error(`cannot read the definition ${text}`);
    out.push([s[1], sign * Number(s[2] ?? 1)]);
  }
  return out;
}

export function compute({ prefixes, units }) {
  const byCode = new Map(units.map((u) => [u.csCode_, u]));
  const done = new Map();
  const one = () => ({ value: { n: 1n, d: 1n }, dim: BASES.map(() => 0), own: null });
  const define = (code) => {
    if (done.has(code)) return done.get(code);
    const u = byCode.get(code);
    const r = one();
    if (u.isBase_) {
      r.dim[BASES.indexOf(code)] = 1;
    } else if ((u.isArbitrary_ && u.csUnitString_ === '1') || OPAQUE.includes(code)) {
      r.own = code;
    } else {
      const special = SPECIAL[code];
      if (u.isSpecial_ && !special) throw new Error(`${code}: a special unit nobody described`);
      const [factor, unit] = special ? special.slice(2) : (OVERLAY[code] ?? [u.baseFactorStr_, u.csUnitString_]);
      r.value = decimal(factor);
      add(r, unit);
    }
    done.set(code, r);
    return r;
  };
  const find = (code) => {
    if (/^\d+$/.test(code)) return { value: { n: BigInt(code), d: 1n }, dim: BASES.map(() => 0), own: null };
    if (byCode.has(code)) return define(code);
    for (const p of prefixes) {
      const rest = code.startsWith(p.code) && byCode.get(code.slice(p.code.length));
      if (rest && rest.isMetric_ | rest.isBase_) {
        const d = define(rest.csCode_);
        return { ...d, value: mul(p.value, d.value) };
      }
    }
    throw new Error(`no unit ${code}`);
  };
  const add = (r, text) => {
    for (const [code, e] of symbols(text)) {
      const part = find(code);
      if (part.own && e !== 1) throw new Error(`${text}: a power of an arbitrary unit`);
      r.value = mul(r.value, power(part.value, e));
      r.dim = r.dim.map((d, i) => d + e * part.dim[i]);
      r.own = part.own ?? r.own;
    }
  };
  for (const u of units) {
    const r = define(u.csCode_);
    const size = Number(r.value.n) / Number(r.value.d);
    const exact = Number.isFinite(size) ? size : Number(r.value.n / r.value.d);
    if (!DISAGREE.includes(u.csCode_) && Math.abs(exact / u.magnitude_ - 1) > 1e-9) throw new Error(`${u.csCode_}: computed ${exact}, the file says ${u.magnitude_}`);
    if (!DISAGREE.includes(u.csCode_) && String(r.dim) !== String(u.dimVec_)) throw new Error(`${u.csCode_}: computed dimension ${r.dim}, the file says ${u.dimVec_}`);
  }
  return done;
}

// n / d as coef * 10^-scale / den, with den free of 2 and 5; rounded where that takes too many digits.
export function fold({ n, d }) {
  let scale = 0;
  for (const [prime, other] of [[2n, 5n], [5n, 2n]]) {
    while (d % prime === 0n) { d /= prime; n *= other; scale++; }
  }
  while (n !== 0n && n % 10n === 0n) { n /= 10n; scale--; }
  if (String(n).length > MAX_DIGITS || d >= 1n << 63n) {
    const shift = MAX_DIGITS + String(d).length - String(n).length;
    n = (n * 10n ** BigInt(Math.max(shift, 0)) * 2n + d) / (2n * d * 10n ** BigInt(Math.max(-shift, 0)));
    scale += shift;
    d = 1n;
    while (String(n).length > MAX_DIGITS) { n = (n + 5n) / 10n; scale--; }
    while (n % 10n === 0n) { n /= 10n; scale--; }
  }
  return { coef: n, scale, den: d };
}

const cDecimal = ({ coef, scale }) => {
  const size = coef < 0n ? -coef : coef;
  const lo = size & 0xffffffffffffffffn;
  const hi = size >> 64n;
  const value = hi ? `(u128)UINT64_C(${hi}) << 64 | UINT64_C(${lo})` : `UINT64_C(${lo})`;
  return `{${value}, ${scale}, ${coef < 0n}}`;
};
const quote = (s) => `SI(${JSON.stringify(s)})`;
const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

export function toC(defs) {
  const values = compute(defs);
  const units = [...defs.units].sort((a, b) => byBytes(a.csCode_, b.csCode_));
  const rows = units.map((u) => {
    const r = values.get(u.csCode_);
    const { coef, scale, den } = fold(r.value);
    const [kind, shift] = SPECIAL[u.csCode_] ?? ['none', '0'];
    const own = r.own ? units.findIndex((x) => x.csCode_ === r.own) + 1 : 0;
    const metric = u.isMetric_ || u.isBase_;
    return `    {${quote(u.csCode_)}, ${cDecimal({ coef, scale })}, UINT64_C(${den}), {${r.dim}}, ${metric}, ${own}, UCUM_${kind.toUpperCase()}, ${cDecimal(fold(decimal(shift)))}},`;
  });
  const prefixes = [...defs.prefixes].sort((a, b) => byBytes(a.code, b.code));
  return `/* Written by tools/ucum.mjs.
 *
 * This product includes all or a portion of the UCUM table, UCUM codes, and UCUM definitions or is derived from
 * it, subject to a license from Regenstrief Institute, Inc. and The UCUM Organization: https://ucum.org/license */
#include "codec/ucum_int.h"

const struct ucum_atom ucum_atoms[] = {
${rows.join('\n')}
};
const size_t ucum_atoms_count = LEN(ucum_atoms);

const struct ucum_prefix ucum_prefixes[] = {
${prefixes.map((p) => `    {${quote(p.code)}, ${cDecimal(fold(p.value))}},`).join('\n')}
};
const size_t ucum_prefixes_count = LEN(ucum_prefixes);

const struct str ucum_bases[] = {${BASES.map(quote).join(', ')}};
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const out = process.argv[2];
  if (!out) {
    console.error('usage: node tools/ucum.mjs OUT_DIR');
    process.exit(2);
  }
  try {
    const text = toC(load());
    fs.mkdirSync(path.join(out, 'codec'), { recursive: true });
    fs.writeFileSync(path.join(out, 'codec/ucum_table.c'), text);
  } catch (e) {
    console.error(`tools/ucum.mjs: ${e.message}${e.code === 'ENOENT' ? ' (run make setup)' : ''}`);
    process.exit(1);
  }
}
