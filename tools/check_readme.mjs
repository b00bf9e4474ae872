// Every room and folder of sources has a README.md with the five headings that lists each of its files,
// and nothing that is gone.
import fs from 'node:fs';
import path from 'node:path';
import { files, lineOf, main, read } from './check_lib.mjs';

const HEADINGS = ['Purpose', 'Who calls it', 'Files', 'Always true', 'To add'];
const WILD = /\*|[A-Z]{4,}(?=\.)/g; // `request-PROFILE.json` and `*.json` name many files
const wild = (n) => new RegExp(`^${n.split(WILD).map((x) => x.replace(/[.+]/g, '\\$&')).join('[^/]*')}$`);
const FOLDERS = ['templates', 'web', 'po', 'tools', 'content', 'tests'];

main((report) => {
  const all = files();
  const dirs = new Set(all.filter((f) => /^src\/[^/]+\//.test(f)).map((f) => f.split('/').slice(0, 2).join('/')));
  for (const d of FOLDERS) if (all.some((f) => f.startsWith(`${d}/`))) dirs.add(d);
  for (const dir of dirs) {
    const readme = `${dir}/README.md`;
    if (!fs.existsSync(readme)) {
      report(readme, 1, 'is missing');
      continue;
    }
    const text = read(readme);
    for (const h of HEADINGS) if (!new RegExp(`^## ${h}`, 'm').test(text)) report(readme, 1, `has no heading "${h}"`);
    // A name in backquotes; one with a slash names a file below the folder, `name/` a whole folder.
    const listed = [...text.matchAll(/`([^`\n]+)`/g)].map((m) => ({ name: m[1], line: lineOf(text, m.index) }));
    const names = new Set(listed.map((l) => l.name));
    for (const f of all.filter((x) => x.startsWith(`${dir}/`) && x !== readme)) {
      const rel = f.slice(dir.length + 1);
      const covered = names.has(rel) || rel.split('/').some((_, i, a) => i < a.length - 1 && names.has(`${a.slice(0, i + 1).join('/')}/`));
      const globbed = [...names].some((n) => n.search(WILD) >= 0 && wild(n).test(rel));
      if (!covered && !globbed) report(readme, 1, `does not list ${rel}`);
    }
    const body = text.slice(text.indexOf('## Files'), text.indexOf('## Always true'));
    for (const m of body.matchAll(/^- ((?:`[^`]+`,? ?)+)/gm)) {
      for (const n of m[1].matchAll(/`([^`]+)`/g)) {
        const p = path.join(dir, n[1]);
        if (/^[\w./-]+(\/|\.(c|h|def|mjs|sh|json|html|scss|ts|md|txt|csv|svg|po))$/.test(n[1]) && n[1].search(WILD) < 0 && !fs.existsSync(p)) report(readme, lineOf(text, text.indexOf('## Files') + m.index), `lists ${n[1]}, which is gone`);
      }
    }
  }
});
