/* codec/outside_file_test.c - signatures of other makers: files of all kinds, numbers of people, addresses to ask. */
#include "codec/outside_world_testing.h"

static void files_of_all_kinds_are_unwrapped(void **state)
{
    struct world *w = *state;
    struct ot_sign s = by(&w->doctor);
    struct str cms = ot_cms(w->rq.a, &s, S(DOC));
    struct buf b;
    struct str der;
    buf_init(&b, w->rq.a, 2 * b64_chars(cms.n));
    b64_write(&b, cms.p, cms.n, B64_STD);
    struct str bare = buf_get(&b);
    const char *const frames[][2] = {{"", ""},
                                     {"\xEF\xBB\xBF", "\r\n"},
                                     {"-----BEGIN CMS-----\n", "\n-----END CMS-----\n"},
                                     {"-----BEGIN PKCS7-----\r\n", "\r\n-----END PKCS7-----"}};
    for (size_t i = 0; i < LEN(frames); i++) {
        struct buf f;
        buf_init(&f, w->rq.a, bare.n + 100);
        buf_str(&f, str_z(frames[i][0]));
        buf_str(&f, bare);
        buf_str(&f, str_z(frames[i][1]));
        assert_int_equal(outside_unwrap(&w->rq, buf_get(&f), &der), OK);
        assert_true(str_eq(der, cms));
    }
    const struct str bad[] = {S(""), S("hello"), S("-----BEGIN CMS-----"), S("-----END CMS----------BEGIN CMS-----\n"),
                              S("AAAA"), {bare.p, bare.n / 2 + 1}};
    for (size_t i = 0; i < LEN(bad); i++) {
        enum err e = outside_unwrap(&w->rq, bad[i], &der);
        assert_true(e == E_SYNTAX || (e == OK && judged(w, der, S(DOC)).why[OUTSIDE_READ] != OUTSIDE_GOOD));
        err_clear(&w->rq);
    }
    char *large = arena_alloc(w->rq.a, OUTSIDE_MAX + 1);
    assert_non_null(large);
    memset(large, 0x30, OUTSIDE_MAX + 1);
    assert_int_equal(outside_unwrap(&w->rq, (struct str){large, OUTSIDE_MAX + 1}, &der), E_TOO_LARGE);
    err_clear(&w->rq);
    assert_int_equal(judged(w, (struct str){large, OUTSIDE_MAX + 1}, S(DOC)).why[OUTSIDE_READ], OUTSIDE_TOO_LARGE);
}

static void numbers_of_people_are_read(void **state)
{
    struct world *w = *state;
    const struct {
        struct ot_attr attr;
        int kind; /* -1: none */
        const char *digits;
    } rows[] = {
        {{"2.5.4.5", "IIN" IIN_GOOD}, IDENT_IIN, IIN_GOOD},
        {{"2.5.4.5", IIN_GOOD}, -1, ""},
        {{"2.5.4.5", "IIN900000000008"}, -1, ""},
        {{"2.5.4.5", "BIN" IIN_GOOD}, -1, ""},
        {{"1.2.643.100.3", SNILS_GOOD}, IDENT_SNILS, SNILS_GOOD},
        {{"1.2.643.100.3", "11223344596"}, -1, ""},
        {{"1.2.643.3.131.1.1", SNILS_GOOD}, -1, ""},
        {{"1.2.860.3.16.1.2", PINFL_GOOD}, IDENT_PINFL, PINFL_GOOD},
        {{"1.2.860.3.16.1.1", PINFL_GOOD}, -1, ""},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct outside_number all[OUTSIDE_NUMBERS_MAX];
        struct ot_cert c = person("Somebody");
        uint32_t n = 0;
        c.attrs[0] = rows[i].attr;
        struct ot_pair p = ot_make(&c, &w->between);
        assert_int_equal(outside_numbers(&w->rq, ot_der(w->rq.a, p.x), all, &n), OK);
        assert_int_equal(n, rows[i].kind >= 0);
        if (n > 0) {
            assert_int_equal((int)all[0].kind, rows[i].kind);
            assert_string_equal(all[0].digits, rows[i].digits);
        }
        ot_free(&p);
    }
}

