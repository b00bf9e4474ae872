/* care/imaging_read.c - what a stored file says: the facts of its study, series and instance. */
#include <string.h>

#include "care/imaging_int.h"
#include "codec/dicom_file.h"

enum {
    INFLATED_MAX = 256 << 20,
    INFLATED_FREE = 8 << 20, /* of any number of files at once; larger ones wait for each other */
    ROOM = 32 << 20,         /* for what a file takes beside its unpacked data set */
};

#define SEQUENCE_REQUEST DICOM_TAG(0x0040, 0x0275)

/* Fields of the top level that the head does not give. */
/* clang-format off */
static const struct more {
    uint32_t tag;
    size_t at;      /* of a struct str in struct image_item */
} fields[] = {
    {DICOM_TAG(0x0008, 0x0030), offsetof(struct image_item, study.time)},
    {DICOM_TAG(0x0008, 0x0090), offsetof(struct image_item, study.referring)},
    {DICOM_TAG(0x0020, 0x0010), offsetof(struct image_item, study.study_id)},
    {DICOM_TAG(0x0040, 0x0244), offsetof(struct image_item, series.pps_date)},
    {DICOM_TAG(0x0040, 0x0245), offsetof(struct image_item, series.pps_time)},
    {DICOM_TAG(0x0040, 0x0009), offsetof(struct image_item, series.step_id)},
    {DICOM_TAG(0x0040, 0x1001), offsetof(struct image_item, series.procedure_id)},
};
/* clang-format on */

/* "2024-05-01" as DICOM writes it. */
static struct str plain_date(struct req *rq, struct str date)
{
    struct buf b;

    buf_init(&b, rq->a, 16);
    for (size_t i = 0; i < date.n; i++) {
        if (date.p[i] != '-') {
            buf_char(&b, date.p[i]);
        }
    }
    return buf_get(&b);
}

/* Those fields, and the ids of the first requested procedure. */
static enum err read_more(struct req *rq, const struct dicom_file *f, struct image_item *item)
{
    struct dicom_walk w;
    struct dicom_elem e;
    bool has = true;

    TRY(dicom_walk_begin(rq, f, &w));
    for (;;) {
        TRY(dicom_walk_next(&w, &e, &has));
        if (!has || (e.depth == 0 && e.tag > SEQUENCE_REQUEST && e.kind != DICOM_SEQUENCE_END)) {
            return OK;
        }
        if (e.kind == DICOM_SEQUENCE && e.tag != SEQUENCE_REQUEST) {
            TRY(dicom_walk_skip(&w));
            continue;
        }
        bool here = e.depth == 0 || (e.depth == 1 && e.item == 0);
        for (size_t i = 0; e.kind == DICOM_VALUE && here && i < LEN(fields); i++) {
            struct str *to = (struct str *)(void *)((char *)item + fields[i].at);
            if (fields[i].tag == e.tag && to->n == 0) {
                *to = dicom_elem_text(rq, &e, 0);
            }
        }
        if (e.kind == DICOM_VALUE && e.depth == 0 && e.tag == DICOM_TAG(0x0028, 0x0100)) {
            (void)!dicom_elem_u32(&e, 0, &item->inst.bits);
        }
    }
}

/* Texts live as long as the request, not the mapping of the file. */
static enum err own(struct req *rq, struct str *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *texts[i] = arena_str(rq->a, str_or_empty(*texts[i]));
        TRY_MEM(rq, texts[i]->p);
    }
    return OK;
}

static enum err take_head(struct req *rq, struct req *keep, const struct dicom_head *d,
                          struct image_item *item)
{
    struct dicom_study *s = &item->study;
    struct dicom_series *r = &item->series;
    struct dicom_instance *i = &item->inst;

