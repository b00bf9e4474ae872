// Checks every file of content/ before a program loads it: shapes, four languages, codes, durations, sources.
// Plain Node (18 or later), no packages. `node tools/content_check.mjs [content folder]`; prints file:place: what is wrong,
// exits 1 when anything is. content/README.md documents the shapes that are checked here.
import fs from 'node:fs';
import path from 'node:path';
import { FHIR, LANGS, TYPES, codesOf, count, fault, is, isObj, load, root, text, title } from './content_check_base.mjs';
import { checkForm, checkQuestionnaire } from './content_check_forms.mjs';

const ROLES = ['feldsher', 'nurse', 'midwife', 'doctor', 'consultant', 'coordinator', 'head', 'registrar', 'administrator', 'auditor'];
const RIGHTS = ['ask', 'answer', 'coordinate', 'head', 'register-patient', 'book', 'administer', 'audit', 'visit'];
const PROFILES = ['cardiology', 'neurology', 'obstetrics', 'orthopaedics', 'oncology', 'paediatrics', 'intensive-care', 'therapy'];
const URGENCY = ['emergency', 'urgent', 'planned'];
const EVIDENCE = ['primary', 'secondary', 'unconfirmed', 'operator'];
const LISTS = ['outcome', 'followed', 'refuse-reason', 'return-reason', 'withdraw-reason', 'reroute-reason', 'visit-purpose', 'visit-cancel'];
const OUTCOMES = ['improved', 'unchanged', 'worse', 'transferred', 'died', 'refused', 'lost-to-follow-up', 'other'];
const ICD = /^[A-Z][0-9]{2}(\.[0-9]{1,2})?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DURATION = /^P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/;
const ICD_MIN = 300;

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
    const said = isObj(v.source) ? LANGS.map(l => v.source[l]) : [v.source]; // names of acts stay in their own letters
    is(said.every(x => typeof x === 'string' && x.length > 4), file, `${place}.source`, 'names no source, or not in all languages');
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

function checkPasswords() {
    const f = 'passwords.json';
    const d = load(f);
    if (!d) return;
    for (const list of ['words', 'rows']) {
        is(Array.isArray(d[list]) && d[list].every((w) => typeof w === 'string' && [...w].length >= 3) && new Set(d[list]).size === d[list].length,
            f, list, 'not a list of different texts of three letters and more');
    }
}

