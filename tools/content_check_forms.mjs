// The FHIR half of the content check: questionnaires of requests, conclusions and visits, and the code system of their answers.
import { FHIR, LANGS, TYPES, codesOf, is, load, text } from './content_check_base.mjs';

const FORM = FHIR + 'CodeSystem/form';
const EXT = 'http://hl7.org/fhir/StructureDefinition/';
const LINK = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/;

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
        ctx.used.add(c.code);
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

export function checkForm() {
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

// Questions for patients are the operator's own and say so; nothing that could be counted into a score or held against a limit.
function checkPatientForm(f, q, ids) {
    is(q.extension?.some(e => e.url === FHIR + 'StructureDefinition/evidence' && e.valueCode === 'operator'), f, 'extension', 'not marked as the operator\'s own');
    is(typeof q.purpose === 'string' && q.purpose.length > 0, f, 'purpose', 'is missing');
    for (const it of ids.values()) is(['group', 'text', 'string', 'date', 'choice'].includes(it.type), f, it.linkId, `type ${it.type} in questions for patients`);
    is([...ids.values()].some(it => it.required), f, 'item', 'nothing is required: an empty form could be sent');
}

export function checkQuestionnaire(kind, profile, loinc, form, used) {
    const id = `${kind}-${profile}`;
    const f = `questionnaires/${id}.json`;
    const q = load(f);
    if (!q) return;
    is(q.resourceType === 'Questionnaire' && q.id === id && q.url === `${FHIR}Questionnaire/${id}`, f, 'url', 'id or url is not that of the file');
    is(q.status === 'active' && /^\d+\.\d+\.\d+$/.test(q.version ?? '') && q.language === 'en', f, 'status', 'not active, no version n.n.n, or base language not en');
    translated(f, 'title', '', q.title, q._title);
    const ids = new Map();
    for (const it of q.item ?? []) checkItem(f, it, { ids, parent: '', loinc, form, used });
    if (kind === 'patient') {
        checkPatientForm(f, q, ids);
        return;
    }
    const must = kind === 'visit' ? ['complaints.now', 'act.done', 'need-in-person.need'] : kind === 'request' ? ['complaints', 'history', 'status'] : ['examined.what', 'answerable', 'findings', 'cannot-answer', 'recommend.treatment', 'recommend.route'];
    for (const m of must) is(ids.get(m)?.required === true, f, m, 'is missing or not required');
    const have = kind === 'visit' ? ['diagnosis', 'treatment', 'orders', 'again'] : kind === 'request' ? ['vitals', 'tests.date', 'treatment', 'allergies'] : ['diagnosis.code', 'recommend.tests', 'recommend.repeat-at', 'limits'];
    for (const h of have) is(ids.has(h), f, h, 'is missing');
}
