/* dicom/query.c - the search: a list that leads, and what is held against each row. See query.h. */
#include "dicom/query.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"

#define TAG(group, element) (UINT32_C(group) << 16 | UINT32_C(element))
#define LAST_TEXT "\xf4\x8f\xbf\xbf" /* after every text that goes on */

enum { KEY_BYTES = 300, NAME_WORDS = 8, NAMES_COUNTED = 500 };

/* Columns of the Q_DICOM_ statements that give studies. */
enum study_col {
    COL_UID = 1, COL_PATIENT_ID = 5, COL_FOLD = 7, COL_BIRTH, COL_SEX, COL_DATE, COL_TIME, COL_ACCESSION,
    COL_STUDY_ID, COL_REFERRING, COL_DESCRIPTION, COL_MODALITIES, COL_SERIES, COL_INSTANCES, COL_WORD = 22,
};

enum value_type { VALUE_TEXT, VALUE_NUMBER, VALUE_COUNT };

/* clang-format off */
static const struct column {
    struct dicom_key key;
    enum value_type type;
    size_t at; /* in struct dicom_series or dicom_instance; of a study: the column */
} columns[] = {
    {{TAG(0x0008, 0x0020), DICOM_STUDY, DICOM_MATCH_DATE}, VALUE_TEXT, COL_DATE},
    {{TAG(0x0008, 0x0030), DICOM_STUDY, DICOM_MATCH_TIME}, VALUE_TEXT, COL_TIME},
    {{TAG(0x0008, 0x0050), DICOM_STUDY, DICOM_MATCH_TEXT}, VALUE_TEXT, COL_ACCESSION},
    {{TAG(0x0008, 0x0061), DICOM_STUDY, DICOM_MATCH_LIST}, VALUE_TEXT, COL_MODALITIES},
    {{TAG(0x0008, 0x0090), DICOM_STUDY, DICOM_MATCH_NAME}, VALUE_TEXT, COL_REFERRING},
    {{TAG(0x0008, 0x1030), DICOM_STUDY, DICOM_MATCH_TEXT}, VALUE_TEXT, COL_DESCRIPTION},
    {{TAG(0x0010, 0x0010), DICOM_STUDY, DICOM_MATCH_NAME}, VALUE_TEXT, COL_FOLD},
    {{TAG(0x0010, 0x0020), DICOM_STUDY, DICOM_MATCH_TEXT}, VALUE_TEXT, COL_PATIENT_ID},
    {{TAG(0x0010, 0x0030), DICOM_STUDY, DICOM_MATCH_DATE}, VALUE_TEXT, COL_BIRTH},
    {{TAG(0x0010, 0x0040), DICOM_STUDY, DICOM_MATCH_TEXT}, VALUE_TEXT, COL_SEX},
    {{TAG(0x0020, 0x000d), DICOM_STUDY, DICOM_MATCH_UID}, VALUE_TEXT, COL_UID},
    {{TAG(0x0020, 0x0010), DICOM_STUDY, DICOM_MATCH_TEXT}, VALUE_TEXT, COL_STUDY_ID},
    {{TAG(0x0020, 0x1206), DICOM_STUDY, DICOM_MATCH_NUMBER}, VALUE_COUNT, COL_SERIES},
    {{TAG(0x0020, 0x1208), DICOM_STUDY, DICOM_MATCH_NUMBER}, VALUE_COUNT, COL_INSTANCES},
    {{TAG(0x0008, 0x0060), DICOM_SERIES, DICOM_MATCH_TEXT}, VALUE_TEXT, offsetof(struct dicom_series, modality)},
    {{TAG(0x0008, 0x103e), DICOM_SERIES, DICOM_MATCH_TEXT}, VALUE_TEXT, offsetof(struct dicom_series, description)},
    {{TAG(0x0018, 0x0015), DICOM_SERIES, DICOM_MATCH_TEXT}, VALUE_TEXT, offsetof(struct dicom_series, body_part)},
    {{TAG(0x0020, 0x000e), DICOM_SERIES, DICOM_MATCH_UID}, VALUE_TEXT, offsetof(struct dicom_series, uid)},
    {{TAG(0x0020, 0x0011), DICOM_SERIES, DICOM_MATCH_NUMBER}, VALUE_NUMBER, offsetof(struct dicom_series, number)},
    {{TAG(0x0020, 0x1209), DICOM_SERIES, DICOM_MATCH_NUMBER}, VALUE_COUNT, offsetof(struct dicom_series, n_instances)},
    {{TAG(0x0040, 0x0244), DICOM_SERIES, DICOM_MATCH_DATE}, VALUE_TEXT, offsetof(struct dicom_series, pps_date)},
    {{TAG(0x0040, 0x0245), DICOM_SERIES, DICOM_MATCH_TIME}, VALUE_TEXT, offsetof(struct dicom_series, pps_time)},
    {{TAG(0x0040, 0x0009), DICOM_SERIES, DICOM_MATCH_TEXT}, VALUE_TEXT, offsetof(struct dicom_series, step_id)},
    {{TAG(0x0040, 0x1001), DICOM_SERIES, DICOM_MATCH_TEXT}, VALUE_TEXT, offsetof(struct dicom_series, procedure_id)},
    {{TAG(0x0008, 0x0016), DICOM_INSTANCE, DICOM_MATCH_UID}, VALUE_TEXT, offsetof(struct dicom_instance, sop_class)},
    {{TAG(0x0008, 0x0018), DICOM_INSTANCE, DICOM_MATCH_UID}, VALUE_TEXT, offsetof(struct dicom_instance, uid)},
    {{TAG(0x0020, 0x0013), DICOM_INSTANCE, DICOM_MATCH_NUMBER}, VALUE_NUMBER, offsetof(struct dicom_instance, number)},
    {{TAG(0x0028, 0x0008), DICOM_INSTANCE, DICOM_MATCH_NUMBER}, VALUE_COUNT, offsetof(struct dicom_instance, frames)},
    {{TAG(0x0028, 0x0010), DICOM_INSTANCE, DICOM_MATCH_NUMBER}, VALUE_COUNT, offsetof(struct dicom_instance, rows)},
    {{TAG(0x0028, 0x0011), DICOM_INSTANCE, DICOM_MATCH_NUMBER}, VALUE_COUNT, offsetof(struct dicom_instance, columns)},
};

