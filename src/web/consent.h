/* web/consent.h - the page on which a person lets an application in. */
#pragma once

#include "fhir/scope.h"
#include "http/http.h"
#include "web/val.h"

enum err web_authorize(struct http_req *h);      /* GET /oauth/authorize */
enum err web_authorize_post(struct http_req *h); /* POST: the same, sent as a form */
/* What scopes let an application do, in words: adds {text, can, one, only} to list (wishes.html). */
void consent_wishes(struct http_req *h, const struct fhir_scopes *s, struct val *list);
enum err web_consent(struct http_req *h);        /* POST /oauth/consent: yes, no, or look for a patient */
