/* fhir/validate_enable.c - whether a question of a form is asked: enableWhen (R4
 * questionnaire.html#Questionnaire.item.enableWhen). See validate_form_int.h.
 *
 * The answers looked at are those nearest to the question: of its own level, else of the levels around
 * it, with all below. Where R4 can be read in two ways (another than the answer when there is none, or
 * several) nothing is held against the form. */
#include "fhir/nest.h"
#include "fhir/validate_form_int.h"

enum { ANSWERS_MAX = 64 };

struct answers {
    struct jv v[ANSWERS_MAX];
    unsigned n;
    bool found; /* an item of that name is there */
    bool more;  /* than are kept */
};

static void item_take(struct answers *a, struct jv item)
{
    struct jv list = json_get(item, S("answer"));
    a->found = true;
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        if (a->n == LEN(a->v)) {
            a->more = true;
            return;
        }
        a->v[a->n++] = v;
    }
}

/* The answers of all items of a name among items and below them. */
static void answers_find(struct form *f, struct jv items, struct jv link, struct answers *a)
{
    struct nest w;
    struct str name = json_str(f->h.rq->a, link);
    for (nest_begin(&w, items); json_has(nest_at(&w)) && form_step(f);) {
        /* an item, or an answer, whose items are gone through first */
        struct jv below = json_get(nest_at(&w), S("item"));
        if (json_is(json_get(nest_at(&w), S("linkId")), name)) {
            item_take(a, nest_at(&w));
        }
        nest_next(&w, json_has(json_first(below)) ? below : json_get(nest_at(&w), S("answer")));
    }
}

static enum asked of_bool(bool yes)
{
    return yes ? ASKED_YES : ASKED_NO;
}

static bool is_bool(struct jv v)
{
    return json_kind(v) == JSON_TRUE || json_kind(v) == JSON_FALSE;
}

/* Order of an answer and what it is held to; 2: they do not compare. */
static int order_of(struct form *f, struct jv answer, struct jv want)
{
    struct req *rq = f->h.rq;
    if (is_bool(answer) && is_bool(want)) {
        return json_true(answer) == json_true(want) ? 0 : 1;
    }
    if (json_kind(answer) != json_kind(want)) {
        return 2;
    }
    if (json_kind(want) != JSON_OBJECT) {
        return json_alike(rq, answer, want, false) ? 0 : json_order(rq, answer, want);
    }
    if (json_has(json_get(want, S("value")))) {
        return json_quantity_order(rq, answer, want);
    }
    /* Coding, Reference: the same or not */
    bool coding = json_has(json_get(want, S("code")));
    struct str key = coding ? S("code") : S("reference");
    struct str a = json_str(rq->a, json_get(answer, key));
    struct str b = json_str(rq->a, json_get(want, key));
    struct str sys_a = json_str(rq->a, json_get(answer, S("system")));
    struct str sys_b = json_str(rq->a, json_get(want, S("system")));
    bool one_system = sys_a.n > 0 && sys_b.n > 0 ? str_eq(sys_a, sys_b) : true;
    return str_eq(a, b) && one_system ? 0 : str_eq(a, b) ? 2 : 1;
}

static bool meets(struct str op, int order)
{
    return str_eq(op, S("=")) || str_eq(op, S("!=")) ? order == 0
           : str_eq(op, S(">"))                      ? order == 1
           : str_eq(op, S("<"))                      ? order == -1
           : str_eq(op, S(">="))                     ? order == 0 || order == 1
                                                     : order == 0 || order == -1;
}

static enum asked condition(struct form *f, struct jv when)
{
    struct req *rq = f->h.rq;
    struct str op = json_str(rq->a, json_get(when, S("operator")));
    struct jv want = profile_value(rq, when, S("answer"));
    struct answers a = {.n = 0};
    unsigned met = 0;
    unsigned unsure = 0;
    for (uint32_t at = f->at; at != LEVEL_NONE && !a.found; at = f->levels[at].up) {
        answers_find(f, f->levels[at].items, json_get(when, S("question")), &a);
    }
    if (str_eq(op, S("exists"))) {
        return of_bool((a.n > 0) == json_true(want));
    }
    for (unsigned i = 0; i < a.n; i++) {
        struct jv v = profile_value(rq, a.v[i], S("value"));
        int order = order_of(f, v, want);
        met += order != 2 && meets(op, order) ? 1 : 0;
        unsure += order == 2 ? 1 : 0;
    }
    if (str_eq(op, S("!="))) {
        return a.n == 0 || a.more || unsure > 0 || (met > 0 && met < a.n) ? ASKED_UNSURE
                                                                         : of_bool(met == 0);
    }
    return met > 0 ? ASKED_YES : a.more || unsure > 0 ? ASKED_UNSURE : ASKED_NO;
}

enum asked form_is_asked(struct form *f, struct jv question)
{
    struct jv list = json_get(question, S("enableWhen"));
    bool all = json_is(json_get(question, S("enableBehavior")), S("all"));
    bool has = json_has(json_first(list));
    enum asked verdict = all || !has ? ASKED_YES : ASKED_NO;
    for (struct jv when = json_first(list); json_has(when); when = json_next(when)) {
        enum asked one = condition(f, when);
        verdict = all ? MIN(verdict, one) : MAX(verdict, one);
    }
    return verdict;
}
