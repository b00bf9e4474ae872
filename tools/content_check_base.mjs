// What the two halves of the content check share: counting faults, reading a file, judging a text, a list of codes.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(process.argv[2] ?? path.join(here, '..', 'content'));
export const LANGS = ['en', 'ru', 'kk', 'uz'];
export const FHIR = 'https://consilium.example/fhir/';
export const TYPES = ['group', 'text', 'string', 'integer', 'decimal', 'date', 'dateTime', 'choice', 'open-choice', 'boolean'];
const CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/;

export const count = { faults: 0, texts: 0 };
export const fault = (file, place, what) => { count.faults++; console.error(`content/${file}:${place}: ${what}`); };
export const is = (ok, file, place, what) => { if (!ok) fault(file, place, what); return ok; };
export const isObj = v => v !== null && typeof v === 'object' && !Array.isArray(v);

export function load(file) {
    let s;
    try {
        s = fs.readFileSync(path.join(root, file), 'utf8');
        return JSON.parse(s);
    } catch (e) {
        fault(file, '1', e.code === 'ENOENT' ? 'the file is missing' : e.message);
        return null;
    }
}

// a text in one language: present, trimmed, in the right script; Uzbek is written in Latin letters with U+02BB and U+02BC
export function text(file, place, lang, s) {
    count.texts++;
    if (!is(typeof s === 'string' && s.trim() !== '' && s === s.trim(), file, place, `no text in ${lang}`)) return;
    is(s === s.normalize('NFC'), file, place, `text in ${lang} is not in normal form C`);
    is(!(lang === 'uz' || lang === 'en') || !/\p{Script=Cyrillic}/u.test(s), file, place, `Cyrillic letter in ${lang}: ${s}`);
    is(lang !== 'uz' || !/[\u0027\u2018\u2019\u0060]/.test(s), file, place, `Uzbek text uses a quote mark for a letter: ${s}`);
}

export function title(file, place, t) {
    if (!is(isObj(t), file, place, 'not an object of four languages')) return;
    is(Object.keys(t).join() === LANGS.join(), file, place, `languages are not ${LANGS.join(', ')} in this order`);
    for (const l of LANGS) text(file, `${place}.${l}`, l, t[l]);
}

export function codesOf(file, place, items, pattern = CODE) {
    const seen = new Set();
    if (!is(Array.isArray(items) && items.length > 0, file, place, 'not a list with rows')) return seen;
    items.forEach((it, i) => {
        is(typeof it.code === 'string' && pattern.test(it.code), file, `${place}[${i}].code`, `bad code ${it.code}`);
        is(!seen.has(it.code), file, `${place}[${i}].code`, `code twice: ${it.code}`);
        seen.add(it.code);
    });
    return seen;
}
