/* codec/xhtml_test.c - what a narrative may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/xhtml.h"

static const struct {
    const char *text;
    enum xhtml_fault fault;
} rows[] = {
    {"<div xmlns=\"http://www.w3.org/1999/xhtml\">text</div>", XHTML_OK},
    {" <div><p>a &amp; b &#160; <b>c</b><br/></p></div> ", XHTML_OK},
    {"<div><img src=\"#a\" alt='x'/></div>", XHTML_OK},
    {"<div><!-- a <b> --><i>x</i></div>", XHTML_OK},
    {"text", XHTML_ROOT},
    {"<p>text</p>", XHTML_ROOT},
    {"<div>a</div><div>b</div>", XHTML_ROOT},
    {"<div>a</div> b", XHTML_ROOT},
    {"", XHTML_ROOT},
    {"<div> </div>", XHTML_EMPTY},
    {"<div><br/></div>", XHTML_EMPTY},
    {"<div>a<p></div>", XHTML_FORM},
    {"<div>a", XHTML_FORM},
    {"<div>a & b</div>", XHTML_FORM},
    {"<div>a &nothing; b</div>", XHTML_FORM},
    {"<div class=x>a</div>", XHTML_FORM},
    {"<div class=\"<\">a</div>", XHTML_FORM},
    {"<div>a<script>b</script></div>", XHTML_ELEMENT},
    {"<div><form>b</form></div>", XHTML_ELEMENT},
    {"<div onclick=\"x()\">a</div>", XHTML_ATTRIBUTE},
    {"<div><a href=\" JavaScript:x()\">a</a></div>", XHTML_ATTRIBUTE},
    {"<div", XHTML_FORM},
    {"<div a", XHTML_FORM},
    {"<div>&#", XHTML_FORM},
};

static void narratives(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct str where;
        if (xhtml_check(str_z(rows[i].text), NULL, NULL, &where) != rows[i].fault) {
            fail_msg("row %zu: %s", i, rows[i].text);
        }
    }
}

static bool count(struct str element, struct str name, struct str value, void *ctx)
{
    (void)name;
    (void)value;
    *(int *)ctx += str_eq(element, S("a")) ? 1 : 0;
    return true;
}

static void attributes_are_told(void **state)
{
    (void)state;
    struct str where;
    int n = 0;
    assert_int_equal(xhtml_check(S("<div class='x'><a name=\"n\" href=\"#n\">a</a></div>"), count, &n,
                                 &where), XHTML_OK);
    assert_int_equal(n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(narratives),
        cmocka_unit_test(attributes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
