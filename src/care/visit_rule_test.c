/* care/visit_rule_test.c - every rule of the shipped profiles for remote visits, allowed and refused; each rule
 * of the acts has its rows; what people are told, in four languages; then the facts as they are read from the
 * record. */
#include "base/text.h"
#include "care/booking.h"
#include "care/care_fixture.h"
#include "care/policy.h"
#include "care/visit_rule.h"

#define DAY(n) ((int64_t)(n) * MS_DAY)
#define NOW DAY(20000)
/* Days before the visit on which the patient was seen in person; NEVER: not at all. */
#define NEVER INT32_MAX

struct row {
    const char *policy, *purpose;
    int age, years;          /* -1 unknown */
    int any, own, org;       /* days before the visit */
    bool refused;            /* consent */
    enum visit_reason reason;
    unsigned notes;          /* of an allowed one, without VISIT_AGE_UNSET */
};

/* clang-format off */
static const struct row rows[] = {
    /* policy purpose           age years any    own    org    no     reason                    notes */
    /* KZ: advice and the need of a referral without a visit in person, the rest within 180 days, any doctor */
    {"kz", "advice",            40, -1, NEVER, NEVER, NEVER, false, VISIT_OK,                 VISIT_ADVICE_ONLY},
    {"kz", "referral-need",     40, -1, NEVER, NEVER, NEVER, false, VISIT_OK,                 VISIT_ADVICE_ONLY},
    {"kz", "follow-up",         40, -1, NEVER, NEVER, NEVER, false, VISIT_NEEDS_IN_PERSON,    0},
    {"kz", "refine-diagnosis",  40, -1, NEVER, NEVER, NEVER, false, VISIT_NEEDS_IN_PERSON,    0},
    {"kz", "rehabilitation",    40, -1, NEVER, NEVER, NEVER, false, VISIT_NEEDS_IN_PERSON,    0},
    {"kz", "follow-up",         40, -1, 180,   180,   180,   false, VISIT_OK,                 0},
    {"kz", "follow-up",         40, -1, 181,   181,   181,   false, VISIT_IN_PERSON_OLD,      0},
    {"kz", "advice",            40, -1, 181,   181,   181,   false, VISIT_OK,                 VISIT_ADVICE_ONLY},
    {"kz", "refine-diagnosis",  40, -1, 10,    NEVER, NEVER, false, VISIT_OK,                 0},
    {"kz", "rehabilitation",    40, -1, 10,    NEVER, 10,    false, VISIT_OK,                 0},
    {"kz", "set-diagnosis",     40, -1, 10,    10,    10,    false, VISIT_NOT_REMOTELY,       0},
    {"kz", "start-treatment",   40, -1, 10,    10,    10,    false, VISIT_NOT_REMOTELY,       0},
    {"kz", "prevention",        40, -1, 10,    10,    10,    false, VISIT_PURPOSE_NOT_LISTED, 0},
    {"kz", "examination",       40, -1, 10,    10,    10,    false, VISIT_PURPOSE_NOT_LISTED, 0},
    {"kz", "",                  40, -1, 10,    10,    10,    false, VISIT_PURPOSE_UNKNOWN,    0},
    {"kz", "follow-up",         17, -1, 10,    10,    10,    false, VISIT_OK,                 0},
    {"kz", "follow-up",         -1, -1, 10,    10,    10,    false, VISIT_OK,                 0},
    {"kz", "follow-up",         40, -1, 10,    10,    10,    true,  VISIT_CONSENT_REFUSED,    0},
    {"kz", "follow-up",         40, -1, -1,    -1,    -1,    false, VISIT_IN_PERSON_OLD,      0}, /* a clock off by a day */
    /* RU: five purposes, the same doctor; another of the same clinic from 18 years and with 7 years of work */
    {"ru", "prevention",        40, -1, NEVER, NEVER, NEVER, false, VISIT_OK,                 VISIT_ADVICE_ONLY},
    {"ru", "collect-history",   40, -1, NEVER, NEVER, NEVER, false, VISIT_OK,                 VISIT_ADVICE_ONLY},
    {"ru", "in-person-need",    40, -1, NEVER, NEVER, NEVER, false, VISIT_OK,                 VISIT_ADVICE_ONLY},
    {"ru", "assess-treatment",  40, -1, NEVER, NEVER, NEVER, false, VISIT_NEEDS_IN_PERSON,    0},
    {"ru", "follow-up",         40, -1, NEVER, NEVER, NEVER, false, VISIT_NEEDS_IN_PERSON,    0},
    {"ru", "assess-treatment",  40, -1, 30,    30,    30,    false, VISIT_OK,                 0},
    {"ru", "follow-up",         17, -1, 30,    30,    30,    false, VISIT_OK,                 0},
    {"ru", "follow-up",         40, -1, 200,   200,   200,   false, VISIT_IN_PERSON_OLD,      0},
    {"ru", "follow-up",         40, 7,  30,    NEVER, 30,    false, VISIT_OK,                 VISIT_BY_OTHER},
    {"ru", "follow-up",         18, 20, 30,    NEVER, 30,    false, VISIT_OK,                 VISIT_BY_OTHER},
    {"ru", "follow-up",         17, 20, 30,    NEVER, 30,    false, VISIT_OTHER_DOCTOR_AGE,   0},
    {"ru", "follow-up",         -1, 20, 30,    NEVER, 30,    false, VISIT_OTHER_DOCTOR_AGE,   0},
    {"ru", "follow-up",         40, 6,  30,    NEVER, 30,    false, VISIT_OTHER_DOCTOR_YEARS, 0},
    {"ru", "follow-up",         40, -1, 30,    NEVER, 30,    false, VISIT_OTHER_DOCTOR_YEARS, 0},
    {"ru", "follow-up",         40, 20, 30,    NEVER, NEVER, false, VISIT_OTHER_CLINIC,       0},
    {"ru", "follow-up",         40, 20, 30,    200,   30,    false, VISIT_OK,                 VISIT_BY_OTHER},
    {"ru", "prevention",        17, -1, 30,    NEVER, NEVER, false, VISIT_OK,                 0},
    {"ru", "set-diagnosis",     40, 20, 30,    30,    30,    false, VISIT_NOT_REMOTELY,       0},
    {"ru", "start-treatment",   40, 20, 30,    30,    30,    false, VISIT_NOT_REMOTELY,       0},
    {"ru", "refine-diagnosis",  40, 20, 30,    30,    30,    false, VISIT_PURPOSE_NOT_LISTED, 0},
    {"ru", "advice",            40, 20, 30,    30,    30,    false, VISIT_PURPOSE_NOT_LISTED, 0},
    {"ru", "",                  40, 20, 30,    30,    30,    false, VISIT_PURPOSE_UNKNOWN,    0},
    {"ru", "prevention",        40, 20, 30,    30,    30,    true,  VISIT_CONSENT_REFUSED,    0},
    /* UZ: three purposes, any doctor */
    {"uz", "advice",            40, -1, NEVER, NEVER, NEVER, false, VISIT_OK,                 VISIT_ADVICE_ONLY},
    {"uz", "referral-need",     40, -1, NEVER, NEVER, NEVER, false, VISIT_OK,                 VISIT_ADVICE_ONLY},
    {"uz", "follow-up",         40, -1, NEVER, NEVER, NEVER, false, VISIT_NEEDS_IN_PERSON,    0},
    {"uz", "follow-up",         17, -1, 30,    NEVER, NEVER, false, VISIT_OK,                 0},
    {"uz", "follow-up",         40, -1, 181,   181,   181,   false, VISIT_IN_PERSON_OLD,      0},
    {"uz", "rehabilitation",    40, -1, 30,    30,    30,    false, VISIT_PURPOSE_NOT_LISTED, 0},
    {"uz", "set-diagnosis",     40, -1, 30,    30,    30,    false, VISIT_NOT_REMOTELY,       0},
    {"uz", "start-treatment",   40, -1, 30,    30,    30,    false, VISIT_NOT_REMOTELY,       0},
    {"uz", "",                  40, -1, 30,    30,    30,    false, VISIT_PURPOSE_UNKNOWN,    0},
    {"uz", "follow-up",         40, -1, 30,    30,    30,    true,  VISIT_CONSENT_REFUSED,    0},
};
/* clang-format on */