    s->uid = d->study;
    s->patient_id = d->patient_id;
    s->name = d->patient_name;
    s->birth = plain_date(rq, d->patient_birth);
    s->sex = d->patient_sex;
    s->date = plain_date(rq, d->study_date);
    s->accession = d->accession;
    s->description = d->study_text;
    s->source = item->from->source;
    s->org = image_org(rq, item->from);
    s->fold = dicom_name_fold(rq, d->patient_name);
    r->uid = d->series;
    r->modality = d->modality;
    r->number = d->series_number > 0 ? (int64_t)d->series_number : DICOM_NO_NUMBER;
    r->description = d->series_text;
    r->body_part = d->body_part;
    i->uid = d->sop_instance;
    i->sop_class = d->sop_class;
    i->syntax = d->transfer_syntax;
    i->number = d->instance_number > 0 ? (int64_t)d->instance_number : DICOM_NO_NUMBER;
    i->rows = d->rows;
    i->columns = d->columns;
    i->frames = d->frames;
    i->blob = item->in->blob;
    i->title = item->in->title;
    struct str *const texts[] = {
        &s->uid, &s->patient_id, &s->name, &s->birth, &s->sex, &s->date, &s->time, &s->accession,
        &s->study_id, &s->referring, &s->description, &s->fold, &r->uid, &r->modality, &r->description,
        &r->body_part, &r->pps_date, &r->pps_time, &r->step_id, &r->procedure_id, &i->uid,
        &i->sop_class, &i->syntax,
    };
    TRY(own(keep, texts, LEN(texts)));
    item->facts = (struct dicom_facts){
        .patient_name = s->name, .patient_id = s->patient_id,
        .birth_date = arena_str(keep->a, str_or_empty(d->patient_birth)), .sex = s->sex};
    return OK;
}

static void uid_out(char out[DICOM_UID_MAX + 1], struct str uid)
{
    size_t n = dicom_uid_is(uid) ? uid.n : 0;

    memcpy(out, n > 0 ? uid.p : "", n);
    out[n] = 0;
}

static void is_broken(struct image_item *item, const char *where)
{
    size_t n = MIN(strlen(where), sizeof item->out->where - 1);

    item->broken = true;
    memcpy(item->out->where, where, n);
    item->out->where[n] = 0;
}

static enum err read_mapped(struct req *rq, struct req *keep, size_t inflated, struct image_item *item)
{
    struct dicom_file f;
    struct dicom_head head;
    struct str bytes;
    const struct dicom_limits limits = {.depth = dicom_default_limits.depth,
                                        .elements = dicom_default_limits.elements,
                                        .inflated = inflated};
    static const char *const missing[] = {"no SOP Class UID", "no SOP Instance UID",
                                          "no Study Instance UID", "no Series Instance UID"};

    TRY(blob_map(rq, care_of(rq)->store, item->in->blob.sha, &bytes));
    TRY(dicom_file_open(rq, bytes, &limits, &f));
    TRY(dicom_file_head(rq, &f, &head));
    TRY(read_more(rq, &f, item));
    TRY(take_head(rq, keep, &head, item));
    const struct str uids[] = {item->inst.sop_class, item->inst.uid, item->study.uid,
                               item->series.uid};
    for (size_t i = 0; i < LEN(uids); i++) {
        if (!dicom_uid_is(uids[i])) {
            is_broken(item, missing[i]);
            break;
        }
    }
    return OK;
}

/* In an arena of its own: what a file takes (its mapping, a data set unpacked) goes at once. what is wrong
 * with the file: told in the item; *ret_large: it unpacks to more than inflated, or nests too deep. */
static enum err read_own(struct req *rq, size_t inflated, struct image_item *item, bool *ret_large)
{
    struct req own_rq;

    *item->out = (struct image_out){.fate = IMAGE_STORED};
    req_init(&own_rq, inflated + ROOM, rq->now);
    own_rq.app = rq->app;
    own_rq.who = rq->who;
    enum err e = read_mapped(&own_rq, rq, inflated, item);
    *ret_large = e == E_TOO_LARGE;
    if (e == E_SYNTAX || e == E_MEDIA_TYPE || e == E_TOO_LARGE) {
        is_broken(item, own_rq.err.detail);
        e = OK;
    } else if (e != OK) {
        e = FAIL(rq, e, "%s", own_rq.err.detail);
    }
    req_done(&own_rq);
    return e;
}

enum err image_read(struct req *rq, struct image_item *item)
{
    const struct image_item given = *item;
    struct os_mutex *turn = &care_of(rq)->unpacking;
    bool large = false;

    TRY(read_own(rq, INFLATED_FREE, item, &large));
    if (large) {
        *item = given;
        os_lock(turn);
        enum err e = read_own(rq, INFLATED_MAX, item, &large);
        os_unlock(turn);
        TRY(e);
    }
    uid_out(item->out->study, item->study.uid);
    uid_out(item->out->series, item->series.uid);
    uid_out(item->out->instance, item->inst.uid);
    uid_out(item->out->sop_class, item->inst.sop_class);
    return OK;
}
