/* care/sight.c - the teams of a patient's anchors, named by the directory. See sight.h. */
#include "care/sight_int.h"

#include "care/abroad.h"
#include "care/put.h"

enum { SLOTS = 4096 }; /* of the table of principals: a power of two, never half full */

/* A principal that is in some team. */
struct seen {
    uint64_t principal;
    enum sight_kind kind;   /* SIGHT_KIND_COUNT: not named yet */
    struct str id;
    bool whole;
    uint32_t n_people, n_reasons;
    uint32_t *people;
    struct sight_reason *reasons;
    uint8_t anchors[SIGHT_ANCHORS_MAX / 8]; /* bits of those it is in the team of */
};
struct book {
    struct req *rq;
    const struct directory *dir;
    struct sight_anchors *anchors;
    struct seen *seen;
    uint32_t n;
    uint16_t *slots;        /* index + 1 into seen, 0 free */
};

/* ---- anchors ---- */

static bool is_known(const struct sight_anchors *all, int64_t rid)
{
    for (uint32_t i = 0; i < all->n; i++) {
        if (all->all[i].rid == rid) {
            return true;
        }
    }
    return false;
}

static enum err anchor_read(struct req *rq, const struct res_row *head, struct sight_anchor *ret)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct sight_anchor a = {.rid = head->anchor};
    bool has = false;
    enum err e = case_row_load(rq, head->id, &a.row);

    if (e == OK) {
        a.is_case = true;
        a.case_id = a.row.id;
        a.since_ms = a.row.submitted_ms > 0 ? a.row.submitted_ms : a.row.created_ms;
        *ret = a;
        return OK;
    }
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    TRY(DB_QUERY(rq, &q, Q_CONSILIUM_CASE_OF, sql_text(head->id)));
    TRY(db_next(rq, &q, &has));
    if (has) {
        a.is_item = true;
        a.case_id = db_text(rq->a, &q, 0);
        a.since_ms = db_i64(&q, 1);
    }
    *ret = a;
    return OK;
}

/* A case of others is not told from none: nobody learns of it here. The auditor knows its number anyway. */
static enum err anchors_open(struct req *rq, struct sight_anchors *all)
{
    const struct who *w = rq->who;

    for (uint32_t i = 0; i < all->n; i++) {
        struct sight_anchor *a = &all->all[i];
        a->open = i == 0 || who_may(w, MAY_AUDIT | IS_SYSTEM);
        if (!a->open && w != NULL) {
            TRY(db_team_has(rq, a->rid, w->principals, w->n_principals, &a->open));
        }
    }
    return OK;
}

/* The patient, then what has a team of its own, newest first. */
static enum err anchors_read(struct req *rq, int64_t patient_rid, struct sight_anchors *all, bool *ret_more)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct patient p;
    struct hit hit;

    TRY(patient_load(rq, patient_rid, &p));
    all->registered = p.org;
    all->all[all->n++] = (struct sight_anchor){.rid = patient_rid};
    TRY(list_owner(rq, patient_rid, T_SERVICE_REQUEST, LIST_NEWEST, &l));
    while (all->n < SIGHT_ANCHORS_MAX && list_next(l, &hit)) {
        struct res_row head;
        TRY(db_head_rid(rq, hit.rid, &head));
        if (!head.deleted && head.anchor > 0 && !is_known(all, head.anchor)) {
            TRY(anchor_read(rq, &head, &all->all[all->n]));
            all->n++;
        }
    }
    *ret_more = all->n == SIGHT_ANCHORS_MAX;
    return list_err(rq, l);
}

/* ---- principals ---- */

static struct seen *book_find(const struct book *b, uint64_t principal)
{
    for (uint32_t at = (uint32_t)principal & (SLOTS - 1); b->slots[at] != 0; at = (at + 1) & (SLOTS - 1)) {
        if (b->seen[b->slots[at] - 1].principal == principal) {
            return &b->seen[b->slots[at] - 1];
        }
    }
    return NULL;
}

static struct seen *book_add(struct book *b, uint64_t principal)
{
    struct seen *s = book_find(b, principal);
    uint32_t at = (uint32_t)principal & (SLOTS - 1);

