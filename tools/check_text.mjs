// Plain text matters: no trailing blanks, tabs, CRs, machine paths, registry names; files end with a
// newline; C has a heading comment and no // comments; nothing is left "to do"; no data of a running
// server is among the files.
import { code, files, main, read } from './check_lib.mjs';

const TEXT = /(\.(c|h|def|inc|mjs|ts|js|html|scss|css|md|json|po|sh|txt|cmake|http|yml)|CMakeLists\.txt|Makefile|LAYERS|\.ci\/run)$/;
const SELF = 'tools/check_text.mjs';
const LEFT = /\b(TODO|FIXME|XXX|HACK)\b/;
const PLACES = /(^|[^\w.-])\/(work|root)\/|registry\.npmjs|npmjs\.org|deb\.debian\.org/;

const KEPT = /\.(db|db-wal|db-shm|key|pem|head)$/;

main((report) => {
  for (const f of files(KEPT)) if (!f.startsWith('tests/')) report(f, 1, 'is data of a running server');
  for (const f of files(TEXT)) {
    if (f === SELF) continue;
    const text = read(f);
    const lines = text.split('\n');
    if (text && !text.endsWith('\n')) report(f, lines.length, 'does not end with a newline');
    const data = /package-lock\.json$|^content\/.*\.json$|^tests\/fuzz\//.test(f);
    lines.forEach((l, i) => {
      if (/[ \t]$/.test(l) && !f.endsWith('.http')) report(f, i + 1, 'trailing blank');
      if (l.includes('\r') && !f.endsWith('.http')) report(f, i + 1, 'a CR');
      if (l.includes('\t') && /\.(c|h|def|mjs|ts|html|scss)$/.test(f)) report(f, i + 1, 'a tab');
      if (PLACES.test(l)) report(f, i + 1, 'names a place of one machine or a registry host');
      if (LEFT.test(l) && !data) report(f, i + 1, 'something is left to do');
    });
    if (/^(src|tests)\/.*\.(c|h|def)$/.test(f)) {
      if (!/^\/\* \S/.test(text)) report(f, 1, 'begins with a comment on why it exists');
      code(text).split('\n').forEach((l, i) => {
        if (l.includes('//')) report(f, i + 1, 'comments are /* */');
      });
    }
  }
});
