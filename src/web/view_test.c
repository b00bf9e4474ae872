/* web/view_test.c - escaping in each context, and every construct of the template language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/probe.c"

static const struct zone ZONE = {.first_min = 300};

struct page {
    struct req rq;
    struct buf out;
    struct view v;
    struct val *root;
};

static void page_begin(struct page *p)
{
    req_init(&p->rq, 256 * 1024, (struct instant){INT64_C(1795312920000)}); /* 2026-11-22T02:02Z */
    buf_init(&p->out, p->rq.a, 64 * 1024);
    view_init(&p->v, &p->rq, &p->out, &ZONE);
    p->root = val_map(p->rq.a);
}

static void expect(struct str got, struct str want)
{
    if (!str_eq(got, want)) {
        fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got), STR_ARG(want));
    }
}

static void values_are_escaped_for_their_place(void **state)
{
    (void)state;
    static const struct {
        enum view_ctx ctx;
        struct str value;
        struct str want;
    } rows[] = {
        {VIEW_TEXT, SI("<b>&\"'"), SI("&lt;b&gt;&amp;&quot;&#39;")},
        {VIEW_TEXT, SI("a\tb\nc"), SI("a\tb\nc")},
        {VIEW_TEXT, SI("a\x01\x7F"), SI("a\uFFFD\uFFFD")},
        {VIEW_TEXT, SI("Ахметова"), SI("Ахметова")},
        {VIEW_ATTR, SI("\" onclick=\"x"), SI("&quot; onclick=&quot;x")},
        {VIEW_ATTR, SI("' x"), SI("&#39; x")},
        {VIEW_URL, SI("/a?b=c&d"), SI("/a?b=c&amp;d")},
        {VIEW_URL, SI("https://x/"), SI("https://x/")},
        {VIEW_URL, SI("mailto:a@b"), SI("mailto:a@b")},
        {VIEW_URL, SI("javascript:alert(1)"), SI("about:invalid#unsafe")},
        {VIEW_URL, SI("JaVaScRiPt:x"), SI("about:invalid#unsafe")},
        {VIEW_URL, SI(" javascript:x"), SI("about:invalid#unsafe")},
        {VIEW_URL, SI("java\nscript:x"), SI("about:invalid#unsafe")},
        {VIEW_URL, SI("data:text/html,x"), SI("about:invalid#unsafe")},
        {VIEW_URL, SI("?next=javascript:x"), SI("?next=javascript:x")},
        {VIEW_URL_PART, SI("a/b?c&d é"), SI("a%2Fb%3Fc%26d%20%C3%A9")},
        {VIEW_URL_PART, SI("A-z0.9_~"), SI("A-z0.9_~")},
        {VIEW_TEL, SI("+7 (700) 000-00-01"), SI("+77000000001")},
        {VIEW_TEL, SI("тел. +7\u00A0700 000\u201100\u201301"), SI("+77000000001")},
        {VIEW_TEL, SI("8 700 000 00 01 доб. 12"), SI("87000000001")},
        {VIEW_TEL, SI("103, 112"), SI("103")},
        {VIEW_TEL, SI("\" onclick=\"x"), SI("")},
    };
    struct page p;
    page_begin(&p);
    for (size_t i = 0; i < LEN(rows); i++) {
        buf_truncate(&p.out, 0);
        view_put(&p.v, rows[i].ctx, val_of_str(rows[i].value));
        expect(buf_get(&p.out), rows[i].want);
    }
    req_done(&p.rq);
}

static void every_construct_works(void **state)
{
    (void)state;
    struct page p;
    page_begin(&p);
    val_set_z(p.root, "cls", "x\"y");
    val_set_bool(p.root, "on", true);
    val_set_z(p.root, "text", "<A>");
    val_set_z(p.root, "url", "javascript:x");
    val_set_z(p.root, "id", "a/b");
    val_set_z(p.root, "q", "x y");
    val_set_z(p.root, "phone", "+7 700 1");
    val_set_i64(p.root, "n", 1200);
    struct val *list = val_set_list(p.root, "list");
    val_set_z(val_add_map(list), "a", "1");
    val_set_z(val_add_map(list), "a", "2");
    val_set_z(val_add_map(list), "a", "1");
    val_set_z(val_set_map(val_set_map(p.root, "map"), "in"), "side", "S");
    val_set_z(p.root, "day", "2026-11-22");
    val_set_instant(p.root, "at", p.rq.now);
    val_set_i64(p.root, "bytes", 2048);
    assert_int_equal(tpl_every(&p.v, p.root), OK);
    expect(buf_get(&p.out),
           S("<p class=\"a x&quot;y\" hidden>\n&lt;A&gt; Hello &lt;A&gt;\n</p>\n"
             "<a href=\"about:invalid#unsafe\" title='&lt;A&gt;'>x</a>"
             "<a href=\"/c/a%2Fb?q=x%20y&amp;n=1200\">y</a><a href=\"tel:+77001\">z</a>\n"
             "[1:1]\n(2)\n-\n"
             "<b>Hello {name}|S|&lt;A&gt;</b>\n"
             "1,200 cases 22 Nov 2026 22 Nov 2026, 07:02 2.0\u00A0KB\n"
             "<textarea>\n  keep   this &lt;A&gt;</textarea>\nS\n"));
    req_done(&p.rq);
}

static void html_is_put_in_as_it_is_only_when_rendered(void **state)
{
    (void)state;
    struct page p;
    struct val html;
    page_begin(&p);
    val_set_z(p.root, "text", "<i>");
    assert_int_equal(view_render(&p.v, tpl_part, p.root, 1000, &html), OK);
    view_begin(&p.v, p.root);
    view_put(&p.v, VIEW_TEXT, html);
    expect(buf_get(&p.out), S("<b>||&lt;i&gt;</b>\n"));
    buf_truncate(&p.out, 0);
    view_put(&p.v, VIEW_ATTR, html);
    expect(str_sub(buf_get(&p.out), 0, 9), S("&lt;b&gt;"));
    req_done(&p.rq);
}

static void a_page_too_large_is_an_error(void **state)
{
    (void)state;
    struct page p;
    page_begin(&p);
    buf_init(&p.out, p.rq.a, 20);
    assert_int_equal(tpl_every(&p.v, p.root), E_TOO_LARGE);
    err_clear(&p.rq);
    buf_init(&p.out, p.rq.a, 2000);
    assert_int_equal(tpl_every(&p.v, NULL), E_TOO_LARGE);
    err_clear(&p.rq);
    p.root->failed = true;
    assert_int_equal(tpl_every(&p.v, p.root), E_TOO_LARGE);
    req_done(&p.rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_escaped_for_their_place),
        cmocka_unit_test(every_construct_works),
        cmocka_unit_test(html_is_put_in_as_it_is_only_when_rendered),
        cmocka_unit_test(a_page_too_large_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
