/* care/form_fields.c - what people typed: looking fields up, keeping them as JSON, checking them. */
#include "care/form.h"

#include "base/text.h"

enum { FIELDS_MAX = 2000, GROUPS_MAX = 50, TEXT_MAX = 20000 };

struct str fields_at(const struct fields *f, struct str name, uint32_t i)
{
    for (uint32_t k = 0; k < f->n; k++) {
        if (str_eq(f->v[k].name, name)) {
            struct str v = str_trim(f->v[k].value);
            if (v.n > 0 && i-- == 0) {
                return v;
            }
        }
    }
    return (struct str){0};
}

struct str fields_get(const struct fields *f, struct str name)
{
    return fields_at(f, name, 0);
}

struct str form_field_name(struct arena *a, const struct form_item *it, uint32_t rep)
{
    if (it->rep_group < 0) {
        return it->link_id;
    }
    struct buf b;
    buf_init(&b, a, 80);
    buf_str(&b, it->link_id);
    BUF_LIT(&b, "[");
    buf_u64(&b, rep);
    BUF_LIT(&b, "]");
    return buf_get(&b);
}

/* name is link_id followed by "[i]". */
static bool indexed(struct str name, struct str link_id, uint64_t *ret_i)
{
    if (name.n < link_id.n + 3 || !str_starts(name, link_id) || name.p[link_id.n] != '['
        || name.p[name.n - 1] != ']') {
        return false;
    }
    return str_u64(str_sub(name, link_id.n + 1, name.n - link_id.n - 2), ret_i);
}

uint32_t form_group_count(const struct form *f, uint32_t group, const struct fields *typed)
{
    uint64_t most = 0;

    for (uint32_t k = 0; k < typed->n; k++) {
        for (uint32_t i = group + 1; i < f->items[group].end; i++) {
            uint64_t rep = 0;
            if (str_trim(typed->v[k].value).n > 0
                && indexed(typed->v[k].name, f->items[i].link_id, &rep) && rep < GROUPS_MAX
                && rep > most) {
                most = rep;
            }
        }
    }
    return (uint32_t)most + 1;
}

/* The value under the item's field name is, or several of them hold, code. */
static bool is_chosen(const struct form_item *it, const struct fields *typed, uint32_t rep,
                      struct str code)
{
    for (uint32_t k = 0; k < typed->n; k++) {
        uint64_t i = 0;
        bool same = it->rep_group < 0 ? str_eq(typed->v[k].name, it->link_id)
                                      : indexed(typed->v[k].name, it->link_id, &i) && i == rep;
        if (same && str_eq(str_trim(typed->v[k].value), code)) {
            return true;
        }
    }
    return false;
}

bool form_is_enabled(const struct form *f, uint32_t item, const struct fields *typed, uint32_t rep)
{
    for (int32_t at = (int32_t)item; at >= 0; at = f->items[at].parent) {
        const struct form_item *it = &f->items[at];
        bool all = true;
        bool any = it->n_conds == 0;
        for (uint32_t k = 0; k < it->n_conds; k++) {
            const struct form_item *q = &f->items[form_item_find(f, it->conds[k].link_id)];
            bool holds = is_chosen(q, typed, rep, it->conds[k].code) != it->conds[k].negate;
            all = all && holds;
            any = any || holds;
        }
        if (it->cond_all ? !all : !any) {
            return false;
        }
    }
    return true;
}

void fields_write(struct json_out *o, const struct fields *f)
{
    json_obj(o);
    for (uint32_t i = 0; i < f->n; i++) {
        bool before = false;
        bool after = false;
        for (uint32_t k = 0; k < f->n; k++) {
            bool same = k != i && str_eq(f->v[k].name, f->v[i].name);
            before = before || (same && k < i);
            after = after || (same && k > i);
        }
        if (before) {
            continue;
        }
        json_k(o, f->v[i].name);
        if (!after) {
            json_v_str(o, f->v[i].value);
            continue;
        }
        json_arr(o);
        for (uint32_t k = i; k < f->n; k++) {
            if (str_eq(f->v[k].name, f->v[i].name)) {
                json_v_str(o, f->v[k].value);
            }
        }
        json_arr_end(o);
    }
    json_obj_end(o);
}

