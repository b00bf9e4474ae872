/* web/writing.h - a paper that is written and then signed: the conclusion of a case, the note of a visit. Its
 * form, the own draft of it, and what its buttons do. */
#pragma once

#include "care/draft.h"
#include "web/form_view.h"

struct writing {
    const struct form *form;
    struct str id;   /* of the case or the visit */
    struct str kind; /* of the draft: "conclusion", "visit" */
    struct str path; /* of the page: "/cases/ID/conclusion" */
    bool corrects;   /* one that was signed is corrected */
    const char *why; /* msgid: label of the reason of a correction */
};

/* errors  E_NOT_FOUND  the person has no draft of it */
MUST_USE enum err writing_load(struct http_req *h, const struct writing *w,
                               struct draft *ret_draft);
/* The form as values: sections, edit {corrects, saved}, fields.reason, errors. faults may be NULL. Call it
 * before other fields: the faults stand at them. */
void writing_set(struct http_req *h, const struct writing *w, const struct draft *d,
                 const struct problems *faults, struct val *root);
/* From the script, every second or so: the draft is kept; 204. */
MUST_USE enum err writing_autosave(struct http_req *h, const struct writing *w);

enum writing_next {
    WRITING_ANSWERED, /* saved and led where the button leads */
    WRITING_FAULTS,   /* something is too long: show the form again */
    WRITING_PREVIEW,  /* kept; to be looked through */
};
/* The form was sent: what was typed is in ret_draft, and kept even when the preview refuses it.
 * errors  as form_typed(), draft_save() */
MUST_USE enum err writing_take(struct http_req *h, const struct writing *w, struct draft *ret_draft,
                               struct problems *ret_faults, enum writing_next *ret_next);
