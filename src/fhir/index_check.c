/* fhir/index_check.c - the index held to a fresh extraction. See index_check.h. */
#include "fhir/index_check.h"

#include "fhir/prepare.h"
#include "fhir/words.h"
#include "store/db.h"
#include "store/footprint.h"

enum { TOLD_MAX = 1000, NARRATIVE_TEST = 8 };

struct look {
    struct req *rq;
    struct buf *out;
    uint64_t looked;
    uint64_t faults;
};

static void fault(struct look *k, const char *what, int64_t rid, uint16_t sp)
{
    if (k->faults++ < TOLD_MAX) {
        buf_str(k->out, str_z(what));
        BUF_LIT(k->out, " rid ");
        buf_i64(k->out, rid);
        if (sp != 0) {
            BUF_LIT(k->out, " sp ");
            buf_u64(k->out, sp);
        }
        buf_char(k->out, '\n');
    }
}

/* Tuples in the order of the store that stand in one list alone: fresh, what the resource gives; kept, what
 * the store has. */
static void compare(struct look *k, int64_t rid, const struct tuple *fresh, size_t n_fresh,
                    const struct tuple *kept, size_t n_kept)
{
    size_t i = 0;
    size_t j = 0;
    while (i < n_fresh || j < n_kept) {
        int c = i == n_fresh ? 1 : j == n_kept ? -1 : tuple_cmp(&fresh[i], &kept[j]);
        if (c < 0) {
            fault(k, "missing tuple", rid, fresh[i].sp);
        } else if (c > 0) {
            fault(k, "tuple too many", rid, kept[j].sp);
        }
        i += c <= 0 ? 1 : 0;
        j += c >= 0 ? 1 : 0;
    }
}

/* The first words of a list: proof enough that the row is there, and a short question. */
static struct str some(struct str words)
{
    size_t n = 0;
    for (size_t i = 0; i < words.n; i++) {
        n += words.p[i] == ' ' ? 1 : 0;
        if (n == NARRATIVE_TEST) {
            return str_sub(words, 0, i);
        }
    }
    return words;
}

enum err fhir_index_has_words(struct req *rq, struct str narrative, struct str rest, int64_t vid,
                              bool *ret_has)
{
    bool has = true;
    if (narrative.n > 0) {
        TRY(db_has_words(rq, some(narrative), true, vid, &has));
    }
    if (has && rest.n > 0) {
        TRY(db_has_words(rq, some(rest), false, vid, &has));
    }
    *ret_has = has;
    return OK;
}

static enum err check_words(struct look *k, struct jv root, int64_t rid, int64_t vid)
{
    struct str narrative;
    struct str rest;
    bool has = true;
    TRY(words_of_resource(k->rq, root, &narrative, &rest));
    TRY(fhir_index_has_words(k->rq, narrative, rest, vid, &has));
    if (!has) {
        fault(k, "missing words", rid, 0);
    }
    return OK;
}

static enum err check_one(struct look *k, enum fhir_type type, struct hit hit)
{
    struct ver_row row;
    struct json_doc doc;
    struct fhir_tuples fresh = {0};
    const struct tuple *kept;
    size_t n_kept;
    TRY(db_version_at(k->rq, hit.rid, INT64_MAX, &row));
    TRY(json_parse(k->rq, row.body, NULL, &doc));
    struct jv root = json_root(&doc);
    TRY(fhir_extract(k->rq, root, type, &fresh));
    TRY(fhir_tuples_resolve(k->rq, &fresh));
    TRY(db_tuples(k->rq, hit.rid, &kept, &n_kept));
    for (size_t i = 0; i < fresh.n; i++) {
        if (fresh.v[i].kind == TUPLE_STRING) {
            fresh.v[i].string = str_sub(fresh.v[i].string, 0, TUPLE_STRING_MAX);
        }
    }
    fresh.n = tuples_sort(fresh.v, fresh.n);
    compare(k, hit.rid, fresh.v, fresh.n, kept, n_kept);
    for (size_t i = 0; i < n_kept; i++) {
        bool has = false;
        TRY(db_has(k->rq, &kept[i], hit.at, hit.rid, &has));
        if (!has) {
            fault(k, "missing row", hit.rid, kept[i].sp);
        }
    }
    if (fhir_at(k->rq, root, type, hit.at) != hit.at) {
        fault(k, "wrong place", hit.rid, 0);
    }
    k->looked++;
    return check_words(k, root, hit.rid, row.vid);
}

static enum err check_type(struct look *k, enum fhir_type type)
{
    struct list *l = NULL;
    struct hit hit;
    enum err e = OK;
    TRY(list_type(k->rq, (uint16_t)type, LIST_OLDEST, &l));
    while (e == OK && list_next(l, &hit)) {
        struct arena_mark m = arena_mark(k->rq->a);
        e = check_one(k, type, hit);
        arena_back(k->rq->a, m);
    }
    e = e == OK ? list_err(k->rq, l) : e;
    list_close(&l);
    return e;
}

enum err fhir_index_check(struct req *rq, struct buf *out, uint64_t *ret_looked,
                          uint64_t *ret_faults)
{
    struct look k = {.rq = rq, .out = out};
    enum err e = OK;
    if (buf_room(out, TOLD_MAX * 64) == NULL) { /* not in what is given back between resources */
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    TRY(db_begin(rq));
    for (unsigned t = 1; e == OK && t < T_COUNT; t++) {
        e = check_type(&k, (enum fhir_type)t);
    }
    db_end(rq);
    TRY(e);
    *ret_looked = k.looked;
    *ret_faults = k.faults;
    return OK;
}
