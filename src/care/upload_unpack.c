/* care/upload_unpack.c - medical images out of an upload. See upload_unpack.h. */
#include "care/upload_unpack.h"

#include <stdlib.h>
#include <string.h>

#include "care/imaging_int.h"
#include "care/scan.h"
#include "codec/dicom_file.h"
#include "codec/json.h"
#include "codec/unpack.h"
#include "os/file.h"

enum {
    BATCH = 64,                  /* images filed in one go */
    BATCH_BYTES = 128 << 20,     /* ... or so many bytes of them */
    HEAD = 132,                  /* preamble and "DICM" */
    DIR_MOST = 16 << 20,         /* bytes of a DICOMDIR */
    NAMES_MOST = 100000,         /* instances remembered to say what is missing */
};

struct unpacking {
    struct req *rq;
    struct store *store;
    struct unpack *from;
    struct scan_result *seen;
    struct image_from sender;
    struct blob_part *parts[BATCH];
    struct image_in in[BATCH];
    struct image_out out[BATCH];
    uint32_t n;
    uint64_t bytes;
    struct upload_filed filed;
    uint64_t *listed, *found;    /* hashes of instance UIDs: of the DICOMDIR, of what was there */
    uint32_t n_listed, n_found;
};

/* ---- filing ---- */

static void count(struct upload_filed *f, const struct image_out *out)
{
    f->taken += out->fate == IMAGE_STORED;
    f->same += out->fate == IMAGE_SAME;
    if (out->fate == IMAGE_ASIDE || out->fate == IMAGE_REFUSED) {
        f->aside++;
        f->why = f->why != NULL ? f->why : out->text;
    }
}

static struct str source_of(struct req *rq)
{
    struct buf b;
    buf_init(&b, rq->a, 200);
    BUF_LIT(&b, "upload:");
    buf_str(&b, rq->who->person);
    return buf_get(&b);
}

static enum err file_batch(struct unpacking *u)
{
    struct req *rq = u->rq;
    if (u->n == 0) {
        return OK;
    }
    TRY(scan_parts(rq, u->parts, u->n, "an image of the archive", u->seen));
    TRY(blob_parts_put(rq, u->store, u->parts, u->n));
    TRY(imaging_store(rq, &u->sender, u->in, u->n, u->out));
    for (uint32_t i = 0; i < u->n; i++) {
        count(&u->filed, &u->out[i]);
        if (u->n_found < NAMES_MOST && u->out[i].instance[0] != 0) {
            u->found[u->n_found++] = str_hash(str_z(u->out[i].instance));
        }
    }
    u->n = 0;
    u->bytes = 0;
    return OK;
}

/* ---- the archive's own list ---- */

