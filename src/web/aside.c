/* web/aside.c - images that were put aside: why, and somebody's decision. See arrived.h. */
#include "web/arrived.h"

#include <string.h>

#include "base/text.h"
#include "care/care.h"
#include "store/tx.h"
#include "web/case_view.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { ASIDES_READ = 500 };

/* ---- values ---- */

static bool same_thing(const struct dicom_aside *a, const struct dicom_aside *b)
{
    return a->reason == b->reason && a->study.n > 0 && str_eq(a->study, b->study)
           && str_eq(a->case_id, b->case_id) && a->whole == b->whole;
}

static void set_aside(struct http_req *h, const struct dicom_aside *v, struct val *m)
{
    val_set_str(m, "id", v->id);
    val_set_str(m, "href", page_path(h, "/images/aside/", v->id, ""));
    val_set_str(m, "why", tr(h->rq.lang, dicom_aside_text(v->reason)));
    val_set_str(m, "name", arrived_name(h, v->name));
    val_set_str(m, "birth", dicom_date_shown(&h->rq, v->birth));
    val_set_str(m, "number", v->patient_id);
    /* A device gives no name of a file: what stands there is where a broken one ends. */
    bool named = str_starts(v->source, S("upload:"));
    val_set_str(m, "title", named ? v->title : S(""));
    val_set_str(m, "place", named ? S("") : v->title);
    val_set_i64(m, "size", (int64_t)v->blob.size);
    val_set_str(m, "source", arrived_source(h, v->source));
    val_set_instant(m, "at", v->at);
    val_set_bool(m, "whole", v->whole);
    val_set_bool(m, "broken", v->reason == DICOM_ASIDE_BROKEN);
    val_set_bool(m, "bytes", v->reason == DICOM_ASIDE_BYTES);
    val_set_i64(m, "images", 1);
}

void asides_set(struct http_req *h, const struct dicom_aside *v, uint32_t n, struct val *list)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t first = 0;
        uint32_t alike = 0;
        while (first < i && !same_thing(&v[first], &v[i])) {
            first++;
        }
        if (first < i) {
            continue;
        }
        struct val *m = val_add_map(list);
        set_aside(h, &v[i], m);
        uint64_t bytes = 0;
        for (uint32_t k = i; k < n; k++) {
            bool counts = k == i || same_thing(&v[k], &v[i]);
            alike += counts;
            bytes += counts ? v[k].blob.size : 0;
        }
        val_set_i64(m, "images", alike);
        val_set_i64(m, "size", (int64_t)bytes);
    }
}

/* ---- those of a case ---- */

enum err web_case_asides(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct dicom_aside *asides = ARENA_ARRAY(h->rq.a, ASIDES_READ, struct dicom_aside);
    struct val *root = NULL;
    uint32_t n = 0;
    TRY_MEM(&h->rq, v);
    TRY_MEM(&h->rq, asides);
    TRY(consult_view(&h->rq, http_param(h, S("case")), v));
    TRY(case_begin(h, v, T("Images put aside"), &root));
    TRY(imaging_asides(&h->rq, v->row.id, ASIDES_READ, asides, &n));
    asides_set(h, asides, n, val_set_list(root, "asides"));
    return page_reply(h, root, tpl_case_asides);
}

/* ---- a decision ---- */

/* A case that was sent: a draft's are decided on after it was. */
static enum err is_case(struct http_req *h, struct str id, bool *ret_is)
{
    struct case_row row;
    enum err e = id.n > 0 ? case_row_load(&h->rq, id, &row) : E_NOT_FOUND;
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        *ret_is = false;
        return OK;
    }
    *ret_is = e == OK;
    return e;
}

/* The others of its study that wait for the same reason, itself first. */
static enum err read_alike(struct http_req *h, const struct dicom_aside *one, struct dicom_aside **ret_all,
                           uint32_t *ret_n)
{
    struct dicom_aside *all = ARENA_ARRAY(h->rq.a, ASIDES_READ + 1, struct dicom_aside);
    uint32_t n = 0;
    uint32_t alike = 1;
    TRY_MEM(&h->rq, all);
    if (one->case_id.n > 0) {
        TRY(dicom_asides_of_case(&h->rq, one->case_id, ASIDES_READ, all + 1, &n));
    } else {
        TRY(dicom_asides_of_org(&h->rq, one->org, INT64_MAX, ASIDES_READ, all + 1, &n));
    }
    all[0] = *one;
    for (uint32_t i = 1; i <= n; i++) {
        if (same_thing(&all[i], one) && !str_eq(all[i].id, one->id)) {
            all[alike++] = all[i];
        }
    }
    *ret_all = all;
    *ret_n = alike;
    return OK;
}

