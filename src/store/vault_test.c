/* store/vault_test.c - sealed secrets: whole, altered, of another row, without server.key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "store/test_int.h"
#include "store/vault.h"

static void sealed(void **state)
{
    struct t t = t_open();
    struct str a;
    struct str b;
    struct str plain;
    (void)state;
    assert_int_equal(vault_seal(&t.rq, t.st, S("factor 1"), S("twenty bytes of it.."), &a), OK);
    assert_int_equal(vault_seal(&t.rq, t.st, S("factor 1"), S("twenty bytes of it.."), &b), OK);
    assert_int_equal(a.n, 20 + VAULT_MORE);
    assert_false(str_eq(a, b)); /* a nonce of its own each time */
    assert_true(str_find(a, S("twenty")) == a.n);
    assert_int_equal(vault_open(&t.rq, t.st, S("factor 1"), a, &plain), OK);
    assert_true(str_eq(plain, S("twenty bytes of it..")));
    assert_int_equal(vault_open(&t.rq, t.st, S("factor 2"), a, &plain), E_CHECKSUM);
    err_clear(&t.rq);
    for (size_t i = 0; i < a.n; i++) {
        char *copy = arena_alloc(t.rq.a, a.n);
        assert_non_null(copy);
        memcpy(copy, a.p, a.n);
        copy[i] ^= 1;
        assert_int_equal(vault_open(&t.rq, t.st, S("factor 1"), (struct str){copy, a.n}, &plain),
                         E_CHECKSUM);
        err_clear(&t.rq);
        assert_int_equal(vault_open(&t.rq, t.st, S("factor 1"), (struct str){a.p, i}, &plain), E_CHECKSUM);
        err_clear(&t.rq);
    }
    t_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sealed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
