/* care/dismiss_test.c - who leaves is out everywhere by one act: each thing they held is looked at. */
#include "care/client.h"
#include "care/dismiss.h"
#include "care/grant_int.h"
#include "care/room_testing.h"
#include "care/sign.h"

#define PASSWORD "a password for tests"

static struct req keep;
static struct sign_ca *ca;

static void an_account(const char *person)
{
    struct req rq;
    struct str hash = {0};
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, password_hash(&rq, S(PASSWORD), &hash));
    MUST(&rq, account_add(&rq, tx, str_z(person), str_z(person), hash, false));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static enum err ends_as(const struct who *who, const char *person)
{
    struct req rq;
    as(&rq, who);
    struct tx *tx = tx_new(&rq);
    return end_with(&rq, tx, person_end(&rq, tx, str_z(person)));
}

static enum err signs_in(const char *login, struct session *ret)
{
    struct req rq;
    as(&rq, NULL);
    rq.who = NULL;
    enum err e = sign_in(&rq, str_z(login), S(PASSWORD), &(struct sign_in_from){{0}, {0}}, ret);
    if (e != OK) {
        (void)!store_commit_audit(region.store, &rq);
    }
    req_done(&rq);
    return e;
}

static enum err opens(const struct session *s)
{
    struct req rq;
    const struct who *w = NULL;
    as(&rq, NULL);
    enum err e = who_by_session(&rq, str_z(s->token), &w);
    req_done(&rq);
    return e;
}

/* A grant to an application, an access token, a signing key. */
static void things_of(const char *person, char token[TOKEN_MAX])
{
    struct req rq;
    struct account acc;
    char secret[CLIENT_SECRET_LEN + 1];
    const struct client app = {.id = S("app"), .name = S("App"), .kind = CLIENT_PUBLIC,
                               .launch = CLIENT_STANDALONE, .redirects = S("https://app.example/back"),
                               .scopes = S("user/*.rs")};
    as(&rq, NULL);
    MUST(&rq, account_by_login(&rq, str_z(person), &acc));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, client_add(&rq, tx, &app, secret));
    MUST(&rq, TX_SQL(tx, W_GRANT_NEW, 0, sql_text(S("grant")), sql_text(S("app")), sql_i64(acc.id),
                     sql_text(S("")), sql_text(S("user/*.rs")), sql_text(S("")), sql_text(S("")),
                     sql_blob(S("")), sql_i64(rq.now.ms), sql_text(S("")), sql_text(S(""))));
    MUST(&rq, token_add(&rq, tx, &acc, S(""), S("laptop"), SCOPE_READ, (struct instant){0}, token));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, person_who(&keep, person)); /* the key is made by the first signature */
    struct sign_result signature;
    MUST(&rq, sign_document_as(&rq, MAY_ASK, S(PASSWORD), S("text"), &signature));
    req_done(&rq);
}

static bool has_key(const char *person)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    MUST(&keep, DB_QUERY(&keep, &q, Q_KEY_BY_PERSON, sql_text(str_z(person))));
    MUST(&keep, db_next(&keep, &q, &has));
    return has;
}

static bool is_revoked(const char *grant)
{
    struct grant_row g;
    MUST(&keep, grant_row_by_id(&keep, str_z(grant), &g));
    return g.revoked;
}

static void all_of_the_account_ends(void **state)
{
    (void)state;
    struct session s;
    struct req rq;
    char token[TOKEN_MAX];
    const struct who *w = NULL;
    an_account("feldsher");
    an_account("asker2");
    things_of("feldsher", token);
    assert_int_equal(signs_in("feldsher", &s), OK);
    assert_int_equal(opens(&s), OK);
    assert_true(has_key("feldsher"));
    assert_int_equal(ends_as(NULL, "feldsher"), OK);
    assert_int_equal(opens(&s), E_SIGN_IN);
    as(&rq, NULL);
    assert_int_equal(who_by_token(&rq, str_z(token), &w), E_SIGN_IN);
    req_done(&rq);
    assert_false(has_key("feldsher"));
    assert_true(is_revoked("grant"));
    assert_int_equal(signs_in("feldsher", &s), E_SIGN_IN);
    assert_int_equal(signs_in("asker2", &s), OK); /* nobody else is touched */
}

