/* care/consult_file.c - files of a case: from finished uploads to DocumentReferences, and back. */
#include <string.h>

#include "care/imaging_int.h"

enum { UPLOAD_RECEIVING = 0, UPLOAD_COMPLETE = 1, WAITING_MAX = 200, OWN_MAX = 50 };

#define EXT_DICOM S(CARE_URL "/StructureDefinition/dicom")
#define EXT_MISMATCH S(CARE_URL "/StructureDefinition/dicom-other-patient")

/* The facts by name, for both directions. */
static const struct {
    struct str name;
    size_t at;
} facts[] = {
    {SI("patientName"), offsetof(struct dicom_facts, patient_name)},
    {SI("patientId"), offsetof(struct dicom_facts, patient_id)},
    {SI("birthDate"), offsetof(struct dicom_facts, birth_date)},
    {SI("sex"), offsetof(struct dicom_facts, sex)},
    {SI("modality"), offsetof(struct dicom_facts, modality)},
    {SI("studyDate"), offsetof(struct dicom_facts, study_date)},
    {SI("description"), offsetof(struct dicom_facts, description)},
    {SI("studyUid"), offsetof(struct dicom_facts, study_uid)},
    {SI("seriesUid"), offsetof(struct dicom_facts, series_uid)},
    {SI("sopUid"), offsetof(struct dicom_facts, sop_uid)},
};

static struct str *fact(struct dicom_facts *f, size_t i)
{
    return (struct str *)(void *)((char *)f + facts[i].at);
}

bool dicom_facts_read(struct req *rq, struct str meta, struct dicom_facts *ret_facts)
{
    struct json_doc doc;

    if (meta.n == 0 || json_parse(rq, meta, NULL, &doc) != OK) {
        err_clear(rq);
        return false;
    }
    struct jv d = json_get(json_root(&doc), S("dicom"));
    if (!json_has(d)) {
        return false;
    }
    for (size_t i = 0; i < LEN(facts); i++) {
        *fact(ret_facts, i) = json_str(rq->a, json_get(d, facts[i].name));
    }
    return true;
}

