/* care/outside_who.c - national numbers of people and of documents, and whose a certificate of another
 * authority is among the people a document names. See outside.h. */
#include "care/outside.h"

#include "care/patient.h"
#include "care/sign_int.h"

/* One Identifier (FHIR R4), when it is a national number. */
static void number_add(struct req *rq, struct jv identifier, struct outside_number *all, uint32_t *n)
{
    const struct id_kind *kind = id_kind_of_system(json_str(rq->a, json_get(identifier, S("system"))));
    if (*n < OUTSIDE_NUMBERS_MAX && kind != NULL && kind->check != IDENT_KIND_COUNT
        && ident_read(kind->check, json_str(rq->a, json_get(identifier, S("value"))), all[*n].digits)) {
        all[(*n)++].kind = kind->check;
    }
}

enum err outside_numbers_of(struct req *rq, struct jv practitioner,
                            struct outside_number ret_numbers[OUTSIDE_NUMBERS_MAX], uint32_t *ret_n)
{
    struct jv all = json_get(practitioner, S("identifier"));
    uint32_t n = 0;
    for (struct jv v = json_first(all); json_has(v); v = json_next(v)) {
        number_add(rq, v, ret_numbers, &n);
    }
    *ret_n = n;
    return OK;
}

enum err outside_numbers_shown(struct req *rq, struct jv doc, struct str person,
                               struct outside_number ret_numbers[OUTSIDE_NUMBERS_MAX], uint32_t *ret_n)
{
    struct jv exts = json_get(doc, S("extension"));
    *ret_n = 0;
    if (!json_is(json_get(doc, S("resourceType")), S("ClinicalImpression"))) {
        for (struct jv e = json_first(json_get(doc, S("entry"))); json_has(e); e = json_next(e)) {
            struct jv r = json_get(e, S("resource"));
            if (json_is(json_get(r, S("resourceType")), S("Practitioner"))
                && json_is(json_get(r, S("id")), person)) {
                return outside_numbers_of(rq, r, ret_numbers, ret_n);
            }
        }
        return OK;
    }
    for (struct jv e = json_first(exts); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), S(OUTSIDE_EXT_NUMBER))) {
            number_add(rq, json_get(e, S("valueIdentifier")), ret_numbers, ret_n);
        }
    }
    return OK;
}

void outside_numbers_write(struct req *rq, struct json_out *o, struct jv practitioner)
{
    struct jv all = json_get(practitioner, S("identifier"));
    for (struct jv v = json_first(all); json_has(v); v = json_next(v)) {
        struct outside_number one;
        uint32_t n = 0;
        number_add(rq, v, &one, &n);
        if (n == 0) {
            continue;
        }
        json_obj(o);
        json_ks(o, S("url"), S(OUTSIDE_EXT_NUMBER));
        json_k(o, S("valueIdentifier"));
        json_obj(o);
        json_ks(o, S("system"), json_str(rq->a, json_get(v, S("system"))));
        json_ks(o, S("value"), str_z(one.digits));
        json_obj_end(o);
        json_obj_end(o);
    }
}

static bool is_named(struct req *rq, struct jv person, const struct outside_number *cert, uint32_t n)
{
    struct outside_number own[OUTSIDE_NUMBERS_MAX];
    uint32_t n_own = 0;
    bool read = outside_numbers_of(rq, person, own, &n_own) == OK;
    err_clear(rq);
    return read && outside_is_same(cert, n, own, n_own);
}

struct str outside_person_in(struct req *rq, struct jv bundle, const struct cms_verdict *v)
{
    struct outside_number numbers[OUTSIDE_NUMBERS_MAX];
    struct str found = {0};
    uint32_t n = 0;
    if (outside_numbers(rq, v->signer_der, numbers, &n) != OK) {
        err_clear(rq);
        return found;
    }
    outside_numbers_keep(numbers, &n, v->vouches);
    for (struct jv e = json_first(json_get(bundle, S("entry"))); json_has(e); e = json_next(e)) {
        struct jv r = json_get(e, S("resource"));
        if (!json_is(json_get(r, S("resourceType")), S("Practitioner")) || !is_named(rq, r, numbers, n)) {
            continue;
        }
        struct str id = json_str(rq->a, json_get(r, S("id")));
        if (found.n > 0 && !str_eq(found, id)) {
            return (struct str){0};
        }
        found = id;
    }
    return found;
}
