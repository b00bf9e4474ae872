/* work/herald_test.c - subscriptions: which versions are events of whom, what is sent, what comes of a
 * receiver that fails. */
#include <stdio.h>

#include "care/care_fixture.h"
#include "fhir/erase.h"
#include "fhir/meets.h"
#include "fhir/prepare.h"
#include "work/herald.h"

#define TOPIC(name) "https://consilium.example/fhir/SubscriptionTopic/" name
#define FILTER(text)                                                                              \
    "\"_criteria\":{\"extension\":[{\"url\":\"" SUB_EXT "backport-filter-criteria\","             \
    "\"valueString\":\"" text "\"}]},"
#define CONTENT(code)                                                                             \
    ",\"_payload\":{\"extension\":[{\"url\":\"" SUB_EXT "backport-payload-content\","             \
    "\"valueCode\":\"" code "\"}]}"
#define SUB(topic, filter, more)                                                                  \
    S("{\"resourceType\":\"Subscription\",\"status\":\"active\",\"reason\":\"r\",\"criteria\":\"" \
      TOPIC(topic) "\"," filter "\"channel\":{\"type\":\"rest-hook\",\"endpoint\":"               \
      "\"https://his.example/hook\",\"payload\":\"application/fhir+json\"" more "}}")

static struct req keep;
static struct who robot;
static unsigned answer = 200; /* of the receiver; 0: none */
static char last_body[65536];
static unsigned posts;

static enum err fake_post(struct req *rq, const struct care *care, const struct sub_want *want,
                          struct str body, unsigned *ret_status)
{
    (void)care;
    assert_true(str_eq(want->endpoint, S("https://his.example/hook")));
    assert_true(body.n < sizeof last_body);
    memcpy(last_body, body.p, body.n);
    last_body[body.n] = 0;
    posts++;
    *ret_status = answer;
    return answer != 0 ? OK : FAIL(rq, E_IO, "call: 7");
}

static int setup(void **state)
{
    struct req rq;
    region_setup(state);
    region.care.hooks.hosts = S("his.example, lab.example:8443");
    region.care.hooks.full = true;
    as(&keep, NULL);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, account_add(&rq, tx, S("robot"), S("robot"), S("x"), false));
    MUST(&rq, account_add(&rq, tx, S("asker"), S("asker"), S("x"), false));
    assert_int_equal(commit_end(&rq, tx), OK);
    robot = who_system;
    robot.audit = (struct audit_who){S("robot"), S("robot"), S("interface"), S("")};
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

/* Writes a Subscription as who. */
static enum err subscribe(const struct who *who, struct str id, struct str json)
{
    struct req rq;
    struct json_doc doc;
    struct jv root;
    struct tx_put put;
    as(&rq, who);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, json_parse(&rq, json, NULL, &doc));
    enum err e = sub_write(&rq, tx, json_root(&doc), id, &root);
    if (e != OK) {
        req_done(&rq);
        return e;
    }
    MUST(&rq, fhir_prepare(&rq, root, &(struct fhir_how){.id = id, .expect = TX_ANY}, &put));
    MUST(&rq, tx_put(tx, &put));
    return commit_end(&rq, tx);
}

static void end(struct str id)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, sub_delete(tx, id));
    MUST(&rq, tx_delete(tx, T_SUBSCRIPTION, id, TX_ANY));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void put(struct str json)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, fhir_put(&rq, tx, json, TX_ANY));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void removed(enum fhir_type type, struct str id)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, tx_delete(tx, (uint16_t)type, id, TX_ANY));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* Looks at all there is; how many events came of it. */
static uint32_t scan(void)
{
    uint32_t seen = 1;
    uint32_t events = 0;
    uint32_t all = 0;
    while (seen > 0) {
        seen = 0;
        events = 0;
        assert_int_equal(herald_scan(&region.care, region.db, region.now, &seen, &events), OK);
        all += events;
    }
    return all;
}

static bool send(struct str id)
{
    bool sent = false;
    assert_int_equal(herald_send(&region.care, region.db, region.now, S("https://me.example/fhir"),
                                 id, fake_post, &sent),
                     OK);
    return sent;
}

static struct sub_row row_now(struct str id)
{
    struct sub_row row;
    MUST(&keep, sub_find(&keep, id, &row));
    return row;
}

