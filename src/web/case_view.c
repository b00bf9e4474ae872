/* web/case_view.c - the head of a case, what was asked and what can be done, as values. See
 * case_view.h. */
#include "web/case_view.h"

#include "care/patient_account.h"

#include "base/text.h"
#include "care/content.h"
#include "web/case_item.h"
#include "web/format.h"

enum { EVENTS_SHOWN = 200, TEXT_CAP = 64 << 10 };

struct str case_path(struct http_req *h, struct str id, const char *suffix)
{
    return page_path(h, "/cases/", id, suffix);
}

/* ---- the patient ---- */

/* patient.access: where the patient and relatives are invited; patient.has_account: one of them was. */
static enum err set_access(struct http_req *h, const struct patient *p, struct val *m)
{
    struct patient_tie *ties = ARENA_ARRAY(h->rq.a, TIES_MAX, struct patient_tie);
    uint32_t n = 0;
    bool any = false;
    TRY_MEM(&h->rq, ties);
    if (!who_may(h->rq.who, MAY_ASK | MAY_ANSWER | MAY_REGISTER)) {
        return OK;
    }
    TRY(patient_ties_to(&h->rq, p->id, ties, &n));
    for (uint32_t i = 0; i < n; i++) {
        any = any || patient_tie_holds(&ties[i], h->rq.now);
    }
    val_set_bool(m, "has_account", any);
    val_set_str(m, "access", page_path(h, "/patients/", p->id, "/access"));
    return OK;
}

static void set_patient(struct http_req *h, const struct case_view *v, struct val *root)
{
    const struct patient *p = &v->patient;
    struct val *m = val_set_map(root, "patient");
    struct val *ids = val_set_list(m, "ids");
    struct str known = fields_get(&v->request, S("allergies.known"));
    val_set_str(m, "name", p->name.n > 0 ? p->name : tr(h->rq.lang, T("Unidentified patient")));
    val_set_str(m, "sex", p->sex);
    val_set_str(m, "birth", p->birth_date);
    val_set_bool(m, "unidentified", p->unidentified);
    val_set_str(m, "sight", page_path(h, "/patients/", p->id, "/sight"));
    for (uint32_t i = 0; i < p->n_ids; i++) {
        struct val *id = val_add_map(ids);
        val_set_str(id, "label", p->ids[i].kind != NULL
                                     ? tr(h->rq.lang, p->ids[i].kind->title)
                                     : S("ID"));
        val_set_str(id, "value", patient_id_shown(h->rq.a, &p->ids[i]));
    }
    if (str_eq(known, S("allergy-yes"))) {
        struct str text = fields_get(&v->request, S("allergies.text"));
        val_add_str(val_set_list(m, "allergies"), text.n > 0 ? text : v->allergies);
    }
    val_set_bool(m, "allergies_known", str_eq(known, S("allergy-none")));
}

/* ---- the case ---- */

static void set_clock(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct val *clock = val_set_map(root, "clock");
    const struct term *t = v->terms == NULL                 ? NULL
                           : v->row.clock == CLOCK_ACCEPT ? &v->terms->accept_within
                                                           : &v->terms->answer_within;
    case_clock(h, &v->row, clock);
    if (v->row.clock != CLOCK_NONE && t != NULL && !t->from.verified) {
        val_set_bool(clock, "unverified", true);
        val_set_str(clock, "source", text4_get(&t->from.source, h->rq.lang));
    }
}

/* Whose turn it is: what to do for those whose turn it is, for the others with a name. */
static struct str next_text(struct http_req *h, const struct case_view *v)
{
    struct text_arg who = {S("who"), v->asker_org_name};
    const char *text = case_task(str_z(v->state->name), v->actor);
    if (text != NULL) {
        return tr(h->rq.lang, text);
    }
    switch (v->state->turn) {
    case TURN_CHAIR:
    case TURN_SECRETARY:
    case TURN_MEMBER: /* a consilium has its own page */
    case TURN_PATIENT:
    case TURN_DOCTOR:
    case TURN_REGISTRAR: /* and visits have */
    case TURN_NOBODY: return S("");
    case TURN_ASKER: text = T("Now it is up to {who}, who asked."); break;
    case TURN_COORDINATOR:
        text = T("Now it is up to the coordinators of {who}.");
        who.value = v->centre_name;
        break;
    case TURN_SERVICE:
        text = v->row.consultant.n > 0 ? T("Now it is up to {who}, who was named.")
                                       : T("Now it is up to the consultants of {who}.");
        who.value = v->row.consultant.n > 0 ? v->consultant_name : v->service_name;
        break;
    case TURN_CONSULTANT:
        text = T("Now it is up to the consultant, {who}.");
        who.value = v->consultant_name;
        break;
    }
    return page_text(h, text, &who, 1);
}