enum err fields_parse(struct req *rq, struct str json, struct fields *ret_fields)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    uint32_t n = 0;

    TRY_MEM(rq, doc);
    TRY(json_parse(rq, json, NULL, doc));
    struct jv root = json_root(doc);
    if (json_kind(root) != JSON_OBJECT) {
        return FAIL(rq, E_SYNTAX, "fields: not an object");
    }
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        n += json_kind(v) == JSON_ARRAY ? json_len(v) : 1;
    }
    if (n > FIELDS_MAX) {
        return FAIL(rq, E_TOO_LARGE, "fields: more than %d", FIELDS_MAX);
    }
    struct field *all = ARENA_ARRAY(rq->a, n, struct field);
    TRY_MEM(rq, all);
    n = 0;
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        struct str name = json_key(rq, v);
        if (json_kind(v) == JSON_STRING) {
            all[n++] = (struct field){name, json_str(rq->a, v)};
        } else if (json_kind(v) == JSON_ARRAY) {
            for (struct jv w = json_first(v); json_has(w); w = json_next(w)) {
                all[n++] = (struct field){name, json_str(rq->a, w)};
            }
        } else {
            return FAIL(rq, E_SYNTAX, "fields: a value that is no text");
        }
    }
    *ret_fields = (struct fields){all, n};
    return OK;
}

void problem_add(struct problems *p, struct str field, const char *text, struct str arg,
                 const struct text4 *label)
{
    if (p->n < PROBLEMS_MAX) {
        p->v[p->n] = (struct problem){.field = field, .text = text, .arg = arg};
        if (label != NULL) {
            p->v[p->n].label = *label;
        }
        p->n++;
    }
}

/* Digits before and after the point of a plain decimal: [-]d+[.d+]. */
static bool decimal_shape(struct str s, bool *ret_negative, struct str *ret_whole,
                          struct str *ret_fraction)
{
    size_t i = s.n > 0 && s.p[0] == '-' ? 1 : 0;
    size_t from = i;

    *ret_negative = i == 1;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') {
        i++;
    }
    *ret_whole = str_sub(s, from, i - from);
    *ret_fraction = (struct str){0};
    if (i < s.n && s.p[i] == '.') {
        from = ++i;
        while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') {
            i++;
        }
        *ret_fraction = str_sub(s, from, i - from);
        if (ret_fraction->n == 0) {
            return false;
        }
    }
    return i == s.n && ret_whole->n > 0 && ret_whole->n <= 12;
}

struct str form_number_shown(struct arena *a, enum lang lang, struct str v)
{
    bool negative = false;
    struct str whole = {0};
    struct str fraction = {0};
    struct buf b;

    if (lang == LANG_EN || !decimal_shape(v, &negative, &whole, &fraction) || fraction.n == 0) {
        return v;
    }
    buf_init(&b, a, v.n + 1);
    buf_str(&b, str_sub(v, 0, v.n - fraction.n - 1));
    buf_char(&b, ',');
    buf_str(&b, fraction);
    return buf_ok(&b) ? buf_get(&b) : v;
}

/* Order of two plain decimals by their digits, without floating point: < 0, 0, > 0. */
static int decimal_cmp(struct str a, struct str b)
{
    bool na = false;
    bool nb = false;
    struct str wa = {0};
    struct str wb = {0};
    struct str fa = {0};
    struct str fb = {0};

    if (!decimal_shape(a, &na, &wa, &fa) || !decimal_shape(b, &nb, &wb, &fb)) {
        return 0;
    }
    if (na != nb) {
        return na ? -1 : 1;
    }
    while (wa.n > 1 && wa.p[0] == '0') {
        wa = str_sub(wa, 1, wa.n);
    }
    while (wb.n > 1 && wb.p[0] == '0') {
        wb = str_sub(wb, 1, wb.n);
    }
    int c = wa.n != wb.n ? (wa.n < wb.n ? -1 : 1) : str_cmp(wa, wb);
    for (size_t i = 0; c == 0 && i < MAX(fa.n, fb.n); i++) {
        char da = i < fa.n ? fa.p[i] : '0';
        char db = i < fb.n ? fb.p[i] : '0';
        c = da - db;
    }
    return na ? -c : c;
}

