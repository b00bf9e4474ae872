/* care/patient.c - reading and finding patients. */
#include "care/patient_int.h"

#include "base/text.h"
#include "care/access.h"
#include "care/care.h"
#include "care/directory.h"
#include "care/put.h"
#include "fhir/extract.h"

enum { LOOKED_AT_MAX = 500 };

static const struct id_kind kinds[] = {
    {SI("iin"), SI(CARE_URL "/sid/kz/iin"), T("IIN"), IDENT_IIN, 12},
    {SI("pinfl"), SI("https://dhp.uz/fhir/core/sid/pid/uz/ni"), T("PINFL"), IDENT_PINFL, 14},
    {SI("snils"), SI("https://fhir.ru/ig/core/systems/snils"), T("SNILS"), IDENT_SNILS, 11},
    {SI("oms"), SI("https://fhir.ru/ig/core/systems/oms"), T("Insurance policy number"),
     IDENT_KIND_COUNT, 16},
    {SI("unidentified"), SI(SID_UNIDENTIFIED), T("Temporary number"), IDENT_KIND_COUNT, 0},
};

const struct id_kind *id_kind_at(unsigned i)
{
    return i < LEN(kinds) ? &kinds[i] : NULL;
}

const struct id_kind *id_kind_find(struct str code)
{
    for (unsigned i = 0; i < LEN(kinds); i++) {
        if (str_eq(kinds[i].code, code)) {
            return &kinds[i];
        }
    }
    return NULL;
}

const struct id_kind *id_kind_of_system(struct str system)
{
    for (unsigned i = 0; i < LEN(kinds); i++) {
        if (str_eq(kinds[i].system, system)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static void set_age(struct req *rq, struct patient *p)
{
    struct civil birth;
    struct civil now = zone_civil(&care_of(rq)->zone, rq->now);
    uint64_t year = 0;

    p->age_years = -1;
    p->age_months = -1;
    if (date_parse(p->birth_date, &birth)) {
        p->age_years = years_between(&birth, &now);
        if (p->age_years < 3) {
            p->age_months = (now.year - birth.year) * 12 + now.month - birth.month
                            - (now.day < birth.day ? 1 : 0);
        }
    } else if (p->birth_date.n == 4 && str_u64(p->birth_date, &year)) {
        p->age_years = now.year - (int)year;
    }
}

static void set_name(struct req *rq, struct jv name, struct patient *p)
{
    struct buf b;

    p->family = json_str(rq->a, json_get(name, S("family")));
    p->given = json_str(rq->a, json_path(name, S("given.0")));
    p->middle = json_str(rq->a, json_at(json_get(name, S("given")), 1));
    buf_init(&b, rq->a, 2000);
    buf_str(&b, p->family);
    BUF_LIT(&b, " ");
    buf_str(&b, p->given);
    BUF_LIT(&b, " ");
    buf_str(&b, p->middle);
    p->name = str_trim(buf_get(&b));
    if (p->name.n == 0) {
        p->name = json_str(rq->a, json_get(name, S("text")));
    }
}

struct str patient_id_shown(struct arena *a, const struct patient_id *id)
{
    struct str v = id->value;
    struct buf b;

    if (id->kind == NULL || id->kind->check != IDENT_SNILS || v.n != 11) {
        return v;
    }
    buf_init(&b, a, 16);
    for (size_t i = 0; i < v.n; i++) {
        if (i == 3 || i == 6 || i == 9) {
            buf_char(&b, i == 9 ? ' ' : '-');
        }
        buf_char(&b, v.p[i]);
    }
    return buf_get(&b);
}

void patient_read(struct req *rq, struct jv v, struct patient *ret_patient)
{
    struct patient p = {
        .id = json_str(rq->a, json_get(v, S("id"))),
        .sex = json_str(rq->a, json_get(v, S("gender"))),
        .birth_date = json_str(rq->a, json_get(v, S("birthDate"))),
        .address = json_str(rq->a, json_path(v, S("address.0.text"))),
        .org = ref_get(rq, json_get(v, S("managingOrganization")), T_ORGANIZATION),
        .deceased = json_true(json_get(v, S("deceasedBoolean")))
                    || json_has(json_get(v, S("deceasedDateTime"))),
        .may_see = true,
    };

    set_name(rq, json_path(v, S("name.0")), &p);
    for (struct jv t = json_first(json_get(v, S("telecom"))); json_has(t); t = json_next(t)) {
        if (json_is(json_get(t, S("system")), S("phone")) && p.phone.n == 0) {
            p.phone = json_str(rq->a, json_get(t, S("value")));
        }
    }
    for (struct jv i = json_first(json_get(v, S("identifier")));
         json_has(i) && p.n_ids < LEN(p.ids); i = json_next(i)) {
        struct str system = json_str(rq->a, json_get(i, S("system")));
        const struct id_kind *kind = id_kind_of_system(system);
        p.ids[p.n_ids++] =
            (struct patient_id){kind, system, json_str(rq->a, json_get(i, S("value")))};
        p.unidentified = p.unidentified || str_eq(system, S(SID_UNIDENTIFIED));
    }
    if (p.unidentified && str_eq(p.name, S("?"))) {
        p.name = S(""); /* taken in without a word about them */
    }
    set_age(rq, &p);
    *ret_patient = p;
}

static enum err read_row(struct req *rq, const struct res_row *row, struct patient *ret_patient)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);

    TRY_MEM(rq, doc);
    TRY(json_parse(rq, row->body, NULL, doc));
    patient_read(rq, json_root(doc), ret_patient);
    ret_patient->rid = row->rid;
    ret_patient->version = row->version;
    return OK;
}

enum err patient_load(struct req *rq, int64_t rid, struct patient *ret_patient)
{
    struct res_row row;

    TRY(db_read_rid(rq, rid, &row));
    return read_row(rq, &row, ret_patient);
}

enum err patient_get(struct req *rq, struct str id, struct patient *ret_patient)
{
    struct res_row row;

    TRY(access_patient(rq, id, AUDIT_READ, &row));
    return read_row(rq, &row, ret_patient);
}

/* Whether the person may see more of a patient than who it is. */
static enum err may_see(struct req *rq, int64_t rid, bool *ret_may)
{
    const struct who *w = rq->who;
    struct case_row one;
    uint32_t n = 0;

    if (w->rights & IS_SYSTEM) {
        *ret_may = true;
        return OK;
    }
    TRY(db_team_has(rq, rid, w->principals, w->n_principals, ret_may));
    if (!*ret_may) {
        TRY(access_cases_of_patient(rq, rid, &one, 1, &n));
        *ret_may = n > 0;
    }
    return OK;
}

/* Takes away what only those see who treat the patient. */
static void show_less(struct patient *p)
{
    p->phone = p->address = (struct str){0};
    p->n_ids = 0;
}

enum err patient_asked(struct req *rq, struct str id, struct patient *ret_patient,
                       struct patient *ret_whole)
{
    struct res_row row;
    struct patient p;
    enum err e = db_read(rq, T_PATIENT, id, &row);

    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "patient");
    }
    TRY(e);
    TRY(read_row(rq, &row, &p));
    TRY(may_see(rq, row.rid, &p.may_see));
    if (ret_whole != NULL) {
        *ret_whole = p;
    }
    if (!p.may_see) {
        show_less(&p);
    }
    struct audit_rec rec = {.action = AUDIT_READ, .why = WHY_REGISTRY, .type = T_PATIENT,
                            .id = row.id, .patient_type = T_PATIENT, .patient_id = row.id,
                            .patient_rid = row.rid};
    TRY(audit_add(rq, &rec));
    *ret_patient = p;
    return OK;
}

