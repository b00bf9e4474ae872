/* os/user.h - whose rights the process has. */
#pragma once

#include "base/req.h"

/* Run by root on what belongs to another user, the process goes on as that user with its groups, for
 * good: files it makes are then those of the server. Of a path that is not there its folder counts.
 * Anybody but root, and root on its own files, stays who they are.
 * errors  E_IO  the system refuses: nothing must be written then */
MUST_USE enum err os_become_owner(struct req *rq, const char *path);
