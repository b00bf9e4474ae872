/* web/consent.h - the page on which a person lets an application in. */
#pragma once

#include "http/http.h"

enum err web_authorize(struct http_req *h);      /* GET /oauth/authorize */
enum err web_authorize_post(struct http_req *h); /* POST: the same, sent as a form */
enum err web_consent(struct http_req *h);        /* POST /oauth/consent: yes, no, or look for a patient */
