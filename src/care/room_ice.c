/* care/room_ice.c - servers and credentials for the way between browsers. See room_ice.h. */
#include "care/room_ice.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "care/care.h"
#include "codec/b64.h"

enum { NAME_MAX_BYTES = 120, SHA1_BYTES = 20 };

/* "expiry:name": coturn takes it until then. */
static struct str user_of(struct req *rq, struct str name)
{
    struct buf b;
    buf_init(&b, rq->a, NAME_MAX_BYTES);
    buf_i64(&b, (rq->now.ms + ICE_CREDENTIAL_MS) / 1000);
    buf_char(&b, ':');
    buf_str(&b, name);
    return buf_get(&b);
}

static struct str password_of(struct req *rq, struct str secret, struct str user)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    union {
        const char *text;
        const unsigned char *bytes;
    } p = {.text = user.p};
    struct buf b;
    buf_init(&b, rq->a, NAME_MAX_BYTES);
    if (HMAC(EVP_sha1(), secret.p, (int)secret.n, p.bytes, user.n, mac, &n) != NULL && n == SHA1_BYTES) {
        b64_write(&b, mac, n, B64_STD);
    }
    return buf_get(&b);
}

static void put_urls(struct json_out *o, struct str urls)
{
    struct str one;
    json_k(o, S("urls"));
    json_arr(o);
    while (str_cut(&urls, ',', &one)) {
        one = str_trim(one);
        if (one.n > 0) {
            json_v_str(o, one);
        }
    }
    json_arr_end(o);
}

void room_ice_write(struct req *rq, struct json_out *o, struct str name)
{
    const struct ice_policy *ice = &care_of(rq)->ice;
    bool relay = ice->turn_urls.n > 0 && ice->turn_secret.n > 0;
    json_obj(o);
    json_k(o, S("iceServers"));
    json_arr(o);
    if (ice->stun_urls.n > 0) {
        json_obj(o);
        put_urls(o, ice->stun_urls);
        json_obj_end(o);
    }
    if (relay) {
        struct str user = user_of(rq, name);
        json_obj(o);
        put_urls(o, ice->turn_urls);
        json_ks(o, S("username"), user);
        json_ks(o, S("credential"), password_of(rq, ice->turn_secret, user));
        json_obj_end(o);
    }
    json_arr_end(o);
    json_ks(o, S("iceTransportPolicy"), relay && ice->relay ? S("relay") : S("all"));
    json_ki(o, S("seconds"), ICE_CREDENTIAL_MS / 1000);
    json_obj_end(o);
}
