/* web/erasure.c - orders to erase a person's record: the list, what one would
 * take, the confirmation by a second person, holds. Numbers alone: nothing here
 * says what a record holds. See care/erasure.h. */
#include "care/erasure.h"

#include "base/text.h"
#include "care/directory.h"
#include "care/patient.h"
#include "fhir/type.h"
#include "store/tx.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { ROWS = 50, HOLDS = 100 };

static const char *const states[ERASURE_STATES] = {
    [ERASURE_PROPOSED] = T("waits for the second person"),
    [ERASURE_RUNS] = T("hidden; being erased"),
    [ERASURE_SCRUBS] = T("erased; free room is being cleaned"),
    [ERASURE_DONE] = T("erased"),
    [ERASURE_REFUSED] = T("refused or withdrawn"),
};
static const char *const opens[ERASURE_OPENS] = {
    [ERASURE_CASES] = T("open cases"),
    [ERASURE_VISITS] = T("visits to come or waiting for a time"),
    [ERASURE_CONSILIA] = T("consilia not closed"),
    [ERASURE_MEETINGS] = T("meetings that go on"),
    [ERASURE_RECORDINGS] = T("recordings not kept yet"),
    [ERASURE_EXPORTS] = T("exports of data that run now"),
    [ERASURE_COURSES] = T("open courses of care, among them pregnancies"),
};

/* ---- what is shown ---- */

static void set_kind(struct http_req *h, struct val *root)
{
    struct val *f = page_field(h, root, "id-kind", T("Kind of number"), S(""));
    const struct id_kind *k;
    for (unsigned i = 0; (k = id_kind_at(i)) != NULL; i++) {
        if (k->n_digits > 0) {
            page_option(f, k->code, tr(h->rq.lang, k->title));
        }
    }
    f = page_field(h, root, "id", T("Personal number"), S(""));
    val_set_str(f, "mode", S("numeric"));
    val_set_str(f, "width", S("w20"));
    val_set_str(f, "auto", S("off"));
}

static void set_order(struct http_req *h, const struct directory *d, const struct erasure *o,
                      struct val *m)
{
    const struct erasure_reason *r = erasure_reason_find(o->reason);
    struct buf b;
    buf_init(&b, h->rq.a, 40);
    BUF_LIT(&b, "/erasures/");
    buf_i64(&b, o->id);
    val_set_str(m, "href", buf_get(&b));
    val_set_i64(m, "id", o->id);
    val_set_str(m, "state", tr(h->rq.lang, states[o->state]));
    val_set_bool(m, "waits", o->state == ERASURE_PROPOSED);
    val_set_bool(m, "runs", o->state == ERASURE_RUNS || o->state == ERASURE_SCRUBS);
    val_set_bool(m, "done", o->state == ERASURE_DONE);
    bool by_policy = str_eq(o->reason, S(ERASURE_BY_POLICY));
    val_set_bool(m, "policy", by_policy);
    const char *why = by_policy ? T("The term of storage is over: made by policy, not by an order")
                      : r != NULL ? r->text : "";
    val_set_str(m, "reason", tr(h->rq.lang, why));
    val_set_str(m, "number", o->number);
    val_set_str(m, "date", o->date);
    val_set_str(m, "by", dir_person_name(d, o->by));
    val_set_instant(m, "at", o->at);
    if (o->second.n > 0) {
        val_set_str(m, "second", dir_person_name(d, o->second));
        val_set_instant(m, "second_at", o->second_at);
    }
    val_set_i64(m, "resources", (int64_t)o->resources);
    val_set_i64(m, "left", (int64_t)o->left);
    val_set_str(m, "patient", o->patient);
    val_set_str(m, "place", o->org.n > 0 ? dir_org_name(d, o->org) : S(""));
    val_set_bool(m, "own", str_eq(o->by, h->rq.who->person));
}

static void set_look(struct http_req *h, const struct directory *d, const struct erasure_look *l,
                     struct val *root)
{
    struct val *m = val_set_map(root, "look");
    struct val *list = val_set_list(m, "types");
    for (uint32_t i = 0; i < l->n; i++) {
        struct val *t = val_add_map(list);
        val_set_str(t, "type", fhir_type_name((enum fhir_type)l->types[i].type));
        val_set_i64(t, "resources", (int64_t)l->types[i].resources);
        val_set_i64(t, "versions", (int64_t)l->types[i].versions);
    }
    val_set_i64(m, "resources", (int64_t)l->resources);
    val_set_i64(m, "versions", (int64_t)l->versions);
    val_set_str(m, "patient", l->patient);
    list = val_set_list(m, "open");
    for (unsigned i = 0; i < ERASURE_OPENS; i++) {
        if (l->open[i] > 0) {
            struct val *t = val_add_map(list);
            val_set_str(t, "what", tr(h->rq.lang, opens[i]));
            val_set_i64(t, "n", (int64_t)l->open[i]);
        }
    }
    if (l->held) {
        val_set_str(m, "hold", l->hold_reason);
        val_set_str(m, "hold_by", dir_person_name(d, l->hold_by));
        val_set_instant(m, "hold_at", l->hold_at);
    }
    val_set_bool(m, "free", !l->held && !l->is_open);
}

