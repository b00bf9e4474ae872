/* fhir/validate_form.c - a QuestionnaireResponse against its Questionnaire (R4
 * questionnaireresponse.html#invs, and the extensions that limit answers). See validate_int.h.
 *
 * Levels of items stand in a list of their own: what they cost is bounded, and nothing recurses. What is
 * not asked (enableWhen) is in validate_enable.c. An initial value binds nobody: it is what a form is
 * shown with. */
#include "fhir/validate_form_int.h"

#define EXT "http://hl7.org/fhir/StructureDefinition/"
#define SDC "http://hl7.org/fhir/uv/sdc/StructureDefinition/"

static void fault(struct form *f, struct str path, const char *code, const char *text,
                  struct str subject)
{
    struct place at = {NULL, path, 0, -1};
    held_fault(&f->h, &at, code, text, walk_shown(subject));
}

static struct str text_of(struct form *f, struct jv v, struct str key)
{
    return json_str(f->h.rq->a, json_get(v, key));
}

static struct str below(struct form *f, struct str path, const char *name, uint32_t i)
{
    struct buf b;
    buf_init(&b, f->h.rq->a, path.n + 40);
    buf_str(&b, path);
    buf_char(&b, '.');
    buf_str(&b, str_z(name));
    buf_char(&b, '[');
    buf_u64(&b, i);
    buf_char(&b, ']');
    return buf_get(&b);
}

/* The value of an extension of a question; absent when it has none. at: the which-th. */
static struct jv extension(struct form *f, struct jv question, const char *url, unsigned which)
{
    struct jv list = json_get(question, S("extension"));
    for (struct jv e = json_first(list); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), str_z(url)) && which-- == 0) {
            return profile_value(f->h.rq, e, S("value"));
        }
    }
    return (struct jv){0};
}

static const struct {
    const char *type;
    const char *values; /* what an answer may be */
} kinds[] = {
    {"boolean", "boolean"}, {"decimal", "decimal"}, {"integer", "integer"}, {"date", "date"},
    {"dateTime", "dateTime"}, {"time", "time"}, {"string", "string"}, {"text", "string"},
    {"url", "uri"}, {"choice", "Coding|string|integer|date|time|Reference"},
    {"open-choice", "Coding|string|integer|date|time|Reference"}, {"attachment", "Attachment"},
    {"reference", "Reference"}, {"quantity", "Quantity"},
};

static bool has_word(const char *words, struct str word)
{
    struct str rest = str_z(words);
    struct str one;
    while (str_cut(&rest, '|', &one)) {
        if (str_eq(one, word)) {
            return true;
        }
    }
    return false;
}

static bool type_fits(struct str question, struct str value)
{
    for (size_t i = 0; i < LEN(kinds); i++) {
        if (str_eq(question, str_z(kinds[i].type))) {
            return has_word(kinds[i].values, value);
        }
    }
    return true;
}

static bool coding_same(struct form *f, struct jv a, struct jv b)
{
    return str_eq(text_of(f, a, S("code")), text_of(f, b, S("code"))) &&
           str_eq(text_of(f, a, S("system")), text_of(f, b, S("system")));
}

/* One answer at work. */
struct answer {
    struct jv question;
    struct jv v;         /* its value */
    struct str type;     /* of the value */
    struct str path;     /* of the answer */
    struct str at;       /* of the value */
    unsigned n_answers;
};

static void options_check(struct form *f, const struct answer *a, struct str kind)
{
    struct jv list = json_get(a->question, S("answerOption"));
    bool coded = str_eq(a->type, S("Coding"));
    bool found = !json_has(list) || (str_eq(kind, S("open-choice")) && !coded);
    for (struct jv o = json_first(list); json_has(o); o = json_next(o)) {
        struct jv v = profile_value(f->h.rq, o, S("value"));
        bool same = coded ? coding_same(f, v, a->v) : json_alike(f->h.rq, v, a->v, false);
        struct jv alone = extension(f, o, EXT "questionnaire-optionExclusive", 0);
        if (same && json_true(alone) && a->n_answers > 1) {
            fault(f, a->path, "invariant", T("This answer excludes all others."), S(""));
        }
        found = found || same;
    }
    if (!found) {
        fault(f, coded ? a->path : a->at, "invariant", T("The answer is none of the options."),
              S(""));
    }
}

