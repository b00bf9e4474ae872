/* care/erasure_list.h - the list of erasures that ran: it goes along with each backup, so that a
 * restore of an older one erases again what is back.
 *
 * It holds what the orders and the record hold: numbers of orders, random ids, dates, ids of staff,
 * numbers of audit records, the digest of the first version of each erased Patient. No name, nothing
 * of what a record says.
 */
#pragma once

#include "base/req.h"

enum { ERASURE_LIST_MAX = 16 << 20 }; /* bytes of one */

struct erasure_list; /* one that was read; in rq->a */

/* The list as it stands now, JSON, not signed: store_sign().
 * errors  E_TOO_LARGE */
MUST_USE enum err erasure_list_write(struct req *rq, struct str *ret_text);
/* errors  E_SYNTAX  with the place: "line L column C: what", or "orders[I].member"; E_TOO_LARGE */
MUST_USE enum err erasure_list_read(struct req *rq, struct str text,
                                    const struct erasure_list **ret_list);
/* When it was made, as text. */
struct str erasure_list_at(const struct erasure_list *l);

struct erasure_again {
    uint32_t applied; /* their records are hidden now; erasure_step() takes their bodies */
    uint32_t stood;   /* erased in this folder already */
    uint32_t refused; /* with go_on: what would be E_CONFLICT */
    uint32_t later;   /* about who came to the record after this folder's last version */
};
/* Applies the orders that this folder has not: each in a commit of its own, which hides the whole
 * record, with an audit record. Nothing keeps one from going: no hold, nothing open. rq->who is the
 * system.
 * errors  E_CONFLICT  "orders[I]...": this folder should know the patient and does not, or knows
 *         another under the id; none after it is applied then, but with go_on */
MUST_USE enum err erasure_list_apply(struct req *rq, const struct erasure_list *l, bool go_on,
                                     struct erasure_again *ret);
