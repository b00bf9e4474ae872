/* care/visit_change.c - what came to a patient's record since the last visit: one table of kinds, one view
 * of the store, nothing that the doctor may not see. See visit.h. */
#include "care/visit_int.h"

#include "base/text.h"
#include "care/access.h"
#include "care/survey.h"
#include "codec/utf8.h"

enum { LOOKED_AT_MAX = 500, TEXT_MAX = 600, ANSWERS_SHOWN = 8 };
#define YEAR_MS (365 * MS_DAY)

struct looking {
    struct req *rq;
    const struct visit_view *v;
    struct visit_change *out;
    uint32_t n, cap;
    bool more;
    int64_t since_ms;
    struct access_anchors anchors;
};

/* ---- how each kind is told ---- */

static struct str concept_text(struct req *rq, struct jv v)
{
    struct str text = json_str(rq->a, json_get(v, S("text")));
    struct str display = json_str(rq->a, json_path(v, S("coding.0.display")));
    return text.n > 0 ? text : display.n > 0 ? display : json_str(rq->a, json_path(v, S("coding.0.code")));
}

/* What is measured, when it is one of ours; NULL. */
static const struct measure *measure_of(struct req *rq, struct jv code)
{
    const struct measure *m = NULL;
    for (struct jv k = json_first(json_get(code, S("coding"))); json_has(k) && m == NULL; k = json_next(k)) {
        m = content_measure_loinc(care_of(rq)->content, json_str(rq->a, json_get(k, S("code"))));
    }
    return m;
}

/* In the reader's language when it is one of ours. */
static struct str measured_title(struct req *rq, struct jv code)
{
    const struct content *c = care_of(rq)->content;
    const struct measure *m = measure_of(rq, code);
    for (struct jv k = json_first(json_get(code, S("coding"))); json_has(k) && m == NULL; k = json_next(k)) {
        struct str loinc = json_str(rq->a, json_get(k, S("code")));
        for (uint32_t i = 0; i < c->n_measures; i++) {
            if (str_eq(c->measures[i].panel, loinc)) {
                return tr(rq->lang, T("Blood pressure"));
            }
        }
    }
    return m != NULL ? text4_get(&m->title, rq->lang) : concept_text(rq, code);
}

/* The unit in the reader's language when it is the one this is measured in here; else as it was written. */
static struct str unit_text(struct req *rq, struct jv v)
{
    struct jv q = json_get(v, S("valueQuantity"));
    const struct measure *m = measure_of(rq, json_get(v, S("code")));
    bool ours = m != NULL && m->ucum.n > 0 && str_eq(m->ucum, json_str(rq->a, json_get(q, S("code"))));
    return ours ? text4_get(&m->unit, rq->lang) : json_str(rq->a, json_get(q, S("unit")));
}

/* unit: of the value; what follows with the same unit leaves it to the last. */
static void value_write(struct buf *b, struct req *rq, struct jv v, struct str unit)
{
    struct jv q = json_get(v, S("valueQuantity"));
    struct buf raw;
    if (json_has(q)) {
        buf_init(&raw, rq->a, 64);
        json_minify(&raw, json_get(q, S("value")));
        buf_str(b, form_number_shown(rq->a, rq->lang, buf_get(&raw)));
        if (unit.n > 0) {
            buf_char(b, ' ');
            buf_str(b, unit);
        }
        return;
    }
    struct jv c = json_get(v, S("valueCodeableConcept"));
    buf_str(b, json_has(c) ? concept_text(rq, c) : json_str(rq->a, json_get(v, S("valueString"))));
}

static struct str value_text(struct req *rq, struct jv v)
{
    struct jv parts = json_get(v, S("component"));
    struct buf b;
    buf_init(&b, rq->a, 8 << 10);
    value_write(&b, rq, v, unit_text(rq, v));
    for (struct jv p = json_first(parts); json_has(p); p = json_next(p)) {
        struct jv next = json_next(p);
        struct str unit = unit_text(rq, p);
        bool same = json_has(next) && str_eq(unit, unit_text(rq, next));
        value_write(&b, rq, p, same ? S("") : unit);
        if (json_has(next)) {
            buf_str(&b, same ? S("/") : S(" / "));
        }
    }
    return utf8_cut(buf_get(&b), TEXT_MAX);
}

static void tell_measured(struct req *rq, struct jv v, struct visit_change *c)
{
    c->title = measured_title(rq, json_get(v, S("code")));
    c->code = json_str(rq->a, json_path(v, S("code.coding.0.code")));
    c->text = value_text(rq, v);
    c->flag = json_str(rq->a, json_path(v, S("interpretation.0.coding.0.code")));
    c->who = json_str(rq->a, json_path(v, S("performer.0.display")));
}

