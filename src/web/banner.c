/* web/banner.c - the allergies on top of a page about a patient. */
#include "web/banner.h"

#include "care/allergy.h"
#include "http/http.h"

enum err banner_allergies(struct http_req *h, int64_t patient_rid, struct val *patient)
{
    struct allergies a;

    TRY(allergy_of_patient(&h->rq, patient_rid, &a));
    struct val *list = val_set_list(patient, "allergies");
    for (uint32_t i = 0; i < a.n; i++) {
        val_add_str(list, a.texts[i]);
    }
    val_set_bool(patient, "allergies_more", a.more);
    val_set_bool(patient, "allergies_known", a.known == ALLERGY_NONE);
    val_set_bool(patient, "allergies_nothing", a.known == ALLERGY_NOTHING);
    return OK;
}
