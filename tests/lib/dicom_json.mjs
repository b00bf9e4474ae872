// DICOM JSON held to what others say: the first difference, and how expected files and dcm2json differ from the
// standard.

// The first difference of two data sets, as text; null when there is none. rules: see below.
export function difference(want, have, rules, at = '') {
  for (const tag of [...new Set([...Object.keys(want), ...Object.keys(have)])].sort()) {
    const [w, h] = [want[tag], have[tag]];
    const place = `${at}${tag}`;
    if (rules.some((r) => r.passes(tag, w, h))) continue;
    if (!w || !h) return `${place}: ${w ? 'missing' : 'not expected'}`;
    if (w.vr !== h.vr) return `${place}: vr ${h.vr}, expected ${w.vr}`;
    const [ws, hs] = [w.Value ?? [], h.Value ?? []];
    if (ws.length !== hs.length) return `${place}: ${hs.length} values, expected ${ws.length}`;
    for (let i = 0; i < ws.length; i++) {
      if (w.vr === 'SQ') {
        const inner = difference(ws[i] ?? {}, hs[i] ?? {}, rules, `${place}/${i}/`);
        if (inner) return inner;
      } else if (JSON.stringify(ws[i]) !== JSON.stringify(hs[i]) && !rules.some((r) => r.equal?.(w.vr, ws[i], hs[i]))) {
        return `${place}: value ${i}`;
      }
    }
    if (w.InlineBinary !== h.InlineBinary) return `${place}: bytes`;
    if ((w.BulkDataURI === undefined) !== (h.BulkDataURI === undefined)) return `${place}: by address or not`;
  }
  return null;
}

// How the expected files differ from the standard.
export const EXPECTED = [
  { why: 'group lengths are not part of the model (PS3.18 F.2.2)', passes: (tag) => tag.endsWith('0000') },
  { why: 'an empty value among several is null (PS3.18 F.2.5)', passes: () => false, equal: (vr, w, h) => w === '' && h === null },
];
// How dcm2json differs.
export const DCM2JSON = [
  { why: 'FL has 9 digits there, not the shortest that reads back', passes: () => false, equal: (vr, w, h) => vr === 'FL' && Math.fround(w) === Math.fround(h) },
  { why: 'FD has 17 digits there', passes: () => false, equal: (vr, w, h) => vr === 'FD' && Number(w) === Number(h) },
  { why: 'a name of delimiters only is dropped there', passes: (tag, w, h) => w?.vr === 'PN' && h?.vr === 'PN' && !w.Value && /^\^+$/.test(h.Value?.[0]?.Alphabetic ?? '') },
];
