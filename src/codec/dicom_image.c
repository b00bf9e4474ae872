/* codec/dicom_image.c - reading what is said about pixels. See dicom_image.h. */
#include "codec/dicom_image.h"

#include <string.h>

#include "codec/dicom_int.h"

enum {
    SHARED_GROUPS = 0x52009229,
    FRAME_GROUPS = 0x52009230,
    MODALITY_LUT = 0x00283000,
    VOI_LUT = 0x00283010,
};

enum kind {
    COUNT,    /* uint32_t; a value that is no number fails */
    DOUBLES,  /* n doubles; left alone where one is no number */
    TEXT,
    FLAG,     /* bool: the text is what the row says */
    WINDOW,   /* centre, width or name of each window */
    LUT,      /* descriptor */
    LUT_DATA,
    LUT_SEGMENTS,
    PADDING,
};

#define AT(field) offsetof(struct dicom_image, field)

/* In the order of their tags. */
static const struct row {
    uint32_t tag;
    enum kind kind;
    uint8_t n;       /* of DOUBLES; of WINDOW which part */
    size_t offset;
    const char *yes; /* of FLAG */
} rows[] = {
    {0x00082144, DOUBLES, 1, AT(rate), NULL},
    {0x00180040, DOUBLES, 1, AT(rate), NULL},
    {0x00180050, DOUBLES, 1, AT(thickness), NULL},
    {0x00181063, DOUBLES, 1, AT(frame_ms), NULL},
    {0x00200032, DOUBLES, 3, AT(position), NULL},
    {0x00200037, DOUBLES, 6, AT(orientation), NULL},
    {0x00280002, COUNT, 0, AT(samples), NULL},
    {0x00280004, TEXT, 0, AT(photometric), NULL},
    {0x00280006, COUNT, 0, AT(planar), NULL},
    {0x00280008, COUNT, 0, AT(frames), NULL},
    {0x00280010, COUNT, 0, AT(rows), NULL},
    {0x00280011, COUNT, 0, AT(columns), NULL},
    {0x00280034, DOUBLES, 2, AT(aspect), NULL},
    {0x00280100, COUNT, 0, AT(bits_allocated), NULL},
    {0x00280101, COUNT, 0, AT(bits_stored), NULL},
    {0x00280102, COUNT, 0, AT(high_bit), NULL},
    {0x00280120, PADDING, 0, AT(padding), NULL},
    {0x00280121, PADDING, 0, AT(padding_limit), NULL},
    {0x00280301, FLAG, 0, AT(burned_in), "YES"},
    {0x00281050, WINDOW, 0, 0, NULL},
    {0x00281051, WINDOW, 1, 0, NULL},
    {0x00281052, DOUBLES, 1, AT(intercept), NULL},
    {0x00281053, DOUBLES, 1, AT(slope), NULL},
    {0x00281054, TEXT, 0, AT(rescale_type), NULL},
    {0x00281055, WINDOW, 2, 0, NULL},
    {0x00281056, TEXT, 0, AT(voi_function), NULL},
    {0x00281101, LUT, 0, AT(palette[0]), NULL},
    {0x00281102, LUT, 0, AT(palette[1]), NULL},
    {0x00281103, LUT, 0, AT(palette[2]), NULL},
    {0x00281201, LUT_DATA, 0, AT(palette[0]), NULL},
    {0x00281202, LUT_DATA, 0, AT(palette[1]), NULL},
    {0x00281203, LUT_DATA, 0, AT(palette[2]), NULL},
    {0x00281221, LUT_SEGMENTS, 0, AT(palette[0]), NULL},
    {0x00281222, LUT_SEGMENTS, 0, AT(palette[1]), NULL},
    {0x00281223, LUT_SEGMENTS, 0, AT(palette[2]), NULL},
    {0x20500020, FLAG, 0, AT(inverse), "INVERSE"},
};

struct reader {
    struct req *rq;
    struct dicom_image *image;
    uint32_t frame;
    uint32_t seq; /* of the top level that was entered */
};