/* Whether a value set, one the questionnaire contains among them, has a code. */
static enum def_in set_has(struct form *f, struct str set, struct str system, struct str code)
{
    struct jv list = json_get(f->q, S("contained"));
    const struct term_set *own = NULL;
    enum def_in in = DEF_UNSURE;
    if (set.n < 2 || set.p[0] != '#') {
        return fhir_set_has(f->h.rq, f->h.lib, set, system, code);
    }
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        if (json_is(json_get(v, S("id")), str_sub(set, 1, set.n))) {
            enum err e = terms_set_of(f->h.rq, f->h.lib, v, &own);
            e = e == OK ? term_set_has(f->h.rq, own, system, code, &in, NULL) : e;
            if (e != OK) {
                fhir_library_fail(f->h.lib, e);
            }
            return in;
        }
    }
    return DEF_UNSURE;
}

static void set_check(struct form *f, const struct answer *a, struct str kind)
{
    struct str set = text_of(f, a->question, S("answerValueSet"));
    enum def_in in = DEF_IN;
    if (set.n == 0) {
        return;
    }
    if (str_eq(a->type, S("Coding"))) {
        const struct def_concept *c = def_concept_find(f->h.d, text_of(f, a->v, S("system")),
                                                       text_of(f, a->v, S("code")));
        struct str display = text_of(f, a->v, S("display"));
        bool strict = (f->h.w->check->flags & FHIR_STRICT) != 0;
        if (strict && c != NULL && display.n > 0 &&
            !str_eq_nocase(display, def_str(f->h.d, c->display))) {
            fault(f, a->path, "code-invalid", T("The display is not the one of the code."), S(""));
        }
        struct str system = text_of(f, a->v, S("system"));
        in = set_has(f, set, system.p != NULL ? system : S(""), text_of(f, a->v, S("code")));
    } else if (str_eq(a->type, S("string")) && !str_eq(kind, S("open-choice"))) {
        in = set_has(f, set, (struct str){NULL, 0}, json_str(f->h.rq->a, a->v));
    }
    if (in == DEF_OUT) {
        fault(f, str_eq(a->type, S("Coding")) ? a->path : a->at, "code-invalid",
              T("The code is not one of those allowed here."), S(""));
    }
}

static void text_check(struct form *f, const struct answer *a)
{
    struct req *rq = f->h.rq;
    struct str text = json_str(rq->a, a->v);
    struct str regex = json_str(rq->a, extension(f, a->question, EXT "regex", 0));
    int64_t n;
    if (json_i64(json_get(a->question, S("maxLength")), &n) && (int64_t)letters_of(text) > n) {
        fault(f, a->at, "invariant", T("The text is too long."), S(""));
    }
    if (json_i64(extension(f, a->question, EXT "minLength", 0), &n) &&
        (int64_t)letters_of(text) < n) {
        fault(f, a->at, "invariant", T("The text is too short."), S(""));
    }
    if (regex.n > 0 && !walk_matches(f->h.w, a->v, regex)) {
        fault(f, a->at, "invariant", T("The text does not have the form asked for."), S(""));
    }
}

/* Digits after the point. */
static int64_t places(struct str number)
{
    size_t point = str_find_char(number, '.');
    size_t end = MIN(str_find_char(number, 'e'), str_find_char(number, 'E'));
    return point < end ? (int64_t)(end - point - 1) : 0;
}

static void limits_check(struct form *f, const struct answer *a)
{
    struct jv least = extension(f, a->question, EXT "minValue", 0);
    struct jv most = extension(f, a->question, EXT "maxValue", 0);
    int64_t n;
    if (json_has(least) && json_order(f->h.rq, a->v, least) < 0) {
        fault(f, a->at, "invariant", T("The answer is too small."), S(""));
    }
    int over = json_has(most) ? json_order(f->h.rq, a->v, most) : 0;
    if (over == 1) {
        fault(f, a->at, "invariant", T("The answer is too large."), S(""));
    }
    if (str_eq(a->type, S("decimal")) &&
        json_i64(extension(f, a->question, EXT "maxDecimalPlaces", 0), &n) &&
        places(json_raw(a->v)) > n) {
        fault(f, a->at, "invariant", T("There are too many digits after the point."), S(""));
    }
}

