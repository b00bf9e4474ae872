// The tables: no two rows of a .def file with the same first column, unless the file says that it has a
// key of several columns: "key: N columns" in its heading comment.
import { code, files, lineOf, main, read } from './check_lib.mjs';

main((report) => {
  for (const f of files(/^src\/.*\.def$/)) {
    const text = code(read(f), true);
    const columns = Number(/key: (\d) columns/.exec(read(f))?.[1] ?? 1);
    const seen = new Map();
    for (const m of text.matchAll(/^\s*([A-Z_]+)\(\s*([^\n]*)/gm)) {
      if (/#define/.test(m[0])) continue;
      const cells = m[2].match(/"(?:[^"\\]|\\.)*"|[^,()]+/g) || [];
      const key = `${m[1]} ${cells.slice(0, columns).map((c) => c.trim()).join(', ')}`;
      if (seen.has(key)) report(f, lineOf(text, m.index), `row "${key}" stands already in line ${seen.get(key)}`);
      seen.set(key, lineOf(text, m.index));
    }
  }
});
