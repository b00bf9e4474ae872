// No file above 1000 lines, no function above 80, no tool above 300 lines, and no line of C far
// above 100 columns (tables between clang-format off and on may be as wide as they need).
import { code, files, main, read } from './check_lib.mjs';

const FILE = 1000;
const FUNCTION = 80;
const COLUMNS = 110; // 120 in tests

main((report) => {
  for (const f of files(/^(src|tests|tools|web)\/.*\.(c|h|mjs|ts|sh)$/)) {
    const lines = read(f).split('\n');
    const most = f.startsWith('tools/') ? 300 : FILE;
    if (lines.length - 1 > most) report(f, most, `has ${lines.length - 1} lines; the most is ${most}`);
    if (!/\.[ch]$/.test(f)) continue;
    let table = false;
    lines.forEach((l, i) => {
      if (l.includes('clang-format off')) table = true;
      if (l.includes('clang-format on')) table = false;
      if (!table && [...l].length > (/_test\.c$/.test(f) ? 120 : COLUMNS)) report(f, i + 1, `has ${[...l].length} columns, not about 100`);
    });
    if (!f.endsWith('.c')) continue;
    // With Linux braces a function is what stands between "{" and "}" in the first column.
    let open = -1;
    code(read(f)).split('\n').forEach((l, i) => {
      if (l === '{') open = i;
      else if (l === '}' && open >= 0) {
        if (i - open + 1 > FUNCTION) report(f, open + 1, `a function of ${i - open + 1} lines; the most is ${FUNCTION}`);
        open = -1;
      }
    });
  }
});
