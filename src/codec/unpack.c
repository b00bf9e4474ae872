/* codec/unpack.c - members of an archive as bytes. See unpack.h. */
#include "codec/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include "codec/utf8.h"

enum { PIECE = 65536, NAME_MOST = 200 };

const struct unpack_limits unpack_default_limits = {
    .bytes = UINT64_C(16) << 30, .ratio = 200, .free = UINT64_C(256) << 20, .members = 50000};

struct unpack {
    struct req *rq;
    struct archive *from;
    struct unpack_limits lim;
    uint64_t size;    /* of the archive */
    uint64_t given;   /* bytes unpacked so far */
    uint32_t members;
    bool inside;      /* a member is open */
    char *piece;
};

bool unpack_is(struct str start)
{
    return str_starts(start, S("PK\x03\x04")) || str_eq(str_sub(start, 257, 5), S("ustar"))
           || str_eq(str_sub(start, 0x8001, 5), S("CD001"));
}

static void end(void *p)
{
    struct unpack *u = p;
    archive_read_free(u->from);
}

static enum err begin(struct req *rq, uint64_t size, const struct unpack_limits *lim,
                      struct unpack **ret_u)
{
    struct unpack *u = ARENA_NEW(rq->a, struct unpack);
    TRY_MEM(rq, u);
    *u = (struct unpack){.rq = rq, .size = size, .lim = lim != NULL ? *lim : unpack_default_limits,
                         .piece = arena_alloc_raw(rq->a, PIECE)};
    TRY_MEM(rq, u->piece);
    u->from = archive_read_new();
    if (u->from == NULL || !arena_defer(rq->a, end, u)) {
        archive_read_free(u->from);
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    if (archive_read_support_format_zip_streamable(u->from) < ARCHIVE_WARN
        || archive_read_support_format_tar(u->from) < ARCHIVE_WARN
        || archive_read_support_format_iso9660(u->from) < ARCHIVE_WARN) {
        return FAIL(rq, E_TOO_LARGE, "memory");
    }
    *ret_u = u;
    return OK;
}

enum err unpack_fd(struct req *rq, int fd, uint64_t size, const struct unpack_limits *lim,
                   struct unpack **ret_u)
{
    struct unpack *u;
    TRY(begin(rq, size, lim, &u));
    if (archive_read_open_fd(u->from, fd, PIECE) < ARCHIVE_WARN) {
        return FAIL(rq, E_SYNTAX, "archive");
    }
    *ret_u = u;
    return OK;
}

enum err unpack_bytes(struct req *rq, struct str bytes, const struct unpack_limits *lim,
                      struct unpack **ret_u)
{
    struct unpack *u;
    TRY(begin(rq, bytes.n, lim, &u));
    if (archive_read_open_memory(u->from, bytes.p, bytes.n) < ARCHIVE_WARN) {
        return FAIL(rq, E_SYNTAX, "archive");
    }
    *ret_u = u;
    return OK;
}

/* Counts what was unpacked, wanted or not: a bomb must not cost more than the limits either. */
static enum err count(struct unpack *u, uint64_t n)
{
    u->given += n;
    uint64_t most = u->lim.free + (u->size < UINT64_MAX / u->lim.ratio ? u->size * u->lim.ratio
                                                                       : u->lim.bytes);
    if (u->given > u->lim.bytes || u->given > most) {
        return FAIL(u->rq, E_TOO_LARGE, "the archive unpacks to too much");
    }
    return OK;
}

enum err unpack_read(struct unpack *u, struct str *ret_bytes)
{
    ssize_t n = u->inside ? archive_read_data(u->from, u->piece, PIECE) : 0;
    if (n < 0) {
        u->inside = false;
        return FAIL(u->rq, E_SYNTAX, "archive: a member is broken or encrypted");
    }
    TRY(count(u, (uint64_t)n));
    u->inside = n > 0;
    *ret_bytes = (struct str){u->piece, (size_t)n};
    return OK;
}

/* The last part of its path, as far as it is UTF-8. */
static struct str name_of(struct archive_entry *e)
{
    const char *z = archive_entry_pathname_utf8(e);
    struct str s = str_z(z != NULL ? z : archive_entry_pathname(e));
    for (size_t i = s.n; i-- > 0;) {
        if (s.p[i] == '/' || s.p[i] == '\\') {
            s = str_sub(s, i + 1, s.n);
            break;
        }
    }
    return utf8_is_valid(s) ? utf8_cut(s, NAME_MOST) : S("");
}

enum err unpack_next(struct unpack *u, struct str *ret_name, bool *ret_has)
{
    struct archive_entry *e = NULL;
    struct str rest;
    for (;;) {
        do { /* read, not skipped: what it costs is counted */
            TRY(unpack_read(u, &rest));
        } while (rest.n > 0);
        int r = archive_read_next_header(u->from, &e);
        if (r == ARCHIVE_EOF) {
            *ret_has = false;
            return OK;
        }
        if (r < ARCHIVE_WARN) {
            return FAIL(u->rq, E_SYNTAX, "archive");
        }
        if (++u->members > u->lim.members) {
            return FAIL(u->rq, E_TOO_LARGE, "the archive has too many members");
        }
        u->inside = true;
        if (archive_entry_filetype(e) == AE_IFREG && archive_entry_hardlink(e) == NULL
            && archive_entry_symlink(e) == NULL) {
            *ret_name = name_of(e);
            *ret_has = true;
            return OK;
        }
    }
}