static void quantity_check(struct form *f, const struct answer *a)
{
    static const struct {
        const char *url;
        const char *text;
        int wrong;
    } ends[] = {
        {SDC "sdc-questionnaire-minQuantity", T("The answer is too small."), -1},
        {SDC "sdc-questionnaire-maxQuantity", T("The answer is too large."), 1},
    };
    for (size_t i = 0; i < LEN(ends); i++) {
        struct jv end = extension(f, a->question, ends[i].url, 0);
        int order = json_has(end) ? json_quantity_order(f->h.rq, a->v, end) : 0;
        if (order == ends[i].wrong) {
            fault(f, a->at, "invariant", ends[i].text, S(""));
        } else if (order == 2) {
            fault(f, a->at, "invariant", T("The unit cannot be compared with the one asked for."),
                  S(""));
        }
    }
    struct str set = json_str(f->h.rq->a,
                              extension(f, a->question, EXT "questionnaire-unitValueSet", 0));
    bool ok = !json_has(extension(f, a->question, EXT "questionnaire-unitOption", 0));
    for (unsigned i = 0; !ok; i++) {
        struct jv unit = extension(f, a->question, EXT "questionnaire-unitOption", i);
        if (!json_has(unit)) {
            break;
        }
        ok = coding_same(f, unit, a->v);
    }
    if (set.n > 0) {
        ok = set_has(f, set, text_of(f, a->v, S("system")), text_of(f, a->v, S("code"))) != DEF_OUT;
    }
    if (!ok) {
        fault(f, a->at, "invariant", T("The unit is none of those allowed."), S(""));
    }
}

static void attachment_check(struct form *f, const struct answer *a)
{
    struct str type = text_of(f, a->v, S("contentType"));
    struct jv most = extension(f, a->question, EXT "maxSize", 0);
    bool ok = !json_has(extension(f, a->question, EXT "mimeType", 0));
    for (unsigned i = 0; !ok; i++) {
        struct jv one = extension(f, a->question, EXT "mimeType", i);
        if (!json_has(one)) {
            break;
        }
        ok = str_eq(json_str(f->h.rq->a, one), type);
    }
    if (!ok) {
        fault(f, a->path, "required", T("Files of this kind are not allowed here."), S(""));
    }
    struct str data = text_of(f, a->v, S("data"));
    int64_t limit;
    if (json_i64(most, &limit) && (int64_t)(data.n / 4 * 3) > limit + 2) {
        fault(f, a->path, "required", T("The file is too large."), S(""));
    }
}

static void reference_check(struct form *f, const struct answer *a)
{
    struct str ref = text_of(f, a->v, S("reference"));
    struct str rest = str_sub(ref, 0, str_find(ref, S("/_history/")));
    struct str type = {NULL, 0};
    struct str last = {NULL, 0};
    struct str part;
    while (str_cut(&rest, '/', &part)) {
        type = last;
        last = part;
    }
    bool ok = !json_has(extension(f, a->question, EXT "questionnaire-referenceResource", 0));
    for (unsigned i = 0; !ok; i++) {
        struct jv one = extension(f, a->question, EXT "questionnaire-referenceResource", i);
        if (!json_has(one)) {
            break;
        }
        ok = str_eq(json_str(f->h.rq->a, one), type);
    }
    bool named = ref.n > 0 && ref.p[0] != '#' && !str_starts(ref, S("urn:"));
    if (named && (!ok || fhir_type_find(type) == T_NONE)) {
        fault(f, a->at, "invariant", T("This kind of resource cannot be referred to here."),
              S(""));
    }
}

