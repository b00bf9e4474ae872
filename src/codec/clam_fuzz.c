/* codec/clam_fuzz.c - any answer of a virus scanner is read without harm; only its own words are clean. */
#include <string.h>

#include "base/err.h"
#include "codec/clam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct clam_answer a;
    struct clam_version v;
    clam_answer_read(text, &a);
    ASSERT((a.said == CLAM_CLEAN) == str_eq(text, S("stream: OK")));
    ASSERT((a.said == CLAM_FOUND) == (a.name[0] != '\0'));
    ASSERT(strlen(a.name) <= CLAM_NAME_MAX);
    for (const char *p = a.name; *p != '\0'; p++) {
        ASSERT(*p > ' ' && *p <= '~');
    }
    if (clam_version_read(text, &v)) {
        ASSERT(str_starts(text, S("ClamAV ")) && v.made.ms >= 0);
    }
    return 0;
}
