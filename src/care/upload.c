/* care/upload.c - files on their way into a case. See upload.h. */
#include "care/upload_int.h"

#include <inttypes.h>
#include <string.h>

#include "care/care.h"
#include "care/filetype.h"
#include "care/who.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "fhir/type.h"
#include "os/random.h"
#include "store/audit.h"
#include "store/db.h"

enum { NAME_MAX_BYTES = 1024 };

/* ---- rows ---- */

static enum err row_read(struct req *rq, const struct db_rows *r, struct upload *ret_up,
                         struct sha *ret_sha)
{
    struct upload up = {
        .id = db_text(rq->a, r, 0),
        .owner = db_text(rq->a, r, 1),
        .case_id = db_text(rq->a, r, 2),
        .name = db_text(rq->a, r, 3),
        .type = db_text(rq->a, r, 4),
        .size = db_u64(r, 5),
        .offset = db_u64(r, 6),
        .state = (enum upload_state)db_i64(r, 7),
        .created = {db_i64(r, 10)},
        .expires = {db_i64(r, 11)},
        .meta = db_text(rq->a, r, 12),
    };
    if (up.id.p == NULL || up.meta.p == NULL) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    struct str state = db_peek(r, 8);
    struct str sha = db_peek(r, 9);
    if (ret_sha != NULL) {
        if (state.n == sizeof(ret_sha->state)) {
            memcpy(ret_sha->state, state.p, state.n);
        } else {
            sha_init(ret_sha);
        }
    }
    if (sha.n == sizeof(up.blob.sha)) {
        memcpy(up.blob.sha, sha.p, sha.n);
        up.blob.size = up.size;
    }
    *ret_up = up;
    return OK;
}

/* A person, or an interface account by its own name. */
static struct str owner_of(const struct req *rq)
{
    return rq->who->person.n > 0 ? rq->who->person : rq->who->audit.actor;
}

enum err upload_int_find(struct req *rq, struct str id, struct upload *ret_up, struct sha *ret_sha)
{
    CLEANUP(db_rows_done) struct db_rows r = {0};
    struct upload up;
    enum err e = DB_ONE(rq, &r, Q_UPLOAD, sql_text(id));
    if (e != OK) {
        return e;
    }
    TRY(row_read(rq, &r, &up, ret_sha));
    if (rq->who == NULL || !str_eq(up.owner, owner_of(rq))) {
        return FAIL(rq, E_NOT_FOUND, "upload");
    }
    if (up.state != UPLOAD_USED && up.expires.ms < rq->now.ms) {
        return FAIL(rq, E_GONE, "upload expired");
    }
    *ret_up = up;
    return OK;
}

enum err upload_find(struct req *rq, struct str id, struct upload *ret_up)
{
    return upload_int_find(rq, id, ret_up, NULL);
}

enum err upload_list(struct req *rq, struct str case_id, struct upload **ret_list, size_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows r = {0};
    size_t cap = 2 * (size_t)upload_desk_opts(care_of(rq)->uploads)->max_open; /* filed ones too */
    struct upload *list = ARENA_ARRAY(rq->a, cap, struct upload);
    size_t n = 0;
    bool has = true;
    TRY_MEM(rq, list);
    TRY(DB_QUERY(rq, &r, Q_UPLOADS_OF_CASE, sql_text(case_id)));
    while (n < cap) {
        TRY(db_next(rq, &r, &has));
        if (!has) {
            break;
        }
        TRY(row_read(rq, &r, &list[n], NULL));
        n++;
    }
    *ret_list = list;
    *ret_n = n;
    return OK;
}

struct str upload_meta_text(struct req *rq, const struct upload *up, struct str key)
{
    struct json_doc doc;
    if (json_parse(rq, up->meta, &json_default_limits, &doc) != OK) {
        err_clear(rq);
        return (struct str){NULL, 0};
    }
    return json_str(rq->a, json_get(json_root(&doc), key));
}

/* ---- begin and end ---- */

enum err upload_int_audit(struct req *rq, const struct upload *up, struct str what)
{
    return audit_add(rq, &(struct audit_rec){.action = AUDIT_UPLOAD,
                                             .why = WHY_OWN,
                                             .case_type = T_SERVICE_REQUEST,
                                             .case_id = up->case_id,
                                             .id = up->id,
                                             .detail = what});
}

