/* care/sign_mark.c - measurements and key images in a conclusion: which ones, in words, and the pictures
 * they were made on. Pictures go into the signed bytes themselves, small: the print is drawn from these
 * bytes alone and stays the same when the study has long left. See sign_int.h. */
#include <string.h>

#include "care/mark.h"
#include "care/sign_int.h"
#include "care/consult_int.h"
#include "dicom/render.h"
#include "dicom/study.h"

/* A preview is a draft of at most 1 MiB, in which quotes and base64 take their share. */
enum { PICTURES_MAX = 8, PICTURE_BYTES = 64 << 10, PICTURES_BYTES = 320 << 10 };

/* Side and quality, tried in this order until the picture is small enough. */
static const struct size {
    uint32_t side;
    uint32_t quality;
} sizes[] = {{800, 75}, {640, 70}, {480, 60}, {320, 50}};

/* ---- which ones ---- */

static bool is_chosen(struct req *rq, const struct fields *typed, const struct mark *m)
{
    if (fields_get(typed, S("marks-listed")).n == 0) {
        return str_eq(m->by, rq->who->person);
    }
    for (uint32_t i = 0; fields_at(typed, S("mark"), i).p != NULL; i++) {
        if (str_eq(fields_at(typed, S("mark"), i), m->id)) {
            return true;
        }
    }
    return false;
}

static bool same_image(const struct mark *a, const struct mark *b)
{
    return str_eq(a->sop, b->sop) && a->frame == b->frame;
}

/* ---- the picture ---- */

static enum err render(struct req *rq, const struct mark *m, const struct size *size,
                       struct picture *ret_picture, struct str *ret_jpeg)
{
    struct dicom_instance inst;
    struct dicom_file f;
    struct str bytes;
    const struct render_ask ask = {.frame = m->frame - 1,
                                   .width = size->side,
                                   .height = size->side,
                                   .helper = care_of(rq)->pixels};

    TRY(dicom_instance_find(rq, m->sop, &inst, NULL, NULL));
    TRY(blob_map(rq, care_of(rq)->store, inst.blob.sha, &bytes));
    TRY(dicom_file_open(rq, bytes, NULL, &f));
    TRY(render_frame(rq, &f, &ask, ret_picture));
    return picture_jpeg(rq, ret_picture, size->quality, ret_jpeg);
}

/* room: PICTURE_BYTES that outlive the drawing. What cannot be drawn here has its words alone. */
static enum err draw(struct req *rq, const struct mark *m, char *room, struct sign_mark *s)
{
    for (size_t i = 0; i < LEN(sizes) && s->jpeg.n == 0; i++) {
        struct arena_mark before = arena_mark(rq->a);
        struct picture pic;
        struct str jpeg = {0};
        enum err e = render(rq, m, &sizes[i], &pic, &jpeg);
        if (e == OK && jpeg.n <= PICTURE_BYTES) {
            memcpy(room, jpeg.p, jpeg.n);
            s->jpeg = (struct str){room, jpeg.n};
            s->width = pic.width;
            s->height = pic.height;
        }
        arena_back(rq->a, before);
        if (e == E_IO || e == E_BUSY || e == E_CHECKSUM) {
            return e;
        }
        if (e != OK) {
            err_clear(rq);
            return OK;
        }
    }
    return OK;
}

/* ---- in words ---- */

static struct str words(struct req *rq, const struct sign_doc *d, const struct mark *m)
{
    const struct str parts[] = {mark_value_text(rq, m), m->text, mark_place_text(rq, m)};
    struct buf b;

    buf_init(&b, rq->a, 8192);
    for (size_t i = 0; i < LEN(parts); i++) {
        if (parts[i].n > 0) {
            buf_str(&b, parts[i]);
            buf_char(&b, '\n');
        }
    }
    buf_str(&b, m->by_name);
    BUF_LIT(&b, ", ");
    sign_time_write(&b, m->at, d->offset_min);
    return buf_get(&b);
}

/* Takes the chosen ones, those of one image side by side. */
static uint32_t choose(struct req *rq, const struct fields *typed, const struct mark *all, uint32_t n,
                       const struct mark **ret_chosen)
{
    uint32_t got = 0;

    for (uint32_t i = 0; i < n; i++) {
        bool before = false;
        for (uint32_t k = 0; k < got && !before; k++) {
            before = same_image(ret_chosen[k], &all[i]);
        }
        for (uint32_t k = before ? n : i; k < n; k++) {
            if (same_image(&all[i], &all[k]) && is_chosen(rq, typed, &all[k])) {
                ret_chosen[got++] = &all[k];
            }
        }
    }
    return got;
}

enum err sign_int_mark_fill(struct req *rq, const struct fields *typed, const struct case_row *row,
                            struct sign_doc *d)
{
    const struct mark *all = NULL;
    uint32_t n = 0;
    size_t bytes = 0;
    uint32_t pictures = 0;

    TRY(mark_list(rq, row, (struct str){0}, &all, &n));
    const struct mark **chosen = ARENA_ARRAY(rq->a, n + 1, const struct mark *);
    TRY_MEM(rq, chosen);
    uint32_t got = choose(rq, typed, all, n, chosen);
    struct sign_mark *v = ARENA_ARRAY(rq->a, got + 1, struct sign_mark);
    TRY_MEM(rq, v);
    for (uint32_t i = 0; i < got; i++) {
        v[i] = (struct sign_mark){.body = chosen[i]->body,
                                  .label = tr(rq->lang, mark_tool_title(chosen[i]->tool)),
                                  .text = words(rq, d, chosen[i])};
        bool first = i == 0 || !same_image(chosen[i - 1], chosen[i]);
        if (!first || pictures == PICTURES_MAX || bytes + PICTURE_BYTES > PICTURES_BYTES) {
            continue;
        }
        char *room = arena_alloc_raw(rq->a, PICTURE_BYTES);
        TRY_MEM(rq, room);
        TRY(draw(rq, chosen[i], room, &v[i]));
        bytes += v[i].jpeg.n;
        pictures += v[i].jpeg.n > 0;
    }
    d->marks = v;
    d->n_marks = got;
    return OK;
}

enum err sign_int_marks(struct req *rq, const struct sign_doc *d, struct sign_section *ret_section)
{
    struct sign_line *v = ARENA_ARRAY(rq->a, d->n_marks + 1, struct sign_line);

    TRY_MEM(rq, v);
    for (uint32_t i = 0; i < d->n_marks; i++) {
        v[i] = (struct sign_line){d->marks[i].label, d->marks[i].text};
    }
    *ret_section = (struct sign_section){S("measurements"), tr(d->lang, T("Measurements on images")), v,
                                         d->n_marks};
    return OK;
}
