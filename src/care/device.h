/* care/device.h - from where somebody signs in: the browser in plain words, the kind of network, and whether
 * this browser was seen before. No address and no header is kept, only what stands here. */
#pragma once

#include "base/req.h"

struct account;
struct tx;

/* Stored: append only. */
enum device_place { PLACE_UNKNOWN, PLACE_HERE, PLACE_NEAR, PLACE_INTERNET, PLACE_COUNT };

/* What a browser says of itself as a number to store: 0 nothing known. */
int64_t device_agent(struct str user_agent);
/* "Firefox", "Windows": names of programs, the same in all languages; "" not known. */
const char *device_browser(int64_t agent);
const char *device_system(int64_t agent);
/* Of a textual address: loopback, private (RFC 1918, RFC 4193), link-local, or the internet. */
enum device_place device_place(struct str peer);
const char *device_place_text(enum device_place place); /* msgid */

enum { DEVICE_LEN = 43 }; /* characters of a device's value: base64url of 32 random bytes */

/* Where a sign-in comes from. */
struct sign_in_from {
    struct str device; /* value of the browser's cookie; anything else is as none */
    struct str agent;  /* User-Agent */
};
/* Was the account used in this browser before? account 0: none, after as long a look. errors E_IO */
MUST_USE enum err device_known(struct req *rq, int64_t account, const struct sign_in_from *from,
                               bool *ret_known);
/* Notes a sign-in from this browser into tx. One that the account has not been used on before is told to its
 * person, when there was another before it; once, since it is known from then on.
 * gives  out: the value its cookie keeps */
MUST_USE enum err device_seen(struct req *rq, struct tx *tx, const struct account *acc,
                              const struct sign_in_from *from, char out[DEVICE_LEN + 1]);
