/* care/care_fixture.h - a small made-up region for tests: a temporary data folder with a regional centre,
 * a hospital, a station, two services, and people in every role. Include from *_test.c only. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/must_testing.h"
#include "care/account.h"
#include "care/consult.h"
#include "care/consultation.h"
#include "care/content.h"
#include "care/directory_write.h"
#include "care/notice.h"
#include "care/put.h"
#include "care/signal.h"
#include "fhir/issue.h"
#include "os/clock.h"

struct region {
    char dir[64];
    struct care care;
    struct store *store;
    struct db *db;
    struct content *content;
    struct instant now; /* tests move it */
    bool shut;          /* by region_close(), and not open again */
};

static struct region region;

/* A request of a person in a role; who NULL: the system. End with req_done. */
static inline void as(struct req *rq, const struct who *who)
{
    if (region.shut) { /* a test closed it and could not open it again: none of the others can run */
        _Exit(255);
    }
    req_init(rq, 32 << 20, region.now);
    rq->app = (struct app *)&region.care;
    rq->db = region.db;
    rq->who = who != NULL ? who : &who_system;
    rq->lang = LANG_EN;
}

/* The person acting in their i-th role, built from the directory. Lives in keep's arena. */
static inline const struct who *person_who(struct req *keep, const char *id)
{
    const struct directory *d = NULL;
    struct who *w = ARENA_NEW(keep->a, struct who);

    MUST(keep, directory_get(keep, &d));
    const struct dir_person *p = dir_person(d, str_z(id));
    assert_non_null(p);
    w->person = p->id;
    w->name = p->name;
    w->roles = p->roles;
    w->n_roles = p->n_roles;
    w->principals = p->principals;
    w->n_principals = p->n_principals;
    w->rights = p->n_roles > 0 ? p->roles[0].rights : 0;
    w->audit.actor = p->id;
    w->audit.login = p->id;
    w->audit.role = p->n_roles > 0 ? p->roles[0].code : S("");
    w->audit.org = p->n_roles > 0 ? p->roles[0].org : S("");
    return w;
}

static inline void committed(const struct store_event *events, size_t n, void *ctx)
{
    const struct care *care = ctx;
    directory_committed(ctx, events, n);
    signals_committed(care->signals, events, n);
}

static inline void add_people(struct req *rq, struct tx *tx)
{
    static const struct {
        struct str id, family, org, role, service;
    } people[] = {
        {SI("asker"), SI("Asker"), SI("hospital"), SI("doctor"), SI("")},
        {SI("asker2"), SI("Colleague"), SI("hospital"), SI("doctor"), SI("")},
        {SI("feldsher"), SI("Feldsher"), SI("station"), SI("feldsher"), SI("")},
        {SI("coord"), SI("Coordinator"), SI("centre"), SI("coordinator"), SI("")},
        {SI("ncoord"), SI("National"), SI("national"), SI("coordinator"), SI("")},
        {SI("cons1"), SI("Consultant"), SI("centre"), SI("consultant"), SI("neuro")},
        {SI("cons2"), SI("Consultant"), SI("centre"), SI("consultant"), SI("neuro")},
        {SI("ncons"), SI("National"), SI("national"), SI("consultant"), SI("nneuro")},
        {SI("head"), SI("Head"), SI("centre"), SI("head"), SI("")},
        {SI("outsider"), SI("Outsider"), SI("other"), SI("doctor"), SI("")},
        {SI("auditor"), SI("Auditor"), SI("centre"), SI("auditor"), SI("")},
    };
    for (size_t i = 0; i < LEN(people); i++) {
        struct str id = {0};
        MUST(rq, person_add(rq, tx,
                            &(struct person_new){.id = people[i].id, .family = people[i].family,
                                                 .given = people[i].id},
                            &id));
        MUST(rq, role_add(rq, tx,
                          &(struct role_new){.person = people[i].id, .org = people[i].org,
                                             .code = people[i].role, .services = &people[i].service,
                                             .n_services = people[i].service.n > 0},
                          &id));
    }
}

/* The folder region.dir, as a program that starts opens it. */
static inline void region_open(void)
{
    struct req rq;
    region.now = os_now();
    care_init(&region.care);
    region.care.password_ops = 1;
    region.care.password_mem = 8 << 20;
    req_init(&rq, 32 << 20, region.now);
    rq.app = (struct app *)&region.care;
    MUST(&rq, content_load(&rq, S("content"), &region.content));
    MUST(&rq, store_open(&rq, str_z(region.dir), NULL, &region.store));
    region.care.content = region.content;
    region.care.store = region.store;
    region.care.policy = content_policy(region.content, S("kz"));
    directory_init(&region.care);
    store_on_commit(region.store, committed, &region.care);
    region.db = store_db_open(region.store);
    assert_non_null(region.db);
    region.shut = false;
    req_done(&rq);
}