/* Which key leads, the best first. The last one is every study. */
static const struct lead {
    uint32_t tag;
    enum stmt_id exact; /* of one value; of names and dates: of a range */
    enum stmt_id from;  /* of the beginning of a value */
} leads[] = {
    {TAG(0x0008, 0x0018), Q_DICOM_BY_INSTANCE, STMT_COUNT},
    {TAG(0x0020, 0x000e), Q_DICOM_BY_SERIES, STMT_COUNT},
    {TAG(0x0020, 0x000d), Q_DICOM_STUDY, STMT_COUNT},
    {TAG(0x0008, 0x0050), Q_DICOM_BY_ACCESSION, Q_DICOM_ACCESSION_FROM},
    {TAG(0x0010, 0x0020), Q_DICOM_BY_PATIENT_ID, Q_DICOM_PATIENT_ID_FROM},
    {TAG(0x0020, 0x0010), Q_DICOM_BY_STUDY_ID, Q_DICOM_STUDY_ID_FROM},
    {TAG(0x0010, 0x0010), STMT_COUNT, STMT_COUNT}, /* by its words: run_name() */
    {TAG(0x0008, 0x0020), Q_DICOM_BY_DATE, STMT_COUNT},
};
/* clang-format on */

struct term {
    const struct column *col;
    struct str value; /* of names: folded */
};

