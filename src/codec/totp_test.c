/* codec/totp_test.c - the values of RFC 4226 appendix D and RFC 6238 appendix B (their last six digits), and
 * what people type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/must_testing.h"
#include "codec/totp.h"

static const uint8_t key[TOTP_KEY] = {'1', '2', '3', '4', '5', '6', '7', '8', '9', '0',
                                      '1', '2', '3', '4', '5', '6', '7', '8', '9', '0'};

static uint32_t code_of(struct req *rq, int64_t step)
{
    uint32_t code = 0;
    MUST(rq, totp_code(rq, key, step, &code));
    return code;
}

static void counters(void **state)
{
    static const uint32_t codes[] = {755224, 287082, 359152, 969429, 338314,
                                     254676, 287922, 162583, 399871, 520489};
    struct req rq;
    (void)state;
    req_init(&rq, 65536, (struct instant){0});
    for (unsigned i = 0; i < LEN(codes); i++) {
        assert_int_equal(code_of(&rq, i), codes[i]);
    }
    req_done(&rq);
}

static void times(void **state)
{
    static const struct {
        int64_t seconds;
        uint32_t code;
    } rows[] = {
        {59, 287082},         {1111111109, 81804},  {1111111111, 50471},
        {1234567890, 5924},   {2000000000, 279037}, {INT64_C(20000000000), 353130},
    };
    struct req rq;
    (void)state;
    req_init(&rq, 65536, (struct instant){0});
    for (unsigned i = 0; i < LEN(rows); i++) {
        struct instant at = {rows[i].seconds * MS_SECOND};
        assert_int_equal(code_of(&rq, totp_step(at)), rows[i].code);
    }
    req_done(&rq);
}

static void typed(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint32_t code;
    } rows[] = {
        {"287082", true, 287082}, {"005924", true, 5924}, {" 287 082 ", true, 287082},
        {"28708", false, 0},      {"2870821", false, 0},  {"28708a", false, 0},
        {"-28708", false, 0},     {"", false, 0},         {"287.082", false, 0},
    };
    (void)state;
    for (unsigned i = 0; i < LEN(rows); i++) {
        uint32_t code = 0;
        assert_int_equal(totp_typed(str_z(rows[i].text), &code), rows[i].ok);
        assert_int_equal(code, rows[i].code);
    }
}

/* RFC 4648 section 10, without the padding. */
static void base32(void **state)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        {"", ""}, {"f", "MY"}, {"fo", "MZXQ"}, {"foo", "MZXW6"}, {"foob", "MZXW6YQ"},
        {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"},
    };
    struct req rq;
    (void)state;
    req_init(&rq, 65536, (struct instant){0});
    for (unsigned i = 0; i < LEN(rows); i++) {
        struct buf b;
        struct str in = str_z(rows[i].bytes);
        buf_init(&b, rq.a, 100);
        totp_base32(&b, (const uint8_t *)in.p, in.n);
        assert_true(str_eq(buf_get(&b), str_z(rows[i].text)));
    }
    req_done(&rq);
}

static void uri(void **state)
{
    struct req rq;
    struct buf b;
    (void)state;
    req_init(&rq, 65536, (struct instant){0});
    buf_init(&b, rq.a, 400);
    totp_uri(&b, S("Consilium telemed.example"), S("dr.lopez"), key);
    assert_true(str_eq(buf_get(&b),
                       S("otpauth://totp/Consilium%20telemed.example:dr.lopez"
                         "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Consilium%20telemed.example")));
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters), cmocka_unit_test(times), cmocka_unit_test(typed),
        cmocka_unit_test(base32),   cmocka_unit_test(uri),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
