// Functions that are never called, or only in the rooms whose work they are.
import { code, files, lineOf, main, read } from './check_lib.mjs';

const NEVER = ('strcpy strcat strncpy strncat sprintf vsprintf gets strtok strtok_r sscanf atoi atol atof strtol strtoul strtoll ' +
  'strtoull gmtime localtime ctime asctime mktemp tmpnam rand srand system popen alloca setjmp longjmp').split(' ');
// function -> files that may call it
const AT_HOME = {
  'malloc calloc realloc free strdup': /^src\/(base\/arena\.c|os\/)/,
  'open fopen socket': /^src\/(os|http|store)\//,
  'time clock_gettime gettimeofday': /^src\/os\//,
  'getenv exit': /^src\/(os|app)\//,
  strtod: /^src\/codec\/dicom_value\.c$/, // binary fractions that must read back as themselves
  abort: /^src\/(os|app|base)\//,
};

main((report) => {
  for (const f of files(/^src\/.*\.(c|h)$/)) {
    if (/_(test|fuzz|bench)\.c$|_(fixture|testing)\.h$|\/bench\.c$/.test(f)) continue;
    const text = code(read(f));
    const call = (name) => new RegExp(`(?<![\\w.>])${name}\\s*\\(`, 'g');
    const see = (name, why) => {
      if (new RegExp(`^static [^;=()]*\\b${name}\\(`, 'm').test(text)) return; // its own

      for (const m of text.matchAll(call(name))) {
        report(f, lineOf(text, m.index), `${name}() ${why}`);
      }
    };
    for (const name of NEVER) see(name, 'is banned');
    for (const [names, where] of Object.entries(AT_HOME)) {
      if (where.test(f)) continue;
      for (const name of names.split(' ')) see(name, `is called only in ${where.source}`);
    }
    if (!/_sql\.c$/.test(f) && /^src\//.test(f) && !f.startsWith('src/store/')) {
      const raw = code(read(f), true);
      for (const m of raw.matchAll(/"(SELECT|INSERT INTO|UPDATE|DELETE FROM) /g)) report(f, lineOf(raw, m.index), 'SQL stands in *_sql.c files');
    }
    // (care writes the narrative of FHIR documents, which is XHTML by the standard.)
    if (!/^src\/(web|api)\//.test(f)) continue;
    const raw = code(read(f), true);
    for (const m of raw.matchAll(/"[^"\n]*<(div|p|span|html|body|table|a|input|form)[ >]/g)) {
      report(f, lineOf(raw, m.index), 'HTML stands in templates/');
    }
  }
});
