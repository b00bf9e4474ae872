/* api/bundle_op.c - entries of a bundle that are operations, searches in compartments and over several types,
 * and whatever else only reads: answered by the row of app/routes.c that answers them alone. What they
 * change is nothing, so they come last, with the reads.
 *
 * Operations that change a resource are changes like a PATCH: in its turn, held to what it is held to, and in
 * a transaction undone with all others. */
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

/* The handlers that change a resource, and what they do. */
static const struct {
    http_handler_fn handler;
    enum entry_change change;
} changers[] = {
    {api_fhir_meta_add, CHANGE_META_ADD},
    {api_fhir_meta_delete, CHANGE_META_DELETE},
    {api_fhir_move, CHANGE_MOVE},
};

static enum entry_change change_of(const struct http_route *row)
{
    for (size_t i = 0; i < LEN(changers); i++) {
        if (row->handler == changers[i].handler) {
            return changers[i].change;
        }
    }
    return CHANGE_NONE;
}

static bool is_reader(const struct http_route *row)
{
    for (size_t i = 0; i < LEN(readers); i++) {
        if (row->handler == readers[i]) {
            return true;
        }
    }
    return false;
}

enum err entry_find_op(struct http_req *h, struct str rest, struct entry *x)
{
    const struct http_route *row;
    struct buf b;
    bool post = x->verb == VERB_POST;
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
    x->is_op = is_reader(row);
    x->change = change_of(row);
    return OK;
}

enum err entry_change(struct http_req *h, const struct bundle *b, struct entry *x, struct tx *tx)
{
    struct api_write w = {.type = x->type, .id = x->id, .expect = x->expect, .beside = &b->beside};
    struct api_params ps;
    struct jv root;
    if (x->change == CHANGE_MOVE) {
        return api_move(h, tx, x->id, x->resource);
    }
    TRY(api_params_of(h, x->resource, &ps));
    TRY(api_meta_changed(h, &ps, x->change == CHANGE_META_ADD, &w, &root));
    return api_put(h, tx, root, &w);
}

enum err entry_changed(struct http_req *h, struct entry *x)
{
    struct res_row row;
    if (x->change != CHANGE_MOVE) {
        struct str text = tx_put_text(x->tx, x->put);
        TRY_MEM(&h->rq, text.p);
        return api_meta_params(h, text, &x->body);
    }
    TRY(db_read(&h->rq, (uint16_t)x->type, x->id, &row));
    x->tx = NULL; /* a step changes more than the Task */
    x->body = row.body;
    x->version = row.version;
    x->updated = row.updated;
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
