/* care/content_int.h - what the readers of the content files share. */
#pragma once

#include "care/content.h"
#include "codec/json.h"

/* The content's own request: its arena lives as long as the content. */
struct content_box {
    struct content c; /* FIRST */
    struct req rq;
};

/* {"en": ..., "ru": ...} */
void content_text4(struct req *rq, struct jv v, struct text4 *ret_text);
/* A Questionnaire. errors E_BAD_INPUT with the linkId */
MUST_USE enum err form_load(struct req *rq, struct jv questionnaire, struct form *ret_form);
/* A policy profile. */
MUST_USE enum err policy_load(struct req *rq, struct jv file, struct policy *ret_policy);
