/* care/pdf_mark.c - marks on their picture as the print draws them. See pdf_mark.h. */
#include "care/pdf_mark.h"

#include "care/mark_int.h"
#include "codec/b64.h"

/* "Type/id" among the entries; absent when it is not there. */
static struct jv entry(struct req *rq, struct jv bundle, struct str type, struct str id)
{
    struct jv entries = json_get(bundle, S("entry"));

    for (struct jv v = json_first(entries); json_has(v); v = json_next(v)) {
        struct jv r = json_get(v, S("resource"));
        if (json_is(json_get(r, S("resourceType")), type)
            && str_eq(str_or_empty(json_str(rq->a, json_get(r, S("id")))), id)) {
            return r;
        }
    }
    return (struct jv){0};
}

static bool mark_at(struct req *rq, struct jv bundle, struct jv section, uint32_t i, struct mark *ret_mark)
{
    struct str id = ref_get(rq, json_at(json_get(section, S("entry")), i), T_OBSERVATION);

    return id.n > 0 && mark_get(rq, entry(rq, bundle, S("Observation"), id), ret_mark);
}

static bool same_image(const struct mark *a, const struct mark *b)
{
    return str_eq(a->sop, b->sop) && a->frame == b->frame;
}

static double coordinate(struct str number, uint32_t of)
{
    struct decimal d;

    return of > 0 && decimal_parse(number, &d) ? (double)(decimal_to_float(&d) / of) : 0;
}

/* From image points to parts of the picture's sides. */
static enum err add_shape(struct req *rq, const struct mark *m, struct pdf_picture *p)
{
    static const enum pdf_shape_kind kinds[MARK_TOOLS] = {
        [MARK_LENGTH] = PDF_PATH, [MARK_ANGLE] = PDF_PATH, [MARK_COBB] = PDF_PAIRS,
        [MARK_ELLIPSE] = PDF_ROUND};

    if (m->tool == MARK_KEY || p->n_shapes == PDF_SHAPES_MAX || m->n_points > LEN(p->shapes[0].x)) {
        return OK;
    }
    struct pdf_shape *s = &p->shapes[p->n_shapes++];
    *s = (struct pdf_shape){.kind = kinds[m->tool], .n = m->n_points};
    for (uint32_t i = 0; i < m->n_points; i++) {
        s->x[i] = coordinate(m->points[i].x, m->columns);
        s->y[i] = coordinate(m->points[i].y, m->rows);
    }
    s->label = m->tool == MARK_ELLIPSE ? S("") : mark_value_text(rq, m);
    return OK;
}

enum err pdf_mark_picture(struct req *rq, struct jv bundle, struct jv section, uint32_t i,
                          struct pdf_picture *ret_picture)
{
    struct pdf_picture p = {0};
    struct jv media = {0};
    struct mark last;
    struct mark m;
    int64_t width = 0;
    int64_t height = 0;

    *ret_picture = p;
    if (!mark_at(rq, bundle, section, i, &last)
        || (mark_at(rq, bundle, section, i + 1, &m) && same_image(&last, &m))) {
        return OK;
    }
    for (uint32_t k = i + 1; k-- > 0 && mark_at(rq, bundle, section, k, &m) && same_image(&last, &m);) {
        struct jv here = entry(rq, bundle, S("Media"), m.id);
        media = json_has(here) ? here : media;
        TRY(add_shape(rq, &m, &p));
    }
    struct str data = str_or_empty(json_str(rq->a, json_path(media, S("content.data"))));
    if (data.n == 0 || !json_i64(json_get(media, S("width")), &width)
        || !json_i64(json_get(media, S("height")), &height) || width < 1 || height < 1 || width > 4096
        || height > 4096) {
        return OK;
    }
    p.jpeg = b64_decoded(rq->a, data, B64_STD);
    p.width = (int)width;
    p.height = (int)height;
    *ret_picture = p;
    return OK;
}
