/* codec/jws_test.c - signed tokens: each algorithm, the examples of the RFCs, and what is refused. */
#include "codec/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "codec/b64.h"

#define RFC7638_N                                                                                  \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"       \
    "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_"                              \
    "RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpb" \
    "ISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"            \
    "kEgU8awapJzKnqDKgw"
/* RFC 7515 A.3 */
#define EC_KEY                                                                             \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define EC_SIG "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define EC_TEXT                                                                            \
    "eyJhbGciOiJFUzI1NiJ9."                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290" \
    "Ijp0cnVlfQ"

static int setup(void **state)
{
    static struct req rq;
    req_init(&rq, 8 << 20, (struct instant){0});
    *state = &rq;
    return 0;
}

static int teardown(void **state)
{
    req_done(*state);
    return 0;
}

static size_t keys_of(struct req *rq, const char *text, struct jwk keys[JWK_KEYS_MAX])
{
    size_t n = 0;
    err_clear(rq);
    assert_int_equal(jwk_set_parse(rq, str_z(text), keys, &n), OK);
    return n;
}

static void thumbprints(void **state)
{
    static const struct {
        const char *key;
        const char *thumb;
    } cases[] = {
        {"{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\",\"e\":\"AQAB\",\"alg\":\"RS256\","
         "\"kid\":\"2011-04-29\"}",
         "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
         "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
    };
    struct req *rq = *state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct jwk keys[JWK_KEYS_MAX];
        struct str thumb;
        assert_int_equal(keys_of(rq, cases[i].key, keys), 1);
        assert_int_equal(jwk_thumbprint(rq, &keys[0], &thumb), OK);
        assert_true(str_eq(thumb, str_z(cases[i].thumb)));
    }
}

static void example_of_the_rfc(void **state)
{
    struct req *rq = *state;
    struct jwk keys[JWK_KEYS_MAX];
    struct jws j;
    int64_t exp = 0;
    keys_of(rq, EC_KEY, keys);
    assert_int_equal(jws_read(rq, S(EC_TEXT "." EC_SIG), &j), OK);
    assert_int_equal(jws_verify(rq, &j, &keys[0]), OK);
    assert_true(json_is(json_get(json_root(&j.claims), S("iss")), S("joe")));
    assert_true(json_i64(json_get(json_root(&j.claims), S("exp")), &exp));
    assert_int_equal(exp, 1300819380);
}

static struct str sign_with(struct req *rq, enum jwk_alg alg, struct jwk *ret_key)
{
    uint8_t key[JWS_KEY_MAX];
    size_t n = 0;
    struct str text;
    assert_int_equal(jws_key_make(rq, alg, key, &n), OK);
    struct str der = {(const char *)key, n};
    assert_int_equal(jws_key_public(rq, alg, der, ret_key), OK);
    assert_int_equal(jws_sign(rq, alg, der, ret_key->kid, S("JWT"), S("{\"sub\":\"made up\"}"), &text),
                     OK);
    return text;
}

/* Signed, read and checked; written as JSON and read again; one changed byte anywhere is refused. */
static void each_algorithm_there_and_back(void **state)
{
    struct req *rq = *state;
    for (unsigned a = 0; a < JWK_ALG_COUNT; a++) {
        struct jwk key;
        struct jwk again[JWK_KEYS_MAX];
        struct jws j;
        struct buf b;
        struct json_out o;
        size_t at = 9;
        struct str text = sign_with(rq, (enum jwk_alg)a, &key);
        buf_init(&b, rq->a, 8192);
        json_out_init(&o, &b);
        jwk_write(&o, &key);
        assert_int_equal(keys_of(rq, arena_cstr(rq->a, buf_get(&b)), again), 1);
        assert_int_equal(again[0].alg, a);
        assert_int_equal(jws_read(rq, text, &j), OK);
        assert_true(str_eq(j.kid, key.kid));
        assert_int_equal(jws_verify_any(rq, &j, again, 1, &at), OK);
        assert_int_equal(at, 0);
        char *bytes = arena_cstr(rq->a, text);
        for (size_t i = j.signed_part.n - 12; i < text.n; i += 7) {
            char was = bytes[i];
            struct jws forged;
            bytes[i] = was == 'A' ? 'B' : 'A';
            err_clear(rq);
            bool good = jws_read(rq, (struct str){bytes, text.n}, &forged) == OK
                        && jws_verify(rq, &forged, &key) == OK;
            assert_false(good);
            bytes[i] = was;
        }
        err_clear(rq);
    }
}

