/* web/arrived.c - "Images that arrived": studies that are nobody's, seen by clinicians and coordinators
 * of the organisation that sent them, and taken into a case. See arrived.h. */
#include "web/arrived.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/directory.h"
#include "care/modality.h"
#include "codec/dicom.h"
#include "store/tx.h"
#include "web/case_view.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { STUDIES_SHOWN = 50, ASIDES_SHOWN = 200, CASES_READ = 300 };

/* ---- what was sent, for people ---- */

struct str arrived_name(struct http_req *h, struct str name)
{
    struct buf b;
    buf_init(&b, h->rq.a, 1024);
    dicom_name(&b, name);
    return buf_get(&b);
}

struct str arrived_source(struct http_req *h, struct str source)
{
    static const struct {
        struct str prefix;
        const char *text;
    } kinds[] = {
        {SI("stow:"), T("sent by the system {name}")},
        {SI("ae:"), T("sent by the device {name}")},
        {SI("upload:"), T("uploaded by {name}")},
    };
    for (size_t i = 0; i < LEN(kinds); i++) {
        if (str_starts(source, kinds[i].prefix)) {
            struct text_arg arg = {SI("name"), str_sub(source, kinds[i].prefix.n, source.n)};
            const struct directory *dir = NULL;
            if (str_eq(kinds[i].prefix, S("upload:")) && directory_get(&h->rq, &dir) == OK) {
                struct str name = dir_person_name(dir, arg.value);
                arg.value = name.n > 0 ? name : arg.value;
            }
            return page_text(h, kinds[i].text, &arg, 1);
        }
    }
    return source;
}

void arrived_study(struct http_req *h, const struct dicom_study *s, struct val *m)
{
    val_set_str(m, "uid", s->uid);
    val_set_str(m, "href", page_path(h, "/images/arrived/", s->uid, ""));
    val_set_str(m, "name", arrived_name(h, s->name));
    val_set_str(m, "birth", dicom_date_shown(&h->rq, s->birth));
    val_set_str(m, "id", s->patient_id);
    val_set_str(m, "modality", modality_words(&h->rq, s->modalities));
    val_set_str(m, "date", dicom_date_shown(&h->rq, s->date));
    val_set_str(m, "description", s->description);
    val_set_i64(m, "images", s->n_instances);
    val_set_i64(m, "series", s->n_series);
    val_set_i64(m, "size", (int64_t)s->bytes);
    val_set_str(m, "source", arrived_source(h, s->source));
    val_set_instant(m, "at", (struct instant){s->created_ms});
}

/* ---- the list ---- */

enum err arrived_waiting(struct http_req *h, struct val *root)
{
    struct images_waiting w;
    TRY(imaging_waiting(&h->rq, &w));
    if (w.studies + w.asides > 0) {
        val_set_i64(val_set_map(root, "arrived"), "n", (int64_t)(w.studies + w.asides));
    }
    return OK;
}

static enum err set_studies(struct http_req *h, struct val *root)
{
    struct dicom_study *all = ARENA_ARRAY(h->rq.a, STUDIES_SHOWN, struct dicom_study);
    struct val *list = val_set_list(root, "studies");
    struct str before = http_query(h, S("before"));
    int64_t before_ms = INT64_MAX;
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    if (before.n > 0 && !str_i64(before, &before_ms)) {
        return FAIL(&h->rq, E_BAD_INPUT, "before");
    }
    TRY(imaging_lost(&h->rq, before_ms, STUDIES_SHOWN, all, &n));
    for (uint32_t i = 0; i < n; i++) {
        arrived_study(h, &all[i], val_add_map(list));
    }
    if (n == STUDIES_SHOWN) {
        struct buf b;
        buf_init(&b, h->rq.a, 80);
        BUF_LIT(&b, "/images?before=");
        buf_i64(&b, all[n - 1].created_ms);
        val_set_str(root, "older", buf_get(&b));
    }
    return OK;
}

enum err web_arrived(struct http_req *h)
{
    struct val *root = NULL;
    struct dicom_aside *asides = ARENA_ARRAY(h->rq.a, ASIDES_SHOWN, struct dicom_aside);
    uint32_t n = 0;
    TRY_MEM(&h->rq, asides);
    TRY(page_begin(h, T("Images that arrived"), &root));
    TRY(set_studies(h, root));
    TRY(imaging_asides(&h->rq, S(""), ASIDES_SHOWN, asides, &n));
    asides_set(h, asides, n, val_set_list(root, "asides"));
    page_kind(root, "wide");
    return page_reply(h, root, tpl_arrived);
}

/* ---- taking one into a case ---- */