/* The empty file, then its row. */
static enum err new_row(struct req *rq, struct upload_desk *d, struct tx *tx, struct upload *up)
{
    char path[OS_PATH_MAX];
    int fd;
    TRY(upload_desk_path(rq, d, up->id, path));
    TRY(os_open_new(rq, path, &fd));
    os_close(fd);
    TRY(upload_desk_sync(rq, d));
    TRY(TX_SQL(tx, W_UPLOAD_NEW, TX_MUST_BE_NEW, sql_text(up->id), sql_text(up->owner),
               sql_text(up->case_id), sql_text(up->name), sql_text(up->type.p ? up->type : S("")),
               sql_i64((int64_t)up->size), sql_i64(rq->now.ms), sql_i64(up->expires.ms),
               sql_text(up->meta)));
    TRY(upload_int_audit(rq, up, S("begin")));
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err upload_new(struct req *rq, struct upload_desk *d, struct str case_id, struct str name,
                    struct str type, uint64_t size, struct upload *ret_up)
{
    const struct upload_opts *o = upload_desk_opts(d);
    struct upload *others;
    size_t n_others;
    if (name.n == 0 || name.n > NAME_MAX_BYTES || !utf8_is_valid(name)) {
        return FAIL(rq, E_BAD_INPUT, "file name");
    }
    if (size == 0) {
        return FAIL(rq, E_BAD_INPUT, "%s", file_verdict_text(FILE_EMPTY));
    }
    if (size > o->max_bytes) {
        return FAIL(rq, E_TOO_LARGE, "file: at most %" PRIu64 " MiB", o->max_bytes >> 20);
    }
    TRY(upload_list(rq, case_id, &others, &n_others));
    uint32_t open = 0;
    for (size_t i = 0; i < n_others; i++) {
        open += others[i].state != UPLOAD_FILED;
    }
    if (open >= o->max_open || n_others >= 2 * (size_t)o->max_open) {
        return FAIL(rq, E_CONFLICT, "at most %u files", o->max_open);
    }
    char *id = arena_alloc(rq->a, 32);
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, id);
    TRY_MEM(rq, tx);
    os_id(id);
    struct upload up = {.id = str_z(id), .owner = owner_of(rq), .case_id = case_id,
                        .type = utf8_cut(type, 200), .size = size, .created = rq->now,
                        .expires = {rq->now.ms + o->keep_ms}, .meta = S("{}")};
    up.name = file_name_clean(rq->a, name, NULL, false);
    TRY_MEM(rq, up.name.p);
    struct upload_turn turn;
    TRY(upload_desk_take(rq, d, up.id, &turn)); /* until its row is there the sweep keeps off */
    enum err e = new_row(rq, d, tx, &up);
    upload_desk_drop(d, turn);
    TRY(e);
    *ret_up = up;
    return OK;
}

static enum err remove_row(struct req *rq, struct upload_desk *d, const struct upload *up)
{
    char path[OS_PATH_MAX];
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(TX_SQL(tx, W_UPLOAD_END, TX_MUST_CHANGE, sql_text(up->id)));
    if (up->state == UPLOAD_COMPLETE) {
        TRY(TX_SQL(tx, W_BLOB_DROP, 0, sql_blob((struct str){(const char *)up->blob.sha, 32})));
    }
    TRY(upload_int_audit(rq, up, S("remove")));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    TRY(upload_desk_path(rq, d, up->id, path));
    return os_remove(rq, path);
}

enum err upload_end(struct req *rq, struct upload_desk *d, struct str id)
{
    struct upload up;
    struct upload_turn turn;
    TRY(upload_find(rq, id, &up));
    if (up.state == UPLOAD_USED) {
        return FAIL(rq, E_CONFLICT, "upload belongs to a case");
    }
    TRY(upload_desk_take(rq, d, id, &turn));
    enum err e = remove_row(rq, d, &up);
    upload_desk_drop(d, turn);
    return e;
}

enum err upload_expire(struct req *rq, struct upload_desk *d, size_t n, size_t *ret_n)
{
    struct upload *list = ARENA_ARRAY(rq->a, n, struct upload);
    size_t found = 0;
    TRY_MEM(rq, list);
    {
        CLEANUP(db_rows_done) struct db_rows r = {0};
        bool has = true;
        TRY(DB_QUERY(rq, &r, Q_UPLOADS_EXPIRED, sql_i64(rq->now.ms), sql_i64((int64_t)n)));
        while (found < n) {
            TRY(db_next(rq, &r, &has));
            if (!has) {
                break;
            }
            TRY(row_read(rq, &r, &list[found], NULL));
            found++;
        }
    }
    size_t removed = 0;
    for (size_t i = 0; i < found; i++) { /* one that moved on meanwhile does not keep the others */
        struct arena_mark mark = arena_mark(rq->a);
        const struct audit_rec *audit = rq->audit;
        enum err e = remove_row(rq, d, &list[i]);
        if (e == OK) {
            removed++;
        } else {
            err_clear(rq);
            audit_take_back(rq, audit);
        }
        arena_back(rq->a, mark);
    }
    *ret_n = removed;
    return OK;
}

struct part_sweep {
    struct upload_desk *desk;
    uint32_t n;
};

/* A file of the desk's folder whose upload has no row, or is not open any more. One that is being begun
 * is at the desk; what has a row was committed before its turn ended. */
static enum err sweep_part(struct req *rq, const char *name, void *ctx)
{
    struct part_sweep *s = ctx;
    struct arena_mark mark = arena_mark(rq->a);
    struct str id = str_sub(str_z(name), 0, str_find_char(str_z(name), '.'));
    char path[OS_PATH_MAX];
    bool unused = false;
    if (upload_desk_has(s->desk, id)) {
        return OK;
    }
    {
        CLEANUP(db_rows_done) struct db_rows r = {0};
        enum err e = DB_ONE(rq, &r, Q_UPLOAD, sql_text(id));
        if (e != OK && e != E_NOT_FOUND) {
            return e;
        }
        err_clear(rq);
        unused = e == E_NOT_FOUND || db_i64(&r, 7) != UPLOAD_OPEN;
    }
    if (unused) {
        TRY(upload_desk_path(rq, s->desk, str_z(name), path));
        TRY(os_remove(rq, path));
        s->n++;
    }
    arena_back(rq->a, mark);
    return OK;
}

enum err upload_sweep(struct req *rq, struct upload_desk *d, uint32_t *ret_n)
{
    struct part_sweep s = {.desk = d};
    TRY(os_each_entry(rq, upload_desk_dir(d), sweep_part, &s));
    *ret_n = s.n;
    return OK;
}
