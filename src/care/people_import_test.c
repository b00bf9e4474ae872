/* care/people_import_test.c - organisations and people from files: what is shown is what is done,
 * once; whoever
 * imports stays within what is theirs. */
#include "care/care_fixture.h"

#include "care/directory_change.h"
#include "care/people.h"
#include "care/staff_invite.h"

static struct req keep;

static int setup(void **state)
{
    region_setup(state);
    as(&keep, NULL);
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

/* A person of the fixture who administers: the head's role replaced. */
static const struct who *administrator(struct str org)
{
    static struct role_ref role;
    static struct who w;

    role = (struct role_ref){.id = S("r"), .code = S("administrator"), .org = org, .rights = MAY_ADMIN};
    w = (struct who){.person = S("head"), .roles = &role, .n_roles = 1, .rights = MAY_ADMIN,
                     .audit = {.actor = S("head"), .login = S("head"), .role = S("administrator"),
                         .org = org}};
    return &w;
}

static void plan_as(struct req *rq, const struct who *who, const char *file, struct people_plan *ret_plan)
{
    as(rq, who);
    MUST(rq, people_plan(rq, str_z(file), ret_plan));
}

/* Plans and applies; how many lines were written. */
static uint32_t import(const struct who *who, const char *file)
{
    struct people_plan p;
    struct req rq;
    uint32_t done = 0;

    plan_as(&rq, who, file, &p);
    for (uint32_t i = 0; i < p.n_faults; i++) {
        print_message("line %u %.*s: %s %.*s\n", p.faults[i].line, STR_ARG(p.faults[i].column),
            p.faults[i].text,
                      STR_ARG(p.faults[i].what));
    }
    assert_int_equal(p.n_faults, 0);
    MUST(&rq, people_apply(&rq, &p, &done));
    req_done(&rq);
    return done;
}

static bool faulty(const struct people_plan *p, uint32_t line, const char *column, const char *begin)
{
    for (uint32_t i = 0; i < p->n_faults; i++) {
        if (p->faults[i].line == line && str_eq(p->faults[i].column, str_z(column))
            && str_starts(str_z(p->faults[i].text), str_z(begin))) {
            return true;
        }
    }
    return false;
}

static void organisations_come_with_their_tree(void **state)
{
    (void)state;
    const char *file = "\xef\xbb\xbf" "code;name;kind;parent;phone\r\n"
                       "D-1;\"Station; far\";station;H-1;+7 1\r\n" /* before its parent */
                       "H-1;Hospital one;hospital;centre;\r\n"
                       "hospital;;;;+7 700\r\n"
                       ";;;;\r\n";
    struct people_plan p;
    const struct directory *d = NULL;
    struct req rq;

    plan_as(&rq, NULL, file, &p);
    assert_int_equal(p.what, PEOPLE_ORGS);
    assert_int_equal(p.n_faults, 0);
    assert_int_equal(p.n[PEOPLE_NEW], 2);
    assert_int_equal(p.n[PEOPLE_CHANGED], 1);
    req_done(&rq);
    assert_int_equal(import(NULL, file), 3);
    as(&rq, NULL);
    MUST(&rq, directory_get(&rq, &d));
    uint32_t at = DIR_NONE;
    for (uint32_t i = 0; i < d->n_orgs; i++) {
        at = str_eq(d->orgs[i].code, S("D-1")) ? i : at;
    }
    assert_true(at != DIR_NONE && str_eq(d->orgs[at].name, S("Station; far")));
    assert_true(str_eq(d->orgs[d->orgs[at].parent].code, S("H-1")));
    assert_true(str_eq(dir_org(d, S("hospital"))->phone, S("+7 700")));
    req_done(&rq);
    assert_int_equal(import(NULL, file), 0); /* again: nothing */
}

static void wrong_organisations_are_said_by_line_and_column(void **state)
{
    (void)state;
    struct people_plan p;
    struct req rq;

    plan_as(&rq, NULL,
            "code,name,kind,parent\n"
            "X 1,Name,hospital,centre\n"      /* 2 */
            "X2,,hospital,centre\n"           /* 3 */
            "X3,Name,palace,centre\n"         /* 4 */
            "X4,Name,hospital,nowhere\n"      /* 5 */
            "X5,Name,hospital,X6\n"           /* 6 */
            "X6,Name,hospital,X5\n"           /* 7 */
            "X7,Name,hospital,centre\n"       /* 8 */
            "X7,Name,hospital,centre\n"       /* 9 */
            "X8,\"Na\"me,hospital,centre\n"   /* 10 */
            "X9,Name,station,X4\n"            /* 11 */
            "centre,,,station\n"              /* 12: below itself */
            "X10,Name,hospital,centre,,more\n", /* 13 */
            &p);
    assert_true(faulty(&p, 2, "code", "A code"));
    assert_true(faulty(&p, 3, "name", "This field is needed"));
    assert_true(faulty(&p, 4, "kind", "The kind is"));
    assert_true(faulty(&p, 5, "parent", "There is no organisation"));
    assert_true(faulty(&p, 6, "parent", "It cannot be part of itself"));
    assert_true(faulty(&p, 9, "code", "This code stands"));
    assert_true(faulty(&p, 10, "", "This line cannot be read"));
    assert_true(faulty(&p, 11, "parent", "The line of its parent"));
    assert_true(faulty(&p, 12, "parent", "It cannot be part of itself"));
    assert_true(faulty(&p, 13, "", "This line has more fields"));
    assert_int_equal(p.n[PEOPLE_NEW], 1);
    for (uint32_t i = 1; i < p.n_faults; i++) {
        assert_true(p.faults[i - 1].line <= p.faults[i].line);
    }
    req_done(&rq);
    static const struct {
        const char *file, *text;
    } heads[] = {{"", "The file is empty"},
                 {"name;kind\nx;y\n", "The first line must name"},
                 {"code;colour\nx;y\n", "There is no column"},
                 {"code;name;Code\nx;y;z\n", "This column stands here twice"},
                 {"code;name\n\xcf\xf0\xe8;x\n", "The file is not UTF-8"},
                 {"\"code;name\n", "The line of the columns cannot"}};
    for (size_t i = 0; i < LEN(heads); i++) {
        plan_as(&rq, NULL, heads[i].file, &p);
        assert_int_equal(p.n_faults, 1);
        assert_true(str_starts(str_z(p.faults[0].text), str_z(heads[i].text)));
        assert_int_equal(p.mark[0], 0);
        req_done(&rq);
    }
}

static const struct dir_person *person_of(struct req *rq, const struct directory *d, struct str login)
{
    struct account acc;
    MUST(rq, account_by_login(rq, login, &acc));
    return dir_person(d, acc.person);
}

static void people_come_with_roles_and_no_password(void **state)
{
    (void)state;
    const char *file = "login,number,family,given,middle,sex,organisation,role,services,from,until\n"
                       "aa.new,,Ospanova,Aigul,,female,centre,consultant,Neurology,,\n"
                       "bb.new,,\"Ivanov\",Petr,,male,hospital,doctor,,,2099-12-31\n"
                       "aa.new,,,,,,hospital,doctor,,,\n";
    struct people_plan p;
    struct session s;
    struct account acc;
    struct buf b;
    uint32_t n = 0;
    struct req rq;

    assert_int_equal(import(NULL, file), 3);
    assert_int_equal(import(NULL, file), 0);
    as(&rq, NULL);
    const struct directory *d = NULL;
    MUST(&rq, directory_get(&rq, &d));
    const struct dir_person *aa = person_of(&rq, d, S("aa.new"));
    assert_int_equal(aa->n_roles, 2);
    assert_true(dir_person_serves(aa, S("neuro")));
    MUST(&rq, account_by_login(&rq, S("aa.new"), &acc));
    assert_true(acc.bare && acc.state == ACCOUNT_ACTIVE);
    req_done(&rq);
    as(&rq, NULL);
    rq.who = NULL;
    assert_int_equal(sign_in(&rq, S("aa.new"), S(""), &(struct sign_in_from){{0}, {0}}, &s), E_SIGN_IN);
    req_done(&rq);
    plan_as(&rq, NULL, file, &p);
    assert_int_equal(p.n_bare, 2);
    buf_init(&b, rq.a, 10000);
    MUST(&rq, people_invite(&rq, &p, S("https://here"), &b, &n));
    assert_int_equal(n, 2);
    struct str text = buf_get(&b);
    struct str line = str_sub(text, str_find(text, S("\r\nbb.new")) + 2, text.n);
    (void)str_cut(&line, '\r', &text);
    assert_true(str_find(text, S("https://here/invite/staff/")) < text.n);
    struct str token = arena_str(keep.a, str_sub(text, text.n - STAFF_INVITE_TOKEN, STAFF_INVITE_TOKEN));
    req_done(&rq);
    as(&rq, NULL);
    rq.who = NULL;
    MUST(&rq, staff_invite_accept(&rq, token, S("correct horse battery"), &(struct sign_in_from){{0}, {0}}, &s));
    assert_true(str_eq(s.account.login, S("bb.new")));
    req_done(&rq);
    plan_as(&rq, NULL, file, &p); /* once only: one has a password, one a link that waits */
    assert_int_equal(p.n_bare, 0);
    buf_init(&b, rq.a, 10000);
    MUST(&rq, people_invite(&rq, &p, S("https://here"), &b, &n));
    assert_int_equal(n, 0);
    req_done(&rq);
}

static void what_changes_is_shown_and_done(void **state)
{
    (void)state;
    struct people_plan p;
    struct req rq;
    const char *file = "login;family;organisation;role;until\n"
                       "bb.new;Petrov;hospital;doctor;2098-12-31\n";

    plan_as(&rq, NULL, file, &p);
    struct people_line l = people_line_at(&p, 0);
    assert_int_equal(l.act, PEOPLE_CHANGED);
    assert_int_equal(l.n_changes, 2);
    assert_true(str_eq(l.changes[0].from, S("Ivanov")) && str_eq(l.changes[0].to, S("Petrov")));
    assert_true(str_eq(l.changes[1].from, S("2099-12-31")));
    char mark[65];
    memcpy(mark, p.mark, sizeof mark);
    req_done(&rq);
    plan_as(&rq, NULL, file, &p); /* the same state: the same mark */
    assert_string_equal(mark, p.mark);
    req_done(&rq);
    assert_int_equal(import(NULL, file), 1);
    plan_as(&rq, NULL, file, &p);
    assert_true(strcmp(mark, p.mark) != 0);
    assert_int_equal(p.n[PEOPLE_SAME], 1);
    req_done(&rq);
    as(&rq, NULL);
    const struct directory *d = NULL;
    MUST(&rq, directory_get(&rq, &d));
    assert_true(str_eq(person_of(&rq, d, S("bb.new"))->name, S("Petrov Petr")));
    req_done(&rq);
}

static void wrong_people_are_said_by_line_and_column(void **state)
{
    (void)state;
    struct people_plan p;
    struct req rq;

    plan_as(&rq, NULL,
            "login;number;family;given;sex;organisation;role;services;from;until\n"
            "UPPER;;F;G;;hospital;doctor;;;\n"                    /* 2 */
            "w1;123;F;G;;hospital;doctor;;;\n"                    /* 3 */
            "w2;;;G;;hospital;doctor;;;\n"                        /* 4 */
            "w3;;F;G;man;hospital;doctor;;;\n"                    /* 5 */
            "w4;;F;G;;nowhere;doctor;;;\n"                        /* 6 */
            "w5;;F;G;;hospital;king;;;\n"                         /* 7 */
            "w6;;F;G;;centre;consultant;Neurology|Magic;;\n"      /* 8 */
            "w7;;F;G;;hospital;doctor;;2026-02-30;\n"             /* 9 */
            "w8;;F;G;;hospital;doctor;;2026-02-03;2026-02-02\n"   /* 10 */
            "w9;;F;G;;hospital;doctor;;;\n"                       /* 11 */
            "w9;;Other;;;centre;doctor;;;\n"                      /* 12 */
            "w9;;;;;hospital;doctor;;;\n"                         /* 13 */
            "wa;31210632040244;F;G;;hospital;doctor;;;\n"         /* 14 */
            "wb;3121063 2040244;F;G;;hospital;doctor;;;\n"        /* 15 */
            "wb;;;;;centre;doctor;;;\n"                           /* 16 */
            "wc;;F;G;;hospital;;;;\n",                            /* 17 */
            &p);
    assert_true(faulty(&p, 2, "login", "2 to 64"));
    assert_true(faulty(&p, 3, "number", "This is no IIN"));
    assert_true(faulty(&p, 4, "family", "This field is needed"));
    assert_true(faulty(&p, 5, "sex", "Write male"));
    assert_true(faulty(&p, 6, "organisation", "There is no organisation"));
    assert_true(faulty(&p, 7, "role", "There is no role"));
    assert_true(faulty(&p, 8, "services", "The organisation has no service"));
    assert_true(faulty(&p, 9, "from", "There is no such date"));
    assert_true(faulty(&p, 10, "until", "It cannot end"));
    assert_true(faulty(&p, 12, "family", "Line {what} of the same login says"));
    assert_true(faulty(&p, 13, "role", "Line {what} gives this role"));
    assert_true(faulty(&p, 15, "number", "Line {what} has this number"));
    assert_true(faulty(&p, 16, "login", "Line {what} of the same login is wrong"));
    assert_true(faulty(&p, 17, "role", "A role needs both"));
    assert_int_equal(p.n[PEOPLE_NEW], 2); /* w9, wa */
    req_done(&rq);
}

static void nobody_imports_above_their_own(void **state)
{
    (void)state;
    struct people_plan p;
    struct req rq;

    plan_as(&rq, administrator(S("hospital")),
            "code;name;kind;parent;phone\n"
            "N1;New;station;;\n"            /* 2: below the own one */
            "N2;New;station;centre;\n"      /* 3: above */
            "other;Stolen;;;\n"             /* 4: somebody else's */
            "other;;;hospital;\n"           /* 5 */
            "station;;;other;\n"            /* 6: out of the own tree */
            "N3;New;station;hospital;\n"
            "N4;New;station;N3;\n"
            "station;;;;+7 5\n"             /* 9: twice */
            "hospital;;;other;\n",          /* 10: the own one */
            &p);
    for (uint32_t line = 3; line <= 6; line++) {
        bool found = false;
        for (uint32_t i = 0; i < p.n_faults; i++) {
            found = found || p.faults[i].line == line;
        }
        assert_true(found);
    }
    assert_true(faulty(&p, 10, "parent", "The organisation you act in is moved"));
    assert_int_equal(p.n[PEOPLE_NEW], 3);
    assert_int_equal(p.n[PEOPLE_CHANGED], 0);
    req_done(&rq);
    plan_as(&rq, administrator(S("hospital")),
            "login;family;given;organisation;role\n"
            "n1;F;G;hospital;administrator\n" /* 2 */
            "n2;F;G;hospital;auditor\n"       /* 3 */
            "n3;F;G;centre;doctor\n"          /* 4 */
            "aa.new;Renamed;;hospital;\n"     /* 5: a role needs both */
            "aa.new;Renamed;;;\n"             /* 6 */
            "n4;F;G;station;feldsher\n"
            "bb.new;Sidorov;;;\n",
            &p);
    assert_true(faulty(&p, 2, "role", "A role that administers"));
    assert_true(faulty(&p, 3, "role", "A role that administers"));
    assert_true(faulty(&p, 4, "organisation", "This organisation is not below"));
    assert_int_equal(p.n[PEOPLE_NEW], 1);
    assert_int_equal(p.n[PEOPLE_CHANGED], 1); /* bb.new works in this hospital alone */
    req_done(&rq);
    plan_as(&rq, administrator(S("hospital")), "login;family\naa.new;Renamed\n", &p);
    assert_true(faulty(&p, 2, "", "This person works elsewhere too"));
    assert_int_equal(p.n_bare, 0);
    req_done(&rq);
}

static void what_changed_meanwhile_stops_it(void **state)
{
    (void)state;
    struct people_plan p;
    struct req rq;
    struct req other;
    uint32_t done = 7;
    struct people_state st;

    plan_as(&rq, administrator(S("hospital")), "login;family\nbb.new;Sidorov\n", &p);
    assert_int_equal(p.n[PEOPLE_CHANGED], 1);
    as(&other, NULL);
    struct tx *tx = tx_new(&other);
    struct res_row row;
    struct str id = arena_str(other.a, S(""));
    struct account acc;
    MUST(&other, account_by_login(&other, S("bb.new"), &acc));
    MUST(&other, db_head(&other, T_PRACTITIONER, acc.person, &row));
    struct person_new changed = {.id = acc.person, .family = S("Kim")};
    (void)id;
    MUST(&other, person_change(&other, tx, &changed, row.version));
    assert_int_equal(commit_end(&other, tx), OK);
    assert_int_equal(people_apply(&rq, &p, &done), E_STALE);
    assert_int_equal(done, 0);
    err_clear(&rq);
    assert_int_equal(people_state(&rq, &st), E_NOT_FOUND);
    req_done(&rq);
    import(administrator(S("hospital")), "login;family\nbb.new;Sidorov\n");
    as(&rq, administrator(S("hospital")));
    MUST(&rq, people_state(&rq, &st));
    assert_int_equal(st.done, 1);
    assert_int_equal(st.of, 1);
    req_done(&rq);
}

static void twenty_thousand_broken_lines_are_counted(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct people_plan p;
    struct buf b;
    struct buf list;
    struct req rq;

    req_init(&rq, 48 << 20, region.now);
    rq.app = (struct app *)&region.care;
    rq.db = region.db;
    rq.who = &who_system;
    buf_init(&b, rq.a, 4 << 20);
    BUF_LIT(&b, "login;family\n");
    for (int i = 0; i < N; i++) {
        buf_str(&b, i % 2 ? S("\"a\"b;c\n") : S("BAD LOGIN;\n"));
    }
    MUST(&rq, people_plan(&rq, buf_get(&b), &p));
    assert_int_equal(p.n[PEOPLE_WRONG], N);
    assert_true(p.n_faults >= N && p.n_faults <= PEOPLE_FAULTS_MAX);
    buf_init(&list, rq.a, 8 << 20);
    people_faults_write(&rq, &list, &p);
    assert_true(buf_ok(&list));
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(organisations_come_with_their_tree),
        cmocka_unit_test(wrong_organisations_are_said_by_line_and_column),
        cmocka_unit_test(people_come_with_roles_and_no_password),
        cmocka_unit_test(what_changes_is_shown_and_done),
        cmocka_unit_test(wrong_people_are_said_by_line_and_column),
        cmocka_unit_test(nobody_imports_above_their_own),
        cmocka_unit_test(what_changed_meanwhile_stops_it),
        cmocka_unit_test(twenty_thousand_broken_lines_are_counted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
