// Each module of codec that parses outside bytes has a fuzz target, and CMake knows it.
import fs from 'node:fs';
import { files, main, read } from './check_lib.mjs';

main((report) => {
  const fuzzers = files(/^src\/.*_fuzz\.c$/);
  for (const f of files(/^src\/codec\/[a-z0-9_]+\.h$/)) {
    if (/_int\.h$/.test(f)) continue;
    const parses = /\b[a-z0-9_]+_(parse|read|decode|check|cut|take|find|next|verify)\s*\(/.test(read(f));
    const own = f.replace(/\.h$/, '_fuzz.c');
    const include = `#include "${f.slice(4)}"`;
    if (parses && !fuzzers.some((z) => z === own || read(z).includes(include))) {
      report(f, 1, `parses, but there is no ${own}, nor another fuzz target that includes it`);
    }
  }
  for (const f of files(/^src\/.*_(fuzz|test)\.c$/)) {
    const [, room, name] = /^src\/([^/]+)\/(.*)$/.exec(f);
    const cmake = `src/${room}/CMakeLists.txt`;
    if (!fs.existsSync(cmake) || !read(cmake).includes(name)) report(f, 1, `is not in ${cmake}`);
  }
});
