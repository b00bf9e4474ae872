/* care/erasure.c - orders to erase a person's record: who may, what would go,
 * what keeps it. See erasure.h. */
#include "care/erasure_int.h"

#include "base/text.h"
#include "care/care.h"
#include "care/directory_int.h"
#include "care/erasure_int.h"
#include "care/episode.h"
#include "care/patient_int.h"
#include "care/who.h"
#include "fhir/erase.h"
#include "fhir/type.h"
#include "store/tx.h"

/* clang-format off */
static const struct erasure_reason reasons[] = {
    {"court", T("A court or another authority ordered it")},
    {"term", T("The time of keeping is over")},
    {"consent", T("The person asked for it and the head of the organisation agreed")},
    {"mistake", T("The record was made by mistake")},
};
/* clang-format on */

const struct erasure_reason *erasure_reason_at(unsigned i)
{
    return i < LEN(reasons) ? &reasons[i] : NULL;
}

const struct erasure_reason *erasure_reason_find(struct str code)
{
    for (size_t i = 0; i < LEN(reasons); i++) {
        if (str_eq(code, str_z(reasons[i].code))) {
            return &reasons[i];
        }
    }
    return NULL;
}

/* ---- who may ---- */

enum err erasure_may_propose(struct req *rq, bool *ret_may)
{
    const struct role_ref *role = who_role(rq->who);
    const struct directory *d = NULL;
    *ret_may = false;
    if (role == NULL || (role->rights & MAY_ADMIN) == 0) {
        return OK;
    }
    TRY(directory_get(rq, &d));
    const struct dir_org *org = dir_org(d, role->org);
    *ret_may = org != NULL &&
               (org->parent == DIR_NONE || org->kind == ORG_CENTRE || org->kind == ORG_NATIONAL);
    return OK;
}

static bool may_confirm(const struct req *rq)
{
    return who_role(rq->who) != NULL && who_may(rq->who, MAY_AUDIT);
}

/* Does a role of theirs audit where the order was proposed, or above? Of an order that does not say where:
 * at an organisation with nothing above it. */
static bool covers(const struct directory *d, struct str person, struct str role_id, struct str org)
{
    const struct dir_person *p = dir_person(d, person);
    uint32_t theirs = DIR_NONE;
    for (uint32_t i = 0; p != NULL && p->active && i < p->n_roles; i++) {
        if (str_eq(p->roles[i].id, role_id) && (p->roles[i].rights & MAY_AUDIT) != 0) {
            theirs = dir_org_at(d, p->roles[i].org);
        }
    }
    if (theirs == DIR_NONE || org.n == 0) {
        return theirs != DIR_NONE && d->orgs[theirs].parent == DIR_NONE;
    }
    return dir_is_within(d, dir_org_at(d, org), theirs);
}

enum err erasure_may_confirm(struct req *rq, const struct erasure *o, bool *ret_may)
{
    const struct directory *d = NULL;
    *ret_may = false;
    if (!may_confirm(rq) || str_eq(rq->who->person, o->by)) {
        return OK;
    }
    TRY(directory_get(rq, &d));
    *ret_may = covers(d, rq->who->person, who_role(rq->who)->id, o->org);
    return OK;
}

static enum err may_either(struct req *rq)
{
    bool may = false;
    TRY(erasure_may_propose(rq, &may));
    return may || may_confirm(rq) ? OK : FAIL(rq, E_FORBIDDEN, "erasure");
}

static enum err note(struct req *rq, enum audit_action action, int64_t patient_rid,
                     struct str detail)
{
    struct audit_rec rec = {.action = action,
                            .why = who_may(rq->who, MAY_AUDIT) ? WHY_DIRECTORY : WHY_ADMIN,
                            .patient_rid = patient_rid,
                            .detail = detail};
    return audit_add(rq, &rec);
}

static struct str numbered(struct req *rq, const char *what, int64_t id)
{
    struct buf b;
    buf_init(&b, rq->a, 80);
    buf_str(&b, str_z(what));
    buf_i64(&b, id);
    return buf_get(&b);
}

/* ---- what would go ---- */

