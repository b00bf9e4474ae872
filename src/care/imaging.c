/* care/imaging.c - files become instances of studies, or are put aside, in one transaction. See imaging.h. */
#include "care/imaging.h"

#include <string.h>

#include "base/text.h"
#include "care/imaging_int.h"

static bool same_bytes(const struct blob_ref *a, const struct blob_ref *b)
{
    return memcmp(a->sha, b->sha, sizeof a->sha) == 0;
}

/* ---- fates ---- */

static void fate(struct image_item *item, enum image_fate f, uint16_t reason, const char *text)
{
    item->out->fate = f;
    item->out->reason = reason;
    item->out->text = text;
}

static const uint16_t reasons[] = {
    [DICOM_ASIDE_PATIENT] = IMAGE_REASON_MISMATCH,
    [DICOM_ASIDE_BYTES] = IMAGE_REASON_DUPLICATE,
    [DICOM_ASIDE_BROKEN] = IMAGE_REASON_BROKEN,
    [DICOM_ASIDE_FOREIGN] = IMAGE_REASON_MISMATCH,
};

enum err image_put_aside(struct req *rq, struct tx *tx, const struct image_item *item,
                         const struct image_target *to, enum dicom_aside_reason reason)
{
    bool broken = reason == DICOM_ASIDE_BROKEN;
    struct dicom_aside aside = {
        .reason = reason,
        .case_id = to->row.id.n > 0 ? to->row.id : str_or_empty(item->from->key),
        .org = image_org(rq, item->from),
        .source = item->from->source,
        .blob = item->in->blob,
        .study = str_z(item->out->study),
        .series = str_z(item->out->series),
        .instance = str_z(item->out->instance),
        .patient_id = item->study.patient_id,
        .name = item->study.name,
        .birth = item->study.birth,
        .title = broken && item->in->title.n == 0 ? str_z(item->out->where) : item->in->title,
    };
    bool has = false;

    TRY(dicom_aside_has(rq, &aside, &has));
    if (has) {
        return OK;
    }
    TRY(dicom_aside_add(rq, tx, &aside));
    struct audit_rec rec = {.action = AUDIT_UPLOAD,
                            .why = who_may(rq->who, IS_SYSTEM) ? WHY_SYSTEM : WHY_OWN,
                            .outcome = E_CONFLICT,
                            .detail = S("image put aside")};
    if (aside.case_id.n > 0) {
        rec.case_type = T_SERVICE_REQUEST;
        rec.case_id = aside.case_id;
    }
    return audit_add(rq, &rec);
}

static enum err put_aside(struct image_batch *b, struct image_item *item, const struct image_target *to,
                          enum dicom_aside_reason reason)
{
    fate(item, IMAGE_ASIDE, reasons[reason], dicom_aside_text(reason));
    for (const struct image_item *i = b->items; i < item; i++) {
        if (i->out->fate == IMAGE_ASIDE && same_bytes(&i->in->blob, &item->in->blob)
            && str_eq(i->from->key, item->from->key)) {
            return OK; /* the same twice in one transaction */
        }
    }
    return image_put_aside(b->rq, b->tx, item, to, reason);
}

/* ---- what it belongs to ---- */

static struct image_group *group_in(const struct image_batch *b, struct str uid)
{
    for (size_t i = 0; i < b->n_groups; i++) {
        if (str_eq(b->groups[i]->put.study.uid, uid)) {
            return b->groups[i];
        }
    }
    return NULL;
}

static enum err group_of(struct image_batch *b, const struct image_item *item,
                         struct image_group **ret_group)
{
    struct image_group *g = group_in(b, item->study.uid);
    struct dicom_study s;

    if (g != NULL) {
        *ret_group = g;
        return OK;
    }
    g = ARENA_NEW(b->rq->a, struct image_group);
    TRY_MEM(b->rq, g);
    enum err e = dicom_study_find(b->rq, item->study.uid, &s);
    if (e == E_NOT_FOUND) {
        err_clear(b->rq);
        s = item->study;
        e = OK;
    }
    TRY(e);
    TRY(image_group_load(b->rq, &s, g));
    b->groups[b->n_groups++] = g;
    *ret_group = g;
    return OK;
}

static struct image_target *target_of(const struct image_batch *b, const struct image_from *from)
{
    for (size_t i = 0; i < b->n_targets; i++) {
        if (b->targets[i].from == from) {
            return &b->targets[i];
        }
    }
    return NULL;
}