static enum err note_search(struct req *rq, const struct res_row *row, struct str detail)
{
    struct audit_rec rec = {.action = AUDIT_SEARCH, .why = WHY_REGISTRY, .type = T_PATIENT,
                            .detail = detail};

    if (row != NULL) {
        rec.id = row->id;
        rec.patient_type = T_PATIENT;
        rec.patient_id = row->id;
        rec.patient_rid = row->rid;
    }
    return audit_add(rq, &rec);
}

enum err patient_number(struct req *rq, const struct id_kind *kind, struct str typed,
                        struct str *ret_digits)
{
    struct buf b;

    buf_init(&b, rq->a, 64);
    if (kind->check < IDENT_KIND_COUNT) {
        char digits[IDENT_MAX + 1] = {0};
        if (!ident_read(kind->check, typed, digits)) {
            return FAIL(rq, E_BAD_INPUT, "id: shape");
        }
        if (ident_check(kind->check, str_z(digits), NULL) != IDENT_GOOD) {
            return FAIL(rq, E_BAD_INPUT, "id: check digit");
        }
        buf_str(&b, str_z(digits));
        *ret_digits = buf_get(&b);
        return OK;
    }
    for (size_t i = 0; i < typed.n && typed.n < 60; i++) {
        char c = typed.p[i];
        if (c >= '0' && c <= '9') {
            buf_char(&b, c);
        } else if (kind->n_digits == 0 && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) {
            buf_char(&b, c);
        } else if (c != ' ' && c != '-') {
            return FAIL(rq, E_BAD_INPUT, "id: shape");
        }
    }
    *ret_digits = buf_get(&b);
    if (kind->n_digits != 0 ? ret_digits->n != kind->n_digits : ret_digits->n == 0) {
        return FAIL(rq, E_BAD_INPUT, "id: shape");
    }
    return OK;
}

