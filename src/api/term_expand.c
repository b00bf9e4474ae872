/* api/term_expand.c - ValueSet/$expand (R4 valueset-operation-expand.html). The list is flat: nesting is the
 * server's choice there. */
#include "api/term_int.h"

#include "base/text.h"
#include "codec/utf8.h"

enum { CODES_MAX = 1000 }; /* of one page of an expansion */

struct window {
    uint64_t offset;
    uint64_t count;
    struct str filter;   /* folded */
    struct str excluded; /* a code system left out */
    bool active_only;
    bool no_abstract;
    bool designations;
    struct str languages; /* of the designations asked for; empty: all */
};

static enum err number(struct http_req *h, const struct term_ask *a, struct str name, uint64_t *v)
{
    struct str text = api_param_text(&a->ps, name);
    return text.n == 0 || str_u64(text, v) ? OK : FAIL(&h->rq, E_BAD_INPUT, "count, offset: a number");
}

static enum err window_read(struct http_req *h, const struct term_ask *a, struct window *w)
{
    struct buf b;
    *w = (struct window){.count = CODES_MAX};
    TRY(number(h, a, S("offset"), &w->offset));
    TRY(number(h, a, S("count"), &w->count));
    w->count = MIN(w->count, (uint64_t)CODES_MAX);
    w->active_only = term_ask_flag(a, S("activeOnly"));
    w->no_abstract = term_ask_flag(a, S("excludeNotForUI"));
    w->designations = term_ask_flag(a, S("includeDesignations"));
    w->languages = api_param_text(&a->ps, S("designation"));
    w->excluded = api_param_text(&a->ps, S("exclude-system"));
    w->excluded = str_sub(w->excluded, 0, str_find_char(w->excluded, '|'));
    buf_init(&b, h->rq.a, 8192);
    utf8_fold(&b, utf8_cut(api_param_text(&a->ps, S("filter")), 200));
    w->filter = buf_get(&b);
    return OK;
}

static void fold_add(struct buf *b, struct str s)
{
    utf8_fold(b, s);
    buf_char(b, ' ');
}

/* Every word of the filter within the code or its texts: in the language asked for, and its own. */
static bool has_words(struct http_req *h, const struct term *t, struct str lang, struct str folded)
{
    struct buf b;
    struct str word;
    buf_init(&b, h->rq.a, 16384);
    fold_add(&b, term_display(&h->rq, t, lang));
    fold_add(&b, t->code);
    fold_add(&b, t->display);
    struct str text = buf_get(&b);
    while (str_cut(&folded, ' ', &word)) {
        if (word.n > 0 && str_find(text, word) == text.n) {
            return false;
        }
    }
    return true;
}

static bool wanted(struct http_req *h, const struct term *t, const struct term_ask *a,
                   const struct window *w)
{
    struct arena_mark m = arena_mark(h->rq.a);
    bool in = (w->excluded.n == 0 || !str_eq(w->excluded, t->system)) &&
              (!w->active_only || !term_is_inactive(&h->rq, t)) &&
              (!w->no_abstract || !term_is_abstract(&h->rq, t)) &&
              (w->filter.n == 0 || has_words(h, t, a->lang, w->filter));
    arena_back(h->rq.a, m);
    return in;
}

/* "urn:ietf:bcp:47|ru" or "ru" among the designations asked for. */
static bool is_language(const struct window *w, struct str lang)
{
    size_t bar = str_find_char(w->languages, '|');
    struct str want = bar < w->languages.n ? str_sub(w->languages, bar + 1, w->languages.n)
                                           : w->languages;
    return want.n == 0 || str_eq_nocase(want, lang);
}

static void designations_write(struct http_req *h, struct json_out *o, const struct term *t,
                               const struct window *w)
{
    struct jv from = json_has(json_get(t->listed, S("designation"))) ? t->listed
                                                                     : term_concept(&h->rq, t);
    struct jv list = json_get(from, S("designation"));
    if (t->titles == NULL && !json_has(json_first(list))) {
        return;
    }
    json_k(o, S("designation"));
    json_arr(o);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        if (is_language(w, json_str(h->rq.a, json_get(v, S("language"))))) {
            json_v_raw(o, json_raw(v));
        }
    }
    for (unsigned i = 0; t->titles != NULL && i < LANG_COUNT; i++) {
        if (t->titles[i].n > 0 && is_language(w, lang_code((enum lang)i))) {
            json_obj(o);
            json_ks(o, S("language"), lang_code((enum lang)i));
            json_ks(o, S("value"), t->titles[i]);
            json_obj_end(o);
        }
    }
    json_arr_end(o);
}

static void contains_write(struct http_req *h, struct json_out *o, const struct term *t,
                           const struct term_ask *a, const struct window *w)
{
    struct str display = term_display(&h->rq, t, a->lang);
    json_obj(o);
    json_ks(o, S("system"), t->system);
    if (term_is_abstract(&h->rq, t)) {
        json_kb(o, S("abstract"), true);
    }
    if (term_is_inactive(&h->rq, t)) {
        json_kb(o, S("inactive"), true);
    }
    json_ks(o, S("code"), t->code);
    if (display.n > 0) {
        json_ks(o, S("display"), display);
    }
    if (w->designations) {
        designations_write(h, o, t, w);
    }
    json_obj_end(o);
}

