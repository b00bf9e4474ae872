/* fhir/page.c - a page of a search as a searchset Bundle. See search.h. */
#include "fhir/search.h"

#include "fhir/subset_int.h"

static void link_write(struct buf *out, struct str relation, struct str base, struct str path,
                       struct str query, struct str cursor)
{
    BUF_LIT(out, "{\"relation\":\"");
    buf_str(out, relation);
    BUF_LIT(out, "\",\"url\":\"");
    buf_str(out, base);
    buf_str(out, path.n > 0 ? S("/") : S(""));
    buf_str(out, path);
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
    if (subset_asked(page->q, m->is_include)) {
        TRY(subset_write(rq, page->q, &m->row, out));
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
    link_write(out, S("self"), base, page->q->path, page->q->self, S(""));
    if (page->next.n > 0) {
        buf_char(out, ',');
        link_write(out, S("next"), base, page->q->path, page->q->self, page->next);
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
