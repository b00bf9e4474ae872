// Each module that reads bytes from outside has a fuzz target, and CMake knows it: those of codec by their
// names, those elsewhere by the table below.
import fs from 'node:fs';
import { files, main, read } from './check_lib.mjs';

// What reads from outside, and the target that calls it.
const PARSERS = [
  ['api/bundle.c', 'entries_parse', 'api/bundle_fuzz.c'],
  ['app/config.c', 'config_read', 'app/config_fuzz.c'],
  ['app/routes.c', 'app_routes', 'app/request_fuzz.c'],
  ['base/instant.c', 'instant_parse_http', 'base/instant_fuzz.c'],
  ['care/filetype.c', 'file_judge', 'care/filetype_fuzz.c'],
  ['care/form.c', 'form_load', 'care/form_fuzz.c'],
  ['care/icd_import.c', 'icd_import', 'care/icd_import_fuzz.c'],
  ['care/sub_read.c', 'sub_read', 'care/sub_fuzz.c'],
  ['care/topic.c', 'topics_load', 'care/sub_fuzz.c'],
  ['care/verify.c', 'verify_document', 'care/verify_fuzz.c'],
  ['fhir/cursor.c', 'cursor_read', 'fhir/cursor_fuzz.c'],
  ['fhir/patch.c', 'fhir_patch', 'fhir/patch_fuzz.c'],
  ['fhir/path.c', 'path_compile', 'fhir/path_fuzz.c'],
  ['fhir/prepare.c', 'fhir_prepare', 'fhir/prepare_fuzz.c'],
  ['fhir/profile.c', 'profile_read', 'fhir/profile_fuzz.c'],
  ['fhir/query_result.c', 'fhir_query_parse_in', 'fhir/search_fuzz.c'],
  ['fhir/scope.c', 'scope_parse', 'fhir/scope_fuzz.c'],
  ['fhir/view.c', 'view_compile', 'fhir/view_fuzz.c'],
  ['os/lines.c', 'os_lines_next', 'os/lines_fuzz.c'],
  ['store/dict.c', 'dict_unpack', 'store/dict_fuzz.c'],
  ['store/footprint.c', 'footprint_read', 'store/footprint_fuzz.c'],
  ['work/janus_read.c', 'janus_events_read', 'work/janus_fuzz.c'],
  ['work/janus_room.c', 'media_said', 'work/janus_fuzz.c'],
];

main((report) => {
  const fuzzers = files(/^src\/.*_fuzz\.c$/);
  for (const f of files(/^src\/codec\/[a-z0-9_]+\.h$/)) {
    if (/_(int|testing|fuzz)\.h$/.test(f)) continue;
    const parses = /\b[a-z0-9_]+_(parse|read|decode|check|cut|take|find|next|verify)\s*\(/.test(read(f));
    const own = f.replace(/\.h$/, '_fuzz.c');
    const include = `#include "${f.slice(4)}"`;
    if (parses && !fuzzers.some((z) => z === own || read(z).includes(include))) {
      report(f, 1, `parses, but there is no ${own}, nor another fuzz target that includes it`);
    }
  }
  for (const [parser, word, target] of PARSERS) {
    const has = (f) => fs.existsSync(`src/${f}`) && read(`src/${f}`).includes(word);
    if (!has(parser)) report('tools/check_fuzz.mjs', 1, `src/${parser} has no ${word}: the table is old`);
    if (!has(target)) report(`src/${parser}`, 1, `${word} is not called by src/${target}`);
  }
  for (const f of files(/^src\/.*_(fuzz|test)\.c$/)) {
    const [, room, name] = /^src\/([^/]+)\/(.*)$/.exec(f);
    const cmake = `src/${room}/CMakeLists.txt`;
    if (!fs.existsSync(cmake) || !read(cmake).includes(name)) report(f, 1, `is not in ${cmake}`);
  }
});
