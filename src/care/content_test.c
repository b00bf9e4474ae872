/* care/content_test.c - the shipped content loads, and forms behave: what is typed is checked with the
 * field named, becomes a QuestionnaireResponse, and comes back the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/must_testing.h"
#include "care/care.h"
#include "care/content_int.h"
#include "care/form.h"
#include "care/policy.h"
#include "os/file.h"

static struct content *content;
static struct req rq;
static struct care care;

static int setup(void **state)
{
    (void)state;
    req_init(&rq, 16 << 20, (struct instant){INT64_C(1795000000000)});
    care_init(&care);
    rq.app = (struct app *)&care;
    rq.lang = LANG_RU;
    if (content_load(&rq, S("content"), &content) != OK) {
        print_error("%s\n", rq.err.detail);
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    content_free(content);
    req_done(&rq);
    return 0;
}

static void the_shipped_content_is_complete(void **state)
{
    (void)state;
    assert_int_equal(content->n_profiles, 8);
    assert_int_equal(content->n_urgencies, 3);
    assert_true(content->n_policies >= 3);
    assert_non_null(content_list(content, S("refuse-reason")));
    for (uint32_t i = 0; i < content->n_forms; i++) {
        for (uint32_t k = 0; k < content->forms[i].n_items; k++) {
            for (int l = 0; l < LANG_COUNT; l++) {
                assert_true(content->forms[i].items[k].text.v[l].n > 0);
            }
        }
    }
    const struct policy *kz = content_policy(content, S("kz"));
    assert_non_null(kz);
    assert_int_equal(policy_terms(kz, S("emergency"))->answer_within.ms, 2 * MS_HOUR);
    assert_false(policy_terms(kz, S("emergency"))->answer_within.from.verified);
    assert_true(policy_may_ask(kz, S("feldsher")));
    assert_false(policy_may_answer(kz, S("feldsher")));
}

static const struct field typed[] = {
    {SI("complaints"), SI("Слабость в правой руке")},
    {SI("history"), SI("С утра, внезапно")},
    {SI("status"), SI("Правосторонний гемипарез")},
    {SI("vitals.heart-rate"), SI("88")},
    {SI("vitals.weight"), SI("70.50")},
    {SI("neuro.onset"), SI("2026-11-22T08:30")},
    {SI("neuro.befast"), SI("fast-face")},
    {SI("neuro.befast"), SI("fast-arm")},
    {SI("tests.name[0]"), SI("Общий анализ крови")},
    {SI("tests.date[0]"), SI("2026-11-21")},
    {SI("tests.name[2]"), SI("Глюкоза")},
    {SI("tests.date[2]"), SI("2026-11-22")},
    {SI("allergies.known"), SI("allergy-none")},
    {SI("allergies.text"), SI("не должно попасть: поле скрыто")},
};

static bool has_problem(const struct problems *p, const char *field)
{
    for (uint32_t i = 0; i < p->n; i++) {
        if (str_eq(p->v[i].field, str_z(field))) {
            return true;
        }
    }
    return false;
}

static void a_good_form_has_no_problems(void **state)
{
    (void)state;
    const struct form *f = content_profile(content, S("neurology"))->request;
    struct fields in = {typed, LEN(typed)};
    struct problems p = {.n = 0};

    assert_int_equal(form_check(&rq, f, &in, false, &p), OK);
    for (uint32_t i = 0; i < p.n; i++) {
        print_message("%.*s: %s\n", STR_ARG(p.v[i].field), p.v[i].text);
    }
    assert_int_equal(p.n, 0);
}

/* A profile with another value of the medical record's term. */
static enum err with_term(const char *term, int64_t *ret_ms)
{
    static char text[256 << 10];
    struct json_doc *doc = ARENA_NEW(rq.a, struct json_doc);
    struct policy p = {.id = S("")};
    struct str file;
    MUST(&rq, os_read_file(&rq, "content/policy/kz.json", sizeof(text) / 2, &file));
    const struct str row = S("\"medicalRecord\": {\n      \"value\": null");
    size_t at = str_find(file, row);
    assert_true(at < file.n);
    int n = snprintf(text, sizeof(text), "%.*s\"medicalRecord\": {\"value\": %s%.*s", (int)at, file.p, term,
                     (int)(file.n - at - row.n), file.p + at + row.n);
    MUST(&rq, json_parse(&rq, (struct str){text, (size_t)n}, NULL, doc));
    enum err e = policy_load(&rq, json_root(doc), &p);
    *ret_ms = p.record_keep.ms;
    err_clear(&rq);
    return e;
}

/* Days typed for years take nothing. */
static void a_records_term_is_a_year_or_more(void **state)
{
    int64_t ms = 1;
    (void)state;
    assert_int_equal(with_term("null", &ms), OK);
    assert_int_equal(ms, 0);
    assert_int_equal(with_term("\"P25Y\"", &ms), OK);
    assert_int_equal(ms, 25 * MS_YEAR);
    assert_int_equal(with_term("\"P365D\"", &ms), OK);
    static const char *const bad[] = {"\"P25D\"", "\"P364D\"", "\"P0Y\"", "\"P201Y\"",
                                      "\"P-1Y\"", "\"PT8000H\"", "\"25\""};
    for (size_t i = 0; i < LEN(bad); i++) {
        assert_int_equal(with_term(bad[i], &ms), E_BAD_INPUT);
    }
}

