/* care/verify_stamp.h - the time stamp a downloaded signature carries, held to authorities the verifier
 * names. */
#pragma once

#include "care/verify.h"
#include "codec/stamp.h"

/* What the tokens of a signature show; the earliest that holds counts. */
struct verify_stamp {
    bool carries; /* there is one */
    bool looked;  /* authorities were named */
    struct stamp_facts facts;
};

/* file: CMS as it is handed out or as software saves it, or a Provenance. certs: trusted for time stamps,
 * none: it is not looked at; is_named: on purpose, else they are those of signatures, and a stamp of another
 * authority is one not looked at. A file that is no signature carries none.
 * errors   E_BUSY, E_TOO_LARGE */
MUST_USE enum err verify_stamp_find(struct req *rq, struct str file, const struct str *certs,
                                    uint32_t n_certs, bool is_named, struct verify_stamp *ret_stamp);
/* As of when the signer's certificate is judged: the time of a stamp that holds, when the certificate was
 * valid then; ms 0: as of the time the signer states, since nothing better is shown. */
struct instant verify_stamp_at(const struct verify_stamp *s, const struct cert_facts *signer);
/* Why the stamp does not hold of a signature made at signed_at, msgid; "": it does, or there is none to look
 * at. */
const char *verify_stamp_fault(const struct verify_stamp *s, struct instant signed_at);
/* Its line and facts into a report that is otherwise complete. */
void verify_stamp_lines(const struct verify_stamp *s, struct verify_report *r);
