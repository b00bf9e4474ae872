/* care/erasure_list.c - the list of erasures that ran, written, read and applied again. See
 * erasure_list.h. */
#include "care/erasure_list.h"

#include <string.h>

#include "care/care.h"
#include "care/erasure_int.h"
#include "codec/json.h"
#include "fhir/erase.h"
#include "fhir/type.h"
#include "store/blob.h"

enum { CODE_MAX = 40, PERSON_MAX = 64 };

struct listed {
    struct erasure o;
    int64_t first; /* vid of the Patient's first version */
    uint8_t sha[32];
    uint64_t from, to; /* audit records of its erasures; 0: none yet */
    struct erasure_name *names;
    uint32_t n_names;
};
struct erasure_list {
    struct str at;
    struct listed *all;
    uint32_t n;
};

/* ---- writing ---- */

static void put_when(struct req *rq, struct json_out *o, const char *key, int64_t ms)
{
    struct buf b;
    buf_init(&b, rq->a, 40);
    if (ms > 0) {
        instant_write(&b, (struct instant){ms});
    }
    json_ks(o, str_z(key), ms > 0 ? buf_get(&b) : S(""));
}

static enum err put_first(struct req *rq, struct json_out *o, int64_t patient_rid)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct buf hex;
    buf_init(&hex, rq->a, 80);
    TRY(DB_ONE(rq, &q, Q_ERASURE_FIRST, sql_i64(patient_rid)));
    struct str sha = db_peek(&q, 1);
    buf_hex(&hex, (const uint8_t *)sha.p, sha.n);
    json_ki(o, S("first"), db_i64(&q, 0));
    json_ks(o, S("sha256"), buf_get(&hex));
    return OK;
}

static enum err put_records(struct req *rq, struct json_out *o, int64_t patient_rid, bool names)
{
    struct buf b;
    CLEANUP(db_rows_done) struct db_rows q = {0};
    int64_t from = 0;
    int64_t to = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_ERASURE_RECORDS, sql_i64(patient_rid), sql_i64(AUDIT_ERASE)));
    buf_init(&b, rq->a, 200);
    json_k(o, S("resources"));
    json_arr(o);
    TRY(db_next(rq, &q, &has));
    while (has) {
        buf_truncate(&b, 0);
        buf_str(&b, fhir_type_name((enum fhir_type)db_i64(&q, 1)));
        buf_char(&b, '/');
        buf_str(&b, db_peek(&q, 2));
        if (names) {
            json_v_str(o, buf_get(&b));
        }
        from = db_i64(&q, 0);
        to = to == 0 ? from : to;
        TRY(db_next(rq, &q, &has));
    }
    json_arr_end(o);
    json_ki(o, S("from"), from);
    json_ki(o, S("to"), to);
    return OK;
}

static enum err put_order(struct req *rq, struct json_out *o, const struct db_rows *q, bool names)
{
    json_obj(o);
    json_ki(o, S("order"), db_i64(q, 0));
    json_ks(o, S("patient"), db_peek(q, 2));
    TRY(put_first(rq, o, db_i64(q, 1)));
    json_ks(o, S("reason"), db_peek(q, 3));
    json_ks(o, S("number"), db_peek(q, 4));
    json_ks(o, S("date"), db_peek(q, 5));
    json_ks(o, S("by"), db_peek(q, 6));
    json_ks(o, S("org"), db_peek(q, 11));
    put_when(rq, o, "proposed", db_i64(q, 7));
    json_ks(o, S("second"), db_peek(q, 8));
    put_when(rq, o, "confirmed", db_i64(q, 9));
    put_when(rq, o, "done", db_i64(q, 10));
    TRY(put_records(rq, o, db_i64(q, 1), names));
    json_obj_end(o);
    return OK;
}

static enum err orders_put(struct req *rq, struct json_out *o, bool names)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_ERASURES_RAN, sql_i64(0)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        TRY(put_order(rq, o, &q, names));
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