static struct visit_seen seen(int days)
{
    return days == NEVER ? (struct visit_seen){.id = {0}}
                         : (struct visit_seen){S("seen"), NOW - DAY(days)};
}

static void every_rule_of_the_shipped_profiles(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct row *r = &rows[i];
        const struct policy *p = content_policy(region.content, str_z(r->policy));
        const struct visit_facts f = {.purpose = str_z(r->purpose), .at_ms = NOW,
                                      .age_years = r->age, .doctor_years = r->years,
                                      .any = seen(r->any), .own = seen(r->own), .org = seen(r->org),
                                      .consent_refused = r->refused};
        struct visit_verdict v;
        visit_rule_judge(p, &f, &v);
        if (v.reason != r->reason || v.allowed != (r->reason == VISIT_OK)) {
            fail_msg("row %zu (%s %s): %s", i, r->policy, r->purpose, visit_reason_code(v.reason));
        }
        assert_int_equal(v.offer_in_person, !v.allowed);
        assert_true(visit_reason_text(v.reason)[0] != '\0');
        if (v.allowed) {
            unsigned apart = str_eq(p->id, S("ru")) ? VISIT_CONSENT_APART : 0;
            assert_int_equal(v.notes, r->notes | VISIT_AGE_UNSET | apart);
            assert_int_equal(v.encounter.n > 0, !(v.notes & VISIT_ADVICE_ONLY));
        }
    }
}

