/* web/survey.h - shared by the pages of questionnaires for patients: the doctor's and the patient's. */
#pragma once

#include "care/survey.h"
#include "web/page.h"

/* title, asked, until, answered, by, state ("asked", "over", "answered", "withdrawn"), version. */
void survey_values(struct http_req *h, const struct survey *s, struct val *m);
/* lines: {label, value, heading}, and author, when there is an answer. */
MUST_USE enum err survey_set_answers(struct http_req *h, const struct survey *s, struct val *root);
