/* web/web.h - what the pages need of the program.
 *
 * struct web is the FIRST member of the program's struct app, and struct care the first of it, so a
 * request leads to both without this room knowing the program. */
#pragma once

#include "care/care.h"
#include "http/asset.h"

struct http_server;

enum web_setting_from { SETTING_DEFAULT, SETTING_FILE, SETTING_ENVIRONMENT, SETTING_FLAG };

/* One setting of the program, as its page shows it. */
struct web_setting {
    struct str key;
    struct str help;            /* English; the translations have it */
    struct str value;           /* empty: hidden, or an empty text */
    struct str def;
    struct str unit;            /* empty: none */
    enum web_setting_from from;
    uint32_t line;              /* of the file */
    bool is_set;
    bool is_secret;             /* set or not set is all that is shown */
};

struct web {
    struct care care;                  /* FIRST */
    const struct http_assets *assets;  /* style sheets and scripts; NULL: none were built */
    const struct web_setting *settings; /* n_settings of them, as the program runs with */
    size_t n_settings;
    struct str settings_file;          /* where they were read; empty: no file */
    bool demo;                         /* pages say that all people are made up */
    struct str version;                /* of the program */
    struct http_server *_Atomic server; /* NULL until it listens, and in commands */
};

static inline const struct web *web_of(const struct req *rq)
{
    return (const struct web *)rq->app;
}