static const char *check_number(const struct form_item *it, struct str v, struct str *ret_arg)
{
    bool negative = false;
    struct str whole = {0};
    struct str fraction = {0};

    if (!decimal_shape(v, &negative, &whole, &fraction)
        || (it->kind == FORM_INTEGER && fraction.n > 0)) {
        return it->kind == FORM_INTEGER ? T("Enter a whole number.")
                                        : T("Enter a number, for example 36.6.");
    }
    if (it->has_min && decimal_cmp(v, it->min) < 0) {
        *ret_arg = it->min;
        return T("The number must be {arg} or more. Check it.");
    }
    if (it->has_max && decimal_cmp(v, it->max) > 0) {
        *ret_arg = it->max;
        return T("The number must be {arg} or less. Check it.");
    }
    if (it->kind == FORM_DECIMAL && it->max_decimals > 0 && fraction.n > it->max_decimals) {
        return T("The number has too many digits after the point.");
    }
    return NULL;
}

static const char *check_time(struct req *rq, const struct form_item *it, struct str v)
{
    struct instant lo;
    struct instant hi;
    bool date_only = it->kind == FORM_DATE;

    if (date_only ? v.n != 10 : (v.n != 10 && v.n < 16)) {
        return date_only ? T("Enter a date: day, month and year.") : T("Enter a date and time.");
    }
    if (!instant_span(form_date_time(rq, v), 0, &lo, &hi)) {
        return date_only ? T("There is no such date.") : T("There is no such date and time.");
    }
    return NULL;
}

static const char *check_value(struct req *rq, const struct form_item *it, struct str v,
                               struct str *ret_arg)
{
    uint32_t most = it->max_len > 0 ? it->max_len : it->kind == FORM_STRING ? 1000 : TEXT_MAX;

    if (v.n > most) {
        return T("The text is too long. Shorten it or attach it as a file.");
    }
    switch (it->kind) {
    case FORM_INTEGER:
    case FORM_DECIMAL: return check_number(it, v, ret_arg);
    case FORM_DATE:
    case FORM_DATE_TIME: return check_time(rq, it, v);
    case FORM_CHOICE:
        return form_option_find(it, v) == NULL ? T("Choose one of the answers.") : NULL;
    case FORM_BOOLEAN:
        return str_eq(v, S("true")) || str_eq(v, S("false")) ? NULL : T("Choose yes or no.");
    case FORM_GROUP:
    case FORM_DISPLAY:
    case FORM_STRING:
    case FORM_TEXT:
    case FORM_OPEN_CHOICE: return NULL;
    }
    return NULL;
}

/* Whether any field below a repeating group's repetition was filled in. */
static bool rep_is_used(const struct form *f, uint32_t group, const struct fields *typed,
                        uint32_t rep)
{
    for (uint32_t k = 0; k < typed->n; k++) {
        for (uint32_t i = group + 1; i < f->items[group].end; i++) {
            uint64_t at = 0;
            if (str_trim(typed->v[k].value).n > 0
                && indexed(typed->v[k].name, f->items[i].link_id, &at) && at == rep) {
                return true;
            }
        }
    }
    return false;
}

static enum err check_item(struct req *rq, const struct form *f, uint32_t i, uint32_t rep,
                           const struct fields *typed, bool is_draft, struct problems *p)
{
    const struct form_item *it = &f->items[i];
    struct str name = form_field_name(rq->a, it, rep);

    TRY_MEM(rq, name.p);
    if (it->kind == FORM_GROUP || it->kind == FORM_DISPLAY
        || !form_is_enabled(f, i, typed, rep)) {
        return OK;
    }
    if (it->rep_group >= 0 && !rep_is_used(f, (uint32_t)it->rep_group, typed, rep)) {
        return OK;
    }
    uint32_t n = 0;
    for (;; n++) {
        struct str arg = {0};
        struct str v = fields_at(typed, name, n);
        if (v.p == NULL) {
            break;
        }
        const char *wrong = n > 0 && !it->repeats ? T("Give one answer only.")
                                                  : check_value(rq, it, v, &arg);
        if (wrong != NULL) {
            problem_add(p, name, wrong, arg, &it->text);
        }
    }
    if (n == 0 && it->required && !is_draft) {
        problem_add(p, name, T("Fill this in."), (struct str){0}, &it->text);
    }
    return OK;
}

enum err form_check(struct req *rq, const struct form *f, const struct fields *typed,
                    bool is_draft, struct problems *ret_problems)
{
    for (uint32_t i = 0; i < f->n_items; i++) {
        int32_t g = f->items[i].rep_group;
        uint32_t reps = g >= 0 ? form_group_count(f, (uint32_t)g, typed) : 1;
        for (uint32_t rep = 0; rep < reps; rep++) {
            TRY(check_item(rq, f, i, rep, typed, is_draft, ret_problems));
        }
    }
    return OK;
}
