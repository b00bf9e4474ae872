/* web/case_move.c - what can be done with a case: the small forms that ask for a reason, a text or a
 * target, and the moves themselves. Of two people at once the second is told who was first. */
#include "web/case_move.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/care.h"
#include "care/content.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/pages.h"
#include "web/tpl.h"

/* What a move's form asks for and says. */
/* clang-format off */
static const struct asks {
    const char *action;
    const char *hint;
    const char *reason;    /* label of the text; NULL: none */
    bool codes;            /* a list of reasons stands before the text */
    bool must_text;        /* the text is what matters */
    bool target, files, danger;
} asks[] = {
    {"allocate", T("The proposed service is chosen. The service and the asker are told."), NULL, false, false, true, false, false},
    {"reroute", T("The coordinators of the other centre take the case over; the time to accept begins anew."), T("Why, in words"), true, false, true, false, false},
    {"pass", T("A colleague takes the case over. The coordinators are told."), T("Why, in words"), true, false, true, false, false},
    {"return", T("The asker is told what is missing. The clock stands still until the data come."), T("What is missing, in words"), true, false, false, false, false},
    {"complete", T("Files and words go to the coordinator; the clock runs again."), T("What you add"), false, false, false, true, false},
    {"ask-data", T("The asker is told. The clock stands still until the data come, or until you go on without them."), T("What data do you need, and what for"), false, true, false, false, false},
    {"give-data", T("Files and words go to the consultant; the clock runs again."), T("What you add"), false, false, false, true, false},
    {"refuse", T("The asker and the coordinators are told the reason, and can ask elsewhere."), T("Reason in words: what should the asker do instead"), true, false, false, false, true},
    {"withdraw", T("Nobody works on the request any more. It stays on record."), T("Reason in words"), true, false, false, false, true},
    {"report", T("The consultant learns what came of the advice."), T("Course, treatment given, what is planned"), true, false, false, false, false},
    {"accept", NULL, NULL, false, false, false, false, false},
    {"go-on", NULL, NULL, false, false, false, false, false},
    {"receive", NULL, NULL, false, false, false, false, false},
    {"close", NULL, NULL, false, false, false, false, false},
};
/* clang-format on */

static const struct asks *asks_of(struct str action)
{
    for (size_t i = 0; i < LEN(asks); i++) {
        if (str_eq(str_z(asks[i].action), action)) {
            return &asks[i];
        }
    }
    return NULL;
}

/* The open move of that name; NULL: not this person's, or not in this state. */
static const struct care_move *move_of(const struct case_view *v, struct str action)
{
    for (uint32_t i = 0; i < v->n_moves; i++) {
        if (str_eq(str_z(v->moves[i]->action), action)) {
            return v->moves[i];
        }
    }
    return NULL;
}

/* ---- the form ---- */

static void add_options(struct http_req *h, const struct code_list *list, struct val *f)
{
    for (uint32_t i = 0; list != NULL && i < list->n; i++) {
        page_option(f, list->items[i].code, text4_get(&list->items[i].title, h->rq.lang));
    }
}

static void set_fields(struct http_req *h, const struct care_move *m, const struct asks *a,
                       struct val *root)
{
    const struct content *content = care_of(&h->rq)->content;
    bool reason = a->reason != NULL || (m->need & NEED_REASON) != 0;
    const struct code_list *codes =
        a->codes || (m->need & NEED_REASON) ? case_reason_list(h, str_z(a->action)) : NULL;
    if (m->need & NEED_OUTCOME) {
        const struct code_list *outcomes = content_list(content, S("outcome"));
        struct val *f = page_field(h, root, "outcome", T("Outcome"), S(""));
        add_options(h, outcomes, f);
    }
    if (codes != NULL) {
        struct val *f = page_field(h, root, "code", T("Reason"), S(""));
        val_set_str(f, "label", text4_get(&codes->title, h->rq.lang));
        add_options(h, codes, f);
    }
    if (reason) {
        struct val *f = page_field(h, root, "reason",
                                   a->reason != NULL ? a->reason : T("Reason in words"), S(""));
        val_set_i64(f, "rows", 5);
        val_set_bool(f, "required", a->must_text);
    }
}

