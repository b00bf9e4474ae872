/* web/visit_page.c - the page of a remote visit: what changed since last time, who it is, the consent, and
 * what the doctor does next. */
#include "web/pages.h"

#include "base/text.h"
#include "care/care.h"
#include "care/policy.h"
#include "care/sign_case.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/banner.h"
#include "web/case_view.h"
#include "web/tpl.h"
#include "web/visit.h"
#include "web/room.h"

enum { ADDRESS_CAP = 512 };

/* ---- values ---- */

struct str visit_path(struct http_req *h, struct str id, const char *suffix)
{
    return page_path(h, "/visits/", id, suffix);
}

enum err visit_of_path(struct http_req *h, enum audit_action action, struct visit_view **ret_view)
{
    struct visit_view *v = ARENA_NEW(h->rq.a, struct visit_view);
    TRY_MEM(&h->rq, v);
    TRY(visit_load(&h->rq, http_param(h, S("visit")), action, v));
    *ret_view = v;
    return OK;
}

static struct str purpose_title(struct http_req *h, struct str code)
{
    const struct code_list *list = content_list(care_of(&h->rq)->content, S("visit-purpose"));
    const struct coded *item = list != NULL ? content_item(list, code) : NULL;
    return item != NULL ? text4_get(&item->title, h->rq.lang) : code;
}

/* The promise of the note. */
static void set_due(struct http_req *h, const struct visit_view *v, struct val *m)
{
    const struct term *t = &v->policy->note.within;
    bool left = (v->state == VISIT_BEGUN || v->state == VISIT_TALK) && v->end.ms < h->rq.now.ms;
    val_set_bool(m, "left", left);
    if ((v->state != VISIT_OWED && !left) || v->due_ms == 0) {
        return;
    }
    val_set_instant(m, "due", (struct instant){v->due_ms});
    val_set_bool(m, "late", v->due_ms < h->rq.now.ms);
    if (!t->from.verified) {
        val_set_str(m, "due_source", text4_get(&t->from.source, h->rq.lang));
    }
}

enum err visit_values(struct http_req *h, const struct visit_view *v, const char *title,
                      struct val **ret_root)
{
    TRY(page_begin(h, title, ret_root));
    struct val *p = val_set_map(*ret_root, "patient");
    ask_patient(h, &v->patient, p);
    TRY(banner_allergies(h, v->patient_rid, p));
    val_set_str(p, "href", page_path(h, "/patients/", v->patient_id, "/encounters"));
    struct val *m = val_set_map(*ret_root, "visit");
    val_set_str(m, "id", v->id);
    val_set_str(m, "href", visit_path(h, v->id, ""));
    val_set_z(m, "state", visit_state_of(v)->name);
    val_set_str(m, "state_title", tr(h->rq.lang, visit_standing(v)));
    val_set_bool(m, "missed", visit_missed(v));
    val_set_bool(m, "remote", v->remote);
    val_set_instant(m, "start", v->start);
    val_set_instant(m, "end", v->end);
    val_set_str(m, "purpose", purpose_title(h, v->purpose));
    val_set_str(m, "problem", v->problem);
    val_set_str(m, "doctor", v->practitioner_name);
    val_set_str(m, "org", v->org_name);
    val_set_str(m, "service", v->service_name);
    val_set_bool(m, "mine", v->actor != 0);
    val_set_bool(m, "signed", v->note.n > 0);
    set_due(h, v, m);
    return OK;
}

/* ---- what changed ---- */

static struct str change_path(struct http_req *h, const struct visit_change *c)
{
    struct buf b;
    buf_init(&b, h->rq.a, ADDRESS_CAP);
    if (c->kind == CHANGE_FILE && c->gone) {
        return S("");
    }
    if (c->kind == CHANGE_FILE) {
        BUF_LIT(&b, "/files/");
        buf_str(&b, c->id);
    } else if (c->survey.n > 0) {
        BUF_LIT(&b, "/questions/");
        buf_str(&b, c->survey);
    } else if (c->case_id.n > 0) {
        BUF_LIT(&b, "/cases/");
        buf_str(&b, c->case_id);
        if (c->kind == CHANGE_IMAGES && c->study.n > 0) {
            BUF_LIT(&b, "/images/");
            buf_str(&b, c->study);
        }
    }
    return buf_get(&b);
}