enum err patient_by_number(struct req *rq, const struct id_kind *kind, struct str digits,
                           struct res_row *ret_row)
{
    CLEANUP(list_close) struct list *l = NULL;
    const struct fhir_param *sp = fhir_param_find(T_PATIENT, S("identifier"));
    struct hit hit;

    TRY(list_token(rq, sp->sp, db_hash(rq->db, digits), db_hash_sys(rq->db, kind->system),
                   LIST_NEWEST, &l));
    if (list_next(l, &hit)) {
        return db_read_rid(rq, hit.rid, ret_row);
    }
    TRY(list_err(rq, l));
    return FAIL(rq, E_NOT_FOUND, "patient");
}

enum err patient_find_id(struct req *rq, struct str kind_code, struct str typed,
                         struct patient *ret_patient)
{
    const struct id_kind *kind = id_kind_find(kind_code);
    struct str digits = {0};
    struct res_row row;
    struct patient p;

    if (!who_may(rq->who, MAY_ASK | MAY_REGISTER | MAY_COORDINATE | MAY_ANSWER)) {
        return FAIL(rq, E_FORBIDDEN, "patient search");
    }
    if (kind == NULL) {
        return FAIL(rq, E_BAD_INPUT, "id-kind");
    }
    TRY(patient_number(rq, kind, typed, &digits));
    enum err e = patient_by_number(rq, kind, digits, &row);
    if (e == E_NOT_FOUND) {
        TRY(note_search(rq, NULL, S("identifier")));
        return e;
    }
    TRY(e);
    TRY(note_search(rq, &row, S("identifier")));
    TRY(read_row(rq, &row, &p));
    TRY(may_see(rq, row.rid, &p.may_see));
    if (!p.may_see) {
        show_less(&p);
        p.ids[0] = (struct patient_id){kind, kind->system, digits};
        p.n_ids = 1;
    }
    *ret_patient = p;
    return OK;
}

/* Every word of the folded question begins a word of the folded name. */
static bool name_matches(struct req *rq, const struct patient *p, struct str folded)
{
    struct str have = fhir_fold(rq, p->name);
    struct str word;

    while (str_cut(&folded, ' ', &word)) {
        struct str rest = have;
        struct str part;
        bool found = word.n == 0;
        while (!found && str_cut(&rest, ' ', &part)) {
            found = str_starts(part, word);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

enum err patient_find_name(struct req *rq, struct str name, struct str birth_date,
                           struct patient *ret_patients, uint32_t n, uint32_t *ret_n)
{
    CLEANUP(list_close) struct list *l = NULL;
    const struct fhir_param *sp = fhir_param_find(T_PATIENT, S("name"));
    struct str folded = fhir_fold(rq, str_trim(name));
    struct str first = str_sub(folded, 0, str_find_char(folded, ' '));
    uint32_t got = 0;
    uint32_t seen = 0;
    struct hit hit;

    if (!who_may(rq->who, MAY_ASK | MAY_REGISTER | MAY_COORDINATE | MAY_ANSWER)) {
        return FAIL(rq, E_FORBIDDEN, "patient search");
    }
    if (first.n < 2) {
        return FAIL(rq, E_BAD_INPUT, "name: two letters or more");
    }
    TRY(note_search(rq, NULL, S("name")));
    TRY(list_string(rq, sp->sp, str_sub(first, 0, TUPLE_STRING_MAX), &l));
    while (got < n && seen++ < LOOKED_AT_MAX && list_next(l, &hit)) {
        struct arena_mark mark = arena_mark(rq->a);
        struct res_row row;
        bool again = false;
        bool may = false;
        for (uint32_t i = 0; i < got; i++) {
            again = again || ret_patients[i].rid == hit.rid;
        }
        if (again) {
            continue;
        }
        TRY(may_see(rq, hit.rid, &may));
        if (!may) {
            arena_back(rq->a, mark);
            continue;
        }
        TRY(db_read_rid(rq, hit.rid, &row));
        TRY(read_row(rq, &row, &ret_patients[got]));
        struct patient *p = &ret_patients[got];
        if (name_matches(rq, p, folded)
            && (birth_date.n == 0 || str_eq(birth_date, p->birth_date))) {
            TRY(note_search(rq, &row, S("name")));
            got++;
        }
    }
    TRY(list_err(rq, l));
    *ret_n = got;
    return OK;
}
