/* care/bulk_out.c - files of lines that grow. See bulk_int.h. */
#include <string.h>

#include "care/bulk_int.h"
#include "os/file.h"
#include "os/thread.h"

enum { HELD = 128 * 1024 };

enum err bulk_out_open(struct req *rq, struct str where, struct str name, struct str type, uint64_t n,
                       uint64_t bytes, struct bulk_out *ret_out)
{
    struct buf b;
    int fd = -1;
    buf_init(&b, rq->a, OS_PATH_MAX);
    buf_str(&b, where);
    buf_str(&b, name);
    BUF_LIT(&b, ".ndjson");
    buf_char(&b, '\0');
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "path of a file");
    }
    TRY(os_open_write(rq, b.p, &fd));
    enum err e = os_truncate(rq, fd, bytes);
    if (e != OK) {
        os_close(fd);
        return e;
    }
    *ret_out = (struct bulk_out){.name = name, .type = type, .fd = fd, .n = n, .bytes = bytes,
                                 .p = os_alloc(HELD, 1)};
    return OK;
}

static enum err flush(struct req *rq, struct bulk_out *out)
{
    TRY(os_write_at(rq, out->fd, out->bytes - out->used, out->p, out->used));
    out->used = 0;
    return OK;
}

enum err bulk_out_add(struct req *rq, struct bulk_out *out, struct str line)
{
    if (out->used + line.n + 1 > HELD) {
        TRY(flush(rq, out));
    }
    if (line.n + 1 > HELD) {
        TRY(os_write_at(rq, out->fd, out->bytes, line.p, line.n));
        TRY(os_write_at(rq, out->fd, out->bytes + line.n, "\n", 1));
    } else {
        memcpy(out->p + out->used, line.p, line.n);
        out->p[out->used + line.n] = '\n';
        out->used += line.n + 1;
    }
    out->bytes += line.n + 1;
    out->n++;
    return OK;
}

enum err bulk_out_cut(struct req *rq, struct bulk_out *out, uint64_t n, uint64_t bytes)
{
    TRY(flush(rq, out));
    TRY(os_truncate(rq, out->fd, bytes));
    out->n = n;
    out->bytes = bytes;
    return OK;
}

enum err bulk_out_sync(struct req *rq, struct bulk_out *out)
{
    TRY(flush(rq, out));
    return os_sync(rq, out->fd);
}

void bulk_out_close(struct bulk_out *out)
{
    if (out->p != NULL) {
        os_close(out->fd);
        os_free(out->p);
    }
    *out = (struct bulk_out){.fd = -1};
}

void bulk_out_write(struct json_out *o, const struct bulk_out *out)
{
    json_obj(o);
    json_ks(o, S("name"), out->name);
    json_ks(o, S("type"), out->type);
    json_ki(o, S("count"), (int64_t)out->n);
    json_ki(o, S("bytes"), (int64_t)out->bytes);
    json_obj_end(o);
}
