/* care/people_staff.c - lines of people compared with those that stand. See people.h. */
#include "care/people_int.h"

#include "base/text.h"
#include "care/account.h"
#include "care/account_int.h"
#include "care/content.h"
#include "care/patient.h"
#include "care/put.h"
#include "care/staff_invite.h"
#include "fhir/param.h"

enum { LOOK_MEMORY = 8 << 20 };

/* Roles that an imported line does not give: they are given one by one. */
#define NEVER_BY_FILE (MAY_ADMIN | MAY_AUDIT)

struct staff {
    struct people_read *r;
    const struct people_may *m;
    const struct dir_map *codes;
    struct str today; /* YYYY-MM-DD where the deployment stands */
};

static struct str line_text(struct people_read *r, uint32_t row)
{
    struct buf b;
    buf_init(&b, r->rq->a, 12);
    buf_u64(&b, r->p->rows[row].line);
    return buf_get(&b);
}

static bool is_day(struct str s)
{
    struct civil c;
    return s.n == 0 || (s.n == 10 && date_parse(s, &c));
}

/* ---- shapes ---- */

static void check_number(const struct staff *s, struct people_row *row)
{
    struct str typed = row->v[STAFF_NUMBER];
    char digits[IDENT_MAX + 1] = {0};

    for (unsigned i = 0; typed.n > 0 && id_kind_at(i) != NULL; i++) {
        const struct id_kind *kind = id_kind_at(i);
        if (kind->check < IDENT_KIND_COUNT && ident_read(kind->check, typed, digits)) {
            if (ident_check(kind->check, str_z(digits), NULL) == IDENT_GOOD) {
                row->number_system = kind->system;
                row->number = arena_str(s->r->rq->a, str_z(digits));
                return;
            }
        }
    }
    if (typed.n > 0) {
        people_wrong(s->r, row, STAFF_NUMBER,
                     T("This is no IIN, PINFL or SNILS: the count of digits or the check digit is "
                       "wrong."), S(""));
    }
}

static void check_shape(const struct staff *s, struct people_row *row)
{
    struct people_read *r = s->r;
    struct str sex = row->v[STAFF_SEX];

    if (row->key.n == 0) {
        return;
    }
    if (!login_is_valid(row->key)) {
        people_wrong(r, row, STAFF_LOGIN, T("2 to 64 of a-z 0-9 . _ -"), S(""));
    }
    if (sex.n > 0 && !str_eq(sex, S("male")) && !str_eq(sex, S("female"))) {
        people_wrong(r, row, STAFF_SEX, T("Write male or female."), S(""));
    }
    check_number(s, row);
    bool days = is_day(row->v[STAFF_FROM]) && is_day(row->v[STAFF_UNTIL]);
    if (!is_day(row->v[STAFF_FROM])) {
        people_wrong(r, row, STAFF_FROM, T("There is no such date."), S(""));
    }
    if (!is_day(row->v[STAFF_UNTIL])) {
        people_wrong(r, row, STAFF_UNTIL, T("There is no such date."), S(""));
    }
    if (days && row->v[STAFF_FROM].n > 0 && row->v[STAFF_UNTIL].n > 0
        && str_cmp(row->v[STAFF_UNTIL], row->v[STAFF_FROM]) < 0) {
        people_wrong(r, row, STAFF_UNTIL, T("It cannot end before it begins."), S(""));
    }
}

/* The same number on lines of two logins. */
static enum err check_numbers(const struct staff *s)
{
    struct people_plan *p = s->r->p;
    struct {
        struct str number; /* FIRST */
    } *all = arena_array(s->r->rq->a, p->n_rows + 1, sizeof *all);
    struct dir_map map;

    TRY_MEM(s->r->rq, all);
    if (!dir_map_init(s->r->rq->a, p->n_rows, &map)) {
        return FAIL(s->r->rq, E_TOO_LARGE, "memory cap");
    }
    for (uint32_t i = 0; i < p->n_rows; i++) {
        struct people_row *row = &p->rows[i];
        all[i].number = str_or_empty(row->number);
        if (row->first != i || row->number.n == 0) {
            continue;
        }
        uint32_t at = dir_map_find(&map, all, sizeof *all, row->number);
        if (at != DIR_NONE) {
            people_wrong(s->r, row, STAFF_NUMBER, T("Line {what} has this number with another login."),
                         line_text(s->r, at));
        } else {
            dir_map_add(&map, row->number, i);
        }
    }
    return OK;
}