static void answer_check(struct form *f, struct jv question, struct jv answer, struct str path,
                         unsigned n)
{
    struct str kind = text_of(f, question, S("type"));
    struct answer a = {.question = question, .path = path, .n_answers = n};
    a.v = profile_value(f->h.rq, answer, S("value"));
    if (!json_has(a.v)) {
        return;
    }
    struct str key = json_key(f->h.rq, a.v);
    uint16_t type = 0;
    uint16_t owner = def_find(f->h.d, S("QuestionnaireResponse.item.answer"));
    struct buf b;
    (void)def_child(f->h.d, owner, key, &type);
    a.type = def_type_name(f->h.d, type);
    buf_init(&b, f->h.rq->a, path.n + 80);
    buf_str(&b, path);
    BUF_LIT(&b, ".value.ofType(");
    buf_str(&b, a.type);
    buf_char(&b, ')');
    a.at = buf_get(&b);
    if (!type_fits(kind, a.type)) {
        fault(f, a.at, "invariant", T("The answer is of another type than the question."), S(""));
        return;
    }
    options_check(f, &a, kind);
    set_check(f, &a, kind);
    if (str_eq(a.type, S("string")) || str_eq(a.type, S("uri"))) {
        text_check(f, &a);
    } else if (str_eq(a.type, S("Quantity"))) {
        quantity_check(f, &a);
    } else if (str_eq(a.type, S("Attachment"))) {
        attachment_check(f, &a);
    } else if (str_eq(a.type, S("Reference"))) {
        reference_check(f, &a);
    } else {
        limits_check(f, &a);
    }
}

static void level_add(struct form *f, struct jv questions, struct jv items, struct str path)
{
    if (!json_has(questions) && !json_has(items)) {
        return;
    }
    if (f->n == f->size) {
        uint32_t size = MAX(f->size * 2, 16U);
        struct level *v = f->n < FORM_LEVELS_MAX ? ARENA_ARRAY(f->h.rq->a, size, struct level) : NULL;
        if (v == NULL) {
            f->h.w->spent = true;
            return;
        }
        for (uint32_t i = 0; i < f->n; i++) {
            v[i] = f->levels[i];
        }
        f->levels = v;
        f->size = size;
    }
    f->levels[f->n++] = (struct level){questions, items, path, f->at};
}

static void count_check(struct form *f, struct jv question, uint32_t n, struct str path)
{
    int64_t limit;
    if (n > 1 && !json_true(json_get(question, S("repeats")))) {
        fault(f, path, "invalid", T("Only one answer is allowed."), S(""));
    }
    if (json_i64(extension(f, question, EXT "questionnaire-maxOccurs", 0), &limit) && n > limit) {
        fault(f, path, "invalid", T("There are too many answers."), S(""));
    }
    if (json_i64(extension(f, question, EXT "questionnaire-minOccurs", 0), &limit) && n < limit &&
        f->complete) {
        fault(f, path, "invalid", T("There are too few answers."), S(""));
    }
    if (n == 0 && f->complete && json_true(json_get(question, S("required")))) {
        fault(f, path, "required", T("A required answer is missing."), S(""));
    }
}

static void item_check(struct form *f, struct jv question, struct jv item, struct str path)
{
    struct str kind = text_of(f, question, S("type"));
    struct jv answers = json_get(item, S("answer"));
    struct jv inner = json_get(item, S("item"));
    if (str_eq(kind, S("group")) || str_eq(kind, S("display"))) {
        if (json_has(answers)) {
            fault(f, path, "structure", T("Only a question has answers."), S(""));
        }
        if (json_true(json_get(question, S("required"))) && f->complete && !json_has(inner)) {
            fault(f, path, "invariant", T("A required answer is missing."), S(""));
        } else {
            level_add(f, json_get(question, S("item")), inner, path);
        }
        return;
    }
    if (str_eq(kind, S("question"))) {
        fault(f, path, "structure", T("The question has no type."), S(""));
    }
    if (json_has(inner)) {
        fault(f, path, "structure", T("Items below a question stand in its answers."), S(""));
    }
    count_check(f, question, json_len(answers), path);
    uint32_t i = 0;
    for (struct jv a = json_first(answers); json_has(a); a = json_next(a), i++) {
        struct str at = below(f, path, "answer", i);
        answer_check(f, question, a, at, json_len(answers));
        level_add(f, json_get(question, S("item")), json_get(a, S("item")), at);
    }
}