static void roles_end_with_their_period(void **state)
{
    (void)state;
    struct req rq;
    const struct directory *d = NULL;
    struct res_row row;
    struct jv v;
    as(&rq, NULL);
    MUST(&rq, directory_get(&rq, &d));
    struct str role = arena_str(keep.a, dir_person(d, S("ncons"))->roles[0].id);
    req_done(&rq);
    assert_int_equal(ends_as(NULL, "ncons"), OK);
    as(&rq, NULL);
    MUST(&rq, res_find(&rq, T_PRACTITIONER_ROLE, role, &row, &v));
    assert_true(json_has(json_path(v, S("period.end"))));
    assert_false(json_true(json_get(v, S("active"))));
    MUST(&rq, directory_get(&rq, &d));
    assert_int_equal(dir_person(d, S("ncons"))->n_roles, 0);
    req_done(&rq);
}

static void nobody_on_duty_who_left(void **state)
{
    (void)state;
    struct req rq;
    const struct directory *d = NULL;
    uint32_t people[4];
    as(&rq, NULL);
    MUST(&rq, directory_get(&rq, &d));
    uint32_t service = dir_service_at(d, S("neuro"));
    assert_int_equal(dir_on_duty(d, service, rq.now, people, LEN(people)), 1);
    assert_int_equal(d->n_duties, 1);
    req_done(&rq);
    assert_int_equal(ends_as(NULL, "cons1"), OK);
    as(&rq, NULL);
    MUST(&rq, directory_get(&rq, &d));
    assert_int_equal(dir_on_duty(d, dir_service_at(d, S("neuro")), rq.now, people, LEN(people)), 0);
    assert_int_equal(d->n_duties, 0);
    req_done(&rq);
}

static void out_of_every_meeting(void **state)
{
    (void)state;
    struct room room = a_room(&keep);
    struct room_caller c;
    struct seat seat;
    assert_int_equal(comes(&keep, "asker", room.id, &c), OK);
    assert_int_equal(comes(&keep, "asker2", room.id, &c), OK);
    assert_int_equal(signals_find(region.care.signals, &keep, room.id, S("p:asker2"), &seat), OK);
    assert_int_equal(seat.state, SEAT_IN);
    assert_int_equal(ends_as(NULL, "asker2"), OK);
    MUST(&keep, signals_find(region.care.signals, &keep, room.id, S("p:asker2"), &seat));
    assert_int_equal(seat.state, SEAT_OUT);
    MUST(&keep, signals_find(region.care.signals, &keep, room.id, S("p:asker"), &seat));
    assert_int_equal(seat.state, SEAT_IN);
    assert_int_not_equal(comes(&keep, "asker2", room.id, &c), OK);
}

/* Dismissed by a command, which knows no seats: the meeting's own job puts them out. */
static void out_by_the_clock_too(void **state)
{
    (void)state;
    struct room room = a_room(&keep);
    struct room_caller c;
    struct seat seat;
    struct buf arg;
    struct req rq;
    assert_int_equal(comes(&keep, "coord", room.id, &c), OK);
    struct signals *own = region.care.signals;
    region.care.signals = NULL;
    assert_int_equal(ends_as(NULL, "coord"), OK);
    region.care.signals = own;
    as(&rq, &who_clock);
    struct room now;
    MUST(&rq, room_load(&rq, room.id, &now));
    buf_init(&arg, rq.a, 24);
    buf_u64(&arg, now.meeting);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, room_job(&rq, tx, room.id, buf_get(&arg)));
    assert_int_equal(commit_end(&rq, tx), OK);
    MUST(&keep, signals_find(region.care.signals, &keep, room.id, S("p:coord"), &seat));
    assert_int_equal(seat.state, SEAT_OUT);
}

static void not_oneself_nor_twice(void **state)
{
    (void)state;
    assert_int_equal(ends_as(person_who(&keep, "head"), "head"), E_FORBIDDEN);
    assert_int_equal(ends_as(NULL, "nobody"), E_NOT_FOUND);
    assert_int_equal(ends_as(NULL, "outsider"), OK);
    assert_int_equal(ends_as(NULL, "outsider"), E_CONFLICT);
}

static int begin(void **state)
{
    struct req rq;
    int e = rooms_setup(state);
    as(&keep, NULL);
    as(&rq, NULL);
    MUST(&rq, sign_ca_make(&rq, str_z(region.dir), S("centre")));
    MUST(&rq, sign_ca_load(&rq, str_z(region.dir), &ca));
    region.care.ca = ca;
    req_done(&rq);
    return e;
}

static int end(void **state)
{
    req_done(&keep);
    region.care.ca = NULL;
    sign_ca_free(ca);
    return rooms_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_the_account_ends),
        cmocka_unit_test(roles_end_with_their_period),
        cmocka_unit_test(nobody_on_duty_who_left),
        cmocka_unit_test(out_by_the_clock_too),
        cmocka_unit_test(out_of_every_meeting),
        cmocka_unit_test(not_oneself_nor_twice),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