/* ---- each rule of the acts, and the row of the table above that shows it ---- */

enum { ANY_NOTES = -1 };

struct law {
    const char *act, *says;
    const char *policy, *purpose; /* purpose NULL: of any */
    enum visit_reason reason;
    int notes;                    /* of an allowed one; ANY_NOTES */
};
/* clang-format off */
static const struct law laws[] = {
    {"323-FZ art. 36.2 p. 2", "prevention may be remote",                          "ru", "prevention",       VISIT_OK, ANY_NOTES},
    {"323-FZ art. 36.2 p. 2", "complaints and history may be collected",           "ru", "collect-history",  VISIT_OK, ANY_NOTES},
    {"323-FZ art. 36.2 p. 2", "effect of treatment and tests may be judged",       "ru", "assess-treatment", VISIT_OK, 0},
    {"323-FZ art. 36.2 p. 2", "... of a treatment that was begun in person",       "ru", "assess-treatment", VISIT_NEEDS_IN_PERSON, 0},
    {"323-FZ art. 36.2 p. 2", "a disease may be followed",                         "ru", "follow-up",        VISIT_OK, 0},
    {"323-FZ art. 36.2 p. 2", "... that was seen in person",                       "ru", "follow-up",        VISIT_NEEDS_IN_PERSON, 0},
    {"323-FZ art. 36.2 p. 2", "whether a visit in person is needed",               "ru", "in-person-need",   VISIT_OK, ANY_NOTES},
    {"323-FZ art. 36.2 p. 2", "the list is closed: nothing else",                  "ru", "advice",           VISIT_PURPOSE_NOT_LISTED, 0},
    {"323-FZ art. 36.2 p. 3", "no diagnosis is set",                               "ru", "set-diagnosis",    VISIT_NOT_REMOTELY, 0},
    {"323-FZ art. 36.2 p. 3", "no diagnosis is refined",                           "ru", "refine-diagnosis", VISIT_PURPOSE_NOT_LISTED, 0},
    {"323-FZ art. 36.2 p. 3", "no treatment is started",                           "ru", "start-treatment",  VISIT_NOT_REMOTELY, 0},
    {"323-FZ art. 36.2 p. 3", "without a visit in person: advice only, said",      "ru", "prevention",       VISIT_OK, VISIT_ADVICE_ONLY},
    {"323-FZ art. 36.2 p. 4", "who treated in person goes on",                     "ru", "assess-treatment", VISIT_OK, 0},
    {"323-FZ art. 36.2 p. 4", "a visit in person counts for a time (operator)",    "ru", "follow-up",        VISIT_IN_PERSON_OLD, 0},
    {"regime of 01.08.2023",  "another doctor of the clinic, 7 years of work",     "ru", "follow-up",        VISIT_OK, VISIT_BY_OTHER},
    {"regime of 01.08.2023",  "fewer years, or not known: refused",                "ru", "follow-up",        VISIT_OTHER_DOCTOR_YEARS, 0},
    {"regime of 01.08.2023",  "under 18, or age not known: refused",               "ru", "follow-up",        VISIT_OTHER_DOCTOR_AGE, 0},
    {"regime of 01.08.2023",  "another clinic: refused",                           "ru", "follow-up",        VISIT_OTHER_CLINIC, 0},
    {"323-FZ art. 36.2 p. 6", "a refused or withdrawn consent holds",              "ru", NULL,               VISIT_CONSENT_REFUSED, 0},
    {"Code art. 129 p. 1(1)", "advisory help",                                     "kz", "advice",           VISIT_OK, VISIT_ADVICE_ONLY},
    {"Code art. 129 p. 1(2)", "is a referral in person worthwhile",                "kz", "referral-need",    VISIT_OK, VISIT_ADVICE_ONLY},
    {"Code art. 129 p. 1(4)", "effect of treatment, follow-up",                    "kz", "follow-up",        VISIT_OK, 0},
    {"Code art. 129 p. 1(4)", "... that was seen in person (operator)",            "kz", "follow-up",        VISIT_NEEDS_IN_PERSON, 0},
    {"Code art. 129 p. 1(5)", "refining a diagnosis, adjusting tactics and orders", "kz", "refine-diagnosis", VISIT_OK, 0},
    {"Code art. 129 p. 1(5)", "... that was set in person (operator)",             "kz", "refine-diagnosis", VISIT_NEEDS_IN_PERSON, 0},
    {"Code art. 129 p. 1(8)", "medical rehabilitation",                            "kz", "rehabilitation",   VISIT_OK, 0},
    {"Code art. 129 p. 1",    "the list is closed: nothing else",                  "kz", "examination",      VISIT_PURPOSE_NOT_LISTED, 0},
    {"operator",              "no diagnosis is set",                               "kz", "set-diagnosis",    VISIT_NOT_REMOTELY, 0},
    {"operator",              "no treatment is started",                           "kz", "start-treatment",  VISIT_NOT_REMOTELY, 0},
    {"operator",              "a visit in person counts for a time",               "kz", "follow-up",        VISIT_IN_PERSON_OLD, 0},
    {"Code art. 134 p. 3",    "no care without consent",                           "kz", NULL,               VISIT_CONSENT_REFUSED, 0},
    {"operator",              "advice without a visit in person",                  "uz", "advice",           VISIT_OK, VISIT_ADVICE_ONLY},
    {"operator",              "the need of a referral",                            "uz", "referral-need",    VISIT_OK, VISIT_ADVICE_ONLY},
    {"operator",              "follow-up of what was seen in person",              "uz", "follow-up",        VISIT_OK, 0},
    {"operator",              "... and of nothing else",                           "uz", "follow-up",        VISIT_NEEDS_IN_PERSON, 0},
    {"operator",              "a visit in person counts for a time",               "uz", "follow-up",        VISIT_IN_PERSON_OLD, 0},
    {"operator",              "no diagnosis is set",                               "uz", "set-diagnosis",    VISIT_NOT_REMOTELY, 0},
    {"operator",              "no treatment is started",                           "uz", "start-treatment",  VISIT_NOT_REMOTELY, 0},
    {"operator",              "a refused consent holds",                           "uz", NULL,               VISIT_CONSENT_REFUSED, 0},
};
/* clang-format on */

