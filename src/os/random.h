/* os/random.h - unpredictable bytes and identifiers. */
#pragma once

#include "base/attr.h"

enum {
    OS_ID_LEN = 26 /* characters of an identifier, without the NUL */
};

/* n bytes from the kernel's generator. Ends the process when there is none. */
void os_random(void *p, size_t n);
/* A new identifier: 16 random bytes in lower case base32 (RFC 4648 alphabet a-z, 2-7), NUL-ended.
 * Valid as a FHIR R4 id. */
void os_id(char out[OS_ID_LEN + 1]);
