/* care/consult_study.c - studies of images among the files of a case. */
#include <string.h>

#include "care/imaging_int.h"
#include "care/modality.h"
#include "care/sign_doc.h"
#include "codec/dicom.h"

enum { STUDIES_MAX = 500, ASIDES_MAX = 200 };

struct listing {
    struct case_file *files;
    uint32_t skip, cap;
    uint32_t *n;
    uint32_t total;
    struct str case_id;
};

static void add(struct listing *l, const struct case_file *f)
{
    l->total++;
    if (l->skip > 0) {
        l->skip--;
    } else if (*l->n < l->cap) {
        l->files[(*l->n)++] = *f;
    }
}

/* As papers have it. */
static struct str date_text(struct req *rq, struct str dicom)
{
    struct civil c;
    struct buf b;

    if (!date_parse(dicom_date_shown(rq, dicom), &c)) {
        return S("");
    }
    buf_init(&b, rq->a, 16);
    sign_date_write(&b, &c);
    return buf_get(&b);
}

/* "CT, report · 01.05.2024 · Head" */
static struct str study_title(struct req *rq, const struct dicom_study *s)
{
    const struct str parts[] = {modality_words(rq, s->modalities), date_text(rq, s->date),
                                str_trim(s->description)};
    struct buf b;

    buf_init(&b, rq->a, 4096);
    for (size_t i = 0; i < LEN(parts); i++) {
        if (parts[i].n > 0) {
            if (b.n > 0) {
                BUF_LIT(&b, " · ");
            }
            buf_str(&b, parts[i]);
        }
    }
    return buf_get(&b).n > 0 ? buf_get(&b) : s->uid;
}

static enum err add_study(struct req *rq, int64_t key, struct listing *l)
{
    struct dicom_study s;
    struct dicom_place place;
    struct buf name;

    TRY(dicom_study_load(rq, key, &s));
    TRY(dicom_place_find(rq, key, l->case_id, &place));
    buf_init(&name, rq->a, 1024);
    dicom_name(&name, s.name);
    add(l, &(struct case_file){
               .id = place.imaging_id,
               .title = study_title(rq, &s),
               .type = S("application/dicom"),
               .size = s.bytes,
               .at = {s.created_ms},
               .is_dicom = true,
               .dicom = {.patient_name = buf_get(&name), .patient_id = s.patient_id, .sex = s.sex,
                         .birth_date = dicom_date_shown(rq, s.birth), .modality = s.modalities,
                         .study_date = dicom_date_shown(rq, s.date), .description = s.description,
                         .study_uid = s.uid},
               .study = s.uid,
               .n_images = s.n_instances});
    return OK;
}

struct keys {
    int64_t v[STUDIES_MAX];
    uint32_t n;
};

static enum err keep_key(struct req *rq, const struct dicom_hit *hit, void *ctx)
{
    struct keys *k = ctx;

    (void)rq;
    k->v[k->n++] = hit->study->key;
    return OK;
}

/* The file's name, or who is named in it; a device gives no name, and where a broken one ends is none. */
static struct str aside_title(struct req *rq, const struct dicom_aside *a)
{
    struct buf name;

    if (a->title.n > 0 && str_starts(a->source, S("upload:"))) {
        return a->title;
    }
    buf_init(&name, rq->a, 1024);
    dicom_name(&name, a->name);
    return buf_get(&name).n > 0 ? buf_get(&name) : a->instance;
}

static enum err add_asides(struct req *rq, struct listing *l)
{
    struct dicom_aside *v = ARENA_ARRAY(rq->a, ASIDES_MAX, struct dicom_aside);
    uint32_t n = 0;

