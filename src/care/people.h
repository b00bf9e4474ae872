/* care/people.h - organisations and people from a CSV file: read, compared with what stands, shown,
 * applied.
 *
 * The first line names the columns (people_column()); each line after it is one record,
     a field of it has no
 * line break. UTF-8, with or without a byte order mark; a comma,
     a semicolon or a tab separates. A line of
 * organisations is known by its code (Organization.identifier, or the id of one without a code),
     a line of
 * people by the login,
     or by the national number where the person has no account yet. An empty field changes
 * nothing; what is not in the file stays as it is. Several lines of one login are several roles.
 *
 * A plan says for each line what would be made or changed,
     and what is wrong with it. Its mark is a digest of
 * the file,
     of the rights and of what was found: a plan made again has the same mark while nothing of it has
 * changed. Who imports by a page does so below the organisation they act in, and gives no role that
 * administers or audits.
 *
 * Applied in batches,
     each one transaction with its audit records: a line is there whole or not at all, and
 * the same file applied again does what is left. New accounts have no password and open to nobody until
 * their people have chosen one, invited by people_invite(). */
#pragma once

#include "care/directory.h"

struct tx;

enum people_what { PEOPLE_NOTHING, PEOPLE_ORGS, PEOPLE_STAFF, PEOPLE_WHAT_COUNT };
enum { PEOPLE_FILE_MAX = 6 << 20, PEOPLE_LINES_MAX = 30000, PEOPLE_COLUMNS = 11,
    PEOPLE_FAULTS_MAX = 30000 };

/* Name of the i-th column of a kind of file; p NULL past the last one. */
struct str people_column(enum people_what what, uint32_t i);
/* What may stand in it: msgid. */
const char *people_column_help(enum people_what what, uint32_t i);
/* A file with the columns and no line, to fill in: UTF-8 with a byte order mark, CRLF. */
void people_template(struct buf *b, enum people_what what, char separator);

enum people_act { PEOPLE_SAME, PEOPLE_NEW, PEOPLE_CHANGED, PEOPLE_WRONG, PEOPLE_ACT_COUNT };

/* Why a line is wrong. */
struct people_fault {
    uint32_t line;
    struct str column;  /* name as in the file; empty: the whole line */
    const char *text;   /* msgid; {what} in it is */
    struct str what;
};

/* One thing that changes. */
struct people_change {
    struct str column;
    struct str from, to; /* from empty: there was none */
};

struct people_row; /* care/people_int.h */

/* What would be done with a file. Lives in the arena of the request that made it. */
struct people_plan {
    enum people_what what;
    char separator;
    uint32_t n_rows;
    struct people_row *rows;
    uint32_t n_faults;                 /* all of them */
    const struct people_fault *faults; /* at most PEOPLE_FAULTS_MAX, by line */
    uint32_t n[PEOPLE_ACT_COUNT];      /* lines by what is done with them */
    uint32_t n_bare;                   /* people of the file who have no password and no link that waits */
    char mark[65];                     /* hex of the digest; "" when the columns are wrong */
};

/* Reads a file and compares it with what stands. Wrong lines are faults, never failures.
 * limits  PEOPLE_FILE_MAX, PEOPLE_LINES_MAX, and the arena
 * errors  E_TOO_LARGE, E_IO */
MUST_USE enum err people_plan(struct req *rq, struct str file, struct people_plan *ret_plan);

/* A line for showing. */
struct people_line {
    uint32_t line;
    enum people_act act;
    struct str key, name; /* code or login; name of the organisation or person */
    const struct people_change *changes;
    uint32_t n_changes;
};
struct people_line people_line_at(const struct people_plan *p, uint32_t row);
/* All faults as a table: line, column, reason in the reader's language. */
void people_faults_write(struct req *rq, struct buf *b, const struct people_plan *p);

/* Does what the plan says, batch by batch; each batch also keeps how far it came for the person who acts
 * (people_state()). *ret_done: lines of which something was written.
 * errors  E_STALE  somebody changed one of these meanwhile: what was done is whole and stays; as the store */
MUST_USE enum err people_apply(struct req *rq, const struct people_plan *p, uint32_t *ret_done);

/* Invitations (care/staff_invite.h) for people of the plan who have no password and no link that
 * waits, as a table: login, name, link. base: what a link begins with, as "https://telemed.example".
 * What was made before a failure is in the table. on record */
MUST_USE enum err people_invite(struct req *rq, const struct people_plan *p, struct str base, struct buf *b,
                                uint32_t *ret_n);

/* The file somebody has laid ready: one a person, as long as a draft is kept.
 * errors  E_NOT_FOUND */
MUST_USE enum err people_file_get(struct req *rq, struct str *ret_file);
/* Lays it ready, in place of the one before; on record. errors E_TOO_LARGE above PEOPLE_FILE_MAX */
MUST_USE enum err people_file_keep(struct req *rq, struct tx *tx, struct str file);
MUST_USE enum err people_file_drop(struct req *rq, struct tx *tx);

/* How far the last import of the person who acts came. */
struct people_state {
    uint32_t done, of; /* lines; done < of: it was cut short */
    struct instant at;
};
/* errors  E_NOT_FOUND */
MUST_USE enum err people_state(struct req *rq, struct people_state *ret_state);