/* The header chooses nothing: a token of one algorithm is refused by every key of another, the same
 * numbers under another name included. */
static void algorithm_is_the_keys(void **state)
{
    struct req *rq = *state;
    struct jwk rs384;
    struct jws j;
    struct str text = sign_with(rq, JWK_RS384, &rs384);
    assert_int_equal(jws_read(rq, text, &j), OK);
    struct jwk other = rs384;
    other.alg = JWK_RS256;
    assert_int_equal(jws_verify(rq, &j, &other), E_FORBIDDEN);
    err_clear(rq);
    other.alg = JWK_PS256;
    assert_int_equal(jws_verify(rq, &j, &other), E_FORBIDDEN);
    err_clear(rq);
    j.alg = JWK_PS256; /* a header that lies */
    assert_int_equal(jws_verify(rq, &j, &rs384), E_FORBIDDEN);
    err_clear(rq);
    assert_int_equal(jws_verify(rq, &j, &other), E_FORBIDDEN);
    err_clear(rq);
    /* a private key that does not fit */
    uint8_t key[JWS_KEY_MAX];
    size_t n = 0;
    struct str out;
    assert_int_equal(jws_key_make(rq, JWK_ES256, key, &n), OK);
    assert_int_equal(jws_sign(rq, JWK_ES384, (struct str){(const char *)key, n}, S(""), S(""), S("{}"),
                              &out),
                     E_BAD_INPUT);
    err_clear(rq);
}

static struct str token(struct req *rq, struct str head, struct str body, struct str sig)
{
    struct buf b;
    buf_init(&b, rq->a, 64 * 1024);
    b64_write(&b, head.p, head.n, B64_URL);
    buf_char(&b, '.');
    b64_write(&b, body.p, body.n, B64_URL);
    buf_char(&b, '.');
    buf_str(&b, sig);
    return buf_get(&b);
}

static void tokens_refused(void **state)
{
    static const struct {
        const char *head;
        const char *sig;
        enum err want;
    } cases[] = {
        {"{\"alg\":\"none\"}", "AAAA", E_BAD_INPUT},
        {"{\"alg\":\"None\"}", "AAAA", E_BAD_INPUT},
        {"{\"alg\":\"none\"}", "", E_BAD_INPUT},
        {"{\"alg\":\"HS256\"}", "AAAA", E_BAD_INPUT},
        {"{\"alg\":\"RS512\"}", "AAAA", E_BAD_INPUT},
        {"{\"alg\":[\"RS256\"]}", "AAAA", E_BAD_INPUT},
        {"{\"typ\":\"JWT\"}", "AAAA", E_BAD_INPUT},
        {"{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", "AAAA", E_BAD_INPUT},
        {"{\"alg\":\"RS256\",\"b64\":false}", "AAAA", E_BAD_INPUT},
        {"{\"alg\":\"RS256\",\"zip\":\"DEF\"}", "AAAA", E_BAD_INPUT},
        {"{\"alg\":\"RS256\",\"alg\":\"none\"}", "AAAA", E_SYNTAX},
        {"[]", "AAAA", E_SYNTAX},
        {"", "AAAA", E_SYNTAX},
        {"{\"alg\":\"RS256\"}", "", E_SYNTAX},
        {"{\"alg\":\"RS256\"}", "AAA=", E_SYNTAX},
        {"{\"alg\":\"RS256\"}", "AA+A", E_SYNTAX},
        {"{\"alg\":\"RS256\"}", "AAAA.AAAA", E_SYNTAX},
        {"{\"alg\":\"RS256\"}", "AAAA ", E_SYNTAX},
    };
    struct req *rq = *state;
    struct jws j;
    for (size_t i = 0; i < LEN(cases); i++) {
        err_clear(rq);
        assert_int_equal(jws_read(rq, token(rq, str_z(cases[i].head), S("{}"), str_z(cases[i].sig)), &j),
                         cases[i].want);
    }
    err_clear(rq);
    assert_int_equal(jws_read(rq, S("a.b"), &j), E_SYNTAX);
    err_clear(rq);
    assert_int_equal(jws_read(rq, S(""), &j), E_SYNTAX);
    err_clear(rq);
    char *big = arena_alloc(rq->a, JWS_MAX + 1);
    assert_int_equal(jws_read(rq, (struct str){big, JWS_MAX + 1}, &j), E_TOO_LARGE);
    err_clear(rq);
}

