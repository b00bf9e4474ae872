/* care/outside_files.c - files of an administrator: certificates that are trusted, lists of what is
 * revoked. See outside.h. */
#include "care/outside.h"

#include "os/file.h"

enum { CERTS_FILE_MAX = 4 << 20 };

struct reading {
    struct str dir;
    struct str *all, *names;
    uint8_t *vouches;  /* of certificates */
    uint8_t country;   /* what those of this folder may vouch for */
    uint32_t n;
};

/* Folders of a country's authorities. */
static const struct {
    struct str name;
    enum ident_kind kind;
} countries[] = {{SI("kz"), IDENT_IIN}, {SI("uz"), IDENT_PINFL}, {SI("ru"), IDENT_SNILS}};

static bool is_hidden(const char *name)
{
    return name[0] == '.';
}

static enum err certs_one(struct req *rq, const char *path, struct reading *r)
{
    struct str bytes;
    uint32_t before = r->n;
    TRY(os_read_file(rq, path, CERTS_FILE_MAX, &bytes));
    TRY(outside_certs_read(rq, bytes, r->all, OUTSIDE_CERTS_MAX, &r->n));
    for (uint32_t i = before; i < r->n; i++) {
        r->vouches[i] = r->country;
    }
    return OK;
}

static enum err certs_entry(struct req *rq, const char *name, void *ctx);

/* A folder in the folder: of a country, or nothing of ours. */
static enum err country_each(struct req *rq, const char *name, const char *path, struct reading *r)
{
    for (size_t i = 0; r->country == 0 && i < LEN(countries); i++) {
        if (str_eq(str_z(name), countries[i].name)) {
            struct reading in = *r;
            in.dir = arena_str(rq->a, str_z(path));
            TRY_MEM(rq, in.dir.p);
            in.country = (uint8_t)(countries[i].kind + 1);
            TRY(os_each_entry(rq, path, certs_entry, &in));
            r->n = in.n;
        }
    }
    return OK;
}

static enum err certs_entry(struct req *rq, const char *name, void *ctx)
{
    struct reading *r = ctx;
    char path[OS_PATH_MAX];
    if (is_hidden(name)) {
        return OK;
    }
    TRY(os_path(rq, r->dir, str_z(name), path));
    if (os_is_folder(path)) {
        return country_each(rq, name, path, r);
    }
    enum err e = certs_one(rq, path, r);
    if (e == E_SYNTAX || e == E_TOO_LARGE) {
        err_clear(rq);
        return FAIL(rq, E_BAD_INPUT,
                    "%.200s holds no certificates (PEM or DER), or there are too many", name);
    }
    return e;
}

enum err outside_certs_load(struct req *rq, struct str path, const struct str **ret_certs,
                            const uint8_t **ret_vouches, uint32_t *ret_n)
{
    struct reading r = {.dir = path, .all = ARENA_ARRAY(rq->a, OUTSIDE_CERTS_MAX, struct str),
                        .vouches = ARENA_ARRAY(rq->a, OUTSIDE_CERTS_MAX, uint8_t)};
    const char *z = arena_cstr(rq->a, path);
    TRY_MEM(rq, r.all);
    TRY_MEM(rq, r.vouches);
    TRY_MEM(rq, z);
    enum err e = os_is_folder(z) ? os_each_entry(rq, z, certs_entry, &r) : certs_one(rq, z, &r);
    if (e != OK && e != E_BAD_INPUT) {
        err_clear(rq);
        return FAIL(rq, E_BAD_INPUT, "cannot be read, or holds no certificates (PEM or DER)");
    }
    TRY(e);
    *ret_certs = r.all;
    if (ret_vouches != NULL) {
        *ret_vouches = r.vouches;
    }
    *ret_n = r.n;
    return OK;
}

static enum err list_map(struct req *rq, const char *path, struct str *ret_bytes)
{
    CLEANUP(os_close_p) int fd = -1;
    uint64_t size = 0;
    TRY(os_open_read(rq, path, &fd));
    TRY(os_size(rq, fd, &size));
    if (size == 0 || size > OUTSIDE_CRL_MAX) {
        return FAIL(rq, E_TOO_LARGE, "revocation list");
    }
    return os_map(rq, fd, (size_t)size, ret_bytes);
}

static enum err list_entry(struct req *rq, const char *name, void *ctx)
{
    struct reading *r = ctx;
    char path[OS_PATH_MAX];
    if (is_hidden(name) || r->n == OUTSIDE_CRLS_MAX) {
        return OK;
    }
    TRY(os_path(rq, r->dir, str_z(name), path));
    if (os_is_folder(path) || list_map(rq, path, &r->all[r->n]) != OK) {
        err_clear(rq);
        return OK;
    }
    if (r->names != NULL) {
        r->names[r->n] = arena_str(rq->a, str_z(name));
    }
    r->n++;
    return OK;
}

enum err outside_lists_load(struct req *rq, struct str dir, struct str *ret_crls, struct str *ret_names,
                            uint32_t *ret_n)
{
    struct reading r = {.dir = dir, .all = ret_crls, .names = ret_names};
    const char *z = arena_cstr(rq->a, dir);
    TRY_MEM(rq, z);
    *ret_n = 0;
    if (dir.n == 0 || !os_is_folder(z)) {
        return OK;
    }
    TRY(os_each_entry(rq, z, list_entry, &r));
    *ret_n = r.n;
    return OK;
}
