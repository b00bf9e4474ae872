/* care/content.h - the clinical content in memory: profiles, forms, urgency classes, roles, lists and
 * policy profiles, read once from the content folder and never changed while the program runs.
 *
 * Everything here is borrowed from the content and lives as long as the program. */
#pragma once

#include "base/req.h"

struct form;
struct policy;
struct topic; /* care/topic.h */

/* A text in the four languages; a missing one falls back to English. */
struct text4 {
    struct str v[LANG_COUNT];
};
struct str text4_get(const struct text4 *t, enum lang lang);

/* A code with its name: an item of an outcome list, an answer option. */
struct coded {
    struct str code;
    struct text4 title;
};

struct code_list {
    struct str code; /* "refuse-reason" */
    struct text4 title;
    const struct coded *items;
    uint32_t n;
};

/* A medical profile a consultation is asked in. */
struct profile {
    struct str code;
    struct text4 title;
    const struct form *request;    /* form of the asker */
    const struct form *conclusion; /* form of the consultant */
};

struct urgency {
    struct str code;          /* "emergency" */
    struct str fhir_priority; /* FHIR R4 request-priority: stat, urgent, routine */
    struct text4 title;
    struct text4 definition;
    uint32_t rank; /* 1 = worst */
};

struct role {
    struct str code;
    struct text4 title;
    uint32_t rights; /* MAY_ bits of care/who.h */
    bool factor;     /* "secondFactor": signs in with a one-time code besides the password */
};

/* A measured thing: how a form field becomes an Observation. */
struct measure {
    struct str code;     /* ours: "heart-rate"; the end of the linkId */
    struct str loinc[2]; /* 1 or 2 codes */
    uint32_t n_loinc;
    struct str panel;    /* LOINC of the panel it is a component of, or p NULL */
    struct str ucum;     /* unit code, or p NULL */
    struct text4 title;
    struct text4 unit;
};

/* A window of grey values that images of a modality are looked at through. */
struct image_window {
    struct str code;     /* "ct-lung" */
    struct str modality; /* "CT" */
    struct text4 title;
    struct text4 source; /* where the values come from */
    int64_t centre, width; /* in the unit of the images: HU for CT */
    bool verified;       /* somebody compared them with the source */
};

struct content {
    const struct profile *profiles;
    const struct urgency *urgencies; /* worst first */
    const struct role *roles;
    const struct measure *measures;
    const struct code_list *lists;
    const struct form *forms; /* every Questionnaire */
    const struct policy *policies;
    const struct topic *topics;
    const struct str *password_words, *password_rows; /* folded; none without passwords.json */
    const struct image_window *windows; /* in the order of the file; none without imaging.json */
    struct str dir; /* where it was read from */
    uint32_t n_profiles, n_urgencies, n_roles, n_measures, n_lists, n_forms, n_policies;
    uint32_t n_topics, n_windows, n_password_words, n_password_rows;
};

/* Reads the folder: profiles.json, urgency.json, roles.json, observations.json, outcome.json, topics.json,
 * imaging.json, passwords.json, questionnaires/, policy/.
 * gives   content that lives until content_free()
 * errors  E_BAD_INPUT, E_SYNTAX with the file and place; E_NOT_FOUND, E_IO */
MUST_USE enum err content_load(struct req *rq, struct str dir, struct content **ret_content);
void content_free(struct content *c);

/* All of them: NULL when there is no such code. */
const struct profile *content_profile(const struct content *c, struct str code);
const struct urgency *content_urgency(const struct content *c, struct str code);
const struct role *content_role(const struct content *c, struct str code);
const struct measure *content_measure(const struct content *c, struct str code);
/* What is measured under a LOINC code. */
const struct measure *content_measure_loinc(const struct content *c, struct str loinc);
const struct code_list *content_list(const struct content *c, struct str code);
const struct coded *content_item(const struct code_list *list, struct str code);
const struct form *content_form(const struct content *c, struct str url_or_id);
const struct image_window *content_window(const struct content *c, struct str code);
const struct policy *content_policy(const struct content *c, struct str id);
