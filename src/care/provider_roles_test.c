/* care/provider_roles_test.c - the file of roles is held to its form and to what is there; the roles an identity
 * provider names are given at a sign-in and end at the next one that names them no more, all or nothing. */
#include <stdio.h>

#include "care/care_fixture.h"

#include "care/directory_change.h"
#include "care/dismiss.h"
#include "care/provider_int.h"
#include "care/provider_map.h"

/* ---- the file ---- */

static void a_file_says_where_it_is_wrong(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "no line names a role"},
        {"# a = nurse @ centre\n\n", "no line names a role"},
        {"a=nurse @ centre", "line 1, =: missing"},
        {"\n\n = nurse @ centre", "line 3, =: missing"},
        {"a = nurse centre", "line 1, @: missing"},
        {"a = @ centre", "line 1, role: empty"},
        {"a = ! @ centre", "line 1, role: empty"},
        {"a = nurse @ ", "line 1, organisation: empty"},
        {"a = nurse @ [neuro]", "line 1, organisation: empty"},
        {"a = nurse @ centre [neuro", "line 1, services: ] is missing"},
        {"a = nurse @ centre [", "line 1, services: ] is missing"},
        {"a = nurse @ centre [ ]", "line 1, services: none stands"},
        {"a = nurse @ centre [x,,y]", "line 1, services: one is empty"},
        {"a = nurse @ centre [x, x]", "line 1, services: one stands there twice"},
        {"a = nurse @ centre\r\nb = nurse @ centre\r\na  =  nurse@centre", "line 3, all of it: the same as line 1"},
        {"a = nurse @ centre [x,y]\na = nurse @ centre [y,x]", "line 2, all of it: the same as line 1"},
        {"a\x01 = nurse @ centre", "line 1, its text: not UTF-8"},
        {"a\xff = nurse @ centre", "line 1, its text: not UTF-8"},
        {"a = nurse @ nowhere", "line 1, organisation: there is none with the code or identifier nowhere"},
        {"# x\na = witch @ centre", "line 2, role: there is none with the code witch"},
        {"a = consultant @ centre [neuro, nneuro]", "line 1, services: the organisation has none"},
        {"a = auditor @ centre", "line 1, role: auditor administers or audits"},
        {"a = nurse! @ centre", "line 1, role: nurse neither administers nor audits"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct req rq;
        struct provider_map map = {.n = 0};
        const struct directory *d = NULL;
        as(&rq, NULL);
        MUST(&rq, directory_get(&rq, &d));
        enum err e = provider_map_read(&rq, str_z(cases[i].text), &map);
        e = e == OK ? provider_map_roles(&rq, region.content, &map) : e;
        e = e == OK ? provider_map_places(&rq, d, &map) : e;
        assert_int_equal(e, E_BAD_INPUT);
        if (strncmp(rq.err.detail, cases[i].why, strlen(cases[i].why)) != 0) {
            fail_msg("%zu: %s", i, rq.err.detail);
        }
        req_done(&rq);
    }
}

static void a_file_has_limits(void **state)
{
    enum { ROOM = PROVIDER_MAP_BYTES + 100 };
    struct req rq;
    struct provider_map map;
    struct buf b;
    (void)state;
    as(&rq, NULL);
    buf_init(&b, rq.a, ROOM);
    for (uint32_t i = 0; i < PROVIDER_LINES_MAX; i++) {
        buf_u64(&b, i);
        BUF_LIT(&b, " = nurse @ centre\n");
    }
    MUST(&rq, provider_map_read(&rq, buf_get(&b), &map));
    assert_int_equal(map.n, PROVIDER_LINES_MAX);
    BUF_LIT(&b, "x = nurse @ centre\n");
    assert_int_equal(provider_map_read(&rq, buf_get(&b), &map), E_BAD_INPUT);
    assert_non_null(strstr(rq.err.detail, "line 501, the file: more than 500 lines"));
    err_clear(&rq);
    while (b.n <= PROVIDER_MAP_BYTES) {
        buf_char(&b, '#');
    }
    assert_int_equal(provider_map_read(&rq, buf_get(&b), &map), E_BAD_INPUT);
    assert_string_equal(rq.err.detail, "longer than 64 KiB");
    req_done(&rq);
}

