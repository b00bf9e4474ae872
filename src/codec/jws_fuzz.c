/* codec/jws_fuzz.c - no bytes taken for a token or a set of keys break the reader, and none are taken
 * for signed by a key whose secret nobody has. The first line is a token, the rest a set of keys. */
#include "codec/jwk.h"
#include "codec/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 8037 A.2 with another point: its secret was never made. */
static const char stranger[] =
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct jws j;
    struct jwk keys[JWK_KEYS_MAX];
    struct jwk own[JWK_KEYS_MAX];
    size_t n = 0;
    size_t n_own = 0;
    size_t at = 0;
    struct str rest = {(const char *)data, size};
    struct str head = {NULL, 0};
    req_init(&rq, 4u << 20, (struct instant){0});
    ASSERT(jwk_set_parse(&rq, str_z(stranger), own, &n_own) == OK);
    (void)str_cut(&rest, '\n', &head);
    bool is_token = jws_read(&rq, head, &j) == OK;
    if (is_token) {
        ASSERT(json_kind(json_root(&j.claims)) == JSON_OBJECT);
        ASSERT(jws_verify_any(&rq, &j, own, n_own, &at) == E_FORBIDDEN);
    }
    err_clear(&rq);
    if (jwk_set_parse(&rq, rest, keys, &n) == OK) {
        struct buf b;
        struct json_out o;
        struct jwk again[JWK_KEYS_MAX];
        size_t m = 0;
        ASSERT(n > 0 && n <= JWK_KEYS_MAX);
        buf_init(&b, rq.a, 64 * 1024);
        json_out_init(&o, &b);
        jwk_write(&o, &keys[0]);
        ASSERT(!buf_ok(&b) || (jwk_set_parse(&rq, buf_get(&b), again, &m) == OK && m == 1
                               && again[0].alg == keys[0].alg));
        (void)!(is_token && jws_verify_any(&rq, &j, keys, n, &at) == OK);
    }
    req_done(&rq);
    return 0;
}
