/* care/share.h - a study goes out to somebody without an account: a clinic abroad, a teacher.
 *
 * Who asked in a case or answers it makes a link to one study the case shows: for a named receiver, with a
 * reason, for some days and downloads, as it is or de-identified (codec/dicom_deidentify.h), perhaps with
 * a code that is told on another way. The store keeps a hash of the link, not the link. It ends when it
 * is revoked, used up, expired, tried with wrong codes too often, or when its case no longer shows the
 * study. It gives out the images that were there when it was made. Each download is on record beside the
 * case. */
#pragma once

#include "care/access.h"
#include "codec/dicom_deidentify.h"
#include "dicom/study.h"

enum {
    SHARE_DAYS = 7, SHARE_DAYS_MAX = 30, /* a link lives so long */
    SHARE_OPENS = 3, SHARE_OPENS_MAX = 20,
    SHARE_WRONG_MAX = 10,                /* wrong codes end a link */
    SHARE_TEXT_MAX = 500,                /* bytes of receiver and reason */
    SHARE_REASON_MIN = 10,
    SHARE_CODE = 6,                      /* digits */
    SHARE_TOKEN = 26,                    /* characters, 128 random bits */
    SHARES_MAX = 50,                     /* of a case that are listed */
};
enum share_how { SHARE_AS_IS, SHARE_CLEAN, SHARE_CLEAN_MOVED /* dates stay, moved */, SHARE_HOW_COUNT };

struct share_ask {
    struct str study;     /* UID */
    struct str receiver, reason;
    enum share_how how;
    uint32_t days, opens; /* 0: the usual */
    bool code;            /* the receiver must type one */
    bool abroad;          /* the receiver is in another country */
    bool consent;         /* the patient's consent was confirmed */
    bool seen;            /* the pictures were looked at for names in them */
};
struct share {
    struct str id, study, case_id, by, receiver, reason;
    enum share_how how;
    uint8_t secret[DICOM_SECRET];
    uint8_t code[32];
    bool has_code;
    bool abroad;
    uint32_t opens_max, opens, wrong;
    int64_t created_ms, expires_ms, opened_ms, revoked_ms;
};
struct share_made {
    char token[SHARE_TOKEN + 1];
    char code[SHARE_CODE + 1]; /* "": none */
};

/* May rq->who share images of the case? It was opened by them already. */
bool share_may(const struct req *rq, const struct case_row *row);
/* errors  E_NOT_FOUND   no case of theirs, or it does not show the study
 *         E_FORBIDDEN   they neither asked nor answer
 *         E_BAD_INPUT   receiver, reason, days, downloads or consent
 *         E_CONFLICT    names may stand in the pictures, and seen is false
 *         E_UNPROCESSED a document is inside: it goes out as it is or not at all; or the patient has
 *                       withdrawn consent to sharing (detail "the patient ..."), or has not agreed that
 *                       what names them goes abroad (abroad_words()) */
MUST_USE enum err share_make(struct req *rq, struct tx *tx, struct str case_id,
                             const struct share_ask *ask, struct share_made *ret_made);
/* Those of a case, the newest first; the case was opened by rq->who. At most SHARES_MAX. */
MUST_USE enum err share_list(struct req *rq, struct str case_id, struct share *ret_shares,
                             uint32_t *ret_n);
bool share_is_open(const struct share *s, struct instant now);
/* errors  E_NOT_FOUND; E_FORBIDDEN; the commit gives E_STALE when it was over before */
MUST_USE enum err share_end(struct req *rq, struct tx *tx, struct str case_id, struct str id);

/* Was the image there when the link was made? What came later, or other bytes, do not go out by it. */
bool share_holds(const struct share *s, const struct dicom_instance *i);
/* For whoever holds the link. The study counts what goes out. errors  E_NOT_FOUND  none, or over */
MUST_USE enum err share_find(struct req *rq, struct str token, struct share *ret_share,
                             struct dicom_study *ret_study);
/* A download: counted and put on record by tx, which the caller commits also when the code is wrong.
 * errors  E_NOT_FOUND as share_find(); *ret_right false: the code is wrong */
MUST_USE enum err share_open(struct req *rq, struct tx *tx, struct str token, struct str code,
                             struct share *ret_share, struct dicom_study *ret_study, bool *ret_right);
/* How the files of a de-identified share are written. Dates of a patient are moved by the same days in all
 * shares; UIDs are new in each. */
struct dicom_deidentify share_rules(struct req *rq, const struct share *s,
                                    const struct dicom_study *study);