static bool says(const char *text)
{
    return strstr(last_body, text) != NULL;
}

static void topics_can_be_asked(void **state)
{
    struct req rq;
    (void)state;
    as(&rq, NULL);
    assert_true(region.content->n_topics > 3);
    for (uint32_t i = 0; i < region.content->n_topics; i++) {
        const struct topic *t = &region.content->topics[i];
        for (uint32_t k = 0; k < t->n_triggers; k++) {
            struct fhir_query *q;
            const struct topic_trigger *g = &t->triggers[k];
            if (g->current.n > 0) {
                MUST(&rq, fhir_plain_query(&rq, g->type, g->current, &q));
            }
            if (g->previous.n > 0) {
                MUST(&rq, fhir_plain_query(&rq, g->type, g->previous, &q));
            }
        }
        for (uint32_t k = 0; k < t->n_filters; k++) {
            assert_true(topic_has_type(t, t->filters[k].type));
            assert_non_null(fhir_param_find(t->filters[k].type, t->filters[k].name));
        }
    }
    req_done(&rq);
}

static void only_allowed_hosts_are_called(void **state)
{
    struct hook_policy p = {.hosts = S("his.example, lab.example:8443,")};
    (void)state;
    assert_true(sub_host_may(&p, S("https://his.example/hook")));
    assert_true(sub_host_may(&p, S("https://HIS.example:443/hook?x=1")));
    assert_true(sub_host_may(&p, S("https://lab.example:8443")));
    assert_false(sub_host_may(&p, S("https://lab.example/")));
    assert_false(sub_host_may(&p, S("http://his.example/")));
    assert_false(sub_host_may(&p, S("https://his.example.evil/")));
    assert_false(sub_host_may(&p, S("https://his.example@evil/")));
    assert_false(sub_host_may(&p, S("https://evil/his.example")));
    assert_false(sub_host_may(&p, S("ftp://his.example/")));
    assert_false(sub_host_may(&p, S("file:///etc/passwd")));
    assert_false(sub_host_may(&p, S("")));
    p.plain = true;
    assert_false(sub_host_may(&p, S("http://his.example:8080/")));
    assert_true(sub_host_may(&p, S("http://his.example/")));
    p.hosts = S("");
    assert_false(sub_host_may(&p, S("https://his.example/hook")));
}

static void what_is_not_offered_is_refused(void **state)
{
    (void)state;
    assert_int_equal(subscribe(&robot, S("no"), SUB("nothing", "", "")), E_UNPROCESSED);
    assert_int_equal(subscribe(&robot, S("no"), SUB("message-sent", FILTER("Communication?sent=2020"), "")),
                     E_UNPROCESSED);
    assert_int_equal(subscribe(&robot, S("no"), SUB("message-sent", FILTER("Communication"), "")),
                     E_UNPROCESSED);
    assert_int_equal(subscribe(&robot, S("no"),
                               SUB("message-sent", "", ",\"header\":[\"Content-Length: 3\"]")),
                     E_UNPROCESSED);
    assert_int_equal(subscribe(&robot, S("no"),
                               SUB("message-sent", "", ",\"header\":[\"A: b\\r\\nC: d\"]")),
                     E_UNPROCESSED);
    region.care.hooks.full = false;
    assert_int_equal(subscribe(&robot, S("no"), SUB("message-sent", "", CONTENT("full-resource"))),
                     E_UNPROCESSED);
    region.care.hooks.full = true;
    region.care.hooks.most = 0;
    assert_int_equal(subscribe(&robot, S("no"), SUB("message-sent", "", "")), E_CONFLICT);
    region.care.hooks.most = 50;
    struct who stranger = robot;
    stranger.audit.login = S("stranger");
    assert_int_equal(subscribe(&stranger, S("no"), SUB("message-sent", "", "")), E_FORBIDDEN);
}