struct finder {
    struct req *rq;
    const struct dicom_query *q;
    struct term terms[DICOM_ASKED_MAX];
    size_t n_terms;
    bool by_level[DICOM_INSTANCE + 1]; /* some term is of this level */
    uint32_t skip;    /* results still to pass over */
    uint32_t scanned;
    struct str word;  /* that leads: the beginning of one, or (word_whole) all of it */
    bool word_whole;
    struct dicom_found found;
    bool full;        /* one more was found than wanted */
};

static const struct column *column_find(uint32_t tag)
{
    for (size_t i = 0; i < LEN(columns); i++) {
        if (columns[i].key.tag == tag) {
            return &columns[i];
        }
    }
    return NULL;
}

const struct dicom_key *dicom_key_find(uint32_t tag)
{
    const struct column *c = column_find(tag);
    return c != NULL ? &c->key : NULL;
}

static struct str number_text(struct req *rq, int64_t v)
{
    struct buf b;

    buf_init(&b, rq->a, 32);
    if (v != DICOM_NO_NUMBER) {
        buf_i64(&b, v);
    }
    return buf_get(&b);
}

static struct str value_of(struct req *rq, const struct column *c, const void *row)
{
    const char *p = (const char *)row + c->at;

    if (c->type == VALUE_TEXT) {
        return *(const struct str *)(const void *)p;
    }
    return number_text(rq, c->type == VALUE_NUMBER ? *(const int64_t *)(const void *)p
                                                   : (int64_t)*(const uint32_t *)(const void *)p);
}

/* Of the present row; most rows are looked at and passed over, so nothing is copied. */
static struct str study_value(struct req *rq, const struct column *c, const struct db_rows *q)
{
    unsigned col = (unsigned)c->at;

    if (c->type != VALUE_TEXT) {
        return number_text(rq, db_i64(q, col));
    }
    return col == COL_REFERRING ? dicom_name_fold(rq, db_peek(q, col)) : db_peek(q, col);
}

static bool term_holds(const struct finder *f, const struct term *t, struct str have)
{
    bool like = f->q->fuzzy && t->col->key.kind == DICOM_MATCH_NAME;

    return like ? dicom_name_is_like(t->value, have) : dicom_matches(t->col->key.kind, t->value, have);
}

static bool row_matches(struct finder *f, enum dicom_result level, const void *row)
{
    for (size_t i = 0; f->by_level[level] && i < f->n_terms; i++) {
        const struct term *t = &f->terms[i];
        if (t->col->key.level == level && !term_holds(f, t, value_of(f->rq, t->col, row))) {
            return false;
        }
    }
    return true;
}

static bool study_matches(struct finder *f, const struct db_rows *q)
{
    for (size_t i = 0; f->by_level[DICOM_STUDY] && i < f->n_terms; i++) {
        const struct term *t = &f->terms[i];
        if (t->col->key.level == DICOM_STUDY && !term_holds(f, t, study_value(f->rq, t->col, q))) {
            return false;
        }
    }
    return true;
}

/* ---- what was asked ---- */

static enum err term_check(struct req *rq, const struct term *t)
{
    struct str from;
    struct str to;
    int64_t n;
    bool good = true;

    if (t->col->key.kind == DICOM_MATCH_DATE) {
        good = dicom_match_dates(t->value, &from, &to);
    } else if (t->col->key.kind == DICOM_MATCH_NUMBER) {
        good = str_i64(str_trim(t->value), &n);
    }
    return good && t->value.n <= 64 * 1024 ? OK
                                           : FAIL(rq, E_BAD_INPUT, "%08" PRIX32, t->col->key.tag);
}

static enum err terms_read(struct finder *f)
{
    const struct dicom_query *q = f->q;

    for (size_t i = 0; i < q->n_asked; i++) {
        const struct column *c = column_find(q->asked[i].tag);
        struct str value = str_trim(q->asked[i].value);
        if (c == NULL || value.n == 0 || str_eq(value, S("*")) || c->key.level > q->level) {
            continue;
        }
        if (f->n_terms == LEN(f->terms)) {
            return FAIL(f->rq, E_BAD_INPUT, "at most %d keys", DICOM_ASKED_MAX);
        }
        struct term t = {c, c->key.kind == DICOM_MATCH_NAME ? dicom_name_fold(f->rq, value) : value};
        TRY(term_check(f->rq, &t));
        f->terms[f->n_terms++] = t;
        f->by_level[c->key.level] = true;
    }
    return OK;
}

