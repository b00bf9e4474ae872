/* web/images.c - the images of a case as a list: its studies, and earlier ones of the patient. */
#include "web/images.h"

#include "base/text.h"
#include "care/imaging.h"
#include "care/modality.h"
#include "web/images_int.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { PATH_MAX_BYTES = 700 };

/* Rows of the studies that a search gave: what it gives itself lives for the call. */
struct rows {
    int64_t keys[IMAGES_SHOWN];
    uint32_t n;
};

void images_study_url(struct buf *b, struct str study)
{
    BUF_LIT(b, "/dicom-web/studies/");
    buf_str(b, study);
}

void images_study(struct http_req *h, struct str case_id, const struct dicom_study *s, struct val *m)
{
    struct buf b;
    struct buf thumb;
    buf_init(&b, h->rq.a, PATH_MAX_BYTES);
    buf_str(&b, case_path(h, case_id, "/images/"));
    buf_str(&b, s->uid);
    buf_init(&thumb, h->rq.a, PATH_MAX_BYTES);
    images_study_url(&thumb, s->uid);
    BUF_LIT(&thumb, "/thumbnail");
    val_set_str(m, "href", buf_get(&b));
    val_set_str(m, "uid", s->uid);
    val_set_str(m, "modality", modality_words(&h->rq, s->modalities));
    val_set_str(m, "date", dicom_date_shown(&h->rq, s->date));
    val_set_str(m, "description", s->description);
    val_set_i64(m, "n_series", s->n_series);
    val_set_i64(m, "n_instances", s->n_instances);
    val_set_str(m, "thumb", buf_get(&thumb));
}

static bool has_study(const struct val *list, struct str uid)
{
    for (const struct val_item *i = list != NULL ? val_first(list) : NULL; i != NULL;
         i = val_next(i)) {
        const struct val *have = val_find(val_item_value(i), S("uid"));
        if (have != NULL && str_eq(have->s, uid)) {
            return true;
        }
    }
    return false;
}

static enum err note_row(struct req *rq, const struct dicom_hit *hit, void *ctx)
{
    struct rows *r = ctx;
    (void)rq;
    if (r->n < IMAGES_SHOWN) {
        r->keys[r->n++] = hit->study->key;
    }
    return OK;
}

/* Lists what q finds, at most `most` of it, but not what stands in `but` (NULL: nothing). */
static enum err list_studies(struct http_req *h, struct str case_id, struct dicom_query *q,
                             const struct val *but, uint32_t most, struct val *list, uint32_t *ret_n)
{
    struct rows *r = ARENA_NEW(h->rq.a, struct rows);
    struct dicom_found found;
    uint32_t n = 0;
    TRY_MEM(&h->rq, r);
    q->level = DICOM_STUDY;
    q->limit = IMAGES_SHOWN;
    q->may = imaging_may;
    q->each = note_row;
    q->each_ctx = r;
    TRY(dicom_search(&h->rq, q, &found));
    for (uint32_t i = 0; i < r->n; i++) {
        struct dicom_study s;
        if (but == NULL && n >= most) {
            n++;
            continue;
        }
        TRY(dicom_study_load(&h->rq, r->keys[i], &s));
        if (has_study(but, s.uid) || n++ >= most) {
            continue;
        }
        images_study(h, case_id, &s, val_add_map(list));
    }
    *ret_n = n;
    return OK;
}

enum err images_set_case(struct http_req *h, const struct case_view *v, uint32_t most,
                         struct val *root)
{
    struct dicom_query q = {.case_id = v->row.id};
    uint32_t n = 0;
    TRY(list_studies(h, v->row.id, &q, NULL, most, val_set_list(root, "images"), &n));
    val_set_i64(root, "images_n", n);
    return OK;
}

enum err images_count(struct http_req *h, struct str case_id, uint32_t *ret_n)
{
    struct dicom_query q = {.case_id = case_id};
    return list_studies(h, case_id, &q, NULL, 0, NULL, ret_n);
}

enum err images_set_earlier(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct dicom_query q = {.patient = v->row.patient_rid};
    struct val *list = val_set_list(root, "images_earlier");
    uint32_t n = 0;
    if (v->row.patient_rid == 0) {
        return OK;
    }
    return list_studies(h, v->row.id, &q, val_find(root, S("images")), IMAGES_SHOWN, list, &n);
}

enum err web_images(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct val *root = NULL;
    TRY_MEM(&h->rq, v);
    TRY(consult_view(&h->rq, http_param(h, S("case")), v));
    TRY(case_begin(h, v, T("Images"), &root));
    TRY(images_set_case(h, v, IMAGES_SHOWN, root));
    TRY(images_set_earlier(h, v, root));
    return page_reply(h, root, tpl_images);
}