/* It says the same of its patient as what the study began with. */
static bool says_the_same(const struct image_item *item, const struct dicom_study *s)
{
    return str_eq(item->study.patient_id, s->patient_id) && str_eq(item->study.fold, s->fold);
}

/* Is it another person's than the study, or than the case it is for? */
static bool is_others(struct req *rq, const struct image_item *item, const struct image_group *g,
                      const struct image_target *to)
{
    const struct dicom_study *s = &g->put.study;
    bool begun = g->put.study.n_instances > 0;
    bool same = begun && says_the_same(item, s);

    if (to->patient.id.n > 0 && g->patient.id.n > 0 && to->patient.rid != g->patient.rid) {
        return true;
    }
    if (same && g->patient.id.n > 0) {
        return false; /* as what was filed, or accepted, before */
    }
    if (to->patient.id.n > 0 && dicom_is_other_patient(rq, &item->facts, &to->patient)) {
        return true;
    }
    if (begun && g->patient.id.n > 0) {
        return dicom_is_other_patient(rq, &item->facts, &g->patient);
    }
    return begun && !same;
}

/* A study that is shown already needs no case to be found for it. */
static enum err target_for(struct image_batch *b, const struct image_item *item,
                           const struct image_group *g, struct image_target *ret_to)
{
    const struct image_target *to = target_of(b, item->from);

    *ret_to = *to;
    if (to->row.id.n == 0 && !to->is_draft && !image_is_kept(g)) {
        return image_match(b->rq, item, ret_to);
    }
    return OK;
}

/* ---- one file ---- */

/* Is what the sender was told to be stored going to stay: in the case or draft it is for, or, for none, where
 * nobody discards it? */
static enum err is_there(struct req *rq, const struct dicom_study *s, struct str key, bool *ret_there)
{
    struct dicom_place places[DICOM_PLACES_MAX];
    uint32_t n = 0;

    *ret_there = false;
    TRY(dicom_places(rq, s->key, places, &n));
    for (uint32_t i = 0; i < n && !*ret_there; i++) {
        *ret_there = key.n > 0 ? str_eq(places[i].case_id, key) : places[i].imaging > 0;
    }
    return OK;
}

enum known {
    KNOWN_NOT,
    KNOWN_OTHER, /* an instance of this UID has other bytes */
    KNOWN_SAME,  /* these bytes, but not yet where they shall be */
    KNOWN_THERE, /* nothing is to be done */
};

/* Stored before, or by an image that comes before in this transaction. */
static enum err known(struct image_batch *b, const struct image_item *item, enum known *ret_known)
{
    struct dicom_instance inst;
    struct dicom_study study;
    bool there = false;

    for (const struct image_item *i = b->items; i < item; i++) {
        if (i->out->fate == IMAGE_STORED && !i->broken && !i->waits
            && str_eq(i->inst.uid, item->inst.uid)) {
            *ret_known = !same_bytes(&i->inst.blob, &item->inst.blob)  ? KNOWN_OTHER
                         : str_eq(i->from->key, item->from->key) ? KNOWN_THERE
                                                                       : KNOWN_SAME;
            return OK;
        }
    }
    enum err e = dicom_instance_find(b->rq, item->inst.uid, &inst, NULL, &study);
    if (e == E_NOT_FOUND) {
        err_clear(b->rq);
        *ret_known = KNOWN_NOT;
        return OK;
    }
    TRY(e);
    if (!same_bytes(&inst.blob, &item->inst.blob)) {
        *ret_known = KNOWN_OTHER;
        return OK;
    }
    TRY(is_there(b->rq, &study, str_or_empty(item->from->key), &there));
    *ret_known = there ? KNOWN_THERE : KNOWN_SAME;
    return OK;
}

/* A study of other cases, of which the sender has not shown to hold an image: it would open to whoever names
 * its UID. */
static enum err is_foreign(struct req *rq, const struct image_group *g, const struct image_target *to,
                           bool *ret_foreign)
{
    struct str key = to->is_draft ? to->from->key : str_or_empty(to->row.id);
    bool may = true;

    if (g->put.study.key != 0 && to->from->key.n > 0) {
        for (uint32_t i = 0; i < g->n_places; i++) {
            if (str_eq(g->places[i].row.case_id, key)) {
                *ret_foreign = false; /* also: by another image of this transaction */
                return OK;
            }
        }
        TRY(image_may_join(rq, &g->put.study, key, true, &may));
    }
    *ret_foreign = !may;
    return OK;
}

