/* app/routes.c - every address the program answers, in one table. A checker holds that each row has
 * a golden file in tests/http that shows who may not. */
#include "api/fhir.h"
#include "api/oauth.h"
#include "api/tus.h"
#include "app/app.h"
#include "care/who.h"
#include "web/consent.h"
#include "web/pages.h"
#include "web/style_page.h"

/* clang-format off */
const struct http_route app_routes[] = {
    /* method path             who            may        limit       flags    kind         handler */
    {GET,    "/healthz",       WHO_ANY,       0,         LIMIT_NONE, NO_BUSY, KIND_PLAIN,  system_health },
    {GET,    "/metrics",       WHO_LOCAL,     0,         LIMIT_NONE, NO_BUSY, KIND_PLAIN,  system_metrics},
    {GET,    "/assets/*file",  WHO_ANY,       0,         LIMIT_NONE, 0,       KIND_PLAIN,  system_asset  },
    {GET,    "/fhir/metadata", WHO_ANY,       0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_metadata},
    {POST,   "/fhir",          WHO_SIGNED_IN, 0,         LIMIT_BUNDLE, 0,     KIND_FHIR,   api_fhir_bundle},
    {GET,    "/fhir",          WHO_SIGNED_IN, 0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_system_search},
    {POST,   "/fhir/_search",  WHO_SIGNED_IN, 0,         LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_system_search},
    {GET,    "/fhir/_history", WHO_SIGNED_IN, 0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_system_history},
    {GET,    "/fhir/:type",    WHO_SIGNED_IN, 0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_search},
    {POST,   "/fhir/:type",    WHO_SIGNED_IN, 0,         LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_create},
    {POST,   "/fhir/:type/_search", WHO_SIGNED_IN, 0,    LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_search},
    {GET,    "/fhir/:type/_history", WHO_SIGNED_IN, 0,   LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_type_history},
    {POST,   "/fhir/:type/$validate", WHO_SIGNED_IN, 0,  LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_validate},
    {POST,   "/fhir/:type/:id/$validate", WHO_SIGNED_IN, 0, LIMIT_RESOURCE, 0, KIND_FHIR,  api_fhir_validate_one},
    {GET,    "/fhir/:type/:id/$validate", WHO_SIGNED_IN, 0, LIMIT_NONE, 0,    KIND_FHIR,   api_fhir_validate_stored},
    {GET,    "/fhir/:type/:id", WHO_SIGNED_IN, 0,        LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_read},
    {PUT,    "/fhir/:type/:id", WHO_SIGNED_IN, 0,        LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_update},
    {PUT,    "/fhir/:type",    WHO_SIGNED_IN, 0,         LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_update_if},
    {DELETE, "/fhir/:type",    WHO_SIGNED_IN, 0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_delete_if},
    {PATCH,  "/fhir/:type",    WHO_SIGNED_IN, 0,         LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_patch_if},
    {PATCH,  "/fhir/:type/:id", WHO_SIGNED_IN, 0,        LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_patch},
    {DELETE, "/fhir/:type/:id", WHO_SIGNED_IN, 0,        LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_delete},
    {GET,    "/fhir/:type/:id/_history", WHO_SIGNED_IN, 0, LIMIT_NONE, 0,     KIND_FHIR,   api_fhir_history},
    {GET,    "/fhir/:type/:id/_history/:vid", WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR,  api_fhir_vread},
    {GET,    "/fhir/:type/:id/:inner", WHO_SIGNED_IN, 0, LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_compartment_search},
    {POST,   "/fhir/:type/:id/:inner/_search", WHO_SIGNED_IN, 0, LIMIT_RESOURCE, 0, KIND_FHIR, api_fhir_compartment_search},
    {POST,   "/fhir/Task/:id/$move", WHO_SIGNED_IN, 0,   LIMIT_FORM, 0,       KIND_FHIR,   api_fhir_move},
    {GET,    "/fhir/$export",  WHO_SIGNED_IN, 0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_export},
    {POST,   "/fhir/$export",  WHO_SIGNED_IN, 0,         LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_export},
    {GET,    "/fhir/Patient/$export", WHO_SIGNED_IN, 0,  LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_export_patients},
    {POST,   "/fhir/Patient/$export", WHO_SIGNED_IN, 0,  LIMIT_RESOURCE, 0,   KIND_FHIR,   api_fhir_export_patients},
    {GET,    "/fhir/Group/:id/$export", WHO_SIGNED_IN, 0, LIMIT_NONE, 0,      KIND_FHIR,   api_fhir_export_group},
    {POST,   "/fhir/Group/:id/$export", WHO_SIGNED_IN, 0, LIMIT_RESOURCE, 0,  KIND_FHIR,   api_fhir_export_group},
    {GET,    "/fhir/$export/:job", WHO_SIGNED_IN, 0,     LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_export_status},
    {DELETE, "/fhir/$export/:job", WHO_SIGNED_IN, 0,     LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_export_end},
    {GET,    "/fhir/$export/:job/:file", WHO_SIGNED_IN, 0, LIMIT_NONE, 0,     KIND_FHIR,   api_fhir_export_file},
    {GET,    "/fhir/*rest",    WHO_ANY,       0,         LIMIT_NONE, 0,       KIND_FHIR,   api_fhir_unknown},

    /* applications (SMART App Launch) */
    {GET,    "/fhir/.well-known/smart-configuration", WHO_ANY, 0, LIMIT_NONE, 0, KIND_PLAIN, api_oauth_discovery},
    {GET,    "/fhir/.well-known/openid-configuration", WHO_ANY, 0, LIMIT_NONE, 0, KIND_PLAIN, api_oauth_discovery},
    {GET,    "/oauth/authorize",  WHO_ANY,    0,         LIMIT_NONE, 0,       KIND_PAGE,   web_authorize},
    {POST,   "/oauth/authorize",  WHO_ANY,    0,         LIMIT_FORM, NO_ORIGIN, KIND_PAGE, web_authorize_post},
    {POST,   "/oauth/consent",    WHO_SESSION, 0,        LIMIT_FORM, 0,       KIND_PAGE,   web_consent},
    {POST,   "/oauth/token",      WHO_ANY,    0,         LIMIT_FORM, SLOW | NO_ORIGIN, KIND_PLAIN, api_oauth_token},
    {POST,   "/oauth/introspect", WHO_ANY,    0,         LIMIT_FORM, SLOW | NO_ORIGIN, KIND_PLAIN, api_oauth_introspect},
    {POST,   "/oauth/revoke",     WHO_ANY,    0,         LIMIT_FORM, SLOW | NO_ORIGIN, KIND_PLAIN, api_oauth_revoke},
    {GET,    "/oauth/jwks",       WHO_ANY,    0,         LIMIT_NONE, SLOW,    KIND_PLAIN,  api_oauth_jwks},
    {POST,   "/oauth/launch",     WHO_SESSION, 0,        LIMIT_FORM, 0,       KIND_PLAIN,  api_oauth_launch},

    /* files on their way (tus 1.0.0) */
    {POST,   "/uploads",       WHO_SIGNED_IN, 0,         LIMIT_NONE, SLOW,    KIND_TUS,    api_tus_create},
    {GET,    "/uploads/:id",   WHO_SIGNED_IN, 0,         LIMIT_NONE, SLOW,    KIND_TUS,    api_tus_status},
    {PATCH,  "/uploads/:id",   WHO_SIGNED_IN, 0,         LIMIT_STREAM, STREAM, KIND_TUS,   api_tus_patch},
    {DELETE, "/uploads/:id",   WHO_SIGNED_IN, 0,         LIMIT_NONE, SLOW,    KIND_TUS,    api_tus_delete},

    /* pages: begin, account */
    {GET,    "/",                 WHO_ANY,     0,              LIMIT_NONE, 0,    KIND_PAGE,   web_root},
    {GET,    "/sign-in",          WHO_ANY,     0,              LIMIT_NONE, 0,    KIND_PAGE,   web_sign_in_page},
    {POST,   "/sign-in",          WHO_ANY,     0,              LIMIT_FORM, SLOW | NO_ORIGIN, KIND_PAGE, web_sign_in},
    {POST,   "/sign-out",         WHO_SESSION, 0,              LIMIT_FORM, HELD_TOO, KIND_PAGE,   web_sign_out},
    {POST,   "/language",         WHO_ANY,     0,              LIMIT_FORM, 0,    KIND_PAGE,   web_language},
    {GET,    "/home",             WHO_SESSION, 0,              LIMIT_NONE, 0,    KIND_PAGE,   web_home},
    {GET,    "/role",             WHO_SESSION, 0,              LIMIT_NONE, HELD_TOO, KIND_PAGE,   web_role_page},
    {POST,   "/role",             WHO_SESSION, 0,              LIMIT_FORM, HELD_TOO, KIND_PAGE,   web_role},
    {GET,    "/help",             WHO_ANY,     0,              LIMIT_NONE, 0,    KIND_PAGE,   web_help},
    {GET,    "/account",          WHO_SESSION, 0,              LIMIT_NONE, HELD_TOO, KIND_PAGE,   web_account},
    {POST,   "/account/password", WHO_SESSION, 0,              LIMIT_FORM, SLOW | HELD_TOO, KIND_PAGE,   web_account_password},
    {POST,   "/account/tokens",   WHO_SESSION, 0,              LIMIT_FORM, 0,    KIND_PAGE,   web_account_token},
    {POST,   "/account/tokens/:token/revoke", WHO_SESSION, 0,  LIMIT_FORM, 0,    KIND_PAGE,   web_account_token_revoke},
    {POST,   "/account/apps/:grant/end", WHO_SESSION, 0,       LIMIT_FORM, 0,    KIND_PAGE,   web_account_app_end},
    {GET,    "/notices",          WHO_SESSION, 0,              LIMIT_NONE, 0,    KIND_PAGE,   web_notices},
    {POST,   "/notices/read",     WHO_SESSION, 0,              LIMIT_FORM, 0,    KIND_PAGE,   web_notices_read},
    {GET,    "/events",           WHO_SESSION, 0,              LIMIT_NONE, 0,    KIND_EVENTS, web_events},

    /* pages: lists of work, directory, figures */
    {GET,    "/desk",             WHO_SESSION, MAY_COORDINATE, LIMIT_NONE, 0,    KIND_PAGE,   web_desk},
    {POST,   "/desk/:case/allocate", WHO_SESSION, MAY_COORDINATE, LIMIT_FORM, 0, KIND_PAGE,   web_desk_allocate},
    {GET,    "/work",             WHO_SESSION, MAY_ANSWER,     LIMIT_NONE, 0,    KIND_PAGE,   web_work},
    {GET,    "/mine",             WHO_SESSION, MAY_ASK,        LIMIT_NONE, 0,    KIND_PAGE,   web_mine},
    {GET,    "/figures",          WHO_SESSION, MAY_COORDINATE | MAY_HEAD, LIMIT_NONE, 0, KIND_PAGE, web_figures},
    {GET,    "/record",           WHO_SESSION, MAY_AUDIT,      LIMIT_NONE, SLOW, KIND_PAGE,   web_record},
    {POST,   "/record/prove",     WHO_SESSION, MAY_AUDIT,      LIMIT_FORM, SLOW, KIND_PAGE,   web_record_prove},
    {GET,    "/system",           WHO_SESSION, MAY_ADMIN,      LIMIT_NONE, SLOW, KIND_PAGE,   web_system},
    {GET,    "/directory",        WHO_SESSION, 0,              LIMIT_NONE, 0,    KIND_PAGE,   web_directory},
    {GET,    "/directory/duty",   WHO_SESSION, 0,              LIMIT_NONE, 0,    KIND_PAGE,   web_directory_duty},
    {GET,    "/directory/:org",   WHO_SESSION, 0,              LIMIT_NONE, 0,    KIND_PAGE,   web_directory_org},

    /* pages: one case */
    {GET,    "/cases/:case",          WHO_SESSION, 0,          LIMIT_NONE, 0,    KIND_PAGE,   web_case},
    {GET,    "/cases/:case/allocate", WHO_SESSION, MAY_COORDINATE, LIMIT_NONE, 0, KIND_PAGE,  web_case_allocate},
    {POST,   "/cases/:case/messages", WHO_SESSION, 0,          LIMIT_FORM, 0,    KIND_PAGE,   web_case_message},
    {GET,    "/cases/:case/move/:action", WHO_SESSION, 0,      LIMIT_NONE, 0,    KIND_PAGE,   web_case_move_page},
    {POST,   "/cases/:case/move/:action", WHO_SESSION, 0,      LIMIT_FORM, 0,    KIND_PAGE,   web_case_move},
    {GET,    "/cases/:case/conclusion", WHO_SESSION, MAY_ANSWER, LIMIT_NONE, 0,  KIND_PAGE,   web_conclusion_page},
    {POST,   "/cases/:case/conclusion", WHO_SESSION, MAY_ANSWER, LIMIT_FORM, SLOW, KIND_PAGE, web_conclusion},
    {POST,   "/cases/:case/conclusion/save", WHO_SESSION, MAY_ANSWER, LIMIT_FORM, 0, KIND_PAGE, web_conclusion_autosave},
    {GET,    "/cases/:case/conclusion/preview", WHO_SESSION, MAY_ANSWER, LIMIT_NONE, 0, KIND_PAGE, web_conclusion_preview},
    {GET,    "/cases/:case/conclusion/preview.pdf", WHO_SESSION, MAY_ANSWER, LIMIT_NONE, SLOW, KIND_PAGE, web_conclusion_preview_pdf},
    {POST,   "/cases/:case/conclusion/sign", WHO_SESSION, MAY_ANSWER, LIMIT_FORM, SLOW, KIND_PAGE, web_conclusion_sign},
    {GET,    "/cases/:case/conclusion.json", WHO_SIGNED_IN, 0, LIMIT_NONE, 0,    KIND_PAGE,   web_conclusion_json},
    {GET,    "/cases/:case/conclusion.p7s", WHO_SIGNED_IN, 0,  LIMIT_NONE, 0,    KIND_PAGE,   web_conclusion_p7s},
    {GET,    "/cases/:case/conclusion.pdf", WHO_SIGNED_IN, 0,  LIMIT_NONE, SLOW, KIND_PAGE,   web_conclusion_pdf},
    {GET,    "/cases/:case/print.pdf", WHO_SIGNED_IN, 0,       LIMIT_NONE, SLOW, KIND_PAGE,   web_case_print},
    {GET,    "/cases/:case/log",      WHO_SESSION, 0,          LIMIT_NONE, 0,    KIND_PAGE,   web_case_log},
    {GET,    "/cases/:case/glass",    WHO_SESSION, MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD, LIMIT_NONE, 0, KIND_PAGE, web_glass_page},
    {POST,   "/cases/:case/glass",    WHO_SESSION, MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD, LIMIT_FORM, 0, KIND_PAGE, web_glass},

    /* the public check of a document */
    {GET,    "/check",            WHO_ANY,     0,              LIMIT_NONE, 0,    KIND_PAGE,   web_check_page},
    {GET,    "/check/:code",      WHO_ANY,     0,              LIMIT_NONE, SLOW, KIND_PAGE,   web_check},
    {GET,    "/style",            WHO_ANY,     0,              LIMIT_NONE, 0,    KIND_PAGE,   web_style},

    /* pages: a request, its files */
    {GET,    "/ask",              WHO_SESSION, MAY_ASK,        LIMIT_NONE, 0,    KIND_PAGE,   web_ask},
    {POST,   "/ask/find",         WHO_SESSION, MAY_ASK,        LIMIT_FORM, 0,    KIND_PAGE,   web_ask_find},
    {POST,   "/ask/start",        WHO_SESSION, MAY_ASK,        LIMIT_FORM, 0,    KIND_PAGE,   web_ask_start},
    {GET,    "/ask/register",     WHO_SESSION, MAY_ASK,        LIMIT_NONE, 0,    KIND_PAGE,   web_ask_register_page},
    {POST,   "/ask/register",     WHO_SESSION, MAY_ASK,        LIMIT_FORM, 0,    KIND_PAGE,   web_ask_register},
    {GET,    "/ask/:draft",       WHO_SESSION, MAY_ASK,        LIMIT_NONE, 0,    KIND_PAGE,   web_ask_form},
    {POST,   "/ask/:draft",       WHO_SESSION, MAY_ASK,        LIMIT_RESOURCE, 0, KIND_PAGE,  web_ask_save},
    {POST,   "/ask/:draft/save",  WHO_SESSION, MAY_ASK,        LIMIT_RESOURCE, 0, KIND_PAGE,  web_ask_autosave},
    {GET,    "/ask/:draft/icd10", WHO_SESSION, MAY_ASK,        LIMIT_NONE, 0,    KIND_PAGE,   web_ask_icd},
    {POST,   "/ask/:draft/icd10", WHO_SESSION, MAY_ASK,        LIMIT_FORM, 0,    KIND_PAGE,   web_ask_icd_pick},
    {GET,    "/ask/:draft/review", WHO_SESSION, MAY_ASK,       LIMIT_NONE, 0,    KIND_PAGE,   web_ask_review},
    {POST,   "/ask/:draft/send",  WHO_SESSION, MAY_ASK,        LIMIT_FORM, 0,    KIND_PAGE,   web_ask_send},
    {GET,    "/ask/:draft/discard", WHO_SESSION, MAY_ASK,      LIMIT_NONE, 0,    KIND_PAGE,   web_ask_discard_page},
    {POST,   "/ask/:draft/discard", WHO_SESSION, MAY_ASK,      LIMIT_FORM, SLOW, KIND_PAGE,   web_ask_discard},
    {GET,    "/ask/:draft/files", WHO_SESSION, MAY_ASK,        LIMIT_NONE, 0,    KIND_PAGE,   web_files_page},
    {POST,   "/ask/:draft/files", WHO_SESSION, MAY_ASK,        LIMIT_STREAM, STREAM, KIND_PAGE, web_files_send},
    {GET,    "/ask/:draft/files/:upload", WHO_SESSION, MAY_ASK, LIMIT_NONE, 0,   KIND_PAGE,   web_upload_open},
    {POST,   "/ask/:draft/files/:upload/remove", WHO_SESSION, MAY_ASK, LIMIT_RESOURCE, SLOW, KIND_PAGE, web_file_remove},
    {GET,    "/cases/:case/files", WHO_SESSION, 0,             LIMIT_NONE, 0,    KIND_PAGE,   web_files_page},
    {POST,   "/cases/:case/files", WHO_SESSION, 0,             LIMIT_STREAM, STREAM, KIND_PAGE, web_files_send},
    {GET,    "/cases/:case/files/:upload", WHO_SESSION, 0,     LIMIT_NONE, 0,    KIND_PAGE,   web_upload_open},
    {POST,   "/cases/:case/files/:upload/remove", WHO_SESSION, 0, LIMIT_FORM, SLOW, KIND_PAGE, web_file_remove},
    {GET,    "/files/:file",      WHO_SIGNED_IN, 0,            LIMIT_NONE, 0,    KIND_PAGE,   web_file_open},
    {GET,    "/icd10",            WHO_SIGNED_IN, 0,            LIMIT_NONE, 0,    KIND_PAGE,   web_icd},
};
/* clang-format on */
const size_t n_app_routes = LEN(app_routes);
