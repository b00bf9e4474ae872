/* app/demo.h - the made-up region: a centre, hospitals, stations, people, patients and consultations in
 * every state, filled once through the same functions the pages use.
 *
 * Everybody in it is made up. The same program fills the same region, but for random identifiers and
 * the time it begins from. */
#pragma once

#include "app/demo_story.h"
#include "care/consult.h"
#include "care/directory_write.h"
#include "os/child.h"

/* ---- Media server and relay, beside the program (demo_live.c) ---- */

struct config;
struct demo_live {
    struct os_beside janus, turn;
};
/* Starts what is installed and no setting names yet, configured in DATA/media; changes the settings. */
MUST_USE enum err demo_live_start(struct req *rq, struct config *config, struct demo_live *ret_live);
void demo_live_stop(struct demo_live *live);

/* One password opens every account of the demonstration. */
#define DEMO_PASSWORD "demo-password"
#define DEMO_SETTING "demo"

/* ---- Dice: the same throws every time (SplitMix64; Steele, Lea, Flood 2014) ---- */

struct demo_dice {
    uint64_t state;
};
uint64_t dice_next(struct demo_dice *d);
/* 0 <= x < n; n > 0 */
uint32_t dice_roll(struct demo_dice *d, uint32_t n);
/* lo <= x <= hi */
int64_t dice_between(struct demo_dice *d, int64_t lo, int64_t hi);

/* ---- Names: demo_names.c ---- */

struct demo_name {
    struct str family, given, middle;
};
MUST_USE enum err demo_name(struct req *rq, struct demo_dice *d, enum lang lang, bool female,
                            struct demo_name *ret_name);
/* Name of the i-th district, hospital's town, and of a village; in the district's language. */
const char *demo_district(uint32_t i);
const char *demo_village(uint32_t i);
/* The language people of the i-th district speak. */
enum lang demo_district_lang(uint32_t i);

/* ---- The region: demo_region.c ---- */

enum {
    DEMO_HOSPITALS = 12,
    DEMO_STATIONS = 80,
    DEMO_DOCTORS = 36,
    DEMO_ORGS = 2 + DEMO_HOSPITALS + DEMO_STATIONS,
    DEMO_SERVICES_MAX = 16,
    DEMO_PEOPLE_MAX = 200,
    DEMO_DUTY_BEFORE_DAYS = 3,
    DEMO_DUTY_AHEAD_DAYS = 14
};

struct demo_org {
    struct str id, name, parent, phone;
    struct str policy; /* of its country; empty: the parent's */
    enum org_kind kind;
};
struct demo_service {
    struct str id, name, org;
    const char *profile;
    uint32_t first, n; /* its consultants among the people */
};
struct demo_post {
    struct str org, code;
    struct str service; /* empty: none */
};
struct demo_person {
    struct str login; /* also the Practitioner's id */
    struct demo_name name;
    bool female;
    enum lang lang;
    uint32_t district;      /* of the hospital or station; DEMO_HOSPITALS: of a centre */
    struct demo_post posts[2];
    uint32_t n_posts;
};
struct demo_region {
    struct demo_org orgs[DEMO_ORGS];
    struct demo_service services[DEMO_SERVICES_MAX];
    struct demo_person people[DEMO_PEOPLE_MAX];
    uint32_t n_orgs, n_services, n_people;
    uint32_t feldshers, doctors, coordinators; /* index of the first of them; the asking people are
                                                * 0 .. doctors + DEMO_DOCTORS */
};
/* Who and what there is, without a data folder. */
MUST_USE enum err demo_region_plan(struct req *rq, struct demo_region *ret_region);
/* Organisations, services, people, roles and accounts into the store. rq acts as the system. */
MUST_USE enum err demo_region_write(struct req *rq, const struct demo_region *r);
/* Day and night duty of every service, where nobody is on duty yet, from the day of "from" for days.
 * *ret_n: shifts added. */
MUST_USE enum err demo_roster(struct req *rq, const struct demo_region *r, struct instant from,
                              uint32_t days, uint32_t *ret_n);
/* Who can sign in, as a table. */
void demo_region_print(const struct demo_region *r);

/* ---- The fill ---- */

struct demo {
    struct req *rq;               /* of the whole fill: acts as the system */
    const struct demo_region *region;
    struct demo_dice dice;
    struct instant now;           /* the present: nothing is later */
    struct str base_url;          /* stands in signed documents */
    uint32_t n_patients, n_cases, n_drafts;
    bool files;                   /* with attachments */
};

/* What somebody does in a case, and when. */
enum demo_do {
    DO_SUBMIT, DO_DRAFT, DO_RETURN, DO_COMPLETE, DO_REROUTE, DO_ALLOCATE, DO_PASS, DO_ACCEPT,
    DO_MESSAGE, DO_REPLY, DO_ASK, DO_GIVE, DO_REFUSE, DO_ANSWER, DO_CORRECT, DO_RECEIVE, DO_REPORT,
    DO_CLOSE, DO_WITHDRAW
};
enum { DEMO_STEPS_MAX = 20 };
struct demo_step {
    enum demo_do what;
    int64_t at; /* ms since 1970 */
};
struct demo_case {
    uint32_t no;
    const struct demo_story *story;
    uint32_t asker;      /* person */
    uint32_t service;
    uint32_t consultant; /* among the service's */
    bool named;          /* allocated to the consultant by name */
    struct str id, patient;
    struct demo_case *earlier; /* a case of the same patient before; NULL: a new patient */
    struct demo_step steps[DEMO_STEPS_MAX];
    uint32_t n_steps, next;
};
/* Who asks whom and what will happen when: demo_plan.c. c->no is set. */
MUST_USE enum err demo_plan(struct demo *d, struct demo_case *c, struct demo_case *cases);
/* Performs the next step of a case: demo_play.c */
MUST_USE enum err demo_play(struct demo *d, struct demo_case *c);
/* Lets the clock of a case speak up to t, as the runner would have. */
MUST_USE enum err demo_clock(struct demo *d, const struct demo_case *c, int64_t t);

/* "2026-11-22" */
struct str demo_date(struct req *rq, const struct civil *c);
/* A patient who fits a story (NULL: anybody) is registered by a person of the region. */
MUST_USE enum err demo_patient(struct demo *d, const struct demo_story *story,
                               const struct demo_person *by, struct instant at,
                               struct str *ret_id);

/* Begins a request of a person in the post of that organisation and role at a time. End with
 * demo_end(). */
MUST_USE enum err demo_as(struct demo *d, struct req *rq, struct str login, struct str org,
                          struct str code, struct instant at, enum lang lang);
/* Commits tx (may be NULL: the record alone) unless e is a failure, which goes to d->rq; ends rq. */
MUST_USE enum err demo_end(struct demo *d, struct req *rq, struct tx *tx, enum err e);

/* All of it: region, roster, patients, consultations. d->rq has the data folder open. */
MUST_USE enum err demo_fill(struct demo *d);
