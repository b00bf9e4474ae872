// Every #include "room/..." points down, as the file LAYERS says, and private headers stay at home.
import { files, main, read, rooms } from './check_lib.mjs';

main((report) => {
  const allowed = rooms();
  for (const f of files(/^src\/[^/]+\/.*\.(c|h)$/)) {
    const room = f.split('/')[1];
    if (!allowed.has(room)) report(f, 1, `room ${room} is not in LAYERS`);
    read(f).split('\n').forEach((text, i) => {
      const m = /^\s*#\s*include\s+"([^"]+)"/.exec(text);
      if (!m) return;
      const [other, ...rest] = m[1].split('/');
      if (!rest.length) return report(f, i + 1, `include "${m[1]}" by its room: "${room}/${m[1]}"`);
      if (!allowed.has(other)) return undefined;
      if (other !== room && !(allowed.get(room) || []).includes(other)) {
        report(f, i + 1, `${room} may not include ${other}: see LAYERS`);
      }
      const fixture = /_test\.c$|_fixture\.h$/.test(f) && /^test/.test(rest[0]);
      if (other !== room && /_int\.h$/.test(m[1]) && !fixture) report(f, i + 1, `${m[1]} is private to ${other}`);
      return undefined;
    });
  }
});