/* What the other side said when it put the case back to the asker: the data wanted, why refused. */
static void set_wanted(struct http_req *h, const struct case_view *v, struct val *c)
{
    static const struct {
        const char *state;
        const char *action;
    } words[] = {{"data-asked", "ask-data"}, {"returned", "return"}, {"refused", "refuse"}};
    for (size_t k = 0; k < LEN(words); k++) {
        for (uint32_t i = v->n_events; str_eq(str_z(v->state->name), str_z(words[k].state)) && i > 0;
             i--) {
            const struct flow_event *e = &v->events[i - 1];
            if (str_eq(e->action, str_z(words[k].action))) {
                struct val *m = val_set_map(c, "wanted");
                val_set_str(m, "code", case_reason_title(h, e->action, e->reason_code));
                val_set_str(m, "text", e->reason);
                val_set_str(m, "who", e->person_name);
                val_set_instant(m, "at", e->at);
                return;
            }
        }
    }
}

static void set_outcome(struct http_req *h, const struct case_view *v, struct val *c)
{
    const struct code_list *list = content_list(care_of(&h->rq)->content, S("outcome"));
    val_set_bool(c, "no_outcome",
                 v->row.answered_ms != 0 && v->row.reported_ms == 0 && v->row.open);
    for (uint32_t i = v->n_events; i > 0; i--) {
        const struct flow_event *e = &v->events[i - 1];
        const struct coded *item = e->outcome.n > 0 ? content_item(list, e->outcome) : NULL;
        if (item != NULL) {
            val_set_str(c, "outcome", text4_get(&item->title, h->rq.lang));
            val_set_str(c, "outcome_text", e->reason);
            val_set_str(c, "followed", case_reason_title(h, S("report"), e->reason_code));
            return;
        }
    }
}

static void set_case(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct val *c = val_set_map(root, "case");
    const struct case_row *r = &v->row;
    val_set_str(c, "id", r->id);
    val_set_str(c, "href", case_path(h, r->id, ""));
    val_set_str(c, "number", case_number(h->rq.a, r->id));
    val_set_i64(c, "version", (int64_t)r->version);
    val_set_str(c, "urgency", v->urgency->code);
    val_set_z(c, "state", v->state->name);
    val_set_str(c, "state_title", tr(h->rq.lang, v->state->title));
    val_set_str(c, "profile", case_profile(h, r->profile));
    val_set_bool(c, "real_time", str_eq(r->mode, S("real-time")));
    val_set_str(c, "question", v->question);
    val_set_str(c, "contact", v->contact);
    val_set_str(c, "asker", v->asker_name);
    val_set_str(c, "asker_org", v->asker_org_name);
    val_set_str(c, "centre", v->centre_name);
    val_set_str(c, "service", r->service.n > 0 ? v->service_name : S(""));
    val_set_str(c, "answer_org", r->answer_org.n > 0 ? v->answer_org_name : S(""));
    val_set_str(c, "consultant", r->consultant.n > 0 ? v->consultant_name : S(""));
    val_set_instant(c, "sent", (struct instant){r->submitted_ms != 0 ? r->submitted_ms
                                                                      : r->created_ms});
    val_set_str(c, "next", next_text(h, v));
    val_set_bool(c, "glass", v->why == WHY_BREAK_GLASS);
    val_set_bool(c, "ended", !r->open);
    val_set_bool(c, "open", r->open);
    set_outcome(h, v, c);
    set_wanted(h, v, c);
}

enum err case_begin(struct http_req *h, const struct case_view *v, const char *title,
                    struct val **ret_root)
{
    TRY(page_begin(h, title, ret_root));
    set_patient(h, v, *ret_root);
    TRY(set_access(h, &v->patient, page_map(*ret_root, "patient")));
    set_case(h, v, *ret_root);
    set_clock(h, v, *ret_root);
    return OK;
}

/* ---- what was asked ---- */

