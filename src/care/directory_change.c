/* care/directory_change.c - what stands in the directory, changed. See directory_change.h. */
#include "care/directory_change.h"

#include "care/content.h"
#include "care/patient.h"
#include "care/put.h"
#include "fhir/extract.h"
#include "store/db.h"

enum { RES_MAX = 32 << 10 };
#define POLICY_URL CARE_URL "/StructureDefinition/policy"

static enum err note(struct req *rq, enum fhir_type type, struct str id, const char *detail)
{
    struct audit_rec rec = {.action = AUDIT_UPDATE, .why = WHY_DIRECTORY, .type = (uint16_t)type, .id = id,
                            .detail = str_z(detail)};
    return audit_add(rq, &rec);
}

/* A resource that is written again: o is open, what is not named in but follows at the end. */
struct again {
    struct put p;
    struct jv root;
    struct res_row row;
    const char *detail; /* for the record; "": its type says enough */
};

static enum err begin(struct req *rq, struct tx *tx, enum fhir_type type, struct str id, struct again *a)
{
    a->detail = "";
    TRY(res_find(rq, type, id, &a->row, &a->root));
    if (a->row.rid == 0 || a->row.deleted) {
        return FAIL(rq, E_NOT_FOUND, "directory");
    }
    put_begin(&a->p, rq, tx, type, id, RES_MAX + a->row.body.n);
    a->p.expect = (int64_t)a->row.version;
    return OK;
}

static enum err end(struct again *a, const struct str *but, size_t n_but)
{
    struct req *rq = a->p.rq;

    for (struct jv v = json_first(a->root); json_has(v); v = json_next(v)) {
        bool written = json_key_is(v, S("resourceType")) || json_key_is(v, S("id"))
                       || json_key_is(v, S("meta"));
        for (size_t i = 0; i < n_but; i++) {
            written = written || json_key_is(v, but[i]);
        }
        if (!written) {
            json_kv(&a->p.o, json_key(rq, v), v);
        }
    }
    TRY(put_end(&a->p));
    return note(rq, a->p.type, a->p.id, a->detail);
}

/* ---- organisations ---- */

static bool is_policy(struct jv extension)
{
    return json_is(json_get(extension, S("url")), S(POLICY_URL));
}

enum err org_read(struct req *rq, struct str id, struct org_new *ret_org, uint64_t *ret_version)
{
    struct res_row row;
    struct jv v;
    struct org_new o = {.id = id, .kind = ORG_OTHER};

    TRY(res_find(rq, T_ORGANIZATION, id, &row, &v));
    if (row.rid == 0 || row.deleted) {
        return FAIL(rq, E_NOT_FOUND, "organisation");
    }
    struct str kind = json_str(rq->a, json_path(v, S("type.0.coding.0.code")));
    for (int k = 0; k < ORG_KIND_COUNT; k++) {
        o.kind = str_eq(kind, org_kind_code((enum org_kind)k)) ? (enum org_kind)k : o.kind;
    }
    o.name = json_str(rq->a, json_get(v, S("name")));
    o.phone = json_str(rq->a, json_path(v, S("telecom.0.value")));
    o.parent = ref_get(rq, json_get(v, S("partOf")), T_ORGANIZATION);
    for (struct jv x = json_first(json_get(v, S("extension"))); json_has(x); x = json_next(x)) {
        if (is_policy(x)) {
            o.policy = json_str(rq->a, json_get(x, S("valueCode")));
        }
    }
    *ret_org = o;
    *ret_version = row.version;
    return OK;
}

/* The parent is there, and the organisation is not above it. */
static enum err check_parent(struct req *rq, const struct org_new *o)
{
    const struct directory *d = NULL;

    TRY(directory_get(rq, &d));
    uint32_t self = dir_org_at(d, o->id);
    uint32_t parent = o->parent.n > 0 ? dir_org_at(d, o->parent) : DIR_NONE;
    bool none = o->parent.n > 0 && parent == DIR_NONE;
    if (none || (self != DIR_NONE && dir_is_within(d, parent, self))) {
        return FAIL(rq, E_BAD_INPUT, "parent");
    }
    return OK;
}

