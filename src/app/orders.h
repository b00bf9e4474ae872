/* app/orders.h - the signed list of erasures beside each backup: written by backup, and by hand for keeping
 * elsewhere; applied by restore to what an older backup brings back. See care/erasure_list.h. */
#pragma once

#include "app/repository.h"

/* Writes it to a file, signed by the data folder's key. */
MUST_USE enum err orders_write(struct req *rq, const char *path);

/* One that restore will apply. */
struct orders {
    struct str text;  /* signed; p NULL: there is none */
    struct str place; /* in words: where it comes from */
};
/* The list of the newest backup of the repository; none where a former program made it. */
MUST_USE enum err orders_newest(struct req *rq, const struct repository *repo, struct orders *ret);
/* The list in a folder that was fetched, which is then removed there; none where there is none. */
MUST_USE enum err orders_take(struct req *rq, const char *dir, struct orders *ret);

/* Holds the list to the key of the open data folder and applies what that has not; says in words
 * what was done, for a backup made at `at`. go_on: what is wrong is said and counted in *ret_faults,
 * the rest is applied.
 * errors  E_CHECKSUM, E_FORBIDDEN, E_SYNTAX, E_CONFLICT, with the place; E_IO */
MUST_USE enum err orders_apply(struct req *rq, const struct orders *o, struct str at, bool go_on,
                               uint64_t *ret_faults);