static enum err list_put(struct req *rq, struct buf *b, bool names)
{
    struct json_out o;
    buf_init(b, rq->a, ERASURE_LIST_MAX);
    json_out_init(&o, b);
    json_obj(&o);
    json_ki(&o, S("erasures"), 1);
    put_when(rq, &o, "at", rq->now.ms);
    json_k(&o, S("orders"));
    json_arr(&o);
    TRY(orders_put(rq, &o, names));
    json_arr_end(&o);
    json_obj_end(&o);
    return OK;
}

/* Too many resources for one list: the orders alone, each takes its whole record. */
enum err erasure_list_write(struct req *rq, struct str *ret_text)
{
    struct buf b;
    TRY(db_begin(rq));
    enum err e = list_put(rq, &b, true);
    if (e == OK && !buf_ok(&b)) {
        e = list_put(rq, &b, false);
    }
    db_end(rq);
    TRY(e);
    *ret_text = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "the list of erasures");
}

/* ---- reading ---- */

static enum err wrong(struct req *rq, uint32_t i, const char *member)
{
    return FAIL(rq, E_SYNTAX, "orders[%u].%s", i, member);
}

static bool text_get(struct req *rq, struct jv v, const char *name, size_t max, struct str *ret_s)
{
    *ret_s = json_str(rq->a, json_get(v, str_z(name)));
    return ret_s->p != NULL && ret_s->n <= max;
}

/* Of a person or organisation: an id, or nobody. */
static bool person_get(struct req *rq, struct jv v, const char *name, struct str *ret_s)
{
    return text_get(rq, v, name, PERSON_MAX, ret_s) && (ret_s->n == 0 || fhir_id_is_valid(*ret_s));
}

static bool when_get(struct req *rq, struct jv v, const char *name, struct instant *ret_t)
{
    struct str s;
    *ret_t = (struct instant){0};
    return text_get(rq, v, name, PERSON_MAX, &s) && (s.n == 0 || (instant_parse(s, ret_t) && ret_t->ms > 0));
}

static bool number_get(struct jv v, const char *name, int64_t least, int64_t *ret_n)
{
    return json_i64(json_get(v, str_z(name)), ret_n) && *ret_n >= least;
}

static bool name_get(struct req *rq, struct jv v, struct erasure_name *ret)
{
    struct str text = json_str(rq->a, v);
    size_t slash = str_find_char(text, '/');
    enum fhir_type type = text.p != NULL ? fhir_type_find(str_sub(text, 0, slash)) : 0;
    *ret = (struct erasure_name){.type = (uint16_t)type, .id = str_sub(text, slash + 1, text.n)};
    return slash < text.n && type != 0 && fhir_id_is_valid(ret->id);
}

static enum err names_get(struct req *rq, struct jv v, uint32_t i, struct listed *l)
{
    struct jv all = json_get(v, S("resources"));
    uint32_t n = json_len(all);
    if (json_kind(all) != JSON_ARRAY) {
        return wrong(rq, i, "resources");
    }
    l->names = ARENA_ARRAY(rq->a, MAX(n, 1u), struct erasure_name);
    TRY_MEM(rq, l->names);
    for (struct jv e = json_first(all); json_has(e); e = json_next(e)) {
        if (!name_get(rq, e, &l->names[l->n_names])) {
            return FAIL(rq, E_SYNTAX, "orders[%u].resources[%u]", i, l->n_names);
        }
        l->n_names++;
    }
    return OK;
}

