/* app/routes.c - every address the program answers, in one table. A checker holds that each row has
 * a golden file in tests/http that shows who may not. */
#include "app/app.h"

/* clang-format off */
const struct http_route app_routes[] = {
    /* method path             who            may        limit       flags    kind         handler */
    {GET,    "/healthz",       WHO_ANY,       0,         LIMIT_NONE, NO_BUSY, KIND_PLAIN,  system_health },
    {GET,    "/metrics",       WHO_LOCAL,     0,         LIMIT_NONE, NO_BUSY, KIND_PLAIN,  system_metrics},
    {GET,    "/assets/*file",  WHO_ANY,       0,         LIMIT_NONE, 0,       KIND_PLAIN,  system_asset  },
};
/* clang-format on */
const size_t n_app_routes = LEN(app_routes);
