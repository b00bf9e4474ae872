/* care/people_apply.c - a plan is applied, batch by batch; invitations; the file laid ready. See
 * people.h.
 *
 * A batch is one transaction: whole lines,
     their audit records and how far the import came. While people are
 * imported the directory is told once, by the last batch: every telling makes all others read it anew. */
#include "care/people_int.h"

#include <string.h>

#include "base/text.h"
#include "care/account.h"
#include "care/duty.h"
#include "care/put.h"
#include "care/staff_invite.h"
#include "codec/csv.h"
#include "fhir/param.h"
#include "fhir/type.h"
#include "store/db.h"

enum { BATCH_LINES = 100, BATCH_MEMORY = 48 << 20, DEPTH_MAX = 32 };
#define KIND S("people")
#define KEY_FILE S("file")
#define KEY_STATE S("state")

/* Drafts of imports are nobody's to see as drafts: they stand under a key of their own. */
static struct str owner_of(struct req *rq)
{
    struct buf b;
    buf_init(&b, rq->a, 100);
    BUF_LIT(&b, "people/");
    buf_str(&b, rq->who != NULL ? str_or_empty(rq->who->person) : S(""));
    return buf_get(&b);
}

static enum err note(struct req *rq, const char *what, uint32_t n)
{
    struct buf b;
    buf_init(&b, rq->a, 100);
    buf_str(&b, str_z(what));
    buf_u64(&b, n);
    struct audit_rec rec = {.action = AUDIT_ADMIN, .why = WHY_DIRECTORY, .detail = buf_get(&b)};
    return audit_add(rq, &rec);
}

/* ---- the file ---- */

enum err people_file_get(struct req *rq, struct str *ret_file)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_DRAFT, sql_text(owner_of(rq)), sql_text(KEY_FILE)));
    *ret_file = db_text(rq->a, &q, 1);
    return ret_file->p != NULL ? OK : FAIL(rq, E_TOO_LARGE, "memory cap");
}

enum err people_file_keep(struct req *rq, struct tx *tx, struct str file)
{
    if (file.n > PEOPLE_FILE_MAX) {
        return FAIL(rq, E_TOO_LARGE, "file above %d bytes", PEOPLE_FILE_MAX);
    }
    struct str owner = owner_of(rq);
    TRY(TX_SQL(tx, W_DRAFT_SAVE, 0, sql_text(owner), sql_text(KEY_FILE), sql_text(KIND), sql_text(file),
               sql_i64(rq->now.ms)));
    TRY(TX_SQL(tx, W_DRAFT_END, 0, sql_text(owner), sql_text(KEY_STATE)));
    return note(rq, "import laid ready, bytes ", (uint32_t)file.n);
}

enum err people_file_drop(struct req *rq, struct tx *tx)
{
    struct str owner = owner_of(rq);
    TRY(TX_SQL(tx, W_DRAFT_END, 0, sql_text(owner), sql_text(KEY_FILE)));
    TRY(TX_SQL(tx, W_DRAFT_END, 0, sql_text(owner), sql_text(KEY_STATE)));
    return note(rq, "import taken away, files ", 1);
}

enum err people_state(struct req *rq, struct people_state *ret_state)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint64_t done = 0;
    uint64_t of = 0;
    struct str head = {0};

    TRY(DB_ONE(rq, &q, Q_DRAFT, sql_text(owner_of(rq)), sql_text(KEY_STATE)));
    struct str rest = db_text(rq->a, &q, 1);
    if (!str_cut(&rest, ' ', &head) || !str_u64(head, &done) || !str_u64(str_or_empty(rest), &of)) {
        return FAIL(rq, E_IO, "state of an import");
    }
    *ret_state = (struct people_state){(uint32_t)done, (uint32_t)of, {db_i64(&q, 2)}};
    return OK;
}

static enum err put_state(struct req *rq, struct tx *tx, uint32_t done, uint32_t of)
{
    struct buf b;
    buf_init(&b, rq->a, 40);
    buf_u64(&b, done);
    buf_char(&b, ' ');
    buf_u64(&b, of);
    return TX_SQL(tx, W_DRAFT_SAVE, 0, sql_text(owner_of(rq)), sql_text(KEY_STATE), sql_text(KIND),
                  sql_text(buf_get(&b)), sql_i64(rq->now.ms));
}

/* ---- batches ---- */

static void batch_begin(struct req *rq, struct req *b)
{
    req_init(b, BATCH_MEMORY, rq->now);
    b->app = rq->app;
    b->db = rq->db;
    b->who = rq->who;
    b->lang = rq->lang;
    b->id = rq->id;
    memcpy(b->peer, rq->peer, sizeof b->peer);
}

