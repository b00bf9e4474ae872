/* care/form.c - reads a FHIR R4 Questionnaire into a flat table. */
#include "care/form.h"

#include "care/content_int.h"

enum { ITEMS_MAX = 600, DEPTH_MAX = 6 };

#define EXT_UNIT S("http://hl7.org/fhir/StructureDefinition/questionnaire-unit")
#define EXT_MIN S("http://hl7.org/fhir/StructureDefinition/minValue")
#define EXT_MAX S("http://hl7.org/fhir/StructureDefinition/maxValue")
#define EXT_DECIMALS S("http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces")
#define EXT_TRANSLATION S("http://hl7.org/fhir/StructureDefinition/translation")

/* A text with the translations of its "_text" sibling. */
static void read_text(struct req *rq, struct jv owner, struct str key, struct str sibling,
                      struct text4 *ret_text)
{
    static const struct {
        enum lang lang;
        struct str code;
    } langs[] = {{LANG_RU, SI("ru")}, {LANG_KK, SI("kk")}, {LANG_UZ, SI("uz")}};

    ret_text->v[LANG_EN] = json_str(rq->a, json_get(owner, key));
    struct jv exts = json_path(json_get(owner, sibling), S("extension"));
    for (struct jv e = json_first(exts); json_has(e); e = json_next(e)) {
        if (!json_is(json_get(e, S("url")), EXT_TRANSLATION)) {
            continue;
        }
        struct jv code = {0};
        struct jv content = {0};
        for (struct jv p = json_first(json_get(e, S("extension"))); json_has(p); p = json_next(p)) {
            if (json_is(json_get(p, S("url")), S("lang"))) {
                code = json_get(p, S("valueCode"));
            } else if (json_is(json_get(p, S("url")), S("content"))) {
                content = json_get(p, S("valueString"));
            }
        }
        for (size_t i = 0; i < LEN(langs); i++) {
            if (json_is(code, langs[i].code)) {
                ret_text->v[langs[i].lang] = json_str(rq->a, content);
            }
        }
    }
}

