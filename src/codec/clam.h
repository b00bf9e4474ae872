/* codec/clam.h - what the virus scanner clamd says (Debian's clamd(8)): answers to zINSTREAM and zVERSION.
 * Whoever answers may lie: anything else than its words is no answer. */
#pragma once

#include "base/instant.h"
#include "base/str.h"

enum {
    CLAM_ANSWER_MAX = 1024, /* bytes of an answer that are read; a longer one is none */
    CLAM_NAME_MAX = 100,    /* of the name of what was found */
};

enum clam_said {
    CLAM_CLEAN,
    CLAM_FOUND,
    CLAM_TOO_LARGE, /* more than it takes (StreamMaxLength, MaxFileSize ...): it did not look at all of it */
    CLAM_FAILED,    /* it says that it could not look */
    CLAM_NONSENSE,
};

struct clam_answer {
    enum clam_said said;
    char name[CLAM_NAME_MAX + 1]; /* found: printable ASCII, '?' for anything else; else "" */
};

/* An answer to zINSTREAM, without its NUL. Cannot fail. */
void clam_answer_read(struct str text, struct clam_answer *ret_answer);

struct clam_version {
    uint64_t signatures;    /* number of its daily database; 0: it has none of the project's */
    struct instant made;    /* of that; ms 0: it does not say */
};
/* An answer to zVERSION: "ClamAV 1.4.6/27467/Mon Nov 23 08:40:00 2026". False when it is none. */
MUST_USE bool clam_version_read(struct str text, struct clam_version *ret_version);
