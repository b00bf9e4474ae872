/* care/pdf_case.h - the two documents people print: the signed conclusion and the request.
 *
 * The conclusion is drawn from the signed bytes themselves, so that the paper cannot say anything
 * else than what was signed. Slow, see pdf.h.
 */
#pragma once

#include "care/sign_doc.h"
#include "care/stamping.h"
#include "codec/cms.h"

struct pdf_conclusion {
    struct str bundle;                   /* exact bytes of the document Bundle */
    const struct cms_verdict *signature; /* what checking it gave; NULL: a preview, not signed */
    const struct stamping *stamp;        /* its time stamp; NULL: none */
    struct str seals;                    /* several signed: who, in words; empty: signature alone counts */
    struct str replaced_by;              /* check code of a later version; empty: none */
    int offset_min;                      /* local time, minutes east of UTC */
};

/* gives the PDF, in the document's language.
 * errors   E_SYNTAX  not such a document; E_TOO_LARGE */
MUST_USE enum err pdf_conclusion(struct req *rq, const struct pdf_conclusion *c, struct str *ret_pdf);

struct pdf_request {
    enum lang lang;
    int offset_min;
    struct instant at;        /* when the case was sent; of a draft: now */
    struct str organization;  /* who asks */
    struct str title;         /* profile and kind of document */
    struct str subtitle;      /* urgency, state */
    struct str question;
    struct str diagnosis;     /* code and title or words; empty: none */
    struct str author;        /* who asks: name and post */
    struct str number;        /* what names the case on paper */
    struct jv patient;
    const struct sign_section *sections; /* the form */
    uint32_t n_sections;
    const struct sign_seen *files;
    uint32_t n_files;
};

/* gives the PDF of a request. errors as above */
MUST_USE enum err pdf_request(struct req *rq, const struct pdf_request *r, struct str *ret_pdf);