static bool shows(const struct row *r, const struct law *l)
{
    return strcmp(r->policy, l->policy) == 0 && r->reason == l->reason
           && (l->purpose == NULL || strcmp(r->purpose, l->purpose) == 0)
           && (l->notes == ANY_NOTES || r->reason != VISIT_OK || r->notes == (unsigned)l->notes);
}

static void each_rule_of_the_acts_has_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(laws); i++) {
        size_t k = 0;
        while (k < LEN(rows) && !shows(&rows[k], &laws[i])) {
            k++;
        }
        if (k == LEN(rows)) {
            fail_msg("%s, %s: no row of %s", laws[i].act, laws[i].says, laws[i].policy);
        }
    }
}

/* Before everything else, in each profile: no visit by video, none in person instead, whom to ring. */
static void nothing_is_remote_in_an_emergency(void **state)
{
    static const char *const policies[] = {"kz", "ru", "uz"};

    (void)state;
    for (size_t i = 0; i < LEN(policies); i++) {
        const struct policy *p = content_policy(region.content, str_z(policies[i]));
        struct visit_facts f = {.purpose = p->remote.purposes.codes[0], .urgency = S("emergency"),
                                .at_ms = NOW, .age_years = 40, .doctor_years = 20, .any = seen(10),
                                .own = seen(10), .org = seen(10)};
        struct visit_verdict v;
        visit_rule_judge(p, &f, &v);
        assert_int_equal(v.reason, VISIT_EMERGENCY);
        assert_false(v.allowed || v.offer_in_person);
        assert_true(p->remote.phones.n > 0 && !p->remote.phones.from.verified);
        f.urgency = S("planned");
        visit_rule_judge(p, &f, &v);
        assert_true(v.allowed);
    }
}

