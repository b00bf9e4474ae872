/* care/imaging_int.h - what the files of imaging share: one transaction's work on studies. */
#pragma once

#include "care/care.h"
#include "care/consult_int.h"
#include "care/imaging.h"
#include "care/upload_facts.h"
#include "dicom/study_put.h"

/* A file and what it says. */
struct image_item {
    const struct image_in *in;
    const struct image_from *from;
    struct image_out *out;
    bool broken;
    bool waits;                     /* for another image of its study to show that the sender has it */
    struct dicom_study study;       /* key 0, counts 0 */
    struct dicom_series series;
    struct dicom_instance inst;
    struct dicom_facts facts;       /* the same, for comparing with a patient */
};

/* Where a sender's images go. */
struct image_target {
    const struct image_from *from;
    bool is_draft;
    struct case_row row;            /* id empty: no case named */
    struct patient patient;         /* id empty: not known */
};

/* A place as it will be. */
struct image_place {
    struct dicom_place row;
    bool is_new;
    bool is_moved;                  /* nobody's becomes a case's: was case_id "" */
    bool is_changed;                /* its ImagingStudy is written */
};

/* A study a transaction touches. */
struct image_group {
    struct dicom_put put;
    struct image_place places[DICOM_PLACES_MAX];
    uint32_t n_places;
    struct patient patient;         /* whose it is; id empty: nobody's */
    bool is_claimed;                /* becomes that patient's now */
    struct str audit_case;          /* the case or draft named last */
};

struct image_batch {
    struct req *rq;
    struct tx *tx;
    struct image_item *items;
    size_t n_items;
    struct image_group **groups;
    size_t n_groups;
    struct image_target *targets;
    size_t n_targets;
};

/* What image_file() did for a case: ImagingStudy ids of its studies that were touched. */
struct image_filed {
    struct str *imaging; /* IMAGES_AT_ONCE + IMAGES_ADOPTED_MAX of room */
    uint32_t n;
};
enum { IMAGES_ADOPTED_MAX = 200 };

/* Reads what a stored file says into an item with its in, from and out set; broken ones are told in out. */
MUST_USE enum err image_read(struct req *rq, struct image_item *item);
/* Files items read before; keys are not checked. row and patient: the
 * case it is for, whose right was checked; NULL: as from says. filed (may be NULL): asked
 * for with row; adopt: the studies of the draft of that id go along (at most IMAGES_ADOPTED_MAX), those of
 * another patient are put aside whole. */
MUST_USE enum err image_file(struct req *rq, struct tx *tx, struct image_item *items, size_t n,
                             const struct case_row *row, const struct patient *patient, bool adopt,
                             struct image_filed *filed);
/* A draft's studies as groups of the batch, shown in its case. */
MUST_USE enum err image_adopt(struct image_batch *b, const struct case_row *row,
                              const struct patient *patient);
/* Takes studies out of a draft and discards what was put aside of it, as many as one transaction takes;
 * whose it is was checked. *ret_more: again, with another transaction. */
MUST_USE enum err image_draft_end(struct req *rq, struct tx *tx, struct str draft, struct str why,
                                  bool *ret_more);
/* Puts one aside. */
MUST_USE enum err image_put_aside(struct req *rq, struct tx *tx, const struct image_item *item,
                                  const struct image_target *to, enum dicom_aside_reason reason);

/* May rq->who sort what an organisation sent ("": nobody knows which)? */
bool image_may_sort(const struct req *rq, struct str org);
/* May rq->who put images into a study that is there? It is shown in the case or draft they go to, or theirs
 * to sort; seen: or shown where they may see it. */
MUST_USE enum err image_may_join(struct req *rq, const struct dicom_study *s, struct str key, bool seen,
                                 bool *ret_may);
/* Where a sender's images go, by the key; may_add: the right to it is checked. */
MUST_USE enum err image_target(struct req *rq, const struct image_from *from, bool may_add,
                               struct image_target *ret_to);
/* Whose a study without a key is: a case's, a patient's or nobody's. */
MUST_USE enum err image_match(struct req *rq, const struct image_item *item,
                              struct image_target *ret_to);
/* The organisation that sends. */
struct str image_org(const struct req *rq, const struct image_from *from);

/* A study that is there, or the one an item begins. */
MUST_USE enum err image_group_load(struct req *rq, const struct dicom_study *s,
                                   struct image_group *ret_group);
/* Is it shown anywhere but in drafts, which may be discarded? */
bool image_is_kept(const struct image_group *g);
/* Shows it where to says. errors E_CONFLICT too many places */
MUST_USE enum err image_group_show(struct req *rq, struct image_group *g,
                                   const struct image_target *to);
/* Rows, places and ImagingStudy resources of what changed. */
MUST_USE enum err image_group_end(struct req *rq, struct tx *tx, struct image_group *g);
/* The ImagingStudy of a place. */
MUST_USE enum err image_study_put(struct req *rq, struct tx *tx, const struct image_group *g,
                                  const struct image_place *place);
