// A function a header offers is used by the program, not by its tests alone.
import { code, files, lineOf, main, read } from './check_lib.mjs';

// name -> why it stays though only tests call it
const KEPT = {
  def_type_count: 'what a test sees of the definitions',
  def_elem_count: 'as def_type_count',
  def_param_find: 'as def_type_count',
  def_param_sp: 'as def_type_count',
  view_columns: 'what a test sees of a view',
  unpack_bytes: 'an archive in memory, for tests and the fuzzer; the program unpacks files',
  os_queue_len: 'the made-up writer of tests and the benchmark wait on it',
  conn_text: 'what a test sees of the statements',
  tx_put_rid: 'what a test sees of a commit',
  val_list: 'templates of tests',
  view_render: 'templates of tests',
};
const OF_TESTS = /_(test|fuzz|testing|fixture)\.[ch]$|_example\.h$|\/test_int\.h$|\/bench\.c$/;

main((report) => {
  const needed = new Set();
  const texts = files(/^src\/.*\.(c|h|def)$/).map((f) => ({ f, text: code(read(f)) }));
  // Words of the program and how often they stand in it: a declaration and a definition are two.
  const seen = new Map();
  for (const { f, text } of texts) {
    if (OF_TESTS.test(f) || /\.h$/.test(f)) continue;
    const bare = text.replace(/^[A-Za-z_][^;{}()=#]*?\b(\w+)\((?=[^;]*?\)\s*\{)/gm, (m, name) => m.replace(`${name}(`, '('));
    for (const [word] of bare.matchAll(/\b[a-z_]\w+\b/g)) seen.set(word, (seen.get(word) ?? 0) + 1);
  }
  for (const f of files(/^tools\/t.*\.mjs$/)) for (const [word] of read(f).matchAll(/\b[a-z_]\w+\b/g)) seen.set(word, 1); // what they write calls it
  const inline = texts.filter(({ f }) => /\.h$/.test(f) && !OF_TESTS.test(f)).map(({ text }) => text)
    .join('\n').replace(/^(?!static)[A-Za-z_][\w ]*[ *](\w+)\([^{};]*\);/gm, '');
  for (const [word] of inline.matchAll(/\b[a-z_]\w+\b/g)) seen.set(word, (seen.get(word) ?? 0) + 1);
  for (const { f, text } of texts) {
    if (!/\.h$/.test(f) || OF_TESTS.test(f)) continue;
    for (const m of text.matchAll(/^(?!static|typedef|#|extern|struct \w+ \{|enum \w+ \{)(?:MUST_USE )?[A-Za-z_][\w ]*[ *](\w+)\([^{};]*\)[^{};]*;/gm)) {
      if (seen.has(m[1])) continue;
      if (m[1] in KEPT) needed.add(m[1]);
      else report(f, text.slice(0, m.index).split('\n').length, `${m[1]}: nobody calls it but tests`);
    }
  }
  const own = read('tools/check_unused.mjs');
  for (const name of Object.keys(KEPT)) {
    if (!needed.has(name)) report('tools/check_unused.mjs', lineOf(own, own.indexOf(`  ${name}:`)), `${name}: the program calls it, or it is gone`);
  }
});
