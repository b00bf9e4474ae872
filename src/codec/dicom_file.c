/* codec/dicom_file.c - opening a whole DICOM file. See dicom_file.h. */
#include <string.h>
#include <zlib.h>

#include "codec/dicom_int.h"

enum {
    DEPTH_MAX = 1024,
    ELEMENTS_MAX = 10 * 1000 * 1000,
    INFLATED_MAX = 512 << 20,
    PIECE = 8 * 1024,
    TAG_SYNTAX = 0x00020010,
};

const struct dicom_limits dicom_default_limits = {
    .depth = DEPTH_MAX,
    .elements = ELEMENTS_MAX,
    .inflated = INFLATED_MAX,
};

/* Transfer syntaxes whose data set is not explicit little endian as it stands (PS3.5 section 10). */
static const struct syntax {
    struct str uid;
    bool implicit;
    bool big;
    bool deflated;
} syntaxes[] = {
    {SI("1.2.840.10008.1.2"), true, false, false},
    {SI("1.2.840.10008.1.2.2"), false, true, false},
    {SI("1.2.840.10008.1.2.1.99"), false, false, true},
    {SI("1.2.840.10008.1.2.4.95"), false, false, true},  /* JPIP referenced deflate */
    {SI("1.2.840.10008.1.2.4.205"), false, false, true}, /* JPIP HTJ2K referenced deflate */
};