static bool read_kind(struct jv type, enum form_kind *ret_kind)
{
    static const struct {
        struct str name;
        enum form_kind kind;
    } kinds[] = {
        {SI("group"), FORM_GROUP},     {SI("string"), FORM_STRING},
        {SI("text"), FORM_TEXT},       {SI("integer"), FORM_INTEGER},
        {SI("decimal"), FORM_DECIMAL}, {SI("date"), FORM_DATE},
        {SI("dateTime"), FORM_DATE_TIME}, {SI("choice"), FORM_CHOICE},
        {SI("open-choice"), FORM_OPEN_CHOICE}, {SI("boolean"), FORM_BOOLEAN},
        {SI("display"), FORM_DISPLAY},
    };

    for (size_t i = 0; i < LEN(kinds); i++) {
        if (json_is(type, kinds[i].name)) {
            *ret_kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

static void read_extensions(struct req *rq, struct jv v, struct form_item *it)
{
    for (struct jv e = json_first(json_get(v, S("extension"))); json_has(e); e = json_next(e)) {
        struct jv url = json_get(e, S("url"));
        struct jv i = json_get(e, S("valueInteger"));
        struct jv d = json_get(e, S("valueDecimal"));
        struct str number = json_has(i) ? json_raw(i) : json_raw(d);
        if (json_is(url, EXT_UNIT)) {
            struct jv c = json_get(e, S("valueCoding"));
            it->unit_system = json_str(rq->a, json_get(c, S("system")));
            it->unit_code = json_str(rq->a, json_get(c, S("code")));
            it->unit_title = json_str(rq->a, json_get(c, S("display")));
            read_text(rq, c, S("display"), S("_display"), &it->unit_text);
        } else if (json_is(url, EXT_MIN) && number.p != NULL) {
            it->has_min = true;
            it->min = number;
        } else if (json_is(url, EXT_MAX) && number.p != NULL) {
            it->has_max = true;
            it->max = number;
        } else if (json_is(url, EXT_DECIMALS)) {
            int64_t n = 0;
            it->max_decimals = json_i64(i, &n) && n >= 0 && n < 10 ? (uint32_t)n : 0;
        }
    }
}

static enum err read_options(struct req *rq, struct jv v, struct form_item *it)
{
    struct jv list = json_get(v, S("answerOption"));
    struct form_option *all = ARENA_ARRAY(rq->a, json_len(list), struct form_option);

    TRY_MEM(rq, all);
    for (struct jv o = json_first(list); json_has(o); o = json_next(o)) {
        struct jv c = json_get(o, S("valueCoding"));
        struct form_option *opt = &all[it->n_options];
        opt->system = json_str(rq->a, json_get(c, S("system")));
        opt->code = json_str(rq->a, json_get(c, S("code")));
        read_text(rq, c, S("display"), S("_display"), &opt->title);
        if (opt->code.n == 0) {
            return FAIL(rq, E_BAD_INPUT, "item %.*s: answerOption without code",
                        STR_ARG(it->link_id));
        }
        it->n_options++;
    }
    it->options = all;
    return OK;
}

static enum err read_conds(struct req *rq, struct jv v, struct form_item *it)
{
    struct jv list = json_get(v, S("enableWhen"));
    struct form_cond *all = ARENA_ARRAY(rq->a, json_len(list), struct form_cond);

    TRY_MEM(rq, all);
    for (struct jv w = json_first(list); json_has(w); w = json_next(w)) {
        struct jv op = json_get(w, S("operator"));
        struct form_cond *c = &all[it->n_conds];
        c->link_id = json_str(rq->a, json_get(w, S("question")));
        c->code = json_str(rq->a, json_path(w, S("answerCoding.code")));
        c->negate = json_is(op, S("!="));
        if (c->link_id.n == 0 || c->code.n == 0 || (!c->negate && !json_is(op, S("=")))) {
            return FAIL(rq, E_BAD_INPUT, "item %.*s: enableWhen", STR_ARG(it->link_id));
        }
        it->n_conds++;
    }
    it->conds = all;
    it->cond_all = json_is(json_get(v, S("enableBehavior")), S("all"));
    return OK;
}

static enum err read_item(struct req *rq, struct jv v, struct form_item *it)
{
    int64_t max_len = 0;

    it->link_id = json_str(rq->a, json_get(v, S("linkId")));
    if (it->link_id.n == 0 || it->link_id.n > 60) {
        return FAIL(rq, E_BAD_INPUT, "an item without linkId, or one above 60 bytes");
    }
    if (!read_kind(json_get(v, S("type")), &it->kind)) {
        return FAIL(rq, E_BAD_INPUT, "item %.*s: type", STR_ARG(it->link_id));
    }
    read_text(rq, v, S("text"), S("_text"), &it->text);
    it->required = json_true(json_get(v, S("required")));
    it->repeats = json_true(json_get(v, S("repeats")));
    it->loinc = json_str(rq->a, json_path(v, S("code.0.code")));
    it->value_set = json_str(rq->a, json_get(v, S("answerValueSet")));
    if (json_i64(json_get(v, S("maxLength")), &max_len) && max_len > 0 && max_len <= 100000) {
        it->max_len = (uint32_t)max_len;
    }
    read_extensions(rq, v, it);
    TRY(read_options(rq, v, it));
    return read_conds(rq, v, it);
}

/* Where the walk over nested items stands. */
struct level {
    struct jv next;
    int32_t group;
    int32_t rep_group;
};

static enum err read_items(struct req *rq, struct jv top, struct form_item *items,
                           uint32_t *ret_n)
{
    struct level stack[DEPTH_MAX];
    uint32_t depth = 0;
    uint32_t n = 0;

    stack[0] = (struct level){json_first(top), -1, -1};
    for (;;) {
        struct level *l = &stack[depth];
        if (!json_has(l->next)) {
            if (depth == 0) {
                break;
            }
            items[l->group].end = n;
            depth--;
            continue;
        }
        if (n == ITEMS_MAX) {
            return FAIL(rq, E_BAD_INPUT, "more than %d items", ITEMS_MAX);
        }
        struct jv v = l->next;
        l->next = json_next(v);
        struct form_item *it = &items[n];
        TRY(read_item(rq, v, it));
        it->depth = (uint16_t)depth;
        it->parent = l->group;
        it->rep_group = l->rep_group;
        it->end = n + 1;
        n++;
        struct jv children = json_get(v, S("item"));
        if (json_has(children)) {
            if (depth + 1 == DEPTH_MAX || it->kind != FORM_GROUP
                || (it->repeats && l->rep_group >= 0)) {
                return FAIL(rq, E_BAD_INPUT, "item %.*s: nested too deep, or not in a group",
                            STR_ARG(it->link_id));
            }
            int32_t at = (int32_t)n - 1;
            depth++;
            stack[depth] = (struct level){json_first(children), at,
                                          it->repeats ? at : l->rep_group};
        }
    }
    *ret_n = n;
    return OK;
}

enum err form_load(struct req *rq, struct jv q, struct form *ret_form)
{
    struct form f = {
        .id = json_str(rq->a, json_get(q, S("id"))),
        .url = json_str(rq->a, json_get(q, S("url"))),
        .version = json_str(rq->a, json_get(q, S("version"))),
    };
    struct form_item *items = ARENA_ARRAY(rq->a, ITEMS_MAX, struct form_item);

    TRY_MEM(rq, items);
    if (!json_is(json_get(q, S("resourceType")), S("Questionnaire")) || f.id.n == 0
        || f.url.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "not a Questionnaire with id and url");
    }
    read_text(rq, q, S("title"), S("_title"), &f.title);
    TRY(read_items(rq, json_get(q, S("item")), items, &f.n_items));
    f.items = items;
    for (uint32_t i = 0; i < f.n_items; i++) {
        if (form_item_find(&f, items[i].link_id) != (int32_t)i) {
            return FAIL(rq, E_BAD_INPUT, "item %.*s: twice", STR_ARG(items[i].link_id));
        }
        for (uint32_t k = 0; k < items[i].n_conds; k++) {
            if (form_item_find(&f, items[i].conds[k].link_id) < 0) {
                return FAIL(rq, E_BAD_INPUT, "item %.*s: enableWhen names no item",
                            STR_ARG(items[i].link_id));
            }
        }
    }
    *ret_form = f;
    return OK;
}

int32_t form_item_find(const struct form *f, struct str link_id)
{
    for (uint32_t i = 0; i < f->n_items; i++) {
        if (str_eq(f->items[i].link_id, link_id)) {
            return (int32_t)i;
        }
    }
    return -1;
}

const struct form_option *form_option_find(const struct form_item *it, struct str code)
{
    for (uint32_t i = 0; i < it->n_options; i++) {
        if (str_eq(it->options[i].code, code)) {
            return &it->options[i];
        }
    }
    return NULL;
}
