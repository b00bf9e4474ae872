/* os/outgoing_int.h - what calls by HTTP and by SMTP share; private to the room. */
#pragma once

#include <curl/curl.h>

#include "base/req.h"

/* What every call keeps to: the protocols named, TLS of at least 1.2 with the certificate checked, no
 * redirects, no proxy, an end in time. */
MUST_USE enum err outgoing_common(struct req *rq, CURL *c, struct str url, struct str ca_file,
                                  const char *protocols, uint32_t timeout_ms);
