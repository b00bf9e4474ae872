/* web/arrived.h - images that are nobody's yet, and images that were put aside: what their pages share.
 *
 * study: uid, href, name, birth, id, modality, date, description, images, series, size, source, at
 * aside: id, href, reason, name, birth, id, title, size, source, at, place (where a broken one
 *   ends, of a device's), whole, broken, images (how many of its
 *   study wait for the same reason) */
#pragma once

#include "care/imaging.h"
#include "web/page.h"

/* root.arrived {n}: how many wait to be sorted by this person's organisation; absent when none do. */
MUST_USE enum err arrived_waiting(struct http_req *h, struct val *root);
/* Options of a field: the open cases this person may add to, those first whose patient was born on the day
 * that was sent and is not named otherwise. */
MUST_USE enum err arrived_cases(struct http_req *h, const struct dicom_study *s, struct val *field);
/* A name of DICOM for people. */
struct str arrived_name(struct http_req *h, struct str name);
/* Who sent it, in words: "stow:LOGIN", "ae:TITLE", "upload:PERSON". */
struct str arrived_source(struct http_req *h, struct str source);
/* A study as values. */
void arrived_study(struct http_req *h, const struct dicom_study *s, struct val *m);
/* Asides as values: those of one study and reason are one, with their number. */
void asides_set(struct http_req *h, const struct dicom_aside *v, uint32_t n, struct val *list);
