/* care/consilium_row.c - the rows of a consilium to and from the store, and who may see one. */
#include "care/consilium_int.h"

#include "care/abroad.h"

enum { VOICES_MAX = CONSILIUM_MEMBERS_MAX };

static void item_get(struct req *rq, const struct db_rows *q, struct consilium_item *ret_item)
{
    struct arena *a = rq->a;

    *ret_item = (struct consilium_item){
        .id = db_text(a, q, 0),
        .rid = db_i64(q, 1),
        .consilium = db_text(a, q, 2),
        .pos = (uint32_t)db_i64(q, 3),
        .case_id = db_text(a, q, 4),
        .case_rid = db_i64(q, 5),
        .attending = db_text(a, q, 6),
        .patient = db_text(a, q, 7),
        .patient_rid = db_i64(q, 8),
        .state = (uint32_t)db_i64(q, 9),
        .version = db_u64(q, 10),
        .accept_due_ms = db_i64(q, 11),
        .answer_due_ms = db_i64(q, 12),
        .level = (uint32_t)db_i64(q, 13),
        .bundle = db_text(a, q, 14),
        .editions = (uint32_t)db_i64(q, 15),
        .created_ms = db_i64(q, 16),
        .closed_ms = db_i64(q, 17),
        .sha = db_text(a, q, 18),
    };
}

static enum err items_load(struct req *rq, enum stmt_id id, struct str owner, uint32_t most,
                           struct consilium_item *ret_items, uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    const struct sql_val vals[] = {sql_text(owner), sql_i64(most)};
    uint32_t got = 0;
    bool has = false;

    TRY(db_query(rq, id, vals, most > 0 ? 2 : 1, &q));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        item_get(rq, &q, &ret_items[got++]);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err consilium_item_load(struct req *rq, struct str id, struct consilium_item *ret_item)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_CONSILIUM_ITEM, sql_text(id)));
    item_get(rq, &q, ret_item);
    return OK;
}

enum err consilium_item_new(struct tx *tx, const struct consilium_item *i)
{
    return TX_SQL(tx, W_CONSILIUM_ITEM_NEW, TX_MUST_BE_NEW, sql_text(i->id),
                  sql_rid(T_SERVICE_REQUEST, i->id), sql_text(i->consilium), sql_i64(i->pos),
                  sql_text(i->case_id), sql_i64(i->case_rid), sql_text(i->attending),
                  sql_text(i->patient), sql_i64(i->patient_rid), sql_i64(i->state),
                  sql_u64(i->version), sql_i64(i->accept_due_ms), sql_i64(i->answer_due_ms),
                  sql_i64(i->level), sql_text(str_or_empty(i->bundle)), sql_i64(i->editions),
                  sql_i64(i->created_ms), sql_i64(i->closed_ms),
                  sql_text(str_or_empty(i->sha)));
}

enum err consilium_member_put(struct tx *tx, const struct consilium *c,
                              const struct consilium_member *m)
{
    return TX_SQL(tx, W_CONSILIUM_MEMBER, 0, sql_text(c->id), sql_text(m->person), sql_text(m->role),
                  sql_i64(m->state), sql_i64(m->votes), sql_text(str_or_empty(m->instead_of)),
                  sql_text(str_or_empty(m->reason)), sql_i64(m->at_ms), sql_i64(m->was_in),
                  sql_i64(c->created_ms));
}

const struct role_ref *consilium_role(const struct directory *dir, struct str role_id,
                                      const struct dir_person **ret_person)
{
    for (uint32_t i = 0; i < dir->n_people && role_id.n > 0; i++) {
        const struct dir_person *p = &dir->people[i];
        for (uint32_t k = 0; p->active && k < p->n_roles; k++) {
            if (str_eq(p->roles[k].id, role_id)) {
                *ret_person = p;
                return &p->roles[k];
            }
        }
    }
    return NULL;
}

