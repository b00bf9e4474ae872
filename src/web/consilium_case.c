/* web/consilium_case.c - what the page of a case says of consilia: those held and who was called, what
 * they ordered, and whom an emergency rang. */
#include "web/consilium.h"

#include "base/text.h"
#include "care/directory.h"
#include "care/ring.h"

enum { CASE_CONSILIA = 10, CASE_ORDERS = 40, CASE_RINGS = 20 };

/* root.orders [{text, owner, due, late, done, post}] of a case; post: where it is said to be done. */
static enum err set_orders(struct http_req *h, const struct case_row *row, struct val *root)
{
    struct consilium_order orders[CASE_ORDERS];
    struct val *list = val_set_list(root, "orders");
    uint32_t n = 0;
    TRY(consilium_orders(&h->rq, row->rid, orders, LEN(orders), &n));
    for (uint32_t i = 0; i < n; i++) {
        consilium_set_order(h, row, &orders[i], val_add_map(list));
    }
    return OK;
}

void consilium_set_order(struct http_req *h, const struct case_row *row, const struct consilium_order *order,
                         struct val *m)
{
    val_set_str(m, "text", order->text);
    val_set_str(m, "owner", order->owner_name);
    val_set_bool(m, "done", order->done);
    if (order->due_ms > 0) {
        val_set_instant(m, "due", (struct instant){order->due_ms - 1});
        val_set_bool(m, "late", !order->done && order->due_ms < h->rq.now.ms);
    }
    if (!order->done && (access_actor(&h->rq, row) & ACTOR_ASKER)) {
        struct buf b;
        buf_init(&b, h->rq.a, 200);
        BUF_LIT(&b, "/consilium/");
        buf_str(&b, order->item);
        BUF_LIT(&b, "/orders/");
        buf_str(&b, order->task);
        BUF_LIT(&b, "/done");
        val_set_str(m, "post", buf_get(&b));
    }
}

/* root.rings of a case held in real time: who was rung, from when, until when. */
static enum err set_rings(struct http_req *h, const struct case_row *row, struct val *root)
{
    struct ring rings[CASE_RINGS];
    const struct directory *dir = NULL;
    struct val *list = val_set_list(root, "rings");
    uint32_t n = 0;
    TRY(directory_get(&h->rq, &dir));
    TRY(ring_of_case(&h->rq, row->id, rings, LEN(rings), &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_str(m, "name", dir_person_name(dir, rings[i].person));
        val_set_instant(m, "at", rings[i].at);
        if (rings[i].ended.ms > 0) {
            val_set_instant(m, "ended", rings[i].ended);
        }
    }
    return OK;
}

enum err consilium_set_case(struct http_req *h, const struct case_row *row, struct val *root)
{
    struct consilium *all = ARENA_ARRAY(h->rq.a, CASE_CONSILIA, struct consilium);
    struct val *list = val_set_list(root, "consilia");
    uint32_t at[CASE_CONSILIA];
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(consilium_of_case(&h->rq, row->id, all, at, CASE_CONSILIA, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct consilium_item *item = &all[i].items[at[i]];
        struct val *m = val_add_map(list);
        val_set_str(m, "href", consilium_item_path(h, item->id, ""));
        val_set_str(m, "title", tr(h->rq.lang, care_consilium.states[item->state].title));
        val_set_instant(m, "at", (struct instant){item->created_ms});
        consilium_set_members(h, &all[i], m);
        if (item->state == CONSILIUM_CLOSED) {
            struct protocol p;
            TRY(protocol_load(&h->rq, &all[i], item, &p));
            val_set_str(m, "decision", protocol_decision(&p));
        }
    }
    TRY(set_orders(h, row, root));
    TRY(set_rings(h, row, root));
    if (row->open && who_may(h->rq.who, MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD)) {
        val_set_str(root, "consilium_new", page_path(h, "/cases/", row->id, "/consilium/new"));
    }
    return OK;
}
