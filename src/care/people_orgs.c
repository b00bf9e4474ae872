/* care/people_orgs.c - lines of organisations compared with those that stand. See people.h. */
#include "care/people_int.h"

#include "base/text.h"
#include "care/put.h"

enum { DEPTH_MAX = 32 };

/* An organisation of the file, or one that stands. */
struct node {
    uint32_t row; /* DIR_NONE: not in the file */
    uint32_t at;  /* in the directory; DIR_NONE: a new one */
};

struct orgs {
    struct people_read *r;
    const struct people_may *m;
    const struct dir_map *codes;
    struct dir_map rows;   /* code -> the first row of it */
    struct dir_map by_id;  /* id of one that stands -> row */
    struct known {
        struct str id;
    } *ids; /* of the rows */
};

static bool is_code(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && c != '.' && c != '_' && c != '-' && c != '/') {
            return false;
        }
    }
    return s.n > 0;
}

static enum org_kind kind_of(struct str code)
{
    for (int k = 0; k < ORG_KIND_COUNT; k++) {
        if (str_eq(code, org_kind_code((enum org_kind)k))) {
            return (enum org_kind)k;
        }
    }
    return ORG_KIND_COUNT;
}

/* Who a code names: a line of the file, else one that stands. */
static struct node node_of(const struct orgs *o, struct str code)
{
    struct node n = {dir_map_find(&o->rows, o->r->p->rows, sizeof *o->r->p->rows, code),
                     people_org_at(o->m->d, o->codes, code)};
    if (n.row == DIR_NONE && n.at != DIR_NONE) {
        n.row = dir_map_find(&o->by_id, o->ids, sizeof *o->ids, o->m->d->orgs[n.at].id);
    }
    return n;
}

/* Of a new one that names none: where the importer stands; of a command's the top of all. */
static uint32_t default_parent(const struct orgs *o)
{
    return o->m->all ? DIR_NONE : o->m->top;
}

/* What stands above it once the file is applied. False: nothing does. */
static bool node_up(const struct orgs *o, struct node *n)
{
    const struct people_row *row = n->row != DIR_NONE ? &o->r->p->rows[n->row] : NULL;
    if (row != NULL && row->act != PEOPLE_WRONG && row->v[ORG_PARENT].n > 0) {
        *n = node_of(o, row->v[ORG_PARENT]);
        return n->row != DIR_NONE || n->at != DIR_NONE;
    }
    uint32_t up = n->at != DIR_NONE ? o->m->d->orgs[n->at].parent : default_parent(o);
    if (up == DIR_NONE) {
        return false;
    }
    *n = (struct node){dir_map_find(&o->by_id, o->ids, sizeof *o->ids, o->m->d->orgs[up].id), up};
    return true;
}

/* Each line by itself: its shape, and which one it is. */
static void check_row(const struct orgs *o, uint32_t i)
{
    struct people_row *row = &o->r->p->rows[i];
    const struct dir_org *d = NULL;

    if (row->key.n == 0) {
        return; /* wrong already: not read, or without its key */
    }
    if (!is_code(row->key)) {
        people_wrong(o->r, row, ORG_CODE, T("A code is of letters, digits and . _ - /"), S(""));
    }
    if (row->first != i) {
        struct buf b;
        buf_init(&b, o->r->rq->a, 12);
        buf_u64(&b, o->r->p->rows[row->first].line);
        people_wrong(o->r, row, ORG_CODE, T("This code stands in line {what} already."), buf_get(&b));
    }
    if (row->v[ORG_KIND].n > 0 && kind_of(row->v[ORG_KIND]) == ORG_KIND_COUNT) {
        people_wrong(o->r, row, ORG_KIND, T("The kind is one of station, hospital, centre, national, "
                                            "other."),
                     S(""));
    }
    uint32_t at = people_org_at(o->m->d, o->codes, row->key);
    if (at != DIR_NONE) {
        d = &o->m->d->orgs[at];
        row->id = arena_str(o->r->rq->a, d->id);
        o->ids[i].id = row->id;
    }
    row->name = row->v[ORG_NAME].n > 0 ? row->v[ORG_NAME] : d != NULL ? arena_str(o->r->rq->a,
        d->name) : S("");
    if (d == NULL && row->v[ORG_NAME].n == 0) {
        people_wrong(o->r, row, ORG_NAME, T("This field is needed."), S(""));
    }
    if (d == NULL && row->v[ORG_KIND].n == 0) {
        people_wrong(o->r, row, ORG_KIND, T("This field is needed."), S(""));
    }
    if (d != NULL && !people_reaches(o->m, at)) {
        people_wrong(o->r, row, ORG_CODE,
                     T("This organisation is not below the one you act in: it is changed there."), S(""));
    }
}

