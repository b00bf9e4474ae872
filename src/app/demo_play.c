/* app/demo_play.c - one person does one thing in one case, through the functions the pages call. */
#include "app/demo_int.h"

#include "care/content.h"
#include "care/sign_case.h"
#include "os/random.h"
#include "store/tx.h"

struct playing {
    struct demo *d;
    struct demo_case *c;
    struct instant at;
    enum demo_do what;
};

static const struct demo_person *asker(const struct playing *p)
{
    return &p->d->region->people[p->c->asker];
}

static enum err as_asker(const struct playing *p, struct req *rq, struct instant at)
{
    const struct demo_person *one = asker(p);

    return demo_as(p->d, rq, one->login, one->posts[0].org, one->posts[0].code, at,
                   p->c->story->lang);
}

static const struct demo_person *consultant(const struct playing *p)
{
    const struct demo_service *s = &p->d->region->services[p->c->service];

    return &p->d->region->people[s->first + p->c->consultant % s->n];
}

static enum err as_consultant(const struct playing *p, struct req *rq, struct instant at)
{
    return demo_as(p->d, rq, consultant(p)->login, p->d->region->services[p->c->service].org,
                   S("consultant"), at, p->c->story->lang);
}

/* A coordinator of the centre the case is at. */
static enum err as_coordinator(const struct playing *p, struct req *rq)
{
    const struct demo_region *r = p->d->region;
    struct str org = r->services[p->c->service].org;
    uint32_t which = str_eq(org, S("national")) ? 3 : p->c->no % 3;

    return demo_as(p->d, rq, r->people[r->coordinators + which].login, org, S("coordinator"),
                   p->at, p->c->story->lang);
}

/* ---- sending ---- */

static enum err register_patient(struct playing *p)
{
    struct demo_case *root = p->c->earlier != NULL ? p->c->earlier : p->c;

    return root->patient.n > 0
               ? OK
               : demo_patient(p->d, p->c->story, asker(p),
                              (struct instant){p->at.ms - 12 * MS_MINUTE}, &root->patient);
}

static enum err write_draft(struct playing *p)
{
    struct demo_typed t = {.n = 0};
    struct req rq;
    enum err e = as_asker(p, &rq, (struct instant){p->at.ms - 4 * MS_MINUTE});
    struct tx *tx = tx_new(&rq);

    if (e == OK) {
        demo_typed_request(&rq, p->d, p->c, &t);
        /* a draft that stays one is not complete */
        uint32_t n = p->what == DO_DRAFT ? t.n * 2 / 3 : t.n;
        e = draft_save(&rq, tx, p->c->id, S("request"), &(struct fields){t.v, n}, 0);
    }
    return demo_end(p->d, &rq, tx, e);
}

static enum err attach_files(struct playing *p)
{
    struct req rq;
    enum err e = as_asker(p, &rq, (struct instant){p->at.ms - 2 * MS_MINUTE});

    if (e == OK) {
        e = demo_attach(&rq, p->d, p->c);
    }
    return demo_end(p->d, &rq, NULL, e);
}

static enum err send(struct playing *p)
{
    struct problems problems = {.n = 0};
    struct draft draft;
    bool already = false;
    struct req rq;
    enum err e = as_asker(p, &rq, p->at);
    struct tx *tx = tx_new(&rq);

    if (e == OK) {
        e = draft_load(&rq, p->c->id, &draft);
    }
    if (e == OK) {
        e = consult_submit(&rq, tx, p->c->id, &draft.fields, &problems, &already);
    }
    return demo_end(p->d, &rq, tx, e);
}

static enum err play_submit(struct playing *p)
{
    char id[OS_ID_LEN + 1];

    os_id(id);
    p->c->id = arena_str(p->d->rq->a, str_z(id));
    TRY_MEM(p->d->rq, p->c->id.p);
    TRY(register_patient(p));
    TRY(write_draft(p));
    if (p->d->files) {
        TRY(attach_files(p));
    }
    return p->what == DO_DRAFT ? OK : send(p);
}

/* ---- moves ---- */

static enum err move(struct playing *p, struct req *rq, enum err e, const char *action,
                     const struct care_move_args *args)
{
    struct tx *tx = tx_new(rq);

    if (e == OK) {
        e = consult_move(rq, tx, p->c->id, str_z(action), args);
    }
    return demo_end(p->d, rq, tx, e);
}

static enum err play_coordinator(struct playing *p)
{
    const struct demo_region *r = p->d->region;
    const struct demo_phrases *say = demo_phrases(p->c->story->lang);
    struct care_move_args args = {.expect = 0};
    const char *action = "allocate";
    struct req rq;
    enum err e = as_coordinator(p, &rq);