static void add_change(struct http_req *h, struct val *items, const struct visit_change *c)
{
    struct val *m = val_add_map(items);
    val_set_str(m, "title", c->title);
    val_set_str(m, "text", c->text);
    val_set_str(m, "who", c->who);
    val_set_instant(m, "at", c->at);
    if (c->came.ms > 0) {
        val_set_instant(m, c->changed ? "changed" : "came", c->came);
    }
    val_set_str(m, "href", change_path(h, c));
    val_set_bool(m, "gone", c->gone);
    val_set_bool(m, "high", str_eq(c->flag, S("H")) || str_eq(c->flag, S("HH")));
    val_set_bool(m, "low", str_eq(c->flag, S("L")) || str_eq(c->flag, S("LL")));
    if (c->before.n > 0) {
        val_set_str(m, "before", c->before);
        val_set_instant(m, "before_at", c->before_at);
    }
}

enum err visit_set_changes(struct http_req *h, const struct visit_view *v, struct val *root)
{
    struct visit_change *all = ARENA_ARRAY(h->rq.a, VISIT_CHANGES_MAX, struct visit_change);
    struct val *list = val_set_list(root, "changes");
    struct val *items = NULL;
    uint32_t n = 0;
    bool more = false;
    TRY_MEM(&h->rq, all);
    TRY(visit_changes(&h->rq, v, all, VISIT_CHANGES_MAX, &n, &more));
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || all[i].kind != all[i - 1].kind) {
            struct val *m = val_add_map(list);
            val_set_str(m, "title", tr(h->rq.lang, visit_change_title(all[i].kind)));
            items = val_set_list(m, "items");
        }
        add_change(h, items, &all[i]);
    }
    val_set_bool(root, "changes_more", more);
    if (v->actor != 0) {
        struct buf b;
        buf_init(&b, h->rq.a, ADDRESS_CAP);
        buf_str(&b, page_path(h, "/patients/", v->patient_id, "/questions"));
        page_query(&b, "visit", v->id);
        val_set_str(root, "survey_ask", buf_get(&b));
        if (v->encounter.episode.n > 0) {
            val_set_str(root, "talk_href", page_path(h, "/episodes/", v->encounter.episode, ""));
        }
    }
    if (v->before.id.n > 0) {
        val_set_str(root, "since", v->before.start_text);
        val_set_str(root, "since_doctor", v->before.practitioner_name);
    }
    return OK;
}

/* ---- what may not be done ---- */

static void add_limit(struct http_req *h, struct val *list, const char *text,
                      const struct sourced *from)
{
    struct val *m = val_add_map(list);
    val_set_str(m, "text", tr(h->rq.lang, text));
    if (from != NULL) {
        val_set_str(m, "source", text4_get(&from->source, h->rq.lang));
        val_set_bool(m, "unverified", !from->verified);
    }
}

void visit_set_limits(struct http_req *h, const struct visit_view *v, struct val *root)
{
    struct val *list = val_set_list(root, "limits");
    const struct sourced *never = &v->policy->remote.not_remotely.from;
    if (!v->verdict.allowed) {
        add_limit(h, list, visit_reason_text(v->verdict.reason), NULL);
    }
    for (unsigned i = 0; i < VISIT_NOTE_COUNT; i++) {
        if (v->verdict.allowed && (v->verdict.notes & (1u << i))) {
            add_limit(h, list, visit_note_text(i), NULL);
        }
    }
    if (!v->may_diagnose) {
        add_limit(h, list, T("No diagnosis is set in this visit: the note has no field for it."), never);
    }
    if (!v->may_treat) {
        add_limit(h, list, T("No treatment is begun in this visit: the note has no field for it."), never);
    }
    if (!v->may_diagnose || !v->may_treat) {
        val_set_str(root, "limits_offer", tr(h->rq.lang, visit_offer_text()));
    }
}

