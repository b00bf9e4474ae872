/* care/sub_match.c - events: which versions of the feed a subscription is told of. See sub.h. */
#include "care/sub.h"

#include "fhir/meets.h"
#include "fhir/path.h"
#include "store/db.h"

enum { FUEL = 2000000 }; /* steps of one FHIRPath criterion */

struct sub_change {
    struct ver_row cur;
    struct ver_row prev;
    bool has_prev;             /* a live version before */
    struct fhir_version *now;  /* NULL: deleted */
    struct fhir_version *then; /* NULL: none */
    unsigned op;               /* ON_ bit */
};

enum err sub_change_new(struct req *rq, int64_t vid, struct sub_change **ret_c)
{
    struct sub_change *c = ARENA_NEW(rq->a, struct sub_change);
    int64_t before = 0;
    int64_t none;
    TRY_MEM(rq, c);
    TRY(db_version(rq, vid, &c->cur, &before));
    if (before != 0) {
        TRY(db_version(rq, before, &c->prev, &none));
        c->has_prev = c->prev.op != VER_DELETE;
    }
    c->op = c->cur.op == VER_DELETE ? ON_DELETE : c->has_prev ? ON_UPDATE : ON_CREATE;
    if (c->cur.op != VER_DELETE) {
        TRY(fhir_version_load(rq, &c->cur, &c->now));
    }
    if (c->has_prev) {
        TRY(fhir_version_load(rq, &c->prev, &c->then));
    }
    *ret_c = c;
    return OK;
}

/* A failure of this very criterion on this very resource says yes; one of the store is passed on. */
static enum err undecided(struct req *rq, enum err e, bool *ret_yes)
{
    if (e == OK || e == E_IO || e == E_BUSY) {
        return e;
    }
    err_clear(rq);
    *ret_yes = true;
    return OK;
}

static enum err query_meets(struct req *rq, enum fhir_type type, struct str query,
                            struct fhir_version *v, bool *ret_yes)
{
    struct fhir_query *q = NULL;
    bool yes = false;
    enum err e = fhir_plain_query(rq, type, query, &q);
    if (e == OK) {
        e = fhir_version_meets(rq, v, q, &yes);
    }
    TRY(undecided(rq, e, &yes));
    *ret_yes = yes;
    return OK;
}

static enum err queries_meet(struct req *rq, const struct topic_trigger *t, struct sub_change *c,
                             bool *ret_yes)
{
    bool current = c->now != NULL ? true : t->delete_passes;
    bool previous = c->then != NULL ? true : t->create_passes;
    if (t->current.n > 0 && c->now != NULL) {
        TRY(query_meets(rq, t->type, t->current, c->now, &current));
    }
    if (t->previous.n > 0 && c->then != NULL) {
        TRY(query_meets(rq, t->type, t->previous, c->then, &previous));
    }
    *ret_yes = t->current.n == 0 && t->previous.n == 0 ? true
               : t->previous.n == 0                     ? current
               : t->current.n == 0                      ? previous
               : t->both                                ? current && previous
                                                        : current || previous;
    return OK;
}

static enum err path_meets(struct req *rq, const struct topic_trigger *t, struct sub_change *c,
                           bool *ret_yes)
{
    const struct defs *d = fhir_defs();
    struct path_item now = {0};
    struct path_item then = {0};
    if (c->now != NULL) {
        now = path_item_of(d, fhir_version_root(c->now), 0);
    }
    if (c->then != NULL) {
        then = path_item_of(d, fhir_version_root(c->then), 0);
    }
    const struct path_var vars[] = {
        {S("current"), {&now, c->now != NULL ? 1 : 0}},
        {S("previous"), {&then, c->then != NULL ? 1 : 0}},
    };
    struct path_env env = path_env_of(c->now != NULL ? now : then);
    env.vars = vars;
    env.n_vars = LEN(vars);
    env.fuel = FUEL;
    bool yes = false;
    TRY(undecided(rq, path_eval_test(rq, t->path, &env, &yes), &yes));
    *ret_yes = yes;
    return OK;
}