/* Services of the organisation, by name or id. */
static void check_services(const struct staff *s, struct people_row *row, uint32_t org)
{
    struct str rest = row->v[STAFF_SERVICES];
    struct str part = {0};

    row->services = rest.n > 0 ? ARENA_ARRAY(s->r->rq->a, STAFF_SERVICES_MAX, struct str) : NULL;

    while (rest.n > 0 && str_cut(&rest, '|', &part)) {
        uint32_t found = DIR_NONE;
        part = str_trim(part);
        for (uint32_t i = 0; part.n > 0 && i < s->m->d->n_services; i++) {
            const struct dir_service *v = &s->m->d->services[i];
            if (v->org == org && v->active && (str_eq(v->name, part) || str_eq(v->id, part))) {
                found = i;
            }
        }
        if (part.n == 0) {
            continue;
        }
        if (found == DIR_NONE || row->services == NULL || row->n_services == STAFF_SERVICES_MAX) {
            people_wrong(s->r, row, STAFF_SERVICES, T("The organisation has no service “{what}”."), part);
            return;
        }
        row->services[row->n_services++] = arena_str(s->r->rq->a, s->m->d->services[found].id);
    }
}

/* The role of the line: there, and the importer's to give. */
static void check_role(const struct staff *s, struct people_row *row)
{
    struct people_read *r = s->r;
    struct str code = row->v[STAFF_ROLE];
    struct str org = row->v[STAFF_ORG];

    if (code.n == 0 && org.n == 0) {
        return;
    }
    if (code.n == 0 || org.n == 0) {
        people_wrong(r, row, code.n == 0 ? STAFF_ROLE : STAFF_ORG,
                     T("A role needs both: what it is, and in which organisation."), S(""));
        return;
    }
    const struct role *role = content_role(care_of(r->rq)->content, code);
    if (role == NULL) {
        people_wrong(r, row, STAFF_ROLE, T("There is no role “{what}”."), code);
    } else if ((role->rights & NEVER_BY_FILE) && !s->m->all) {
        people_wrong(r, row, STAFF_ROLE,
                     T("A role that administers or audits is given on the page of the person, never "
                       "by a file."),
                     S(""));
    }
    uint32_t at = people_org_at(s->m->d, s->codes, org);
    if (at == DIR_NONE) {
        people_wrong(r, row, STAFF_ORG, T("There is no organisation with this code: “{what}”."), org);
    } else if (!people_reaches(s->m, at)) {
        people_wrong(r, row, STAFF_ORG,
                     T("This organisation is not below the one you act in: people are imported "
                       "there."), S(""));
    } else if (!s->m->d->orgs[at].active) {
        people_wrong(r, row, STAFF_ORG, T("This organisation is closed."), S(""));
    } else {
        row->org = arena_str(r->rq->a, s->m->d->orgs[at].id);
        check_services(s, row, at);
    }
}

/* ---- who it is ---- */

/* The person with the number, id empty when nobody has it. */
static enum err by_number(struct req *look, const struct people_row *row, struct str *ret_id)
{
    CLEANUP(list_close) struct list *l = NULL;
    const struct fhir_param *sp = fhir_param_find(T_PRACTITIONER, S("identifier"));
    struct res_row res;
    struct hit hit;

    *ret_id = (struct str){0};
    TRY(list_token(look, sp->sp, db_hash(look->db, row->number), db_hash_sys(look->db,
        row->number_system),
                   LIST_NEWEST, &l));
    if (list_next(l, &hit)) {
        TRY(db_head_rid(look, hit.rid, &res));
        *ret_id = res.id;
    }
    return list_err(look, l);
}

/* Is nothing on its way to an account without a password? */
static enum err find_invite(const struct staff *s, const struct account *acc, bool *ret_bare)
{
    struct staff_invite last;
    enum err e = staff_invite_last(&s->r->look, acc->id, &last);

    if (e == E_NOT_FOUND) {
        err_clear(&s->r->look);
        *ret_bare = true;
        return OK;
    }
    TRY(e);
    *ret_bare = last.state != STAFF_INVITE_WAITS;
    return OK;
}

/* Whose line it is, by the login, else by the number. */
static enum err find_person(const struct staff *s, struct people_row *row)
{
    struct people_read *r = s->r;
    struct account acc = {0};
    struct str numbered = {0};
    enum err e = account_by_login(&r->look, row->key, &acc);