static void set_sure(struct http_req *h, struct val *root)
{
    struct val *f = page_field(h, root, "sure", T("It cannot be undone"), S(""));
    val_set_bool(f, "many", true);
    page_option(f, S("yes"),
                tr(h->rq.lang, T("I am sure that this is the person the document names")));
}

static void set_ask(struct http_req *h, struct val *root)
{
    const struct erasure_reason *r;
    struct val *f = page_field(h, root, "reason", T("Why"), S(""));
    for (unsigned i = 0; (r = erasure_reason_at(i)) != NULL; i++) {
        page_option(f, str_z(r->code), tr(h->rq.lang, r->text));
    }
    f = page_field(h, root, "number", T("Number of the document that orders it"), S(""));
    val_set_str(f, "width", S("w14"));
    f = page_field(h, root, "date", T("Its date"), S(""));
    val_set_str(f, "type", S("date"));
    set_sure(h, root);
}

static void set_why(struct http_req *h, struct val *root)
{
    struct val *f = page_field(h, root, "why", T("Reason of the hold, or of its end"), S(""));
    val_set_i64(f, "rows", 2);
    val_set_str(f, "hint",
                tr(h->rq.lang, T("At least 10 characters; no names and nothing "
                                 "of what the record says.")));
}

/* look NULL: nobody was asked for yet. */
static enum err show(struct http_req *h, struct val *root, const struct erasure_look *look)
{
    struct erasure *all = ARENA_ARRAY(h->rq.a, ROWS, struct erasure);
    struct erasure_hold *holds = ARENA_ARRAY(h->rq.a, HOLDS, struct erasure_hold);
    const struct directory *d = NULL;
    uint64_t before = 0;
    uint32_t n = 0;
    bool may = false;
    TRY_MEM(&h->rq, all);
    TRY_MEM(&h->rq, holds);
    TRY(directory_get(&h->rq, &d));
    if (!str_u64(http_query(h, S("before")), &before)) {
        before = 0;
    }
    TRY(erasure_list(&h->rq, (int64_t)(before & INT64_MAX), all, ROWS, &n));
    struct val *list = val_set_list(root, "orders");
    for (uint32_t i = 0; i < n; i++) {
        set_order(h, d, &all[i], val_add_map(list));
    }
    if (n == ROWS) {
        struct buf b;
        buf_init(&b, h->rq.a, 60);
        BUF_LIT(&b, "/erasures?before=");
        buf_i64(&b, all[n - 1].id);
        val_set_str(root, "older", buf_get(&b));
    }
    TRY(erasure_holds(&h->rq, holds, HOLDS, &n));
    list = val_set_list(root, "holds");
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_str(m, "patient", holds[i].patient);
        val_set_str(m, "reason", holds[i].reason);
        val_set_str(m, "by", dir_person_name(d, holds[i].by));
        val_set_instant(m, "at", holds[i].at);
    }
    set_kind(h, root);
    TRY(erasure_may_propose(&h->rq, &may));
    val_set_bool(root, "may_propose", may);
    if (look != NULL) {
        set_look(h, d, look, root);
        set_ask(h, root);
        set_why(h, root);
        val_set_str(root, "id_kind", page_sent(h, "id-kind"));
        val_set_str(root, "id", page_sent(h, "id"));
    }
    return page_reply_status(h, page_has_errors(root) ? 422 : 200, root, tpl_erasure);
}

enum err web_erasures(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Erasure by order"), &root));
    page_kind(root, "wide");
    return show(h, root, NULL);
}

/* ---- what is done ---- */

static const struct {
    const char *detail, *field, *text;
} faults[] = {
    {"id-kind", "id-kind", T("Choose the kind of number.")},
    {"id: shape", "id", T("This is no number of that kind.")},
    {"id: check digit", "id", T("A digit of the number is wrong: its check digit does not fit.")},
    {"id", "id", T("This is not the number of the person the order is about.")},
    {"reason", "reason", T("Choose why.")},
    {"number", "number", T("Type the number of the document, at most 60 characters.")},
    {"date", "date", T("Type the date of the document; it cannot lie ahead.")},
    {"why", "why", T("Type the reason in 10 to 500 characters.")},
    {"held", "", T("The record is held: it cannot be erased until the hold ends.")},
    {"open", "", T("Something is still open: close it first.")},
    {"state", "", T("The order was decided already.")},
    {"same person", "", T("Another person must confirm it, not who proposed it.")},
};