/* "AB12CD34 · Ivanova Anna, 1971-05-02 · Cardiology" */
static struct str case_label(struct http_req *h, const struct worklist_row *r)
{
    struct buf b;
    buf_init(&b, h->rq.a, 1200);
    buf_str(&b, case_number(h->rq.a, r->row.id));
    BUF_LIT(&b, " · ");
    buf_str(&b, r->patient_name);
    BUF_LIT(&b, ", ");
    buf_str(&b, r->patient_birth);
    if (r->service_name.n > 0) {
        BUF_LIT(&b, " · ");
        buf_str(&b, r->service_name);
    }
    return buf_get(&b);
}

static bool has_option(const struct val *list, struct str value)
{
    for (const struct val_item *i = val_first(list); i != NULL; i = val_next(i)) {
        const struct val *have = val_find(val_item_value(i), S("value"));
        if (have != NULL && str_eq(have->s, value)) {
            return true;
        }
    }
    return false;
}

struct cases {
    struct worklist_row *rows;
    uint32_t n;
};

static enum err read_cases(struct http_req *h, struct cases *c, enum worklist list, struct str owner)
{
    uint32_t got = 0;
    if (c->n == CASES_READ) {
        return OK;
    }
    TRY(consult_worklist(&h->rq, list, owner, NULL, c->rows + c->n, CASES_READ - c->n, &got));
    c->n += got;
    return OK;
}

enum err arrived_cases(struct http_req *h, const struct dicom_study *s, struct val *field)
{
    const struct role_ref *role = who_role(h->rq.who);
    struct cases c = {.rows = ARENA_ARRAY(h->rq.a, CASES_READ, struct worklist_row)};
    TRY_MEM(&h->rq, c.rows);
    if (role->rights & MAY_ASK) {
        TRY(read_cases(h, &c, WORK_ASKER_ORG, role->org));
    }
    if (role->rights & MAY_COORDINATE) {
        TRY(read_cases(h, &c, WORK_DESK, role->org));
    }
    if (role->rights & MAY_ANSWER) {
        TRY(read_cases(h, &c, WORK_CONSULTANT, h->rq.who->person));
    }
    struct val *options = val_set_list(field, "options");
    for (int other = 0; other < 2; other++) {
        for (uint32_t i = 0; i < c.n; i++) {
            struct patient p;
            TRY(patient_load(&h->rq, c.rows[i].row.patient_rid, &p));
            bool fits = !imaging_names_other(&h->rq, s, &p)
                        && str_eq(p.birth_date, dicom_date_shown(&h->rq, s->birth));
            if (fits == (other == 0) && !has_option(options, c.rows[i].row.id)) {
                page_option(field, c.rows[i].row.id, case_label(h, &c.rows[i]));
            }
        }
    }
    return OK;
}

static enum err claim_show(struct http_req *h, const char *field, const char *fault)
{
    struct val *root = NULL;
    struct dicom_study s;
    TRY(imaging_lost_open(&h->rq, http_param(h, S("study")), &s));
    TRY(page_begin(h, T("Whose images are these?"), &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, field, fault);
    }
    arrived_study(h, &s, val_set_map(root, "study"));
    struct val *f = page_field(h, root, "case", T("Case"), S(""));
    val_set_str(f, "empty", tr(h->rq.lang, T("Choose a case")));
    TRY(arrived_cases(h, &s, f));
    f = page_field(h, root, "reason", T("Reason, when the names differ"), S(""));
    val_set_str(f, "hint", tr(h->rq.lang, T("Why these are this patient's images all the same: at least 10 "
                                            "characters. It stays on record.")));
    val_set_i64(f, "rows", 3);
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_arrived_claim);
}

/* Somebody was first: the list says what is left. */
static enum err back_to_list(struct http_req *h)
{
    err_clear(&h->rq);
    return http_redirect(h, S("/images?done=images-late"));
}

enum err web_arrived_study(struct http_req *h)
{
    enum err e = claim_show(h, NULL, NULL);
    return e == E_CONFLICT ? back_to_list(h) : e;
}

static enum err claim_failed(struct http_req *h)
{
    enum err e = h->rq.err.code;
    return e == E_STALE || e == E_CONFLICT ? back_to_list(h) : page_render_error(h, e);
}

enum err web_arrived_claim(struct http_req *h)
{
    enum err e = OK;
    struct str case_id = page_sent(h, "case");
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    if (case_id.n == 0) {
        return claim_show(h, "case", T("Choose the case the images belong to."));
    }
    e = imaging_claim(&h->rq, tx, http_param(h, S("study")), case_id, page_sent(h, "reason"));
    if (e == E_BAD_INPUT) {
        err_clear(&h->rq);
        return claim_show(h, "reason", T("The images name another patient. Write in at least 10 "
                                         "characters why they belong to this one."));
    }
    if (e == E_CONFLICT) {
        return back_to_list(h);
    }
    TRY(e);
    h->on_fail = claim_failed;
    return page_commit(h, tx, case_path(h, case_id, "?done=images-claimed"));
}