    TRY_MEM(rq, v);
    TRY(dicom_asides_of_case(rq, l->case_id, ASIDES_MAX, v, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct case_file f = {.id = v[i].id,
                              .title = aside_title(rq, &v[i]),
                              .type = S("application/dicom"),
                              .size = v[i].blob.size,
                              .at = v[i].at,
                              .is_dicom = true,
                              .mismatch = v[i].reason == DICOM_ASIDE_PATIENT,
                              .aside = dicom_aside_text(v[i].reason)};
        memcpy(f.sha, v[i].blob.sha, sizeof f.sha);
        add(l, &f);
    }
    return OK;
}

enum err consult_asides(struct req *rq, struct str case_id, uint32_t skip, struct case_file *ret_files,
                        uint32_t cap, uint32_t *n, uint32_t *ret_total)
{
    struct listing l = {.files = ret_files, .skip = skip, .cap = cap, .n = n, .case_id = case_id};

    TRY(add_asides(rq, &l));
    *ret_total = l.total;
    return OK;
}

enum err consult_studies(struct req *rq, struct str case_id, uint32_t skip, struct case_file *ret_files,
                         uint32_t cap, uint32_t *n, uint32_t *ret_total)
{
    struct listing l = {.files = ret_files, .skip = skip, .cap = cap, .n = n, .case_id = case_id};
    struct keys *k = ARENA_NEW(rq->a, struct keys);
    struct dicom_found found;
    const struct dicom_query q = {.level = DICOM_STUDY, .case_id = case_id, .limit = STUDIES_MAX,
                                  .each = keep_key, .each_ctx = k};

    TRY_MEM(rq, k);
    TRY(dicom_search(rq, &q, &found));
    for (uint32_t i = 0; i < k->n; i++) {
        TRY(add_study(rq, k->v[i], &l));
    }
    *ret_total = l.total;
    return OK;
}

enum err consult_filed_take(struct req *rq, struct tx *tx, struct str key, struct case_ref *ret_refs,
                            uint32_t cap, uint32_t *n)
{
    CLEANUP(db_rows_done) struct db_rows r = {0};
    struct keys *k = ARENA_NEW(rq->a, struct keys);
    struct dicom_found found;
    const struct dicom_query q = {.level = DICOM_STUDY, .case_id = key, .limit = STUDIES_MAX,
                                  .each = keep_key, .each_ctx = k};

    TRY_MEM(rq, k);
    TRY(DB_ONE(rq, &r, Q_UPLOADS_FILED, sql_text(key), sql_text(rq->who->person)));
    if (db_i64(&r, 0) == 0) {
        return OK;
    }
    int64_t since_ms = db_i64(&r, 1);
    TRY(dicom_search(rq, &q, &found));
    for (uint32_t i = 0; i < k->n && *n < cap; i++) {
        struct dicom_study s;
        struct dicom_place place;
        bool has = false;
        TRY(dicom_study_load(rq, k->v[i], &s));
        TRY(dicom_place_find(rq, k->v[i], key, &place));
        for (uint32_t j = 0; j < *n; j++) {
            has = has || str_eq(ret_refs[j].id, place.imaging_id);
        }
        if (!has && s.changed_ms >= since_ms && place.imaging_id.n > 0) {
            ret_refs[(*n)++] = (struct case_ref){T_IMAGING_STUDY, place.imaging_id};
        }
    }
    return TX_SQL(tx, W_UPLOADS_FILED_END, 0, sql_text(key), sql_text(rq->who->person));
}

static enum err hash_instance(struct req *rq, const struct dicom_hit *hit, void *ctx)
{
    (void)rq;
    sha_add(ctx, hit->instance->blob.sha, sizeof hit->instance->blob.sha);
    return OK;
}

enum err consult_study_hash(struct req *rq, struct str study_uid, uint8_t ret_sha[32])
{
    struct sha sha;
    const struct dicom_asked asked = {0x0020000d, study_uid};
    const struct dicom_query q = {.level = DICOM_INSTANCE, .asked = &asked, .n_asked = 1,
                                  .limit = UINT32_MAX, .each = hash_instance, .each_ctx = &sha};
    struct dicom_found found;

    sha_init(&sha);
    TRY(dicom_search(rq, &q, &found));
    sha_done(&sha, ret_sha);
    return OK;
}
