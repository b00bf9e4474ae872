/* app/routes.c - every address the program answers, in one table. A checker holds that each row has
 * a golden file in tests/http that shows who may not. */
#include "api/fhir.h"
#include "app/app.h"

/* clang-format off */
const struct http_route app_routes[] = {
    /* method path             who            may        limit       flags    kind         handler */
    {GET,    "/healthz",       WHO_ANY,       0,         LIMIT_NONE, NO_BUSY, KIND_PLAIN,  system_health },
    {GET,    "/metrics",       WHO_LOCAL,     0,         LIMIT_NONE, NO_BUSY, KIND_PLAIN,  system_metrics},
    {GET,    "/assets/*file",  WHO_ANY,       0,         LIMIT_NONE, 0,       KIND_PLAIN,  system_asset  },
    {GET,    "/fhir/metadata", WHO_ANY,       0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_metadata},
    {POST,   "/fhir",          WHO_SIGNED_IN, 0,         LIMIT_BUNDLE, 0,     KIND_FHIR,   api_fhir_bundle},
    {GET,    "/fhir/:type",    WHO_SIGNED_IN, 0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_search},
    {POST,   "/fhir/:type",    WHO_SIGNED_IN, 0,         LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_create},
    {POST,   "/fhir/:type/_search", WHO_SIGNED_IN, 0,    LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_search},
    {GET,    "/fhir/:type/_history", WHO_SIGNED_IN, 0,   LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_type_history},
    {POST,   "/fhir/:type/$validate", WHO_SIGNED_IN, 0,  LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_validate},
    {GET,    "/fhir/:type/:id", WHO_SIGNED_IN, 0,        LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_read},
    {PUT,    "/fhir/:type/:id", WHO_SIGNED_IN, 0,        LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_update},
    {DELETE, "/fhir/:type/:id", WHO_SIGNED_IN, 0,        LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_delete},
    {GET,    "/fhir/:type/:id/_history", WHO_SIGNED_IN, 0, LIMIT_NONE, 0,     KIND_FHIR,   api_fhir_history},
    {GET,    "/fhir/:type/:id/_history/:vid", WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR,  api_fhir_vread},
    {POST,   "/fhir/Task/:id/$move", WHO_SIGNED_IN, 0,   LIMIT_FORM, 0,       KIND_FHIR,   api_fhir_move},
    {GET,    "/fhir/*rest",    WHO_ANY,       0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_unknown},
};
/* clang-format on */
const size_t n_app_routes = LEN(app_routes);
