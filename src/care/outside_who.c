/* care/outside_who.c - whose a certificate of another authority is, among the people a document names. See
 * outside.h. */
#include "care/outside.h"

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
