/* dicom/query.h - searching studies, series and instances: QIDO-RS (PS3.18 10.6) and C-FIND alike.
 *
 * Each asked key is a tag with its value. Matching is that of PS3.4 C.2.2.2, at every level with the keys
 * PS3.18 10.6.1.2.3 requires and some more: dicom_key_find() tells which. One key that an index serves
 * leads (UIDs, patient id, accession number, study id, name, date), the others are held against each row.
 * Of a name, the word that the fewest names have leads. Results come from the newest study on (led by the
 * beginning of a number: in its order; by a name: by that word backwards; by a case: the last stored first),
 * within a study by number. */
#pragma once

#include "dicom/match.h"
#include "dicom/study.h"

enum dicom_result { DICOM_STUDY, DICOM_SERIES, DICOM_INSTANCE };

struct dicom_asked {
    uint32_t tag;            /* 0x00100020 */
    struct str value;        /* as sent; empty: anything */
};
/* A key that can be matched. */
struct dicom_key {
    uint32_t tag;
    enum dicom_result level;
    enum dicom_match_kind kind;
};
/* NULL: not matched here, whatever is asked. Request Attributes are asked by the tags of their items. */
const struct dicom_key *dicom_key_find(uint32_t tag);

/* A row of the level asked for: what is above it is there, too. */
struct dicom_hit {
    const struct dicom_study *study;
    const struct dicom_series *series;  /* NULL at study level */
    const struct dicom_instance *instance; /* NULL above instance level */
};
/* May the caller see what hangs on this ImagingStudy (its rid)? */
typedef enum err (*dicom_may_fn)(struct req *rq, int64_t imaging, void *ctx, bool *ret_may);
/* Is given each result; texts live for the call, and so does what it takes from rq->a. */
typedef enum err (*dicom_hit_fn)(struct req *rq, const struct dicom_hit *hit, void *ctx);

struct dicom_query {
    enum dicom_result level;      /* of the results */
    const struct dicom_asked *asked;
    size_t n_asked;              /* keys unknown or of a lower level are passed over */
    bool fuzzy;                  /* names: each word asked begins a word of the name */
    struct str case_id;          /* only studies of this case or draft; empty: all */
    int64_t patient;             /* only studies of this Patient (rid); 0: all */
    uint32_t limit;              /* most results */
    uint32_t offset;             /* results passed over before */
    dicom_may_fn may;            /* asked once for each study that matches and each place it is shown in until
                                  * one may be seen; NULL: everything may */
    void *may_ctx;
    dicom_hit_fn each;
    void *each_ctx;
};
struct dicom_found {
    uint32_t n;                  /* results given */
    bool more;                   /* there are more after these */
};
enum { DICOM_SCAN_MAX = 200000, DICOM_ASKED_MAX = 64 };

/* errors  E_BAD_INPUT  a value that cannot be one of its key (detail: the tag); more than DICOM_ASKED_MAX
 *         E_TOO_LARGE  more than DICOM_SCAN_MAX rows looked at; whatever may and each return */
MUST_USE enum err dicom_search(struct req *rq, const struct dicom_query *q, struct dicom_found *ret_found);
/* May the caller see this study: one of its places? */
MUST_USE enum err dicom_study_may(struct req *rq, int64_t study, dicom_may_fn may, void *ctx,
                                  bool *ret_may);