static enum err look_types(struct req *rq, struct erasure_look *l)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_ERASURE_LOOK, sql_i64(l->patient_rid)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        l->resources += db_u64(&q, 1);
        l->versions += db_u64(&q, 2);
        if (l->n < ERASURE_TYPES) {
            l->types[l->n].type = (uint16_t)db_i64(&q, 0);
            l->types[l->n].resources = db_u64(&q, 1);
            l->types[l->n++].versions = db_u64(&q, 2);
        }
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

enum err erasure_int_open(struct req *rq, int64_t patient_rid, uint64_t ret_open[ERASURE_OPENS],
                          bool *ret_any)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct episode *courses = ARENA_ARRAY(rq->a, EPISODES_MAX, struct episode);
    uint32_t n = 0;
    TRY_MEM(rq, courses);
    TRY(DB_ONE(rq, &q, Q_ERASURE_OPEN, sql_i64(patient_rid), sql_i64(rq->now.ms)));
    for (unsigned i = 0; i < ERASURE_COURSES; i++) {
        ret_open[i] = db_u64(&q, i);
    }
    db_rows_done(&q);
    TRY(episode_of_patient(rq, patient_rid, courses, EPISODES_MAX, &n));
    ret_open[ERASURE_COURSES] = 0;
    for (uint32_t i = 0; i < n; i++) {
        ret_open[ERASURE_COURSES] += courses[i].open;
    }
    *ret_any = false;
    for (unsigned i = 0; i < ERASURE_OPENS; i++) {
        *ret_any = *ret_any || ret_open[i] > 0;
    }
    return OK;
}

static enum err look_hold(struct req *rq, struct erasure_look *l)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    enum err e = DB_ONE(rq, &q, Q_ERASURE_HOLD, sql_text(l->patient));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    l->held = true;
    l->hold_reason = db_text(rq->a, &q, 0);
    l->hold_by = db_text(rq->a, &q, 1);
    l->hold_at.ms = db_i64(&q, 2);
    return OK;
}

static enum err look(struct req *rq, int64_t rid, struct str id, struct erasure_look *ret)
{
    *ret = (struct erasure_look){.patient_rid = rid, .patient = id};
    TRY(look_types(rq, ret));
    TRY(erasure_int_open(rq, rid, ret->open, &ret->is_open));
    return look_hold(rq, ret);
}

static enum err by_number(struct req *rq, struct str kind_code, struct str typed,
                          struct res_row *ret_row)
{
    const struct id_kind *kind = id_kind_find(kind_code);
    struct str digits = {0};
    if (kind == NULL) {
        return FAIL(rq, E_BAD_INPUT, "id-kind");
    }
    TRY(patient_number(rq, kind, typed, &digits));
    return patient_by_number(rq, kind, digits, ret_row);
}

enum err erasure_find(struct req *rq, struct str kind, struct str typed,
                      struct erasure_look *ret_look)
{
    struct res_row row;
    TRY(may_either(rq));
    enum err e = by_number(rq, kind, typed, &row);
    if (e == E_NOT_FOUND) {
        TRY(note(rq, AUDIT_SEARCH, 0, S("erasure, identifier")));
        return e;
    }
    TRY(e);
    TRY(note(rq, AUDIT_SEARCH, row.rid, S("erasure, identifier")));
    return look(rq, row.rid, row.id, ret_look);
}

enum err erasure_look_at(struct req *rq, const struct erasure *o, struct erasure_look *ret_look)
{
    TRY(may_either(rq));
    return look(rq, o->patient_rid, o->patient, ret_look);
}

/* ---- orders ---- */

static void order_get(struct req *rq, const struct db_rows *q, struct erasure *ret_o)
{
    *ret_o = (struct erasure){
        .id = db_i64(q, 0),
        .patient_rid = db_i64(q, 1),
        .patient = db_text(rq->a, q, 2),
        .state = (enum erasure_state)db_i64(q, 3),
        .reason = db_text(rq->a, q, 4),
        .number = db_text(rq->a, q, 5),
        .date = db_text(rq->a, q, 6),
        .by = db_text(rq->a, q, 7),
        .at = {db_i64(q, 8)},
        .second = db_text(rq->a, q, 9),
        .second_at = {db_i64(q, 10)},
        .resources = db_u64(q, 11),
        .done = {db_i64(q, 12)},
        .left = db_u64(q, 13),
        .org = db_text(rq->a, q, 14),
    };
}

