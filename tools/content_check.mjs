// Checks every file of content/ before a program loads it: shapes, four languages, codes, durations, sources.
// Plain Node (18 or later), no packages. `node tools/content_check.mjs [content folder]`; prints file:place: what is wrong,
// exits 1 when anything is. content/README.md documents the shapes that are checked here.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(process.argv[2] ?? path.join(here, '..', 'content'));
const LANGS = ['en', 'ru', 'kk', 'uz'];
const ROLES = ['feldsher', 'nurse', 'midwife', 'doctor', 'consultant', 'coordinator', 'head', 'registrar', 'administrator', 'auditor'];
const RIGHTS = ['ask', 'answer', 'coordinate', 'head', 'register-patient', 'administer', 'audit'];
const PROFILES = ['cardiology', 'neurology', 'obstetrics', 'orthopaedics', 'oncology', 'paediatrics', 'intensive-care', 'therapy'];
const URGENCY = ['emergency', 'urgent', 'planned'];
const EVIDENCE = ['primary', 'secondary', 'unconfirmed', 'operator'];
const LISTS = ['outcome', 'followed', 'refuse-reason', 'return-reason', 'withdraw-reason', 'reroute-reason'];
const OUTCOMES = ['improved', 'unchanged', 'worse', 'transferred', 'died', 'refused', 'lost-to-follow-up', 'other'];
const FHIR = 'https://consilium.example/fhir/';
const FORM = FHIR + 'CodeSystem/form';
const EXT = 'http://hl7.org/fhir/StructureDefinition/';
const TYPES = ['group', 'text', 'string', 'integer', 'decimal', 'date', 'dateTime', 'choice', 'open-choice', 'boolean'];
const CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LINK = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/;
const ICD = /^[A-Z][0-9]{2}(\.[0-9]{1,2})?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DURATION = /^P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/;
const ICD_MIN = 300;

let faults = 0;
let texts = 0;
const fault = (file, place, what) => { faults++; console.error(`content/${file}:${place}: ${what}`); };
const is = (ok, file, place, what) => { if (!ok) fault(file, place, what); return ok; };
const isObj = v => v !== null && typeof v === 'object' && !Array.isArray(v);