/* As the program ends: region_open() begins it again. */
static inline void region_close(void)
{
    store_db_close(region.db);
    region.db = NULL;
    region.shut = true;
    directory_done(&region.care);
    store_close(region.store);
    content_free(region.content);
}

static inline int region_setup(void **state)
{
    struct req rq;
    struct str id = {0};
    struct str neuro = S("neurology");

    (void)state;
    memcpy(region.dir, "/tmp/care-test-XXXXXX", sizeof "/tmp/care-test-XXXXXX");
    assert_non_null(mkdtemp(region.dir));
    region_open();
    req_init(&rq, 32 << 20, region.now);
    rq.app = (struct app *)&region.care;
    rq.db = region.db;
    rq.who = &who_system;
    struct tx *tx = tx_new(&rq);
    static const struct {
        struct str id, parent;
        enum org_kind kind;
    } orgs[] = {{SI("national"), SI(""), ORG_NATIONAL},
                {SI("centre"), SI("national"), ORG_CENTRE},
                {SI("hospital"), SI("centre"), ORG_HOSPITAL},
                {SI("station"), SI("hospital"), ORG_STATION},
                {SI("other"), SI("centre"), ORG_HOSPITAL}};
    for (size_t i = 0; i < LEN(orgs); i++) {
        MUST(&rq, org_add(&rq, tx,
                          &(struct org_new){.id = orgs[i].id, .name = orgs[i].id,
                                            .parent = orgs[i].parent, .kind = orgs[i].kind},
                          &id));
    }
    MUST(&rq, service_add(&rq, tx,
                          &(struct service_new){.id = S("neuro"), .name = S("Neurology"),
                                                .org = S("centre"), .profiles = &neuro,
                                                .n_profiles = 1},
                          &id));
    MUST(&rq, service_add(&rq, tx,
                          &(struct service_new){.id = S("nneuro"), .name = S("National neurology"),
                                                .org = S("national"), .profiles = &neuro,
                                                .n_profiles = 1},
                          &id));
    add_people(&rq, tx);
    MUST(&rq, duty_add(&rq, tx, S("neuro"), S("cons1"), (struct instant){region.now.ms - MS_HOUR},
                       (struct instant){region.now.ms + 12 * MS_HOUR}));
    MUST(&rq, store_commit(region.store, &rq, tx));
    req_done(&rq);
    return 0;
}

static inline int region_teardown(void **state)
{
    char cmd[96] = "rm -rf ";

    (void)state;
    if (region.db != NULL) { /* else the setup failed on its way, and the process ends */
        region_close();
    }
    strcat(cmd, region.dir);
    return system(cmd);
}

/* Commits and ends the request. */
static inline enum err commit_end(struct req *rq, struct tx *tx)
{
    enum err e = store_commit(region.store, rq, tx);
    req_done(rq);
    return e;
}

/* Commits what went well and ends the request; with CARE_TEST_TALK in the environment it says what a
 * refusal said. */
static inline enum err end_with(struct req *rq, struct tx *tx, enum err e)
{
    if (e == OK) {
        return commit_end(rq, tx);
    }
    if (getenv("CARE_TEST_TALK") != NULL) {
        print_message("%s at %s:%d: %s\n", err_name(e), rq->err.file, rq->err.line, rq->err.detail);
        for (uint32_t i = 0; i < fhir_issues(rq)->n; i++) {
            print_message("  %.*s: %s %.*s\n", STR_ARG(fhir_issues(rq)->items[i].expression),
                          fhir_issues(rq)->items[i].text, STR_ARG(fhir_issues(rq)->items[i].subject));
        }
    }
    req_done(rq);
    return e;
}

/* A patient of the hospital, registered once; his id. */
static inline struct str a_patient(struct req *keep)
{
    static char id[64];
    struct req rq;
    struct problems p = {.n = 0};
    struct str got = {0};
    const struct field typed[] = {
        {SI("family"), SI("Ахметова")}, {SI("given"), SI("Айгүл")},
        {SI("birth-date"), SI("1972-05-04")}, {SI("sex"), SI("female")},
    };

    if (id[0] == '\0') {
        as(&rq, person_who(keep, "asker"));
        struct tx *tx = tx_new(&rq);
        MUST(&rq, patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &got));
        memcpy(id, got.p, got.n);
        assert_int_equal(commit_end(&rq, tx), OK);
    }
    return str_z(id);
}