static void set_facts(struct http_req *h, const struct case_view *v, struct val *root)
{
    static const struct {
        const char *how;
        const char *text;
    } consents[] = {{"written", T("written")}, {"oral", T("oral")}, {"unable", T("could not be taken")}};
    struct val *facts = val_set_map(root, "facts");
    struct val *co = val_set_list(facts, "co");
    val_set_str(facts, "diagnosis", v->diagnosis);
    for (uint32_t i = 0; i < v->n_co; i++) {
        val_add_str(co, v->co_diagnoses[i]);
    }
    for (size_t i = 0; i < LEN(consents); i++) {
        if (str_eq(v->consent_how, str_z(consents[i].how))) {
            val_set_str(facts, "consent", tr(h->rq.lang, consents[i].text));
        }
    }
    val_set_str(facts, "consent_note", v->consent_note);
}

/* What is measured by an item: the end of its linkId; NULL: nothing. */
static const struct measure *measure_of(struct http_req *h, const struct form_item *it)
{
    size_t at = it->link_id.n;
    while (at > 0 && it->link_id.p[at - 1] != '.') {
        at--;
    }
    if (it->kind != FORM_INTEGER && it->kind != FORM_DECIMAL) {
        return NULL;
    }
    return content_measure(care_of(&h->rq)->content, str_sub(it->link_id, at, it->link_id.n));
}

/* Systolic and diastolic stand together, as people write them. */
static void add_vital(struct http_req *h, const struct case_view *v, const struct form_line *l,
                      const struct measure *measure, struct val *list)
{
    struct str value = l->value;
    struct str label = text4_get(&l->item->text, h->rq.lang);
    struct str low = fields_get(&v->request, S("vitals.diastolic"));
    if (str_eq(l->item->link_id, S("vitals.diastolic"))
        && fields_get(&v->request, S("vitals.systolic")).n > 0) {
        return;
    }
    /* The value as typed: form_lines adds the unit, which has a column of its own. */
    struct str typed = fields_get(&v->request, form_field_name(h->rq.a, l->item, l->rep));
    value = typed.n > 0 ? form_number_shown(h->rq.a, h->rq.lang, typed) : value;
    if (str_eq(l->item->link_id, S("vitals.systolic")) && low.n > 0) {
        struct buf b;
        buf_init(&b, h->rq.a, 64);
        buf_str(&b, value);
        buf_char(&b, '/');
        buf_str(&b, low);
        value = buf_get(&b);
        label = tr(h->rq.lang, T("Blood pressure"));
    }
    struct val *m = val_add_map(list);
    val_set_str(m, "label", label);
    val_set_str(m, "value", value);
    val_set_str(m, "unit", text4_get(&measure->unit, h->rq.lang));
}

/* A date or time as people read it; other answers as they are. */
static struct str line_value(struct http_req *h, const struct form_line *l)
{
    struct instant at;
    struct buf b;
    buf_init(&b, h->rq.a, 80);
    if (l->item->kind == FORM_DATE) {
        format_date_text(&b, h->rq.lang, l->value);
        return buf_get(&b);
    }
    if (l->item->kind == FORM_DATE_TIME
        && instant_parse(form_date_time(&h->rq, l->value), &at)) {
        struct civil c = zone_civil(page_zone(h), at);
        format_date(&b, h->rq.lang, &c);
        BUF_LIT(&b, ", ");
        format_time(&b, &c);
        return buf_get(&b);
    }
    return l->value;
}

/* Where the next line of the form goes: a section of its own for each group. */
struct filling {
    struct val *sections;
    struct val *lines; /* of the present section; NULL: none yet */
    struct val *row;   /* line of the present repetition of a repeating group */
    struct str title;  /* of the group one is in */
    uint32_t rep;
    bool plain;        /* the present section is of items outside any group */
};

static struct val *add_line(struct filling *f, bool top, struct str label, struct str value)
{
    if (f->lines == NULL || f->plain != top) {
        struct val *section = val_add_map(f->sections);
        val_set_str(section, "title", top ? S("") : f->title);
        f->lines = val_set_list(section, "lines");
        f->plain = top;
    }
    struct val *m = val_add_map(f->lines);
    val_set_str(m, "label", label);
    val_set_str(m, "value", value);
    return m;
}

/* A repetition of a group is one line: its first answer, then the others beside it. */
static void add_repeated(struct http_req *h, struct filling *f, const struct form_line *l,
                         struct str value)
{
    const struct val *have = f->row != NULL ? val_find(f->row, S("value")) : NULL;
    struct buf b;
    if (have == NULL || f->rep != l->rep || f->lines == NULL) {
        f->row = add_line(f, false, value, S(""));
        f->rep = l->rep;
        return;
    }
    buf_init(&b, h->rq.a, have->s.n + value.n + 8);
    buf_str(&b, have->s);
    if (have->s.n > 0) {
        BUF_LIT(&b, " · ");
    }
    buf_str(&b, value);
    val_set_str(f->row, "value", buf_get(&b));
}