    if (s != NULL || b->n == SIGHT_GROUPS_MAX) {
        return s;
    }
    while (b->slots[at] != 0) {
        at = (at + 1) & (SLOTS - 1);
    }
    s = &b->seen[b->n++];
    *s = (struct seen){.principal = principal, .kind = SIGHT_KIND_COUNT};
    b->slots[at] = (uint16_t)b->n;
    return s;
}

static enum err book_teams(struct book *b)
{
    uint64_t *team = ARENA_ARRAY(b->rq->a, SIGHT_TEAM_MAX, uint64_t);

    TRY_MEM(b->rq, team);
    for (uint32_t i = 0; i < b->anchors->n; i++) {
        size_t n = 0;
        TRY(db_team(b->rq, b->anchors->all[i].rid, team, SIGHT_TEAM_MAX, &n));
        for (size_t k = 0; k < n; k++) {
            struct seen *s = book_add(b, team[k]);
            if (s == NULL) {
                return FAIL(b->rq, E_TOO_LARGE, "groups");
            }
            s->anchors[i / 8] |= (uint8_t)(1u << i % 8);
            s->whole = s->whole || i == 0;
            s->n_reasons++;
        }
    }
    return OK;
}

static void name(const struct book *b, uint64_t principal, enum sight_kind kind, struct str id)
{
    struct seen *s = book_find(b, principal);

    if (s != NULL) {
        s->kind = kind;
        s->id = id;
    }
}

static void book_names(const struct book *b)
{
    const struct store *st = care_of(b->rq)->store;
    const struct directory *d = b->dir;

    for (uint32_t i = 0; i < d->n_orgs; i++) {
        struct str id = d->orgs[i].id;
        name(b, principal_askers(st, id), SIGHT_ASKERS, id);
        name(b, principal_registry(st, id), SIGHT_REGISTRY, id);
        name(b, principal_coordinators(st, id), SIGHT_COORDINATORS, id);
        name(b, principal_heads(st, id), SIGHT_HEADS, id);
    }
    for (uint32_t i = 0; i < d->n_services; i++) {
        name(b, principal_service(st, d->services[i].id), SIGHT_SERVICE, d->services[i].id);
    }
    for (uint32_t i = 0; i < d->n_people; i++) {
        name(b, principal_person(st, d->people[i].id), SIGHT_PERSON, d->people[i].id);
    }
}

/* Whoever can sign in: who holds no role any more is let in nowhere. */
static bool may_sign_in(const struct dir_person *p)
{
    return p->active && p->n_roles > 0;
}

/* Counts the holders, or (fill) notes them. A principal may stand twice in a person's list. */
static void book_people(struct book *b, bool fill)
{
    for (uint32_t i = 0; i < b->dir->n_people; i++) {
        const struct dir_person *p = &b->dir->people[i];
        for (uint32_t k = 0; may_sign_in(p) && k < p->n_principals; k++) {
            struct seen *s = book_find(b, p->principals[k]);
            bool again = s != NULL && fill && s->n_people > 0 && s->people[s->n_people - 1] == i;
            if (s == NULL || again) {
                continue;
            }
            if (fill) {
                s->people[s->n_people] = i;
            }
            s->n_people++;
        }
    }
}

static enum err book_holders(struct book *b)
{
    book_people(b, false);
    for (uint32_t i = 0; i < b->n; i++) {
        b->seen[i].people = ARENA_ARRAY(b->rq->a, b->seen[i].n_people + 1, uint32_t);
        TRY_MEM(b->rq, b->seen[i].people);
        b->seen[i].n_people = 0;
    }
    book_people(b, true);
    return OK;
}

/* A whole record is given to whom a case gave it: then the case says why. */
static enum err reasons_read(struct book *b, struct seen *s)
{
    uint32_t n = 0;

    s->reasons = ARENA_ARRAY(b->rq->a, s->n_reasons, struct sight_reason);
    TRY_MEM(b->rq, s->reasons);
    for (uint32_t i = 0; i < b->anchors->n; i++) {
        bool in = (s->anchors[i / 8] & 1u << i % 8) != 0;
        bool own = i > 0 || s->n_reasons == 1 || s->kind == SIGHT_REGISTRY;
        if (in && own && b->anchors->all[i].open) {
            TRY(sight_reason_of(b->rq, b->anchors, i, s->kind, s->id, &s->reasons[n]));
            n++;
        }
    }
    s->n_reasons = n;
    return OK;
}

