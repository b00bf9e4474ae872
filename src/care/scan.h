/* care/scan.h - what comes in from people and machines is shown to a virus scanner before it is kept: clamd,
 * by its command zINSTREAM (Debian's clamd(8)), over a socket of this machine or the network.
 *
 * One place decides for every door by which a file comes in: uploads of pages and of the interface, images in
 * archives, STOW-RS and C-STORE, base64 within FHIR resources, files of people to import, signature files.
 * What the program makes itself, and what its administrator brings by a command, is not shown. */
#pragma once

#include "base/req.h"
#include "codec/clam.h"
#include "codec/json.h"

struct blob_part;

struct scan_opts {
    struct str at;     /* as of os_connect(); empty: there is no scanner, all is let through */
    uint32_t wait_ms;  /* for one file, from connecting to the answer */
    uint32_t at_once;  /* looks of threads that serve everybody (req.shared), at least 1; more are told to
                        * come again, and nothing is let through for that. Others are not counted */
    bool let_through;  /* what cannot be looked at is kept, with a mark; else refused */
};

struct scanner;
/* gives a scanner that any thread may ask; end it with scanner_free(). borrows opts->at. */
struct scanner *scanner_new(const struct scan_opts *opts);
void scanner_free(struct scanner *s);

struct scan_counts {
    uint64_t files;  /* looked at */
    uint64_t found;  /* with a virus */
    uint64_t missed; /* that could not be looked at */
};
struct scan_counts scanner_counts(struct scanner *s);

enum scan_verdict {
    SCAN_CLEAN,     /* or there is no scanner */
    SCAN_FOUND,     /* a virus; it is on record */
    SCAN_TOO_LARGE, /* more than the scanner takes, and what it cannot look at is refused */
    SCAN_MISSED,    /* it could not look, and that is allowed: what is kept carries a mark */
};
struct scan_result {
    enum scan_verdict verdict;
    char name[CLAM_NAME_MAX + 1]; /* of what was found */
};

/* Shows bytes, or an open file from its beginning. What was found or could not be looked at is in the log and
 * on record when this returns.
 *
 * errors  E_BUSY  the scanner does not answer, or not as it should, or at_once are looking; E_IO  the file
 *         cannot be read; E_TOO_LARGE  memory cap
 * costs   waits, at most wait_ms */
MUST_USE enum err scan_look(struct req *rq, struct str bytes, struct scan_result *ret_r);
MUST_USE enum err scan_look_file(struct req *rq, int fd, struct scan_result *ret_r);

/* The same for doors that take or refuse: what names the thing in the answer ("Attachment.data").
 * ret_last: what it said of the last one that was shown, also on failure.
 * errors  as above; E_UNPROCESSED  a virus, or larger than the scanner takes: nothing may be kept */
MUST_USE enum err scan_bytes(struct req *rq, struct str bytes, const char *what);
MUST_USE enum err scan_parts(struct req *rq, struct blob_part *const *parts, size_t n, const char *what,
                             struct scan_result *ret_last);
/* Each text in base64 of a resource that holds bytes of any kind: "data" of Attachments and of a Binary,
 * valueBase64Binary, carrierAIDC. errors  those of scan_bytes(); E_TOO_LARGE  memory */
MUST_USE enum err scan_resource(struct req *rq, struct jv root);
/* Has it such a text, and is there a scanner to ask? */
bool scan_wants(struct req *rq, struct jv root);

/* What the scanner says of itself (zVERSION). errors  E_BUSY  no answer, or none of a scanner */
MUST_USE enum err scan_version(struct req *rq, const struct scan_opts *opts,
                               struct clam_version *ret_version);
