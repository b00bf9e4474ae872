/* dicom/render.c - from a data set to pixels and their tones. See render.h. */
#include "dicom/render.h"

/* ---- the frame's bytes ---- */

static enum err joined(struct req *rq, const struct dicom_frame *frame, struct str *ret_bytes)
{
    if (frame->n == 1) {
        *ret_bytes = frame->pieces[0];
        return OK;
    }
    struct buf b;
    buf_init(&b, rq->a, frame->size);
    for (uint32_t i = 0; i < frame->n; i++) {
        buf_str(&b, frame->pieces[i]);
    }
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_bytes = buf_get(&b);
    return OK;
}

/* Native words in big endian order: turned round. OW counts two bytes a word, even where a sample is one. */
static enum err little(struct req *rq, const struct dicom_file *f, const struct dicom_image *image,
                       struct str *bytes)
{
    struct dicom_elem e;
    bool has = false;
    if (!f->big_endian || f->encapsulated) {
        return OK;
    }
    TRY(dicom_find(rq, f, S("7FE00010"), &e, &has));
    size_t unit = MAX(has ? dicom_unit(e.vr) : 1, image->bits_allocated / 8);
    char *out = unit > 1 ? arena_alloc_raw(rq->a, bytes->n) : NULL;
    if (unit > 1) {
        TRY_MEM(rq, out);
        dicom_swap(*bytes, unit, out);
        bytes->p = out;
    }
    return OK;
}

static enum err frame_bytes(struct req *rq, const struct dicom_file *f,
                            const struct dicom_image *image, uint32_t frame, struct str *ret_bytes)
{
    struct dicom_frame *frames;
    uint32_t n = 0;
    TRY(dicom_frames(rq, f, &frames, &n));
    if (frame >= n) {
        return FAIL(rq, E_NOT_FOUND, "frame %u of %u", frame + 1, n);
    }
    TRY(joined(rq, &frames[frame], ret_bytes));
    return little(rq, f, image, ret_bytes);
}

/* ---- tones ---- */

static enum err table(struct req *rq, const struct dicom_lut *lut, struct tone_table *ret_table)
{
    if (lut->segmented.n > 0) {
        return FAIL(rq, E_NOT_ACCEPT, "a segmented palette");
    }
    if (lut->data.p == NULL || lut->entries == 0) {
        return OK;
    }
    size_t step = lut->data.n >= (size_t)lut->entries * 2 ? 2 : 1;
    if (lut->data.n < lut->entries * step) {
        return FAIL(rq, E_SYNTAX, "a look-up table of %u entries in %zu bytes", lut->entries,
                    lut->data.n);
    }
    uint16_t *v = ARENA_ARRAY(rq->a, lut->entries, uint16_t);
    TRY_MEM(rq, v);
    const unsigned char *p = (const unsigned char *)lut->data.p;
    for (uint32_t i = 0; i < lut->entries; i++, p += step) {
        unsigned low = step == 1 || !lut->big_endian ? p[0] : p[1];
        unsigned high = step == 1 ? 0 : lut->big_endian ? p[0] : p[1];
        v[i] = (uint16_t)(high << 8 | low);
    }
    *ret_table = (struct tone_table){.v = v, .n = lut->entries, .first = lut->first,
                                     .bits = step == 1 ? 8 : lut->bits};
    return OK;
}

static enum tone_function function_of(struct str name)
{
    return str_eq(name, S("SIGMOID")) ? TONE_SIGMOID
           : str_eq(name, S("LINEAR_EXACT")) ? TONE_LINEAR_EXACT
                                             : TONE_LINEAR;
}

static enum err tone_of(struct req *rq, const struct dicom_image *m, const struct render_ask *ask,
                        struct tone *ret_tone)
{
    struct tone t = {.slope = m->slope, .intercept = m->intercept};
    t.inverse = m->inverse || str_eq(m->photometric, S("MONOCHROME1"));
    if (str_eq(m->photometric, S("PALETTE COLOR"))) {
        for (int i = 0; i < 3; i++) {
            TRY(table(rq, &m->palette[i], &t.palette[i]));
        }
        *ret_tone = t;
        return t.palette[0].v != NULL && t.palette[1].v != NULL && t.palette[2].v != NULL
                   ? OK
                   : FAIL(rq, E_SYNTAX, "no palette");
    }
    TRY(table(rq, &m->modality_lut, &t.modality));
    if (ask->has_window) {
        t.has_window = true;
        t.centre = ask->centre;
        t.width = ask->window;
        t.function = ask->function;
    } else if (m->windows_n > 0) {
        t.has_window = true;
        t.centre = m->windows[0].centre;
        t.width = m->windows[0].width;
        t.function = function_of(m->voi_function);
    } else {
        TRY(table(rq, &m->voi_lut, &t.voi));
    }
    *ret_tone = t;
    return OK;
}

