/* web/style_test.c - every part of a page renders in every language, within the budget of a page.
 * With STYLE_OUT set to a folder the pages are written there, to look at them in a browser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "web/style_page.h"
#include "web/tpl.h"

static const struct zone ZONE = {.first_min = 300};

static void frame(struct val *root, enum lang lang, struct instant now)
{
    struct val *page = val_set_map(root, "page");
    val_set_str(page, "lang", lang_code(lang));
    val_set_z(page, "title", "Style");
    val_set_z(page, "kind", "wide");
    val_set_z(page, "path", "/style");
    val_set_bool(page, "upload", true);
    val_set_bool(page, "demo", true);
    val_set_instant(page, "now", now);
    struct val *me = val_set_map(root, "me");
    val_set_z(me, "name", "Оспанова Динара Сериковна");
    val_set_z(me, "role", "Консультант");
    val_set_z(me, "org", "Региональный телемедицинский центр");
    struct val *role = val_add_map(val_set_list(me, "roles"));
    val_set_z(role, "title", "Консультант");
    val_set_z(role, "org", "Региональный телемедицинский центр");
    val_set_bool(role, "current", true);
    static const char *const names[] = {"Главная", "Пульт", "Мои случаи", "Справочник"};
    struct val *nav = val_set_list(root, "nav");
    for (size_t i = 0; i < LEN(names); i++) {
        struct val *m = val_add_map(nav);
        val_set_z(m, "href", "#");
        val_set_z(m, "title", names[i]);
        val_set_bool(m, "current", i == 1);
        val_set_i64(m, "count", i == 1 ? 7 : 0);
    }
    struct val *langs = val_set_list(root, "langs");
    for (unsigned l = 0; l < LANG_COUNT; l++) {
        struct val *m = val_add_map(langs);
        val_set_str(m, "code", lang_code((enum lang)l));
        val_set_str(m, "name", lang_name((enum lang)l));
        val_set_bool(m, "current", (enum lang)l == lang);
    }
    val_set_i64(val_set_map(root, "bell"), "unread", 3);
}

static void write_out(enum lang lang, struct str page)
{
    const char *dir = getenv("STYLE_OUT");
    char path[512];
    if (dir == NULL) {
        return;
    }
    (void)snprintf(path, sizeof(path), "%s/style-%.*s.html", dir, STR_ARG(lang_code(lang)));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(page.p, 1, page.n, f), page.n);
    assert_int_equal(fclose(f), 0);
}

static void every_part_renders_in_every_language(void **state)
{
    (void)state;
    for (unsigned l = 0; l < LANG_COUNT; l++) {
        struct req rq;
        struct buf out;
        struct view v;
        req_init(&rq, 1024 * 1024, (struct instant){INT64_C(1795312920000)});
        rq.lang = (enum lang)l;
        buf_init(&out, rq.a, 256 * 1024);
        view_init(&v, &rq, &out, &ZONE);
        struct val *root = val_map(rq.a);
        frame(root, rq.lang, rq.now);
        style_samples(root, rq.now);
        assert_int_equal(tpl_style(&v, root), OK);
        struct str page = buf_get(&out);
        assert_true(page.n > 10000 && page.n < 64 * 1024);
        assert_true(str_find(page, S("c-clock--over")) < page.n);
        assert_true(str_find(page, S("<script>")) == page.n);
        write_out(rq.lang, page);
        req_done(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_renders_in_every_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
