/* app/demo_story.h - clinical stories of made-up people, as tables: what is asked, what comes back and
 * how it ends. The wording is ours.
 *
 * A value of a field may say how it differs from case to case: "88~6" is a number jittered by up to 6
 * in its last digit; "@-3h", "@-40m" a time before the request was sent (a date-time), "@-2d", "@+30d"
 * a date. */
#pragma once

#include "base/req.h"

struct demo_field {
    const char *name, *value;
};

#define DEMO_YEARS(n) ((n) * 366)

/* Files that fit a story. */
enum {
    FILE_LAB = 1 << 0,
    FILE_ECG = 1 << 1,
    FILE_FILM = 1 << 2,  /* a photographed chest film */
    FILE_STRIP = 1 << 3, /* a photographed strip */
    FILE_SKIN = 1 << 4,
    FILE_CT = 1 << 5,
    FILE_CR = 1 << 6,
    FILE_US = 1 << 7
};

struct demo_story {
    const char *profile;
    enum lang lang;
    const char *urgency;
    char sex; /* 'm', 'f', '-' any */
    int age_lo, age_hi; /* days */
    bool unknown;  /* some of these patients are unidentified */
    bool papers;   /* each of these patients has a personal number */
    const char *consent;
    const char *diagnosis, *co; /* co: NULL none */
    const char *question;
    const struct demo_field *request; /* ends with a NULL name */
    const char *message, *reply;      /* of the consultant, of the asker */
    const char *ask_data, *give_data;
    const struct demo_field *conclusion;
    const char *correct_reason;
    struct demo_field corrected; /* the field of the conclusion that changes */
    const char *outcome_code, *outcome;
    unsigned files; /* FILE_ bits */
};

extern const struct demo_story *const demo_stories[];
extern const uint32_t n_demo_stories;

/* Sentences any case may need, in each language. */
struct demo_phrases {
    const char *returned, *completed, *rerouted, *passed, *refused, *withdrawn, *unable;
};
const struct demo_phrases *demo_phrases(enum lang lang);

/* The tables, a few stories each. */
extern const struct demo_story demo_story_cardiology[], demo_story_neurology[],
    demo_story_obstetrics[], demo_story_orthopaedics[], demo_story_oncology[],
    demo_story_paediatrics[], demo_story_intensive[], demo_story_therapy[];