static enum err members_load(struct req *rq, struct consilium *c)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_CONSILIUM_MEMBERS, sql_text(c->id), sql_i64(CONSILIUM_MEMBERS_MAX)));
    TRY(db_next(rq, &q, &has));
    while (has && c->n_members < CONSILIUM_MEMBERS_MAX) {
        struct consilium_member *m = &c->members[c->n_members++];
        const struct dir_person *p = NULL;
        *m = (struct consilium_member){
            .person = db_text(rq->a, &q, 1),
            .role = db_text(rq->a, &q, 2),
            .state = (enum member_state)db_i64(&q, 3),
            .votes = db_i64(&q, 4) != 0,
            .instead_of = db_text(rq->a, &q, 5),
            .reason = db_text(rq->a, &q, 6),
            .at_ms = db_i64(&q, 7),
            .was_in = (uint32_t)db_i64(&q, 8),
        };
        m->name = dir_person_name(c->dir, m->person);
        const struct role_ref *r = consilium_role(c->dir, m->role, &p);
        m->post = r != NULL ? r->code : (struct str){0};
        m->org = r != NULL ? r->org : (struct str){0};
        m->org_name = r != NULL ? r->org_name : (struct str){0};
        if (str_eq(m->person, c->chair)) { /* who leads comes first */
            struct consilium_member chair = *m;
            *m = c->members[0];
            c->members[0] = chair;
        }
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

/* Who may not see it since a patient of it did not agree, or does no more: nobody waits for them. */
static enum err members_shut(struct req *rq, struct consilium *c)
{
    bool any = false;

    TRY(abroad_any(rq, &any));
    for (uint32_t i = 0; any && i < c->n_members; i++) {
        enum abroad is = ABROAD_HOME;
        for (uint32_t k = 0; k < c->n_items && !abroad_is_shut(is); k++) {
            TRY(abroad_of(rq, c->items[k].patient_rid, str_or_empty(c->members[i].org), &is));
        }
        c->members[i].shut = abroad_is_shut(is);
    }
    return OK;
}

static enum err head_load(struct req *rq, struct str id, struct consilium *c)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct arena *a = rq->a;

    TRY(DB_ONE(rq, &q, Q_CONSILIUM, sql_text(id)));
    *c = (struct consilium){
        .id = db_text(a, &q, 0),
        .org = db_text(a, &q, 1),
        .convener = db_text(a, &q, 2),
        .chair = db_text(a, &q, 3),
        .secretary = db_text(a, &q, 4),
        .written = db_i64(&q, 6) != 0,
        .hidden = db_i64(&q, 7) != 0,
        .quorum = (uint32_t)db_i64(&q, 8),
        .start_ms = db_i64(&q, 9),
        .until_ms = db_i64(&q, 10),
        .created_ms = db_i64(&q, 11),
        .version = db_u64(&q, 12),
    };
    const struct content *content = care_of(rq)->content;
    const struct urgency *u = content_urgency(content, db_text(a, &q, 5));
    if (u == NULL) {
        return FAIL(rq, E_INTERNAL, "urgency");
    }
    c->urgency = (uint32_t)(u - content->urgencies);
    return OK;
}

enum err consilium_load(struct req *rq, struct str id, struct consilium *ret_c)
{
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);

    TRY_MEM(rq, c);
    TRY(head_load(rq, id, c));
    TRY(directory_get(rq, &c->dir));
    const struct dir_org *org = dir_org(c->dir, c->org);
    c->policy = org != NULL ? org->policy : care_of(rq)->policy;
    TRY(items_load(rq, Q_CONSILIUM_ITEMS, c->id, 0, c->items, CONSILIUM_PATIENTS_MAX, &c->n_items));
    TRY(members_load(rq, c));
    TRY(members_shut(rq, c));
    *ret_c = *c;
    return OK;
}

/* ---- voices ---- */

enum err consilium_voices_all(struct req *rq, struct str item_id,
                              struct consilium_voice *ret_voices, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_CONSILIUM_VOICES, sql_text(item_id), sql_i64(VOICES_MAX)));
    TRY(db_next(rq, &q, &has));
    while (has && got < VOICES_MAX) {
        ret_voices[got++] = (struct consilium_voice){
            .person = db_text(rq->a, &q, 1),
            .task = db_text(rq->a, &q, 2),
            .opinion = (enum opinion_state)db_i64(&q, 3),
            .opinion_id = db_text(rq->a, &q, 4),
            .body = db_text(rq->a, &q, 5),
            .proof = db_text(rq->a, &q, 6),
            .shown = db_i64(&q, 7) != 0,
            .entered_by = db_text(rq->a, &q, 8),
            .opinion_ms = db_i64(&q, 9),
            .dissent = db_text(rq->a, &q, 10),
            .signed_state = (enum signed_state)db_i64(&q, 11),
            .signed_ms = db_i64(&q, 12),
            .refusal = db_text(rq->a, &q, 13),
        };
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

const struct consilium_voice *consilium_voice_of(const struct consilium_voice *voices, uint32_t n,
                                       struct str person)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(voices[i].person, person)) {
            return &voices[i];
        }
    }
    return NULL;
}

