/* web/form_view.h - a clinical form (Questionnaire) as values for form_sections.html.
 *
 * sections: list of {id, title, when, when_text, runs: list of {grid, fields}}. A field is what
 * field_*.html take, and: tpl (text, area, choice, select, date, time, icd, table, note), when and
 * when_text (the answers under which it counts), for a table id, head, rows of cells. */
#pragma once

#include "care/form.h"
#include "web/page.h"

/* Fills sections from a form and what was typed. faults may be NULL. extra_rows: empty rows of
 * repeating tables beyond the filled ones. */
void form_view(struct http_req *h, const struct form *f, const struct fields *typed,
               const struct problems *faults, uint32_t extra_rows, struct val *sections);
/* The sentence of a fault in the reader's language, with the label in front when with_label. */
struct str form_fault_text(struct http_req *h, const struct problem *p, bool with_label);
/* All faults into the page's error summary. */
void form_faults(struct http_req *h, struct val *root, const struct problems *faults);
/* The first fault of a field, as text; p NULL when it has none. */
struct str form_fault_of(struct http_req *h, const struct problems *faults, struct str field);

/* Every field of the POST but csrf, once and go, line ends as LF; of f (may be NULL) decimal commas
 * become points and bare ICD-10 codes get their titles.
 * errors  E_TOO_LARGE  a field above FORM_FIELD_MAX: *ret_long is its name; all others are given.
 *                      Memory is short or there are too many fields: *ret_long is empty
 *         E_BAD_INPUT  a broken form */
enum { FORM_FIELD_MAX = 60000 };
MUST_USE enum err form_typed(struct http_req *h, const struct form *f, struct fields *ret_typed,
                             struct str *ret_long);
/* Whether a field's name belongs to an item of the form. */
bool form_has_field(const struct form *f, struct str name);