static enum err form_show(struct http_req *h, const struct case_view *v, const struct care_move *m,
                          const struct asks *a, const char *field, const char *fault)
{
    struct val *root = NULL;
    struct str action = str_z(m->action);
    TRY(case_begin(h, v, m->title, &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, field, fault);
    }
    struct val *move = val_set_map(root, "move");
    val_set_str(move, "title", tr(h->rq.lang, m->title));
    val_set_str(move, "hint", a->hint != NULL ? tr(h->rq.lang, a->hint) : S(""));
    val_set_str(move, "post",
                case_path(h, v->row.id, arena_cstr(h->rq.a, page_path(h, "/move/", action, ""))));
    val_set_bool(move, "danger", a->danger);
    val_set_bool(move, "target", a->target);
    set_fields(h, m, a, root);
    if (a->target) {
        TRY(case_set_targets(h, v, action, page_sent(h, "to"), root));
        if (fault != NULL && str_eq(str_z(field), S("to"))) {
            val_set_str(root, "to_error", tr(h->rq.lang, fault));
        }
    }
    if (a->files) {
        struct val *attach = val_set_map(root, "attach");
        val_set_bool(move, "files", true);
        val_set_z(attach, "name", "files");
        val_set_str(attach, "label", tr(h->rq.lang, T("Photos, results, images")));
        val_set_str(attach, "case", v->row.id);
        page_upload(root);
        TRY(file_uploads(h, v->row.id, &v->patient, case_path(h, v->row.id, ""), root));
    }
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_case_move);
}

/* ---- somebody was first ---- */

static enum err late(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct val *root = NULL;
    TRY_MEM(&h->rq, v);
    err_clear(&h->rq);
    TRY(consult_view(&h->rq, http_param(h, S("case")), v));
    TRY(case_begin(h, v, T("Somebody else was first"), &root));
    page_kind(root, "narrow");
    struct val *m = val_set_map(root, "late");
    val_set_str(m, "last", case_last_event(h, v));
    val_set_str(m, "typed", page_sent(h, "reason"));
    return page_reply_status(h, 409, root, tpl_case_late);
}

static enum err commit_late(struct http_req *h)
{
    enum err e = h->rq.err.code;
    return e == E_STALE || e == E_CONFLICT ? late(h) : page_render_error(h, e);
}

static enum err form_page(struct http_req *h, struct str action)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct str id = http_param(h, S("case"));
    TRY_MEM(&h->rq, v);
    TRY(consult_view(&h->rq, id, v));
    const struct care_move *m = move_of(v, action);
    const struct asks *a = asks_of(action);
    if (m == NULL || a == NULL) {
        return http_redirect(h, case_path(h, id, ""));
    }
    return form_show(h, v, m, a, NULL, NULL);
}

enum err web_case_move_page(struct http_req *h)
{
    return form_page(h, http_param(h, S("action")));
}

enum err web_case_allocate(struct http_req *h)
{
    return form_page(h, S("allocate"));
}

/* ---- the move ---- */

/* What is missing, before anything is tried: the field and what to say; NULL: nothing. */
static const char *missing(struct http_req *h, const struct care_move *m, const struct asks *a,
                           const struct care_move_args *args, const char **ret_field)
{
    *ret_field = "reason";
    if (args->reason.n > 4000) {
        return T("The text is too long: 4000 characters at most.");
    }
    if ((m->need & NEED_TEXT) && args->reason.n == 0) {
        return T("Say what data you need.");
    }
    if ((m->need & NEED_REASON) && args->reason.n == 0) {
        if (args->reason_code.n == 0) {
            *ret_field = case_reason_list(h, str_z(a->action)) != NULL ? "code" : "reason";
            return T("Choose a reason, or write it.");
        }
        if (str_eq(args->reason_code, S("other"))) {
            return T("Write the reason in words.");
        }
    }
    if ((m->need & (NEED_TARGET | NEED_SERVICE)) && args->service.n == 0) {
        *ret_field = "to";
        return T("Choose to whom the case goes.");
    }
    if ((m->need & NEED_OUTCOME) && args->outcome.n == 0) {
        *ret_field = "outcome";
        return T("Choose the outcome.");
    }
    return NULL;
}

