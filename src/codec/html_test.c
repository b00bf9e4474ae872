/* codec/html_test.c - escaping for HTML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/html.h"

static void special_characters_become_references(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 16);
    struct buf b;
    buf_init(&b, a, 1000);
    html_text(&b, S("a<b>&\"c\"'d' я\0"));
    assert_true(str_eq(buf_get(&b), S("a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39; я\xef\xbf\xbd")));
    buf_init(&b, a, 1000);
    html_text(&b, (struct str){NULL, 0});
    html_attr(&b, S("x\" onload='y"));
    assert_true(str_eq(buf_get(&b), S("\"x&quot; onload=&#39;y\"")));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_characters_become_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
