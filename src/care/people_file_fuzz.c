/* care/people_file_fuzz.c - no file of organisations or people breaks its reading; what is wrong is a
 * fault with
 * a line of the file. */
#include "care/people_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct people_plan p = {.what = PEOPLE_NOTHING};
    struct people_read r = {.rq = &rq, .p = &p};
    uint32_t lines = 1;

    req_init(&rq, 64u << 20, (struct instant){0});
    for (size_t i = 0; i < size; i++) {
        lines += data[i] == '\n';
    }
    if (people_file_read(&rq, (struct str){(const char *)data, size}, &r) == OK) {
        ASSERT(p.n_rows <= lines && r.faults_cap >= MIN(p.n_faults, (uint32_t)PEOPLE_FAULTS_MAX));
        for (uint32_t i = 0; i < MIN(p.n_faults, (uint32_t)PEOPLE_FAULTS_MAX); i++) {
            ASSERT(r.faults[i].line >= 1 && r.faults[i].line <= lines && r.faults[i].text != NULL);
        }
        for (uint32_t i = 0; i < p.n_rows; i++) {
            ASSERT(p.rows[i].act == PEOPLE_WRONG || p.rows[i].key.n > 0);
        }
    }
    req_done(&rq);
    return 0;
}
