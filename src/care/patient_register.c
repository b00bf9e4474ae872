/* care/patient_register.c - a patient is registered from a form. */
#include "care/patient_int.h"

#include "base/text.h"
#include "care/access.h"
#include "care/care.h"
#include "care/directory.h"
#include "care/put.h"
#include "fhir/param.h"
#include "os/random.h"

enum { NAME_MAX_BYTES = 300, AGE_MAX = 130 };

/* What was typed, read and checked. */
struct entry {
    struct str family, given, middle, birth_date, sex, phone, address, note;
    const struct id_kind *kind;
    struct str number;
    struct ident_claim claim; /* what the number says of birth date and sex */
    bool unidentified;
};

/* missing: what is said when there is none; NULL: it may be left out. */
static void check_name(const struct fields *typed, struct str field, const char *missing,
                       struct problems *p, struct str *ret_name)
{
    struct str v = fields_get(typed, field);

    if (v.n == 0 && missing != NULL) {
        problem_add(p, field, missing, (struct str){0}, NULL);
    }
    if (v.n > NAME_MAX_BYTES) {
        problem_add(p, field, T("The name is too long."), (struct str){0}, NULL);
    }
    *ret_name = v;
}

static void check_birth(struct req *rq, const struct fields *typed, struct problems *p,
                        struct entry *e)
{
    struct str v = fields_get(typed, S("birth-date"));
    struct civil birth;
    struct civil now = zone_civil(&care_of(rq)->zone, rq->now);

    e->birth_date = v;
    if (v.n == 0) {
        problem_add(p, S("birth-date"), T("Enter the birth date."), (struct str){0}, NULL);
        return;
    }
    if (!date_parse(v, &birth)) {
        problem_add(p, S("birth-date"), T("There is no such date."), (struct str){0}, NULL);
    } else if (civil_days(birth.year, birth.month, birth.day)
               > civil_days(now.year, now.month, now.day)) {
        problem_add(p, S("birth-date"), T("The birth date is in the future."), (struct str){0},
                    NULL);
    } else if (years_between(&birth, &now) > AGE_MAX) {
        problem_add(p, S("birth-date"), T("The birth date is too long ago. Check the year."),
                    (struct str){0}, NULL);
    }
}

static void check_sex(const struct fields *typed, struct problems *p, struct entry *e)
{
    e->sex = fields_get(typed, S("sex"));
    if (!str_eq(e->sex, S("male")) && !str_eq(e->sex, S("female"))
        && !str_eq(e->sex, S("unknown"))) {
        problem_add(p, S("sex"), T("Choose the sex."), (struct str){0}, NULL);
    }
}

/* What the number claims against what was typed: a difference must be confirmed. */
static void compare_claim(const struct fields *typed, struct problems *p, const struct entry *e)
{
    const struct ident_claim *c = &e->claim;
    struct civil birth;
    bool confirmed = str_eq(fields_get(typed, S("confirm")), S("true"));

    if (confirmed) {
        return;
    }
    if (c->birth.year != 0 && date_parse(e->birth_date, &birth)
        && (c->birth.year != birth.year || c->birth.month != birth.month
            || c->birth.day != birth.day)) {
        problem_add(p, S("confirm"),
                    T("The number says another birth date. Check both, or confirm that they are "
                      "right."),
                    (struct str){0}, NULL);
    }
    if ((c->sex == IDENT_MALE && str_eq(e->sex, S("female")))
        || (c->sex == IDENT_FEMALE && str_eq(e->sex, S("male")))) {
        problem_add(p, S("confirm"),
                    T("The number says another sex. Check both, or confirm that they are right."),
                    (struct str){0}, NULL);
    }
}

static enum err check_number(struct req *rq, const struct fields *typed, struct problems *p,
                             struct entry *e)
{
    struct str code = fields_get(typed, S("id-kind"));
    struct str v = fields_get(typed, S("id"));

    if (v.n == 0 && (code.n == 0 || str_eq(code, S("none")))) {
        return OK; /* registered without a number: a newborn, a foreigner */
    }
    e->kind = id_kind_find(code);
    if (e->kind == NULL || e->kind->n_digits == 0) {
        problem_add(p, S("id-kind"), T("Choose the kind of number."), (struct str){0}, NULL);
        return OK;
    }
    if (v.n == 0) {
        problem_add(p, S("id"), T("Enter the number, or choose \"no number\"."), (struct str){0},
                    NULL);
        return OK;
    }
    enum err r = patient_number(rq, e->kind, v, &e->number);
    if (r == E_BAD_INPUT) {
        bool digit = str_ends(str_z(rq->err.detail), S("check digit"));
        err_clear(rq);
        problem_add(p, S("id"),
                    digit ? T("The number has a mistake: its check digit does not fit.")
                          : T("The number does not have the right length or has other characters."),
                    (struct str){0}, NULL);
        return OK;
    }
    TRY(r);
    if (e->kind->check < IDENT_KIND_COUNT) {
        (void)ident_check(e->kind->check, e->number, &e->claim);
    }
    return OK;
}

/* An unidentified patient: a temporary number, the age about. */
static enum err check_unidentified(struct req *rq, const struct fields *typed, struct problems *p,
                                   struct entry *e)
{
    struct str age = fields_get(typed, S("age"));
    uint64_t years = 0;
    struct buf b;
    uint8_t raw[5];

