/* web/ask_int.h - shared by the pages of a request: patient, form, files, sending. */
#pragma once

#include "care/consult.h"
#include "care/patient.h"
#include "web/form_view.h"
#include "web/pages.h"

/* A request being written. */
struct ask {
    struct str id;       /* of the draft, and of the case it becomes */
    struct draft draft;
    struct fields typed; /* what the form shows: the draft, or what was just sent */
    const struct profile *profile; /* NULL: not chosen yet */
    struct problems faults;        /* shown at the fields */
    uint32_t extra_rows; /* empty rows of tables */
};

/* The own draft of the address. Sent already: *ret_sent is the answer (a redirect to the case).
 * errors  E_NOT_FOUND  no draft of this person */
MUST_USE enum err ask_load(struct http_req *h, struct ask *ret_ask, bool *ret_sent);
/* The profile of what was typed; NULL: none. */
const struct profile *ask_profile(const struct http_req *h, const struct fields *typed);
/* The form page with a->typed and a->faults. */
MUST_USE enum err ask_show(struct http_req *h, unsigned status, struct ask *a);
/* What is sent belongs to the draft: fields of the person, and what no page may set. Gives the fields
 * to keep: the sent ones, the patient of the draft, and answers of forms of other profiles.
 * errors  as form_typed() */
MUST_USE enum err ask_merge(struct http_req *h, const struct ask *a, struct fields *ret_fields,
                            struct str *ret_long);

/* Finding a patient by number or name, for one of the pages that begin with it. */
struct ask_finder {
    const char *title; /* msgid */
    view_tpl_fn find;  /* fields id-kind, id; name, birth-date */
    view_tpl_fn found; /* found (ask_patient values, id_kind, number), by_name, more, sought */
};
MUST_USE enum err ask_find_show(struct http_req *h, const struct ask_finder *f, unsigned status,
                                struct val *root);
/* The POST of its forms (field "by": name or number). */
MUST_USE enum err ask_find(struct http_req *h, const struct ask_finder *f);

/* Values of a patient for banners and lists of choice. */
void ask_patient(struct http_req *h, const struct patient *p, struct val *m);
/* A date typed in three fields NAME-day, -month, -year as YYYY-MM-DD; empty when all are empty. */
struct str ask_date(struct http_req *h, const char *name);
/* The three fields of a date for field_date.html. */
struct val *ask_date_field(struct http_req *h, struct val *root, const char *name,
                           const char *label, struct str value);

/* Own uploads that came whole and wait for the virus scanner are shown to it again; an error on the page says
 * when it still does not answer. Waits: SLOW rows only. */
MUST_USE enum err file_finish_waiting(struct http_req *h, struct str key, struct val *root);
/* Own uploads that wait under a draft or case, into uploads: list of what upload_row.html shows.
 * patient: to compare medical images with. base: "/ask/ID". */
MUST_USE enum err file_uploads(struct http_req *h, struct str key, const struct patient *patient,
                               struct str base, struct val *root);
