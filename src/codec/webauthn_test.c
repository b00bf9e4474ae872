/* codec/webauthn_test.c - passkeys: one that is made and used, and each thing that must be as asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/webauthn_testing.h"

#define CHALLENGE "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"
static const struct webauthn_ask ask = {SI(CHALLENGE), SI("https://telemed.example"), SI("telemed.example")};

static void is_err(struct req *rq, enum err got, enum err wanted)
{
    assert_int_equal(got, wanted);
    err_clear(rq);
}

static void made_and_used(void **state)
{
    struct req rq;
    struct test_passkey p;
    struct webauthn_key key;
    struct webauthn_key now;
    (void)state;
    req_init(&rq, 1 << 20, (struct instant){0});
    test_passkey_init(&p, S("a name of sixteen"));
    p.count = 7;
    p.flags |= TEST_MAY_SYNC | TEST_SYNCED;
    is_err(&rq, webauthn_create(&rq, &ask, test_client(&rq, "webauthn.create", &ask), test_made(&rq, &p, ask.rp_id),
                                &key), OK);
    assert_true(str_eq(key.id, p.id));
    assert_int_equal(key.alg, WEBAUTHN_ES256);
    assert_int_equal(key.count, 7);
    assert_int_equal(key.flags, WEBAUTHN_MAY_SYNC | WEBAUTHN_SYNCED);
    p.count = 0xfffffff0;
    p.flags &= (uint8_t)~TEST_SYNCED;
    struct str client = test_client(&rq, "webauthn.get", &ask);
    struct str data = test_used(&rq, &p, ask.rp_id);
    is_err(&rq, webauthn_get(&rq, &ask, &key, client, data, test_signed(&rq, &p, client, data), &now), OK);
    assert_int_equal(now.count, 0xfffffff0);
    assert_int_equal(now.flags, WEBAUTHN_MAY_SYNC);
    test_passkey_done(&p);
    req_done(&rq);
}

/* One thing at a time is not as asked for. */
static void what_was_not_asked_for(void **state)
{
    static const struct {
        const char *type;
        struct webauthn_ask said; /* by the browser; empty: as asked */
        struct str rp_id;         /* by the passkey */
        uint8_t without, with;    /* flags */
        enum err e;
    } rows[] = {
        {"webauthn.get", {0}, {0}, 0, 0, OK},
        {"webauthn.create", {0}, {0}, 0, 0, E_FORBIDDEN},
        {"payment.get", {0}, {0}, 0, 0, E_FORBIDDEN},
        {"webauthn.get", {.challenge = SI("AAAA")}, {0}, 0, 0, E_FORBIDDEN},
        {"webauthn.get", {.origin = SI("https://telemed.example:8443")}, {0}, 0, 0, E_FORBIDDEN},
        {"webauthn.get", {.origin = SI("http://telemed.example")}, {0}, 0, 0, E_FORBIDDEN},
        {"webauthn.get", {.origin = SI("https://telemed.example.evil.example")}, {0}, 0, 0, E_FORBIDDEN},
        {"webauthn.get", {0}, SI("evil.example"), 0, 0, E_FORBIDDEN},
        {"webauthn.get", {0}, {0}, TEST_VERIFIED, 0, E_FORBIDDEN},
        {"webauthn.get", {0}, {0}, TEST_PRESENT, 0, E_FORBIDDEN},
        {"webauthn.get", {0}, {0}, 0, TEST_SYNCED, E_FORBIDDEN},
        {"webauthn.get", {0}, {0}, 0, TEST_MAY_SYNC, E_FORBIDDEN},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        struct test_passkey p;
        struct webauthn_key key;
        struct webauthn_key now = {.count = 99};
        struct webauthn_ask said = ask;
        req_init(&rq, 1 << 20, (struct instant){0});
        test_passkey_init(&p, S("id"));
        is_err(&rq, webauthn_create(&rq, &ask, test_client(&rq, "webauthn.create", &ask),
                                    test_made(&rq, &p, ask.rp_id), &key), OK);
        said.challenge = rows[i].said.challenge.n > 0 ? rows[i].said.challenge : ask.challenge;
        said.origin = rows[i].said.origin.n > 0 ? rows[i].said.origin : ask.origin;
        p.flags = (uint8_t)((p.flags & ~rows[i].without) | rows[i].with);
        struct str client = test_client(&rq, rows[i].type, &said);
        struct str data = test_used(&rq, &p, rows[i].rp_id.n > 0 ? rows[i].rp_id : ask.rp_id);
        struct str sig = test_signed(&rq, &p, client, data);
        is_err(&rq, webauthn_get(&rq, &ask, &key, client, data, sig, &now), rows[i].e);
        assert_int_equal(now.count, rows[i].e == OK ? 0 : 99);
        test_passkey_done(&p);
        req_done(&rq);
    }
}

static void pages_within_others(void **state)
{
    static const char *const ends[] = {",\"crossOrigin\":true}", ",\"crossOrigin\":\"false\"}",
                                       ",\"crossOrigin\":false,\"topOrigin\":\"https://telemed.example\"}"};
    struct req rq;
    struct test_passkey p;
    struct webauthn_key key;
    (void)state;
    req_init(&rq, 1 << 20, (struct instant){0});
    test_passkey_init(&p, S("id"));
    for (size_t i = 0; i < LEN(ends); i++) {
        struct buf b;
        buf_init(&b, rq.a, 1000);
        BUF_LIT(&b, "{\"type\":\"webauthn.create\",\"challenge\":\"" CHALLENGE
                    "\",\"origin\":\"https://telemed.example\"");
        buf_str(&b, str_z(ends[i]));
        is_err(&rq, webauthn_create(&rq, &ask, buf_get(&b), test_made(&rq, &p, ask.rp_id), &key), E_FORBIDDEN);
    }
    test_passkey_done(&p);
    req_done(&rq);
}