static enum err order_read(struct req *rq, struct jv v, uint32_t i, struct listed *l)
{
    struct erasure *o = &l->o;
    struct civil day;
    struct str sha = {0};
    int64_t from = 0;
    int64_t to = 0;
    const struct {
        bool good;
        const char *member;
    } looks[] = {
        {number_get(v, "order", 1, &o->id), "order"},
        {text_get(rq, v, "patient", PERSON_MAX, &o->patient) && fhir_id_is_valid(o->patient), "patient"},
        {number_get(v, "first", 1, &l->first), "first"},
        {text_get(rq, v, "sha256", 64, &sha) && str_unhex(sha, l->sha, sizeof(l->sha)), "sha256"},
        {text_get(rq, v, "reason", CODE_MAX, &o->reason), "reason"},
        {text_get(rq, v, "number", ERASURE_NUMBER_MAX, &o->number), "number"},
        {text_get(rq, v, "date", 10, &o->date) && (o->date.n == 0 || date_parse(o->date, &day)), "date"},
        {person_get(rq, v, "by", &o->by), "by"},
        {person_get(rq, v, "org", &o->org), "org"},
        {when_get(rq, v, "proposed", &o->at), "proposed"},
        {person_get(rq, v, "second", &o->second), "second"},
        {when_get(rq, v, "confirmed", &o->second_at), "confirmed"},
        {when_get(rq, v, "done", &o->done), "done"},
        {number_get(v, "from", 0, &from), "from"},
        {number_get(v, "to", from, &to), "to"},
    };
    for (size_t k = 0; k < LEN(looks); k++) {
        if (!looks[k].good) {
            return wrong(rq, i, looks[k].member);
        }
    }
    l->from = (uint64_t)from;
    l->to = (uint64_t)to;
    return names_get(rq, v, i, l);
}

enum err erasure_list_read(struct req *rq, struct str text, const struct erasure_list **ret_list)
{
    static const struct json_limits limits = {.bytes = ERASURE_LIST_MAX, .depth = 5, .nodes = 1000000};
    struct erasure_list *l = ARENA_NEW(rq->a, struct erasure_list);
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct instant at;
    int64_t form = 0;
    TRY_MEM(rq, l);
    TRY_MEM(rq, doc);
    TRY(json_parse(rq, text, &limits, doc));
    struct jv root = json_root(doc);
    struct jv orders = json_get(root, S("orders"));
    if (!json_i64(json_get(root, S("erasures")), &form) || form != 1) {
        return FAIL(rq, E_SYNTAX, "erasures: it is no list of form 1");
    }
    if (!when_get(rq, root, "at", &at) || at.ms == 0) {
        return FAIL(rq, E_SYNTAX, "at: no time");
    }
    if (json_kind(orders) != JSON_ARRAY) {
        return FAIL(rq, E_SYNTAX, "orders: no list");
    }
    l->at = json_str(rq->a, json_get(root, S("at")));
    l->all = ARENA_ARRAY(rq->a, MAX(json_len(orders), 1u), struct listed);
    TRY_MEM(rq, l->all);
    for (struct jv v = json_first(orders); json_has(v); v = json_next(v)) {
        TRY(order_read(rq, v, l->n, &l->all[l->n]));
        l->n++;
    }
    *ret_list = l;
    return OK;
}

struct str erasure_list_at(const struct erasure_list *l)
{
    return l->at;
}

/* ---- applying ---- */

/* The order's own number when no other order has it here, else the next. */
static enum err id_for(struct req *rq, struct erasure *o)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    CLEANUP(db_rows_done) struct db_rows last = {0};
    enum err e = DB_ONE(rq, &q, Q_ERASURE, sql_i64(o->id));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    if (db_i64(&q, 1) == o->patient_rid && db_i64(&q, 3) == ERASURE_PROPOSED) {
        return OK;
    }
    TRY(db_one(rq, Q_ERASURE_LAST, NULL, 0, &last));
    o->id = db_i64(&last, 0) + 1;
    return OK;
}

static void put_person(struct buf *b, const char *before, struct str person, struct instant at)
{
    if (person.n > 0) {
        buf_str(b, str_z(before));
        buf_str(b, person);
        BUF_LIT(b, " at ");
        instant_write(b, at);
    }
}

