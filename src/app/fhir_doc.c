/* app/fhir_doc.c - "consilium fhir doc": what the FHIR interface can do, from the route rows and the
 * definitions. tests/capability.mjs holds it to /fhir/metadata. */
#include <string.h>

#include "api/fhir.h"
#include "app/app.h"
#include "app/command.h"
#include "fhir/extract.h"
#include "fhir/near.h"
#include "fhir/param.h"
#include "fhir/query.h"

enum { DOC_MAX = 1 << 20 };

/* What a request of a form is called in a CapabilityStatement. */
static const struct {
    enum http_method method;
    const char *path;
    const char *code;
} codes[] = {
    {GET, "/fhir/:type/:id", "read"},
    {GET, "/fhir/:type/:id/_history/:vid", "vread"},
    {PUT, "/fhir/:type/:id", "update"},
    {PUT, "/fhir/:type", "conditional update"},
    {PATCH, "/fhir/:type/:id", "patch"},
    {PATCH, "/fhir/:type", "conditional patch"},
    {DELETE, "/fhir/:type/:id", "delete"},
    {DELETE, "/fhir/:type", "conditional delete"},
    {GET, "/fhir/:type/:id/_history", "history-instance"},
    {GET, "/fhir/:type/_history", "history-type"},
    {POST, "/fhir/:type", "create"},
    {GET, "/fhir/:type", "search-type"},
    {POST, "/fhir/:type/_search", "search-type"},
    {GET, "/fhir", "search-system"},
    {POST, "/fhir/_search", "search-system"},
    {GET, "/fhir/_history", "history-system"},
    {POST, "/fhir", "transaction"},
    {POST, "/fhir", "batch"},
    {GET, "/fhir/:type/:id/:inner", "compartment search"},
    {POST, "/fhir/:type/:id/:inner/_search", "compartment search"},
    {GET, "/fhir/metadata", "capabilities"},
};

static const char *const methods[] = {
    [GET] = "GET", [POST] = "POST", [PUT] = "PUT", [PATCH] = "PATCH", [DELETE] = "DELETE",
};

static void request_write(struct buf *b, const struct http_route *r)
{
    BUF_LIT(b, " | `");
    buf_str(b, str_z(methods[r->method]));
    buf_char(b, ' ');
    buf_str(b, str_z(r->path));
    BUF_LIT(b, "` |\n");
}

static void interactions_write(struct buf *b)
{
    BUF_LIT(b, "## Interactions\n\n| interaction | request |\n|---|---|\n");
    for (size_t c = 0; c < LEN(codes); c++) {
        for (size_t i = 0; i < n_app_routes; i++) {
            const struct http_route *r = &app_routes[i];
            if (r->method == codes[c].method && strcmp(r->path, codes[c].path) == 0) {
                BUF_LIT(b, "| ");
                buf_str(b, str_z(codes[c].code));
                request_write(b, r);
            }
        }
    }
}

static void operations_write(struct buf *b)
{
    BUF_LIT(b, "\n## Operations\n\n| operation | request |\n|---|---|\n");
    for (size_t i = 0; i < n_app_routes; i++) {
        struct str path = str_z(app_routes[i].path);
        size_t at = str_find_char(path, '$');
        if (str_starts(path, S("/fhir")) && at < path.n) {
            BUF_LIT(b, "| ");
            struct str name = str_sub(path, at, path.n);
            buf_str(b, str_sub(name, 0, str_find_char(name, '/')));
            request_write(b, &app_routes[i]);
        }
    }
}

static void param_write(struct buf *b, struct str name, const char *kind)
{
    buf_str(b, name);
    buf_char(b, ' ');
    buf_str(b, str_z(kind));
}

static void type_write(struct buf *b, enum fhir_type type)
{
    size_t n;
    bool open = false;
    const struct fhir_param *p = fhir_params(type, &n);
    BUF_LIT(b, "| ");
    buf_str(b, fhir_type_name(type));
    BUF_LIT(b, " | ");
    for (size_t i = 0; i < n; i++) {
        if (p[i].kind != SP_SPECIAL || near_is(&p[i])) {
            buf_str(b, open ? S(", ") : S(""));
            param_write(b, p[i].name, fhir_param_kind_name(&p[i]));
            open = true;
        }
    }
    BUF_LIT(b, " |\n");
}

int command_fhir_doc(struct command_args *args)
{
    struct buf b;
    buf_init(&b, args->rq->a, DOC_MAX);
    BUF_LIT(&b, "# The FHIR interface\n\nMade by `make fhir-doc` from the definitions of R4 4.0.1 and the "
                "route rows of the program; `tests/capability.mjs`\nholds it to `/fhir/metadata`. "
                "Search parameters that every type has stand in that statement once for each type: "
                "`_id`,\n`_lastUpdated`, `_tag`, `_profile`, `_security`, `_source`, `_text`, "
                "`_content`, `_filter`, `_has`, `_list`.\n\n"
                "Parameters of exports, imports and views: [BULK.md](BULK.md). How applications and "
                "services are let in: [SMART.md](SMART.md).\n"
                "Topics and channels: [SUBSCRIPTIONS.md](SUBSCRIPTIONS.md).\n"
                "\n## Limits\n\nWhat is beyond them is refused with an OperationOutcome that says "
                "where.\n\n"
                "- a resource: 16 MiB, 64 levels, 1 000 000 names and values, ");
    buf_u64(&b, FHIR_TUPLES_MAX);
    BUF_LIT(&b, " values it can be found by\n- a batch or transaction: 32 MiB as far as memory of 320 "
                "MiB takes it, ");
    buf_u64(&b, BUNDLE_ENTRIES_MAX);
    BUF_LIT(&b, " entries\n- a search: ");
    buf_u64(&b, FHIR_CRITERIA_MAX);
    BUF_LIT(&b, " parameters, of each ");
    buf_u64(&b, FHIR_VALUES_MAX);
    BUF_LIT(&b, " codes, references or addresses, or ");
    buf_u64(&b, FHIR_TEXTS_MAX);
    BUF_LIT(&b, " other values; ");
    buf_u64(&b, FHIR_STEPS_MAX);
    BUF_LIT(&b, " steps of a chain\n\n");
    interactions_write(&b);
    operations_write(&b);
    BUF_LIT(&b, "\n## Types and their search parameters\n\n| type | search parameters |\n|---|---|\n");
    for (unsigned t = 1; t < T_COUNT; t++) {
        if (fhir_type_hangs((enum fhir_type)t) != NOT_KEPT) {
            type_write(&b, (enum fhir_type)t);
        }
    }
    BUF_LIT(&b, "| AuditEvent | patient reference, entity reference |\n");
    command_print(buf_get(&b));
    return buf_ok(&b) ? COMMAND_OK : COMMAND_FAILED;
}
