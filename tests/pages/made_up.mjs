// Made-up people and files for the story.
import { randomBytes } from 'node:crypto';

// A valid Kazakh IIN: birth date, century and sex, serial, check digit.
export function iin(birth, female, serial) {
  const [y, m, d] = birth.split('-');
  const century = (y < '1900' ? 1 : y < '2000' ? 3 : 5) + (female ? 1 : 0);
  for (let s = serial; ; s++) {
    const p = `${y.slice(2)}${m}${d}${century}${String(s).padStart(4, '0')}`;
    const sum = (shift) => [...p].reduce((n, c, i) => n + Number(c) * ((i + shift) % 11 + 1), 0) % 11;
    const check = sum(0) !== 10 ? sum(0) : sum(2);
    if (check !== 10) return p + check;
  }
}

// A one-page PDF that is as large as wished: a stream nobody shows fills it.
export function pdf(bytes) {
  const parts = [];
  const at = [];
  let n = 0;
  const put = (b) => { parts.push(Buffer.from(b)); n += parts.at(-1).length; };
  const object = (i, b) => { at[i] = n; put(`${i} 0 obj\n`); put(b); put('\nendobj\n'); };
  put('%PDF-1.4\n');
  object(1, '<</Type/Catalog/Pages 2 0 R>>');
  object(2, '<</Type/Pages/Kids[3 0 R]/Count 1>>');
  object(3, '<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>');
  object(4, Buffer.concat([Buffer.from(`<</Length ${bytes}>>stream\n`), randomBytes(bytes), Buffer.from('\nendstream')]));
  const xref = n;
  put(`xref\n0 5\n0000000000 65535 f \n${at.slice(1).map((o) => `${String(o).padStart(10, '0')} 00000 n \n`).join('')}`);
  put(`trailer<</Size 5/Root 1 0 R>>\nstartxref\n${xref}\n%%EOF\n`);
  return Buffer.concat(parts);
}
