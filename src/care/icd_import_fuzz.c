/* care/icd_import_fuzz.c - no classification's file breaks the import, and what it writes it reads again:
 * the same rows. */
#include "care/icd_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct str csv = {0};
    struct str again = {0};
    uint32_t n = 0;
    uint32_t n_again = 0;
    req_init(&rq, 64u << 20, (struct instant){0});
    if (icd_import(&rq, (struct str){(const char *)data, size}, LANG_RU, &csv, &n) == OK) {
        ASSERT(n > 0 && csv.n > 0);
        ASSERT(icd_import(&rq, csv, LANG_RU, &again, &n_again) == OK);
        ASSERT(n == n_again && str_eq(csv, again));
    } else {
        ASSERT(csv.p == NULL && rq.err.code != OK);
    }
    req_done(&rq);
    return 0;
}