    if (e != OK && e != E_NOT_FOUND) {
        return e;
    }
    err_clear(&r->look);
    if (row->number.n > 0) {
        TRY(by_number(&r->look, row, &numbered));
    }
    if (acc.of_patient) {
        people_wrong(r, row, STAFF_LOGIN, T("Somebody has this login already."), S(""));
        return OK;
    }
    if (acc.person.n > 0 && numbered.n > 0 && !str_eq(acc.person, numbered)) {
        people_wrong(r, row, STAFF_NUMBER, T("Somebody else has this number."), S(""));
        return OK;
    }
    if (acc.person.n > 0 && acc.bare) {
        TRY(find_invite(s, &acc, &row->bare));
    }
    row->account_new = acc.person.n == 0;
    if (acc.person.n == 0 && numbered.n > 0) {
        e = account_by_person(&r->look, numbered, &acc);
        if (e == OK) {
            people_wrong(r, row, STAFF_LOGIN, T("The person with this number has another login: "
                                                "“{what}”."),
                         acc.login);
        } else if (e != E_NOT_FOUND) {
            return e;
        }
        err_clear(&r->look);
    }
    row->id = arena_str(r->rq->a, acc.person.n > 0 ? acc.person : numbered);
    const struct dir_person *p = row->id.n > 0 ? dir_person(s->m->d, row->id) : NULL;
    if (p != NULL && !p->active) {
        people_wrong(r, row, STAFF_LOGIN, T("This person has left."), S(""));
    } else if (p == NULL && row->id.n > 0) {
        people_wrong(r, row, STAFF_LOGIN, T("Somebody has this login already."), S(""));
    }
    return OK;
}

/* ---- what differs ---- */

static void differs(const struct staff *s, struct people_row *row, uint32_t column, struct str was,
                    struct str typed)
{
    if (typed.n > 0 && !str_eq(typed, was)) {
        people_differs(s->r, row, column, was, typed);
    }
}

static struct str number_of(struct req *rq, struct jv person, struct str system)
{
    for (struct jv i = json_first(json_get(person, S("identifier"))); json_has(i); i = json_next(i)) {
        if (json_is(json_get(i, S("system")), system)) {
            return json_str(rq->a, json_get(i, S("value")));
        }
    }
    return S("");
}

static enum err compare_person(const struct staff *s, struct people_row *row)
{
    struct req *look = &s->r->look;
    struct res_row res;
    struct jv v;

    TRY(res_find(look, T_PRACTITIONER, row->id, &res, &v));
    row->version = res.version;
    differs(s, row, STAFF_FAMILY, json_str(look->a, json_path(v, S("name.0.family"))),
        row->v[STAFF_FAMILY]);
    differs(s, row, STAFF_GIVEN, json_str(look->a, json_path(v, S("name.0.given.0"))),
        row->v[STAFF_GIVEN]);
    differs(s, row, STAFF_MIDDLE, json_str(look->a, json_path(v, S("name.0.given.1"))),
        row->v[STAFF_MIDDLE]);
    differs(s, row, STAFF_SEX, json_str(look->a, json_get(v, S("gender"))), row->v[STAFF_SEX]);
    if (row->number.n > 0) {
        differs(s, row, STAFF_NUMBER, number_of(look, v, row->number_system), row->number);
    }
    row->person_changes = row->n_changes > 0;
    return OK;
}

/* Not ended: it holds now or will. */
static bool lasts(const struct staff *s, const struct staff_role *role)
{
    return role->holds || (role->until.n == 0 && role->from.n > 0 && str_cmp(role->from, s->today) > 0)
           || (role->until.n == 10 && str_cmp(role->until, s->today) >= 0);
}

static bool same_services(const struct people_row *row, const struct staff_role *role)
{
    bool same = row->n_services == role->n_services;
    for (uint32_t i = 0; same && i < row->n_services; i++) {
        bool has = false;
        for (uint32_t k = 0; k < role->n_services; k++) {
            has = has || str_eq(row->services[i], role->services[k]);
        }
        same = has;
    }
    return same;
}

static struct str service_names(const struct staff *s, const struct staff_role *role)
{
    struct buf b;
    buf_init(&b, s->r->look.a, 4000);
    for (uint32_t i = 0; i < role->n_services; i++) {
        buf_str(&b, i > 0 ? S(" | ") : S(""));
        buf_str(&b, dir_service_name(s->m->d, role->services[i]));
    }
    return buf_get(&b);
}