static void before_and_after_decide(void **state)
{
    (void)state;
    static const char report[] = "{\"resourceType\":\"DiagnosticReport\",\"id\":\"%s\",\"status\":"
                                 "\"%s\",\"code\":{\"text\":\"x\"}}";
    static const struct {
        const char *id;
        const char *status;
        uint32_t events;
    } steps[] = {
        {"r1", "preliminary", 0}, {"r1", "final", 1}, {"r1", "final", 0},
        {"r1", "amended", 0},     {"r1", "final", 1}, {"r2", "final", 1},
    };
    assert_int_equal(subscribe(&robot, S("final"), SUB("report-final", "", "")), OK);
    for (size_t i = 0; i < LEN(steps); i++) {
        char text[200];
        int n = snprintf(text, sizeof text, report, steps[i].id, steps[i].status);
        put((struct str){text, (size_t)n});
        assert_int_equal(scan(), steps[i].events);
    }
    assert_int_equal(row_now(S("final")).events, 3);
    removed(T_DIAGNOSTIC_REPORT, S("r2"));
    assert_int_equal(scan(), 0);
    end(S("final"));
}

static void fhirpath_sees_both_versions(void **state)
{
    (void)state;
    assert_int_equal(subscribe(&robot, S("ended"), SUB("case-ended", "", "")), OK);
    put(S("{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"requested\",\"intent\":\"order\"}"));
    assert_int_equal(scan(), 0);
    put(S("{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"completed\",\"intent\":\"order\"}"));
    assert_int_equal(scan(), 1);
    put(S("{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"completed\",\"intent\":\"plan\"}"));
    assert_int_equal(scan(), 0);
    end(S("ended"));
}

static void filters_are_all_met(void **state)
{
    (void)state;
    static const struct str body[] = {
        SI("{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"final\",\"code\":{\"coding\":"
           "[{\"system\":\"http://loinc.org\",\"code\":\"8867-4\"}]}}"),
        SI("{\"resourceType\":\"Observation\",\"id\":\"o2\",\"status\":\"final\",\"code\":{\"coding\":"
           "[{\"system\":\"http://loinc.org\",\"code\":\"1-8\"}]}}"),
        SI("{\"resourceType\":\"Observation\",\"id\":\"o3\",\"status\":\"preliminary\",\"code\":"
           "{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"8867-4\"}]}}"),
    };
    assert_int_equal(subscribe(&robot, S("pulse"),
                               SUB("result-changed",
                                   FILTER("Observation?code=http://loinc.org|8867-4&status=final"),
                                   "")),
                     OK);
    for (size_t i = 0; i < LEN(body); i++) {
        put(body[i]);
    }
    assert_int_equal(scan(), 1);
    removed(T_OBSERVATION, S("o1")); /* what it was decides */
    removed(T_OBSERVATION, S("o2"));
    assert_int_equal(scan(), 1);
    end(S("pulse"));
}

static void only_what_the_owner_may_see(void **state)
{
    (void)state;
    const struct who *asker = person_who(&keep, "asker");
    struct str patient = a_patient(&keep);
    assert_int_equal(subscribe(asker, S("own"), SUB("result-changed", "", CONTENT("id-only"))), OK);
    assert_true(send(S("own"))); /* the handshake */
    put(S("{\"resourceType\":\"Observation\",\"id\":\"others\",\"status\":\"final\","
          "\"code\":{\"text\":\"x\"}}"));
    assert_int_equal(scan(), 0);
    char text[300];
    int n = snprintf(text, sizeof text,
                     "{\"resourceType\":\"Observation\",\"id\":\"theirs\",\"status\":\"final\","
                     "\"code\":{\"text\":\"x\"},\"subject\":{\"reference\":\"Patient/%.*s\"}}",
                     STR_ARG(patient));
    put((struct str){text, (size_t)n});
    assert_int_equal(scan(), 1);
    put(S("{\"resourceType\":\"Observation\",\"id\":\"theirs\",\"status\":\"amended\","
          "\"code\":{\"text\":\"x\"}}")); /* about nobody now: not theirs any more */
    assert_int_equal(scan(), 0);
    assert_true(send(S("own")));
    assert_true(says("\"eventNumber\",\"valueString\":\"1\""));
    assert_false(says("Observation/theirs")); /* may not be seen when it is sent */
    end(S("own"));
}