static inline struct fields a_request(struct req *keep)
{
    static struct field typed[] = {
        {SI("patient"), SI("")},
        {SI("profile"), SI("neurology")},
        {SI("urgency"), SI("urgent")},
        {SI("question"), SI("Is thrombolysis indicated?")},
        {SI("service"), SI("neuro")},
        {SI("contact"), SI("+7 700 000 00 00")},
        {SI("diagnosis"), SI("I63.9 Cerebral infarction")},
        {SI("co-diagnosis"), SI("I10 Hypertension")},
        {SI("consent"), SI("written")},
        {SI("complaints"), SI("Weakness of the right arm")},
        {SI("history"), SI("Sudden onset this morning")},
        {SI("status"), SI("Right hemiparesis")},
        {SI("vitals.heart-rate"), SI("88")},
        {SI("vitals.systolic"), SI("180")},
        {SI("vitals.diastolic"), SI("100")},
        {SI("vitals.temperature"), SI("36.6")},
        {SI("allergies.known"), SI("allergy-yes")},
        {SI("allergies.text"), SI("Penicillin")},
    };

    typed[0].value = a_patient(keep);
    return (struct fields){typed, LEN(typed)};
}

/* A submitted case; its id lives in keep. */
static inline struct str a_case(struct req *keep)
{
    struct req rq;
    struct problems p = {.n = 0};
    bool already = true;
    struct fields f = a_request(keep);
    struct str id = put_new_id(keep);

    as(&rq, person_who(keep, "asker"));
    struct tx *tx = tx_new(&rq);
    enum err e = consult_submit(&rq, tx, id, &f, &p, &already);
    for (uint32_t i = 0; i < p.n; i++) {
        print_message("%.*s: %s\n", STR_ARG(p.v[i].field), p.v[i].text);
    }
    MUST(&rq, e);
    assert_false(already);
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

/* A new case of any workflow, begun by a person with the workflow's first move; its id lives in keep. */
static inline struct str a_case_in(struct req *keep, const struct care_flow *flow,
                                   const char *person)
{
    struct req rq;
    struct put p;
    struct str id = put_new_id(keep);
    const struct care_move *first = flow->moves;

    while (!(flow->states[first->from].flags & STATE_BEGIN)) {
        first++;
    }
    as(&rq, person_who(keep, person));
    struct tx *tx = tx_new(&rq);
    struct case_row row = {.id = id, .profile = S("neurology"), .mode = S("deferred"), .urgency = 1,
                           .patient = a_patient(keep), .asker = rq.who->person,
                           .asker_org = rq.who->audit.org};
    put_begin(&p, &rq, tx, T_SERVICE_REQUEST, id, 4096);
    p.case_id = id;
    p.patient = row.patient;
    json_ks(&p.o, S("status"), S("active"));
    json_ks(&p.o, S("intent"), S("order"));
    put_ref(&p.o, S("subject"), T_PATIENT, row.patient);
    MUST(&rq, put_end(&p));
    MUST(&rq, care_begin(&rq, tx, flow, str_z(first->action), &row,
                         &(struct care_move_args){.service = S("neuro"), .reason = S("because")}));
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

/* How often an action stands in the history of a case. */
static inline unsigned steps_of(struct str id, const char *action)
{
    struct req rq;
    struct case_view v;
    unsigned n = 0;

    as(&rq, NULL);
    MUST(&rq, consult_view(&rq, id, &v));
    for (uint32_t i = 0; i < v.n_events; i++) {
        n += str_eq(v.events[i].action, str_z(action));
    }
    req_done(&rq);
    return n;
}

/* One move by a person; what came of it. */
static inline enum err a_move(struct req *keep, const char *person, struct str id,
                              const char *action, const struct care_move_args *args)
{
    static const struct care_move_args none = {.expect = 0};
    struct req rq;

    as(&rq, person != NULL ? person_who(keep, person) : &who_clock);
    struct tx *tx = tx_new(&rq);
    struct case_row row;
    MUST(&rq, case_row_load(&rq, id, &row));
    enum err e = care_move(&rq, tx, care_flow_find(row.flow), id, str_z(action),
                           args != NULL ? args : &none);
    if (e != OK) {
        (void)!store_commit_audit(region.store, &rq);
    }
    return end_with(&rq, tx, e);
}

static inline struct case_row row_of(struct req *keep, struct str id)
{
    struct case_row row;

    err_clear(keep);
    MUST(keep, case_row_load(keep, id, &row));
    return row;
}
