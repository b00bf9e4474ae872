/* care/attach.h - may this person add files here? */
#pragma once

#include "base/req.h"

/* Of the patients' side: key is the Patient whose record is open. Else key is the id of an own draft, or
 * of a case whose team the person is in and which is not final; UPLOAD_IMPORT, for interface accounts.
 * errors  E_NOT_FOUND  neither; E_CONFLICT  the case is closed */
MUST_USE enum err attach_may_add(struct req *rq, struct str key);
