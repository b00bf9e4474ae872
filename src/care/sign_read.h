/* care/sign_read.h - a signed document read back: the texts of its sections, from the very bytes that
 * were signed, for the page and the print. */
#pragma once

#include "care/sign_doc.h"

struct sign_read {
    struct str title;      /* what the document is */
    struct str code;       /* check code */
    struct str check_url;  /* of the public page */
    struct str language;   /* "ru" */
    struct instant at;     /* time of the document; ms 0: unreadable */
    struct str author;     /* shown name */
    struct str organization;
    struct str replaces;   /* check code of the version before; p NULL: the first */
    struct str reason;     /* why it was corrected; p NULL: the first */
    const struct sign_section *sections; /* in the document's order */
    uint32_t n_sections;
    struct jv response;    /* QuestionnaireResponse of the conclusion; may be absent */
};

/* errors   E_SYNTAX  not such a document; E_TOO_LARGE */
MUST_USE enum err sign_doc_read(struct req *rq, struct str bytes, struct sign_read *ret_read);
/* A narrative as written by sign_text.c: paragraphs, a label in <b> at the front of each. */
MUST_USE enum err sign_lines_read(struct req *rq, struct str div, const struct sign_line **ret_lines,
                                  uint32_t *ret_n);
