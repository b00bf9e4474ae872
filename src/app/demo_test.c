/* app/demo_test.c - the demo: numbers and stories are right, and a small fill is without fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/app.h"
#include "app/demo_int.h"
#include "base/must_testing.h"
#include "care/content.h"
#include "care/icd.h"
#include "fhir/type.h"
#include "os/clock.h"

enum { CASES = 24, PATIENTS = 30, DRAFTS = 2 };

struct world {
    struct req rq;
    struct config config;
    struct app app;
    char dir[40];
};
static struct world world;

static int setup(void **state)
{
    struct config_source none = {.n_flags = 0};

    (void)state;
    memcpy(world.dir, "/tmp/demo-test-XXXXXX", sizeof "/tmp/demo-test-XXXXXX");
    assert_non_null(mkdtemp(world.dir));
    req_init(&world.rq, (size_t)1 << 30, (struct instant){os_now().ms - 62 * MS_DAY});
    MUST(&world.rq, config_read(&world.rq, &none, &world.config));
    world.config.data = str_z(world.dir);
    MUST(&world.rq, app_open(&world.rq, &world.config, false, &world.app));
    world.rq.who = &who_system;
    world.rq.lang = LANG_RU;
    return 0;
}

static int teardown(void **state)
{
    char cmd[80] = "rm -rf ";

    (void)state;
    app_close(&world.rq, &world.app);
    req_done(&world.rq);
    strcat(cmd, world.dir);
    return system(cmd);
}

/* What every case of a story is asked with, checked as the pages would. */
static void check_form(const struct demo_story *s, const struct form *form,
                       const struct demo_field *table)
{
    struct demo_dice dice = {7};
    struct demo_typed t = {.n = 0};
    struct problems p = {.n = 0};

    demo_typed_table(&world.rq, &dice, table, world.rq.now, &t);
    for (uint32_t i = 0; i < t.n; i++) {
        struct str name = t.v[i].name;
        name.n = str_find_char(name, '[');
        if (form_item_find(form, name) < 0) {
            fail_msg("%s: no item %.*s", s->profile, STR_ARG(name));
        }
    }
    MUST(&world.rq, form_check(&world.rq, form, &(struct fields){t.v, t.n}, false, &p));
    for (uint32_t i = 0; i < p.n; i++) {
        print_message("%s: %.*s: %s\n", s->profile, STR_ARG(p.v[i].field), p.v[i].text);
    }
    assert_int_equal(p.n, 0);
}

static void check_code(const struct demo_story *s, const char *diagnosis)
{
    struct str typed = str_z(diagnosis);
    struct str code = str_sub(typed, 0, str_find_char(typed, ' '));

    if (diagnosis != NULL && icd_find(care_of(&world.rq)->icd, code) == NULL) {
        fail_msg("%s: no diagnosis %s", s->profile, diagnosis);
    }
}

static void stories_fit_the_forms(void **state)
{
    const struct content *c = care_of(&world.rq)->content;
    unsigned of_profile[16] = {0};

    (void)state;
    assert_true(n_demo_stories >= 16);
    for (uint32_t i = 0; i < n_demo_stories; i++) {
        const struct demo_story *s = demo_stories[i];
        const struct profile *profile = content_profile(c, str_z(s->profile));
        assert_non_null(profile);
        of_profile[profile - c->profiles]++;
        assert_non_null(content_urgency(c, str_z(s->urgency)));
        assert_non_null(content_item(content_list(c, S("outcome")), str_z(s->outcome_code)));
        check_form(s, profile->request, s->request);
        check_form(s, profile->conclusion, s->conclusion);
        assert_true(form_item_find(profile->conclusion, str_z(s->corrected.name)) >= 0);
        check_code(s, s->diagnosis);
        check_code(s, s->co);
        for (const struct demo_field *f = s->conclusion; f->name != NULL; f++) {
            if (str_eq(str_z(f->name), S("diagnosis.code"))
                || str_eq(str_z(f->name), S("diagnosis.other"))) {
                check_code(s, f->value);
            }
        }
    }
    for (uint32_t i = 0; i < c->n_profiles; i++) {
        assert_true(of_profile[i] >= 2);
    }
}