static struct visit_verdict judged(const struct policy *p, struct str purpose, bool was_seen)
{
    const struct visit_facts f = {.purpose = purpose, .at_ms = NOW, .age_years = 40,
                                  .doctor_years = 20, .any = seen(was_seen ? 10 : NEVER),
                                  .own = seen(was_seen ? 10 : NEVER),
                                  .org = seen(was_seen ? 10 : NEVER)};
    struct visit_verdict v;

    visit_rule_judge(p, &f, &v);
    return v;
}

/* The lists of the content files and nothing beside them: each purpose by each profile, with a visit in
 * person by the same doctor and without one. */
static void purposes_are_those_of_the_files(void **state)
{
    static const char *const policies[] = {"kz", "ru", "uz"};
    const struct code_list *list = content_list(region.content, S("visit-purpose"));

    (void)state;
    assert_true(list != NULL && list->n >= 12);
    for (size_t i = 0; i < LEN(policies); i++) {
        const struct policy *p = content_policy(region.content, str_z(policies[i]));
        for (uint32_t k = 0; k < list->n; k++) {
            struct str code = list->items[k].code;
            bool never = policy_has_code(&p->remote.not_remotely, code);
            bool listed = policy_has_code(&p->remote.purposes, code);
            bool first = policy_has_code(&p->remote.first_purposes, code);
            assert_false(never && listed);
            assert_false(first && !listed);
            assert_int_equal(judged(p, code, true).allowed, listed);
            assert_int_equal(judged(p, code, false).allowed, first);
            assert_int_equal(judged(p, code, true).reason, never     ? VISIT_NOT_REMOTELY
                                                           : !listed ? VISIT_PURPOSE_NOT_LISTED
                                                                     : VISIT_OK);
        }
        assert_true(policy_has_code(&p->remote.not_remotely, S("set-diagnosis")));
        assert_true(policy_has_code(&p->remote.not_remotely, S("start-treatment")));
    }
}

/* A text of its own in each language: not the English one, and not that of another refusal. */
static void check_texts(const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (unsigned l = 0; l < LANG_COUNT; l++) {
            struct str said = tr((enum lang)l, texts[i]);
            if (said.n == 0 || ((enum lang)l != LANG_EN && str_eq(said, str_z(texts[i])))) {
                fail_msg("\"%s\" is not in the language %u", texts[i], l);
            }
            for (size_t k = 0; k < i; k++) {
                assert_false(str_eq(said, tr((enum lang)l, texts[k])));
            }
        }
    }
}