static void keys_refused(void **state)
{
    static const struct {
        const char *text;
        enum err want;
    } cases[] = {
        {"{\"keys\":[]}", E_BAD_INPUT},
        {"[]", E_BAD_INPUT},
        {"{", E_SYNTAX},
        {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", E_BAD_INPUT},
        {"{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\",\"e\":\"AQAB\",\"d\":\"AAAA\"}", E_BAD_INPUT},
        {"{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\",\"e\":\"AQAB\",\"alg\":\"ES256\"}", E_BAD_INPUT},
        {"{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\",\"e\":\"AQAB\",\"alg\":\"HS256\"}", E_BAD_INPUT},
        {"{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\",\"e\":\"Aw\"}", E_BAD_INPUT},
        {"{\"kty\":\"RSA\",\"n\":\"0vx7\",\"e\":\"AQAB\"}", E_BAD_INPUT},
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\"}", E_BAD_INPUT},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
         "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
         E_BAD_INPUT}, /* a point not on the curve */
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}", E_BAD_INPUT},
        {"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AAAA\",\"y\":\"AAAA\"}", E_BAD_INPUT},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", E_BAD_INPUT},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\","
         "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
         E_BAD_INPUT},
        {"{\"keys\":[{\"kid\":\"a\",\"kty\":\"OKP\",\"crv\":\"Ed25519\","
         "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
         "{\"kid\":\"a\",\"kty\":\"OKP\",\"crv\":\"Ed25519\","
         "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
         E_BAD_INPUT},
    };
    struct req *rq = *state;
    struct jwk keys[JWK_KEYS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < LEN(cases); i++) {
        err_clear(rq);
        assert_int_equal(jwk_set_parse(rq, str_z(cases[i].text), keys, &n), cases[i].want);
    }
    err_clear(rq);
    /* what is not known here does not stand in the way of what is */
    assert_int_equal(keys_of(rq, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"secp256k1\"}," EC_KEY "]}", keys), 1);
    assert_int_equal(keys[0].alg, JWK_ES256);
    /* an RSA key without alg is for what its reader says */
    static const struct str bare = SI("{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\",\"e\":\"AQAB\"}");
    assert_int_equal(jwk_set_parse_as(rq, bare, JWK_RS256, keys, &n), OK);
    assert_int_equal(keys[0].alg, JWK_RS256);
    assert_int_equal(keys_of(rq, "{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\",\"e\":\"AQAB\"}", keys), 1);
    assert_int_equal(keys[0].alg, JWK_RS384);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(thumbprints, setup, teardown),
        cmocka_unit_test_setup_teardown(example_of_the_rfc, setup, teardown),
        cmocka_unit_test_setup_teardown(each_algorithm_there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(algorithm_is_the_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(tokens_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