/* The elements of group 0002: always explicit, little end first. Its own length is not trusted. */
static enum err read_meta(struct req *rq, struct dicom_file *f)
{
    struct dicom_walk w;
    struct str rest = str_sub(f->bytes, DICOM_START, f->bytes.n);
    if (!dicom_walk_over(&w, rq, rest, DICOM_START, (struct dicom_coding){false, false}, 0)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    while (rest.n - w.at >= 8 && dicom_get16((const unsigned char *)rest.p + w.at, false) == 2) {
        struct dicom_elem e;
        enum dicom_step s = dicom_walk_step(&w, &e);
        if (s != DICOM_STEP_OK) {
            return dicom_walk_fail(&w, s);
        }
        if (e.tag == TAG_SYNTAX) {
            f->transfer_syntax = dicom_trim(e.value, "UI");
        }
    }
    if (f->transfer_syntax.n == 0) {
        return dicom_fail(rq, E_SYNTAX, TAG_SYNTAX, DICOM_START, "no transfer syntax");
    }
    f->meta = str_sub(rest, 0, w.at);
    f->data_set = str_sub(rest, w.at, rest.n);
    return OK;
}

/* Inflates the whole of z, into out (of max + 1 bytes) unless it is NULL; gives the bytes that came. */
static enum err inflate_all(struct req *rq, struct str z, unsigned char *out, size_t max,
                            size_t *ret_n)
{
    unsigned char piece[PIECE];
    z_stream zs = {.next_in = (unsigned char *)(uintptr_t)z.p};
    if (inflateInit2(&zs, -MAX_WBITS) != Z_OK) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    size_t n = 0;
    size_t left = z.n;
    int r = Z_OK;
    while (r == Z_OK && n <= max) {
        size_t room = out == NULL ? PIECE : MIN(max + 1 - n, (size_t)1 << 30);
        zs.next_out = out == NULL ? piece : out + n;
        zs.avail_out = (uInt)room;
        if (zs.avail_in == 0) {
            zs.avail_in = (uInt)MIN(left, (size_t)1 << 30);
            left -= zs.avail_in;
        }
        r = inflate(&zs, Z_NO_FLUSH);
        n += room - zs.avail_out;
    }
    (void)inflateEnd(&zs);
    if (n > max) {
        return FAIL(rq, E_TOO_LARGE, "DICOM: the unpacked data set");
    }
    if (r != Z_STREAM_END) {
        return FAIL(rq, E_SYNTAX, "DICOM: the deflated data set is damaged at byte %zu", n);
    }
    *ret_n = n;
    return OK;
}

/* Counted first, so that a bomb takes no memory and the right room is taken once. */
static enum err unpack(struct req *rq, struct dicom_file *f, size_t max)
{
    size_t n = 0;
    TRY(inflate_all(rq, f->data_set, NULL, max, &n));
    unsigned char *out = arena_alloc_raw(rq->a, n + 1);
    TRY_MEM(rq, out);
    TRY(inflate_all(rq, f->data_set, out, n, &n));
    f->data_set = (struct str){(const char *)out, n};
    f->deflated = true;
    return OK;
}

static uint64_t base_of(const struct dicom_file *f)
{
    return f->deflated ? 0 : (uint64_t)(f->data_set.p - f->bytes.p);
}

static void take_pixels(struct dicom_file *f, const struct dicom_elem *e)
{
    if (e->depth == 0 && f->pixels_tag == 0 &&
        (e->tag == DICOM_TAG_PIXELS || e->tag == DICOM_TAG(0x7fe0, 0x0008) ||
         e->tag == DICOM_TAG(0x7fe0, 0x0009))) {
        f->pixels_tag = e->tag;
        f->pixels_at = e->at;
        f->pixels = e->value;
        f->encapsulated = e->kind == DICOM_FRAGMENTS;
    }
}

static enum err check(struct req *rq, struct dicom_file *f, const struct dicom_limits *lim)
{
    struct arena_mark mark = arena_mark(rq->a);
    struct dicom_walk w;
    if (!dicom_walk_over(&w, rq, f->data_set, base_of(f),
                         (struct dicom_coding){f->implicit_vr, f->big_endian}, lim->depth)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    for (;;) {
        struct dicom_elem e;
        enum dicom_step s = dicom_walk_step(&w, &e);
        if (s == DICOM_STEP_END) {
            break;
        }
        if (s != DICOM_STEP_OK) {
            return dicom_walk_fail(&w, s);
        }
        if (++f->elements > lim->elements) {
            return dicom_fail(rq, E_TOO_LARGE, e.tag, e.at, "too many elements");
        }
        f->depth = MAX(f->depth, w.depth);
        take_pixels(f, &e);
    }
    f->unsorted = w.unsorted;
    arena_back(rq->a, mark);
    return OK;
}

enum err dicom_file_open(struct req *rq, struct str bytes, const struct dicom_limits *lim,
                         struct dicom_file *ret_file)
{
    lim = lim == NULL ? &dicom_default_limits : lim;
    if (!dicom_is(bytes)) {
        return FAIL(rq, E_MEDIA_TYPE, "not a DICOM file");
    }
    struct dicom_file f = {.bytes = bytes};
    TRY(read_meta(rq, &f));
    for (size_t i = 0; i < LEN(syntaxes); i++) {
        if (str_eq(f.transfer_syntax, syntaxes[i].uid)) {
            f.implicit_vr = syntaxes[i].implicit;
            f.big_endian = syntaxes[i].big;
            if (syntaxes[i].deflated) {
                TRY(unpack(rq, &f, lim->inflated));
            }
        }
    }
    TRY(check(rq, &f, lim));
    *ret_file = f;
    return OK;
}

enum err dicom_walk_begin(struct req *rq, const struct dicom_file *f, struct dicom_walk *ret_walk)
{
    return dicom_walk_over(ret_walk, rq, f->data_set, base_of(f),
                           (struct dicom_coding){f->implicit_vr, f->big_endian}, f->depth)
               ? OK
               : FAIL(rq, E_TOO_LARGE, "memory cap");
}

enum err dicom_walk_meta(struct req *rq, const struct dicom_file *f, struct dicom_walk *ret_walk)
{
    return dicom_walk_over(ret_walk, rq, f->meta, DICOM_START, (struct dicom_coding){false, false}, 0)
               ? OK
               : FAIL(rq, E_TOO_LARGE, "memory cap");
}

enum err dicom_file_head(struct req *rq, const struct dicom_file *f, struct dicom_head *ret_head)
{
    struct dicom_walk w;
    TRY(dicom_walk_begin(rq, f, &w));
    struct dicom_head head = {.transfer_syntax = f->transfer_syntax};
    head.flags = f->pixels_tag == 0 ? 0 : DICOM_PIXELS;
    for (;;) {
        struct dicom_elem e;
        bool has;
        TRY(dicom_walk_next(&w, &e, &has));
        if (!has || e.tag > DICOM_HEAD_LAST) {
            break;
        }
        if (e.kind == DICOM_SEQUENCE) {
            TRY(dicom_walk_skip(&w));
        } else if (e.kind == DICOM_VALUE) {
            dicom_head_take(rq->a, &head, &e);
        }
    }
    *ret_head = head;
    return OK;
}

/* Cuts "GGGGEEEE" and a number of an item off a path. */
static bool cut_tag(struct str *path, uint32_t *ret_tag)
{
    struct str part;
    return str_cut(path, '/', &part) && part.n == 8 && dicom_dict_tag(part, ret_tag);
}

enum err dicom_find(struct req *rq, const struct dicom_file *f, struct str path,
                    struct dicom_elem *ret_elem, bool *ret_has)
{
    struct dicom_walk w;
    uint32_t tag = 0;
    uint32_t depth = 0;
    uint64_t item = 0;
    struct str number;
    *ret_has = false;
    TRY(dicom_walk_begin(rq, f, &w));
    while (cut_tag(&path, &tag)) {
        struct dicom_elem e = {.tag = tag};
        bool has;
        do { /* the element, in the item that is open */
            TRY(dicom_walk_next(&w, &e, &has));
            if (!has || e.depth < depth || (e.kind == DICOM_ITEM_END && e.depth == depth)) {
                return OK;
            }
            if (e.kind == DICOM_SEQUENCE && e.tag != tag) {
                TRY(dicom_walk_skip(&w));
            }
        } while (e.tag != tag || e.depth != depth);
        if (path.p == NULL) {
            *ret_elem = e;
            *ret_has = true;
            return OK;
        }
        if (e.kind != DICOM_SEQUENCE || !str_cut(&path, '/', &number) || !str_u64(number, &item)) {
            return OK;
        }
        TRY(dicom_walk_next(&w, &e, &has));
        while (has && e.kind == DICOM_ITEM && e.item != item) { /* those before, and what is in them */
            TRY(dicom_walk_skip(&w));
            TRY(dicom_walk_next(&w, &e, &has));
        }
        if (!has || e.kind != DICOM_ITEM) {
            return OK;
        }
        depth++;
    }
    return OK;
}
