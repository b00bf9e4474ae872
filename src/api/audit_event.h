/* api/audit_event.h - AuditEvent, made from the audit records when asked for; read only. */
#pragma once

#include "http/http.h"

/* GET AuditEvent/:seq */
MUST_USE enum err api_audit_event_read(struct http_req *h);
/* patient=Patient/X or entity=ServiceRequest/X (whose looks and changes the caller may see), or, with
 * the right to audit, all; _count and _cursor. Newest first. */
MUST_USE enum err api_audit_event_search(struct http_req *h, struct str query);
