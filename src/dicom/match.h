/* dicom/match.h - one value against what a search asks of it (PS3.4 C.2.2.2): single values, lists of UIDs,
 * wild cards, ranges of dates and times. */
#pragma once

#include "base/req.h"

enum dicom_match_kind {
    DICOM_MATCH_UID,    /* "a\b" or "a,b": one of them */
    DICOM_MATCH_TEXT,   /* "*" any run, "?" any one character */
    DICOM_MATCH_NAME,   /* the same, of folded names: group by group */
    DICOM_MATCH_DATE,   /* "D", "D-", "-D", "D-D" */
    DICOM_MATCH_TIME,   /* the same; of shorter ones the rest counts from 00 or to 59 */
    DICOM_MATCH_NUMBER, /* equal as numbers */
    DICOM_MATCH_LIST,   /* the value is several with '\\' between: one of them matches as text */
};

/* Does value match what was asked? asked is not empty; of names both are folded (dicom_name_fold()). */
bool dicom_matches(enum dicom_match_kind kind, struct str asked, struct str value);
/* Does every word of asked begin a word of value? Both folded. */
bool dicom_name_is_like(struct str asked, struct str value);
/* What asked begins with up to its first wild card; *ret_whole: it has none. */
struct str dicom_match_begins(struct str asked, bool *ret_whole);
/* A range as from and to, both included, "" and "~" when open; false when asked is no date or range. */
bool dicom_match_dates(struct str asked, struct str *ret_from, struct str *ret_to);
