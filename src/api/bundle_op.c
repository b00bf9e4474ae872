/* api/bundle_op.c - entries of a bundle that are operations, searches in compartments and over several types,
 * and whatever else only reads: answered by the row of app/routes.c that answers them alone. What they
 * change is nothing, so they come last, with the reads. */
#include "api/bundle_int.h"

/* The handlers that read and answer at once. */
static const http_handler_fn readers[] = {
    api_fhir_metadata,
    api_fhir_system_search,
    api_fhir_compartment_search,
    api_fhir_validate,
    api_fhir_validate_one,
    api_fhir_validate_stored,
    api_fhir_meta,
    api_fhir_type_meta,
    api_fhir_system_meta,
    api_fhir_patient_everything,
    api_fhir_encounter_everything,
    api_fhir_expand,
    api_fhir_set_validate,
    api_fhir_system_validate,
    api_fhir_lookup,
    api_sub_topics,
    api_sub_status,
    api_sub_status_all,
    api_sub_events,
};

static bool is_reader(const struct http_route *row)
{
    for (size_t i = 0; i < LEN(readers); i++) {
        if (row->handler == readers[i]) {
            return true;
        }
    }
    return false;
}

enum err entry_is_op(struct http_req *h, struct str rest, struct entry *x, bool *ret_is)
{
    const struct http_route *row;
    struct buf b;
    bool post = x->verb == VERB_POST;
    *ret_is = false;
    bool may_be = post ? str_find_char(rest, '$') < rest.n : x->verb == VERB_GET;
    if (!may_be) { /* imports are many plain POSTs: no look at the table for them */
        return OK;
    }
    buf_init(&b, h->rq.a, rest.n + 16);
    BUF_LIT(&b, "/fhir/");
    buf_str(&b, rest);
    x->path = rest.n > 0 ? buf_get(&b) : S("/fhir");
    TRY_MEM(&h->rq, x->path.p);
    enum err e = http_within_row(h, post ? POST : GET, x->path, &row);
    if (e == E_NOT_FOUND || e == E_METHOD || e == E_BAD_INPUT) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    *ret_is = is_reader(row);
    return OK;
}

enum err entry_op(struct http_req *h, struct entry *x)
{
    const struct http_inner in = {
        .method = x->is_post ? POST : GET,
        .path = x->path,
        .query = x->query,
        .body = x->is_post && json_has(x->resource) ? json_raw(x->resource) : (struct str){NULL, 0},
    };
    unsigned status = 0;
    return http_within(h, &in, &status, &x->body);
}