static struct str words_of(struct req *rq, const struct listed *l)
{
    struct buf b;
    buf_init(&b, rq->a, 400);
    BUF_LIT(&b, "erasure applied again after a restore, order ");
    buf_i64(&b, l->o.id);
    put_person(&b, ", proposed by ", l->o.by, l->o.at);
    put_person(&b, ", confirmed by ", l->o.second, l->o.second_at);
    if (l->to > 0) {
        BUF_LIT(&b, ", then records ");
        buf_u64(&b, l->from);
        buf_char(&b, '-');
        buf_u64(&b, l->to);
    }
    return buf_get(&b);
}

/* Is the Patient that is here the one that was erased? */
static enum err same_patient(struct req *rq, uint32_t i, const struct listed *l,
                             const struct erase_what *what)
{
    uint8_t sha[32];
    const struct erase_ver *first = what->n > 0 ? &what->vers[what->n - 1] : NULL;
    if (first == NULL) {
        return OK;
    }
    sha_of(first->body, sha);
    return first->vid == l->first && memcmp(sha, l->sha, sizeof(sha)) == 0
               ? OK
               : FAIL(rq, E_CONFLICT, "orders[%u].patient: another stands under this id here", i);
}

static enum err apply(struct req *rq, uint32_t i, const struct listed *l, int64_t patient_rid)
{
    struct erasure *o = ARENA_NEW(rq->a, struct erasure);
    struct tx *tx = tx_new(rq);
    const struct erase_what *what = NULL;
    struct audit_rec rec = {.action = AUDIT_ADMIN, .why = WHY_SYSTEM, .patient_rid = patient_rid};
    TRY_MEM(rq, o);
    TRY_MEM(rq, tx);
    *o = l->o;
    o->patient_rid = patient_rid;
    TRY(id_for(rq, o));
    rec.detail = words_of(rq, l);
    TRY(TX_SQL(tx, W_ERASURE_UNPROPOSED, 0, sql_i64(patient_rid)));
    TRY(TX_SQL(tx, W_ERASURE_HOLD_END, 0, sql_text(o->patient)));
    TRY(TX_SQL(tx, W_ERASURE_AGAIN, TX_MUST_BE_NEW, sql_i64(o->id), sql_i64(patient_rid),
               sql_text(o->patient), sql_text(o->reason), sql_text(o->number), sql_text(o->date),
               sql_text(o->by), sql_i64(o->at.ms), sql_text(o->second), sql_i64(o->second_at.ms),
               sql_text(o->org)));
    TRY(erasure_hide(tx, o, l->names, l->n_names));
    TRY(fhir_erase(rq, tx, patient_rid, WHY_SYSTEM, S("again after a restore"), &what));
    TRY(same_patient(rq, i, l, what));
    TRY(audit_add(rq, &rec));
    return store_commit(care_of(rq)->store, rq, tx);
}

static enum err one(struct req *rq, uint32_t i, const struct listed *l, int64_t last_vid,
                    struct erasure_again *ret)
{
    struct res_row row;
    enum err e = db_head(rq, T_PATIENT, l->o.patient, &row);
    if (e == E_NOT_FOUND && l->first > last_vid) {
        err_clear(rq);
        ret->later++;
        return OK;
    }
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_CONFLICT, "orders[%u].patient: nobody here has this id, and this folder should "
                                    "know it", i);
    }
    TRY(e);
    if (row.erased) {
        ret->stood++;
        return OK;
    }
    TRY(apply(rq, i, l, row.rid));
    ret->applied++;
    return OK;
}

enum err erasure_list_apply(struct req *rq, const struct erasure_list *l, bool go_on,
                            struct erasure_again *ret)
{
    struct db_moment now;
    *ret = (struct erasure_again){0};
    TRY(db_now(rq, &now));
    for (uint32_t i = 0; i < l->n; i++) {
        struct arena_mark mark = arena_mark(rq->a);
        enum err e = one(rq, i, &l->all[i], now.vid, ret);
        if (e == E_CONFLICT && go_on) {
            ret->refused++;
            rq->audit = NULL;
            err_clear(rq);
            e = OK;
        }
        TRY(e);
        arena_back(rq->a, mark);
    }
    return OK;
}
