/* fhir/scope.c - scopes compiled, and held against types and resources. See scope.h. */
#include "fhir/scope.h"

#include "codec/url.h"
#include "fhir/search_int.h"

static const struct str levels[LEVEL_COUNT] = {
    [LEVEL_PATIENT] = SI("patient/"),
    [LEVEL_USER] = SI("user/"),
    [LEVEL_SYSTEM] = SI("system/"),
};

static const struct str marks[SCOPE_MARKS] = {
    SI("openid"),         SI("fhirUser"),      SI("launch"),  SI("launch/patient"),
    SI("offline_access"), SI("online_access"), SI("profile"), SI("launch/encounter"),
};

/* ---- reading ---- */

/* The letters of version 2, in their order, or a word of version 1. 0: neither. */
static unsigned ops_of(struct str text)
{
    static const char letters[] = "cruds";
    unsigned ops = 0;
    size_t at = 0;
    if (str_eq(text, S("read"))) {
        return OP_READ | OP_SEARCH;
    }
    if (str_eq(text, S("write"))) {
        return OP_CREATE | OP_UPDATE | OP_DELETE;
    }
    if (str_eq(text, S("*"))) {
        return OP_ALL;
    }
    for (size_t i = 0; i < text.n; i++) {
        while (at < 5 && letters[at] != text.p[i]) {
            at++;
        }
        if (at == 5) {
            return 0;
        }
        ops |= 1u << at++;
    }
    return ops;
}

static bool row_parse(struct str word, struct scope_row *ret_row)
{
    struct scope_row r = {.level = LEVEL_COUNT, .word = word};
    struct str rest = word;
    struct str type;
    for (unsigned i = 0; i < LEVEL_COUNT; i++) {
        if (str_starts(word, levels[i])) {
            r.level = (enum scope_level)i;
            rest = str_sub(word, levels[i].n, word.n);
        }
    }
    size_t mark = str_find_char(rest, '?');
    r.query = mark < rest.n ? str_sub(rest, mark + 1, rest.n) : (struct str){NULL, 0};
    bool asked = mark < rest.n;
    rest = str_sub(rest, 0, mark);
    if (r.level == LEVEL_COUNT || !str_cut(&rest, '.', &type) || rest.n == 0) {
        return false;
    }
    r.type = str_eq(type, S("*")) ? T_NONE : fhir_type_find(type);
    r.ops = ops_of(rest);
    bool known = str_eq(type, S("*")) || r.type != T_NONE;
    /* A query belongs to one type: parameters of all types have nothing in common to ask for. */
    if (!known || r.ops == 0 || (asked && (r.query.n == 0 || r.type == T_NONE))) {
        return false;
    }
    *ret_row = r;
    return true;
}

static bool mark_parse(struct str word, unsigned *to)
{
    for (unsigned i = 0; i < SCOPE_MARKS; i++) {
        if (str_eq(word, marks[i])) {
            *to |= 1u << i;
            return true;
        }
    }
    return false;
}

enum err scope_parse(struct req *rq, struct str text, struct fhir_scopes *ret_s,
                     uint32_t *ret_unknown)
{
    struct fhir_scopes s = {0};
    struct str word;
    uint32_t unknown = 0;
    size_t words = 1;
    if (text.n > SCOPE_TEXT_MAX) {
        return FAIL(rq, E_TOO_LARGE, "scope");
    }
    for (size_t i = 0; i < text.n; i++) {
        words += text.p[i] == ' ';
    }
    s.v = ARENA_ARRAY(rq->a, MIN(words, (size_t)SCOPE_ROWS_MAX), struct scope_row);
    TRY_MEM(rq, s.v);
    while (str_cut(&text, ' ', &word)) {
        struct scope_row row;
        if (word.n == 0 || mark_parse(word, &s.marks)) {
            continue;
        }
        if (!row_parse(word, &row)) {
            unknown++;
        } else if (s.n == SCOPE_ROWS_MAX) {
            return FAIL(rq, E_TOO_LARGE, "scope: at most %d words", SCOPE_ROWS_MAX);
        } else {
            s.v[s.n++] = row;
        }
    }
    *ret_s = s;
    if (ret_unknown != NULL) {
        *ret_unknown = unknown;
    }
    return OK;
}

