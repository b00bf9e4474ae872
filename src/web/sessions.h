/* web/sessions.h - sessions of an account as values for sessions.html. */
#pragma once

#include "http/http.h"
#include "web/val.h"

/* root.sessions: list of {id, begun, seen, browser, system, place, here}, the newest first. */
MUST_USE enum err web_set_sessions(struct http_req *h, int64_t account, struct val *root);
