/* store/snapshot.c - the data folder as it stood at one moment, while others write: for backups. See
 * store_snapshot(). */
#include <string.h>

#include "codec/json.h"
#include "os/file.h"
#include "store/store_int.h"

enum err store_hold_files(struct req *rq, const struct store *st, bool wait, int *ret_fd)
{
    char path[OS_PATH_MAX];
    TRY(os_path(rq, str_z(st->dir), S("files.hold"), path));
    return wait ? os_hold_wait(rq, path, ret_fd) : os_hold(rq, path, ret_fd);
}

/* All pages in one read transaction: writers go on meanwhile (write-ahead log), and are not in it. */
static enum err copy_pages(struct req *rq, struct conn *from, const char *path)
{
    sqlite3 *to = NULL;
    int e = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                            NULL);
    sqlite3_backup *b = e == SQLITE_OK ? sqlite3_backup_init(to, "main", from->sql, "main") : NULL;
    if (b != NULL) {
        e = sqlite3_backup_step(b, -1);
        e = e == SQLITE_DONE ? sqlite3_backup_finish(b) : (sqlite3_backup_finish(b), e);
    } else if (e == SQLITE_OK) {
        e = sqlite3_errcode(to);
    }
    int closed = sqlite3_close(to);
    e = e == SQLITE_OK ? closed : e;
    if (e == SQLITE_OK) {
        return OK;
    }
    return FAIL(rq, e == SQLITE_FULL ? E_FULL : E_IO, "copy of the database: sqlite %d", e);
}

enum err store_snapshot(struct req *rq, const struct store *st, const char *path)
{
    CLEANUP(os_close_p) int fd = -1;
    struct conn *c = conn_open(st->path, false);
    if (c == NULL) {
        return FAIL(rq, E_IO, "the database cannot be opened");
    }
    enum err e = copy_pages(rq, c, path);
    conn_close(c);
    TRY(e);
    TRY(os_open_write(rq, path, &fd));
    return os_sync(rq, fd);
}

/* ---- the newest backup ---- */

static const struct str last_file = SI("backup.last");

enum err store_backup_note(struct req *rq, const struct store *st, const struct store_backup *b)
{
    struct buf text;
    struct buf at;
    struct json_out o;
    char path[OS_PATH_MAX];
    buf_init(&text, rq->a, 256);
    buf_init(&at, rq->a, 64);
    instant_write(&at, b->at);
    json_out_init(&o, &text);
    json_obj(&o);
    json_ks(&o, S("at"), buf_get(&at));
    json_ki(&o, S("bytes"), (int64_t)b->bytes);
    json_obj_end(&o);
    TRY(os_path(rq, str_z(st->dir), last_file, path));
    return os_write_file(rq, path, buf_get(&text), 0600);
}

static enum err read_last(struct req *rq, const struct store *st, struct store_backup *b)
{
    struct str text;
    struct json_doc doc;
    char path[OS_PATH_MAX];
    int64_t bytes = 0;
    TRY(os_path(rq, str_z(st->dir), last_file, path));
    TRY(os_read_file(rq, path, 1024, &text));
    TRY(json_parse(rq, text, NULL, &doc));
    struct jv root = json_root(&doc);
    if (!json_i64(json_get(root, S("bytes")), &bytes) || bytes < 0 ||
        !instant_parse(json_str(rq->a, json_get(root, S("at"))), &b->at)) {
        return FAIL(rq, E_SYNTAX, "backup.last");
    }
    b->bytes = (uint64_t)bytes;
    return OK;
}

struct store_backup store_backup_last(struct req *rq, const struct store *st)
{
    struct store_backup b = {.bytes = 0};
    if (read_last(rq, st, &b) != OK) {
        err_clear(rq);
        b = (struct store_backup){.bytes = 0};
    }
    return b;
}
