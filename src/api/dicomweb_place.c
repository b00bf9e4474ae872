/* api/dicomweb_place.c - what an address names: a study, a series, an instance; its files. */
#include "api/dicomweb_int.h"
#include "care/care.h"

static enum err find_place(struct http_req *h, enum audit_action action, struct dw_place *ret_place)
{
    struct req *rq = &h->rq;
    struct dw_place p = {0};
    struct str series = http_param(h, S("series"));
    struct str sop = http_param(h, S("sop"));

    TRY(imaging_open(rq, http_param(h, S("study")), action, &p.study));
    if (series.n > 0) {
        TRY(dicom_series_find(rq, p.study.key, series, &p.series));
    }
    if (sop.n > 0) {
        TRY(dicom_instance_find(rq, sop, &p.instance, NULL, NULL));
        if (p.instance.series != p.series.key) {
            return FAIL(rq, E_NOT_FOUND, "instance");
        }
    }
    *ret_place = p;
    return OK;
}

enum err dw_open(struct http_req *h, enum audit_action action, struct dw_place *ret_place)
{
    struct req *rq = &h->rq;

    TRY(api_may(h, T_IMAGING_STUDY, OP_READ));
    TRY(db_begin(rq));
    enum err e = find_place(h, action, ret_place);
    db_end(rq);
    return e;
}

static struct dw_item item_of(const struct dicom_series *s, const struct dicom_instance *i)
{
    return (struct dw_item){.series = s->uid, .sop = i->uid, .syntax = i->syntax, .blob = i->blob,
                            .frames = i->rows == 0 ? 0 : MAX(i->frames, 1)};
}

struct collect {
    struct dw_items *items;
    const struct dicom_series *series;
    size_t max;
};

static enum err on_instance(struct req *rq, const struct dicom_instance *i, void *ctx)
{
    struct collect *c = ctx;
    if (c->items->n == c->max) {
        return FAIL(rq, E_TOO_LARGE, "instances came meanwhile");
    }
    c->items->v[c->items->n++] = item_of(c->series, i);
    return OK;
}

static enum err on_series(struct req *rq, const struct dicom_series *s, void *ctx)
{
    struct collect *c = ctx;
    struct dicom_series *kept = ARENA_NEW(rq->a, struct dicom_series);
    TRY_MEM(rq, kept);
    *kept = *s;
    c->series = kept;
    return dicom_instance_each(rq, s->key, on_instance, c);
}

enum err dw_items(struct http_req *h, const struct dw_place *place, struct dw_items *ret_items)
{
    struct req *rq = &h->rq;
    struct collect c = {.items = ret_items, .series = &place->series};

    *ret_items = (struct dw_items){0};
    c.max = place->instance.key != 0 ? 1
            : place->series.key != 0 ? place->series.n_instances
                                     : place->study.n_instances;
    ret_items->v = ARENA_ARRAY(rq->a, c.max + 1, struct dw_item);
    TRY_MEM(rq, ret_items->v);
    if (place->instance.key != 0) {
        ret_items->v[ret_items->n++] = item_of(&place->series, &place->instance);
        return OK;
    }
    if (place->series.key != 0) {
        return dicom_instance_each(rq, place->series.key, on_instance, &c);
    }
    return dicom_series_each(rq, place->study.key, on_series, &c);
}

enum err dw_middle(struct http_req *h, const struct dw_place *place, struct dw_item *ret_item)
{
    struct dw_items items;
    size_t from = 0;
    size_t n = 0;

    TRY(dw_items(h, place, &items));
    while (from < items.n && items.v[from].frames == 0) {
        from++;
    }
    while (from + n < items.n && str_eq(items.v[from + n].series, items.v[from].series)) {
        n++;
    }
    if (n == 0) {
        return FAIL(&h->rq, E_NOT_FOUND, "image");
    }
    *ret_item = items.v[from + n / 2];
    return OK;
}

enum err dw_file(struct http_req *h, const struct dw_item *item, struct dicom_file *ret_file)
{
    struct str bytes;
    TRY(blob_map(&h->rq, care_of(&h->rq)->store, item->blob.sha, &bytes));
    return dicom_file_open(&h->rq, bytes, NULL, ret_file);
}

void dw_url(struct http_req *h, struct buf *b, struct str study, struct str series, struct str sop)
{
    buf_str(b, http_public_url(h));
    BUF_LIT(b, "/dicom-web/studies/");
    buf_str(b, study);
    if (series.n > 0) {
        BUF_LIT(b, "/series/");
        buf_str(b, series);
    }
    if (sop.n > 0) {
        BUF_LIT(b, "/instances/");
        buf_str(b, sop);
    }
}