static void addresses_to_ask_are_named(void **state)
{
    struct world *w = *state;
    struct ot_sign s = by(&w->doctor);
    struct outside_want wants[OUTSIDE_WANTS_MAX];
    uint32_t n = 0;
    struct outside_ask ask = {.cms = ot_cms(w->rq.a, &s, S(DOC)), .certs = w->certs, .n_certs = 2};
    assert_int_equal(outside_wants(&w->rq, &ask, wants, &n), OK);
    assert_int_equal(n, 2);
    assert_true(str_eq(wants[0].url, S("http://ca.example/ocsp")) && wants[0].body.n > 0);
    assert_true(str_eq(wants[1].url, S("http://ca.example/list.crl")) && wants[1].body.n == 0);
    /* one of the authority's name that the signer put in is not asked about in its place */
    struct ot_cert same = authority("Test issuing authority");
    struct ot_pair forger = ot_make(&same, NULL);
    struct str body = wants[0].body;
    s.carry = forger.x;
    ask.cms = ot_cms(w->rq.a, &s, S(DOC));
    assert_int_equal(outside_wants(&w->rq, &ask, wants, &n), OK);
    assert_true(n == 2 && str_eq(wants[0].body, body));
    s.carry = NULL;
    ot_free(&forger);
    struct ot_cert odd = person("Odd");
    odd.crl_url = "ldap://ca.example/list";
    odd.ocsp_url = "file:///etc/passwd";
    struct ot_pair p = ot_make(&odd, &w->between);
    s.who = &p;
    ask.cms = ot_cms(w->rq.a, &s, S(DOC));
    assert_int_equal(outside_wants(&w->rq, &ask, wants, &n), OK);
    assert_int_equal(n, 0);
    ot_free(&p);
    ask.cms = S("nonsense");
    assert_int_equal(outside_wants(&w->rq, &ask, wants, &n), OK);
    assert_int_equal(n, 0);
}

static void files_of_an_administrator(void **state)
{
    struct world *w = *state;
    struct str certs[3];
    struct str pem[2];
    struct instant until;
    struct str whose;
    struct buf b;
    uint32_t n = 0;
    assert_int_equal(cert_pem(&w->rq, w->certs[0], &pem[0]), OK);
    assert_int_equal(cert_pem(&w->rq, w->certs[1], &pem[1]), OK);
    buf_init(&b, w->rq.a, 16384);
    BUF_LIT(&b, "# trusted here\n");
    buf_str(&b, pem[0]);
    buf_str(&b, pem[1]);
    assert_int_equal(outside_certs_read(&w->rq, buf_get(&b), certs, 3, &n), OK);
    assert_int_equal(n, 2);
    assert_true(str_eq(certs[1], w->certs[1]));
    assert_int_equal(outside_certs_read(&w->rq, w->certs[0], certs, 3, &n), OK);
    assert_int_equal(n, 3);
    assert_int_equal(outside_certs_read(&w->rq, w->certs[0], certs, 3, &n), E_TOO_LARGE);
    err_clear(&w->rq);
    n = 0;
    assert_int_equal(outside_certs_read(&w->rq, S("hello"), certs, 3, &n), E_SYNTAX);
    err_clear(&w->rq);
    assert_int_equal(outside_certs_read(&w->rq, str_sub(pem[0], 0, pem[0].n - 40), certs, 3, &n), E_SYNTAX);
    err_clear(&w->rq);
    assert_int_equal(outside_crl_read(&w->rq, w->list, &until, &whose), OK);
    assert_true(until.ms == ot_at(MS_DAY).ms / 1000 * 1000);
    assert_true(str_find(whose, S("Test issuing authority")) < whose.n);
    assert_int_equal(outside_crl_read(&w->rq, S("hello"), &until, &whose), E_SYNTAX);
    err_clear(&w->rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_all_kinds_are_unwrapped),
        cmocka_unit_test(numbers_of_people_are_read),
        cmocka_unit_test(addresses_to_ask_are_named),
        cmocka_unit_test(files_of_an_administrator),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
