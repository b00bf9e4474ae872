/* care/spray.h - one password tried on many accounts: failures are counted by where they come from.
 *
 * An address (of IPv6 its network of 64 bits, RFC 4291 2.5.4) stands for everybody behind it, as a
 * hospital behind one NAT. So only logins that failed and were not right since, from there and
 * within an hour, are counted, each once in any case of its letters; whoever mistypes and then signs in takes
 * their own away, and one in letters that no login has, of a keyboard in another language, is not counted.
 * An address that reaches the limit waits, a minute first, then twice as long up to a quarter of an
 * hour. Sessions, passkeys, an identity provider and a browser that the account was used in before
 * go on. Where such failures are many in whole, a few are enough for one address. The machine
 * itself is never counted. Kept in memory: a restart begins anew; the wait of one account is
 * durable. */
#pragma once

#include "base/req.h"

enum {
    SPRAY_LOGINS = 20, /* logins of one address before it waits */
    SPRAY_FEW = 5,     /* the same while there are more than SPRAY_ALL of all */
    SPRAY_ALL = 300,   /* an hour */
};
#define SPRAY_WINDOW_MS MS_HOUR
#define SPRAY_WAIT_MS MS_MINUTE         /* at first */
#define SPRAY_WAIT_MOST_MS (15 * MS_MINUTE)

struct spray;

/* gives  a counter of its own (spray_free); ends the process when there is no memory for it */
struct spray *spray_new(void);
void spray_free(struct spray *s);

/* How long the address of rq waits, ms; 0: it may go on. An address that is not known never waits, nor does
 * any where care->spray is NULL: in commands. */
int64_t spray_wait(struct req *rq);
/* A login that failed, and one that was right. */
void spray_failed(struct req *rq, struct str login);
void spray_right(struct req *rq, struct str login);
/* For figures: addresses that wait now, and how often one was told to since the start. */
void spray_figures(struct req *rq, uint64_t *ret_waiting, uint64_t *ret_waits);