/* ---- binding ---- */

static bool criterion_is_plain(const struct fhir_criterion *c)
{
    bool mod = c->modifier == MOD_NONE
               || (c->p != NULL && c->modifier == MOD_NOT && c->p->kind == SP_TOKEN);
    return c->op == ASK_PARAM && mod && !text_asks(c) && c->p->kind != SP_ALIAS;
}

static enum err query_read(struct req *rq, const struct scope_row *row, struct fhir_query *q)
{
    struct url_pairs form;
    TRY(form_parse(rq, row->query, SCOPE_TERMS_MAX, &form));
    TRY(fhir_query_parse(rq, row->type, &form, true, q));
    bool plain = q->n == form.n && q->n > 0;
    for (size_t i = 0; i < q->n; i++) {
        plain = plain && criterion_is_plain(&q->c[i]);
    }
    return plain ? OK : FAIL(rq, E_BAD_INPUT, "scope: parameters of the type itself, no chains");
}

bool scope_query_is_good(struct req *rq, const struct scope_row *row)
{
    struct fhir_query *q = row->query.n > 0 ? ARENA_NEW(rq->a, struct fhir_query) : NULL;
    if (row->query.n == 0) {
        return true;
    }
    bool good = q != NULL && query_read(rq, row, q) == OK;
    err_clear(rq);
    fhir_issues_clear(rq);
    return good;
}

static enum err query_bind(struct req *rq, struct scope_row *row)
{
    static const struct fhir_access all = {.all = true};
    struct fhir_query *q = ARENA_NEW(rq->a, struct fhir_query);
    bool nothing = false;
    TRY_MEM(rq, q);
    enum err e = query_read(rq, row, q);
    if (e == E_BAD_INPUT || e == E_TOO_LARGE) {
        err_clear(rq);
        fhir_issues_clear(rq);
        row->void_query = true;
        return OK;
    }
    TRY(e);
    struct gate gate = {.acc = &all, .fuel = FHIR_FUEL};
    TRY(fhir_query_resolve(rq, &gate, q, false, &nothing));
    row->c = q->c;
    row->n = q->n;
    row->void_query = nothing;
    return OK;
}

enum err scope_bind(struct req *rq, struct fhir_scopes *s, struct str patient)
{
    s->patient = patient;
    s->patient_rid = 0;
    if (patient.n > 0) {
        TRY(db_rid(rq, T_PATIENT, patient, &s->patient_rid));
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->v[i].query.n > 0) {
            TRY(query_bind(rq, &s->v[i]));
        }
    }
    s->bound = true;
    return OK;
}

/* ---- what is granted ---- */

static void word_write(struct buf *b, const struct scope_row *w, enum fhir_type type, unsigned ops,
                       struct str query, struct str more)
{
    static const char letters[] = "cruds";
    if (b->n > 0) {
        buf_char(b, ' ');
    }
    if (type == w->type && ops == w->ops && more.n == 0 && str_eq(query, w->query)) {
        buf_str(b, w->word); /* in the words it was asked for */
        return;
    }
    buf_str(b, levels[w->level]);
    buf_str(b, type == T_NONE ? S("*") : fhir_type_name(type));
    buf_char(b, '.');
    for (unsigned i = 0; i < 5; i++) {
        if ((ops & (1u << i)) != 0) {
            buf_char(b, letters[i]);
        }
    }
    if (query.n + more.n > 0) {
        buf_char(b, '?');
        buf_str(b, query);
        buf_str(b, query.n > 0 && more.n > 0 ? S("&") : S(""));
        buf_str(b, more);
    }
}

