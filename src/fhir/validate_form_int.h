/* fhir/validate_form_int.h - a form at work: what validate_form.c and validate_enable.c share. */
#pragma once

#include "fhir/validate_profile_int.h"

#define LEVEL_NONE UINT32_MAX

enum { FORM_LEVELS_MAX = 100 * 1000, FORM_STEPS = 20 * 1000 * 1000 };

/* One level: the questions of a group or answer, and the items that answer them. */
struct level {
    struct jv questions;
    struct jv items;
    struct str path;
    uint32_t up; /* the level around it; LEVEL_NONE */
};

struct form {
    struct held h;
    struct jv q;     /* the Questionnaire */
    bool complete;   /* required answers must be there */
    struct level *levels;
    uint32_t n;
    uint32_t size;
    uint32_t at;     /* the level at work */
    uint32_t steps;  /* taken so far */
};

/* Counts a step; false when there were too many: then the verdict is not to be had. */
static inline bool form_step(struct form *f)
{
    f->h.w->spent = f->h.w->spent || ++f->steps > FORM_STEPS;
    return !f->h.w->spent;
}

/* Whether a question of the level at work is asked (enableWhen, R4 questionnaire.html). */
enum asked { ASKED_NO, ASKED_UNSURE, ASKED_YES };
enum asked form_is_asked(struct form *f, struct jv question);