static enum err decide_show(struct http_req *h, const struct dicom_aside *one, const char *field,
                            const char *fault)
{
    struct val *root = NULL;
    struct dicom_aside *all = NULL;
    uint32_t n = 0;
    bool sent = false;
    TRY(read_alike(h, one, &all, &n));
    TRY(is_case(h, one->case_id, &sent));
    TRY(page_begin(h, T("Images put aside"), &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, field, fault);
    }
    struct val *m = val_set_map(root, "aside");
    set_aside(h, one, m);
    val_set_i64(m, "images", n);
    bool drafted = one->case_id.n > 0 && !sent;
    bool acceptable = one->reason != DICOM_ASIDE_BROKEN && one->reason != DICOM_ASIDE_FOREIGN;
    val_set_bool(m, "acceptable", acceptable && !drafted);
    val_set_bool(m, "drafted", drafted);
    val_set_str(m, "back", sent      ? case_path(h, one->case_id, "/images/aside")
                           : drafted ? page_path(h, "/ask/", one->case_id, "#files")
                                     : S("/images"));
    if (sent) {
        val_set_str(m, "case", case_path(h, one->case_id, ""));
        val_set_str(m, "case_number", case_number(h->rq.a, one->case_id));
    }
    struct val *f = page_field(h, root, "reason", T("Why"), S(""));
    val_set_str(f, "hint", tr(h->rq.lang, T("At least 10 characters; it stays on record.")));
    val_set_i64(f, "rows", 3);
    val_set_bool(f, "required", true);
    if (one->case_id.n == 0 && one->reason == DICOM_ASIDE_PATIENT) {
        struct dicom_study s = {.name = one->name, .birth = one->birth, .patient_id = one->patient_id};
        f = page_field(h, root, "case", T("Case they belong to"), S(""));
        val_set_str(f, "empty", tr(h->rq.lang, T("Where the other images of the study are")));
        TRY(arrived_cases(h, &s, f));
        val_set_bool(m, "ask_case", true);
    }
    val_set_bool(m, "all", str_eq(page_sent(h, "scope"), S("all")));
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_aside);
}

/* Decided meanwhile: where the others are. */
static enum err decided(struct http_req *h)
{
    err_clear(&h->rq);
    return http_redirect(h, S("/images?done=images-late"));
}

enum err web_aside(struct http_req *h)
{
    struct dicom_aside one;
    enum err e = imaging_aside_open(&h->rq, http_param(h, S("aside")), &one);
    if (e == E_CONFLICT) {
        return decided(h);
    }
    TRY(e);
    return decide_show(h, &one, NULL, NULL);
}

static enum err decide_failed(struct http_req *h)
{
    enum err e = h->rq.err.code;
    return e == E_STALE || e == E_CONFLICT ? decided(h) : page_render_error(h, e);
}

struct decision {
    bool accept;
    struct str case_id, reason;
};

static enum err decide_one(struct http_req *h, struct tx *tx, const struct decision *d, struct str id)
{
    return d->accept ? imaging_accept(&h->rq, tx, id, d->case_id, d->reason)
                     : imaging_discard(&h->rq, tx, id, d->reason);
}

/* Each in a transaction of its own, the given one last, with the form's key: whatever stops it, what was
 * decided is, and the form can be sent again. */
static enum err decide_all(struct http_req *h, struct tx *last, const struct decision *d,
                           const struct dicom_aside *one)
{
    struct dicom_aside *all = NULL;
    uint32_t n = 1;
    if (str_eq(page_sent(h, "scope"), S("all"))) {
        TRY(read_alike(h, one, &all, &n));
    }
    for (uint32_t i = 1; i < n; i++) {
        struct tx *tx = tx_new(&h->rq);
        TRY_MEM(&h->rq, tx);
        TRY(decide_one(h, tx, d, all[i].id));
        TRY(store_commit(care_of(&h->rq)->store, &h->rq, tx));
    }
    return decide_one(h, last, d, one->id);
}

enum err web_aside_decide(struct http_req *h)
{
    struct dicom_aside one;
    struct decision d = {.accept = str_eq(page_sent(h, "go"), S("accept")),
                         .reason = page_sent(h, "reason")};
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    e = imaging_aside_open(&h->rq, http_param(h, S("aside")), &one);
    if (e == E_CONFLICT) {
        return decided(h);
    }
    TRY(e);
    if (d.accept && one.case_id.n == 0) {
        d.case_id = page_sent(h, "case");
    }
    e = decide_all(h, tx, &d, &one);
    if (e == E_BAD_INPUT) {
        err_clear(&h->rq);
        return decide_show(h, &one, "reason", T("Write the reason in at least 10 characters, at most 4000."));
    }
    if (e == E_NOT_FOUND && d.case_id.n > 0) {
        err_clear(&h->rq);
        return decide_show(h, &one, "case", T("Choose one of your open cases."));
    }
    if (e == E_CONFLICT && d.accept) {
        err_clear(&h->rq);
        return decide_show(h, &one, "reason", T("They cannot be taken there: their study belongs to another "
                                                "patient, or the image was stored meanwhile."));
    }
    TRY(e);
    h->on_fail = decide_failed;
    bool sent = false;
    TRY(is_case(h, one.case_id, &sent));
    const char *suffix = d.accept ? "?done=image-accepted" : "?done=image-discarded";
    struct buf b;
    buf_init(&b, h->rq.a, 200);
    buf_str(&b, sent ? case_path(h, one.case_id, "/images/aside") : S("/images"));
    buf_str(&b, str_z(suffix));
    if (one.case_id.n > 0 && !sent) {
        return page_commit(h, tx, page_path(h, "/ask/", one.case_id, "#files"));
    }
    return page_commit(h, tx, buf_get(&b));
}