static struct jv by_link(struct form *f, struct jv list, struct str link)
{
    struct jv v = json_first(list);
    while (json_has(v) && !json_is(json_get(v, S("linkId")), link)) {
        v = json_next(v);
    }
    (void)f;
    return v;
}

static bool holds_something(struct jv item)
{
    return json_has(json_first(json_get(item, S("answer")))) ||
           json_has(json_first(json_get(item, S("item"))));
}

/* What is repeated may be; how often a group comes. */
static void repeats_check(struct form *f, const struct level *l, struct jv q, uint32_t n)
{
    struct str link = text_of(f, q, S("linkId"));
    bool group = json_is(json_get(q, S("type")), S("group"));
    int64_t limit;
    if (n > 1 && !json_true(json_get(q, S("repeats")))) {
        fault(f, l->path, "invalid", T("Only one answer is allowed."), link);
    }
    if (group && json_i64(extension(f, q, EXT "questionnaire-maxOccurs", 0), &limit) && n > limit) {
        fault(f, l->path, "invalid", T("There are too many answers."), link);
    }
    if (group && n > 0 && f->complete && n < UINT32_MAX &&
        json_i64(extension(f, q, EXT "questionnaire-minOccurs", 0), &limit) && n < limit) {
        fault(f, l->path, "invalid", T("There are too few answers."), link);
    }
}

static void questions_check(struct form *f, const struct level *l)
{
    for (struct jv q = json_first(l->questions); json_has(q); q = json_next(q)) {
        struct str link = text_of(f, q, S("linkId"));
        uint32_t n = 0;
        for (struct jv i = json_first(l->items); json_has(i); i = json_next(i)) {
            n += json_is(json_get(i, S("linkId")), link) ? 1 : 0;
            if (!form_step(f)) {
                return;
            }
        }
        repeats_check(f, l, q, n);
        if (n == 0 && f->complete && json_true(json_get(q, S("required"))) &&
            form_is_asked(f, q) == ASKED_YES) {
            fault(f, l->path, "required", T("A required answer is missing."), link);
        }
    }
}

static void level_check(struct form *f, const struct level *l)
{
    uint32_t i = 0;
    for (struct jv item = json_first(l->items); json_has(item); item = json_next(item), i++) {
        struct jv question = by_link(f, l->questions, text_of(f, item, S("linkId")));
        if (!json_has(question)) {
            fault(f, l->path, "not-found", T("The questionnaire has no such question here."),
                  text_of(f, item, S("linkId")));
            continue;
        }
        struct str path = below(f, l->path, "item", i);
        bool asked = !f->complete || !holds_something(item) || form_is_asked(f, question) != ASKED_NO;
        if (!asked) {
            fault(f, path, "invariant", T("This question was not to be asked, yet it has an answer."),
                  S(""));
        } else {
            item_check(f, question, item, path);
        }
    }
    questions_check(f, l);
}

void walk_form(struct walk *w, const struct frame *frame)
{
    struct req *rq = w->rq;
    struct str url = json_str(rq->a, json_get(frame->v, S("questionnaire")));
    struct jv q = url.n > 0 && url.p[0] == '#'
                      ? walk_find(w, url)
                      : fhir_library_find(rq, w->check->lib, S("Questionnaire"), url);
    const struct defs *d = w->d;
    if (!json_has(q)) {
        bool other = def_set_find(d, url) != 0 || def_profile_json(d, url).n > 0;
        if (other) {
            walk_fault(w, "value", T("This is not the address of a questionnaire."), S(""),
                       S("questionnaire"));
        }
        return;
    }
    struct form *f = ARENA_NEW(rq->a, struct form);
    if (f == NULL) {
        w->spent = true;
        return;
    }
    struct jv status = json_get(frame->v, S("status"));
    f->h = (struct held){.w = w, .rq = rq, .d = d, .lib = w->check->lib, .root = w->root};
    f->q = q;
    f->complete = json_is(status, S("completed")) || json_is(status, S("amended"));
    f->at = LEVEL_NONE;
    level_add(f, json_get(q, S("item")), json_get(frame->v, S("item")), walk_path(w, S("")));
    for (f->at = 0; f->at < f->n && !w->spent; f->at++) {
        struct level l = f->levels[f->at];
        level_check(f, &l);
    }
}
