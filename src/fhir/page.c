/* fhir/page.c - a page of a search as a searchset Bundle. See search.h. */
#include "fhir/search.h"

static bool is_kept(const struct fhir_query *q, struct str name)
{
    if (str_eq(name, S("resourceType")) || str_eq(name, S("id")) || str_eq(name, S("meta"))) {
        return true;
    }
    for (size_t i = 0; i < q->n_elements; i++) {
        if (str_eq(q->elements[i], name)) {
            return true;
        }
    }
    return false;
}

/* _elements: what was asked for, and SUBSETTED in meta.tag (search.html#elements). */
static enum err subset_write(struct req *rq, const struct fhir_query *q, struct str body,
                             struct buf *out)
{
    struct json_doc doc;
    struct json_out o;
    TRY(json_parse(rq, body, NULL, &doc));
    struct jv root = json_root(&doc);
    json_out_init(&o, out);
    json_obj(&o);
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        struct str name = json_key(rq, v);
        if (!is_kept(q, name)) {
            continue;
        }
        if (!str_eq(name, S("meta"))) {
            json_kv(&o, name, v);
            continue;
        }
        json_k(&o, name);
        json_obj(&o);
        json_kv(&o, S("versionId"), json_get(v, S("versionId")));
        json_kv(&o, S("lastUpdated"), json_get(v, S("lastUpdated")));
        json_k(&o, S("tag"));
        json_v_raw(&o, S("[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
                         "v3-ObservationValue\",\"code\":\"SUBSETTED\"}]"));
        json_obj_end(&o);
    }
    json_obj_end(&o);
    return OK;
}

static void link_write(struct buf *out, struct str relation, struct str base, enum fhir_type type,
                       struct str query, struct str cursor)
{
    BUF_LIT(out, "{\"relation\":\"");
    buf_str(out, relation);
    BUF_LIT(out, "\",\"url\":\"");
    buf_str(out, base);
    buf_char(out, '/');
    buf_str(out, fhir_type_name(type));
    if (query.n + cursor.n > 0) {
        buf_char(out, '?');
        buf_str(out, query);
    }
    if (cursor.n > 0) {
        buf_str(out, query.n > 0 ? S("&_cursor=") : S("_cursor="));
        buf_str(out, cursor);
    }
    BUF_LIT(out, "\"}");
}

static enum err entry_write(struct req *rq, const struct fhir_page *page,
                            const struct fhir_match *m, struct str base, struct buf *out)
{
    BUF_LIT(out, "{\"fullUrl\":\"");
    buf_str(out, base);
    buf_char(out, '/');
    buf_str(out, fhir_type_name((enum fhir_type)m->row.type));
    buf_char(out, '/');
    buf_str(out, m->row.id);
    BUF_LIT(out, "\",\"resource\":");
    if (page->q->n_elements > 0 && !m->is_include) {
        TRY(subset_write(rq, page->q, m->row.body, out));
    } else {
        buf_str(out, m->row.body);
    }
    buf_str(out, m->is_include ? S(",\"search\":{\"mode\":\"include\"}}")
                               : S(",\"search\":{\"mode\":\"match\"}}"));
    return OK;
}

static void warnings_write(struct req *rq, bool first, struct buf *out)
{
    struct json_out o;
    if (rq->issues == NULL || rq->issues->n == 0) {
        return;
    }
    buf_str(out, first ? S("{\"resource\":") : S(",{\"resource\":"));
    json_out_init(&o, out);
    fhir_outcome_write(rq, OK, &o);
    BUF_LIT(out, ",\"search\":{\"mode\":\"outcome\"}}");
}

enum err fhir_page_write(struct req *rq, const struct fhir_page *page, struct str base,
                         struct buf *out)
{
    enum fhir_type type = page->q->type;
    size_t size = 4096;
    for (size_t i = 0; i < page->n; i++) {
        size += page->v[i].row.body.n + base.n + 256;
    }
    (void)buf_room(out, size); /* at once: growing would cost the arena as much again */
    BUF_LIT(out, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"");
    if (page->has_total) {
        BUF_LIT(out, ",\"total\":");
        buf_u64(out, page->total);
    }
    BUF_LIT(out, ",\"link\":[");
    link_write(out, S("self"), base, type, page->q->self, S(""));
    if (page->next.n > 0) {
        buf_char(out, ',');
        link_write(out, S("next"), base, type, page->q->self, page->next);
    }
    buf_char(out, ']');
    if (page->n > 0 || (rq->issues != NULL && rq->issues->n > 0)) {
        BUF_LIT(out, ",\"entry\":[");
        for (size_t i = 0; i < page->n; i++) {
            if (i > 0) {
                buf_char(out, ',');
            }
            TRY(entry_write(rq, page, &page->v[i], base, out));
        }
        warnings_write(rq, page->n == 0, out);
        buf_char(out, ']');
    }
    buf_char(out, '}');
    return buf_ok(out) ? OK : FAIL(rq, E_TOO_LARGE, "the page is too large");
}