function checkWindows() {
    const f = 'imaging.json';
    const d = load(f);
    if (!d) return;
    codesOf(f, 'windows', d.windows);
    (d.windows ?? []).forEach((w, i) => {
        const at = `windows[${i}]`;
        title(f, `${at}.title`, w.title);
        is(/^[A-Z]{2}$/.test(w.modality), f, `${at}.modality`, 'not a modality of DICOM');
        is(Number.isInteger(w.centre) && Number.isInteger(w.width) && w.width > 0, f, at, 'centre and width are not whole numbers');
        is(typeof w.unit === 'string' && w.unit !== '', f, `${at}.unit`, 'no unit');
        sourced(f, at, w);
    });
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

// Days of a term of storage, whole years too; 0: it is none
function days(d) {
    const years = /^P([1-9]\d{0,2})Y$/.exec(d ?? '');
    if (years) return Number(years[1]) > 200 ? 0 : Number(years[1]) * 365.25;
    return DURATION.test(d ?? '') ? seconds(d) / 86400 : 0;
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
    'requesterRoles', 'consultantRoles', 'modes', 'minConsiliumMembers', 'consiliumLasts', 'remoteMemberOpinionEnteredBy', 'firstVisitRemote', 'patientRemote',
    'booking', 'visitNote', 'consultationPurposes', 'signature', 'recording', 'retention', 'documents', 'consent', 'emergencyAccess', 'patientAccount', 'patientSeesAccessLog',
    'observersNeedConsent', 'crossBorderNeedsConsent', 'idDocumentScanForbidden', 'wearablesCertificateRequired', 'dataStaysInCountry', 'notificationsContentFree',
    'patientIdentifiers', 'practitionerIdentifiers', 'cardiovascularRiskRegion'];

const KEPT = ['notices', 'post', 'calls', 'devices', 'exports', 'shares', 'guests', 'invites']; // rows of src/care/retain.c
const PURPOSES = new Set((load('outcome.json')?.lists ?? []).find(l => l.code === 'visit-purpose')?.items.map(x => x.code));

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
        if (u.ring !== undefined) {
            is(DURATION.test(u.ring?.value ?? ''), f, `${at}.ring`, `not a duration in days, hours, minutes: ${u.ring?.value}`);
            is(seconds(u.ring?.value ?? '') < t.acceptWithin, f, `${at}.ring`, 'not shorter than acceptWithin');
        }
        is(t.remindBefore < t.acceptWithin && t.acceptWithin < t.answerWithin, f, at, 'not remindBefore < acceptWithin < answerWithin');
        is(['submitted', 'complete-packet'].includes(u.clockStart?.value), f, `${at}.clockStart`, 'not submitted or complete-packet');
    });
    for (const [i, x] of (p.retention?.images ?? []).entries()) {
        const years = x.keepYears?.value;
        is(x.kind === 'any' || /^[A-Z]{2,16}$/.test(x.kind ?? ''), f, `retention.images[${i}].kind`, 'not any or a modality');
        is(years === null || (Number.isInteger(years) && years >= 1 && years <= 200), f, `retention.images[${i}].keepYears`, 'not whole years or null');
    }
    is((p.retention?.terms ?? []).map(t => t.kind).join() === KEPT.join(), f, 'retention.terms', `kinds are not ${KEPT.join(', ')}`);
    for (const [i, x] of (p.retention?.terms ?? []).entries())
        is(x.keep?.value === null || DURATION.test(x.keep?.value ?? ''), f, `retention.terms[${i}].keep`, 'not a duration in days, hours, minutes, or null');
    for (const [at, v] of [['recording.retention', p.recording?.retention], ['retention.medicalRecord', p.retention?.medicalRecord]])
        is(v?.value === null || days(v?.value) > 0, f, at, 'not whole years (P25Y), a duration in days, hours, minutes, or null');
    is(!(p.retention?.medicalRecord?.value && days(p.retention.medicalRecord.value) < 365), f, 'retention.medicalRecord', 'under one year: days typed for years?');
    is(days(p.retention?.waiting?.value) >= 7, f, 'retention.waiting', 'not a duration of a week or more');
    is(p.retention?.audit?.value === null, f, 'retention.audit', 'the record of who saw and changed what is never cut: null');
    for (const k of ['requesterRoles', 'consultantRoles'])
        for (const r of p[k]?.value ?? []) is(ROLES.includes(r), f, k, `no such role: ${r}`);
    const remote = p.patientRemote ?? {};
    is([null, 'deny', 'allow-advice-only', 'allow'].includes(p.firstVisitRemote?.value), f, 'firstVisitRemote', 'not deny, allow-advice-only, allow or null');
    for (const k of ['allowedPurposes', 'firstContactPurposes', 'notRemotely'])
        for (const c of remote[k]?.value ?? []) is(PURPOSES.has(c), f, `patientRemote.${k}`, `no such purpose: ${c}`);
    for (const c of remote.notRemotely?.value ?? []) is(!(remote.allowedPurposes?.value ?? []).includes(c), f, 'patientRemote.notRemotely', `${c} is allowed, too`);
    for (const c of remote.firstContactPurposes?.value ?? [])
        is((remote.allowedPurposes?.value ?? []).includes(c), f, 'patientRemote.firstContactPurposes', `${c} is not allowed at all`);
    for (const c of remote.notForUrgency?.value ?? []) is(URGENCY.includes(c), f, 'patientRemote.notForUrgency', `no such urgency: ${c}`);
    for (const c of remote.emergencyPhones?.value ?? []) is(/^\+?\d{2,15}$/.test(c), f, 'patientRemote.emergencyPhones', `not a number: ${c}`);
    for (const c of p.booking?.holidays?.value ?? []) is(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(c), f, 'booking.holidays', `not month-day: ${c}`);
    for (const c of [p.booking?.bookAhead?.value, p.booking?.offerHold?.value, ...p.booking?.remindBefore?.value ?? []])
        is(DURATION.test(c ?? ''), f, 'booking', `not a duration in days, hours, minutes: ${c}`);
    for (const k of ['within', 'remindBefore', 'remindAfterEnd', 'escalateAfter'])
        is(p.visitNote?.[k]?.value === null || DURATION.test(p.visitNote?.[k]?.value ?? ''), f, `visitNote.${k}`, 'not a duration, or null');
    title(f, 'consent.text', p.consent?.text);
    is(['request', 'conclusion', 'consilium', 'visit'].every(t => (p.documents ?? []).some(d => d.type === t)), f, 'documents', 'a kind of document is missing');
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
    const walk = d => fs.readdirSync(d, { withFileTypes: true }).flatMap(e => (e.isDirectory() ? walk(path.join(d, e.name)) : [e.name]));
    const names = walk(root);
    const s = fs.existsSync(path.join(root, 'README.md')) ? fs.readFileSync(path.join(root, 'README.md'), 'utf8') : '';
    for (const n of names) {
        const generic = /^(request|conclusion|visit|patient)-/.exec(n);
        is(s.includes(generic ? `${generic[1]}-PROFILE.json` : n), 'README.md', '1', `does not list ${n}`);
    }
}

checkLists();
checkOutcome();
checkWindows();
checkPasswords();
const loinc = checkObservations();
const form = checkForm();
const used = new Set();
for (const p of PROFILES) for (const kind of ['request', 'conclusion']) checkQuestionnaire(kind, p, loinc, form, used);
for (const p of ['general', ...PROFILES]) checkQuestionnaire('visit', p, loinc, form, used);
for (const p of ['since-visit', 'before-visit']) checkQuestionnaire('patient', p, loinc, form, used);
for (const c of form.keys()) is(used.has(c), 'codesystems/form.json', c, 'no form offers this answer');
for (const id of ['kz', 'ru', 'uz']) checkPolicy(id);
const icd = checkIcd();
checkReadme();
if (count.faults > 0) {
    console.error(`content: ${count.faults} faults`);
    process.exit(1);
}
console.log(`content: ${count.texts} texts in ${LANGS.length} languages, ${loinc.size} LOINC codes, ${form.size} answers, ${icd} diagnoses: good`);