static bool is_glass(const struct seen *s)
{
    for (uint32_t i = 0; i < s->n_reasons; i++) {
        if (s->reasons[i].why == SIGHT_GLASS) {
            return true;
        }
    }
    return false;
}

/* What is read first: who opened with a reason, then single people, then the rest as they stood. */
static uint32_t rank(const struct seen *s)
{
    return is_glass(s) ? 0 : s->kind == SIGHT_PERSON ? 1 : 2;
}

static bool group_abroad(const struct book *b, const struct policy *home, const struct seen *x)
{
    const struct dir_service *s = x->kind == SIGHT_SERVICE ? dir_service(b->dir, x->id) : NULL;
    const struct dir_org *o = s != NULL ? &b->dir->orgs[s->org] : dir_org(b->dir, x->id);

    return x->kind == SIGHT_PERSON ? abroad_person(b->dir, home, &b->dir->people[x->people[0]])
                                   : o != NULL && o->policy != NULL &&
                                         !str_eq(o->policy->country, home->country);
}

static enum err set_groups(struct book *b, struct sight *s)
{
    struct sight_group *groups = ARENA_ARRAY(b->rq->a, b->n + 1, struct sight_group);
    const struct policy *home = NULL;
    uint32_t n = 0;

    TRY_MEM(b->rq, groups);
    TRY(abroad_policy(b->rq, s->patient_rid, &home));
    for (uint32_t i = 0; i < b->n; i++) {
        if (b->seen[i].kind != SIGHT_KIND_COUNT && b->seen[i].n_people > 0) {
            TRY(reasons_read(b, &b->seen[i]));
            s->n_hidden += b->seen[i].n_reasons == 0;
        }
    }
    for (uint32_t r = 0; r < 3; r++) {
        for (uint32_t i = 0; i < b->n; i++) {
            const struct seen *x = &b->seen[i];
            bool shown = x->kind != SIGHT_KIND_COUNT && x->n_people > 0 && x->n_reasons > 0;
            if (shown && rank(x) == r) {
                groups[n++] = (struct sight_group){x->kind, x->id, group_abroad(b, home, x),
                                                   x->whole, x->people,
                                                   x->n_people,
                                                   x->reasons, x->n_reasons};
            }
        }
    }
    s->groups = groups;
    s->n_groups = n;
    return OK;
}

static enum err load(struct req *rq, int64_t rid, struct str id, struct sight *ret_sight)
{
    struct sight s = {.patient = id, .patient_rid = rid};
    struct book b = {.rq = rq,
                     .anchors = ARENA_NEW(rq->a, struct sight_anchors),
                     .seen = ARENA_ARRAY(rq->a, SIGHT_GROUPS_MAX, struct seen),
                     .slots = ARENA_ARRAY(rq->a, SLOTS, uint16_t)};

    TRY_MEM(rq, b.anchors);
    TRY_MEM(rq, b.seen);
    TRY_MEM(rq, b.slots);
    TRY(directory_get(rq, &s.dir));
    b.dir = s.dir;
    TRY(anchors_read(rq, rid, b.anchors, &s.more));
    TRY(anchors_open(rq, b.anchors));
    TRY(book_teams(&b));
    book_names(&b);
    TRY(book_holders(&b));
    TRY(set_groups(&b, &s));
    TRY(sight_others(rq, b.anchors, &s));
    *ret_sight = s;
    return OK;
}

enum err sight_of_patient(struct req *rq, struct str patient_id, struct sight *ret_sight)
{
    struct res_row row;

    TRY(access_patient(rq, patient_id, AUDIT_READ, &row));
    return load(rq, row.rid, row.id, ret_sight);
}

enum err sight_for_audit(struct req *rq, struct str patient_id, struct sight *ret_sight)
{
    struct res_row row;

    if (!who_may(rq->who, MAY_AUDIT | IS_SYSTEM)) {
        return FAIL(rq, E_FORBIDDEN, "no right to audit");
    }
    enum err e = db_read(rq, T_PATIENT, patient_id, &row);
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "patient");
    }
    TRY(e);
    struct audit_rec rec = {.action = AUDIT_READ, .why = WHY_DIRECTORY, .type = T_AUDIT_EVENT,
                            .patient_type = T_PATIENT, .patient_id = row.id, .patient_rid = row.rid,
                            .detail = S("who can see")};
    TRY(audit_add(rq, &rec));
    return load(rq, row.rid, row.id, ret_sight);
}