    if (p->what == DO_RETURN) {
        action = "return";
        args.reason_code = S("tests-missing");
        args.reason = str_z(say->returned);
    } else if (p->what == DO_REROUTE) {
        action = "reroute";
        p->c->service++; /* the national service stands behind the regional one */
        p->c->consultant %= r->services[p->c->service].n;
        args.service = r->services[p->c->service].id;
        args.reason_code = S("higher-level");
        args.reason = str_z(say->rerouted);
    } else if (p->what == DO_REFUSE) {
        action = "refuse";
        args.reason_code = S("duplicate");
        args.reason = str_z(say->refused);
    } else {
        args.service = r->services[p->c->service].id;
        args.person = p->c->named ? consultant(p)->login : (struct str){0};
    }
    return move(p, &rq, e, action, &args);
}

static enum err play_pass(struct playing *p)
{
    const struct demo_service *s = &p->d->region->services[p->c->service];
    struct care_move_args args = {.service = s->id,
                                  .reason = str_z(demo_phrases(p->c->story->lang)->passed)};
    struct req rq;
    enum err e = as_consultant(p, &rq, p->at);

    p->c->consultant = (p->c->consultant + 1) % s->n;
    p->c->named = true;
    args.person = consultant(p)->login;
    return s->n < 2 ? demo_end(p->d, &rq, NULL, e) : move(p, &rq, e, "pass", &args);
}

/* Opens the case page first, as everybody who accepts does. */
static enum err play_consultant(struct playing *p)
{
    const struct demo_story *s = p->c->story;
    struct care_move_args args = {.expect = 0};
    struct case_view v;
    const char *action = "accept";
    struct req rq;
    enum err e = as_consultant(p, &rq, p->at);

    if (e == OK) {
        e = consult_view(&rq, p->c->id, &v);
    }
    if (p->what == DO_ASK) {
        action = "ask-data";
        args.reason = str_z(s->ask_data);
    } else if (p->what == DO_REFUSE) {
        action = "refuse";
        args.reason_code = S("in-person-needed");
        args.reason = str_z(demo_phrases(s->lang)->refused);
    }
    return move(p, &rq, e, action, &args);
}

/* A case refused before anybody was asked is refused by the coordinator. */
static enum err play_refuse(struct playing *p)
{
    struct case_row row;
    enum err e = case_row_load(p->d->rq, p->c->id, &row);

    return e != OK ? e : row.allocated_ms == 0 ? play_coordinator(p) : play_consultant(p);
}

static enum err play_asker(struct playing *p)
{
    static const struct {
        enum demo_do what;
        const char *action;
    } actions[] = {{DO_COMPLETE, "complete"}, {DO_GIVE, "give-data"}, {DO_RECEIVE, "receive"},
                   {DO_REPORT, "report"},     {DO_CLOSE, "close"},    {DO_WITHDRAW, "withdraw"}};
    const struct demo_story *s = p->c->story;
    struct care_move_args args = {.expect = 0};
    const char *action = "";
    struct req rq;
    enum err e = as_asker(p, &rq, p->at);

    for (size_t i = 0; i < LEN(actions); i++) {
        action = actions[i].what == p->what ? actions[i].action : action;
    }
    if (p->what == DO_COMPLETE) {
        args.reason = str_z(demo_phrases(s->lang)->completed);
    } else if (p->what == DO_GIVE) {
        args.reason = str_z(s->give_data);
    } else if (p->what == DO_WITHDRAW) {
        args.reason_code = S("no-longer-needed");
        args.reason = str_z(demo_phrases(s->lang)->withdrawn);
    } else if (p->what == DO_REPORT) {
        args.outcome = str_z(s->outcome_code);
        args.reason = str_z(s->outcome);
    }
    return move(p, &rq, e, action, &args);
}

static enum err play_talk(struct playing *p)
{
    bool asks = p->what == DO_MESSAGE;
    struct req rq;
    enum err e = asks ? as_consultant(p, &rq, p->at) : as_asker(p, &rq, p->at);
    struct tx *tx = tx_new(&rq);

    if (e == OK) {
        e = consult_message(&rq, tx, p->c->id,
                            str_z(asks ? p->c->story->message : p->c->story->reply), S(""));
    }
    return demo_end(p->d, &rq, tx, e);
}

/* ---- the conclusion ---- */

