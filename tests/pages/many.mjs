// A case with very many files: its page stays light and shows the first of them, the others stand on a page of their own.
import { faults, must, Person } from './browser.mjs';
import { pdf } from './made_up.mjs';

const ROUNDS = 7;
const FILES = 18; // at once, within what a message takes along
const SHOWN = 20;
const PAGE = 60;

async function send(p, href) {
  for (let r = 0; r < ROUNDS; r++) {
    const files = Array.from({ length: FILES }, (_, i) => ({ name: `Снимок ${r * FILES + i + 1}.pdf`, mimeType: 'application/pdf', buffer: pdf(64) }));
    await p.open(`${href}/files`, '');
    await p.page.setInputFiles('input[type=file]', files);
    await p.go('form[enctype] .c-actions button', '');
    await p.open(href, '');
    await p.page.fill('#write [name="text"]', `Файлы, часть ${r + 1}`);
    await p.go('#write button', '');
  }
}

export async function manyFiles(browser, program, login, password) {
  const plain = await Person.begin(browser, program, login, { scripts: false });
  await plain.open('/sign-in', '');
  await plain.signIn(login, password);
  await plain.open('/mine', '');
  const all = await plain.page.locator('a[href^="/cases/"]').evaluateAll((links) => links.map((l) => l.getAttribute('href').replace(/#.*/, '')));
  const href = all.find((h) => /^\/cases\/[a-z0-9]+$/.test(h));
  must(href, `${login} has no open case`);
  await send(plain, href);
  const row = '#files .c-file';
  must(await plain.page.locator(row).count() === SHOWN, 'the page of a case does not show the first files alone');
  await plain.go('#files a[href$="/all-files"]', 'case-all-files');
  const seen = new Set();
  for (let more = true; more;) {
    const names = await plain.page.locator('.c-file__name a').evaluateAll((links) => links.map((l) => l.getAttribute('href')));
    if (names.length > PAGE) faults.push(`${names.length} files on one page`);
    for (const n of names) seen.add(n);
    more = await plain.page.locator('a[rel="next"]').count() > 0;
    if (more) await plain.go('a[rel="next"]', '');
  }
  must(seen.size >= ROUNDS * FILES, `${seen.size} files are reached, ${ROUNDS * FILES} were sent`);
  await plain.end();
  const p = await Person.begin(browser, program, login, {});
  await p.open('/sign-in', '');
  await p.signIn(login, password);
  await p.open(`${href}#files`, 'case-many-files');
  await p.open(`${href}/all-files`, 'case-all-files-live');
  await p.end();
}