static const struct term *term_find(const struct finder *f, uint32_t tag)
{
    for (size_t i = 0; i < f->n_terms; i++) {
        if (f->terms[i].col->key.tag == tag) {
            return &f->terms[i];
        }
    }
    return NULL;
}

/* Up to the blank, or to the next group. */
static size_t word_len(struct str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] != ' ' && s.p[n] != '=') {
        n++;
    }
    return n;
}

/* ---- rows, level by level ---- */

/* False: enough was given. */
static enum err give(struct finder *f, const struct dicom_hit *hit)
{
    if (f->skip > 0) {
        f->skip--;
        return OK;
    }
    if (f->found.n == f->q->limit) {
        f->found.more = f->full = true;
        return OK;
    }
    f->found.n++;
    return f->q->each(f->rq, hit, f->q->each_ctx);
}

static enum err count_row(struct finder *f)
{
    return ++f->scanned <= DICOM_SCAN_MAX ? OK : FAIL(f->rq, E_TOO_LARGE, "ask for less");
}

static enum err each_instance(struct finder *f, struct dicom_hit hit)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct dicom_instance inst;
    bool has = false;

    if (!f->by_level[DICOM_INSTANCE] && f->skip >= hit.series->n_instances) {
        f->skip -= hit.series->n_instances;
        return OK;
    }
    TRY(DB_QUERY(f->rq, &q, Q_DICOM_INSTANCES_OF, sql_i64(hit.series->key)));
    TRY(db_next(f->rq, &q, &has));
    while (has && !f->full) {
        struct arena_mark mark = arena_mark(f->rq->a);
        dicom_instance_get(f->rq, &q, &inst);
        hit.instance = &inst;
        TRY(count_row(f));
        if (row_matches(f, DICOM_INSTANCE, &inst)) {
            TRY(give(f, &hit));
        }
        arena_back(f->rq->a, mark);
        TRY(db_next(f->rq, &q, &has));
    }
    return OK;
}

static enum err each_series(struct finder *f, struct dicom_hit hit)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct dicom_series s;
    bool has = false;

    TRY(DB_QUERY(f->rq, &q, Q_DICOM_SERIES_OF, sql_i64(hit.study->key)));
    TRY(db_next(f->rq, &q, &has));
    while (has && !f->full) {
        struct arena_mark mark = arena_mark(f->rq->a);
        dicom_series_get(f->rq, &q, &s);
        hit.series = &s;
        TRY(count_row(f));
        if (row_matches(f, DICOM_SERIES, &s)) {
            TRY(f->q->level == DICOM_SERIES ? give(f, &hit) : each_instance(f, hit));
        }
        arena_back(f->rq->a, mark);
        TRY(db_next(f->rq, &q, &has));
    }
    return OK;
}

enum err dicom_study_may(struct req *rq, int64_t study, dicom_may_fn may, void *ctx, bool *ret_may)
{
    struct dicom_place places[DICOM_PLACES_MAX];
    uint32_t n = 0;
    bool yes = may == NULL;

    if (!yes) {
        TRY(dicom_places(rq, study, places, &n));
    }
    for (uint32_t i = 0; !yes && i < n; i++) {
        if (places[i].imaging > 0) {
            TRY(may(rq, places[i].imaging, ctx, &yes));
        }
    }
    *ret_may = yes;
    return OK;
}

static enum err each_study(struct finder *f, const struct dicom_study *s)
{
    const struct dicom_query *q = f->q;
    struct dicom_hit hit = {.study = s};
    bool may = false;