static enum err order_one(struct req *rq, enum stmt_id id, const struct sql_val *v, size_t n,
                          struct erasure *ret_o)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(db_one(rq, id, v, n, &q));
    order_get(rq, &q, ret_o);
    return OK;
}

enum err erasure_get(struct req *rq, int64_t id, struct erasure *ret_o)
{
    const struct sql_val v[] = {sql_i64(id)};
    TRY(may_either(rq));
    return order_one(rq, Q_ERASURE, v, 1, ret_o);
}

enum err erasure_list(struct req *rq, int64_t before, struct erasure *ret_all, uint32_t n,
                      uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(may_either(rq));
    TRY(DB_QUERY(rq, &q, Q_ERASURES, sql_i64(before > 0 ? before : INT64_MAX), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        order_get(rq, &q, &ret_all[got++]);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err erasure_holds(struct req *rq, struct erasure_hold *ret_all, uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(may_either(rq));
    TRY(DB_QUERY(rq, &q, Q_ERASURE_HOLDS, sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_all[got++] = (struct erasure_hold){.patient = db_text(rq->a, &q, 0),
                                               .reason = db_text(rq->a, &q, 1),
                                               .by = db_text(rq->a, &q, 2),
                                               .at = {db_i64(&q, 3)}};
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

static enum err may_go(struct req *rq, const struct erasure_look *l)
{
    if (l->held) {
        return FAIL(rq, E_CONFLICT, "held");
    }
    return l->is_open ? FAIL(rq, E_CONFLICT, "open") : OK;
}

enum err erasure_propose(struct req *rq, struct tx *tx, const struct erasure_look *l,
                         struct str reason, struct str number, struct str date, int64_t *ret_id)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct civil day;
    bool may = false;
    TRY(erasure_may_propose(rq, &may));
    if (!may) {
        return FAIL(rq, E_FORBIDDEN, "erasure");
    }
    if (erasure_reason_find(reason) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "reason");
    }
    if (number.n == 0 || number.n > ERASURE_NUMBER_MAX) {
        return FAIL(rq, E_BAD_INPUT, "number");
    }
    if (date.n != 10 || !date_parse(date, &day) ||
        instant_from_civil(&day, 0).ms > rq->now.ms + MS_DAY) {
        return FAIL(rq, E_BAD_INPUT, "date");
    }
    TRY(may_go(rq, l));
    TRY(db_one(rq, Q_ERASURE_LAST, NULL, 0, &q));
    int64_t id = db_i64(&q, 0) + 1;
    TRY(TX_SQL(tx, W_ERASURE_NEW, TX_MUST_BE_NEW, sql_i64(id), sql_i64(l->patient_rid),
               sql_text(l->patient), sql_text(reason), sql_text(number), sql_text(date),
               sql_text(rq->who->person), sql_i64(rq->now.ms), sql_text(who_role(rq->who)->org)));
    TRY(note(rq, AUDIT_ADMIN, l->patient_rid, numbered(rq, "erasure proposed, order ", id)));
    *ret_id = id;
    return OK;
}

/* ---- the second person ---- */

/* With the confirmation, in this order; n: how many of order, patient rid,
 * patient id each takes. */
/* clang-format off */
static const struct {
    enum stmt_id id;
    size_t n;
} ends[] = {
    {W_ER_ITEMS, 2}, {W_ER_COUNT, 1},
    {W_ER_UPLOAD_BLOBS, 3}, {W_ER_UPLOADS, 3},
    {W_ER_DRAFT_STUDIES, 3}, {W_ER_DRAFT_PLACES, 3}, {W_ER_ASIDE_BLOBS, 3}, {W_ER_ASIDE, 3}, {W_ER_DRAFTS, 3},
    {W_ER_NOTICES, 1}, {W_ER_JOBS, 1}, {W_ER_POST, 1}, {W_ER_ADDRESSES, 1}, {W_ER_RINGS, 1}, {W_ER_STAMPS, 1},
    {W_ER_GLASS, 2}, {W_ER_FLOWS, 2}, {W_ER_VISITS, 2},
    {W_ER_MEMBERS, 2}, {W_ER_CONSILIA, 2}, {W_ER_VOICES, 2}, {W_ER_CONSILIUM_ITEMS, 2},
    {W_ER_ANSWERS, 2}, {W_ER_SEATS, 2}, {W_ER_FILES, 2}, {W_ER_RECORDINGS, 2},
    {W_ER_STAYS, 2}, {W_ER_GUESTS, 2}, {W_ER_ROOMS, 2},
    {W_ER_SHARES, 2},
    {W_ER_IMAGE_BLOBS, 2}, {W_ER_INSTANCES, 2}, {W_ER_SERIES, 2}, {W_ER_WORDS, 2}, {W_ER_PLACES, 2}, {W_ER_STUDIES, 2},
    {W_ER_APP_TOKENS, 3}, {W_ER_GRANTS, 3}, {W_ER_LAUNCHES, 3}, {W_ER_BULK, 0},
    {W_ER_SESSIONS, 3}, {W_ER_NAMES, 3}, {W_ER_ACCOUNTS, 3}, {W_ER_TIES, 3}, {W_ER_INVITES, 3},
    {W_ER_LIST, 1}, {W_ER_LIST_ANCHOR, 1}, {W_ER_LIST_PATIENT, 1}, {W_ER_HIDE, 1},
};
/* clang-format on */

enum err erasure_hide(struct tx *tx, const struct erasure *o, const struct erasure_name *more,
                      uint32_t n_more)
{
    const struct sql_val v[] = {sql_i64(o->id), sql_i64(o->patient_rid), sql_text(o->patient)};
    for (size_t i = 0; i < LEN(ends); i++) {
        TRY(tx_sql(tx, ends[i].id, 0, v, ends[i].n));
        for (uint32_t k = 0; i == 0 && k < n_more; k++) {
            TRY(TX_SQL(tx, W_ER_ITEM_ADD, 0, sql_i64(o->id), sql_text(more[k].id), sql_i64(more[k].type)));
        }
    }
    return OK;
}

struct str erasure_int_words(struct req *rq, int64_t order, bool by_policy)
{
    struct buf b;
    buf_init(&b, rq->a, 80);
    BUF_LIT(&b, "order ");
    buf_i64(&b, order);
    if (by_policy) {
        BUF_LIT(&b, ", term of storage is over");
    }
    return buf_get(&b);
}

enum err erasure_int_apply(struct req *rq, struct tx *tx, int64_t order, int64_t patient_rid,
                           struct str patient, enum audit_why why, struct str words)
{
    const struct erasure o = {.id = order, .patient_rid = patient_rid, .patient = patient};
    const struct erase_what *what = NULL;
    TRY_MEM(rq, words.p);
    TRY(TX_SQL(tx, W_ERASURE_UNHELD, TX_MUST_CHANGE, sql_i64(order)));
    TRY(erasure_hide(tx, &o, NULL, 0));
    /* The person's own resource with the first commit: name and numbers find
     * nobody any more. */
    return fhir_erase(rq, tx, patient_rid, why, words, &what);
}

/* On the writer's thread, when something was written since it was looked at. */
static enum err still_may(struct req *rq, void *ctx)
{
    const struct erasure *o = ctx;
    uint64_t open[ERASURE_OPENS];
    bool any = false;
    TRY(erasure_int_open(rq, o->patient_rid, open, &any));
    return any ? FAIL(rq, E_CONFLICT, "open") : OK;
}

/* The same, as the directory is in the state that the order is applied to: the role may have ended since the
 * request came. */
static enum err right_holds(struct req *rq, void *ctx)
{
    const struct erasure *o = ctx;
    struct directory d = {0};
    struct req own;
    req_init(&own, DIRECTORY_CAP, rq->now);
    own.app = rq->app;
    own.db = rq->db;
    enum err e = directory_load(&own, care_of(rq), &d);
    bool may = e == OK && covers(&d, rq->who->person, who_role(rq->who)->id, o->org);
    req_done(&own);
    if (e != OK) {
        return FAIL(rq, e, "directory");
    }
    return may ? OK : FAIL(rq, E_FORBIDDEN, "erasure: the right has ended");
}

enum err erasure_confirm(struct req *rq, struct tx *tx, const struct erasure *o, struct str kind,
                         struct str typed)
{
    struct erasure_look *l = ARENA_NEW(rq->a, struct erasure_look);
    struct erasure *kept = ARENA_NEW(rq->a, struct erasure);
    struct db_moment now;
    struct res_row row;
    if (!may_confirm(rq)) {
        return FAIL(rq, E_FORBIDDEN, "erasure");
    }
    if (str_eq(rq->who->person, o->by)) {
        return FAIL(rq, E_FORBIDDEN, "same person");
    }
    bool may = false;
    TRY(erasure_may_confirm(rq, o, &may));
    if (!may) {
        return FAIL(rq, E_FORBIDDEN, "place");
    }
    if (o->state != ERASURE_PROPOSED) {
        return FAIL(rq, E_CONFLICT, "state");
    }
    TRY_MEM(rq, l);
    TRY_MEM(rq, kept);
    TRY(db_now(rq, &now));
    enum err e = by_number(rq, kind, typed, &row);
    if (e == E_NOT_FOUND || e == E_BAD_INPUT || (e == OK && row.rid != o->patient_rid)) {
        err_clear(rq);
        return FAIL(rq, E_BAD_INPUT, "id");
    }
    TRY(e);
    TRY(look(rq, o->patient_rid, o->patient, l));
    TRY(may_go(rq, l));
    *kept = *o;
    TRY(tx_require(tx, 0, now.vid, still_may, kept));
    TRY(tx_require(tx, T_PRACTITIONER_ROLE, 0, right_holds, kept)); /* every time: none is without a role */
    TRY(TX_SQL(tx, W_ERASURE_DECIDE, TX_MUST_CHANGE, sql_i64(o->id), sql_i64(ERASURE_RUNS),
               sql_text(rq->who->person), sql_i64(rq->now.ms)));
    TRY(erasure_int_apply(rq, tx, o->id, o->patient_rid, o->patient, WHY_ADMIN,
                          erasure_int_words(rq, o->id, false)));
    return note(rq, AUDIT_ADMIN, o->patient_rid, numbered(rq, "erasure confirmed, order ", o->id));
}

enum err erasure_refuse(struct req *rq, struct tx *tx, const struct erasure *o)
{
    TRY(may_either(rq));
    if (o->state != ERASURE_PROPOSED) {
        return FAIL(rq, E_CONFLICT, "state");
    }
    TRY(TX_SQL(tx, W_ERASURE_DECIDE, TX_MUST_CHANGE, sql_i64(o->id), sql_i64(ERASURE_REFUSED),
               sql_text(rq->who->person), sql_i64(rq->now.ms)));
    return note(rq, AUDIT_ADMIN, o->patient_rid, numbered(rq, "erasure refused, order ", o->id));
}

/* ---- holds ---- */

static enum err why_holds(struct req *rq, struct str why)
{
    TRY(may_either(rq));
    return why.n >= ERASURE_WHY_MIN && why.n <= ERASURE_WHY_MAX ? OK : FAIL(rq, E_BAD_INPUT, "why");
}

enum err erasure_hold(struct req *rq, struct tx *tx, struct str patient, int64_t rid,
                      struct str why)
{
    TRY(why_holds(rq, why));
    TRY(TX_SQL(tx, W_ERASURE_HOLD, TX_MUST_BE_NEW, sql_text(patient), sql_text(why),
               sql_text(rq->who->person), sql_i64(rq->now.ms)));
    return note(rq, AUDIT_ADMIN, rid, S("erasure held"));
}

enum err erasure_lift(struct req *rq, struct tx *tx, struct str patient, int64_t rid,
                      struct str why)
{
    TRY(why_holds(rq, why));
    TRY(TX_SQL(tx, W_ERASURE_HOLD_END, TX_MUST_CHANGE, sql_text(patient)));
    return note(rq, AUDIT_ADMIN, rid, S("erasure held no longer"));
}