static void each_fault_names_its_field(void **state)
{
    (void)state;
    const struct form *f = content_profile(content, S("neurology"))->request;
    const struct field bad[] = {
        {SI("complaints"), SI("  ")},
        {SI("vitals.heart-rate"), SI("88.5")},
        {SI("vitals.temperature"), SI("366")},
        {SI("vitals.spo2"), SI("-1")},
        {SI("vitals.glucose"), SI("5,5")},
        {SI("neuro.onset"), SI("2026-02-30T10:00")},
        {SI("neuro.prior-mrs"), SI("mrs-9")},
        {SI("tests.result[1]"), SI("есть только результат")},
    };
    struct fields in = {bad, LEN(bad)};
    struct problems p = {.n = 0};

    assert_int_equal(form_check(&rq, f, &in, false, &p), OK);
    static const char *const want[] = {
        "complaints",     "history",     "status",          "vitals.heart-rate",
        "vitals.temperature", "vitals.spo2", "vitals.glucose", "neuro.onset",
        "neuro.prior-mrs", "tests.name[1]", "tests.date[1]"};
    for (size_t i = 0; i < LEN(want); i++) {
        if (!has_problem(&p, want[i])) {
            fail_msg("no problem named at %s", want[i]);
        }
    }
    assert_int_equal(p.n, LEN(want));
    struct problems draft = {.n = 0};
    assert_int_equal(form_check(&rq, f, &in, true, &draft), OK);
    assert_int_equal(draft.n, 6); /* a draft may be incomplete, not wrong */
}

static void a_form_becomes_a_response_and_comes_back(void **state)
{
    (void)state;
    const struct form *f = content_profile(content, S("neurology"))->request;
    struct fields in = {typed, LEN(typed)};
    struct fields out = {0};
    struct json_doc doc;
    struct json_out o;
    struct buf b;

    buf_init(&b, rq.a, 1 << 20);
    json_out_init(&o, &b);
    json_obj(&o);
    form_write_items(&o, &rq, f, &in);
    json_obj_end(&o);
    assert_true(buf_ok(&b));
    struct str json = buf_get(&b);
    assert_int_equal(json_parse(&rq, json, NULL, &doc), OK);
    assert_true(str_find(json, S("70.50")) < json.n); /* to the digit */
    assert_true(str_find(json, S("2026-11-22T08:30:00+05:00")) < json.n);
    assert_true(str_find(json, S("поле скрыто")) == json.n);
    assert_int_equal(form_read_items(&rq, f, json_root(&doc), &out), OK);
    assert_true(str_eq(fields_get(&out, S("vitals.weight")), S("70.50")));
    assert_true(str_eq(fields_at(&out, S("neuro.befast"), 1), S("fast-arm")));
    assert_true(str_eq(fields_get(&out, S("tests.name[1]")), S("Глюкоза")));
    assert_int_equal(form_group_count(f, (uint32_t)form_item_find(f, S("tests")), &out), 2);
    const struct form_line *lines = NULL;
    uint32_t n = 0;
    assert_int_equal(form_lines(&rq, f, &in, &lines, &n), OK);
    bool face = false;
    for (uint32_t i = 0; i < n; i++) {
        face = face || str_find(lines[i].value, S("; ")) < lines[i].value.n;
        assert_false(str_eq(lines[i].item->link_id, S("allergies.text")));
    }
    assert_true(face);
    rq.lang = LANG_RU;
    assert_int_equal(form_lines(&rq, f, &in, &lines, &n), OK);
    bool comma = false;
    for (uint32_t i = 0; i < n; i++) {
        comma = comma || str_starts(lines[i].value, S("70,50"));
    }
    rq.lang = LANG_EN;
    assert_true(comma);
}

static void decimals_are_written_as_people_do(void **state)
{
    (void)state;
    static const struct {
        enum lang lang;
        const char *v, *shown;
    } rows[] = {{LANG_EN, "36.6", "36.6"},   {LANG_RU, "36.6", "36,6"}, {LANG_UZ, "-0.50", "-0,50"},
                {LANG_KK, "120", "120"},     {LANG_RU, "1.2.3", "1.2.3"}, {LANG_RU, "36.", "36."},
                {LANG_RU, "v1.2", "v1.2"},   {LANG_RU, "", ""}};
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_true(str_eq(form_number_shown(rq.a, rows[i].lang, str_z(rows[i].v)),
                           str_z(rows[i].shown)));
    }
}

static void drafts_keep_every_field(void **state)
{
    (void)state;
    struct fields in = {typed, LEN(typed)};
    struct fields out = {0};
    struct json_out o;
    struct buf b;

    buf_init(&b, rq.a, 1 << 20);
    json_out_init(&o, &b);
    fields_write(&o, &in);
    assert_int_equal(fields_parse(&rq, buf_get(&b), &out), OK);
    assert_int_equal(out.n, in.n);
    assert_true(str_eq(fields_at(&out, S("neuro.befast"), 1), S("fast-arm")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_content_is_complete),
        cmocka_unit_test(a_good_form_has_no_problems),
        cmocka_unit_test(a_records_term_is_a_year_or_more),
        cmocka_unit_test(each_fault_names_its_field),
        cmocka_unit_test(a_form_becomes_a_response_and_comes_back),
        cmocka_unit_test(drafts_keep_every_field),
        cmocka_unit_test(decimals_are_written_as_people_do),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
