/* web/web.h - what the pages need of the program.
 *
 * struct web is the FIRST member of the program's struct app, and struct care the first of it, so a
 * request leads to both without this room knowing the program. */
#pragma once

#include "care/care.h"
#include "http/asset.h"

struct web {
    struct care care;                  /* FIRST */
    const struct http_assets *assets;  /* style sheets and scripts; NULL: none were built */
    bool demo;                         /* pages say that all people are made up */
};

static inline const struct web *web_of(const struct req *rq)
{
    return (const struct web *)rq->app;
}
