// A function a header offers is used by the program, not by its tests alone.
import { code, files, main, read } from './check_lib.mjs';

// name -> why it stays though only tests call it
const KEPT = {
  arena_used: 'what a test sees of an arena',
  json_bind: 'names of elements, bound by the engine',
  json_v_null: 'the writer of JSON is whole',
  ident_bin_make: 'tests make numbers of people',
  fhir_search_text: 'a search from its text, for tests and fuzz targets',
  os_queue_new: 'the made-up writer of tests and the benchmark wait on it',
  os_queue_free: 'as os_queue_new',
  os_queue_push: 'as os_queue_new',
  os_queue_pop: 'as os_queue_new',
  os_queue_close: 'as os_queue_new',
  os_queue_len: 'as os_queue_new',
  conn_text: 'what a test sees of the statements',
  list_hi: 'what a test sees of a list',
  tx_put_rid: 'what a test sees of a commit',
  tx_require_version: 'one version decides over another resource: for the engine',
  val_list: 'templates of tests',
  val_set: 'templates of tests',
  view_render: 'templates of tests',
};
// Headers whose callers are being written: everything of them may wait.
const GROWING = /^src\/(codec\/(decimal|json_edit|json_patch|jwk|jws|ucum)|fhir\/\w+)\.h$/;
const OF_TESTS = /_(test|fuzz|testing|fixture)\.[ch]$|_example\.h$|\/test_int\.h$|\/bench\.c$/;

main((report) => {
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
    if (!/\.h$/.test(f) || OF_TESTS.test(f) || GROWING.test(f)) continue;
    for (const m of text.matchAll(/^(?!static|typedef|#|extern|struct \w+ \{|enum \w+ \{)(?:MUST_USE )?[A-Za-z_][\w ]*[ *](\w+)\([^{};]*\)[^{};]*;/gm)) {
      if (!seen.has(m[1]) && !(m[1] in KEPT)) report(f, text.slice(0, m.index).split('\n').length, `${m[1]}: nobody calls it but tests`);
    }
  }
});