static void compare_role(const struct staff *s, struct people_row *row, const struct staff_role *role)
{
    uint32_t before = row->n_changes;

    row->role_id = arena_str(s->r->rq->a, role->id);
    if (row->n_services > 0 && !same_services(row, role)) {
        people_differs(s->r, row, STAFF_SERVICES, service_names(s, role), row->v[STAFF_SERVICES]);
    } else {
        row->n_services = 0; /* as they are */
    }
    differs(s, row, STAFF_FROM, role->from, row->v[STAFF_FROM]);
    differs(s, row, STAFF_UNTIL, role->until, row->v[STAFF_UNTIL]);
    row->role_changes = row->n_changes > before;
    struct str from = row->v[STAFF_FROM].n > 0 ? row->v[STAFF_FROM] : role->from;
    struct str until = row->v[STAFF_UNTIL].n > 0 ? row->v[STAFF_UNTIL] : role->until;
    if (row->role_changes && from.n > 0 && until.n > 0 && str_cmp(until, from) < 0) {
        people_wrong(s->r, row, STAFF_UNTIL, T("It cannot end before it begins."), S(""));
    }
}

/* Somebody who stands: their roles, whose they are to give, and what of the line is new. */
static enum err compare_standing(const struct staff *s, struct people_row *row)
{
    struct people_read *r = s->r;
    struct staff_role *all = ARENA_ARRAY(r->look.a, STAFF_ROLES_MAX, struct staff_role);
    uint32_t n = 0;
    bool found = false;

    TRY_MEM(&r->look, all);
    TRY(compare_person(s, row));
    TRY(staff_roles(&r->look, row->id, all, STAFF_ROLES_MAX, &n));
    row->mine = true;
    for (uint32_t i = 0; i < n; i++) {
        const struct role *role = content_role(care_of(r->rq)->content, all[i].code);
        bool given = role == NULL || !(role->rights & NEVER_BY_FILE);
        if (!lasts(s, &all[i])) {
            continue;
        }
        row->mine = row->mine && given && people_reaches(s->m, dir_org_at(s->m->d, all[i].org));
        if (!found && !all[i].by_provider && row->org.n > 0 && str_eq(all[i].org, row->org)
            && str_eq(all[i].code, row->v[STAFF_ROLE])) { /* what a file names is given by hand */
            found = true;
            compare_role(s, row, &all[i]);
        }
    }
    row->mine = row->mine || s->m->all;
    row->role_new = row->org.n > 0 && !found;
    if (row->role_new) {
        people_differs(r, row, STAFF_ROLE, S(""), row->v[STAFF_ROLE]);
        people_differs(r, row, STAFF_ORG, S(""), dir_org_name(s->m->d, row->org));
    }
    if (row->account_new) {
        people_differs(r, row, STAFF_LOGIN, S(""), row->key);
    }
    if (!row->mine && (row->person_changes || row->account_new)) {
        people_wrong(r, row, DIR_NONE,
                     T("This person works elsewhere too, or administers: name, number and login are "
                       "changed on the "
                       "page of the person."), S(""));
    }
    return OK;
}

/* A further line of somebody: one more role, nothing else. */
static void compare_further(const struct staff *s, uint32_t i)
{
    struct people_row *row = &s->r->p->rows[i];
    const struct people_row *first = &s->r->p->rows[row->first];
    static const uint32_t same[] = {STAFF_NUMBER, STAFF_FAMILY, STAFF_GIVEN, STAFF_MIDDLE, STAFF_SEX};

    for (size_t k = 0; k < LEN(same); k++) {
        struct str typed = row->v[same[k]];
        if (typed.n > 0 && !str_eq(typed, str_or_empty(first->v[same[k]]))) {
            people_wrong(s->r, row, same[k], T("Line {what} of the same login says something else."),
                         line_text(s->r, row->first));
        }
    }
    if (first->act == PEOPLE_WRONG && row->act != PEOPLE_WRONG) {
        people_wrong(s->r, row, STAFF_LOGIN, T("Line {what} of the same login is wrong."),
                     line_text(s->r, row->first));
    }
    if (row->org.n == 0 && row->act != PEOPLE_WRONG) {
        people_wrong(s->r, row, STAFF_ROLE, T("This field is needed."), S(""));
    }
    if (++s->r->p->rows[row->first].n_further > STAFF_ROLES_MAX && row->act != PEOPLE_WRONG) {
        people_wrong(s->r, row, STAFF_LOGIN, T("This login has too many lines."), S(""));
    }
    for (uint32_t k = row->first; k < i && row->act != PEOPLE_WRONG; k++) {
        const struct people_row *other = &s->r->p->rows[k];
        if (other->first == row->first && other->act != PEOPLE_WRONG && str_eq(other->org, row->org)
            && str_eq(str_or_empty(other->v[STAFF_ROLE]), row->v[STAFF_ROLE])) {
            people_wrong(s->r, row, STAFF_ROLE, T("Line {what} gives this role "
                                                  "already."), line_text(s->r, k));
        }
    }
}