/* What the expansion was asked with (expansion.parameter), and the versions it used. */
static const struct {
    struct str name;
    struct str kind;
} told_back[] = {
    {SI("filter"), SI("valueString")},           {SI("activeOnly"), SI("valueBoolean")},
    {SI("includeDesignations"), SI("valueBoolean")}, {SI("excludeNested"), SI("valueBoolean")},
    {SI("excludeNotForUI"), SI("valueBoolean")}, {SI("displayLanguage"), SI("valueCode")},
    {SI("limitedExpansion"), SI("valueBoolean")},
};

static bool has_parameters(const struct term_ask *a, const struct term_list *list)
{
    bool any = list->n_used > 0;
    for (size_t i = 0; i < LEN(told_back); i++) {
        any = any || api_param_text(&a->ps, told_back[i].name).n > 0;
    }
    return any;
}

static void parameters_write(struct json_out *o, const struct term_ask *a, const struct term_list *list)
{
    if (!has_parameters(a, list)) {
        return;
    }
    json_k(o, S("parameter"));
    json_arr(o);
    for (size_t i = 0; i < LEN(told_back); i++) {
        struct str text = api_param_text(&a->ps, told_back[i].name);
        if (text.n == 0) {
            continue;
        }
        json_obj(o);
        json_ks(o, S("name"), told_back[i].name);
        if (str_eq(told_back[i].kind, S("valueBoolean"))) {
            json_kb(o, told_back[i].kind, str_eq(text, S("true")));
        } else {
            json_ks(o, told_back[i].kind, text);
        }
        json_obj_end(o);
    }
    for (unsigned i = 0; i < list->n_used; i++) {
        json_obj(o);
        json_ks(o, S("name"), S("version"));
        json_ks(o, S("valueUri"), list->used[i]);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void expansion_write(struct http_req *h, struct json_out *o, const struct term_ask *a,
                            const struct window *w, const struct term_list *list)
{
    uint64_t total = 0;
    struct buf when;
    buf_init(&when, h->rq.a, 64);
    instant_write(&when, h->rq.now);
    json_k(o, S("expansion"));
    json_obj(o);
    if (list->partly || list->gap != GAP_NONE) {
        json_k(o, S("extension"));
        json_v_raw(o, S("[{\"url\":\"http://hl7.org/fhir/StructureDefinition/valueset-unclosed\","
                        "\"valueBoolean\":true}]"));
    }
    json_ks(o, S("timestamp"), buf_get(&when));
    json_ki(o, S("offset"), (int64_t)MIN(w->offset, (uint64_t)INT32_MAX));
    parameters_write(o, a, list);
    json_k(o, S("contains"));
    json_arr(o);
    for (size_t i = 0; i < list->n; i++) {
        bool in = wanted(h, list->v[i], a, w);
        if (in && total >= w->offset && total - w->offset < w->count) {
            contains_write(h, o, list->v[i], a, w);
        }
        total += in ? 1 : 0;
    }
    json_arr_end(o);
    json_ki(o, S("total"), (int64_t)total);
    json_obj_end(o);
}

/* Why a value set cannot be listed, to whoever asked for all of it. */
static enum err gap_check(struct http_req *h, const struct term_ask *a, const struct term_list *list)
{
    static const struct {
        const char *kind;
        const char *text;
    } told[] = {
        [GAP_SYSTEM] = {"too-costly",
                        T("The code system is not carried here: its codes cannot be listed.")},
        [GAP_FILTER] = {"not-supported", T("A value set with such filters cannot be listed here.")},
        [GAP_SET] = {"not-found", T("The value set names another that is not kept here.")},
        [GAP_GRAMMAR] = {"too-costly",
                         T("The codes of this value set have a grammar: they cannot be listed.")},
        [GAP_DEEP] = {"too-costly", T("Value sets name each other too deeply.")},
    };
    if (list->gap == GAP_NONE || term_ask_flag(a, S("limitedExpansion"))) {
        return OK;
    }
    return term_refuse(h, E_UNPROCESSED, told[list->gap].kind, told[list->gap].text, list->about);
}

enum err api_fhir_expand(struct http_req *h)
{
    struct term_ask a;
    struct window w;
    const struct term_set *set = NULL;
    struct term_list list;
    struct buf b;
    struct json_out o;
    TRY(term_ask_read(h, T_VALUE_SET, S("valueSet"), &a));
    TRY(window_read(h, &a, &w));
    TRY(term_ask_set(h, &a, &set));
    enum err e = term_set_list(&h->rq, set, &list);
    if (e == E_TOO_LARGE) {
        fhir_issue_add(&h->rq, ISSUE_ERROR, "too-costly", T("The value set holds too many codes."),
                       S(""), S(""));
    }
    TRY(e);
    TRY(gap_check(h, &a, &list));
    struct term_set_about about = term_set_about(set);
    buf_init(&b, h->rq.a, (size_t)16 << 20);
    if (buf_room(&b, 1 << 20) == NULL) {
        return FAIL(&h->rq, E_TOO_LARGE, "memory cap");
    }
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("resourceType"), S("ValueSet"));
    const struct {
        struct str name;
        struct str value;
    } members[] = {{S("url"), a.url.n > 0 ? a.url : about.url}, {S("version"), about.version},
                   {S("name"), about.name}, {S("title"), about.title},
                   {S("status"), about.status.n > 0 ? about.status : S("active")}};
    for (size_t i = 0; i < LEN(members); i++) {
        if (members[i].value.n > 0) {
            json_ks(&o, members[i].name, members[i].value);
        }
    }
    expansion_write(h, &o, &a, &w, &list);
    json_obj_end(&o);
    return buf_ok(&b) ? api_reply(h, 200, buf_get(&b)) : FAIL(&h->rq, E_TOO_LARGE, "expansion");
}