/* ---- counting ---- */

const struct consilium_member *consilium_member(const struct consilium *c, struct str person)
{
    for (uint32_t i = 0; i < c->n_members; i++) {
        if (str_eq(c->members[i].person, person)) {
            return &c->members[i];
        }
    }
    return NULL;
}

bool consilium_is_over(const struct req *rq, const struct consilium *c)
{
    return c->written && c->until_ms > 0 && rq->now.ms >= c->until_ms;
}

bool consilium_awaits(const struct req *rq, const struct consilium *c, const struct consilium_member *m,
                      const struct consilium_voice *v)
{
    bool silent = v == NULL || v->opinion == OPINION_NONE;

    if (v != NULL && v->opinion == OPINION_ABSENT) {
        return false;
    }
    return member_sits(m) && !(silent && consilium_is_over(rq, c) && !str_eq(m->person, c->chair));
}

uint32_t consilium_present(const struct consilium *c)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->n_members; i++) {
        n += member_sits(&c->members[i]);
    }
    return n;
}

bool consilium_has_quorum(const struct consilium *c)
{
    return consilium_present(c) >= c->quorum;
}

uint32_t consilium_state_of(const struct consilium *c)
{
    uint32_t least = CONSILIUM_CANCELLED;

    for (uint32_t i = 0; i < c->n_items; i++) {
        least = MIN(least, c->items[i].state);
    }
    return least;
}

/* ---- who may see ---- */

/* Which patients somebody outside sees: those they treat, and closed ones of their cases. */
static enum err see_items(struct req *rq, struct consilium *c, bool *ret_any)
{
    const struct who *w = rq->who;

    for (uint32_t i = 0; i < c->n_items; i++) {
        struct consilium_item *item = &c->items[i];
        bool in = false;
        bool attends = w != NULL && w->person.n > 0 && str_eq(item->attending, w->person);
        if (!c->all && !attends && w != NULL && item->state == CONSILIUM_CLOSED) {
            TRY(db_team_has(rq, item->rid, w->principals, w->n_principals, &in));
        }
        c->actor |= attends ? ACTOR_ASKER : 0;
        item->sees = c->all || attends || in;
        *ret_any = *ret_any || item->sees;
    }
    return OK;
}

/* Is a patient of it at home elsewhere, who has not agreed that somebody of rq->who's country sees this? */
static enum err shut_abroad(struct req *rq, const struct consilium *c, bool *ret_shut)
{
    enum abroad is = ABROAD_HOME;

    for (uint32_t i = 0; i < c->n_items && !abroad_is_shut(is); i++) {
        TRY(abroad_of(rq, c->items[i].patient_rid, str_or_empty(rq->who->audit.org), &is));
    }
    *ret_shut = abroad_is_shut(is);
    return OK;
}

/* What rq->who is to it, and what they see. *ret_may false: nothing of it. */
static enum err see(struct req *rq, struct consilium *c, bool *ret_may)
{
    const struct who *w = rq->who;
    bool system = w != NULL && (w->rights & (IS_SYSTEM | IS_CLOCK)) != 0;
    bool asked = false;

    c->actor = w != NULL && (w->rights & IS_CLOCK) ? ACTOR_CLOCK : 0;
    c->why = system ? WHY_SYSTEM : WHY_TEAM;
    c->all = system;
    if (w != NULL && w->person.n > 0) {
        c->me = consilium_member(c, w->person);
        asked = c->me != NULL && c->me->state == MEMBER_ASKED;
        bool in = c->me != NULL && c->me->state == MEMBER_IN;
        bool runs_it = str_eq(w->person, c->convener) || str_eq(w->person, c->secretary);
        bool leads = str_eq(w->person, c->chair) && in;
        c->actor |= runs_it ? ACTOR_SECRETARY : 0;
        c->actor |= leads ? ACTOR_CHAIR : 0;
        c->actor |= c->me != NULL && c->me->votes && (asked || in) ? ACTOR_MEMBER : 0;
        c->all = c->all || in || runs_it || (c->me != NULL && c->me->state == MEMBER_LEFT);
        c->why = runs_it || leads ? WHY_OWN : c->why;
    }
    bool shut = false;
    TRY(w != NULL && !system ? shut_abroad(rq, c, &shut) : OK);
    *ret_may = !shut && (c->all || asked);
    if (shut) {
        c->all = false;
        c->actor = 0;
        return OK;
    }
    return see_items(rq, c, ret_may);
}