static void check_new(const struct staff *s, struct people_row *row)
{
    static const uint32_t needed[] = {STAFF_FAMILY, STAFF_GIVEN, STAFF_ORG, STAFF_ROLE};
    for (size_t k = 0; k < LEN(needed); k++) {
        if (row->v[needed[k]].n == 0) {
            people_wrong(s->r, row, needed[k], T("This field is needed."), S(""));
        }
    }
}

static enum err compare_one(const struct staff *s, uint32_t i)
{
    struct people_row *row = &s->r->p->rows[i];
    bool further = row->first != i;
    struct buf name;

    if (row->key.n == 0) {
        return OK; /* wrong already: not read, or without its key */
    }
    check_role(s, row);
    if (row->act != PEOPLE_WRONG) {
        TRY(find_person(s, row));
    }
    if (further) {
        compare_further(s, i);
        row->v[STAFF_FAMILY] = row->v[STAFF_GIVEN] = row->v[STAFF_MIDDLE] = S("");
        row->v[STAFF_SEX] = row->v[STAFF_NUMBER] = row->number = S("");
        row->account_new = row->bare = false;
    } else if (row->id.n == 0) {
        check_new(s, row);
    }
    if (row->act != PEOPLE_WRONG && row->id.n > 0) {
        TRY(compare_standing(s, row));
    }
    if (row->act != PEOPLE_WRONG) {
        row->role_new = row->role_new || row->id.n == 0;
        row->mine = row->mine || row->id.n == 0;
        row->act = row->id.n == 0 && !further ? PEOPLE_NEW
                   : row->n_changes > 0 || row->role_new ? PEOPLE_CHANGED
                                                         : PEOPLE_SAME;
    }
    if (row->act == PEOPLE_CHANGED && row->n_changes == 0) { /* one more role of somebody new */
        people_differs(s->r, row, STAFF_ROLE, S(""), row->v[STAFF_ROLE]);
        people_differs(s->r, row, STAFF_ORG, S(""), dir_org_name(s->m->d, row->org));
    }
    buf_init(&name, s->r->rq->a, 700);
    const struct dir_person *p = row->id.n > 0 ? dir_person(s->m->d, row->id) : NULL;
    if (p != NULL) {
        buf_str(&name, p->name);
    } else {
        const struct people_row *first = &s->r->p->rows[row->first];
        buf_str(&name, str_or_empty(first->v[STAFF_FAMILY]));
        buf_char(&name, ' ');
        buf_str(&name, str_or_empty(first->v[STAFF_GIVEN]));
    }
    row->name = buf_get(&name);
    return OK;
}

enum err people_compare_staff(struct people_read *r, const struct people_may *m,
    const struct dir_map *codes)
{
    struct staff s = {.r = r, .m = m, .codes = codes};
    struct civil now = zone_civil(&care_of(r->rq)->zone, r->rq->now);
    struct buf day;
    enum err e = OK;

    buf_init(&day, r->rq->a, 16);
    date_write(&day, &now);
    s.today = buf_get(&day);
    for (uint32_t i = 0; i < r->p->n_rows; i++) {
        check_shape(&s, &r->p->rows[i]);
    }
    TRY(check_numbers(&s));
    req_init(&r->look, LOOK_MEMORY, r->rq->now);
    r->look.app = r->rq->app;
    r->look.db = r->rq->db;
    r->look.who = r->rq->who;
    for (uint32_t i = 0; i < r->p->n_rows && e == OK; i++) {
        struct arena_mark mark = arena_mark(r->look.a);
        e = compare_one(&s, i);
        arena_back(r->look.a, mark);
    }
    if (e != OK && r->rq->err.code == OK) {
        e = FAIL(r->rq, e, "people: %s", r->look.err.detail);
    }
    req_done(&r->look);
    return e;
}
