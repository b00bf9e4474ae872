/* app/config_check.h - settings that are right one by one and cannot be together, and those that this machine
 * cannot carry out. */
#pragma once

#include "app/config.h"

/* What the settings say of each other: pure. */
void config_check(const struct config *c, struct config_issues *issues);
/* What this machine says: files and folders that are missing or that everybody may read, addresses
 * and ports that are taken or are no address, programs that are not installed. Changes nothing; a
 * port is listened on for a moment, unless a server holds the data folder.
 * errors  E_TOO_LARGE  memory */
MUST_USE enum err config_look(struct req *rq, const struct config *c, struct config_issues *issues);