/* last: what waited for others of this transaction has its turn. */
static enum err file_known(struct image_batch *b, struct image_item *item, enum known is, bool last)
{
    struct image_group *g = NULL;
    struct image_target to;
    bool foreign = false;

    TRY(group_of(b, item, &g));
    TRY(target_for(b, item, g, &to));
    if (is_others(b->rq, item, g, &to)) {
        return put_aside(b, item, &to, DICOM_ASIDE_PATIENT);
    }
    if (is == KNOWN_SAME) {
        fate(item, IMAGE_SAME, IMAGE_REASON_NONE, NULL);
        return image_group_show(b->rq, g, &to);
    }
    TRY(is_foreign(b->rq, g, &to, &foreign));
    if (foreign && !last) {
        item->waits = true;
        return OK;
    }
    if (is == KNOWN_OTHER) {
        return put_aside(b, item, &to, DICOM_ASIDE_BYTES);
    }
    if (foreign) {
        return put_aside(b, item, &to, DICOM_ASIDE_FOREIGN);
    }
    TRY(image_group_show(b->rq, g, &to));
    return dicom_put_add(b->rq, &g->put, &item->series, &item->inst);
}

static enum err file_one(struct image_batch *b, struct image_item *item, bool last)
{
    enum known is = KNOWN_NOT;

    item->waits = false;
    if (item->broken) {
        return put_aside(b, item, target_of(b, item->from), DICOM_ASIDE_BROKEN);
    }
    if (item->from->study.n > 0 && !str_eq(item->from->study, item->study.uid)) {
        fate(item, IMAGE_REFUSED, IMAGE_REASON_MISMATCH, T("The image is of another study."));
        return OK;
    }
    TRY(known(b, item, &is));
    if (is == KNOWN_THERE) {
        fate(item, IMAGE_SAME, IMAGE_REASON_NONE, NULL);
        return OK;
    }
    return file_known(b, item, is, last);
}

static enum err targets_make(struct image_batch *b, const struct case_row *row,
                             const struct patient *patient)
{
    for (size_t i = 0; i < b->n_items; i++) {
        if (target_of(b, b->items[i].from) != NULL) {
            continue;
        }
        struct image_target *to = &b->targets[b->n_targets];
        if (row != NULL) {
            *to = (struct image_target){.from = b->items[i].from, .row = *row, .patient = *patient};
        } else {
            TRY(image_target(b->rq, b->items[i].from, false, to));
        }
        b->n_targets++;
    }
    return OK;
}

/* The ImagingStudy each touched study has in the case. */
static void tell_filed(const struct image_batch *b, const struct case_row *row,
                       struct image_filed *filed)
{
    filed->n = 0;
    for (size_t i = 0; i < b->n_groups; i++) {
        const struct image_group *g = b->groups[i];
        for (uint32_t k = 0; k < g->n_places; k++) {
            if (str_eq(g->places[k].row.case_id, row->id) && g->places[k].row.imaging_id.n > 0) {
                filed->imaging[filed->n++] = g->places[k].row.imaging_id;
            }
        }
    }
}

enum err image_file(struct req *rq, struct tx *tx, struct image_item *items, size_t n,
                    const struct case_row *row, const struct patient *patient, bool adopt,
                    struct image_filed *filed)
{
    struct image_batch b = {.rq = rq, .tx = tx, .items = items, .n_items = n};

    ASSERT(n <= IMAGES_AT_ONCE);
    b.groups = ARENA_ARRAY(rq->a, n + IMAGES_ADOPTED_MAX, struct image_group *);
    b.targets = ARENA_ARRAY(rq->a, n + 1, struct image_target);
    TRY_MEM(rq, b.groups);
    TRY_MEM(rq, b.targets);
    TRY(targets_make(&b, row, patient));
    if (adopt) {
        TRY(image_adopt(&b, row, patient));
    }
    for (size_t i = 0; i < n; i++) {
        fate(&items[i], IMAGE_STORED, IMAGE_REASON_NONE, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        TRY(file_one(&b, &items[i], false));
    }
    for (size_t i = 0; i < n; i++) {
        TRY(items[i].waits ? file_one(&b, &items[i], true) : OK);
    }
    for (size_t i = 0; i < b.n_groups; i++) {
        TRY(image_group_end(rq, tx, b.groups[i]));
    }
    if (filed != NULL) {
        tell_filed(&b, row, filed);
    }
    return OK;
}
