/* store/check_blobs.c - are the big bytes still what their names say? See store_check_blobs(). */
#include <string.h>

#include "store/read_int.h"
#include "store/store_int.h"

/* Whether something still names it: a row may be on its way out while it is looked at. */
static enum err is_used(struct req *rq, struct str sha, bool *ret_used)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_BLOB, sql_blob(sha)));
    TRY(db_next(rq, &q, &has));
    *ret_used = has && db_i64(&q, 2) > 0;
    return OK;
}

static enum err look(struct req *rq, const struct blob_ref *ref, enum err *ret_found)
{
    struct arena_mark mark = arena_mark(rq->a);
    bool used = true;
    int fd;
    uint64_t size = 0;
    enum err e = blob_open(rq, rq->db->store, ref->sha, &fd, &size);
    if (e == OK) {
        os_close(fd);
        e = size == ref->size ? blob_check(rq, rq->db->store, ref->sha) : E_CHECKSUM;
    }
    err_clear(rq);
    arena_back(rq->a, mark);
    if (e != OK) {
        TRY(is_used(rq, (struct str){(const char *)ref->sha, sizeof(ref->sha)}, &used));
    }
    *ret_found = used ? e : OK;
    return OK;
}

enum err store_check_blobs(struct req *rq, store_blob_fn fn, void *ctx)
{
    struct blob_ref ref = {.size = 0};
    bool first = true;
    for (;;) {
        struct str after = {(const char *)ref.sha, first ? 0 : sizeof(ref.sha)};
        enum err found = OK;
        bool has = false;
        {
            CLEANUP(db_rows_done) struct db_rows q = {0};
            TRY(DB_QUERY(rq, &q, Q_BLOBS, sql_blob(after), sql_i64(1)));
            TRY(db_next(rq, &q, &has));
            if (!has) {
                return OK;
            }
            struct str sha = db_peek(&q, 0);
            if (sha.n != sizeof(ref.sha)) {
                return FAIL(rq, E_IO, "a blob row with a name of %zu bytes", sha.n);
            }
            memcpy(ref.sha, sha.p, sizeof(ref.sha));
            ref.size = db_u64(&q, 1);
        }
        first = false;
        TRY(look(rq, &ref, &found));
        TRY(fn(rq, &ref, found, ctx));
    }
}