    e->unidentified = true;
    e->kind = id_kind_find(S("unidentified"));
    e->note = fields_get(typed, S("note"));
    if (age.n > 0) {
        if (!str_u64(age, &years) || years > AGE_MAX) {
            problem_add(p, S("age"), T("Enter the age in whole years."), (struct str){0}, NULL);
            return OK;
        }
        buf_init(&b, rq->a, 16);
        buf_i64(&b, zone_civil(&care_of(rq)->zone, rq->now).year - (int64_t)years);
        e->birth_date = buf_get(&b);
    }
    if (e->note.n > 1000) {
        problem_add(p, S("note"), T("The text is too long."), (struct str){0}, NULL);
    }
    os_random(raw, sizeof raw);
    buf_init(&b, rq->a, 32);
    BUF_LIT(&b, "N");
    buf_hex(&b, raw, sizeof raw);
    e->number = buf_get(&b);
    return OK;
}

static void check_contact(const struct fields *typed, struct problems *p, struct entry *e)
{
    e->phone = fields_get(typed, S("phone"));
    e->address = fields_get(typed, S("address"));
    if (e->phone.n > 60) {
        problem_add(p, S("phone"), T("The text is too long."), (struct str){0}, NULL);
    }
    if (e->address.n > 500) {
        problem_add(p, S("address"), T("The text is too long."), (struct str){0}, NULL);
    }
}

/* In the order of the form, so that its faults are told in that order. */
static enum err check_person(struct req *rq, const struct fields *typed, struct problems *p,
                             struct entry *e)
{
    if (str_eq(fields_get(typed, S("unidentified")), S("true"))) {
        check_sex(typed, p, e);
        TRY(check_unidentified(rq, typed, p, e));
        check_contact(typed, p, e);
        return OK;
    }
    TRY(check_number(rq, typed, p, e));
    check_name(typed, S("family"), T("Enter the family name."), p, &e->family);
    check_name(typed, S("given"), T("Enter the first name."), p, &e->given);
    check_name(typed, S("middle"), NULL, p, &e->middle);
    check_birth(rq, typed, p, e);
    check_sex(typed, p, e);
    check_contact(typed, p, e);
    compare_claim(typed, p, e);
    return OK;
}

static void write_name(struct json_out *o, const struct entry *e)
{
    json_k(o, S("name"));
    json_arr(o);
    json_obj(o);
    if (e->unidentified) {
        json_ks(o, S("text"), e->note.n > 0 ? e->note : S("?"));
    } else {
        json_ks(o, S("family"), e->family);
        json_k(o, S("given"));
        json_arr(o);
        json_v_str(o, e->given);
        if (e->middle.n > 0) {
            json_v_str(o, e->middle);
        }
        json_arr_end(o);
    }
    json_obj_end(o);
    json_arr_end(o);
}

static enum err write_patient(struct req *rq, struct tx *tx, const struct entry *e,
                              struct str *ret_id)
{
    const struct who *w = rq->who;
    struct put p;

    put_begin(&p, rq, tx, T_PATIENT, (struct str){0}, 16 << 10);
    if (e->number.n > 0) {
        json_k(&p.o, S("identifier"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_ks(&p.o, S("system"), e->kind->system);
        json_ks(&p.o, S("value"), e->number);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
    }
    json_kb(&p.o, S("active"), true);
    write_name(&p.o, e);
    if (e->phone.n > 0) {
        json_k(&p.o, S("telecom"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_ks(&p.o, S("system"), S("phone"));
        json_ks(&p.o, S("value"), e->phone);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
    }
    json_ks(&p.o, S("gender"), e->sex);
    if (e->birth_date.n > 0) {
        json_ks(&p.o, S("birthDate"), e->birth_date);
    }
    if (e->address.n > 0) {
        json_k(&p.o, S("address"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_ks(&p.o, S("text"), e->address);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
    }
    if (w->audit.org.n > 0) {
        put_ref(&p.o, S("managingOrganization"), T_ORGANIZATION, w->audit.org);
    }
    TRY(put_end(&p));
    *ret_id = p.id;
    if (w->audit.org.n > 0) {
        TRY(tx_team(tx, T_PATIENT, p.id, principal_registry(care_of(rq)->store, w->audit.org)));
    }
    struct audit_rec rec = {.action = AUDIT_CREATE, .why = WHY_REGISTRY, .type = T_PATIENT,
                            .id = p.id, .patient_type = T_PATIENT, .patient_id = p.id};
    return audit_add(rq, &rec);
}

enum err patient_register(struct req *rq, struct tx *tx, const struct fields *typed,
                          struct problems *ret_problems, struct str *ret_id)
{
    struct entry e = {.claim = {{0}, IDENT_SEX_NONE}};
    struct problems *p = ret_problems;

    if (!who_may(rq->who, MAY_ASK | MAY_REGISTER)) {
        return FAIL(rq, E_FORBIDDEN, "register a patient");
    }
    TRY(check_person(rq, typed, p, &e));
    if (p->n > 0) {
        return FAIL(rq, E_BAD_INPUT, "patient: %.*s", STR_ARG(p->v[0].field));
    }
    if (e.number.n > 0) {
        const struct fhir_param *sp = fhir_param_find(T_PATIENT, S("identifier"));
        struct res_row row;
        enum err r = patient_by_number(rq, e.kind, e.number, &row);
        if (r == OK) {
            *ret_id = row.id;
            return FAIL(rq, E_CONFLICT, "a patient with this number is registered");
        }
        if (r != E_NOT_FOUND) {
            return r;
        }
        err_clear(rq);
        TRY(tx_require_none(tx, sp->sp, db_hash(rq->db, e.number),
                            db_hash_sys(rq->db, e.kind->system)));
    }
    return write_patient(rq, tx, &e, ret_id);
}
