/* codec/webpush_test.c - the example of RFC 8291 (section 5, appendix A), and keys that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>


#include "base/must_testing.h"
#include "codec/b64.h"
#include "codec/jws.h"
#include "codec/webpush.h"

static struct str un64(struct req *rq, const char *text)
{
    struct str s = b64_decoded(rq->a, str_z(text), B64_URL);
    assert_non_null(s.p);
    return s;
}

/* PKCS #8 of a P-256 key given as its number and its point. */
static struct str key_of(struct req *rq, const char *number, const char *point)
{
    struct str d = un64(rq, number);
    struct str q = un64(rq, point);
    struct buf b;
    static const uint8_t head[] = {0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06,
                                   0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                   0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
                                   0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20};
    static const uint8_t middle[] = {0xa1, 0x44, 0x03, 0x42, 0x00};
    buf_init(&b, rq->a, 200);
    buf_bytes(&b, head, sizeof head);
    buf_str(&b, d);
    buf_bytes(&b, middle, sizeof middle);
    buf_str(&b, q);
    return buf_get(&b);
}

static void the_example_of_the_standard(void **state)
{
    struct req rq;
    struct str body;
    struct str point;
    struct buf b;
    (void)state;
    req_init(&rq, 1 << 20, (struct instant){0});
    const struct webpush_to to = {
        .point = un64(&rq, "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8p"
                           "ZGH6SRpkNtoIAiw4"),
        .secret = un64(&rq, "BTBZMqHH6r4Tts7J_aSIgg"),
        .salt = un64(&rq, "DGv6ra1nlYgDCS1FRnbzlw"),
    };
    struct str own = key_of(&rq, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
                            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8"
                            "wEqKK6PBru3jl7A8");
    MUST(&rq, webpush_point(&rq, own, &point));
    assert_int_equal(point.p[0], 4);
    MUST(&rq, webpush_encrypt(&rq, &to, own, S("When I grow up, I want to be a watermelon"), &body));
    buf_init(&b, rq.a, 1000);
    b64_write(&b, body.p, body.n, B64_URL);
    assert_true(str_eq(buf_get(&b),
                       S("DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3"
                         "vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwb"
                         "uwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")));
    req_done(&rq);
}

static void bad_keys_are_refused(void **state)
{
    struct req rq;
    struct str body;
    uint8_t der[JWS_KEY_MAX];
    size_t n = 0;
    char zeros[WEBPUSH_POINT] = {4};
    char large[WEBPUSH_TEXT_MAX + 1] = {0};
    (void)state;
    req_init(&rq, 1 << 20, (struct instant){0});
    MUST(&rq, jws_key_make(&rq, JWK_ES256, der, &n));
    struct str own = {(const char *)der, n};
    struct webpush_to to = {.point = {zeros, sizeof zeros}, .secret = {zeros, WEBPUSH_SECRET},
                            .salt = {zeros, WEBPUSH_SALT}};
    assert_int_equal(webpush_encrypt(&rq, &to, own, S("x"), &body), E_BAD_INPUT); /* off the curve */
    err_clear(&rq);
    MUST(&rq, webpush_point(&rq, own, &to.point));
    MUST(&rq, webpush_encrypt(&rq, &to, own, S(""), &body));
    MUST(&rq, webpush_encrypt(&rq, &to, own, (struct str){large, WEBPUSH_TEXT_MAX}, &body));
    assert_int_equal(webpush_encrypt(&rq, &to, own, (struct str){large, sizeof large}, &body),
                     E_TOO_LARGE);
    err_clear(&rq);
    to.secret.n--;
    assert_int_equal(webpush_encrypt(&rq, &to, own, S("x"), &body), E_BAD_INPUT);
    err_clear(&rq);
    to.secret.n++;
    assert_int_equal(webpush_encrypt(&rq, &to, S("no key"), S("x"), &body), E_BAD_INPUT);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_standard),
        cmocka_unit_test(bad_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