/* ---- the signed note ---- */

enum err visit_set_note(struct http_req *h, const struct visit_view *v, struct val *root)
{
    struct signed_doc d;
    if (v->note.n == 0) {
        return OK;
    }
    TRY(visit_note_get(&h->rq, v->patient_rid, v->id, S(""), &d));
    TRY(case_doc(h, d.bytes, val_set_map(root, "doc")));
    case_signature(h, &d, val_set_map(root, "sig"));
    return OK;
}

/* ---- the page ---- */

static void identity_fields(struct http_req *h, struct val *root)
{
    struct val *f = page_field(h, root, "identity", T("How was the identity checked?"), S(""));
    for (size_t i = 0; i < n_visit_identities; i++) {
        page_option(f, visit_identities[i].code, tr(h->rq.lang, visit_identities[i].title));
    }
    f = page_field(h, root, "consent", T("How did the patient agree?"), S(""));
    val_set_str(f, "hint", tr(h->rq.lang, visit_consent_text()));
    page_option(f, S("oral"), tr(h->rq.lang, T("orally, in this visit")));
    page_option(f, S("written"), tr(h->rq.lang, T("in writing")));
}

static void set_moves(const struct visit_view *v, struct val *may)
{
    for (uint32_t i = 0; i < v->n_moves; i++) {
        static const struct {
            const char *action;
            const char *key;
        } keys[] = {{"begin", "begin"}, {"admit", "admit"}, {"end", "end"}, {"break-off", "break"},
                    {"sign", "note"}, {"correct", "correct"}, {"close", "close"}};
        for (size_t k = 0; k < LEN(keys); k++) {
            if (str_eq(str_z(v->moves[i]->action), str_z(keys[k].action))) {
                val_set_bool(may, keys[k].key, true);
            }
        }
    }
}

static void set_events(struct http_req *h, const struct visit_view *v, struct val *root)
{
    struct val *list = val_set_list(root, "history");
    for (uint32_t i = v->n_events; i > 0; i--) {
        struct val *m = val_add_map(list);
        val_set_instant(m, "at", v->events[i - 1].at);
        val_set_str(m, "text", tr(h->rq.lang, v->events[i - 1].done));
        val_set_str(m, "who", v->events[i - 1].person_name);
        val_set_str(m, "reason", v->events[i - 1].reason);
    }
}

/* The way into the room, while the visit goes on. */
static enum err set_room(struct http_req *h, const struct visit_view *v, struct val *root)
{
    struct room room;
    enum err e = room_of(&h->rq, ROOM_VISIT, v->id, &room);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    if (v->state == VISIT_BEGUN || v->state == VISIT_TALK) {
        val_set_str(root, "room", page_path(h, "/rooms/", room.id, ""));
    }
    return room_set_recordings(h, &room, root);
}

/* The next visit: patient, doctor and problem stand already; how and from which day as the signed note
 * says. */
static enum err set_next(struct http_req *h, const struct visit_view *v, struct val *root)
{
    struct fields said = {.n = 0};
    bool over = v->state > VISIT_BEGUN || visit_missed(v);
    if (v->actor == 0 || !over || v->schedule.n == 0 || !who_may(h->rq.who, MAY_BOOK)) {
        return OK;
    }
    if (v->note.n > 0) {
        TRY(visit_note_fields(&h->rq, v, &said));
    }
    bool in_person = str_eq(fields_get(&said, S("again.how")), S("again-person")) || !v->remote;
    struct val *m = val_set_map(root, "next");
    val_set_str(m, "patient", v->patient_id);
    val_set_str(m, "mode", in_person ? S("in-person") : S("remote"));
    val_set_str(m, "schedule", v->schedule);
    val_set_str(m, "purpose", v->purpose);
    val_set_str(m, "problem", str_or_empty(v->code));
    val_set_str(m, "from", str_or_empty(fields_get(&said, S("again.on"))));
    return OK;
}