    if (q->patient != 0 && s->patient != q->patient) {
        return OK;
    }
    if (q->case_id.n > 0) {
        struct dicom_place place;
        enum err e = dicom_place_find(f->rq, s->key, q->case_id, &place);
        if (e == E_NOT_FOUND) {
            err_clear(f->rq);
            return OK;
        }
        TRY(e);
    }
    TRY(dicom_study_may(f->rq, s->key, q->may, q->may_ctx, &may));
    if (!may) {
        return OK;
    }
    return q->level == DICOM_STUDY ? give(f, &hit) : each_series(f, hit);
}

/* A study comes once for each of its words that begin so; the last of them in order counts. */
static bool is_last_word(struct str fold, struct str by, struct str begins)
{
    while (fold.n > 0) {
        size_t n = word_len(fold);
        struct str word = str_sub(fold, 0, n);
        if (str_starts(word, begins) && str_cmp(word, by) > 0) {
            return false;
        }
        fold = str_sub(fold, n + 1, fold.n);
    }
    return true;
}

static bool is_first_time(const struct finder *f, enum stmt_id stmt, const struct db_rows *q)
{
    return stmt != Q_DICOM_BY_WORD || f->word_whole
           || is_last_word(db_peek(q, COL_FOLD), db_peek(q, COL_WORD), f->word);
}

static enum err run(struct finder *f, enum stmt_id stmt, const struct sql_val *vals, size_t n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct dicom_study s;
    bool has = false;

    TRY(db_query(f->rq, stmt, vals, n, &q));
    TRY(db_next(f->rq, &q, &has));
    while (has && !f->full) {
        struct arena_mark mark = arena_mark(f->rq->a);
        TRY(count_row(f));
        if (study_matches(f, &q) && is_first_time(f, stmt, &q)) {
            dicom_study_get(f->rq, &q, &s);
            TRY(each_study(f, &s));
        }
        arena_back(f->rq->a, mark);
        TRY(db_next(f->rq, &q, &has));
    }
    return OK;
}

/* ---- the lead ---- */

/* Is this the same UID as an earlier one of the list? It was looked up then. */
static bool seen_before(struct str list, size_t upto, struct str uid)
{
    return upto > 0 && dicom_matches(DICOM_MATCH_UID, str_sub(list, 0, upto), uid);
}

/* A list leads for studies only: several series or instances may be of one study, which is wanted once. */
static enum err run_uids(struct finder *f, const struct lead *lead, struct str list)
{
    size_t at = 0;

    while (at < list.n && !f->full) {
        size_t end = at;
        while (end < list.n && list.p[end] != ',' && list.p[end] != '\\') {
            end++;
        }
        struct str uid = str_trim(str_sub(list, at, end - at));
        if (uid.n > 0 && !seen_before(list, at, uid)) {
            TRY(run(f, lead->exact, (const struct sql_val[]){sql_text(uid)}, 1));
        }
        at = end + 1;
    }
    return OK;
}

static struct str text_add(struct req *rq, struct str s, const char *end)
{
    struct buf b;
    buf_init(&b, rq->a, KEY_BYTES + 8);
    buf_str(&b, str_sub(s, 0, KEY_BYTES));
    buf_str(&b, str_z(end));
    return buf_get(&b);
}

/* From, to (not included): values that begin so, or (whole) the value itself. */
static void range_of(struct req *rq, struct str begins, bool whole, struct sql_val ret[2])
{
    ret[0] = sql_text(str_sub(begins, 0, KEY_BYTES));
    ret[1] = sql_text(text_add(rq, begins, whole && begins.n <= KEY_BYTES ? "\x01" : LAST_TEXT));
}