static void tell_report(struct req *rq, struct jv v, struct visit_change *c)
{
    c->title = concept_text(rq, json_get(v, S("code")));
    c->text = utf8_cut(json_str(rq->a, json_get(v, S("conclusion"))), TEXT_MAX);
    c->who = json_str(rq->a, json_path(v, S("performer.0.display")));
}

static void tell_file(struct req *rq, struct jv v, struct visit_change *c)
{
    struct str title = json_str(rq->a, json_path(v, S("content.0.attachment.title")));
    c->title = title.n > 0 ? title : concept_text(rq, json_get(v, S("type")));
    c->text = utf8_cut(json_str(rq->a, json_get(v, S("description"))), TEXT_MAX);
    if (str_eq(c->text, title)) {
        c->text = S("");
    }
    c->who = json_str(rq->a, json_path(v, S("author.0.display")));
    for (struct jv e = json_first(json_get(v, S("extension"))); json_has(e); e = json_next(e)) {
        c->gone = c->gone || json_is(json_get(e, S("url")), EXT_GONE);
    }
}

static void tell_images(struct req *rq, struct jv v, struct visit_change *c)
{
    c->title = json_str(rq->a, json_get(v, S("description")));
    c->text = json_str(rq->a, json_path(v, S("modality.0.code")));
    c->study = json_str(rq->a, json_path(v, S("identifier.0.value")));
    c->study = str_starts(c->study, S("urn:oid:")) ? str_sub(c->study, 8, c->study.n) : c->study;
}

static void tell_message(struct req *rq, struct jv v, struct visit_change *c)
{
    c->who = json_str(rq->a, json_path(v, S("sender.display")));
    c->text = utf8_cut(json_str(rq->a, json_path(v, S("payload.0.contentString"))), TEXT_MAX);
}

static void tell_medicine(struct req *rq, struct jv v, struct visit_change *c)
{
    c->title = concept_text(rq, json_get(v, S("medicationCodeableConcept")));
    c->text = utf8_cut(json_str(rq->a, json_path(v, S("dosage.0.text"))), TEXT_MAX);
}

static void tell_allergy(struct req *rq, struct jv v, struct visit_change *c)
{
    c->title = concept_text(rq, json_get(v, S("code")));
}

/* The first answers of a form; the note of a visit is no news. */
static void tell_form(struct req *rq, struct jv v, struct visit_change *c)
{
    struct str url = json_str(rq->a, json_get(v, S("questionnaire")));
    const struct form *f = content_form(care_of(rq)->content, url);
    const struct form_line *lines = NULL;
    struct fields typed;
    uint32_t n = 0;
    struct buf b;
    c->title = f != NULL ? text4_get(&f->title, rq->lang) : url;
    c->who = json_str(rq->a, json_path(v, S("author.display")));
    c->survey = survey_of(rq, v);
    if (f == NULL || form_read_items(rq, f, v, &typed) != OK
        || form_lines(rq, f, &typed, &lines, &n) != OK) {
        err_clear(rq);
        return;
    }
    buf_init(&b, rq->a, 32 << 10);
    for (uint32_t i = 0, shown = 0; i < n && shown < ANSWERS_SHOWN; i++) {
        if (lines[i].value.n > 0) {
            buf_str(&b, shown++ > 0 ? S("; ") : S(""));
            buf_str(&b, text4_get(&lines[i].item->text, rq->lang));
            BUF_LIT(&b, ": ");
            buf_str(&b, utf8_cut(lines[i].value, 200));
        }
    }
    c->text = utf8_cut(buf_get(&b), TEXT_MAX);
}

/* Rows in the order of enum visit_change_kind. */
static const struct {
    enum fhir_type type;
    const char *title;
    void (*tell)(struct req *rq, struct jv v, struct visit_change *c);
} kinds[CHANGE_KIND_COUNT] = {
    [CHANGE_FORM] = {T_QUESTIONNAIRE_RESPONSE, T("Questionnaires"), tell_form},
    [CHANGE_MEASURED] = {T_OBSERVATION, T("Results and readings"), tell_measured},
    [CHANGE_REPORT] = {T_DIAGNOSTIC_REPORT, T("Reports"), tell_report},
    [CHANGE_FILE] = {T_DOCUMENT_REFERENCE, T("Documents and photos"), tell_file},
    [CHANGE_IMAGES] = {T_IMAGING_STUDY, T("Medical images"), tell_images},
    [CHANGE_MESSAGE] = {T_COMMUNICATION, T("Messages"), tell_message},
    [CHANGE_MEDICINE] = {T_MEDICATION_STATEMENT, T("Medicines"), tell_medicine},
    [CHANGE_ALLERGY] = {T_ALLERGY_INTOLERANCE, T("Allergies"), tell_allergy},
};