/* Commits a batch and ends it. What somebody else did meanwhile is E_STALE, whatever it was. */
static enum err batch_end(struct req *rq, struct req *b, struct tx *tx, enum err e)
{
    e = e == OK ? store_commit(care_of(rq)->store, b, tx) : e;
    if (e != OK) {
        e = e == E_CONFLICT || e == E_NOT_FOUND || e == E_BAD_INPUT ? E_STALE : e;
        e = FAIL(rq, e, "import: %s", b->err.detail);
    }
    req_done(b);
    return e;
}

static enum org_kind kind_of(struct str code, enum org_kind other)
{
    for (int k = 0; k < ORG_KIND_COUNT; k++) {
        other = str_eq(code, org_kind_code((enum org_kind)k)) ? (enum org_kind)k : other;
    }
    return other;
}

static enum err put_org(struct req *b, struct tx *tx, const struct people_plan *p,
    const struct people_row *row)
{
    struct org_new o = {.kind = ORG_OTHER};
    uint64_t version = 0;
    struct str parent = row->parent_row != DIR_NONE ? p->rows[row->parent_row].id : str_or_empty(row->org);
    struct str id = {0};

    if (row->act == PEOPLE_NEW) {
        o.id = row->id;
        o.code = row->key;
    } else {
        TRY(org_read(b, row->id, &o, &version));
        if (version != row->version) {
            return FAIL(b, E_STALE, "organisation");
        }
    }
    o.name = row->v[ORG_NAME].n > 0 ? row->v[ORG_NAME] : o.name;
    o.kind = kind_of(row->v[ORG_KIND], o.kind);
    o.phone = row->v[ORG_PHONE].n > 0 ? row->v[ORG_PHONE] : o.phone;
    o.parent = parent.n > 0 ? parent : o.parent;
    return row->act == PEOPLE_NEW ? org_add(b, tx, &o, &id) : org_change(b, tx, &o, version);
}

/* Of two imports at once the second does not give the number again. */
static enum err number_is_free(struct req *b, struct tx *tx, const struct people_row *row)
{
    const struct fhir_param *sp = fhir_param_find(T_PRACTITIONER, S("identifier"));
    bool changes = row->act == PEOPLE_NEW;

    for (uint32_t i = 0; i < row->n_changes; i++) {
        changes = changes || str_eq(row->changes[i].column, people_column(PEOPLE_STAFF, STAFF_NUMBER));
    }
    return changes ? tx_require_none(tx, sp->sp, db_hash(b->db, row->number),
                                     db_hash_sys(b->db, row->number_system))
                   : OK;
}

static enum err put_person(struct req *b, struct tx *tx, const struct people_plan *p,
                           const struct people_row *row)
{
    const struct people_row *first = &p->rows[row->first];
    struct person_new n = {.id = first->id, .family = row->v[STAFF_FAMILY], .given = row->v[STAFF_GIVEN],
                           .middle = row->v[STAFF_MIDDLE], .sex = row->v[STAFF_SEX],
                           .id_system = row->number_system, .id_value = row->number, .quiet = true};
    struct role_new role = {.person = first->id, .org = row->org, .code = row->v[STAFF_ROLE],
                            .services = row->services, .n_services = row->n_services,
                            .from = row->v[STAFF_FROM], .until = row->v[STAFF_UNTIL], .quiet = true};
    const struct directory *dir = NULL;
    struct str id = {0};

    if (row->number.n > 0) {
        TRY(number_is_free(b, tx, row));
    }
    if (row->act == PEOPLE_NEW) {
        TRY(person_add(b, tx, &n, &id));
    } else if (row->person_changes) {
        TRY(person_change(b, tx, &n, row->version));
    }
    if (row->role_new) {
        TRY(role_add(b, tx, &role, &id));
    } else if (row->role_changes) {
        role.id = row->role_id;
        TRY(role_change(b, tx, &role));
        TRY(directory_get(b, &dir));
        TRY(duty_role_left(b, tx, dir, dir_person_at(dir, first->id), role.id, role.services,
                           role.n_services));
    }
    return row->account_new ? staff_invite_account(b, tx, row->key, first->id) : OK;
}

/* One batch of the rows named in order[from..to). */
static enum err put_batch(struct req *rq, const struct people_plan *p, const uint32_t *order,
    uint32_t from,
                          uint32_t to, uint32_t of)
{
    struct req b;
    enum err e = OK;

    batch_begin(rq, &b);
    struct tx *tx = tx_new(&b);
    e = tx != NULL ? OK : FAIL(&b, E_TOO_LARGE, "memory cap");
    for (uint32_t i = from; i < to && e == OK; i++) {
        const struct people_row *row = &p->rows[order[i]];
        e = p->what == PEOPLE_ORGS ? put_org(&b, tx, p, row) : put_person(&b, tx, p, row);
    }
    e = e == OK ? put_state(&b, tx, to, of) : e;
    if (e == OK && to == of) {
        e = note(&b, "import applied, lines ", of);
        e = e == OK ? tx_event(tx, EVENT_DIRECTORY, 0) : e;
    }
    return batch_end(rq, &b, tx, e);
}