static void refusals_are_told_in_four_languages(void **state)
{
    const char *reasons[VISIT_REASON_COUNT];
    const char *notes[VISIT_NOTE_COUNT];
    const char *values[VISIT_VALUE_COUNT];
    const char *faults[BOOKING_FAULT_COUNT];
    const char *const offer[] = {visit_offer_text()};
    size_t n = 0;

    (void)state;
    for (int r = 0; r < VISIT_REASON_COUNT; r++) {
        if (r != VISIT_PURPOSE_UNKNOWN) { /* told as the form tells a missing purpose */
            reasons[n++] = visit_reason_text((enum visit_reason)r);
        }
        for (int k = 0; k < r; k++) {
            assert_string_not_equal(visit_reason_code((enum visit_reason)r),
                                    visit_reason_code((enum visit_reason)k));
        }
    }
    check_texts(reasons, n);
    for (unsigned i = 0; i < VISIT_NOTE_COUNT; i++) {
        notes[i] = visit_note_text(i);
    }
    check_texts(notes, LEN(notes));
    for (int i = 0; i < VISIT_VALUE_COUNT; i++) {
        values[i] = visit_value_title((enum visit_value)i);
    }
    check_texts(values, LEN(values));
    for (int i = 0; i < BOOKING_FAULT_COUNT; i++) {
        faults[i] = booking_fault_text((enum booking_fault)i);
    }
    check_texts(faults, LEN(faults));
    check_texts(offer, LEN(offer));
}

/* What the shipped profiles leave open is ruled, too, once somebody sets it. */
static void values_that_are_not_set_yet(void **state)
{
    struct policy p = *content_policy(region.content, S("kz"));
    struct visit_facts f = {.purpose = S("follow-up"), .at_ms = NOW, .age_years = 17,
                            .doctor_years = -1, .any = seen(1), .own = seen(NEVER)};
    struct visit_verdict v;

    (void)state;
    p.remote.min_age = (struct policy_number){.set = true, .value = 18};
    visit_rule_judge(&p, &f, &v);
    assert_int_equal(v.reason, VISIT_AGE);
    f.age_years = -1;
    visit_rule_judge(&p, &f, &v);
    assert_int_equal(v.reason, VISIT_AGE_UNKNOWN);
    f.age_years = 18;
    visit_rule_judge(&p, &f, &v);
    assert_int_equal(v.reason, VISIT_OK);
    assert_false(v.notes & VISIT_AGE_UNSET);
    p.remote.same_doctor = (struct policy_flag){.set = true, .value = true};
    visit_rule_judge(&p, &f, &v);
    assert_int_equal(v.reason, VISIT_OTHER_DOCTOR);
    f.own = seen(1);
    visit_rule_judge(&p, &f, &v);
    assert_int_equal(v.reason, VISIT_OK);
    p.remote.first = FIRST_VISIT_DENY;
    f.any = f.own = seen(NEVER);
    f.purpose = S("advice");
    visit_rule_judge(&p, &f, &v);
    assert_int_equal(v.reason, VISIT_FIRST);
    p.remote.first = FIRST_VISIT_ALLOW;
    f.purpose = S("follow-up");
    visit_rule_judge(&p, &f, &v);
    assert_int_equal(v.reason, VISIT_OK);
}

static void each_value_says_where_it_comes_from(void **state)
{
    static const char *const policies[] = {"kz", "ru", "uz"};

    (void)state;
    for (size_t i = 0; i < LEN(policies); i++) {
        const struct policy *p = content_policy(region.content, str_z(policies[i]));
        for (int v = 0; v < VISIT_VALUE_COUNT; v++) {
            const struct sourced *from = visit_value_from(p, (enum visit_value)v);
            assert_false(from->verified); /* nothing was signed off yet */
            assert_true(from->source.v[LANG_EN].n > 0 && from->evidence.n > 0);
            assert_true(visit_value_title((enum visit_value)v)[0] != '\0');
        }
        assert_true(p->booking.book_ahead.ms > 0 && p->booking.n_remind_before == 2);
        assert_true(policy_has_code(&p->booking.holidays, S("01-01")));
    }
}