/* Rows of allowed that say the same about what is wanted come once: the widest one first found. */
static void row_meet(struct buf *b, const struct scope_row *w, const struct fhir_scopes *allowed)
{
    unsigned given = 0;
    for (size_t i = 0; i < allowed->n; i++) {
        const struct scope_row *a = &allowed->v[i];
        bool fits = a->level == w->level && (a->type == T_NONE || w->type == T_NONE || a->type == w->type);
        unsigned ops = fits ? a->ops & w->ops : 0;
        bool whole = a->query.n == 0 && (a->type == T_NONE || a->type == w->type);
        if (whole) {
            ops &= ~given;
            given |= ops;
        }
        if (ops == 0) {
            continue;
        }
        enum fhir_type type = w->type == T_NONE ? a->type : w->type;
        bool same = str_eq(a->query, w->query);
        if (type != T_NONE || a->query.n + w->query.n == 0) {
            word_write(b, w, type, ops, w->query, same ? (struct str){NULL, 0} : a->query);
        }
    }
}

enum err scope_meet(struct req *rq, const struct fhir_scopes *wanted,
                    const struct fhir_scopes *allowed, struct str *ret_text)
{
    struct buf b;
    buf_init(&b, rq->a, SCOPE_TEXT_MAX);
    for (unsigned i = 0; i < SCOPE_MARKS; i++) {
        if ((wanted->marks & allowed->marks & (1u << i)) != 0) {
            buf_str(&b, b.n > 0 ? S(" ") : S(""));
            buf_str(&b, marks[i]);
        }
    }
    for (size_t i = 0; i < wanted->n; i++) {
        row_meet(&b, &wanted->v[i], allowed);
    }
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "scope");
    }
    *ret_text = buf_get(&b);
    return OK;
}

bool scope_covers(const struct fhir_scopes *granted, const struct fhir_scopes *wanted)
{
    for (size_t i = 0; i < wanted->n; i++) {
        const struct scope_row *w = &wanted->v[i];
        unsigned ops = 0;
        for (size_t k = 0; k < granted->n; k++) {
            const struct scope_row *g = &granted->v[k];
            bool whole = g->level == w->level && (g->type == T_NONE || g->type == w->type)
                         && (g->query.n == 0 || str_eq(g->query, w->query));
            ops |= whole ? g->ops : 0;
        }
        if ((w->ops & ~ops) != 0) {
            return false;
        }
    }
    return (wanted->marks & ~granted->marks) == 0;
}

bool scope_has_level(const struct fhir_scopes *s, enum scope_level level)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->v[i].level == level) {
            return true;
        }
    }
    return false;
}

/* ---- types ---- */

static bool row_speaks(const struct scope_row *r, enum fhir_type type, unsigned ops)
{
    return (r->ops & ops) != 0 && !r->void_query && (r->type == T_NONE || r->type == type);
}

bool scope_allows(const struct fhir_scopes *s, enum fhir_type type, unsigned ops)
{
    if (s == NULL) {
        return true;
    }
    if (type == T_NONE) {
        return scope_is_free(s, type, ops);
    }
    for (size_t i = 0; i < s->n; i++) {
        if (row_speaks(&s->v[i], type, ops)) {
            return true;
        }
    }
    return false;
}

bool scope_is_free(const struct fhir_scopes *s, enum fhir_type type, unsigned ops)
{
    if (s == NULL) {
        return true;
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct scope_row *r = &s->v[i];
        if (row_speaks(r, type, ops) && r->level != LEVEL_PATIENT && r->query.n == 0) {
            return true;
        }
    }
    return false;
}

bool scope_is_one_patient(const struct fhir_scopes *s, enum fhir_type type, unsigned ops,
                          int64_t *ret_rid)
{
    bool one = false;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (row_speaks(&s->v[i], type, ops)) {
            if (s->v[i].level != LEVEL_PATIENT) {
                return false;
            }
            one = true;
        }
    }
    *ret_rid = one ? s->patient_rid : 0;
    return one && fhir_type_hangs(type) != DIRECTORY;
}

