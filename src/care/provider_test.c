/* care/provider_test.c - what an identity provider says of itself and of people, judged claim by claim. The
 * calls, the keys and the way there and back are proved against providers: tests/oidc. */
#include <stdio.h>

#include "care/care_fixture.h"

#include "care/provider_int.h"


#define NOW 1800000000 /* seconds */
#define NONCE "the-nonce"
#define WHO ",\"nonce\":\"" NONCE "\",\"sub\":\"n1\""
#define US "{\"iss\":\"https://id.example\",\"aud\":\"us\","
#define GOOD_TIMES "\"exp\":1800000300,\"iat\":1800000000"
#define GOOD_REST GOOD_TIMES ",\"nonce\":\"" NONCE "\",\"sub\":\"n1\",\"preferred_username\":\"asker\""
#define GOOD US GOOD_REST "}"

static enum err judged(const char *claims, struct provider_person *ret_person)
{
    struct req rq;
    struct jws j = {.alg = JWK_RS256};
    as(&rq, NULL);
    rq.now.ms = NOW * INT64_C(1000);
    MUST(&rq, json_parse(&rq, str_z(claims), NULL, &j.claims));
    enum err e = provider_claims(&rq, &j, S(NONCE), ret_person);
    req_done(&rq);
    return e;
}

static void claims_are_held_to_the_standard(void **state)
{
    static const char *const lies[] = {
        "{\"aud\":\"us\"," GOOD_REST "}",
        "{\"iss\":\"https://id.example/\",\"aud\":\"us\"," GOOD_REST "}",
        "{\"iss\":[\"https://id.example\"],\"aud\":\"us\"," GOOD_REST "}",
        "{\"iss\":\"https://id.example\"," GOOD_REST "}",
        "{\"iss\":\"https://id.example\",\"aud\":\"them\"," GOOD_REST "}",
        "{\"iss\":\"https://id.example\",\"aud\":[]," GOOD_REST "}",
        "{\"iss\":\"https://id.example\",\"aud\":[\"us\",\"them\"]," GOOD_REST "}",
        "{\"iss\":\"https://id.example\",\"aud\":[\"us\",\"them\"],\"azp\":\"them\"," GOOD_REST "}",
        US "\"azp\":\"them\"," GOOD_REST "}",
        US "\"nbf\":1800000061," GOOD_REST "}",
        US "\"exp\":1800000300" WHO "}",
        US "\"iat\":1800000000" WHO "}",
        US "\"exp\":1799999940,\"iat\":1799999900" WHO "}",
        US "\"exp\":1800000300,\"iat\":1800000061" WHO "}",
        US "\"exp\":1800000300,\"iat\":1799999340" WHO "}",
        US "\"exp\":\"1800000300\",\"iat\":1800000000" WHO "}",
        US GOOD_TIMES ",\"nonce\":\"another\",\"sub\":\"n1\"}",
        US GOOD_TIMES ",\"sub\":\"n1\"}",
        US GOOD_TIMES ",\"nonce\":\"" NONCE "\",\"sub\":7}",
        "[]",
    };
    static const char *const truths[] = {
        GOOD,
        "{\"iss\":\"https://id.example\",\"aud\":[\"us\"]," GOOD_REST "}",
        "{\"iss\":\"https://id.example\",\"aud\":[\"them\",\"us\"],\"azp\":\"us\"," GOOD_REST "}",
        US "\"exp\":1799999941,\"iat\":1799999900" WHO "}",
        US "\"exp\":1800000300,\"iat\":1800000060" WHO "}",
    };
    struct provider_person p = {.strong = true};
    (void)state;
    for (size_t i = 0; i < LEN(lies); i++) {
        assert_int_equal(judged(lies[i], &p), E_UNPROCESSED);
        assert_true(p.strong && p.sub.p == NULL); /* outputs untouched */
    }
    for (size_t i = 0; i < LEN(truths); i++) {
        p = (struct provider_person){.strong = true};
        assert_int_equal(judged(truths[i], &p), OK);
        assert_false(p.strong);
    }
}