/* ---- from the record ---- */

static void see_in_person(const char *doctor, const char *class, const char *code, int64_t at_ms,
                          struct str patient)
{
    struct req rq;
    struct put p;

    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    put_begin(&p, &rq, tx, T_ENCOUNTER, (struct str){0}, 4096);
    p.patient = patient;
    json_ks(&p.o, S("status"), S("finished"));
    json_k(&p.o, S("class"));
    put_one_coding(&p.o, S("http://terminology.hl7.org/CodeSystem/v3-ActCode"), str_z(class),
                   (struct str){0});
    put_ref(&p.o, S("subject"), T_PATIENT, patient);
    json_k(&p.o, S("participant"));
    json_arr(&p.o);
    json_obj(&p.o);
    put_ref(&p.o, S("individual"), T_PRACTITIONER, str_z(doctor));
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    json_k(&p.o, S("period"));
    json_obj(&p.o);
    put_instant(&p.o, S("start"), (struct instant){at_ms});
    json_obj_end(&p.o);
    struct str codes[] = {str_z(code)};
    put_concepts(&p.o, S("reasonCode"), S(CS_ICD10), codes, 1);
    put_ref(&p.o, S("serviceProvider"), T_ORGANIZATION, S("hospital"));
    MUST(&rq, put_end(&p));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static struct visit_verdict checked(struct req *keep, const char *doctor, const char *problem,
                                    const char *purpose)
{
    struct visit_verdict v;
    const struct policy *p = NULL;
    const struct visit_ask ask = {.patient = a_patient(keep), .practitioner = str_z(doctor),
                                  .org = S("hospital"), .problem = str_z(problem),
                                  .purpose = str_z(purpose),
                                  .at = {region.now.ms + MS_DAY}};

    MUST(keep, visit_rule_policy(keep, ask.org, &p));
    MUST(keep, visit_rule_check(keep, p, &ask, &v));
    return v;
}

static void facts_come_from_the_record(void **state)
{
    struct req keep;

    (void)state;
    as(&keep, NULL);
    assert_int_equal(checked(&keep, "asker", "I10", "follow-up").reason, VISIT_NEEDS_IN_PERSON);
    see_in_person("asker", "VR", "I10", region.now.ms - MS_DAY, a_patient(&keep));
    assert_int_equal(checked(&keep, "asker", "I10", "follow-up").reason, VISIT_NEEDS_IN_PERSON);
    see_in_person("asker", "AMB", "I10.9", region.now.ms - 2 * MS_DAY, a_patient(&keep));
    struct visit_verdict v = checked(&keep, "asker", "I10", "follow-up");
    assert_true(v.allowed && v.encounter.n > 0);
    assert_true(checked(&keep, "asker2", "I10", "follow-up").allowed);
    assert_int_equal(checked(&keep, "asker", "E11", "follow-up").reason, VISIT_NEEDS_IN_PERSON);
    assert_int_equal(checked(&keep, "asker", "", "follow-up").reason, VISIT_NEEDS_IN_PERSON);
    assert_int_equal(checked(&keep, "asker", "I10", "nonsense").reason, VISIT_PURPOSE_UNKNOWN);
    region.care.policy = content_policy(region.content, S("ru"));
    directory_changed(&region.care);
    assert_true(checked(&keep, "asker", "I10", "follow-up").allowed);
    assert_int_equal(checked(&keep, "asker2", "I10", "follow-up").reason,
                     VISIT_OTHER_DOCTOR_YEARS);
    req_done(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_of_the_shipped_profiles),
        cmocka_unit_test(each_rule_of_the_acts_has_its_row),
        cmocka_unit_test(nothing_is_remote_in_an_emergency),
        cmocka_unit_test(purposes_are_those_of_the_files),
        cmocka_unit_test(refusals_are_told_in_four_languages),
        cmocka_unit_test(values_that_are_not_set_yet),
        cmocka_unit_test(each_value_says_where_it_comes_from),
        cmocka_unit_test(facts_come_from_the_record),
    };
    return cmocka_run_group_tests(tests, region_setup, region_teardown);
}
