/* codec/dicom_frames.c - finding frames. See dicom_frames.h. */
#include "codec/dicom_frames.h"

#include "codec/dicom_int.h"

enum {
    TAIL = 16, /* bytes at a fragment's end in which an end marker is looked for: padding may follow it */
};

struct cutter {
    struct req *rq;
    const struct dicom_file *f;
    uint32_t frames;
    struct str table;       /* Basic Offset Table */
    struct str *fragments;  /* after it */
    const char **starts;    /* headers of theirs */
    uint32_t n;
    struct dicom_frame *out;
};

static enum err bad(struct cutter *c, const char *what)
{
    return dicom_fail(c->rq, E_SYNTAX, c->f->pixels_tag, c->f->pixels_at, what);
}

/* Bytes of one native frame; 0: the form of the pixels is none. */
static uint64_t native_bits(const struct dicom_image *m)
{
    uint64_t pixels = (uint64_t)m->rows * m->columns;
    if (m->rows > UINT16_MAX || m->columns > UINT16_MAX || m->samples > 4 || m->bits_allocated > 64) {
        return 0;
    }
    if (str_eq(m->photometric, S("YBR_FULL_422")) || str_eq(m->photometric, S("YBR_PARTIAL_422"))) {
        return pixels * 2 * m->bits_allocated; /* two pixels share their colours */
    }
    return pixels * m->samples * m->bits_allocated;
}

static enum err native(struct cutter *c, const struct dicom_image *m)
{
    uint64_t bits = native_bits(m);
    if (bits == 0) {
        return bad(c, "rows, columns, samples or bits are wrong");
    }
    if (bits % 8 != 0 && c->frames > 1) {
        return FAIL(c->rq, E_UNSUPPORTED, "frames that end within a byte");
    }
    uint64_t size = (bits + 7) / 8;
    if (size > c->f->pixels.n / c->frames) {
        return bad(c, "shorter than its frames");
    }
    struct str *pieces = ARENA_ARRAY(c->rq->a, c->frames, struct str);
    TRY_MEM(c->rq, pieces);
    for (uint32_t i = 0; i < c->frames; i++) {
        pieces[i] = str_sub(c->f->pixels, (size_t)size * i, (size_t)size);
        c->out[i] = (struct dicom_frame){&pieces[i], 1, size};
    }
    return OK;
}

/* The items of the chain, which dicom_file_open() found sound: pass 0 counts, pass 1 keeps. */
static enum err read_fragments(struct cutter *c)
{
    struct str all = c->f->pixels;
    const struct dicom_coding coding = {.implicit = true, .big = c->f->big_endian};
    for (int pass = 0; pass < 2; pass++) {
        uint32_t n = 0;
        for (size_t at = 0; at < all.n;) {
            struct dicom_header h;
            if (dicom_header_read((const unsigned char *)all.p + at, all.n - at, coding, &h) !=
                    DICOM_STEP_OK ||
                h.len > all.n - at - h.size) {
                return bad(c, "fragments are damaged");
            }
            struct str value = str_sub(all, at + h.size, h.len);
            if (n == 0) {
                c->table = value;
            } else if (pass == 1) {
                c->fragments[n - 1] = value;
                c->starts[n - 1] = all.p + at;
            }
            n++;
            at += h.size + h.len;
        }
        if (pass == 0) {
            c->n = n == 0 ? 0 : n - 1;
            c->fragments = ARENA_ARRAY(c->rq->a, c->n, struct str);
            c->starts = ARENA_ARRAY(c->rq->a, c->n, const char *);
            TRY_MEM(c->rq, c->fragments);
            TRY_MEM(c->rq, c->starts);
        }
    }
    return OK;
}

/* Frame i is fragments from .. to. */
static void join(struct cutter *c, uint32_t i, uint32_t from, uint32_t to)
{
    uint64_t size = 0;
    for (uint32_t k = from; k < to; k++) {
        size += c->fragments[k].n;
    }
    c->out[i] = (struct dicom_frame){c->fragments + from, to - from, size};
}