/* Referenced SOP Instance UID in File of its records (PS3.3 F.3.2.2). */
static enum err read_dir(struct unpacking *u, const struct blob_part *part, uint64_t size)
{
    enum { REFERENCED_SOP_INSTANCE = 0x00041511 };
    struct req *rq = u->rq;
    struct dicom_file f;
    struct dicom_walk w;
    struct dicom_elem elem;
    char *p = size <= DIR_MOST ? arena_alloc_raw(rq->a, size) : NULL;
    size_t n = 0;
    size_t got = 1;
    bool has = true;
    while (p != NULL && n < size && got > 0) {
        TRY(os_read_at(rq, blob_part_fd(part), n, p + n, size - n, &got));
        n += got;
    }
    if (p == NULL || n < size) {
        return OK; /* it only says what is missing */
    }
    enum err e = dicom_file_open(rq, (struct str){p, n}, NULL, &f);
    e = e == OK ? dicom_walk_begin(rq, &f, &w) : e;
    while (e == OK && (e = dicom_walk_next(&w, &elem, &has)) == OK && has) {
        if (elem.kind == DICOM_VALUE && elem.tag == REFERENCED_SOP_INSTANCE && u->n_listed < NAMES_MOST) {
            u->listed[u->n_listed++] = str_hash(dicom_elem_text(rq, &elem, 0));
        }
    }
    err_clear(rq);
    return OK;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void count_missing(struct unpacking *u)
{
    uint32_t k = 0;
    qsort(u->listed, u->n_listed, sizeof *u->listed, by_value);
    qsort(u->found, u->n_found, sizeof *u->found, by_value);
    for (uint32_t i = 0; i < u->n_listed; i++) {
        while (k < u->n_found && u->found[k] < u->listed[i]) {
            k++;
        }
        bool twice = i > 0 && u->listed[i] == u->listed[i - 1];
        u->filed.missing += !twice && (k == u->n_found || u->found[k] != u->listed[i]);
    }
}

/* ---- members ---- */

/* What DICOM calls the directory of a medium (PS3.10 8.6). */
static bool is_dir(struct str name)
{
    return str_eq_nocase(name, S("DICOMDIR"));
}

/* A member of which head and piece were read goes into a file of its own. */
static enum err take_member(struct unpacking *u, struct str name, struct str head, struct str piece)
{
    struct req *rq = u->rq;
    struct blob_part *part = NULL;
    TRY(blob_part_new(rq, u->store, &part));
    TRY(blob_part_add(rq, part, head));
    while (piece.n > 0) {
        TRY(blob_part_add(rq, part, piece));
        TRY(unpack_read(u->from, &piece));
    }
    struct blob_ref ref = blob_part_ref(part);
    if (is_dir(name)) {
        TRY(read_dir(u, part, ref.size));
        blob_part_drop(part);
        u->filed.others++;
        return OK;
    }
    u->parts[u->n] = part;
    u->in[u->n] = (struct image_in){.blob = ref, .title = name};
    u->n++;
    u->bytes += ref.size;
    return OK;
}

static enum err one_member(struct unpacking *u, struct str name)
{
    char head[HEAD];
    size_t n = 0;
    struct str piece;
    struct str kept = arena_str(u->rq->a, name);
    TRY_MEM(u->rq, kept.p);
    TRY(unpack_read(u->from, &piece));
    while (piece.n > 0 && n + piece.n < HEAD) { /* a head that comes in crumbs */
        memcpy(head + n, piece.p, piece.n);
        n += piece.n;
        TRY(unpack_read(u->from, &piece));
    }
    char probe[HEAD];
    size_t more = MIN(piece.n, HEAD - n);
    memcpy(probe, head, n);
    memcpy(probe + n, piece.p, more);
    if (n + more < HEAD || memcmp(probe + HEAD - 4, "DICM", 4) != 0) {
        u->filed.others++;
        return OK;
    }
    return take_member(u, kept, (struct str){head, n}, piece);
}

/* Members until the batch is full; *ret_has false: no more. A damaged end cuts it there. */
static enum err read_batch(struct unpacking *u, bool *ret_has)
{
    struct str name;
    enum err e = OK;
    *ret_has = true;
    while (u->n < BATCH && u->bytes < BATCH_BYTES) {
        e = unpack_next(u->from, &name, ret_has);
        if (e != OK || !*ret_has) {
            break;
        }
        struct arena_mark mark = arena_mark(u->rq->a);
        uint32_t before = u->n;
        e = one_member(u, name);
        if (e != OK) {
            break;
        }
        if (u->n == before) {
            arena_back(u->rq->a, mark);
        }
    }
    if (e == E_SYNTAX || e == E_TOO_LARGE) {
        err_clear(u->rq);
        u->filed.cut = true;
        *ret_has = false;
        e = OK;
    }
    return e;
}

enum err upload_unpack(struct req *rq, const char *path, const struct upload *up,
                       struct upload_filed *ret_filed, struct scan_result *ret_seen)
{
    struct unpacking *u = ARENA_NEW(rq->a, struct unpacking);
    bool has = true;
    int fd = -1;
    TRY_MEM(rq, u);
    *u = (struct unpacking){.rq = rq, .store = care_of(rq)->store, .seen = ret_seen,
                            .sender = {.source = source_of(rq), .key = up->case_id},
                            .listed = os_alloc(NAMES_MOST, sizeof(uint64_t)),
                            .found = os_alloc(NAMES_MOST, sizeof(uint64_t))};
    enum err e = os_open_read(rq, path, &fd);
    struct arena_mark whole = arena_mark(rq->a);
    e = e == OK ? unpack_fd(rq, fd, up->size, NULL, &u->from) : e;
    while (e == OK && has) {
        struct arena_mark mark = arena_mark(rq->a);
        e = read_batch(u, &has);
        e = e == OK ? file_batch(u) : e;
        arena_back(rq->a, mark);
    }
    if (e == OK) {
        count_missing(u);
    }
    *ret_filed = u->filed;
    arena_back(rq->a, whole); /* the reader ends before its file */
    os_close(fd);
    os_free(u->listed);
    os_free(u->found);
    return e;
}

enum err upload_is_archive(struct req *rq, const char *path, bool *ret_is)
{
    struct arena_mark mark = arena_mark(rq->a);
    char *p = arena_alloc_raw(rq->a, UNPACK_START);
    size_t n = 0;
    size_t got = 1;
    int fd;
    TRY_MEM(rq, p);
    TRY(os_open_read(rq, path, &fd));
    enum err e = OK;
    while (e == OK && n < UNPACK_START && got > 0) {
        e = os_read_at(rq, fd, n, p + n, UNPACK_START - n, &got);
        n += got;
    }
    os_close(fd);
    *ret_is = unpack_is((struct str){p, n});
    arena_back(rq->a, mark);
    return e;
}

/* ---- one image ---- */

enum err upload_image(struct req *rq, const struct upload *up, struct upload_filed *ret_filed,
                      bool *ret_is)
{
    struct image_from from = {.source = source_of(rq), .key = up->case_id};
    struct image_in in = {up->blob, up->name};
    struct image_out out = {0};
    struct image_item item = {.in = &in, .from = &from, .out = &out};
    struct upload_filed f = {0};
    TRY(image_read(rq, &item));
    *ret_is = !item.broken;
    if (item.broken) {
        return OK;
    }
    TRY(imaging_store(rq, &from, &in, 1, &out));
    count(&f, &out);
    *ret_filed = f;
    return OK;
}

/* ---- as JSON ---- */

static const struct {
    struct str name;
    size_t at;
} members[] = {
    {SI("taken"), offsetof(struct upload_filed, taken)},
    {SI("same"), offsetof(struct upload_filed, same)},
    {SI("aside"), offsetof(struct upload_filed, aside)},
    {SI("others"), offsetof(struct upload_filed, others)},
    {SI("missing"), offsetof(struct upload_filed, missing)},
};

static uint32_t *member(struct upload_filed *f, size_t i)
{
    return (uint32_t *)(void *)((char *)f + members[i].at);
}

void upload_filed_write(struct json_out *o, const struct upload_filed *f)
{
    struct upload_filed copy = *f;
    json_k(o, S("filed"));
    json_obj(o);
    for (size_t i = 0; i < LEN(members); i++) {
        json_ki(o, members[i].name, *member(&copy, i));
    }
    json_kb(o, S("cut"), f->cut);
    json_obj_end(o);
}

struct str upload_filed_json(struct req *rq, const struct upload_filed *f)
{
    struct json_out o;
    struct buf b;
    buf_init(&b, rq->a, 1024);
    json_out_init(&o, &b);
    json_obj(&o);
    upload_filed_write(&o, f);
    if (f->why != NULL) {
        json_ks(&o, S("note"), str_z(f->why));
    }
    json_obj_end(&o);
    return buf_get(&b);
}

bool upload_filed_read(struct req *rq, struct str meta, struct upload_filed *ret_filed)
{
    struct json_doc doc;
    struct upload_filed f = {0};
    if (json_parse(rq, meta, &json_default_limits, &doc) != OK) {
        err_clear(rq);
        return false;
    }
    struct jv filed = json_get(json_root(&doc), S("filed"));
    if (!json_has(filed)) {
        return false;
    }
    for (size_t i = 0; i < LEN(members); i++) {
        int64_t n = 0;
        (void)!json_i64(json_get(filed, members[i].name), &n);
        *member(&f, i) = n > 0 && n < UINT32_MAX ? (uint32_t)n : 0;
    }
    f.cut = json_true(json_get(filed, S("cut")));
    *ret_filed = f;
    return true;
}
