/* web/load.c - how the server runs, for its administrators: load, queues, what failed or was slow last.
 * Numbers and the patterns of addresses; nothing of a patient, nothing a caller sent. */
#include "web/pages.h"

#include <stdatomic.h>

#include "base/text.h"
#include "http/route.h"
#include "http/server.h"
#include "store/db.h"
#include "web/page.h"
#include "web/tpl.h"
#include "web/web.h"

enum { TROUBLES_SHOWN = 50, BUSIEST_SHOWN = 10 };
#define LATE_MS (10 * MS_MINUTE) /* what waits longer in a queue is marked */

static int64_t to_ms(uint64_t us)
{
    return (int64_t)((us + 500) / 1000);
}

static void set_now(struct http_req *h, struct http_server *server, struct val *root)
{
    const struct care *care = care_of(&h->rq);
    struct http_now now = http_server_now(server);
    struct store_stats s = store_stats(care->store);
    struct val *m = val_set_map(root, "now");
    val_set_instant(m, "began", now.began);
    val_set_str(m, "version", web_of(&h->rq)->version);
    val_set_i64(m, "connections", (int64_t)now.connections);
    val_set_i64(m, "active", (int64_t)now.active);
    val_set_i64(m, "queued", (int64_t)now.queued);
    val_set_i64(m, "streams", (int64_t)now.streams);
    val_set_i64(m, "writes", (int64_t)s.queued);
    val_set_i64(m, "commit_ms", s.batches > 0 ? to_ms((s.write_us + s.sync_us) / s.batches) : 0);
    int64_t held_back = 0;
    for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++) {
        held_back += (int64_t)http_server_held_back(server, kind);
    }
    val_set_i64(m, "held_back", held_back);
    val_set_i64(m, "no_handle", (int64_t)atomic_load(&care->no_handle));
}

static void set_spans(struct http_server *server, struct val *root)
{
    static const uint32_t minutes[] = {5, 60, 24 * 60};
    struct val *list = val_set_list(root, "spans");
    for (size_t i = 0; i < LEN(minutes); i++) {
        struct http_span s = http_server_span(server, minutes[i]);
        struct val *m = val_add_map(list);
        val_set_i64(m, "span", minutes[i] * MS_MINUTE);
        val_set_i64(m, "n", (int64_t)s.n);
        val_set_i64(m, "failed", (int64_t)s.failed);
        val_set_i64(m, "slow", (int64_t)s.slow);
        val_set_i64(m, "ms", s.n > 0 ? to_ms(s.own_us / s.n) : 0);
    }
}

/* Names of Q_QUEUES. */
static const struct {
    const char *name, *title;
} queues[] = {
    {"jobs", T("Deadlines, reminders, calls")},
    {"post", T("Notices beyond the page")},
    {"subs", T("Events for other systems")},
    {"stamps", T("Time stamps of signatures")},
    {"bulk", T("Exports and imports of data")},
    {"recordings", T("Recordings to be kept")},
    {"erasures", T("Records being erased")},
};

static const char *queue_title(struct str name)
{
    for (size_t i = 0; i < LEN(queues); i++) {
        if (str_eq(name, str_z(queues[i].name))) {
            return queues[i].title;
        }
    }
    return "";
}

static enum err set_queues(struct http_req *h, struct val *root)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct val *list = val_set_list(root, "queues");
    bool has = false;
    TRY(DB_QUERY(&h->rq, &q, Q_QUEUES, sql_i64(h->rq.now.ms)));
    TRY(db_next(&h->rq, &q, &has));
    while (has) {
        struct val *m = val_add_map(list);
        int64_t since = db_i64(&q, 2);
        val_set_str(m, "title", tr(h->rq.lang, queue_title(db_text(h->rq.a, &q, 0))));
        val_set_i64(m, "n", db_i64(&q, 1));
        val_set_i64(m, "given_up", db_i64(&q, 3));
        if (since > 0) {
            val_set_instant(m, "since", (struct instant){since});
            val_set_bool(m, "late", h->rq.now.ms - since > LATE_MS);
        }
        TRY(db_next(&h->rq, &q, &has));
    }
    return OK;
}

static void set_route(struct val *m, const struct http_route *route)
{
    val_set_str(m, "method", route != NULL ? http_method_names[route->method] : S(""));
    val_set_str(m, "route", route != NULL ? str_z(route->path) : S(""));
}

static enum err set_troubles(struct http_req *h, struct http_server *server, struct val *root)
{
    struct http_trouble *t = ARENA_ARRAY(h->rq.a, TROUBLES_SHOWN, struct http_trouble);
    struct val *list = val_set_list(root, "troubles");
    TRY_MEM(&h->rq, t);
    uint32_t n = http_server_troubles(server, t, TROUBLES_SHOWN);
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        set_route(m, t[i].route);
        val_set_instant(m, "at", t[i].at);
        val_set_i64(m, "id", (int64_t)t[i].id);
        val_set_i64(m, "status", t[i].status);
        val_set_str(m, "err", t[i].err != OK ? str_z(err_name(t[i].err)) : S(""));
        val_set_bool(m, "failed", t[i].status >= 500);
        val_set_bool(m, "slow", t[i].slow);
        val_set_i64(m, "ms", to_ms(t[i].took_us));
    }
    return OK;
}

static void set_busiest(struct http_server *server, struct val *root)
{
    struct http_busy b[BUSIEST_SHOWN];
    struct val *list = val_set_list(root, "busiest");
    uint32_t n = http_server_busiest(server, b, LEN(b));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        set_route(m, b[i].route);
        val_set_i64(m, "n", (int64_t)b[i].n);
        val_set_i64(m, "failed", (int64_t)b[i].failed);
        val_set_i64(m, "ms", to_ms(b[i].own_us / b[i].n));
        val_set_i64(m, "most_ms", to_ms(b[i].most_us));
    }
}

enum err web_system_load(struct http_req *h)
{
    struct http_server *server = atomic_load(&web_of(&h->rq)->server);
    struct val *root = NULL;
    if (server == NULL) {
        return FAIL(&h->rq, E_BUSY, "starting");
    }
    TRY(page_begin(h, T("Load and errors"), &root));
    set_now(h, server, root);
    set_spans(server, root);
    TRY(set_queues(h, root));
    TRY(set_troubles(h, server, root));
    set_busiest(server, root);
    return page_reply(h, root, tpl_system_load);
}