static void a_step_counts_only_where_the_settings_say_so(void **state)
{
    static const struct {
        const char *strong, *more;
        bool want;
    } cases[] = {
        {"", "\"amr\":[\"mfa\"],\"acr\":\"2\"", false},
        {"mfa", "\"amr\":[\"pwd\"]", false},
        {"mfa", "\"amr\":\"mfa\"", false}, /* a list, by RFC 8176 */
        {"mfa", "\"amr\":[\"pwd\",\"mfa\"]", true},
        {"otp, 2", "\"acr\":\"2\"", true},
        {" , ", "\"acr\":\"\"", false},
        {"2", "\"acr\":2", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char text[1000];
        struct provider_person p = {.strong = !cases[i].want};
        (void)snprintf(text, sizeof text, US "%s," GOOD_REST "}",
                       cases[i].more);
        region.care.provider.strong = str_z(cases[i].strong);
        assert_int_equal(judged(text, &p), OK);
        assert_int_equal(p.strong, cases[i].want);
    }
    region.care.provider.strong = S("");
}

#define META(issuer, authorize, token, keys, more) \
    "{\"issuer\":\"" issuer "\",\"authorization_endpoint\":\"" authorize "\",\"token_endpoint\":\"" token \
    "\",\"jwks_uri\":\"" keys "\"" more "}"
#define AT "https://id.example/"

static void it_calls_itself_as_the_settings_do(void **state)
{
    static const struct {
        const char *text;
        enum err want;
        bool names_itself, post;
    } cases[] = {
        {META("https://id.example", AT "a", AT "t", AT "k", ""), OK, false, false},
        {META("https://id.example", AT "a", "https://else.example/t", AT "k", ""), OK, false, false},
        {META("https://id.example", AT "a", AT "t", AT "k",
              ",\"authorization_response_iss_parameter_supported\":true"), OK, true, false},
        {META("https://id.example", AT "a", AT "t", AT "k",
              ",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"]"), OK, false, true},
        {META("https://id.example", AT "a", AT "t", AT "k",
              ",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\",\"client_secret_basic\"]"),
         OK, false, false},
        {META("https://id.example/", AT "a", AT "t", AT "k", ""), E_UNPROCESSED, false, false},
        {META("https://evil.example", AT "a", AT "t", AT "k", ""), E_UNPROCESSED, false, false},
        {META("https://id.example", "http://id.example/a", AT "t", AT "k", ""), E_UNPROCESSED, false, false},
        {META("https://id.example", AT "a", "file:///etc/passwd", AT "k", ""), E_UNPROCESSED, false, false},
        {META("https://id.example", AT "a", AT "t", "https://user@id.example/k", ""), E_UNPROCESSED, false, false},
        {META("https://id.example", AT "a#x", AT "t", AT "k", ""), E_UNPROCESSED, false, false},
        {"{\"issuer\":\"https://id.example\"}", E_UNPROCESSED, false, false},
        {"<html>", E_UNPROCESSED, false, false},
        {"[]", E_UNPROCESSED, false, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct req rq;
        struct provider_meta m = {.names_itself = false};
        as(&rq, NULL);
        assert_int_equal(provider_meta_read(&rq, str_z(cases[i].text), &m), cases[i].want);
        assert_int_equal(m.names_itself, cases[i].names_itself);
        assert_int_equal(m.post, cases[i].post);
        req_done(&rq);
    }
}

#define SECRET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"

/* A way that nobody began leads nowhere, and is on record; nothing is called. */
static void a_state_that_is_none_is_refused_on_record(void **state)
{
    static const char *const cookies[] = {
        "", "x", "...", SECRET ".1.", SECRET ".-1.", SECRET ".99999999999999999999.",
        SECRET ".1800000000.%", SECRET ".1800000000.", /* good, and begun by nobody */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cookies); i++) {
        struct req rq;
        struct session s;
        struct str next;
        as(&rq, NULL);
        rq.who = NULL;
        rq.now.ms = NOW * INT64_C(1000);
        const struct provider_back back = {.cookie = str_z(cookies[i]), .state = S("x"), .code = S("y"),
                                           .redirect = S("https://us.example/back")};
        assert_int_equal(provider_sign_in(&rq, &back, &s, &next), E_STALE);
        req_done(&rq);
    }
}

static enum err comes_back(const char *peer, int64_t at_s)
{
    struct req rq;
    struct session s;
    struct str next;
    as(&rq, NULL);
    rq.who = NULL;
    rq.now.ms = at_s * INT64_C(1000);
    (void)snprintf(rq.peer, sizeof rq.peer, "%s", peer);
    const struct provider_back back = {.cookie = S("made up"), .state = S("x"), .code = S("y"),
                                       .redirect = S("https://us.example/back")};
    enum err e = provider_sign_in(&rq, &back, &s, &next);
    req_done(&rq);
    return e;
}

static void who_fails_often_waits(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(comes_back("192.0.2.7", NOW), E_STALE);
    }
    assert_int_equal(comes_back("192.0.2.7", NOW), E_LOCKED);
    assert_int_equal(comes_back("192.0.2.8", NOW), E_STALE);
    assert_int_equal(comes_back("192.0.2.7", NOW + 61), E_STALE);
}

/* What the cookie takes along is the whole path or none of it. What the provider says of itself is kept. */
static void a_path_goes_along_whole_or_not(void **state)
{
    static const char kept[] = "1800000600000 0 https://id.example/.well-known/openid-configuration\n"
                               META("https://id.example", AT "a", AT "t", AT "k", "");
    char path[1001];
    struct req rq;
    (void)state;
    memset(path, 'a', sizeof path);
    path[0] = '/';
    as(&rq, NULL);
    rq.now.ms = NOW * INT64_C(1000);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_SETTING, 0, sql_text(S("provider-meta")), sql_blob(str_z(kept))));
    MUST(&rq, store_commit(region.care.store, &rq, tx));
    for (size_t n = sizeof path - 1; n <= sizeof path; n++) {
        struct str cookie;
        struct str address;
        const struct provider_ask ask = {.redirect = S("https://us.example/back"), .next = {path, n}};
        MUST(&rq, provider_begin(&rq, &ask, &cookie, &address));
        assert_true(str_starts(address, S(AT "a?response_type=code&client_id=us&")));
        assert_int_equal(cookie.n, sizeof SECRET ".1800000000." - 1 + (n < sizeof path ? (n * 4 + 2) / 3 : 0));
    }
    req_done(&rq);
}

static int setup(void **state)
{
    region_setup(state);
    region.care.provider = (struct provider_settings){
        .issuer = S("https://id.example"), .client_id = S("us"), .client_secret = S("secret"),
        .scope = S("openid"), .claim = S("preferred_username"), .strong = S(""), .name = S(""),
        .ca_file = S(""),
    };
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_held_to_the_standard),
        cmocka_unit_test(a_step_counts_only_where_the_settings_say_so),
        cmocka_unit_test(it_calls_itself_as_the_settings_do),
        cmocka_unit_test(a_state_that_is_none_is_refused_on_record),
        cmocka_unit_test(who_fails_often_waits),
        cmocka_unit_test(a_path_goes_along_whole_or_not),
    };
    return cmocka_run_group_tests(tests, setup, region_teardown);
}