static void put_policy(struct again *a, struct str policy)
{
    json_k(&a->p.o, S("extension"));
    json_arr(&a->p.o);
    for (struct jv x = json_first(json_get(a->root, S("extension"))); json_has(x); x = json_next(x)) {
        if (!is_policy(x)) {
            json_v_jv(&a->p.o, x);
        }
    }
    if (policy.n > 0) {
        json_obj(&a->p.o);
        json_ks(&a->p.o, S("url"), S(POLICY_URL));
        json_ks(&a->p.o, S("valueCode"), policy);
        json_obj_end(&a->p.o);
    }
    json_arr_end(&a->p.o);
}

static bool has_extension(const struct again *a)
{
    for (struct jv x = json_first(json_get(a->root, S("extension"))); json_has(x); x = json_next(x)) {
        if (!is_policy(x)) {
            return true;
        }
    }
    return false;
}

static void put_phone(struct again *a, struct str phone)
{
    struct jv first = json_path(a->root, S("telecom.0"));

    json_k(&a->p.o, S("telecom"));
    json_arr(&a->p.o);
    if (phone.n > 0) {
        json_obj(&a->p.o);
        json_ks(&a->p.o, S("system"), S("phone"));
        json_ks(&a->p.o, S("value"), phone);
        json_obj_end(&a->p.o);
    }
    for (struct jv t = json_has(first) ? json_next(first) : first; json_has(t); t = json_next(t)) {
        json_v_jv(&a->p.o, t);
    }
    json_arr_end(&a->p.o);
}

enum err org_change(struct req *rq, struct tx *tx, const struct org_new *o, uint64_t expect)
{
    static const struct str written[] = {SI("extension"), SI("type"), SI("name"), SI("telecom"),
                                         SI("partOf")};
    struct str kind = org_kind_code(o->kind);
    struct again a;

    if (o->name.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "name");
    }
    if (o->policy.n > 0 && content_policy(care_of(rq)->content, o->policy) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "policy");
    }
    TRY(check_parent(rq, o));
    TRY(begin(rq, tx, T_ORGANIZATION, o->id, &a));
    if (expect != a.row.version) {
        return FAIL(rq, E_STALE, "organisation");
    }
    if (o->policy.n > 0 || has_extension(&a)) {
        put_policy(&a, o->policy);
    }
    put_concepts(&a.p.o, S("type"), S(CS_ORG_TYPE), &kind, 1);
    json_ks(&a.p.o, S("name"), o->name);
    if (o->phone.n > 0 || json_len(json_get(a.root, S("telecom"))) > 1) {
        put_phone(&a, o->phone);
    }
    if (o->parent.n > 0) {
        put_ref(&a.p.o, S("partOf"), T_ORGANIZATION, o->parent);
    }
    return end(&a, written, LEN(written));
}

/* "active" of a resource becomes on. */
static enum err set_active(struct req *rq, struct tx *tx, enum fhir_type type, struct str id, bool on)
{
    static const struct str written[] = {SI("active")};
    struct again a;

    TRY(begin(rq, tx, type, id, &a));
    struct jv was = json_get(a.root, S("active"));
    if ((!json_has(was) || json_true(was)) == on) {
        return FAIL(rq, E_CONFLICT, "so already");
    }
    a.detail = on ? "opened again" : "closed";
    json_kb(&a.p.o, S("active"), on);
    return end(&a, written, LEN(written));
}

enum err org_open(struct req *rq, struct tx *tx, struct str id, bool open)
{
    const struct role_ref *r = who_role(rq->who);

    if (!open && r != NULL && str_eq(r->org, id)) {
        return FAIL(rq, E_CONFLICT, "own organisation");
    }
    return set_active(rq, tx, T_ORGANIZATION, id, open);
}

enum err service_end(struct req *rq, struct tx *tx, struct str id)
{
    return set_active(rq, tx, T_HEALTHCARE_SERVICE, id, false);
}

/* ---- people ---- */

