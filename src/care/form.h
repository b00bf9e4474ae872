/* care/form.h - forms: FHIR Questionnaires in memory, what people typed into them, and the
 * QuestionnaireResponse that comes of it.
 *
 * What is typed is a list of fields: name and text, as an HTML form sends them. The name of a field
 * is the item's linkId; several values of a repeating choice come under one name; items below a
 * repeating group end in "[i]", counted from 0 ("tests.name[0]"). */
#pragma once

#include "care/content.h"
#include "codec/json.h"

enum form_kind {
    FORM_GROUP,
    FORM_STRING,      /* one line */
    FORM_TEXT,        /* several lines */
    FORM_INTEGER,
    FORM_DECIMAL,
    FORM_DATE,
    FORM_DATE_TIME,   /* YYYY-MM-DDThh:mm local, or with offset */
    FORM_CHOICE,
    FORM_OPEN_CHOICE, /* ICD-10 code, or words */
    FORM_BOOLEAN,
    FORM_DISPLAY
};

struct form_option {
    struct str system, code;
    struct text4 title;
};

/* "Enabled when": this choice is taken. */
struct form_cond {
    struct str link_id;
    struct str code;
    bool negate; /* != */
};

struct form_item {
    struct str link_id;
    struct text4 text;
    enum form_kind kind;
    bool required, repeats, cond_all;
    uint16_t depth;    /* 0 at the top */
    uint32_t end;      /* index after the last item below this one */
    int32_t parent;    /* index, -1 at the top */
    int32_t rep_group; /* index of the repeating group it is in, -1 none */
    uint32_t max_len;  /* bytes, 0: 20 000 */
    bool has_min, has_max;
    struct str min, max; /* as written in the form, decimals to the digit */
    uint32_t max_decimals;
    struct str unit_system, unit_code, unit_title;
    struct text4 unit_text; /* the title in the languages */
    struct str loinc;    /* first code, p NULL when none */
    struct str value_set; /* URL of what may be answered, p NULL when none */
    const struct form_option *options;
    const struct form_cond *conds;
    uint32_t n_options, n_conds;
};

struct form {
    struct str id, url, version;
    struct text4 title;
    const struct form_item *items; /* in order, groups before their content */
    uint32_t n_items;
};

/* Index of an item, -1 when there is none. */
int32_t form_item_find(const struct form *f, struct str link_id);
const struct form_option *form_option_find(const struct form_item *it, struct str code);

/* ---- What was typed ---- */

struct field {
    struct str name, value;
};
struct fields {
    const struct field *v;
    uint32_t n;
};
/* First value of a name, trimmed; p NULL when absent or blank. */
struct str fields_get(const struct fields *f, struct str name);
/* i-th value that is not blank; p NULL past the end. */
struct str fields_at(const struct fields *f, struct str name, uint32_t i);
/* Name of an item's field in repetition rep of its group (rep ignored outside one). */
struct str form_field_name(struct arena *a, const struct form_item *it, uint32_t rep);
/* How many repetitions of a repeating group the fields hold (at least 1, at most 50). */
uint32_t form_group_count(const struct form *f, uint32_t group, const struct fields *typed);
/* Whether the item counts, given what was typed (enableWhen of it and of its groups). */
bool form_is_enabled(const struct form *f, uint32_t item, const struct fields *typed, uint32_t rep);

/* {"name":"value","name2":["a","b"]}: how drafts are kept. */
void fields_write(struct json_out *o, const struct fields *f);
MUST_USE enum err fields_parse(struct req *rq, struct str json, struct fields *ret_fields);

/* A plain decimal as the language writes it: 36.6, and 36,6 in Russian, Kazakh and Uzbek. Anything
 * else stays as it is. */
struct str form_number_shown(struct arena *a, enum lang lang, struct str v);

/* A typed local time ("2026-11-22T08:30") as a FHIR dateTime with the server's offset; a bare date and
 * a time with offset stay as they are. */
struct str form_date_time(struct req *rq, struct str v);

/* ---- Checking ---- */

/* One thing wrong with one field. */
struct problem {
    struct str field;   /* name of the field */
    const char *text;   /* msgid; may hold {arg} */
    struct str arg;     /* what {arg} stands for */
    struct text4 label; /* the item's text */
};
enum { PROBLEMS_MAX = 64 };
struct problems {
    struct problem v[PROBLEMS_MAX];
    uint32_t n;
};
void problem_add(struct problems *p, struct str field, const char *text, struct str arg,
                 const struct text4 *label);

/* Looks at every enabled item: required, kind, length, options, limits. What is wrong is added to
 * ret_problems; nothing else happens. is_draft leaves out "required".
 * errors   E_TOO_LARGE memory cap */
MUST_USE enum err form_check(struct req *rq, const struct form *f, const struct fields *typed,
                             bool is_draft, struct problems *ret_problems);

/* Writes the "item" member of a QuestionnaireResponse from checked fields: only enabled items with
 * an answer, texts in the request's language. Call between json_obj and json_obj_end. */
void form_write_items(struct json_out *o, struct req *rq, const struct form *f,
                      const struct fields *typed);

/* The fields a QuestionnaireResponse came of: to show it, or to begin a correction from it. */
MUST_USE enum err form_read_items(struct req *rq, const struct form *f, struct jv response,
                                  struct fields *ret_fields);

/* A line of an answered form for reading: group headings have kind FORM_GROUP and no value. */
struct form_line {
    const struct form_item *item;
    uint32_t rep;     /* repetition of its group */
    struct str value; /* shown text: option titles in the request's language, several joined by "; " */
};
/* The answered items in the form's order, for the case page and the PDF. Empty groups are left out. */
MUST_USE enum err form_lines(struct req *rq, const struct form *f, const struct fields *typed,
                             const struct form_line **ret_lines, uint32_t *ret_n);