/* How many names have a word of the range, up to most. */
static enum err count_names(struct req *rq, const struct sql_val range[2], int64_t most, int64_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    int64_t n = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_DICOM_WORDS, range[0], range[1], sql_i64(most)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        n++;
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

/* Of the words of a name that are certain, the one that the fewest names have leads. The last is the
 * beginning of one, unless the name is whole; of a fuzzy search each is.
 * *ret_did: there is one, and it was followed. */
static enum err run_name(struct finder *f, struct str begins, bool whole, bool *ret_did)
{
    struct str rest = str_sub(begins, 0, str_find_char(begins, '='));
    int64_t least = NAMES_COUNTED + 1;
    struct sql_val best[2];

    whole = whole || rest.n < begins.n;
    for (unsigned i = 0; i < NAME_WORDS && rest.n > 0 && least > 1; i++) {
        size_t n = word_len(rest);
        struct str word = str_sub(rest, 0, n);
        bool is_whole = !f->q->fuzzy && (n < rest.n || whole);
        struct sql_val range[2];
        int64_t names = 0;
        rest = str_sub(rest, n + 1, rest.n);
        if (n == 0) {
            continue;
        }
        range_of(f->rq, word, is_whole, range);
        TRY(count_names(f->rq, range, least - 1, &names));
        if (names < least - 1 || !*ret_did) {
            least = names;
            memcpy(best, range, sizeof best);
            f->word = str_sub(word, 0, KEY_BYTES);
            f->word_whole = is_whole && n <= KEY_BYTES;
            *ret_did = true;
        }
    }
    return *ret_did ? run(f, Q_DICOM_BY_WORD, best, LEN(best)) : OK;
}

/* *ret_did: the key serves and was followed. */
static enum err run_text(struct finder *f, const struct lead *lead, const struct term *t, bool *ret_did)
{
    bool whole = false;
    struct str from;
    struct str to;

    if (t->col->key.kind == DICOM_MATCH_DATE) {
        *ret_did = dicom_match_dates(t->value, &from, &to);
        ASSERT(*ret_did);
        return run(f, lead->exact, (const struct sql_val[]){sql_text(from), sql_text(to)}, 2);
    }
    struct str begins = dicom_match_begins(t->value, &whole);
    if (t->col->key.kind == DICOM_MATCH_NAME) {
        return run_name(f, begins, whole, ret_did);
    }
    if (whole || begins.n == 0) {
        *ret_did = whole;
        return whole ? run(f, lead->exact, (const struct sql_val[]){sql_text(begins)}, 1) : OK;
    }
    struct sql_val range[2];
    range_of(f->rq, begins, false, range);
    *ret_did = true;
    return run(f, lead->from, range, LEN(range));
}

/* A list of one. */
static bool is_single(struct str uids)
{
    return str_find_char(uids, ',') == uids.n && str_find_char(uids, '\\') == uids.n;
}

static enum err run_lead(struct finder *f)
{
    const struct dicom_query *q = f->q;
    bool did = false;

    if (q->case_id.n > 0) {
        return run(f, Q_DICOM_BY_CASE, (const struct sql_val[]){sql_text(q->case_id)}, 1);
    }
    for (size_t i = 0; i < LEN(leads) && !did; i++) {
        const struct term *t = term_find(f, leads[i].tag);
        if (t == NULL) {
            continue;
        }
        if (t->col->key.kind != DICOM_MATCH_UID) {
            TRY(run_text(f, &leads[i], t, &did));
        } else if (leads[i].exact == Q_DICOM_STUDY || is_single(t->value)) {
            did = true;
            TRY(run_uids(f, &leads[i], t->value));
        }
    }
    if (did) {
        return OK;
    }
    if (q->patient != 0) {
        return run(f, Q_DICOM_BY_PATIENT, (const struct sql_val[]){sql_i64(q->patient)}, 1);
    }
    return run(f, Q_DICOM_BY_DATE, (const struct sql_val[]){sql_text(S("")), sql_text(S("~"))}, 2);
}

enum err dicom_search(struct req *rq, const struct dicom_query *q, struct dicom_found *ret_found)
{
    struct finder *f = ARENA_NEW(rq->a, struct finder);

    TRY_MEM(rq, f);
    f->rq = rq;
    f->q = q;
    f->skip = q->offset;
    TRY(terms_read(f));
    TRY(db_begin(rq));
    enum err e = run_lead(f);
    db_end(rq);
    TRY(e);
    *ret_found = f->found;
    return OK;
}