/* Padding around the image does not count for how bright it is shown. */
static void without_padding(const struct dicom_image *m, struct pixels *px)
{
    int32_t from = MIN(m->padding, m->padding_limit);
    int32_t to = MAX(m->padding, m->padding_limit);
    int32_t low = INT32_MAX;
    int32_t high = INT32_MIN;
    size_t n = (size_t)px->rows * px->columns;
    if (!m->has_padding || px->is_rgb) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        int32_t v = px->v[i];
        if (v < from || v > to) {
            low = MIN(low, v);
            high = MAX(high, v);
        }
    }
    if (low <= high) {
        px->shown_low = low;
        px->shown_high = high;
    }
}

static struct pixel_form form_of(const struct dicom_file *f, const struct dicom_image *m,
                                 struct pixels_helper *helper)
{
    return (struct pixel_form){.syntax = f->transfer_syntax,
                               .photometric = m->photometric,
                               .rows = m->rows,
                               .columns = m->columns,
                               .samples = m->samples,
                               .bits_allocated = m->bits_allocated,
                               .bits_stored = m->bits_stored,
                               .high_bit = m->high_bit,
                               .is_signed = m->is_signed,
                               .planar = m->planar != 0,
                               .helper = helper};
}

enum err render_native(struct req *rq, const struct dicom_file *f, uint32_t frame,
                       struct pixels_helper *helper, struct str *ret_bytes)
{
    struct dicom_image m;
    struct str bytes;

    TRY(dicom_image_read(rq, f, frame, &m));
    TRY(frame_bytes(rq, f, &m, frame, &bytes));
    struct pixel_form form = form_of(f, &m, helper);
    if (form.samples > 1 && form.planar) {
        return FAIL(rq, E_NOT_ACCEPT, "native frames of colour by plane");
    }
    return pixels_native_of(rq, &form, bytes, ret_bytes);
}

/* What is said about the frame, and its samples. */
static enum err decoded(struct req *rq, const struct dicom_file *f, uint32_t frame,
                        struct pixels_helper *helper, struct dicom_image *ret_image,
                        struct pixels *ret_pixels)
{
    struct dicom_image m;
    struct str bytes;

    TRY(dicom_image_read(rq, f, frame, &m));
    TRY(frame_bytes(rq, f, &m, frame, &bytes));
    struct pixel_form form = form_of(f, &m, helper);
    TRY(pixels_decode(rq, &form, bytes, ret_pixels));
    *ret_image = m;
    return OK;
}

enum err render_values(struct req *rq, const struct dicom_file *f, uint32_t frame,
                       struct pixels_helper *helper, struct render_values *ret_values)
{
    struct dicom_image m;
    struct tone_table t = {0};
    struct pixels px;

    TRY(decoded(rq, f, frame, helper, &m, &px));
    if (px.samples != 1 || str_eq(m.photometric, S("PALETTE COLOR"))) {
        return FAIL(rq, E_NOT_ACCEPT, "colours mean no values");
    }
    TRY(table(rq, &m.modality_lut, &t));
    *ret_values = (struct render_values){px.rows, px.columns, px.v, m.slope, m.intercept};
    if (t.v == NULL) {
        return OK;
    }
    size_t n = (size_t)px.rows * px.columns;
    int32_t *v = ARENA_ARRAY(rq->a, n, int32_t);
    TRY_MEM(rq, v);
    for (size_t i = 0; i < n; i++) {
        int64_t at = (int64_t)px.v[i] - t.first;
        v[i] = t.v[at < 0 ? 0 : at >= t.n ? t.n - 1 : at];
    }
    ret_values->v = v;
    ret_values->slope = 1;
    ret_values->intercept = 0;
    return OK;
}

enum err render_frame(struct req *rq, const struct dicom_file *f, const struct render_ask *ask,
                      struct picture *ret_picture)
{
    struct dicom_image m;
    struct tone tone;
    struct pixels px;

    TRY(decoded(rq, f, ask->frame, ask->helper, &m, &px));
    TRY(tone_of(rq, &m, ask, &tone));
    without_padding(&m, &px);
    return picture_of(rq, &px, &tone, ask->width, ask->height, ret_picture);
}
