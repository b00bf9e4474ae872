/* care/people_int.h - what reading, comparing and applying a file of people share. */
#pragma once

#include "care/directory_change.h"
#include "care/directory_int.h"
#include "care/people.h"

enum people_org_column { ORG_CODE, ORG_NAME, ORG_KIND, ORG_PARENT, ORG_PHONE };
enum people_staff_column {
    STAFF_LOGIN, STAFF_NUMBER, STAFF_FAMILY, STAFF_GIVEN, STAFF_MIDDLE, STAFF_SEX, STAFF_ORG, STAFF_ROLE,
    STAFF_SERVICES, STAFF_FROM, STAFF_UNTIL,
};

struct people_row {
    struct str key;  /* FIRST, for dir_map: code or login */
    uint32_t line;
    uint32_t first;  /* the first row of this key, by number */
    uint32_t n_further; /* of a first one: rows of its key after it */
    enum people_act act;
    struct str v[PEOPLE_COLUMNS]; /* as typed, trimmed; p NULL: no such column */
    struct people_change *changes;
    uint32_t n_changes;
    struct str id;       /* of the organisation or person that stands; empty: a new one */
    uint64_t version;    /* of it */
    uint32_t parent_row; /* organisations: the row of the parent, DIR_NONE when it is none of the file */
    struct str org;      /* id: of the parent, or of the role */
    struct str number_system, number;
    struct str *services; /* STAFF_SERVICES_MAX; NULL: none named */
    uint32_t n_services;
    struct str role_id;  /* of the role that stands; empty: none */
    struct str name;     /* for showing */
    bool person_changes, role_new, role_changes, account_new;
    bool mine; /* all roles of the person are the importer's to give */
    bool bare; /* an account without a password, and without a link that waits */
};

/* A file as rows, before anything was compared. Faults of the file are among them. */
struct people_read {
    struct req *rq;
    struct people_plan *p;
    struct req look; /* what is read to be compared, row by row: its memory is given back */
    struct people_fault *faults;
    uint32_t faults_cap, rows_cap;
};
MUST_USE enum err people_file_read(struct req *rq, struct str file, struct people_read *r);
/* A fault of a row, and the row is wrong. column: number, or DIR_NONE. */
void people_wrong(struct people_read *r, struct people_row *row, uint32_t column, const char *text,
                  struct str what);
/* One more change of a row; copies both texts. */
void people_differs(struct people_read *r, struct people_row *row, uint32_t column, struct str from,
                    struct str to);

/* Whom the importer may reach. */
struct people_may {
    const struct directory *d;
    uint32_t top; /* the organisation they act in */
    bool all;     /* a command */
};
bool people_reaches(const struct people_may *m, uint32_t org);
/* The organisation with this code or id; DIR_NONE when there is none. */
uint32_t people_org_at(const struct directory *d, const struct dir_map *codes, struct str code);

MUST_USE enum err people_compare_orgs(struct people_read *r, const struct people_may *m,
                                      const struct dir_map *codes);
MUST_USE enum err people_compare_staff(struct people_read *r, const struct people_may *m,
                                       const struct dir_map *codes);