static void write_ext(struct json_out *o, const struct case_file *f, struct str sha_hex)
{
    json_k(o, S("extension"));
    json_arr(o);
    json_obj(o);
    json_ks(o, S("url"), EXT_SHA);
    json_ks(o, S("valueString"), sha_hex);
    json_obj_end(o);
    if (f->is_dicom) {
        struct dicom_facts d = f->dicom;
        json_obj(o);
        json_k(o, S("extension"));
        json_arr(o);
        for (size_t i = 0; i < LEN(facts); i++) {
            if (fact(&d, i)->n > 0) {
                json_obj(o);
                json_ks(o, S("url"), facts[i].name);
                json_ks(o, S("valueString"), *fact(&d, i));
                json_obj_end(o);
            }
        }
        json_obj(o);
        json_ks(o, S("url"), S("is"));
        json_kb(o, S("valueBoolean"), true);
        json_obj_end(o);
        json_arr_end(o);
        json_ks(o, S("url"), EXT_DICOM);
        json_obj_end(o);
    }
    if (f->mismatch) {
        json_obj(o);
        json_ks(o, S("url"), EXT_MISMATCH);
        json_kb(o, S("valueBoolean"), true);
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* Where it comes from: the meeting, the case. */
static void put_context(struct json_out *o, const struct case_row *row, const struct case_file *f)
{
    if (row->id.n == 0 && f->encounter.n == 0) {
        return;
    }
    json_k(o, S("context"));
    json_obj(o);
    if (f->encounter.n > 0) {
        json_k(o, S("encounter"));
        json_arr(o);
        put_ref_item(o, T_ENCOUNTER, f->encounter);
        json_arr_end(o);
    }
    if (row->id.n > 0) {
        json_k(o, S("related"));
        json_arr(o);
        put_ref_item(o, T_SERVICE_REQUEST, row->id);
        json_arr_end(o);
    }
    json_obj_end(o);
}

enum err consult_file_add(struct req *rq, struct tx *tx, const struct case_row *row,
                          const struct patient *patient, const struct case_file *file,
                          struct str *ret_id)
{
    struct case_file f = *file;
    struct buf hex;
    struct buf url;
    struct put p;

    f.mismatch = f.is_dicom && dicom_is_other_patient(rq, &f.dicom, patient);
    buf_init(&hex, rq->a, 80);
    buf_hex(&hex, f.sha, sizeof f.sha);
    put_begin(&p, rq, tx, T_DOCUMENT_REFERENCE, (struct str){0}, 32 << 10);
    p.case_id = row->id;
    p.patient = row->patient;
    write_ext(&p.o, &f, buf_get(&hex));
    json_ks(&p.o, S("status"), S("current"));
    put_ref(&p.o, S("subject"), T_PATIENT, row->patient);
    put_instant(&p.o, S("date"), rq->now);
    json_k(&p.o, S("author"));
    json_arr(&p.o);
    if (f.author.n > 0) {
        put_ref_item_shown(&p.o, T_PRACTITIONER, f.author, f.author_name);
    } else {
        put_actor_item(&p.o, rq->who);
    }
    json_arr_end(&p.o);
    if (f.kind.n > 0) {
        put_concept(&p.o, S("type"), S(CARE_URL "/CodeSystem/document-kind"), f.kind, S(""), S(""));
    }
    json_ks(&p.o, S("description"), f.title);
    json_k(&p.o, S("content"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_k(&p.o, S("attachment"));
    json_obj(&p.o);
    json_ks(&p.o, S("contentType"), f.type);
    buf_init(&url, rq->a, 80);
    BUF_LIT(&url, "/files/");
    buf_str(&url, p.id);
    json_ks(&p.o, S("url"), buf_get(&url));
    json_ki(&p.o, S("size"), (int64_t)f.size);
    json_ks(&p.o, S("title"), f.title);
    json_obj_end(&p.o);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    struct audit_rec rec = {.action = AUDIT_UPLOAD, .why = WHY_OWN, .type = T_DOCUMENT_REFERENCE,
                            .id = p.id, .patient_type = T_PATIENT, .patient_id = row->patient};
    if (row->id.n > 0) {
        rec.case_type = T_SERVICE_REQUEST;
        rec.case_id = row->id;
    }
    put_context(&p.o, row, &f);
    TRY(put_end(&p));
    *ret_id = p.id;
    return audit_add(rq, &rec);
}

/* The waiting uploads of a key: Q_UPLOADS_OF_CASE's columns. */
struct waiting {
    struct str id;
    struct case_file file;
};

static enum err list_waiting(struct req *rq, struct str key, struct waiting *ret_all, uint32_t cap,
                             uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_UPLOADS_OF_CASE, sql_text(key)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        int64_t state = db_i64(&q, 7);
        bool own = str_eq(db_peek(&q, 1), rq->who->person);
        if (own && state == UPLOAD_RECEIVING) {
            return FAIL(rq, E_CONFLICT, "upload");
        }
        struct str sha = db_peek(&q, 9);
        if (own && state == UPLOAD_COMPLETE && sha.n == 32 && n < cap) {
            struct waiting *w = &ret_all[n++];
            *w = (struct waiting){.id = db_text(rq->a, &q, 0)};
            w->file.title = db_text(rq->a, &q, 3);
            w->file.type = db_text(rq->a, &q, 4);
            w->file.size = db_u64(&q, 5);
            for (size_t i = 0; i < 32; i++) {
                w->file.sha[i] = (uint8_t)sha.p[i];
            }
            w->file.is_dicom = dicom_facts_read(rq, db_text(rq->a, &q, 12), &w->file.dicom);
        }
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

/* A waiting upload was used; its blob has another use by now. */
static enum err used(struct req *rq, struct tx *tx, const struct waiting *w, const struct case_row *row,
                     bool has_blob)
{
    TRY(TX_SQL(tx, W_UPLOAD_CASE, 0, sql_text(w->id), sql_text(rq->who->person), sql_text(row->id)));
    TRY(TX_SQL(tx, W_UPLOAD_USED, TX_MUST_CHANGE, sql_text(w->id)));
    return has_blob ? TX_SQL(tx, W_BLOB_DROP, 0,
                             sql_blob((struct str){(const char *)w->file.sha, sizeof w->file.sha}))
                    : OK;
}

enum err consult_files_own(struct req *rq, struct tx *tx, const struct case_row *row,
                           const struct patient *patient, uint32_t *ret_n)
{
    struct waiting *all = ARENA_ARRAY(rq->a, OWN_MAX, struct waiting);
    struct case_row into = *row;
    struct str id;
    uint32_t n = 0;

    TRY_MEM(rq, all);
    TRY(list_waiting(rq, patient->id, all, OWN_MAX, &n));
    into.patient = patient->id;
    for (uint32_t i = 0; i < n; i++) {
        struct case_row key = {.id = row->id.n > 0 ? row->id : patient->id};
        TRY(consult_file_add(rq, tx, &into, patient, &all[i].file, &id));
        TRY(used(rq, tx, &all[i], &key, false));
    }
    *ret_n = n;
    return OK;
}

struct taking {
    struct req *rq;
    struct tx *tx;
    const struct case_row *row;
    const struct patient *patient;
    struct waiting *all;
    uint32_t n;
    struct image_item *items; /* of the medical images that can be read */
    const struct waiting **of; /* their uploads */
    uint32_t n_items;
};

/* What cannot be read stays a file: somebody's viewer may know more. */
static enum err read_images(struct taking *t)
{
    struct req *rq = t->rq;
    struct image_from *from = ARENA_NEW(rq->a, struct image_from);
    struct image_in *in = ARENA_ARRAY(rq->a, t->n + 1, struct image_in);
    struct image_out *out = ARENA_ARRAY(rq->a, t->n + 1, struct image_out);
    struct buf source;

    TRY_MEM(rq, from);
    TRY_MEM(rq, in);
    TRY_MEM(rq, out);
    buf_init(&source, rq->a, 200);
    BUF_LIT(&source, "upload:");
    buf_str(&source, rq->who->person);
    *from = (struct image_from){.source = buf_get(&source), .key = t->row->id};
    for (uint32_t i = 0; i < t->n; i++) {
        struct case_file *f = &t->all[i].file;
        if (!f->is_dicom) {
            continue;
        }
        struct image_item *item = &t->items[t->n_items];
        in[i] = (struct image_in){.blob.size = f->size, .title = f->title};
        memcpy(in[i].blob.sha, f->sha, sizeof f->sha);
        *item = (struct image_item){.in = &in[i], .from = from, .out = &out[i]};
        TRY(image_read(rq, item));
        if (!item->broken) {
            t->of[t->n_items++] = &t->all[i];
            f->study = item->study.uid;
        }
    }
    return OK;
}

static enum err take_images(struct taking *t, bool submit, struct case_ref *ret_refs, uint32_t cap,
                            uint32_t *n)
{
    struct req *rq = t->rq;
    struct image_filed filed = {
        .imaging = ARENA_ARRAY(rq->a, IMAGES_AT_ONCE + IMAGES_ADOPTED_MAX, struct str)};

    TRY_MEM(rq, filed.imaging);
    TRY(image_file(rq, t->tx, t->items, t->n_items, t->row, t->patient, submit, &filed));
    for (uint32_t i = 0; i < t->n_items; i++) {
        TRY(used(rq, t->tx, t->of[i], t->row, true));
    }
    for (uint32_t i = 0; i < filed.n && *n < cap; i++) {
        ret_refs[(*n)++] = (struct case_ref){T_IMAGING_STUDY, filed.imaging[i]};
    }
    return OK;
}

enum err consult_take(struct req *rq, struct tx *tx, const struct case_row *row,
                      const struct patient *patient, struct str key, bool submit,
                      struct case_ref *ret_refs, uint32_t cap, uint32_t *ret_n)
{
    struct taking t = {.rq = rq, .tx = tx, .row = row, .patient = patient};
    uint32_t n = 0;

    t.all = ARENA_ARRAY(rq->a, WAITING_MAX, struct waiting);
    t.items = ARENA_ARRAY(rq->a, WAITING_MAX, struct image_item);
    t.of = ARENA_ARRAY(rq->a, WAITING_MAX, const struct waiting *);
    TRY_MEM(rq, t.all);
    TRY_MEM(rq, t.items);
    TRY_MEM(rq, t.of);
    TRY(list_waiting(rq, key, t.all, WAITING_MAX, &t.n));
    TRY(read_images(&t));
    for (uint32_t i = 0; i < t.n && n < cap; i++) {
        if (t.all[i].file.study.n == 0) {
            ret_refs[n].type = T_DOCUMENT_REFERENCE;
            TRY(consult_file_add(rq, tx, row, patient, &t.all[i].file, &ret_refs[n].id));
            TRY(used(rq, tx, &t.all[i], row, false));
            n++;
        }
    }
    TRY(take_images(&t, submit, ret_refs, cap, &n));
    TRY(consult_filed_take(rq, tx, key, ret_refs, cap, &n));
    *ret_n = n;
    return OK;
}

enum err consult_files_take(struct req *rq, struct tx *tx, const struct case_row *row,
                            const struct patient *patient, uint32_t *ret_n)
{
    struct case_ref *refs = ARENA_ARRAY(rq->a, WAITING_MAX, struct case_ref);

    TRY_MEM(rq, refs);
    return consult_take(rq, tx, row, patient, row->id, true, refs, WAITING_MAX, ret_n);
}

static void read_file(struct req *rq, struct jv v, struct case_file *ret_file)
{
    struct arena *a = rq->a;
    struct jv att = json_path(v, S("content.0.attachment"));
    struct case_file f = {
        .id = json_str(a, json_get(v, S("id"))),
        .title = json_str(a, json_get(att, S("title"))),
        .type = json_str(a, json_get(att, S("contentType"))),
        .author = ref_get(rq, json_path(v, S("author.0")), T_PRACTITIONER),
    };
    int64_t size = 0;

    (void)!json_i64(json_get(att, S("size")), &size);
    f.size = (uint64_t)size;
    (void)!instant_parse(json_str(a, json_get(v, S("date"))), &f.at);
    for (struct jv e = json_first(json_get(v, S("extension"))); json_has(e); e = json_next(e)) {
        struct jv url = json_get(e, S("url"));
        if (json_is(url, EXT_SHA)) {
            (void)!str_unhex(json_str(a, json_get(e, S("valueString"))), f.sha, sizeof f.sha);
        } else if (json_is(url, EXT_GONE)) {
            consult_gone_read(rq, e, &f);
        } else if (json_is(url, EXT_MISMATCH)) {
            f.mismatch = true;
        } else if (json_is(url, EXT_DICOM)) {
            f.is_dicom = true;
            for (struct jv d = json_first(json_get(e, S("extension"))); json_has(d);
                 d = json_next(d)) {
                for (size_t i = 0; i < LEN(facts); i++) {
                    if (json_is(json_get(d, S("url")), facts[i].name)) {
                        *fact(&f.dicom, i) = json_str(a, json_get(d, S("valueString")));
                    }
                }
            }
        }
    }
    *ret_file = f;
}

enum err consult_files(struct req *rq, int64_t case_rid, uint32_t from, struct case_file *ret_files,
                       uint32_t n, uint32_t *ret_n, uint32_t *ret_total)
{
    CLEANUP(list_close) struct list *l = NULL;
    const struct directory *dir = NULL;
    uint32_t got = 0;
    uint32_t total = 0;
    uint32_t studies = 0;
    struct hit hit;
    struct res_row of;

    TRY(directory_get(rq, &dir));
    TRY(db_head_rid(rq, case_rid, &of));
    TRY(consult_asides(rq, of.id, from, ret_files, n, &got, &total));
    TRY(list_owner(rq, case_rid, T_DOCUMENT_REFERENCE, LIST_NEWEST, &l));
    while (list_next(l, &hit)) {
        struct res_row row;
        struct jv root;
        if (total++ < from || got == n) {
            continue;
        }
        TRY(res_load(rq, hit.rid, &row, &root));
        read_file(rq, root, &ret_files[got]);
        ret_files[got].author_name = dir_person_name(dir, ret_files[got].author);
        got++;
    }
    TRY(list_err(rq, l));
    TRY(consult_studies(rq, of.id, from > total ? from - total : 0, ret_files, n, &got, &studies));
    *ret_n = got;
    *ret_total = total + studies;
    return OK;
}

enum err consult_file_get(struct req *rq, struct str id, enum audit_action action,
                          struct case_row *ret_row, struct case_file *ret_file)
{
    struct res_row row;
    struct res_row anchor;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    enum err e = db_read(rq, T_DOCUMENT_REFERENCE, id, &row);

    TRY_MEM(rq, doc);
    if (e == E_NOT_FOUND || e == E_GONE || (e == OK && row.anchor <= 0)) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "file");
    }
    TRY(e);
    TRY(db_head_rid(rq, row.anchor, &anchor));
    if (anchor.type == T_PATIENT) {
        *ret_row = (struct case_row){.patient_rid = anchor.rid, .patient = anchor.id};
        TRY(access_patient(rq, anchor.id, action, &anchor));
    } else if (anchor.type == T_SERVICE_REQUEST) {
        TRY(access_case(rq, anchor.id, action, ret_row));
    } else {
        return FAIL(rq, E_NOT_FOUND, "file");
    }
    TRY(json_parse(rq, row.body, NULL, doc));
    read_file(rq, json_root(doc), ret_file);
    return ret_file->gone.ms == 0 ? OK : FAIL(rq, E_GONE, "its term of storage is over");
}