static void args_read(struct http_req *h, struct care_move_args *args)
{
    struct str person = page_sent(h, "to");
    *args = (struct care_move_args){
        .reason_code = page_sent(h, "code"),
        .reason = page_sent(h, "reason"),
        .outcome = page_sent(h, "outcome"),
    };
    (void)str_cut(&person, '/', &args->service);
    args->service = args->service.p != NULL ? args->service : S("");
    args->person = person.p != NULL ? person : S("");
    if (!str_u64(page_sent(h, "version"), &args->expect)) {
        args->expect = 0;
    }
}

/* A failure that the form can show; NULL: it cannot. */
static const char *fault_of(struct http_req *h, enum err e, const char **ret_field)
{
    struct str place = str_z(h->rq.err.detail);
    if (e == E_CONFLICT && str_eq(place, S("upload"))) {
        *ret_field = "files";
        return T("A file is still on its way: wait until it is stored, or take it out.");
    }
    if (abroad_words(e, h->rq.err.detail) != NULL) {
        *ret_field = "to";
        return abroad_words(e, h->rq.err.detail);
    }
    if (e != E_BAD_INPUT) {
        return NULL;
    }
    if (str_starts(place, S("service")) || str_starts(place, S("person"))) {
        *ret_field = "to";
        return T("This service or person cannot take the case: choose another.");
    }
    *ret_field = str_starts(place, S("outcome")) ? "outcome" : "reason";
    return T("Something is missing here.");
}

/* consult_move refused: the form again, or who was first. */
static enum err refused(struct http_req *h, struct str action, enum err e)
{
    const char *field = "";
    const char *fault = fault_of(h, e, &field);
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    if (fault == NULL && e != E_CONFLICT && e != E_STALE) {
        return e;
    }
    TRY_MEM(&h->rq, v);
    err_clear(&h->rq);
    TRY(consult_view(&h->rq, http_param(h, S("case")), v));
    const struct care_move *m = move_of(v, action);
    if (fault == NULL || m == NULL) {
        return late(h);
    }
    return form_show(h, v, m, asks_of(action), field, fault);
}

enum err web_case_move(struct http_req *h)
{
    struct str id = http_param(h, S("case"));
    struct str action = http_param(h, S("action"));
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct tx *tx = tx_new(&h->rq);
    const struct asks *a = asks_of(action);
    struct care_move_args args;
    const char *field = "";
    enum err e = OK;
    TRY_MEM(&h->rq, v);
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    if (a == NULL) {
        return FAIL(&h->rq, E_NOT_FOUND, "move");
    }
    args_read(h, &args);
    TRY(consult_view(&h->rq, id, v));
    const struct care_move *m = move_of(v, action);
    const char *lacks = m != NULL ? missing(h, m, a, &args, &field) : NULL;
    if (lacks != NULL && (args.expect == 0 || args.expect == v->row.version)) {
        return form_show(h, v, m, a, field, lacks);
    }
    e = consult_move(&h->rq, tx, id, action, &args);
    if (e != OK) {
        return refused(h, action, e);
    }
    h->on_fail = commit_late;
    struct buf path;
    buf_init(&path, h->rq.a, 512);
    buf_str(&path, case_path(h, id, "?done="));
    buf_str(&path, action);
    return page_commit(h, tx, buf_get(&path));
}