static void what_was_erased_is_a_number_alone(void **state)
{
    (void)state;
    struct req rq;
    struct res_row row;
    const struct erase_what *what = NULL;
    assert_int_equal(subscribe(&robot, S("wiped"), SUB("patient-changed", "", CONTENT("full-resource"))), OK);
    assert_true(send(S("wiped"))); /* the handshake */
    put(S("{\"resourceType\":\"Patient\",\"id\":\"goes\",\"name\":[{\"family\":\"Zhumagalieva\"}]}"));
    put(S("{\"resourceType\":\"Patient\",\"id\":\"stays\"}"));
    assert_int_equal(scan(), 2);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, db_head(&rq, T_PATIENT, S("goes"), &row));
    MUST(&rq, fhir_erase(&rq, tx, row.rid, WHY_ADMIN, S("order 1"), &what));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_true(send(S("wiped")));
    assert_true(says("\"eventNumber\",\"valueString\":\"1\""));
    assert_true(says("\"eventNumber\",\"valueString\":\"2\""));
    assert_true(says("Patient/stays"));
    assert_false(says("Patient/goes") || says("Zhumagalieva"));
    assert_int_equal(scan(), 0);
    end(S("wiped"));
}

static void a_receiver_that_fails_is_tried_again(void **state)
{
    (void)state;
    struct sub_row row;
    assert_int_equal(subscribe(&robot, S("shaky"), SUB("patient-changed", "", CONTENT("id-only"))), OK);
    assert_int_equal(row_now(S("shaky")).state, SUB_REQUESTED);
    answer = 500;
    assert_false(send(S("shaky")));
    row = row_now(S("shaky"));
    assert_int_equal(row.state, SUB_ERROR);
    assert_int_equal(row.fails, 1);
    unsigned before = posts;
    assert_false(send(S("shaky"))); /* not yet */
    assert_int_equal(posts, before);
    answer = 204;
    region.now.ms += 2 * MS_SECOND;
    assert_true(send(S("shaky")));
    assert_true(says("\"handshake\""));
    assert_int_equal(row_now(S("shaky")).state, SUB_ACTIVE);
    put(S("{\"resourceType\":\"Patient\",\"id\":\"p1\"}"));
    put(S("{\"resourceType\":\"Patient\",\"id\":\"p2\"}"));
    assert_int_equal(scan(), 2);
    assert_int_equal(scan(), 0);
    answer = 0;
    for (int i = 0; i < 20; i++) {
        assert_false(send(S("shaky")));
        row = row_now(S("shaky"));
        assert_in_range(row.retry_ms - region.now.ms, 1, MS_HOUR + MS_SECOND);
        assert_int_equal(row.told, 2); /* on record once */
        region.now.ms = row.retry_ms;
    }
    assert_int_equal(row.fails, 20);
    assert_int_equal(row.sent, 0);
    answer = 200;
    assert_true(send(S("shaky")));
    assert_true(says("https://me.example/fhir/Patient/p1") && says("https://me.example/fhir/Patient/p2"));
    row = row_now(S("shaky"));
    assert_int_equal(row.sent, 2);
    assert_int_equal(row.state, SUB_ACTIVE);
    assert_false(send(S("shaky"))); /* nothing more to say */
    end(S("shaky"));
}

static void an_owner_that_went_has_none(void **state)
{
    struct account acc;
    struct req rq;
    (void)state;
    assert_int_equal(subscribe(&robot, S("orphan"), SUB("patient-changed", "", "")), OK);
    as(&rq, NULL);
    MUST(&rq, account_by_login(&rq, S("robot"), &acc));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, account_close(&rq, tx, &acc));
    assert_int_equal(commit_end(&rq, tx), OK);
    put(S("{\"resourceType\":\"Patient\",\"id\":\"p3\"}"));
    assert_int_equal(scan(), 0);
    assert_int_equal(row_now(S("orphan")).state, SUB_OFF);
    as(&rq, NULL);
    struct res_row res;
    MUST(&rq, db_read(&rq, T_SUBSCRIPTION, S("orphan"), &res));
    assert_true(str_find(res.body, S("\"status\":\"off\"")) < res.body.n);
    req_done(&rq);
    unsigned before = posts;
    assert_false(send(S("orphan")));
    assert_int_equal(posts, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_can_be_asked),
        cmocka_unit_test(only_allowed_hosts_are_called),
        cmocka_unit_test(what_is_not_offered_is_refused),
        cmocka_unit_test(before_and_after_decide),
        cmocka_unit_test(fhirpath_sees_both_versions),
        cmocka_unit_test(filters_are_all_met),
        cmocka_unit_test(only_what_the_owner_may_see),
        cmocka_unit_test(what_was_erased_is_a_number_alone),
        cmocka_unit_test(a_receiver_that_fails_is_tried_again),
        cmocka_unit_test(an_owner_that_went_has_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