/* Names of groups of a directory, a mark, services by name and by identifier. */
static void a_good_file_is_read_as_it_stands(void **state)
{
    static const char text[] = "\xef\xbb\xbf# who is who\nCN=doctors,OU=x@y = doctor @ hospital\n"
                               "  Врачи  =  consultant  @  centre  [ Neurology ]  \n\nroot = auditor ! @ national";
    struct req rq;
    struct provider_map map;
    const struct directory *d = NULL;
    struct str services[PROVIDER_SERVICES_MAX];
    uint32_t org = 0;
    (void)state;
    as(&rq, NULL);
    MUST(&rq, directory_get(&rq, &d));
    MUST(&rq, provider_map_read(&rq, str_z(text), &map));
    MUST(&rq, provider_map_roles(&rq, region.content, &map));
    MUST(&rq, provider_map_places(&rq, d, &map));
    assert_int_equal(map.n, 3);
    assert_true(str_eq(map.lines[0].value, S("CN=doctors,OU=x@y")) && map.lines[0].number == 2);
    assert_true(str_eq(map.lines[1].value, S("Врачи")) && str_eq(map.lines[1].org, S("centre")));
    assert_true(map.lines[2].marked && str_eq(map.lines[2].role, S("auditor")));
    assert_true(provider_line_place(d, &map.lines[1], &org, services));
    assert_true(str_eq(d->orgs[org].id, S("centre")) && str_eq(services[0], S("neuro")));
    req_done(&rq);
}

/* ---- the claim ---- */

#define FILE_OF_ROLES "nurses = nurse @ hospital\ncons = consultant @ centre [neuro]\nboth = nurse @ hospital\n" \
                      "both = registrar @ hospital\nroot = auditor! @ centre\n"

static struct req file_rq; /* holds the map of the tests below */

static void set_map(const char *text)
{
    struct provider_map *map = ARENA_NEW(file_rq.a, struct provider_map);
    assert_non_null(map);
    MUST(&file_rq, provider_map_read(&file_rq, str_z(text), map));
    MUST(&file_rq, provider_map_roles(&file_rq, region.content, map));
    region.care.provider.map = map;
}

static enum err reads(const char *claim, const char *claims, struct provider_person *p, struct req *rq)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    assert_non_null(doc);
    region.care.provider.roles_claim = str_z(claim);
    MUST(rq, json_parse(rq, str_z(claims), NULL, doc));
    return provider_roles_read(rq, json_root(doc), p);
}