/* Every byte of what is signed counts, and of the key that signs. */
static void signatures(void **state)
{
    struct req rq;
    struct test_passkey p;
    struct test_passkey other;
    struct webauthn_key key;
    struct webauthn_key now;
    (void)state;
    req_init(&rq, 4 << 20, (struct instant){0});
    test_passkey_init(&p, S("id"));
    test_passkey_init(&other, S("id"));
    is_err(&rq, webauthn_create(&rq, &ask, test_client(&rq, "webauthn.create", &ask), test_made(&rq, &p, ask.rp_id),
                                &key), OK);
    struct str client = test_client(&rq, "webauthn.get", &ask);
    struct str data = test_used(&rq, &p, ask.rp_id);
    struct str sig = test_signed(&rq, &p, client, data);
    is_err(&rq, webauthn_get(&rq, &ask, &key, client, data, test_signed(&rq, &other, client, data), &now), E_FORBIDDEN);
    is_err(&rq, webauthn_get(&rq, &ask, &key, client, data, S(""), &now), E_SYNTAX);
    for (size_t i = 0; i < sig.n; i++) {
        char *bad = (char *)(uintptr_t)arena_str(rq.a, sig).p;
        bad[i] = (char)(bad[i] ^ 1);
        is_err(&rq, webauthn_get(&rq, &ask, &key, client, data, (struct str){bad, sig.n}, &now), E_FORBIDDEN);
    }
    p.count = 1; /* signed with 0 */
    is_err(&rq, webauthn_get(&rq, &ask, &key, client, test_used(&rq, &p, ask.rp_id), sig, &now), E_FORBIDDEN);
    test_passkey_done(&p);
    test_passkey_done(&other);
    req_done(&rq);
}

/* What is cut short anywhere is refused in words. */
static void cut_short(void **state)
{
    struct req rq;
    struct test_passkey p;
    struct webauthn_key key;
    (void)state;
    req_init(&rq, 8 << 20, (struct instant){0});
    test_passkey_init(&p, S("id"));
    struct str client = test_client(&rq, "webauthn.create", &ask);
    struct str data = test_made(&rq, &p, ask.rp_id);
    for (size_t n = 0; n < data.n; n++) {
        enum err e = webauthn_create(&rq, &ask, client, str_sub(data, 0, n), &key);
        is_err(&rq, e, n < 37 ? E_SYNTAX : E_BAD_INPUT);
    }
    for (size_t n = 0; n < client.n; n++) {
        is_err(&rq, webauthn_create(&rq, &ask, str_sub(client, 0, n), data, &key), E_SYNTAX);
    }
    static const char big[WEBAUTHN_CLIENT_MAX + 1] = {0};
    is_err(&rq, webauthn_create(&rq, &ask, client, (struct str){big, WEBAUTHN_DATA_MAX + 1}, &key), E_TOO_LARGE);
    is_err(&rq, webauthn_create(&rq, &ask, (struct str){big, sizeof big}, data, &key), E_TOO_LARGE);
    test_passkey_done(&p);
    req_done(&rq);
}

/* Extensions nobody asked for: beside a new key they are left off, in use they are refused; so is a key in a form
 * that is not the one there is, before anything makes room for what it claims to hold. */
static void other_forms(void **state)
{
    struct req rq;
    struct test_passkey p;
    struct webauthn_key key;
    struct webauthn_key now;
    struct buf b;
    (void)state;
    req_init(&rq, 1 << 20, (struct instant){0});
    test_passkey_init(&p, S("id"));
    p.flags |= TEST_EXTENDED;
    struct str client = test_client(&rq, "webauthn.create", &ask);
    struct str data = test_made(&rq, &p, ask.rp_id);
    buf_init(&b, rq.a, 1000);
    buf_str(&b, data);
    BUF_LIT(&b, "\xa1\x6b" "credProtect" "\x02");
    is_err(&rq, webauthn_create(&rq, &ask, client, buf_get(&b), &key), OK);
    assert_true(str_eq(key.id, S("id")));
    struct str got = test_client(&rq, "webauthn.get", &ask);
    struct str used = test_used(&rq, &p, ask.rp_id);
    is_err(&rq, webauthn_get(&rq, &ask, &key, got, used, test_signed(&rq, &p, got, used), &now), E_BAD_INPUT);
    char *many = (char *)(uintptr_t)arena_str(rq.a, data).p;
    many[37 + 16 + 2 + 2] = '\xbb'; /* a map of as many members as eight bytes say */
    is_err(&rq, webauthn_create(&rq, &ask, client, (struct str){many, data.n}, &key), E_BAD_INPUT);
    char *off = (char *)(uintptr_t)arena_str(rq.a, data).p;
    off[data.n - 1] = (char)(off[data.n - 1] ^ 1); /* a point beside the curve */
    is_err(&rq, webauthn_create(&rq, &ask, client, (struct str){off, data.n}, &key), E_BAD_INPUT);
    test_passkey_done(&p);
    req_done(&rq);
}

static void copies(void **state)
{
    static const struct {
        uint32_t kept, now;
        bool copied;
    } rows[] = {{0, 0, false}, {0, 1, false}, {1, 2, false}, {1, 1, true}, {5, 4, true}, {5, 0, true}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(webauthn_is_copied(rows[i].kept, rows[i].now), rows[i].copied);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_and_used), cmocka_unit_test(what_was_not_asked_for),
        cmocka_unit_test(pages_within_others), cmocka_unit_test(signatures),
        cmocka_unit_test(cut_short), cmocka_unit_test(copies),
        cmocka_unit_test(other_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