enum err case_set_form(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct filling f = {.sections = val_set_list(root, "lines")};
    struct val *vitals = val_set_list(root, "vitals");
    const struct form_line *lines = NULL;
    uint32_t n = 0;
    set_facts(h, v, root);
    if (v->profile == NULL) {
        return OK;
    }
    TRY(form_lines(&h->rq, v->profile->request, &v->request, &lines, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct form_item *it = lines[i].item;
        struct str text = text4_get(&it->text, h->rq.lang);
        const struct measure *measure = measure_of(h, it);
        if (str_eq(it->link_id, S("vitals.measured-at"))) {
            val_set_str(root, "measured", line_value(h, &lines[i]));
        } else if (measure != NULL) {
            add_vital(h, v, &lines[i], measure, vitals);
        } else if (it->kind == FORM_GROUP) {
            f.row = it->repeats ? f.row : NULL;
            f.lines = it->repeats && f.title.n > 0 && str_eq(f.title, text) ? f.lines : NULL;
            f.title = text; /* begun by its first line, so that no empty heading stands */
        } else if (it->rep_group >= 0) {
            add_repeated(h, &f, &lines[i], line_value(h, &lines[i]));
        } else {
            (void)add_line(&f, it->depth == 0, text, line_value(h, &lines[i]));
        }
    }
    return OK;
}

/* ---- what happened ---- */

const struct code_list *case_reason_list(struct http_req *h, struct str action)
{
    static const struct {
        const char *action;
        const char *list;
    } lists[] = {{"refuse", "refuse-reason"},   {"return", "return-reason"},
                 {"withdraw", "withdraw-reason"}, {"reroute", "reroute-reason"},
                 {"pass", "reroute-reason"},    {"allocate", "reroute-reason"},
                 {"report", "followed"}};
    for (size_t i = 0; i < LEN(lists); i++) {
        if (str_eq(action, str_z(lists[i].action))) {
            return content_list(care_of(&h->rq)->content, str_z(lists[i].list));
        }
    }
    return NULL;
}

struct str case_reason_title(struct http_req *h, struct str action, struct str code)
{
    const struct code_list *list = case_reason_list(h, action);
    const struct coded *item = list != NULL && code.n > 0 ? content_item(list, code) : NULL;
    return item != NULL ? text4_get(&item->title, h->rq.lang) : code;
}

/* Outcome, reason code, reason and where to, each on its line. */
static struct str event_text(struct http_req *h, const struct directory *dir,
                             const struct flow_event *e)
{
    const struct code_list *outcomes = content_list(care_of(&h->rq)->content, S("outcome"));
    const struct coded *outcome = e->outcome.n > 0 ? content_item(outcomes, e->outcome) : NULL;
    struct str code = case_reason_title(h, e->action, e->reason_code);
    const struct str parts[] = {
        e->service.n > 0 ? dir_service_name(dir, e->service) : S(""),
        e->named.n > 0 ? dir_person_name(dir, e->named) : S(""),
        outcome != NULL ? text4_get(&outcome->title, h->rq.lang) : S(""),
        code,
        e->reason,
    };
    struct buf b;
    buf_init(&b, h->rq.a, TEXT_CAP);
    for (size_t i = 0; i < LEN(parts); i++) {
        if (parts[i].n > 0) {
            if (b.n > 0) {
                buf_char(&b, '\n');
            }
            buf_str(&b, parts[i]);
        }
    }
    return buf_get(&b);
}

enum err case_set_events(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct val *list = val_set_list(root, "events");
    const struct directory *dir = NULL;
    TRY(directory_get(&h->rq, &dir));
    for (uint32_t i = v->n_events; i > 0 && list != NULL && list->n < EVENTS_SHOWN; i--) {
        const struct flow_event *e = &v->events[i - 1];
        struct val *m = val_add_map(list);
        val_set_str(m, "what", tr(h->rq.lang, e->done));
        val_set_str(m, "who", e->person_name);
        val_set_str(m, "org", e->org.n > 0 ? dir_org_name(dir, e->org) : S(""));
        val_set_instant(m, "at", e->at);
        val_set_str(m, "text", event_text(h, dir, e));
        val_set_bool(m, "over", str_eq(e->action, S("overdue")) || str_eq(e->action, S("escalate"))
                                    || str_eq(e->action, S("refuse")));
    }
    return OK;
}

struct str case_last_event(struct http_req *h, const struct case_view *v)
{
    struct buf b;
    buf_init(&b, h->rq.a, 2048);
    if (v->n_events > 0) {
        const struct flow_event *e = &v->events[v->n_events - 1];
        buf_str(&b, tr(h->rq.lang, e->done));
        if (e->person_name.n > 0) {
            BUF_LIT(&b, ": ");
            buf_str(&b, e->person_name);
        }
        BUF_LIT(&b, ", ");
        struct civil c = zone_civil(page_zone(h), e->at);
        format_date(&b, h->rq.lang, &c);
        BUF_LIT(&b, ", ");
        format_time(&b, &c);
    }
    return buf_get(&b);
}

/* ---- what can be done ---- */

/* How a move looks: rank 1 is what the case waits for; the form tells what is asked before it. */
static const struct look {
    const char *action;
    const char *title; /* NULL: the move's own */
    const char *suffix; /* address below the case; NULL: /move/ACTION */
    const char *kind;
    int rank;
    bool at_once; /* nothing to fill in: the button does it */
} looks[] = {
    {"accept", NULL, NULL, "", 1, true},
    {"answer", T("Write the conclusion"), "/conclusion", "", 1, false},
    {"allocate", NULL, "/allocate", "", 1, false},
    {"complete", NULL, NULL, "", 1, false},
    {"give-data", NULL, NULL, "", 1, false},
    {"receive", NULL, NULL, "", 1, true},
    {"report", NULL, NULL, "", 1, false},
    {"close", NULL, NULL, "", 2, true},
    {"go-on", NULL, NULL, "quiet", 3, true},
    {"ask-data", NULL, NULL, "quiet", 3, false},
    {"return", NULL, NULL, "quiet", 3, false},
    {"reroute", NULL, NULL, "quiet", 4, false},
    {"pass", NULL, NULL, "quiet", 4, false},
    {"correct", NULL, "/conclusion", "quiet", 5, false},
    {"refuse", NULL, NULL, "danger", 6, false},
    {"withdraw", NULL, NULL, "danger", 7, false},
};

static const struct look *look_of(const char *action)
{
    for (size_t i = 0; i < LEN(looks); i++) {
        if (str_eq(str_z(looks[i].action), str_z(action))) {
            return &looks[i];
        }
    }
    return NULL;
}

/* Whether the state waits for this move's people. */
static bool is_turn(const struct care_state *s, const struct care_move *m, unsigned actor)
{
    static const unsigned actors[] = {
        [TURN_NOBODY] = 0,
        [TURN_ASKER] = ACTOR_ASKER,
        [TURN_COORDINATOR] = ACTOR_COORDINATOR,
        [TURN_SERVICE] = ACTOR_SERVICE,
        [TURN_CONSULTANT] = ACTOR_CONSULTANT,
        [TURN_CHAIR] = ACTOR_CHAIR,
        [TURN_SECRETARY] = ACTOR_SECRETARY,
        [TURN_MEMBER] = ACTOR_MEMBER,
        [TURN_PATIENT] = ACTOR_PATIENT,
        [TURN_DOCTOR] = ACTOR_DOCTOR,
        [TURN_REGISTRAR] = ACTOR_REGISTRAR,
    };
    return (actors[s->turn] & m->who & actor) != 0;
}

void case_set_moves(struct http_req *h, const struct case_view *v, bool called, struct val *root)
{
    struct val *list = val_set_list(root, "moves");
    bool first = true;
    for (int rank = 1; rank <= 7; rank++) {
        for (uint32_t i = 0; i < v->n_moves; i++) {
            const struct care_move *m = v->moves[i];
            const struct look *k = look_of(m->action);
            if (k == NULL || k->rank != rank) {
                continue;
            }
            bool loud = first && rank <= 2 && (called || is_turn(v->state, m, v->actor));
            struct val *o = val_add_map(list);
            struct str own = page_path(h, "/move/", str_z(m->action), "");
            const char *suffix = k->suffix != NULL ? k->suffix : arena_cstr(h->rq.a, own);
            val_set_z(o, "action", m->action);
            val_set_str(o, "title", tr(h->rq.lang, k->title != NULL ? k->title : m->title));
            val_set_str(o, "href", case_path(h, v->row.id, suffix != NULL ? suffix : ""));
            val_set_bool(o, "post", k->at_once);
            val_set_z(o, "look", loud ? "" : k->kind[0] != '\0' ? k->kind : "quiet");
            first = first && !loud;
        }
    }
}