static bool doubles(const struct dicom_elem *e, size_t n, double *out)
{
    double got[6] = {0};
    for (size_t i = 0; i < n; i++) {
        if (!dicom_elem_double(e, i, &got[i])) {
            return false;
        }
    }
    memcpy(out, got, n * sizeof(double));
    return true;
}

static bool whole(const struct dicom_elem *e, size_t i, double least, double most, double *ret_v)
{
    return dicom_elem_double(e, i, ret_v) && *ret_v >= least && *ret_v <= most;
}

static void window(struct reader *r, const struct dicom_elem *e, unsigned part)
{
    struct dicom_image *m = r->image;
    for (uint32_t i = 0; i < DICOM_WINDOWS_MAX; i++) {
        struct dicom_window *w = &m->windows[i];
        if (part == 2) {
            struct str name = i < m->windows_n ? dicom_elem_text(r->rq, e, i) : (struct str){NULL, 0};
            w->name = str_or_empty(name);
        } else if (!dicom_elem_double(e, i, part == 0 ? &w->centre : &w->width)) {
            m->windows_n = part == 0 ? i : MIN(m->windows_n, i);
            return;
        } else if (part == 0) {
            m->windows_n = i + 1;
        }
    }
}

static void lut(struct dicom_lut *t, const struct dicom_elem *e)
{
    double v[3];
    if (whole(e, 0, -65536, 65535, &v[0]) && whole(e, 1, INT16_MIN, UINT16_MAX, &v[1]) &&
        whole(e, 2, 8, 16, &v[2])) {
        uint32_t entries = v[0] < 0 ? (uint32_t)(v[0] + 65536) : (uint32_t)v[0];
        t->entries = entries == 0 ? 65536 : entries;
        t->first = (int32_t)v[1];
        t->bits = (uint32_t)v[2];
        t->big_endian = e->big_endian;
    }
}

/* Too short for its entries: no table. */
static void lut_data(struct dicom_lut *t, const struct dicom_elem *e)
{
    if (t->entries > 0 && e->value.n >= t->entries) {
        t->data = e->value;
    }
}

static enum err count(struct reader *r, const struct dicom_elem *e, void *at)
{
    uint32_t n;
    if ((dicom_is_text(e->vr) ? dicom_trim(e->value, e->vr) : e->value).n == 0) {
        return OK; /* not said */
    }
    if (!dicom_elem_u32(e, 0, &n)) {
        return dicom_fail(r->rq, E_SYNTAX, e->tag, e->at, "no whole number");
    }
    memcpy(at, &n, sizeof(n));
    return OK;
}

static enum err take_row(struct reader *r, const struct row *row, const struct dicom_elem *e)
{
    char *at = (char *)r->image + row->offset;
    double v;
    switch (row->kind) {
    case COUNT: return count(r, e, at);
    case DOUBLES:
        if (doubles(e, row->n, (double *)(void *)at)) {
            r->image->has_position |= e->tag == 0x00200032;
            r->image->has_orientation |= e->tag == 0x00200037;
        }
        return OK;
    case TEXT: {
        struct str text = str_or_empty(dicom_elem_text(r->rq, e, 0));
        memcpy(at, &text, sizeof(text));
        return OK;
    }
    case FLAG: *(bool *)at = str_eq(dicom_elem_text(r->rq, e, 0), str_z(row->yes)); return OK;
    case WINDOW: window(r, e, row->n); return OK;
    case LUT: lut((struct dicom_lut *)(void *)at, e); return OK;
    case LUT_DATA: lut_data((struct dicom_lut *)(void *)at, e); return OK;
    case LUT_SEGMENTS: ((struct dicom_lut *)(void *)at)->segmented = e->value; return OK;
    case PADDING:
        if (whole(e, 0, INT32_MIN, INT32_MAX, &v)) {
            *(int32_t *)(void *)at = (int32_t)v;
            if (e->tag == 0x00280120) {
                r->image->has_padding = true;
                r->image->padding_limit = (int32_t)v;
            }
        }
        return OK;
    }
    return OK;
}

