/* web/events.c - what open pages follow: the person's notices, the lists of the organisations they
 * work for, one case. An event says only that something changed. */
#include "web/pages.h"

#include "care/access.h"
#include "care/care.h"
#include "care/consilium.h"
#include "store/store.h"

/* /events, /events?case=ID and /events?consilium=ID. Topics: "notices", "desk", "case". */
enum err web_events(struct http_req *h)
{
    const struct store *st = care_of(&h->rq)->store;
    const struct who *w = h->rq.who;
    struct http_topic topics[HTTP_TOPICS_MAX];
    struct str case_id = http_query(h, S("case"));
    struct str consilium_id = http_query(h, S("consilium"));
    struct case_row row;
    uint32_t n = 0;
    topics[n++] = (struct http_topic){EVENT_PERSON, store_hash(st, w->person), S("notices")};
    for (uint32_t i = 0; i < w->n_roles && n < HTTP_TOPICS_MAX - 1; i++) {
        if (w->roles[i].rights & (MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD)) {
            topics[n++] = (struct http_topic){EVENT_DESK, store_hash(st, w->roles[i].org),
                                              S("desk")};
        }
    }
    if (case_id.n > 0) {
        TRY(access_case(&h->rq, case_id, AUDIT_READ, &row));
        topics[n++] = (struct http_topic){EVENT_CASE, store_hash(st, row.id), S("case")};
    }
    if (consilium_id.n > 0 && n < HTTP_TOPICS_MAX) {
        struct consilium *c = ARENA_NEW(h->rq.a, struct consilium);
        TRY_MEM(&h->rq, c);
        TRY(consilium_open(&h->rq, consilium_id, AUDIT_READ, c));
        topics[n++] = (struct http_topic){EVENT_CASE, store_hash(st, c->id), S("case")};
    }
    return http_reply_events(h, topics, n);
}
