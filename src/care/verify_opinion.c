/* care/verify_opinion.c - the opinion of a member of a consilium, held to its signature without a server. See
 * verify.h. */
#include "care/verify_int.h"

#include "base/text.h"
#include "care/consilium.h"
#include "fhir/validate.h"

static struct jv extension(struct jv v, struct str url)
{
    struct jv exts = json_get(v, S("extension"));

    for (struct jv e = json_first(exts); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), url)) {
            return e;
        }
    }
    return (struct jv){0};
}

/* Whoever entered it in place of the member signs, else the member. */
static void signer_check(struct req *rq, struct jv opinion, struct verify_report *r)
{
    struct jv entered = extension(opinion, S(OPINION_EXT_ENTERED));
    struct jv who = json_get(json_has(entered) ? entered : opinion,
                             json_has(entered) ? S("valueReference") : S("assessor"));
    struct str ref = json_str(rq->a, json_get(who, S("reference")));
    struct str name = json_str(rq->a, json_get(who, S("display")));
    const struct cert_name *cert = &r->verdict.signer.subject;
    struct str type = S("Practitioner/");

    if (r->verdict.is_outside) {
        verify_number_check(rq, opinion, (struct str){0}, true, r);
        return;
    }
    struct str id = str_starts(ref, type) ? (struct str){ref.p + type.n, ref.n - type.n} : (struct str){0};
    verify_line(r, T("the author is the person of the certificate"),
                    id.n > 0 && str_eq(id, cert->serial_number) && verify_name_fits(cert->common_name, name),
                    "who signs in the document and the certificate's subject differ");
}

void verify_opinion(struct req *rq, struct jv opinion, struct verify_report *r)
{
    bool whole = json_has(json_get(extension(opinion, S(OPINION_EXT)), S("valueReference")))
                 && json_has(json_get(opinion, S("summary")));

    verify_line(r, T("it is the opinion of a member of a consilium"), whole,
                    "ClinicalImpression.extension or summary");
    enum err e = fhir_validate(rq, opinion, T_CLINICAL_IMPRESSION);
    verify_line(r, T("its content follows FHIR R4"), e == OK, "%u faults", fhir_issue_errors(rq));
    err_clear(rq);
    signer_check(rq, opinion, r);
    verify_time_check(rq, json_get(opinion, S("date")), r);
}
