/* care/icd_codes.c - the classification of diagnoses as a code system. See icd_codes.h. */
#include "care/icd_codes.h"

#include "care/care.h"
#include "care/icd.h"

static uint32_t size(struct req *rq)
{
    return rq->app != NULL ? icd_size(care_of(rq)->icd) : 0;
}

/* A code with a point stands under its category. */
static struct str code(struct req *rq, uint32_t i, const struct str **ret_titles, struct str *ret_above)
{
    const struct icd_entry *e = icd_at(care_of(rq)->icd, i);
    size_t point = str_find_char(e->code, '.');
    *ret_titles = e->title.v;
    *ret_above = point < e->code.n ? str_sub(e->code, 0, point) : S("");
    return e->code;
}

const struct fhir_extra icd_codes = {
    .url = SI(CS_ICD10),
    .name = SI("ICD-10"),
    .size = size,
    .code = code,
};