static enum err preview(struct playing *p, char ret_sha[65])
{
    const struct demo_story *s = p->c->story;
    bool correct = p->what == DO_CORRECT;
    struct demo_typed t = {.n = 0};
    struct problems problems = {.n = 0};
    struct sign_paper paper;
    struct req rq;
    enum err e = as_consultant(p, &rq, p->at);

    if (e == OK) {
        demo_typed_table(&rq, &p->d->dice, s->conclusion, rq.now, &t);
        for (uint32_t i = 0; correct && i < t.n; i++) {
            if (str_eq(t.v[i].name, str_z(s->corrected.name))) {
                t.v[i].value = str_z(s->corrected.value);
            }
        }
        e = sign_preview(&rq, p->c->id, &(struct fields){t.v, t.n}, p->d->base_url,
                         str_z(correct ? s->correct_reason : ""), &problems, &paper);
    }
    for (size_t i = 0; e == OK && i < 65; i++) {
        ret_sha[i] = paper.sha[i];
    }
    return demo_end(p->d, &rq, NULL, e);
}

static enum err play_conclusion(struct playing *p)
{
    char sha[65] = {0};
    struct str bundle;
    struct req rq;

    TRY(preview(p, sha));
    enum err e = as_consultant(p, &rq, (struct instant){p->at.ms + 40 * MS_SECOND});
    struct tx *tx = tx_new(&rq);
    if (e == OK) {
        e = sign_conclusion(&rq, tx, p->c->id, str_z(sha),
                            &(struct sign_means){.password = S(DEMO_PASSWORD)}, &bundle);
    }
    return demo_end(p->d, &rq, tx, e);
}

/* ---- the clock, and all ---- */

/* When the clock speaks next of a case; 0: never again. */
static enum err clock_next(struct demo *d, const struct case_row *row, int64_t *ret_at)
{
    const struct content *content = care_of(d->rq)->content;
    const struct policy_terms *t =
        policy_terms(care_of(d->rq)->policy, content->urgencies[row->urgency].code);

    if (t == NULL) {
        return FAIL(d->rq, E_NOT_FOUND, "terms of an urgency");
    }
    switch (row->level) {
    case LEVEL_NONE: *ret_at = row->due_ms - t->remind_before.ms; break;
    case LEVEL_REMINDED: *ret_at = row->due_ms; break;
    case LEVEL_OVERDUE: *ret_at = row->due_ms + t->escalate_after.ms; break;
    default: *ret_at = 0; break;
    }
    return OK;
}

enum err demo_clock(struct demo *d, const struct demo_case *c, int64_t t)
{
    enum { SPEAKS_MAX = 3 };
    struct case_row row;

    for (int i = 0; i < SPEAKS_MAX; i++) {
        struct req rq;
        struct buf arg;
        int64_t at = 0;
        TRY(case_row_load(d->rq, c->id, &row));
        if (row.clock == CLOCK_NONE || row.due_ms == DUE_NEVER) {
            return OK;
        }
        TRY(clock_next(d, &row, &at));
        if (at == 0 || at > t) {
            return OK;
        }
        req_init(&rq, 32 << 20, (struct instant){at});
        rq.app = d->rq->app;
        rq.db = d->rq->db;
        rq.who = &who_clock;
        struct tx *tx = tx_new(&rq);
        buf_init(&arg, rq.a, 64);
        buf_i64(&arg, row.due_ms);
        BUF_LIT(&arg, " ");
        buf_u64(&arg, row.level);
        TRY(demo_end(d, &rq, tx, care_clock_run(&rq, tx, c->id, buf_get(&arg))));
    }
    return OK;
}

enum err demo_play(struct demo *d, struct demo_case *c)
{
    struct playing p = {.d = d, .c = c, .at = {c->steps[c->next].at},
                        .what = c->steps[c->next].what};

    if (c->next++ > 0) {
        TRY(demo_clock(d, c, p.at.ms));
    }
    switch (p.what) {
    case DO_SUBMIT:
    case DO_DRAFT: return play_submit(&p);
    case DO_RETURN:
    case DO_REROUTE:
    case DO_ALLOCATE: return play_coordinator(&p);
    case DO_PASS: return play_pass(&p);
    case DO_ACCEPT:
    case DO_ASK: return play_consultant(&p);
    case DO_REFUSE: return play_refuse(&p);
    case DO_MESSAGE:
    case DO_REPLY: return play_talk(&p);
    case DO_ANSWER:
    case DO_CORRECT: return play_conclusion(&p);
    case DO_COMPLETE:
    case DO_GIVE:
    case DO_RECEIVE:
    case DO_REPORT:
    case DO_CLOSE:
    case DO_WITHDRAW: return play_asker(&p);
    }
    return OK;
}