static struct node node_at(const struct orgs *o, uint32_t row)
{
    struct str id = o->r->p->rows[row].id;
    return (struct node){row, id.n > 0 ? dir_org_at(o->m->d, id) : DIR_NONE};
}

/* Its parent is there, and it is not above itself. */
static void check_parent(const struct orgs *o, uint32_t i)
{
    struct people_row *row = &o->r->p->rows[i];
    struct node n = node_at(o, i);

    if (row->act == PEOPLE_WRONG || row->v[ORG_PARENT].n == 0) {
        uint32_t up = row->id.n == 0 ? default_parent(o) : DIR_NONE;
        row->org = up != DIR_NONE ? arena_str(o->r->rq->a, o->m->d->orgs[up].id) : S("");
        return;
    }
    struct node up = node_of(o, row->v[ORG_PARENT]);
    if (up.row == DIR_NONE && up.at == DIR_NONE) {
        people_wrong(o->r, row, ORG_PARENT, T("There is no organisation with this code: “{what}”."),
                     row->v[ORG_PARENT]);
        return;
    }
    row->parent_row = up.at == DIR_NONE ? up.row : DIR_NONE;
    row->org = up.at != DIR_NONE ? arena_str(o->r->rq->a, o->m->d->orgs[up.at].id) : S("");
    for (uint32_t depth = 0; depth <= DEPTH_MAX && node_up(o, &n); depth++) {
        if (n.row == i) {
            people_wrong(o->r, row, ORG_PARENT, T("It cannot be part of itself or of one below "
                                                  "it."), S(""));
            return;
        }
    }
}

/* Whoever imports stands above it, and it is not too deep. */
static void check_reach(const struct orgs *o, uint32_t i)
{
    struct people_row *row = &o->r->p->rows[i];
    struct node n = node_at(o, i);
    bool reached = o->m->all || (n.at != DIR_NONE && n.at == o->m->top);
    uint32_t depth = 0;

    if (!o->m->all && n.at != DIR_NONE && n.at == o->m->top && row->org.n > 0
        && dir_org_at(o->m->d, row->org) != o->m->d->orgs[n.at].parent) {
        people_wrong(o->r, row, ORG_PARENT, T("The organisation you act in is moved by those above "
                                              "it."), S(""));
    }
    while (row->act != PEOPLE_WRONG && node_up(o, &n)) {
        reached = reached || (n.at != DIR_NONE && n.at == o->m->top);
        if (++depth >= DEPTH_MAX) {
            people_wrong(o->r, row, ORG_PARENT, T("It would stand too deep in the tree."), S(""));
        }
    }
    if (row->act != PEOPLE_WRONG && !reached) {
        people_wrong(o->r, row, ORG_PARENT,
                     T("You import below the organisation you act in: name one of these as the "
                       "parent."), S(""));
    }
}

/* A new one whose parent cannot be made cannot be made either. */
static bool loses_parent(const struct orgs *o, const struct people_row *row)
{
    return row->act != PEOPLE_WRONG && row->parent_row != DIR_NONE
           && o->r->p->rows[row->parent_row].act == PEOPLE_WRONG;
}