/* A refusal in words on the page itself; false: one for the page of errors. */
static bool told(struct http_req *h, enum err e, struct val *root)
{
    for (size_t i = 0; i < LEN(faults); i++) {
        if (e != OK && str_eq(str_z(h->rq.err.detail), str_z(faults[i].detail))) {
            err_clear(&h->rq);
            page_error(h, root, faults[i].field, faults[i].text);
            return true;
        }
    }
    return false;
}

static enum err act(struct http_req *h, struct tx *tx, struct str what,
                    const struct erasure_look *l, struct val *root)
{
    int64_t id = 0;
    if (str_eq(what, S("propose"))) {
        if (!str_eq(page_sent(h, "sure"), S("yes"))) {
            page_error(h, root, "sure", T("Say that you are sure."));
            return OK;
        }
        return erasure_propose(&h->rq, tx, l, page_sent(h, "reason"), page_sent(h, "number"),
                               page_sent(h, "date"), &id);
    }
    return str_eq(what, S("hold"))
               ? erasure_hold(&h->rq, tx, l->patient, l->patient_rid, page_sent(h, "why"))
               : erasure_lift(&h->rq, tx, l->patient, l->patient_rid, page_sent(h, "why"));
}

enum err web_erasures_do(struct http_req *h)
{
    struct erasure_look *l = ARENA_NEW(h->rq.a, struct erasure_look);
    struct tx *tx = tx_new(&h->rq);
    struct str what = page_sent(h, "do");
    struct val *root = NULL;
    enum err e = OK;
    TRY_MEM(&h->rq, l);
    TRY_MEM(&h->rq, tx);
    if (!str_eq(what, S("look")) && page_done_before(h, &e)) {
        return e;
    }
    TRY(page_begin(h, T("Erasure by order"), &root));
    page_kind(root, "wide");
    e = erasure_find(&h->rq, page_sent(h, "id-kind"), page_sent(h, "id"), l);
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(&h->rq);
        page_error(h, root, "id", T("Nobody here has this number."));
        return show(h, root, NULL);
    }
    if (told(h, e, root)) {
        return show(h, root, NULL);
    }
    TRY(e);
    bool acts = str_eq(what, S("propose")) || str_eq(what, S("hold")) || str_eq(what, S("lift"));
    if (!acts) {
        return show(h, root, l);
    }
    e = act(h, tx, what, l, root);
    if (told(h, e, root) || page_has_errors(root)) {
        return show(h, root, l);
    }
    TRY(e);
    return page_commit(h, tx,
                       str_eq(what, S("propose")) ? S("/erasures?done=erasure-proposed")
                       : str_eq(what, S("hold"))  ? S("/erasures?done=erasure-held")
                                                  : S("/erasures?done=erasure-lifted"));
}

/* ---- one order ---- */

static enum err order_of(struct http_req *h, struct erasure *ret_o)
{
    uint64_t id = 0;
    if (!str_u64(http_param(h, S("order")), &id) || id > INT64_MAX) {
        return FAIL(&h->rq, E_NOT_FOUND, "order");
    }
    return erasure_get(&h->rq, (int64_t)id, ret_o);
}

static enum err show_one(struct http_req *h, struct val *root, const struct erasure *o)
{
    struct erasure_look *l = ARENA_NEW(h->rq.a, struct erasure_look);
    const struct directory *d = NULL;
    TRY_MEM(&h->rq, l);
    TRY(directory_get(&h->rq, &d));
    set_order(h, d, o, val_set_map(root, "order"));
    if (o->state == ERASURE_PROPOSED) {
        TRY(erasure_look_at(&h->rq, o, l));
        set_look(h, d, l, root);
        bool may = false;
        TRY(erasure_may_confirm(&h->rq, o, &may));
        val_set_bool(root, "may_confirm", may);
        set_kind(h, root);
        set_sure(h, root);
    }
    return page_reply_status(h, page_has_errors(root) ? 422 : 200, root, tpl_erasure_order);
}

enum err web_erasure(struct http_req *h)
{
    struct val *root = NULL;
    struct erasure o;
    TRY(order_of(h, &o));
    TRY(page_begin(h, T("Erasure by order"), &root));
    return show_one(h, root, &o);
}

enum err web_erasure_do(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct val *root = NULL;
    struct erasure o;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    TRY(order_of(h, &o));
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(page_begin(h, T("Erasure by order"), &root));
    bool refuse = str_eq(page_sent(h, "do"), S("refuse"));
    if (!refuse && !str_eq(page_sent(h, "sure"), S("yes"))) {
        page_error(h, root, "sure", T("Say that you are sure."));
        return show_one(h, root, &o);
    }
    e = refuse ? erasure_refuse(&h->rq, tx, &o)
               : erasure_confirm(&h->rq, tx, &o, page_sent(h, "id-kind"), page_sent(h, "id"));
    if (told(h, e, root)) {
        return show_one(h, root, &o);
    }
    TRY(e);
    return page_commit(h, tx,
                       page_path(h, "/erasures/", http_param(h, S("order")),
                                 refuse ? "?done=erasure-refused" : "?done=erasure-confirmed"));
}