/* By the Basic Offset Table: offsets of the first fragment's header of each frame. */
static bool by_table(struct cutter *c)
{
    if (c->table.n / 4 != c->frames) {
        return false;
    }
    uint32_t k = 0;
    uint32_t from = 0;
    for (uint32_t i = 0; i < c->frames; i++) {
        uint32_t offset =
            dicom_get32((const unsigned char *)c->table.p + 4 * (size_t)i, c->f->big_endian);
        while (k < c->n && (uint64_t)(c->starts[k] - c->starts[0]) < offset) {
            k++;
        }
        if (k == c->n || (uint64_t)(c->starts[k] - c->starts[0]) != offset || (i > 0 && k == from)) {
            return false;
        }
        if (i > 0) {
            join(c, i - 1, from, k);
        } else if (k != 0) {
            return false;
        }
        from = k;
    }
    join(c, c->frames - 1, from, c->n);
    return true;
}

static bool ends_picture(struct str s)
{
    size_t from = s.n > TAIL ? s.n - TAIL : 0;
    for (size_t i = from; i + 1 < s.n; i++) {
        if ((unsigned char)s.p[i] == 0xff && (unsigned char)s.p[i + 1] == 0xd9) {
            return true;
        }
    }
    return false;
}

static bool by_markers(struct cutter *c)
{
    uint32_t i = 0;
    uint32_t from = 0;
    for (uint32_t k = 0; k < c->n; k++) {
        if (!ends_picture(c->fragments[k])) {
            continue;
        }
        if (i == c->frames) {
            return false;
        }
        join(c, i++, from, k + 1);
        from = k + 1;
    }
    return i == c->frames && from == c->n;
}

/* The Extended Offset Table says how long frames of one fragment are without padding. */
static enum err trim_by_lengths(struct cutter *c)
{
    struct dicom_elem e;
    bool has;
    TRY(dicom_find(c->rq, c->f, S("7FE00002"), &e, &has));
    if (!has || e.kind != DICOM_VALUE || e.value.n / 8 != c->frames) {
        return OK;
    }
    for (uint32_t i = 0; i < c->frames; i++) {
        uint64_t size =
            dicom_get64((const unsigned char *)e.value.p + 8 * (size_t)i, e.big_endian);
        if (size <= c->fragments[i].n && c->fragments[i].n - size <= 1) {
            c->fragments[i].n = (size_t)size;
            c->out[i].size = size;
        }
    }
    return OK;
}

static enum err encapsulated(struct cutter *c)
{
    static const struct str video = SI("1.2.840.10008.1.2.4.10"); /* .100 to .108: MPEG */
    if (str_starts(c->f->transfer_syntax, video) && c->f->transfer_syntax.n > video.n) {
        return FAIL(c->rq, E_UNSUPPORTED, "frames of video");
    }
    TRY(read_fragments(c));
    if (c->n < c->frames) {
        return bad(c, "fewer fragments than frames");
    }
    if (c->frames == 1) {
        join(c, 0, 0, c->n);
        return c->n == 1 ? trim_by_lengths(c) : OK;
    }
    if (c->n == c->frames) {
        for (uint32_t i = 0; i < c->frames; i++) {
            join(c, i, i, i + 1);
        }
        return trim_by_lengths(c);
    }
    return by_table(c) || by_markers(c) ? OK : bad(c, "fragments cannot be told to frames");
}

enum err dicom_frames(struct req *rq, const struct dicom_file *f, struct dicom_frame **ret_frames,
                      uint32_t *ret_n)
{
    struct cutter c = {.rq = rq, .f = f};
    struct dicom_image image;
    if (f->pixels_tag == 0) {
        return FAIL(rq, E_NOT_FOUND, "DICOM: no pixel data");
    }
    TRY(dicom_image_read(rq, f, 0, &image));
    c.frames = image.frames;
    if (c.frames == 0 || c.frames > f->pixels.n) {
        return bad(&c, "a wrong number of frames");
    }
    c.out = ARENA_ARRAY(rq->a, c.frames, struct dicom_frame);
    TRY_MEM(rq, c.out);
    TRY(f->encapsulated ? encapsulated(&c) : native(&c, &image));
    *ret_frames = c.out;
    *ret_n = c.frames;
    return OK;
}