static void values_are_moved(void **state)
{
    struct demo_dice dice = {3};
    struct instant base = {1795317845000}; /* 2026-11-22T08:24:05+05:00 */

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct str v = demo_value(&world.rq, &dice, "36.8~3", base);
        assert_int_equal(v.n, 4);
        assert_true(memcmp(v.p, "36.5", 4) >= 0 && memcmp(v.p, "37.1", 4) <= 0);
    }
    assert_true(str_eq(demo_value(&world.rq, &dice, "@-2h", base), S("2026-11-22T06:24")));
    assert_true(str_eq(demo_value(&world.rq, &dice, "@-0d", base), S("2026-11-22")));
    assert_true(str_eq(demo_value(&world.rq, &dice, "about ~5", base), S("about ~5")));
}

static void a_small_fill_is_whole(void **state)
{
    struct demo_region *region = ARENA_NEW(world.rq.a, struct demo_region);
    struct demo d = {.rq = &world.rq, .region = region, .dice = {1}, .now = os_now(),
                     .base_url = S("http://127.0.0.1:8080"), .n_patients = PATIENTS,
                     .n_cases = CASES, .n_drafts = DRAFTS, .files = true};
    const struct directory *dir = NULL;
    uint64_t faults = 0;
    uint32_t shifts = 0;
    struct buf out;

    (void)state;
    assert_non_null(region);
    care_of(&world.rq)->password_ops = 1;
    care_of(&world.rq)->password_mem = 8 << 20;
    MUST(&world.rq, demo_region_plan(&world.rq, region));
    MUST(&world.rq, demo_fill(&d));
    buf_init(&out, world.rq.a, 1 << 20);
    MUST(&world.rq, store_check(&world.rq, &out, &faults));
    if (faults > 0) {
        fail_msg("%.*s", STR_ARG(buf_get(&out)));
    }
    /* The roster is there; filling it again adds nothing. */
    MUST(&world.rq, demo_roster(&world.rq, region, d.now, DEMO_DUTY_AHEAD_DAYS, &shifts));
    assert_int_equal(shifts, 0);
    MUST(&world.rq, directory_get(&world.rq, &dir));
    assert_int_equal(dir->n_orgs, DEMO_ORGS);
    assert_int_equal(dir->n_people, region->n_people);
}

/* Every number a patient of the fill has is a right one of its kind. */
static void numbers_are_right(void **state)
{
    struct list *list = NULL;
    unsigned patients = 0;
    unsigned numbers = 0;
    struct hit hit;

    (void)state;
    MUST(&world.rq, list_type(&world.rq, T_PATIENT, LIST_OLDEST, &list));
    while (list_next(list, &hit)) {
        struct json_doc doc;
        struct patient p;
        struct res_row row;
        MUST(&world.rq, db_read_rid(&world.rq, hit.rid, &row));
        MUST(&world.rq, json_parse(&world.rq, row.body, NULL, &doc));
        patient_read(&world.rq, json_root(&doc), &p);
        patients++;
        for (uint32_t i = 0; i < p.n_ids; i++) {
            assert_non_null(p.ids[i].kind);
            if (p.ids[i].kind->check < IDENT_KIND_COUNT) {
                numbers++;
                assert_int_equal(ident_check(p.ids[i].kind->check, p.ids[i].value, NULL),
                                 IDENT_GOOD);
            }
        }
    }
    list_close(&list);
    assert_true(patients >= PATIENTS);
    assert_true(numbers > patients * 3 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_fit_the_forms), cmocka_unit_test(values_are_moved),
        cmocka_unit_test(a_small_fill_is_whole), cmocka_unit_test(numbers_are_right)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
