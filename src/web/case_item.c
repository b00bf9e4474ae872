/* web/case_item.c - one case as a row of a list. See case_item.h. */
#include "web/case_item.h"

#include "base/text.h"
#include "care/content.h"
#include "care/flow.h"
#include "codec/utf8.h"

enum { QUESTION_CHARS = 140 };

static const struct care_state *state_of(const struct case_row *row)
{
    const struct care_flow *flow = care_flow_find(row->flow);
    return flow != NULL && row->state < flow->n_states ? &flow->states[row->state] : NULL;
}

const struct case_task case_tasks[] = {
    {"returned", ACTOR_ASKER, T("The coordinator asks for more data: add them and send again.")},
    {"data-asked", ACTOR_ASKER,
     T("The consultant asks for data: the clock stands still until you send them.")},
    {"answered", ACTOR_ASKER, T("There is a signed conclusion: read it and confirm receipt.")},
    {"received", ACTOR_ASKER, T("Act on the conclusion and report the outcome.")},
    {"refused", ACTOR_ASKER, T("The request was refused: read why, then close it or ask anew.")},
    {"submitted", ACTOR_COORDINATOR, T("Your turn: allocate the request, or return it for data.")},
    {"allocated", ACTOR_SERVICE, T("Your turn: accept the case, or refuse it with a reason.")},
    {"accepted", ACTOR_CONSULTANT, T("Your turn: write the conclusion, or ask for data.")},
    {"reported", ACTOR_CONSULTANT, T("The outcome is reported: read it and close the case.")},
};
const size_t n_case_tasks = LEN(case_tasks);

const char *case_task(struct str state, unsigned actor)
{
    for (size_t i = 0; i < LEN(case_tasks); i++) {
        if ((case_tasks[i].actor & actor) != 0 && str_eq(state, str_z(case_tasks[i].state))) {
            return case_tasks[i].text;
        }
    }
    return NULL;
}

struct str case_state_name(const struct case_row *row)
{
    const struct care_state *s = state_of(row);
    return s != NULL ? str_z(s->name) : S("");
}

const char *case_state_title(const struct case_row *row)
{
    const struct care_state *s = state_of(row);
    return s != NULL ? s->title : "";
}

struct str case_urgency(const struct http_req *h, const struct case_row *row)
{
    const struct content *c = care_of(&h->rq)->content;
    return row->urgency < c->n_urgencies ? c->urgencies[row->urgency].code : S("");
}

struct str case_profile(const struct http_req *h, struct str code)
{
    const struct profile *p = content_profile(care_of(&h->rq)->content, code);
    return p != NULL ? text4_get(&p->title, h->rq.lang) : code;
}

void case_clock(struct http_req *h, const struct case_row *row, struct val *clock)
{
    int64_t left = row->due_ms - h->rq.now.ms;
    val_set_z(clock, "kind", row->clock == CLOCK_ACCEPT ? "accept" : "answer");
    if (row->paused_since_ms != 0) {
        val_set_z(clock, "state", "paused");
    } else if (row->clock != CLOCK_NONE && row->due_ms != DUE_NEVER) {
        val_set_z(clock, "state", left < 0                        ? "over"
                                  : row->level == LEVEL_REMINDED ? "soon"
                                                                 : "running");
        val_set_instant(clock, "due", (struct instant){row->due_ms});
        val_set_i64(clock, "left", left < 0 ? -left : left);
        val_set_bool(clock, "told", row->level == LEVEL_ESCALATED);
    } else {
        bool met = row->answered_ms != 0 && row->answer_due_ms != 0
                   && row->answered_ms <= row->answer_due_ms;
        val_set_z(clock, "state", met ? "met" : "none");
    }
}

static void set_patient(struct http_req *h, const struct worklist_row *r, struct val *item)
{
    struct val *patient = val_set_map(item, "patient");
    val_set_str(patient, "name", r->patient_name.n > 0 ? r->patient_name
                                                       : tr(h->rq.lang, T("Unidentified patient")));
    val_set_str(patient, "birth", r->patient_birth);
    val_set_str(patient, "sex", r->patient_sex);
}

/* The first words of the question. */
static struct str first_words(struct http_req *h, struct str text)
{
    struct str cut = utf8_cut_chars(text, QUESTION_CHARS);
    struct buf b;
    if (cut.n == text.n) {
        return text;
    }
    buf_init(&b, h->rq.a, cut.n + 8);
    buf_str(&b, cut);
    BUF_LIT(&b, "…");
    return buf_get(&b);
}

/* Who has it now, as one phrase of names. */
static struct str holder(const struct directory *dir, const struct case_row *row)
{
    switch ((enum care_turn)row->turn) {
    case TURN_ASKER: return dir_org_name(dir, row->asker_org);
    case TURN_COORDINATOR: return dir_org_name(dir, row->centre_org);
    case TURN_SERVICE:
    case TURN_CONSULTANT:
        return row->consultant.n > 0 ? dir_person_name(dir, row->consultant)
                                     : dir_service_name(dir, row->service);
    case TURN_CHAIR:
    case TURN_SECRETARY:
    case TURN_MEMBER: /* a consilium is on no list of cases */
    case TURN_PATIENT:
    case TURN_DOCTOR:
    case TURN_REGISTRAR: /* nor is a visit */
    case TURN_NOBODY: break;
    }
    return S("");
}

void case_item(struct http_req *h, const struct directory *dir, const struct worklist_row *r,
               struct val *item)
{
    const struct case_row *row = &r->row;
    val_set_str(item, "id", row->id);
    val_set_str(item, "href", page_path(h, "/cases/", row->id, ""));
    val_set_str(item, "urgency", case_urgency(h, row));
    val_set_i64(item, "rank", row->urgency);
    val_set_str(item, "state", case_state_name(row));
    val_set_str(item, "state_title", tr(h->rq.lang, case_state_title(row)));
    val_set_str(item, "profile", case_profile(h, row->profile));
    case_clock(h, row, val_set_map(item, "clock"));
    val_set_i64(item, "due_ms", row->due_ms == DUE_NEVER ? INT64_MAX : row->due_ms);
    val_set_str(item, "asker", dir_person_name(dir, row->asker));
    val_set_str(item, "asker_org", dir_org_name(dir, row->asker_org));
    val_set_str(item, "service", row->service.n > 0 ? dir_service_name(dir, row->service) : S(""));
    val_set_str(item, "answer_org",
                row->answer_org.n > 0 ? dir_org_name(dir, row->answer_org) : S(""));
    val_set_str(item, "consultant",
                row->consultant.n > 0 ? dir_person_name(dir, row->consultant) : S(""));
    val_set_str(item, "holder", holder(dir, row));
    val_set_i64(item, "version", (int64_t)row->version);
    val_set_instant(item, "sent",
                    (struct instant){row->submitted_ms != 0 ? row->submitted_ms : row->created_ms});
    val_set_str(item, "question", first_words(h, r->question));
    set_patient(h, r, item);
}