/* "name" as it shall be; what is empty stays. */
static void put_name(struct again *a, const struct person_new *p)
{
    struct req *rq = a->p.rq;
    struct jv was = json_path(a->root, S("name.0"));
    struct str family = p->family.n > 0 ? p->family : json_str(rq->a, json_get(was, S("family")));
    struct str given = p->given.n > 0 ? p->given : json_str(rq->a, json_path(was, S("given.0")));
    struct str middle = p->middle.n > 0 ? p->middle : json_str(rq->a, json_path(was, S("given.1")));

    json_k(&a->p.o, S("name"));
    json_arr(&a->p.o);
    json_obj(&a->p.o);
    json_ks(&a->p.o, S("family"), family);
    json_k(&a->p.o, S("given"));
    json_arr(&a->p.o);
    json_v_str(&a->p.o, given);
    if (middle.n > 0) {
        json_v_str(&a->p.o, middle);
    }
    json_arr_end(&a->p.o);
    json_obj_end(&a->p.o);
    json_arr_end(&a->p.o);
}

/* The number in the place of one of its kind; others stay. */
static void put_number(struct again *a, const struct person_new *p)
{
    json_k(&a->p.o, S("identifier"));
    json_arr(&a->p.o);
    json_obj(&a->p.o);
    json_ks(&a->p.o, S("system"), p->id_system);
    json_ks(&a->p.o, S("value"), p->id_value);
    json_obj_end(&a->p.o);
    for (struct jv i = json_first(json_get(a->root, S("identifier"))); json_has(i); i = json_next(i)) {
        if (!json_is(json_get(i, S("system")), p->id_system)) {
            json_v_jv(&a->p.o, i);
        }
    }
    json_arr_end(&a->p.o);
}

enum err person_change(struct req *rq, struct tx *tx, const struct person_new *p, uint64_t expect)
{
    struct str written[3] = {SI("name")};
    size_t n = 1;
    struct again a;

    TRY(begin(rq, tx, T_PRACTITIONER, p->id, &a));
    if (a.row.version != expect) {
        return FAIL(rq, E_STALE, "person");
    }
    a.p.aside = p->quiet;
    put_name(&a, p);
    if (p->sex.n > 0) {
        json_ks(&a.p.o, S("gender"), p->sex);
        written[n++] = S("gender");
    }
    if (p->id_value.n > 0) {
        put_number(&a, p);
        written[n++] = S("identifier");
    }
    return end(&a, written, n);
}

/* Whether another Practitioner has the number. */
static enum err number_free(struct req *rq, struct str person, const struct id_kind *kind, struct str digits)
{
    const struct fhir_param *sp = fhir_param_find(T_PRACTITIONER, S("identifier"));
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    TRY(list_token(rq, sp->sp, db_hash(rq->db, digits), db_hash_sys(rq->db, kind->system), LIST_NEWEST, &l));
    while (list_next(l, &hit)) {
        struct res_row row;
        TRY(db_head_rid(rq, hit.rid, &row));
        if (!row.deleted && !str_eq(row.id, person)) {
            return FAIL(rq, E_CONFLICT, "number: another person's");
        }
    }
    return list_err(rq, l);
}

/* The identifiers there are but those of the kind, then the number, if there is one. */
static void number_put(struct again *a, const struct id_kind *kind, struct str digits)
{
    struct json_out *o = &a->p.o;
    uint32_t n = 0;
    for (struct jv v = json_first(json_get(a->root, S("identifier"))); json_has(v); v = json_next(v)) {
        n += !json_is(json_get(v, S("system")), kind->system);
    }
    if (n == 0 && digits.n == 0) {
        return;
    }
    json_k(o, S("identifier"));
    json_arr(o);
    for (struct jv v = json_first(json_get(a->root, S("identifier"))); json_has(v); v = json_next(v)) {
        if (!json_is(json_get(v, S("system")), kind->system)) {
            json_v_jv(o, v);
        }
    }
    if (digits.n > 0) {
        json_obj(o);
        json_ks(o, S("system"), kind->system);
        json_ks(o, S("value"), digits);
        json_obj_end(o);
    }
    json_arr_end(o);
}