/* The distance of pixels: the better known one wins. */
static void spacing(struct dicom_image *m, const struct dicom_elem *e, enum dicom_spacing kind)
{
    bool better = m->spacing_kind == DICOM_SPACING_NONE || kind <= m->spacing_kind;
    if (better && doubles(e, 2, m->spacing)) {
        m->spacing_kind = kind;
    }
}

static enum err take(struct reader *r, const struct dicom_elem *e)
{
    struct dicom_image *m = r->image;
    if (r->seq == MODALITY_LUT || r->seq == VOI_LUT) {
        struct dicom_lut *t = r->seq == VOI_LUT ? &m->voi_lut : &m->modality_lut;
        if (e->tag == 0x00283002) {
            lut(t, e);
        } else if (e->tag == 0x00283006) {
            lut_data(t, e);
        } else if (e->tag == 0x00283004 && r->seq == MODALITY_LUT) {
            m->rescale_type = str_or_empty(dicom_elem_text(r->rq, e, 0));
        }
        return OK;
    }
    switch (e->tag) {
    case 0x00280030: spacing(m, e, DICOM_SPACING_PIXEL); return OK;
    case 0x00181164: spacing(m, e, DICOM_SPACING_IMAGER); return OK;
    case 0x00182010: spacing(m, e, DICOM_SPACING_NOMINAL); return OK;
    case 0x00280103: {
        double v;
        m->is_signed = whole(e, 0, 1, 1, &v);
        return OK;
    }
    default: break;
    }
    for (size_t i = 0; i < LEN(rows); i++) {
        if (rows[i].tag == e->tag) {
            return take_row(r, &rows[i], e);
        }
    }
    return OK;
}

/* Whether to look into a sequence, or an item. */
static bool enters(struct reader *r, const struct dicom_elem *e)
{
    static const uint32_t groups[] = {
        0x00209113, 0x00209116, 0x00289110, 0x00289132, 0x00289145,
    };
    if (e->kind == DICOM_ITEM) {
        return e->item == (e->tag == FRAME_GROUPS && e->depth == 1 ? r->frame : 0);
    }
    if (e->depth == 0) {
        r->seq = e->tag;
        return e->tag == SHARED_GROUPS || e->tag == FRAME_GROUPS || e->tag == MODALITY_LUT ||
               e->tag == VOI_LUT;
    }
    for (size_t i = 0; i < LEN(groups); i++) {
        if (groups[i] == e->tag && (r->seq == SHARED_GROUPS || r->seq == FRAME_GROUPS)) {
            return true;
        }
    }
    return false;
}

/* A first value written as unsigned where values may be negative (PS3.3 C.11.1.1: US or SS). */
static void below_zero(struct dicom_lut *t, bool negative)
{
    if (negative && t->first > INT16_MAX) {
        t->first -= UINT16_MAX + 1;
    }
}

enum err dicom_image_read(struct req *rq, const struct dicom_file *f, uint32_t frame,
                          struct dicom_image *ret_image)
{
    struct dicom_image image = {.frames = 1, .samples = 1, .slope = 1, .aspect = {1, 1}};
    struct reader r = {.rq = rq, .image = &image, .frame = frame};
    struct dicom_walk w;
    TRY(dicom_walk_begin(rq, f, &w));
    for (;;) {
        struct dicom_elem e;
        bool has;
        TRY(dicom_walk_next(&w, &e, &has));
        if (!has || (e.depth == 0 && e.tag > FRAME_GROUPS)) {
            break;
        }
        if (e.kind == DICOM_SEQUENCE || e.kind == DICOM_ITEM) {
            if (!enters(&r, &e)) {
                TRY(dicom_walk_skip(&w));
            }
        } else if (e.kind == DICOM_VALUE) {
            r.seq = e.depth == 0 ? 0 : r.seq;
            TRY(take(&r, &e));
        }
    }
    below_zero(&image.modality_lut, image.is_signed);
    below_zero(&image.voi_lut, image.modality_lut.data.p == NULL && (image.is_signed || image.intercept < 0));
    *ret_image = image;
    return OK;
}