/* ---- the order ---- */

/* How many new ones stand above a new one. */
static uint32_t depth_of(const struct people_plan *p, const struct people_row *row)
{
    uint32_t n = 0;
    for (; row->parent_row != DIR_NONE && n < DEPTH_MAX; n++) {
        row = &p->rows[row->parent_row];
    }
    return n;
}

/* New ones before changed ones, and parents before what is below them: a change looks for its parent. */
static uint32_t order_rows(const struct people_plan *p, uint32_t *ret_order, uint32_t *ret_new)
{
    uint32_t n = 0;
    for (uint32_t depth = 0; p->what == PEOPLE_ORGS && depth <= DEPTH_MAX; depth++) {
        for (uint32_t i = 0; i < p->n_rows; i++) {
            if (p->rows[i].act == PEOPLE_NEW && depth_of(p, &p->rows[i]) == depth) {
                ret_order[n++] = i;
            }
        }
    }
    *ret_new = n;
    for (uint32_t i = 0; i < p->n_rows; i++) {
        bool is_new = p->rows[i].act == PEOPLE_NEW;
        if (p->rows[i].act == PEOPLE_CHANGED || (is_new && p->what == PEOPLE_STAFF)) {
            ret_order[n++] = i;
        }
    }
    return n;
}

enum err people_apply(struct req *rq, const struct people_plan *p, uint32_t *ret_done)
{
    uint32_t *order = ARENA_ARRAY(rq->a, p->n_rows + 1, uint32_t);
    uint32_t n_new = 0;
    uint32_t done = 0;
    enum err e = OK;

    TRY_MEM(rq, order);
    uint32_t n = order_rows(p, order, &n_new);
    for (uint32_t i = 0; i < n; i++) {
        struct people_row *row = &p->rows[order[i]];
        if (row->act == PEOPLE_NEW) {
            row->id = put_new_id(rq);
            TRY_MEM(rq, row->id.p);
        }
    }
    while (done < n && e == OK) {
        uint32_t to = MIN(done + BATCH_LINES, n);
        to = done < n_new && to > n_new ? n_new : to; /* the changes see the new ones */
        e = put_batch(rq, p, order, done, to, n);
        done = e == OK ? to : done;
    }
    *ret_done = done;
    if (e != OK && done > 0) {
        directory_changed(care_of(rq));
    }
    return e;
}

/* ---- invitations ---- */

/* Links of at most a batch of rows from *at on, into ret_b once they are durable. */
static enum err invite_some(struct req *rq, const struct people_plan *p, struct str base, uint32_t *at,
                            struct buf *ret_b, uint32_t *ret_n)
{
    struct req b;
    struct buf lines;
    uint32_t n = 0;
    uint32_t i = *at;
    enum err e = OK;

    batch_begin(rq, &b);
    struct tx *tx = tx_new(&b);
    e = tx != NULL ? OK : FAIL(&b, E_TOO_LARGE, "memory cap");
    buf_init(&lines, rq->a, BATCH_LINES * 1500);
    for (; i < p->n_rows && n < BATCH_LINES && e == OK; i++) {
        const struct people_row *row = &p->rows[i];
        struct staff_invite_made made;
        struct buf link;
        if (!row->bare || !row->mine || row->act == PEOPLE_WRONG) {
            continue;
        }
        e = staff_invite_make(&b, tx, row->key, row->id, S(""), &made);
        if (e == OK) {
            buf_init(&link, b.a, 600);
            buf_str(&link, base);
            BUF_LIT(&link, "/invite/staff/");
            buf_str(&link, str_z(made.token));
            csv_field(&lines, p->separator, true, row->key);
            csv_field(&lines, p->separator, false, row->name);
            csv_field(&lines, p->separator, false, buf_get(&link));
            BUF_LIT(&lines, "\r\n");
            n++;
        }
    }
    if (n == 0 && e == OK) {
        req_done(&b);
    } else {
        TRY(batch_end(rq, &b, tx, e));
    }
    buf_str(ret_b, buf_get(&lines));
    *ret_n += n;
    *at = i;
    return OK;
}

enum err people_invite(struct req *rq, const struct people_plan *p, struct str base, struct buf *b,
                       uint32_t *ret_n)
{
    static const char *const heads[] = {T("login"), T("name"), T("link")};
    uint32_t at = 0;
    uint32_t n = 0;
    enum err e = OK;

    BUF_LIT(b, "\xef\xbb\xbf");
    for (size_t i = 0; i < LEN(heads); i++) {
        csv_field(b, p->separator, i == 0, tr(rq->lang, heads[i]));
    }
    BUF_LIT(b, "\r\n");
    while (at < p->n_rows && e == OK) {
        e = invite_some(rq, p, base, &at, b, &n);
    }
    *ret_n = n;
    if (e != OK && n > 0) { /* those that were made must reach who asked: they are nowhere else */
        err_clear(rq);
        e = OK;
    }
    return e;
}
