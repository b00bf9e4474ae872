/* app/config.h - the settings of one run, read once, and where each came from. */
#pragma once

#include "base/req.h"

/* How many settings there are. */
enum {
    CONFIG_COUNT = 0
#define TEXT(key, def, most, help) +1
#define SECRET(key, most, help) +1
#define NUM(key, unit, def, least, most, help) +1
#define FLAG(key, def, help) +1
#include "app/config.def"
#undef TEXT
#undef SECRET
#undef NUM
#undef FLAG
};

enum config_origin { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENVIRONMENT, CONFIG_FLAG };

struct config_at {
    enum config_origin origin;
    uint32_t line; /* of the file; 0: not from it */
};

struct config {
#define TEXT(key, def, most, help) struct str key;
#define SECRET(key, most, help) struct str key;
#define NUM(key, unit, def, least, most, help) uint64_t key;
#define FLAG(key, def, help) bool key;
#include "app/config.def"
#undef TEXT
#undef SECRET
#undef NUM
#undef FLAG
    struct str file;                   /* path of consilium.conf; empty: none */
    struct config_at at[CONFIG_COUNT]; /* in the order of config.def */
};

/* Where settings come from. */
struct config_source {
    struct str file;    /* content of consilium.conf; empty: none */
    char **env;         /* environment, NULL-ended; NULL: none */
    const char *const *flags; /* pairs: key, value */
    size_t n_flags;     /* pairs */
    struct str path;    /* of that file; empty: none */
};

/* Defaults, then file, environment, flags. Texts are in rq->a or for ever.
 * errors E_BAD_INPUT  unknown key, malformed line, value out of bounds: the detail says which */
MUST_USE enum err config_read(struct req *rq, const struct config_source *from,
                              struct config *ret_config);

enum { CONFIG_ISSUES_MAX = 200 };
enum config_weight { CONFIG_ADVICE, CONFIG_WRONG };

/* What is to be said of a setting, and where it stands. */
struct config_issue {
    enum config_weight weight;
    struct config_at at;
    struct str key;   /* as it was written; empty: a line that has none */
    struct str words; /* what is wrong and what to do; never the value of a secret */
};

/* Those of one look at the settings, in the order they were found; more than fit are counted only. */
struct config_issues {
    struct config_issue v[CONFIG_ISSUES_MAX];
    size_t n;     /* of v */
    size_t wrong; /* all of weight CONFIG_WRONG */
    size_t advice;
};

/* The same as config_read(), but goes on after a fault: each is an issue, and so is a key that
 * stands twice in the file. What could not be read keeps its default.
 * errors E_TOO_LARGE  of memory alone */
MUST_USE enum err config_read_all(struct req *rq, const struct config_source *from,
                                  struct config_issues *issues, struct config *ret_config);
/* One more issue; the place is that of the setting key in c. words are for ever or in the request's arena. */
void config_issue_add(struct config_issues *issues, const struct config *c, enum config_weight weight,
                      struct str key, struct str words);

/* One setting, to be shown. */
struct config_row {
    struct str key;
    struct str value; /* empty when it is hidden */
    struct str def;
    const char *unit; /* "" none */
    const char *help;
    uint64_t least;   /* of a number */
    uint64_t most;
    struct config_at at;
    bool is_num;
    bool is_set;      /* a text that is not empty, a number, a flag */
    bool is_secret;   /* its value is never shown */
    bool is_hidden;   /* has a value that is not shown: a secret, or an address with a password in it */
};
/* i below CONFIG_COUNT. Texts are in a or for ever. */
MUST_USE enum err config_row(struct req *rq, const struct config *c, size_t i,
                             struct config_row *ret_row);
/* The table with the values in force, as a commented consilium.conf; in the place of a hidden value stands a
 * comment. */
void config_write(struct req *rq, const struct config *c, struct buf *b);
/* listen = unix:/path */
bool config_listens_on_path(const struct config *c);
/* The program speaks TLS itself. */
bool config_has_tls(const struct config *c);
/* listen is an address that others than this machine reach. */
bool config_listens_beyond(const struct config *c);
/* Whether there is a setting of that name, and whether it is a FLAG (needs no value). */
bool config_has(struct str key, bool *ret_is_flag);
