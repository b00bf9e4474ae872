/* app/config.h - the settings of one run, read once. */
#pragma once

#include "base/req.h"

struct config {
#define TEXT(key, def, most, help) struct str key;
#define NUM(key, unit, def, least, most, help) uint64_t key;
#define FLAG(key, def, help) bool key;
#include "app/config.def"
#undef TEXT
#undef NUM
#undef FLAG
};

/* Where settings come from. */
struct config_source {
    struct str file;    /* content of consilium.conf; empty: none */
    char **env;         /* environment, NULL-ended; NULL: none */
    const char *const *flags; /* pairs: key, value */
    size_t n_flags;     /* pairs */
};

/* Defaults, then file, environment, flags. Texts are in rq->a or for ever.
 * errors E_BAD_INPUT  unknown key, malformed line, value out of bounds: the detail says which */
MUST_USE enum err config_read(struct req *rq, const struct config_source *from,
                              struct config *ret_config);
/* The table with the values in force, as a commented consilium.conf. */
void config_write(const struct config *c, struct buf *b);
/* Whether there is a setting of that name, and whether it is a FLAG (needs no value). */
bool config_has(struct str key, bool *ret_is_flag);