static void a_claim_is_texts_or_nothing(void **state)
{
    static const struct {
        const char *claim, *claims;
        enum err want;
        int n; /* values; -1: it is not there */
    } cases[] = {
        {"roles", "{\"roles\":[\"a\",\"b\",\"a\"]}", OK, 3},
        {"roles", "{\"roles\":\"a b\"}", OK, 1},
        {"roles", "{\"roles\":[]}", OK, 0},
        {"roles", "{\"groups\":[\"a\"]}", OK, -1},
        {"realm_access.roles", "{\"realm_access\":{\"roles\":[\"a\"]}}", OK, 1},
        {"realm_access.roles", "{\"realm_access\":{}}", OK, -1},
        {"realm_access.roles", "{\"realm_access\":\"roles\"}", OK, -1},
        {"https://id.example/roles", "{\"https://id.example/roles\":[\"a\"]}", OK, 1},
        {"roles", "{\"roles\":7}", E_UNPROCESSED, -1},
        {"roles", "{\"roles\":null}", E_UNPROCESSED, -1},
        {"roles", "{\"roles\":true}", E_UNPROCESSED, -1},
        {"roles", "{\"roles\":{\"a\":true}}", E_UNPROCESSED, -1},
        {"roles", "{\"roles\":[\"a\",1]}", E_UNPROCESSED, -1},
        {"roles", "{\"roles\":[[\"a\"]]}", E_UNPROCESSED, -1},
        {"roles", "{\"roles\":[{\"name\":\"a\"}]}", E_UNPROCESSED, -1},
        {"roles", "{\"roles\":[null]}", E_UNPROCESSED, -1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct req rq;
        struct provider_person p = {.strong = false};
        as(&rq, NULL);
        enum err e = reads(cases[i].claim, cases[i].claims, &p, &rq);
        if (e != cases[i].want || p.says_roles != (cases[i].n >= 0) || (int)p.n_roles != MAX(cases[i].n, 0)) {
            fail_msg("%s: %s, %u", cases[i].claims, err_name(e), p.n_roles);
        }
        req_done(&rq);
    }
}

static void a_claim_has_a_limit(void **state)
{
    enum { ROOM = 100000 };
    (void)state;
    for (uint32_t n = PROVIDER_VALUES_MAX; n <= PROVIDER_VALUES_MAX + 1; n++) {
        struct req rq;
        struct buf b;
        struct provider_person p = {.strong = false};
        as(&rq, NULL);
        buf_init(&b, rq.a, ROOM);
        BUF_LIT(&b, "{\"roles\":[\"x\"");
        for (uint32_t i = 1; i < n; i++) {
            BUF_LIT(&b, ",\"x\"");
        }
        BUF_LIT(&b, "]}");
        buf_char(&b, '\0');
        assert_int_equal(reads("roles", buf_get(&b).p, &p, &rq), n > PROVIDER_VALUES_MAX ? E_UNPROCESSED : OK);
        req_done(&rq);
    }
}

/* ---- the roles ---- */

/* Somebody with these roles, given by hand, and an account. */
static void somebody(const char *person, const char *role)
{
    struct req rq;
    struct str id = {0};
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, person_add(&rq, tx, &(struct person_new){.id = str_z(person), .family = S("X"), .given = S("Y")}, &id));
    if (role != NULL) {
        MUST(&rq, role_add(&rq, tx, &(struct role_new){.person = str_z(person), .org = S("hospital"),
                                                       .code = str_z(role)}, &id));
    }
    MUST(&rq, account_add(&rq, tx, str_z(person), str_z(person), S("none"), false));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* Comes by the provider with values, blanks between; NULL: the token has no such claim. */
static struct provider_person token_of(struct req *rq, const char *person, const char *values)
{
    struct str *all = ARENA_ARRAY(rq->a, 10, struct str);
    struct str rest = str_z(values);
    struct str one;
    uint32_t n = 0;
    assert_non_null(all);
    while (values != NULL && str_cut(&rest, ' ', &one)) {
        all[n] = one;
        n += one.n > 0;
    }
    return (struct provider_person){.sub = str_z(person), .login = str_z(person),
                                    .says_roles = values != NULL, .roles = all, .n_roles = n};
}

static enum err comes(const char *person, const char *values, struct session *ret)
{
    struct req rq;
    struct provider_back back = {.state = {0}};
    struct session s = {.half = false};
    as(&rq, NULL);
    rq.who = NULL;
    struct provider_person p = token_of(&rq, person, values);
    enum err e = provider_enter(&rq, &p, &back, &s);
    if (ret != NULL) {
        *ret = s;
    }
    req_done(&rq);
    return e;
}

/* "auditor@centre registrar@hospital": in force, * by the provider, in order of their names. */
static const char *roles_of(const char *person)
{
    static char out[600];
    char each[STAFF_ROLES_MAX][100];
    struct req rq;
    uint32_t n = 0;
    uint32_t held = 0;
    as(&rq, NULL);
    struct staff_role *all = ARENA_ARRAY(rq.a, STAFF_ROLES_MAX, struct staff_role);
    assert_non_null(all);
    MUST(&rq, staff_roles(&rq, str_z(person), all, STAFF_ROLES_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (all[i].holds) {
            (void)snprintf(each[held++], sizeof each[0], "%.*s@%.*s%s", STR_ARG(all[i].code), STR_ARG(all[i].org),
                           all[i].by_provider ? "*" : "");
        }
    }
    qsort(each, held, sizeof each[0], (int (*)(const void *, const void *))strcmp);
    out[0] = '\0';
    for (uint32_t i = 0; i < held; i++) {
        (void)strcat(strcat(out, i > 0 ? " " : ""), each[i]);
    }
    req_done(&rq);
    return out;
}

static uint32_t rows_of(const char *person)
{
    struct req rq;
    uint32_t n = 0;
    as(&rq, NULL);
    struct staff_role *all = ARENA_ARRAY(rq.a, STAFF_ROLES_MAX, struct staff_role);
    assert_non_null(all);
    MUST(&rq, staff_roles(&rq, str_z(person), all, STAFF_ROLES_MAX, &n));
    req_done(&rq);
    return n;
}

/* How many of the newest records say so. */
static int on_record(const char *detail, const char *actor)
{
    struct audit_row rows[100];
    struct req rq;
    size_t n = 0;
    int found = 0;
    as(&rq, NULL);
    MUST(&rq, audit_list(&rq, 0, 0, LEN(rows), rows, &n));
    for (size_t i = 0; i < n; i++) {
        found += str_eq(rows[i].detail, str_z(detail)) && str_eq(rows[i].actor, str_z(actor));
    }
    req_done(&rq);
    return found;
}

#define GIVEN "role given by the identity provider https://id.example"
#define ENDED "role ended by the identity provider https://id.example"

static void it_gives_and_takes_its_own_alone(void **state)
{
    struct session s;
    struct req rq;
    const struct who *w = NULL;
    (void)state;
    set_map(FILE_OF_ROLES);
    somebody("p1", "registrar");
    assert_int_equal(comes("p1", "nurses unknown", &s), OK);
    assert_string_equal(roles_of("p1"), "nurse@hospital* registrar@hospital");
    assert_int_equal(on_record(GIVEN, "p1"), 1);
    as(&rq, NULL);
    MUST(&rq, who_by_session(&rq, str_z(s.token), &w));
    assert_false(w->role_chosen); /* of two */
    req_done(&rq);
    assert_int_equal(comes("p1", "nurses", NULL), OK); /* nothing new */
    assert_int_equal(on_record(GIVEN, "p1"), 1);
    assert_int_equal(comes("p1", "both cons", NULL), OK); /* by hand it stays by hand */
    assert_string_equal(roles_of("p1"), "consultant@centre* nurse@hospital* registrar@hospital");
    assert_int_equal(rows_of("p1"), 3);
    assert_int_equal(comes("p1", "", NULL), OK);
    assert_string_equal(roles_of("p1"), "registrar@hospital");
    assert_int_equal(on_record(ENDED, "p1"), 2);
    assert_int_equal(comes("p1", "cons", NULL), OK); /* what it gave once goes on */
    assert_string_equal(roles_of("p1"), "consultant@centre* registrar@hospital");
    assert_int_equal(rows_of("p1"), 3);
}

static void without_any_role_nobody_is_let_in(void **state)
{
    struct session s = {.half = false};
    struct req rq;
    const struct who *w = NULL;
    (void)state;
    set_map(FILE_OF_ROLES);
    somebody("p2", NULL);
    assert_int_equal(comes("p2", "unknown", NULL), E_GONE);
    assert_int_equal(comes("p2", NULL, NULL), E_GONE);
    assert_string_equal(roles_of("p2"), "");
    assert_int_equal(comes("p2", "nurses", &s), OK);
    as(&rq, NULL);
    MUST(&rq, who_by_session(&rq, str_z(s.token), &w));
    assert_true(w->role_chosen && w->n_roles == 1); /* of one */
    req_done(&rq);
    assert_int_equal(comes("p2", "", NULL), E_GONE); /* not let in, and out */
    assert_string_equal(roles_of("p2"), "");
    assert_int_equal(on_record(ENDED, "p2"), 1);
    as(&rq, NULL);
    assert_int_equal(who_by_session(&rq, str_z(s.token), &w), E_SIGN_IN);
    req_done(&rq);
    assert_int_equal(comes("nobody-here", "nurses", NULL), E_SIGN_IN);
}

static bool is_told(void)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct req rq;
    as(&rq, NULL);
    MUST(&rq, DB_ONE(&rq, &q, Q_SETTING, sql_text(S(PROVIDER_SILENT_KEY))));
    bool told = db_peek(&q, 0).n > 1;
    db_rows_done(&q);
    req_done(&rq);
    return told;
}

static void without_the_claim_all_stays_and_is_told(void **state)
{
    (void)state;
    set_map(FILE_OF_ROLES);
    somebody("p3", "doctor");
    assert_int_equal(comes("p3", "nurses", NULL), OK);
    assert_int_equal(comes("p3", NULL, NULL), OK);
    assert_true(is_told());
    assert_string_equal(roles_of("p3"), "doctor@hospital nurse@hospital*");
    assert_int_equal(comes("p3", "nurses", NULL), OK);
    assert_false(is_told());
}

static void who_administers_by_a_mark_owes_the_second_step(void **state)
{
    struct session s;
    struct req rq;
    const struct who *w = NULL;
    (void)state;
    set_map(FILE_OF_ROLES);
    somebody("p4", NULL);
    region.care.factor_by_role = true;
    assert_int_equal(comes("p4", "root", &s), OK);
    as(&rq, NULL);
    MUST(&rq, who_by_session(&rq, str_z(s.token), &w));
    assert_true(w->owes_factor && who_may(w, MAY_AUDIT));
    req_done(&rq);
    region.care.factor_by_role = false;
}

static void a_file_that_changes_moves_roles(void **state)
{
    (void)state;
    set_map(FILE_OF_ROLES);
    somebody("p5", NULL);
    assert_int_equal(comes("p5", "cons", NULL), OK);
    set_map("cons = consultant @ national [nneuro]\n");
    assert_int_equal(comes("p5", "cons", NULL), OK);
    assert_string_equal(roles_of("p5"), "consultant@national*");
    set_map("cons = nurse @ gone\n"); /* an organisation that is no more gives nothing */
    assert_int_equal(comes("p5", "cons", NULL), E_GONE);
    assert_string_equal(roles_of("p5"), "");
}

/* ---- at the same moment ---- */

/* The roles of a sign-in, written but not yet committed. */
static struct tx *on_the_way(struct req *rq, const char *person, const char *values)
{
    const struct who *who = person_who(rq, person);
    struct who *after = NULL;
    struct str role;
    struct tx *tx = tx_new(rq);
    struct provider_person p = token_of(rq, person, values);
    rq->who = who;
    MUST(rq, provider_roles_put(rq, tx, &p, &after, &role));
    return tx;
}

static void of_two_at_once_one_goes_again(void **state)
{
    struct req rq;
    (void)state;
    set_map(FILE_OF_ROLES);
    somebody("p6", "doctor");
    as(&rq, NULL);
    struct tx *tx = on_the_way(&rq, "p6", "nurses");
    assert_int_equal(comes("p6", "nurses", NULL), OK);
    assert_int_equal(commit_end(&rq, tx), E_STALE);
    assert_string_equal(roles_of("p6"), "doctor@hospital nurse@hospital*");
    assert_int_equal(rows_of("p6"), 2);
}

static void an_administrator_at_the_same_moment_counts(void **state)
{
    struct req rq;
    struct req other;
    struct str id = {0};
    (void)state;
    set_map(FILE_OF_ROLES);
    somebody("p7", "doctor");
    as(&rq, NULL);
    struct tx *tx = on_the_way(&rq, "p7", "nurses");
    as(&other, NULL);
    struct tx *by_hand = tx_new(&other);
    MUST(&other, role_add(&other, by_hand, &(struct role_new){.person = S("p7"), .org = S("hospital"),
                                                              .code = S("nurse")}, &id));
    assert_int_equal(commit_end(&other, by_hand), OK);
    assert_int_equal(commit_end(&rq, tx), E_STALE);
    assert_int_equal(comes("p7", "nurses", NULL), OK);
    assert_string_equal(roles_of("p7"), "doctor@hospital nurse@hospital");
}

static void who_left_meanwhile_is_given_nothing(void **state)
{
    struct req rq;
    struct req other;
    (void)state;
    set_map(FILE_OF_ROLES);
    somebody("p8", "doctor");
    as(&rq, NULL);
    struct tx *tx = on_the_way(&rq, "p8", "nurses");
    as(&other, NULL);
    struct tx *leaves = tx_new(&other);
    MUST(&other, person_end(&other, leaves, S("p8")));
    assert_int_equal(commit_end(&other, leaves), OK);
    assert_int_equal(commit_end(&rq, tx), E_STALE);
    assert_int_equal(comes("p8", "nurses", NULL), E_SIGN_IN);
    assert_int_equal(rows_of("p8"), 1);
}

/* Another one at the same place changes nothing about what this person has. */
static void others_do_not_disturb(void **state)
{
    struct req rq;
    (void)state;
    set_map(FILE_OF_ROLES);
    somebody("p9", "doctor");
    somebody("p10", "doctor");
    as(&rq, NULL);
    struct tx *tx = on_the_way(&rq, "p9", "nurses");
    assert_int_equal(comes("p10", "nurses", NULL), OK);
    assert_int_equal(commit_end(&rq, tx), OK);
}

static int setup(void **state)
{
    int e = region_setup(state);
    region.care.factor_by_role = false;
    region.care.provider = (struct provider_settings){
        .issuer = S("https://id.example"), .client_id = S("us"), .client_secret = S("secret"),
        .scope = S("openid"), .claim = S("preferred_username"), .roles_claim = S("roles"),
    };
    as(&file_rq, NULL);
    set_map(FILE_OF_ROLES);
    return e;
}

static int teardown(void **state)
{
    req_done(&file_rq);
    return region_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_says_where_it_is_wrong),
        cmocka_unit_test(a_file_has_limits),
        cmocka_unit_test(a_good_file_is_read_as_it_stands),
        cmocka_unit_test(a_claim_is_texts_or_nothing),
        cmocka_unit_test(a_claim_has_a_limit),
        cmocka_unit_test(it_gives_and_takes_its_own_alone),
        cmocka_unit_test(without_any_role_nobody_is_let_in),
        cmocka_unit_test(without_the_claim_all_stays_and_is_told),
        cmocka_unit_test(who_administers_by_a_mark_owes_the_second_step),
        cmocka_unit_test(a_file_that_changes_moves_roles),
        cmocka_unit_test(of_two_at_once_one_goes_again),
        cmocka_unit_test(an_administrator_at_the_same_moment_counts),
        cmocka_unit_test(who_left_meanwhile_is_given_nothing),
        cmocka_unit_test(others_do_not_disturb),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
