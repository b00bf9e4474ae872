/* care/icd.h - diagnoses by code or words: ICD-10 in memory.
 *
 * The starter list lies in content/icd10/starter.csv (code,en,ru,kk,uz,words). A classification imported by
 * the operator lies in the data folder as icd10.csv in the same columns and wins over the starter list
 * code by code; a title that it lacks in a language is taken from English, else from any. */
#pragma once

#include "care/content.h"

struct icd;

struct icd_entry {
    struct str code; /* "I63.9" */
    struct text4 title;
};

/* Reads the lists. data_dir may be empty.
 * gives   *ret_icd, for the life of the program; icd_free() ends it
 * errors  E_SYNTAX, E_BAD_INPUT with file and line; E_TOO_LARGE; E_IO */
MUST_USE enum err icd_load(struct req *rq, struct str content_dir, struct str data_dir,
                           struct icd **ret_icd);
void icd_free(struct icd *icd);

/* NULL when there is no such code. icd NULL: none. */
const struct icd_entry *icd_find(const struct icd *icd, struct str code);
/* How many there are, and the i-th by code, i < size. icd NULL: none. */
uint32_t icd_size(const struct icd *icd);
const struct icd_entry *icd_at(const struct icd *icd, uint32_t i);
/* What was typed as a diagnosis, with its title in the request's language when it is a bare code: of
 * the code, or of its category when the lists have only that ("i219" becomes "I21.9 Острый инфаркт
 * миокарда"). Anything else stays as it is. icd NULL: none. */
struct str icd_titled(struct req *rq, const struct icd *icd, struct str typed);
/* Entries whose code begins with the query (none: those of its category), or of which every word of
 * the query begins a word, in any of the languages; by code, at most n. Codes may be typed in any case,
 * with or without the point.
 * gives how many. thread: any */
uint32_t icd_search(struct req *rq, const struct icd *icd, struct str query,
                    const struct icd_entry **ret_hits, uint32_t n);