void scope_terms(const struct fhir_scopes *s, enum fhir_type type, unsigned ops,
                 const struct fhir_criterion **ret_c, size_t *ret_n)
{
    const struct scope_row *only = NULL;
    *ret_c = NULL;
    *ret_n = 0;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (row_speaks(&s->v[i], type, ops)) {
            if (only != NULL) {
                return;
            }
            only = &s->v[i];
        }
    }
    if (only != NULL) {
        *ret_c = only->c;
        *ret_n = only->n;
    }
}

/* ---- one resource ---- */

/* patient/ speaks of the patient, what is about the patient, and the directory, which is about
 * nobody. */
static bool patient_fits(const struct fhir_scopes *s, const struct scope_row *r, enum fhir_type type,
                         int64_t rid, int64_t patient_rid)
{
    if (r->level != LEVEL_PATIENT || fhir_type_hangs(type) == DIRECTORY) {
        return true;
    }
    return s->patient_rid != 0 && s->patient_rid == (type == T_PATIENT ? rid : patient_rid);
}

enum err scope_cand(struct req *rq, const struct fhir_scopes *s, unsigned ops, enum fhir_type type,
                    struct cand *k, bool *ret_may)
{
    *ret_may = false;
    if (scope_is_free(s, type, ops)) {
        *ret_may = true;
        return OK;
    }
    TRY(cand_head(rq, k));
    for (size_t i = 0; !*ret_may && i < s->n; i++) {
        const struct scope_row *r = &s->v[i];
        bool meets = row_speaks(r, type, ops)
                     && patient_fits(s, r, type, k->head.rid, k->head.patient);
        for (size_t n = 0; meets && n < r->n; n++) {
            const struct fhir_criterion *c = &r->c[n];
            bool by_row = c->p->kind == SP_ID || c->p->kind == SP_UPDATED;
            TRY(by_row ? cand_row_meets(rq, k, c, &meets) : cand_tuples_meet(rq, k, c, &meets));
        }
        *ret_may = meets;
    }
    return OK;
}

enum err scope_row_may(struct req *rq, const struct fhir_scopes *s, unsigned ops,
                       const struct res_row *row, bool *ret_may)
{
    struct cand k = {.hit = {row->at_ms, row->rid}, .head = *row, .has_head = true};
    return scope_cand(rq, s, ops, (enum fhir_type)row->type, &k, ret_may);
}

/* References of a resource that is not stored yet, with the rows they lead to. */
static enum err tuples_of(struct req *rq, const struct tx_put *put, const struct tuple **ret_tuples)
{
    struct tuple *t = ARENA_ARRAY(rq->a, put->n_tuples + 1, struct tuple);
    TRY_MEM(rq, t);
    for (size_t i = 0; i < put->n_tuples; i++) {
        t[i] = put->tuples[i];
        if (t[i].kind == TUPLE_REF) {
            t[i].ref.rid = 0;
            if (t[i].ref.type == 0) {
                t[i].ref.rid = db_ref_url(t[i].ref.url);
            } else {
                TRY(db_rid(rq, t[i].ref.type, t[i].ref.id, &t[i].ref.rid));
            }
        }
    }
    *ret_tuples = t;
    return OK;
}

enum err scope_put_may(struct req *rq, const struct fhir_scopes *s, unsigned ops,
                       const struct tx_put *put, bool *ret_may)
{
    struct cand k = {.head.type = put->type, .has_head = true, .has_tuples = true,
                     .n_tuples = put->n_tuples};
    k.head.id = put->id;
    k.head.updated = rq->now; /* as soon as it is written */
    if (scope_is_free(s, (enum fhir_type)put->type, ops)) {
        *ret_may = true;
        return OK;
    }
    TRY(tuples_of(rq, put, &k.tuples));
    TRY(db_rid(rq, put->type, put->id, &k.head.rid));
    if (put->patient_type == T_PATIENT) {
        TRY(db_rid(rq, T_PATIENT, put->patient_id, &k.head.patient));
    }
    return scope_cand(rq, s, ops, (enum fhir_type)put->type, &k, ret_may);
}