function load(file) {
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
function text(file, place, lang, s) {
    texts++;
    if (!is(typeof s === 'string' && s.trim() !== '' && s === s.trim(), file, place, `no text in ${lang}`)) return;
    is(s === s.normalize('NFC'), file, place, `text in ${lang} is not in normal form C`);
    is(!(lang === 'uz' || lang === 'en') || !/\p{Script=Cyrillic}/u.test(s), file, place, `Cyrillic letter in ${lang}: ${s}`);
    is(lang !== 'uz' || !/[\u0027\u2018\u2019\u0060]/.test(s), file, place, `Uzbek text uses a quote mark for a letter: ${s}`);
}

function title(file, place, t) {
    if (!is(isObj(t), file, place, 'not an object of four languages')) return;
    is(Object.keys(t).join() === LANGS.join(), file, place, `languages are not ${LANGS.join(', ')} in this order`);
    for (const l of LANGS) text(file, `${place}.${l}`, l, t[l]);
}

function codesOf(file, place, items, pattern = CODE) {
    const seen = new Set();
    if (!is(Array.isArray(items) && items.length > 0, file, place, 'not a list with rows')) return seen;
    items.forEach((it, i) => {
        is(typeof it.code === 'string' && pattern.test(it.code), file, `${place}[${i}].code`, `bad code ${it.code}`);
        is(!seen.has(it.code), file, `${place}[${i}].code`, `code twice: ${it.code}`);
        seen.add(it.code);
    });
    return seen;
}

function list(file, kind, want) {
    const d = load(file);
    if (!d) return [];
    is(d.kind === kind && /^\d+\.\d+\.\d+$/.test(d.version), file, 'kind', `kind is not ${kind} or version is not n.n.n`);
    const items = d.items ?? [];
    const codes = codesOf(file, 'items', items);
    items.forEach((it, i) => title(file, `items[${i}].title`, it.title));
    for (const w of want) is(codes.has(w), file, 'items', `missing code ${w}`);
    return items;
}

function checkLists() {
    list('profiles.json', 'profiles', PROFILES).forEach((p, i) => {
        for (const kind of ['request', 'conclusion'])
            is(p[kind] === `${FHIR}Questionnaire/${kind}-${p.code}`, 'profiles.json', `items[${i}].${kind}`, `bad canonical ${p[kind]}`);
        is(p.order === i + 1, 'profiles.json', `items[${i}].order`, 'order is not the place in the list');
    });
    list('roles.json', 'roles', ROLES).forEach((r, i) => {
        is(isObj(r.rights) && Object.keys(r.rights).join() === RIGHTS.join() && Object.values(r.rights).every(x => typeof x === 'boolean'),
            'roles.json', `items[${i}].rights`, `rights are not true or false for ${RIGHTS.join(', ')}`);
    });
    list('urgency.json', 'urgency', URGENCY).forEach((u, i) => {
        title('urgency.json', `items[${i}].definition`, u.definition);
        is(['stat', 'urgent', 'routine'].includes(u.fhirPriority), 'urgency.json', `items[${i}].fhirPriority`, 'not a FHIR priority');
    });
}

function checkOutcome() {
    const f = 'outcome.json';
    const d = load(f);
    if (!d) return;
    const codes = codesOf(f, 'lists', d.lists);
    for (const w of LISTS) is(codes.has(w), f, 'lists', `missing list ${w}`);
    (d.lists ?? []).forEach((l, i) => {
        title(f, `lists[${i}].title`, l.title);
        const c = codesOf(f, `lists[${i}].items`, l.items);
        (l.items ?? []).forEach((it, k) => title(f, `lists[${i}].items[${k}].title`, it.title));
        if (l.code === 'outcome') for (const w of OUTCOMES) is(c.has(w), f, `lists[${i}]`, `missing outcome ${w}`);
    });
}

// what every sourced value carries: evidence, source, verified, verifiedBy, verifiedOn
function sourced(file, place, v) {
    is(EVIDENCE.includes(v.evidence), file, `${place}.evidence`, `not one of ${EVIDENCE.join(', ')}`);
    is(typeof v.source === 'string' && v.source.length > 4, file, `${place}.source`, 'names no source');
    is(typeof v.verified === 'boolean', file, `${place}.verified`, 'not true or false');
    for (const k of ['verifiedBy', 'verifiedOn']) is(k in v, file, `${place}.${k}`, 'is missing (null when nobody)');
    if (v.verified === true) {
        is(typeof v.verifiedBy === 'string' && v.verifiedBy !== '', file, `${place}.verifiedBy`, 'verified by nobody');
        is(DATE.test(v.verifiedOn ?? ''), file, `${place}.verifiedOn`, 'verified on no date');
    } else {
        is(v.verifiedBy === null && v.verifiedOn === null, file, place, 'not verified, yet names who or when');
    }
}

function checkObservations() {
    const f = 'observations.json';
    const map = new Map();
    list(f, 'observations', []).forEach((o, i) => {
        const at = `items[${i}]`;
        is(o.order === i + 1, f, `${at}.order`, 'order is not the place in the list');
        is(Array.isArray(o.loinc) && o.loinc.length > 0, f, `${at}.loinc`, 'no code');
        for (const c of [...(o.loinc ?? []), ...(o.panel ? [o.panel] : [])]) {
            is(loincOk(c), f, `${at}.loinc`, `wrong LOINC check digit: ${c}`);
            is(c === o.panel || !map.has(c), f, `${at}.loinc`, `code twice: ${c}`);
            if (c !== o.panel) map.set(c, o);
        }
        const number = o.type === 'integer' || o.type === 'decimal';
        is(TYPES.includes(o.type) && o.type !== 'group', f, `${at}.type`, `bad type ${o.type}`);
        is(number === (o.unit !== null), f, `${at}.unit`, 'a number has a unit, anything else has none');
        if (o.unit) title(f, `${at}.unit.title`, o.unit.title);
        is(Number.isInteger(o.decimals) && (o.decimals > 0) === (o.type === 'decimal'), f, `${at}.decimals`, 'decimals do not fit the type');
        is(number ? o.typingMin < o.typingMax : o.typingMin === null && o.typingMax === null, f, `${at}.typingMin`, 'bad typing limits');
        sourced(f, at, o);
    });
    return map;
}

// LOINC's last digit is a Luhn check over the digits before the dash
function loincOk(code) {
    if (!/^\d{1,7}-\d$/.test(code)) return false;
    const [body, check] = code.split('-');
    const sum = [...body].reverse().reduce((a, d, i) => a + (i % 2 ? Number(d) : Math.floor(Number(d) / 5) + (Number(d) * 2) % 10), 0);
    return (10 - (sum % 10)) % 10 === Number(check);
}

function seconds(d) {
    const m = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(d) ?? [];
    return (Number(m[1] ?? 0) * 24 + Number(m[2] ?? 0)) * 3600 + Number(m[3] ?? 0) * 60 + Number(m[4] ?? 0);
}

function values(file, place, node) {
    if (Array.isArray(node)) return node.forEach((x, i) => values(file, `${place}[${i}]`, x));
    if (!isObj(node)) return undefined;
    if ('value' in node) return sourced(file, place, node);
    if ('en' in node) return title(file, place, node);
    for (const [k, x] of Object.entries(node)) {
        const at = place ? `${place}.${k}` : k;
        is(isObj(x) || Array.isArray(x) || PLAIN.has(k), file, at, 'a bare value: wrap it with its source');
        values(file, at, x);
    }
    return undefined;
}
const PLAIN = new Set(['kind', 'policyId', 'version', 'country', 'effectiveFrom', 'effectiveTo', 'verifiedBy', 'verifiedOn', 'code', 'type']);
const POLICY = ['kind', 'policyId', 'version', 'country', 'title', 'effectiveFrom', 'effectiveTo', 'sourceAct', 'verifiedBy', 'verifiedOn', 'urgency',
    'requesterRoles', 'consultantRoles', 'modes', 'minConsiliumMembers', 'remoteMemberOpinionEnteredBy', 'firstVisitRemote', 'patientRemote',
    'consultationPurposes', 'signature', 'recording', 'retention', 'documents', 'consent', 'emergencyAccess', 'patientSeesAccessLog',
    'observersNeedConsent', 'idDocumentScanForbidden', 'wearablesCertificateRequired', 'dataStaysInCountry', 'notificationsContentFree',
    'patientIdentifiers', 'practitionerIdentifiers', 'cardiovascularRiskRegion'];

function checkPolicy(id) {
    const f = `policy/${id}.json`;
    const p = load(f);
    if (!p) return;
    is(Object.keys(p).join() === POLICY.join(), f, '1', `fields differ from: ${POLICY.join(', ')}`);
    is(p.policyId === id && p.country === id.toUpperCase(), f, 'policyId', 'is not the name of the file');
    is(DATE.test(p.effectiveFrom ?? ''), f, 'effectiveFrom', 'not a date');
    is(Array.isArray(p.sourceAct) && p.sourceAct.length > 0, f, 'sourceAct', 'names no act');
    values(f, '', p);
    codesOf(f, 'urgency', p.urgency);
    is((p.urgency ?? []).map(u => u.code).join() === URGENCY.join(), f, 'urgency', `classes are not ${URGENCY.join(', ')}`);
    (p.urgency ?? []).forEach((u, i) => {
        const at = `urgency[${i}]`;
        const t = {};
        for (const k of ['acceptWithin', 'answerWithin', 'remindBefore', 'escalateAfter']) {
            is(DURATION.test(u[k]?.value ?? ''), f, `${at}.${k}`, `not a duration in days, hours, minutes: ${u[k]?.value}`);
            t[k] = seconds(u[k]?.value ?? '');
        }
        is(t.remindBefore < t.acceptWithin && t.acceptWithin < t.answerWithin, f, at, 'not remindBefore < acceptWithin < answerWithin');
        is(['submitted', 'complete-packet'].includes(u.clockStart?.value), f, `${at}.clockStart`, 'not submitted or complete-packet');
    });
    for (const k of ['requesterRoles', 'consultantRoles'])
        for (const r of p[k]?.value ?? []) is(ROLES.includes(r), f, k, `no such role: ${r}`);
    title(f, 'consent.text', p.consent?.text);
    is(['request', 'conclusion', 'consilium', 'visit'].every(t => (p.documents ?? []).some(d => d.type === t)), f, 'documents', 'a kind of document is missing');
}

function translated(file, place, lang, base, el) {
    text(file, place, 'en', base);
    const got = (el?.extension ?? []).filter(e => e.url === EXT + 'translation')
        .map(e => [e.extension?.find(x => x.url === 'lang')?.valueCode, e.extension?.find(x => x.url === 'content')?.valueString]);
    is(got.map(g => g[0]).join() === LANGS.slice(1).join(), file, place, `translations are not ${LANGS.slice(1).join(', ')} in this order`);
    for (const [l, s] of got) text(file, `${place}(${l})`, l, s);
}

function checkItem(file, it, ctx) {
    const id = it.linkId ?? '?';
    is(LINK.test(id) && id.length <= 40, file, id, 'bad linkId');
    is(!ctx.ids.has(id), file, id, 'linkId twice');
    ctx.ids.set(id, it);
    is(ctx.parent === '' || id.startsWith(ctx.parent + '.'), file, id, `linkId does not begin with ${ctx.parent}.`);
    is(TYPES.includes(it.type), file, id, `type ${it.type} is not used here`);
    is((it.type === 'group') === Array.isArray(it.item), file, id, 'only a group has items, and it has some');
    translated(file, `${id}.text`, '', it.text, it._text);
    for (const c of it.code ?? []) {
        const o = ctx.loinc.get(c.code);
        if (!is(c.system === 'http://loinc.org' && o, file, id, `code ${c.code} is not in observations.json`)) continue;
        is(o.type === it.type && id.endsWith('.' + o.code), file, id, `type or linkId is not that of observation ${o.code}`);
        const unit = it.extension?.find(e => e.url === EXT + 'questionnaire-unit')?.valueCoding;
        is((unit?.code ?? null) === (o.unit?.ucum ?? null), file, id, 'unit differs from observations.json');
    }
    checkExtensions(file, id, it);
    is((it.type === 'choice') === Array.isArray(it.answerOption), file, id, 'a choice has answers, anything else has none');
    is((it.type === 'open-choice') === (typeof it.answerValueSet === 'string'), file, id, 'an open choice names its value set');
    const seen = new Set();
    for (const a of it.answerOption ?? []) {
        const c = a.valueCoding ?? {};
        is(c.system === FORM && ctx.form.get(c.code) === c.display, file, `${id}=${c.code}`, 'not in codesystems/form.json with this display');
        is(!seen.has(c.code), file, `${id}=${c.code}`, 'answer twice');
        seen.add(c.code);
        translated(file, `${id}=${c.code}`, '', c.display, c._display);
    }
    for (const w of it.enableWhen ?? []) {
        const q = ctx.ids.get(w.question);
        is(q?.answerOption?.some(a => a.valueCoding.code === w.answerCoding?.code), file, id, `enableWhen names no answer of an earlier ${w.question}`);
    }
    is((it.enableWhen?.length ?? 0) < 2 || it.enableBehavior === 'any', file, id, 'several enableWhen need enableBehavior any');
    for (const sub of it.item ?? []) checkItem(file, sub, { ...ctx, parent: id });
}

function checkExtensions(file, id, it) {
    const ext = Object.fromEntries((it.extension ?? []).map(e => [e.url.split('/').pop(), e]));
    const key = it.type === 'integer' ? 'valueInteger' : 'valueDecimal';
    if (it.type === 'integer' || it.type === 'decimal') {
        is(ext.minValue?.[key] < ext.maxValue?.[key], file, id, `no minValue < maxValue in ${key}`);
        is(ext['limit-purpose']?.valueCode === 'typing', file, id, 'limits are not named as limits of typing');
        is((it.type === 'decimal') === ('maxDecimalPlaces' in ext), file, id, 'a decimal names its decimal places, an integer none');
    } else {
        is(!it.extension, file, id, 'an extension on an item that is not a number');
    }
    const u = ext['questionnaire-unit']?.valueCoding;
    if (!u) return;
    is(u.system === 'http://unitsofmeasure.org' && u.code, file, id, 'unit is not UCUM');
    translated(file, `${id}.unit`, '', u.display, u._display);
}

function checkForm() {
    const f = 'codesystems/form.json';
    const d = load(f);
    const map = new Map();
    if (!d) return map;
    is(d.resourceType === 'CodeSystem' && d.url === FORM && d.content === 'complete' && d.count === d.concept?.length, f, 'count', 'not the form code system, or its count is wrong');
    codesOf(f, 'concept', d.concept);
    for (const c of d.concept ?? []) {
        map.set(c.code, c.display);
        text(f, c.code, 'en', c.display);
        is((c.designation ?? []).map(x => x.language).join() === LANGS.slice(1).join(), f, c.code, 'designations are not ru, kk, uz');
        for (const x of c.designation ?? []) text(f, c.code, x.language, x.value);
    }
    return map;
}

function checkQuestionnaire(kind, profile, loinc, form) {
    const id = `${kind}-${profile}`;
    const f = `questionnaires/${id}.json`;
    const q = load(f);
    if (!q) return;
    is(q.resourceType === 'Questionnaire' && q.id === id && q.url === `${FHIR}Questionnaire/${id}`, f, 'url', 'id or url is not that of the file');
    is(q.status === 'active' && /^\d+\.\d+\.\d+$/.test(q.version ?? '') && q.language === 'en', f, 'status', 'not active, no version n.n.n, or base language not en');
    translated(f, 'title', '', q.title, q._title);
    const ids = new Map();
    for (const it of q.item ?? []) checkItem(f, it, { ids, parent: '', loinc, form });
    const must = kind === 'request' ? ['complaints', 'history', 'status'] : ['examined.what', 'answerable', 'findings', 'cannot-answer', 'recommend.treatment', 'recommend.route'];
    for (const m of must) is(ids.get(m)?.required === true, f, m, 'is missing or not required');
    const have = kind === 'request' ? ['vitals', 'tests.date', 'treatment', 'allergies'] : ['diagnosis.code', 'recommend.tests', 'recommend.repeat-at', 'limits'];
    for (const h of have) is(ids.has(h), f, h, 'is missing');
}

// RFC 4180: rows of fields, a quoted field may hold commas, doubled quotes and line ends
function csv(file, s) {
    const rows = [];
    const re = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
    let row = [];
    for (;;) {
        const at = re.lastIndex;
        const m = re.exec(s);
        if (!m) { fault(file, String(rows.length + 1), 'broken quotes'); return rows; }
        row.push(m[1] !== undefined ? m[1].replaceAll('""', '"') : m[2]);
        if (m[3] !== ',') { if (row.length > 1 || row[0] !== '') rows.push(row); row = []; }
        if (m[3] === '' || (re.lastIndex >= s.length && m[3] !== ',')) return rows;
        if (re.lastIndex === at) { fault(file, String(rows.length + 1), 'broken quotes'); return rows; }
    }
}

function checkIcd() {
    const f = 'icd10/starter.csv';
    let s;
    try { s = fs.readFileSync(path.join(root, f), 'utf8'); } catch { fault(f, '1', 'the file is missing'); return 0; }
    const rows = csv(f, s);
    is(rows[0]?.join() === 'code,en,ru,kk,uz,words', f, '1', 'the header is not code,en,ru,kk,uz,words');
    const seen = new Set();
    let last = '';
    rows.slice(1).forEach((r, i) => {
        const at = String(i + 2);
        if (!is(r.length === 6, f, at, `${r.length} columns, not 6`)) return;
        is(ICD.test(r[0]), f, at, `bad code ${r[0]}`);
        is(!seen.has(r[0]), f, at, `code twice: ${r[0]}`);
        is(r[0] > last, f, at, `code out of order: ${r[0]}`);
        last = r[0];
        seen.add(r[0]);
        LANGS.forEach((l, k) => text(f, `${at}.${l}`, l, r[k + 1]));
        is(r[5] === '' || r[5].split(';').every(w => w !== '' && w === w.trim()), f, at, 'empty or untrimmed word');
    });
    is(seen.size >= ICD_MIN, f, '1', `${seen.size} codes, at least ${ICD_MIN} wanted`);
    return seen.size;
}

function checkReadme() {
    const names = fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter(e => e.isFile()).map(e => e.name);
    const s = fs.existsSync(path.join(root, 'README.md')) ? fs.readFileSync(path.join(root, 'README.md'), 'utf8') : '';
    for (const n of names) {
        const generic = /^(request|conclusion)-/.exec(n);
        is(s.includes(generic ? `${generic[1]}-PROFILE.json` : n), 'README.md', '1', `does not list ${n}`);
    }
}

checkLists();
checkOutcome();
const loinc = checkObservations();
const form = checkForm();
for (const p of PROFILES) for (const kind of ['request', 'conclusion']) checkQuestionnaire(kind, p, loinc, form);
for (const id of ['kz', 'ru', 'uz']) checkPolicy(id);
const icd = checkIcd();
checkReadme();
if (faults > 0) {
    console.error(`content: ${faults} faults`);
    process.exit(1);
}
console.log(`content: ${texts} texts in ${LANGS.length} languages, ${loinc.size} LOINC codes, ${form.size} answers, ${icd} diagnoses: good`);