static enum err compare_one(const struct orgs *o, struct people_row *row)
{
    struct people_read *r = o->r;
    struct res_row head;

    if (row->act == PEOPLE_WRONG) {
        return OK;
    }
    if (row->id.n == 0) {
        row->act = PEOPLE_NEW;
        return OK;
    }
    const struct dir_org *was = dir_org(o->m->d, row->id);
    if (row->v[ORG_NAME].n > 0 && !str_eq(row->v[ORG_NAME], was->name)) {
        people_differs(r, row, ORG_NAME, was->name, row->v[ORG_NAME]);
    }
    if (row->v[ORG_KIND].n > 0 && kind_of(row->v[ORG_KIND]) != was->kind) {
        people_differs(r, row, ORG_KIND, org_kind_code(was->kind), row->v[ORG_KIND]);
    }
    if (row->v[ORG_PHONE].n > 0 && !str_eq(row->v[ORG_PHONE], was->phone)) {
        people_differs(r, row, ORG_PHONE, was->phone, row->v[ORG_PHONE]);
    }
    struct str up = was->parent != DIR_NONE ? o->m->d->orgs[was->parent].id : S("");
    if (row->parent_row != DIR_NONE || (row->org.n > 0 && !str_eq(row->org, up))) {
        people_differs(r, row, ORG_PARENT,
            was->parent != DIR_NONE ? o->m->d->orgs[was->parent].name : S(""),
                       row->v[ORG_PARENT]);
    }
    row->act = row->n_changes > 0 ? PEOPLE_CHANGED : PEOPLE_SAME;
    if (row->act == PEOPLE_CHANGED) {
        TRY(db_head(r->rq, T_ORGANIZATION, row->id, &head));
        row->version = head.version;
    }
    return OK;
}

enum err people_compare_orgs(struct people_read *r, const struct people_may *m,
    const struct dir_map *codes)
{
    struct people_plan *p = r->p;
    struct orgs o = {.r = r, .m = m, .codes = codes};

    o.ids = ARENA_ARRAY(r->rq->a, p->n_rows + 1, struct known);
    TRY_MEM(r->rq, o.ids);
    if (!dir_map_init(r->rq->a, p->n_rows, &o.rows) || !dir_map_init(r->rq->a, p->n_rows, &o.by_id)) {
        return FAIL(r->rq, E_TOO_LARGE, "memory cap");
    }
    for (uint32_t i = 0; i < p->n_rows; i++) {
        if (p->rows[i].first == i && p->rows[i].key.n > 0) {
            dir_map_add(&o.rows, p->rows[i].key, i);
        }
    }
    for (uint32_t i = 0; i < p->n_rows; i++) {
        check_row(&o, i);
        if (p->rows[i].id.n > 0 && p->rows[i].first == i) {
            if (dir_map_find(&o.by_id, o.ids, sizeof *o.ids, p->rows[i].id) == DIR_NONE) {
                dir_map_add(&o.by_id, p->rows[i].id, i);
            } else { /* once by its code, once by its id */
                people_wrong(r, &p->rows[i], ORG_CODE, T("Another line is about this organisation "
                                                         "already."), S(""));
            }
        }
    }
    for (uint32_t i = 0; i < p->n_rows; i++) {
        check_parent(&o, i);
    }
    for (uint32_t i = 0; i < p->n_rows; i++) {
        check_reach(&o, i);
    }
    bool again = true;
    for (uint32_t depth = 0; again && depth <= DEPTH_MAX; depth++) {
        again = false;
        for (uint32_t i = 0; i < p->n_rows; i++) {
            if (loses_parent(&o, &p->rows[i])) {
                people_wrong(r, &p->rows[i], ORG_PARENT, T("The line of its parent is wrong."), S(""));
                again = true;
            }
        }
    }
    for (uint32_t i = 0; i < p->n_rows; i++) {
        TRY(compare_one(&o, &p->rows[i]));
    }
    return OK;
}