static enum err trigger_meets(struct req *rq, const struct topic_trigger *t, struct sub_change *c,
                              bool *ret_yes)
{
    bool yes = (t->ops & c->op) != 0 && t->type == (enum fhir_type)c->cur.type;
    if (yes) {
        TRY(queries_meet(rq, t, c, &yes));
    }
    if (yes && t->path != NULL) {
        TRY(path_meets(rq, t, c, &yes));
    }
    *ret_yes = yes;
    return OK;
}

/* All filters of its type; of something deleted, what it was. */
static enum err filters_meet(struct req *rq, const struct sub_want *want, struct sub_change *c,
                             bool *ret_yes)
{
    bool yes = true;
    struct fhir_version *v = c->now != NULL ? c->now : c->then;
    for (uint32_t i = 0; yes && v != NULL && i < want->n_filters; i++) {
        struct str rest = want->filters[i];
        struct str name = {NULL, 0};
        (void)str_cut(&rest, '?', &name);
        if (str_eq(name, fhir_type_name((enum fhir_type)c->cur.type))) {
            TRY(query_meets(rq, (enum fhir_type)c->cur.type, rest, v, &yes));
        }
    }
    *ret_yes = yes;
    return OK;
}

/* What was erased by order nobody sees: an event told of before has its number alone. */
static enum err may_see(struct req *rq, const struct fhir_access *acc, int64_t rid, bool *ret_may)
{
    struct res_row head;
    TRY(db_head_rid(rq, rid, &head));
    if (head.erased) {
        *ret_may = false;
        return OK;
    }
    return fhir_may_touch(rq, acc, OP_READ, &head, ret_may);
}

enum err sub_meets(struct req *rq, const struct sub_want *want, const struct fhir_access *acc,
                   struct sub_change *c, bool *ret_meets)
{
    bool yes = false;
    for (uint32_t i = 0; !yes && i < want->topic->n_triggers; i++) {
        TRY(trigger_meets(rq, &want->topic->triggers[i], c, &yes));
    }
    if (yes) {
        TRY(filters_meet(rq, want, c, &yes));
    }
    if (yes) {
        TRY(may_see(rq, acc, c->cur.rid, &yes));
    }
    *ret_meets = yes;
    return OK;
}

enum err sub_events(struct req *rq, const struct sub_row *row, const struct fhir_access *acc,
                    int64_t from, int64_t to, struct sub_event *ret_events, uint32_t n,
                    uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_SUB_EVENTS, sql_text(row->id), sql_i64(from), sql_i64(to), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_events[got++] = (struct sub_event){
            .number = db_i64(&q, 0), .vid = db_i64(&q, 1), .at = {db_i64(&q, 2)}};
        TRY(db_next(rq, &q, &has));
    }
    for (uint32_t i = 0; i < got; i++) {
        struct sub_event *e = &ret_events[i];
        int64_t before;
        TRY(db_version(rq, e->vid, &e->row, &before));
        TRY(may_see(rq, acc, e->row.rid, &e->shown));
    }
    *ret_n = got;
    return OK;
}

enum err sub_events_audit(struct req *rq, const struct sub_row *row,
                          const struct sub_event *events, uint32_t n, int64_t told,
                          enum audit_action action)
{
    struct buf b;
    buf_init(&b, rq->a, 128);
    BUF_LIT(&b, "Subscription ");
    buf_str(&b, row->id);
    for (uint32_t i = 0; i < n; i++) {
        const struct ver_row *v = &events[i].row;
        struct audit_rec rec = {
            .action = action,
            .why = who_may(rq->who, IS_SYSTEM) ? WHY_SYSTEM : WHY_TEAM,
            .type = v->type,
            .id = v->id,
            .patient_rid = v->patient,
            .case_rid = v->anchor > 0 && v->anchor != v->patient ? v->anchor : 0,
            .detail = buf_get(&b),
        };
        if (events[i].shown && events[i].number > told
            && fhir_type_is_clinical((enum fhir_type)v->type)) {
            TRY(audit_add(rq, &rec));
        }
    }
    return OK;
}