enum err person_number_set(struct req *rq, struct tx *tx, struct str person, const struct id_kind *kind,
                           struct str number)
{
    static const struct str written[] = {SI("identifier")};
    char *digits = arena_alloc(rq->a, IDENT_MAX + 1);
    struct str typed = str_trim(number);
    struct again a;
    TRY_MEM(rq, digits);
    if (typed.n > 0 && (kind->check == IDENT_KIND_COUNT || !ident_read(kind->check, typed, digits)
                        || ident_check(kind->check, str_z(digits), NULL) != IDENT_GOOD)) {
        return FAIL(rq, E_BAD_INPUT, "number");
    }
    TRY(begin(rq, tx, T_PRACTITIONER, person, &a));
    if (typed.n > 0) {
        TRY(number_free(rq, person, kind, str_z(digits)));
    }
    number_put(&a, kind, typed.n > 0 ? str_z(digits) : S(""));
    return end(&a, written, LEN(written));
}

/* ---- roles ---- */

enum err role_change(struct req *rq, struct tx *tx, const struct role_new *r)
{
    struct str written[2] = {SI("period")};
    size_t n = 1;
    struct again a;

    TRY(begin(rq, tx, T_PRACTITIONER_ROLE, r->id, &a));
    a.p.aside = r->quiet;
    struct str from = r->from.n > 0 ? r->from : json_str(rq->a, json_path(a.root, S("period.start")));
    struct str until = r->until.n > 0 ? r->until : json_str(rq->a, json_path(a.root, S("period.end")));
    if (from.n > 0 || until.n > 0) {
        json_k(&a.p.o, S("period"));
        json_obj(&a.p.o);
        if (from.n > 0) {
            json_ks(&a.p.o, S("start"), from);
        }
        if (until.n > 0) {
            json_ks(&a.p.o, S("end"), until);
        }
        json_obj_end(&a.p.o);
    }
    if (r->n_services > 0) {
        json_k(&a.p.o, S("healthcareService"));
        json_arr(&a.p.o);
        for (uint32_t i = 0; i < r->n_services; i++) {
            put_ref_item(&a.p.o, T_HEALTHCARE_SERVICE, r->services[i]);
        }
        json_arr_end(&a.p.o);
        written[n++] = S("healthcareService");
    }
    return end(&a, written, n);
}

static void read_role(struct req *rq, const struct dir_person *p, struct str id, struct jv v,
                      struct staff_role *r)
{
    *r = (struct staff_role){
        .id = id,
        .code = json_str(rq->a, json_path(v, S("code.0.coding.0.code"))),
        .org = ref_get(rq, json_get(v, S("organization")), T_ORGANIZATION),
        .from = json_str(rq->a, json_path(v, S("period.start"))),
        .until = json_str(rq->a, json_path(v, S("period.end"))),
    };
    for (struct jv e = json_first(json_get(v, S("extension"))); json_has(e); e = json_next(e)) {
        r->by_provider = r->by_provider || json_is(json_get(e, S("url")), S(EXT_ROLE_GIVEN_BY));
    }
    for (struct jv s = json_first(json_get(v, S("healthcareService")));
         json_has(s) && r->n_services < STAFF_SERVICES_MAX; s = json_next(s)) {
        r->services[r->n_services++] = ref_get(rq, s, T_HEALTHCARE_SERVICE);
    }
    for (uint32_t i = 0; i < p->n_roles; i++) {
        r->holds = r->holds || str_eq(p->roles[i].id, id);
    }
}

enum err staff_roles(struct req *rq, struct str person, struct staff_role *ret_roles, uint32_t n,
                     uint32_t *ret_n)
{
    CLEANUP(list_close) struct list *l = NULL;
    const struct fhir_param *of = fhir_param_find(T_PRACTITIONER_ROLE, S("practitioner"));
    const struct directory *d = NULL;
    struct hit hit;
    int64_t rid = 0;
    uint32_t got = 0;

    TRY(directory_get(rq, &d));
    const struct dir_person *p = dir_person(d, person);
    if (p == NULL) {
        return FAIL(rq, E_NOT_FOUND, "person");
    }
    TRY(db_rid(rq, T_PRACTITIONER, person, &rid));
    TRY(list_ref(rq, of->sp, rid, LIST_NEWEST, &l));
    while (got < n && list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        TRY(res_load(rq, hit.rid, &row, &v));
        if (!row.deleted) {
            read_role(rq, p, row.id, v, &ret_roles[got++]);
        }
    }
    *ret_n = got;
    return list_err(rq, l);
}