static enum err show(struct http_req *h, unsigned status, const struct visit_view *v,
                     const struct problems *faults)
{
    struct val *root = NULL;
    TRY(visit_values(h, v, v->remote ? T("Remote visit") : T("Visit in person"), &root));
    if (faults != NULL) {
        form_faults(h, root, faults);
    }
    struct val *visit = page_map(root, "visit");
    set_moves(v, val_set_map(visit, "may"));
    const char *shut = v->state == VISIT_WAITING ? visit_closed_text(&h->rq, v) : NULL;
    if (shut != NULL) {
        val_set_str(visit, "shut", tr(h->rq.lang, shut));
    }
    if (v->identity.n > 0) {
        val_set_str(visit, "identity", tr(h->rq.lang, visit_identity_title(v->identity)));
    }
    TRY(set_room(h, v, root));
    TRY(set_next(h, v, root));
    TRY(visit_set_changes(h, v, root));
    if (v->remote && !visit_missed(v)) {
        visit_set_limits(h, v, root);
    }
    identity_fields(h, root);
    struct val *f = page_field(h, root, "reason", T("Why is the visit broken off?"), S(""));
    val_set_i64(f, "rows", 2);
    TRY(visit_set_note(h, v, root));
    set_events(h, v, root);
    page_kind(root, "wide");
    return page_reply_status(h, status, root, tpl_visit);
}

enum err web_visit(struct http_req *h)
{
    struct visit_view *v = NULL;
    TRY(visit_of_path(h, AUDIT_READ, &v));
    return show(h, 200, v, NULL);
}

/* Somebody else, or another window, was faster: the page as it is now. */
static enum err go_late(struct http_req *h)
{
    enum err e = h->rq.err.code;
    if (e != E_STALE && e != E_CONFLICT) {
        return page_render_error(h, e);
    }
    err_clear(&h->rq);
    return http_redirect(h, visit_path(h, http_param(h, S("visit")), "?done=visit-late"));
}

static enum err go(struct http_req *h, struct tx *tx, const struct visit_view *v, struct str action,
                   struct problems *faults)
{
    if (str_eq(action, S("begin"))) {
        return visit_begin(&h->rq, tx, v);
    }
    if (str_eq(action, S("admit"))) {
        return visit_admit(&h->rq, tx, v, page_sent(h, "identity"), page_sent(h, "consent"), faults);
    }
    if (str_eq(action, S("break-off")) && page_sent(h, "reason").n == 0) {
        problem_add(faults, S("reason"), T("Say why the visit is broken off."), (struct str){0}, NULL);
        return FAIL(&h->rq, E_BAD_INPUT, "reason");
    }
    if (page_sent(h, "reason").n > VISIT_REASON_MAX) {
        problem_add(faults, S("reason"), T("This text is too long."), (struct str){0}, NULL);
        return FAIL(&h->rq, E_BAD_INPUT, "reason");
    }
    return visit_go(&h->rq, tx, v, action, page_sent(h, "reason"));
}

enum err web_visit_go(struct http_req *h)
{
    struct problems *faults = ARENA_NEW(h->rq.a, struct problems);
    struct tx *tx = tx_new(&h->rq);
    struct visit_view *v = NULL;
    enum err e;
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY_MEM(&h->rq, faults);
    TRY_MEM(&h->rq, tx);
    TRY(http_form_check(h));
    TRY(visit_of_path(h, AUDIT_READ, &v));
    e = go(h, tx, v, http_param(h, S("action")), faults);
    if (e == E_BAD_INPUT && faults->n > 0) {
        err_clear(&h->rq);
        return show(h, 422, v, faults);
    }
    if (e == E_CONFLICT) {
        return go_late(h);
    }
    TRY(e);
    h->on_fail = go_late;
    struct buf b;
    buf_init(&b, h->rq.a, ADDRESS_CAP);
    buf_str(&b, visit_path(h, v->id, "?done=visit-"));
    buf_str(&b, http_param(h, S("action")));
    return page_commit(h, tx, buf_get(&b));
}