enum err consilium_note(struct req *rq, const struct consilium *c,
                        const struct consilium_item *item, enum audit_action action,
                        enum err outcome, struct str detail)
{
    struct case_row row;

    consilium_as_case(c, item, &row);
    struct audit_rec rec = case_audit(&row, outcome != OK ? AUDIT_DENY : action,
                                      outcome == OK             ? c->why
                                      : outcome == E_NOT_FOUND ? WHY_NOT_TEAM
                                                               : WHY_NO_RIGHT);
    rec.outcome = outcome;
    rec.detail = detail;
    return audit_add(rq, &rec);
}

static enum err open_loaded(struct req *rq, const struct consilium_item *only,
                            enum audit_action action, struct consilium *c)
{
    bool may = false;

    TRY(see(rq, c, &may));
    for (uint32_t i = 0; i < c->n_items; i++) {
        bool looked = only == NULL || str_eq(only->id, c->items[i].id);
        if (looked && (c->items[i].sees || !may)) { /* an invitation shows no patient */
            TRY(consilium_note(rq, c, &c->items[i], action, may ? OK : E_NOT_FOUND,
                               may ? S("") : str_z(audit_action_name(action))));
        }
    }
    return may ? OK : FAIL(rq, E_NOT_FOUND, "consilium");
}

static enum err none(struct req *rq, enum err e)
{
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "consilium");
    }
    return e;
}

enum err consilium_open(struct req *rq, struct str id, enum audit_action action,
                        struct consilium *ret_c)
{
    TRY(none(rq, consilium_load(rq, id, ret_c)));
    return open_loaded(rq, NULL, action, ret_c);
}

enum err consilium_open_item(struct req *rq, struct str item_id, enum audit_action action,
                             struct consilium *ret_c, struct consilium_item **ret_item)
{
    struct consilium_item item;

    TRY(none(rq, consilium_item_load(rq, item_id, &item)));
    TRY(none(rq, consilium_load(rq, item.consilium, ret_c)));
    TRY(open_loaded(rq, &item, action, ret_c));
    for (uint32_t i = 0; i < ret_c->n_items; i++) {
        if (str_eq(ret_c->items[i].id, item.id) && ret_c->items[i].sees) {
            *ret_item = &ret_c->items[i];
            return OK;
        }
    }
    return FAIL(rq, E_NOT_FOUND, "consilium");
}

/* ---- lists ---- */

enum err consilium_list(struct req *rq, int64_t before_ms, struct consilium *ret_all, uint32_t n,
                        uint32_t *ret_n)
{
    struct str *ids = ARENA_ARRAY(rq->a, n, struct str);
    uint32_t got = 0;
    uint32_t all = 0;

    TRY_MEM(rq, ids);
    {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        bool has = false;
        TRY(DB_QUERY(rq, &q, Q_CONSILIA_OF, sql_text(rq->who->person),
                     sql_i64(before_ms != 0 ? before_ms : INT64_MAX), sql_i64(n)));
        TRY(db_next(rq, &q, &has));
        while (has && got < n) {
            ids[got++] = db_text(rq->a, &q, 0);
            TRY(db_next(rq, &q, &has));
        }
    }
    for (uint32_t i = 0; i < got; i++) {
        bool may = false;
        TRY(consilium_load(rq, ids[i], &ret_all[all]));
        TRY(see(rq, &ret_all[all], &may));
        all += may;
    }
    *ret_n = all;
    return OK;
}

enum err consilium_of_case(struct req *rq, struct str case_id, struct consilium *ret_all,
                           uint32_t *ret_at, uint32_t n, uint32_t *ret_n)
{
    struct consilium_item *items = ARENA_ARRAY(rq->a, n, struct consilium_item);
    uint32_t all = 0;
    uint32_t got = 0;

    TRY_MEM(rq, items);
    TRY(items_load(rq, Q_CONSILIUM_ITEMS_OF_CASE, case_id, n, items, n, &all));
    for (uint32_t i = 0; i < all; i++) {
        struct consilium *c = &ret_all[got];
        bool may = false;
        TRY(consilium_load(rq, items[i].consilium, c));
        TRY(see(rq, c, &may));
        for (uint32_t k = 0; may && k < c->n_items; k++) {
            if (c->items[k].sees && str_eq(c->items[k].id, items[i].id)) {
                ret_at[got++] = k;
                break;
            }
        }
    }
    *ret_n = got;
    return OK;
}