const char *visit_change_title(enum visit_change_kind kind)
{
    return kinds[kind].title;
}

/* ---- what may be seen ---- */

static struct str case_of(struct req *rq, int64_t anchor, int64_t patient)
{
    struct res_row row;
    if (anchor <= 0 || anchor == patient || db_head_rid(rq, anchor, &row) != OK) {
        err_clear(rq);
        return (struct str){0};
    }
    return row.type == T_SERVICE_REQUEST ? row.id : (struct str){0};
}

/* A value from before the last visit stands beside the new ones of its kind. */
static void compare(struct looking *l, uint32_t from, const struct visit_change *old)
{
    for (uint32_t i = from; i < l->n; i++) {
        struct visit_change *c = &l->out[i];
        if (c->before.n == 0 && c->code.n > 0 && str_eq(c->code, old->code)) {
            c->before = old->text;
            c->before_at = old->at;
        }
    }
}

static bool is_own_note(struct req *rq, struct jv v, enum visit_change_kind kind)
{
    return kind == CHANGE_FORM
           && str_find(json_str(rq->a, json_get(v, S("questionnaire"))), S("/Questionnaire/visit-"))
                  < json_str(rq->a, json_get(v, S("questionnaire"))).n;
}

static enum err look_at(struct looking *l, enum visit_change_kind kind, uint32_t from, int64_t rid)
{
    struct visit_change c = {.kind = kind};
    struct res_row row;
    struct jv v;
    bool may = false;
    TRY(db_head_rid(l->rq, rid, &row));
    bool fresh = row.updated.ms >= l->since_ms;
    if (row.deleted || (!fresh && (kind != CHANGE_MEASURED || from == l->n))) {
        return OK;
    }
    TRY(access_anchor(l->rq, &l->anchors, row.anchor, &may));
    if (!may) {
        return OK;
    }
    TRY(res_load(l->rq, rid, &row, &v));
    if (is_own_note(l->rq, v, kind)) {
        return OK;
    }
    c.id = row.id;
    c.at = (struct instant){row.at_ms};
    if (c.at.ms < l->since_ms) {
        c.came = row.updated;
        c.changed = row.version > 1;
    }
    kinds[kind].tell(l->rq, v, &c);
    if (!fresh) {
        compare(l, from, &c);
        return OK;
    }
    if (l->n == l->cap) {
        l->more = true;
        return OK;
    }
    c.case_id = case_of(l->rq, row.anchor, l->v->patient_rid);
    l->out[l->n++] = c;
    return OK;
}

static enum err look_through(struct looking *l, enum visit_change_kind kind)
{
    CLEANUP(list_close) struct list *list = NULL;
    struct hit hit;
    uint32_t looked = 0;
    uint32_t from = l->n;
    TRY(list_owner(l->rq, l->v->patient_rid, kinds[kind].type, LIST_NEWEST, &list));
    while (looked++ < LOOKED_AT_MAX && list_next(list, &hit)) {
        TRY(look_at(l, kind, from, hit.rid));
    }
    return list_err(l->rq, list);
}

static enum err look(struct looking *l)
{
    for (unsigned k = 0; k < CHANGE_KIND_COUNT; k++) {
        TRY(look_through(l, (enum visit_change_kind)k));
    }
    return OK;
}

/* A visit dated by its day alone counts from the morning: nothing of that day is missed. */
static int64_t since(const struct req *rq, const struct visit_view *v)
{
    const struct encounter_row *b = &v->before;
    if (b->id.n == 0) {
        return rq->now.ms - YEAR_MS;
    }
    return b->start_text.n <= 10 || b->end.ms == 0 ? b->start.ms : b->end.ms;
}

enum err visit_changes(struct req *rq, const struct visit_view *v, struct visit_change *ret_changes,
                       uint32_t n, uint32_t *ret_n, bool *ret_more)
{
    struct looking *l = ARENA_NEW(rq->a, struct looking);
    TRY_MEM(rq, l);
    *l = (struct looking){.rq = rq, .v = v, .out = ret_changes, .cap = n, .since_ms = since(rq, v),
                          .anchors = {.patient_rid = v->patient_rid, .detail = S("since the last visit")}};
    TRY(db_begin(rq));
    enum err e = look(l);
    db_end(rq);
    TRY(e);
    *ret_n = l->n;
    *ret_more = l->more;
    return OK;
}
