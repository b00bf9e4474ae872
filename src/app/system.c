/* app/system.c - the addresses of the program itself: health, figures, built files. */
#include "app/app.h"
#include "care/signal.h"

enum err system_health(struct http_req *h)
{
    return http_reply(h, 200, S("text/plain; charset=utf-8"), S("ok\n"));
}

/* Figures of the rooms below, as Prometheus reads them: numbers of the whole program, of nobody alone. */
static void put_figures(struct req *rq, const struct care *care, struct buf *b)
{
    struct store_stats s = store_stats(care->store);
    struct store_backup backup = store_backup_last(rq, care->store);
    const struct {
        const char *name;
        const char *type;
        uint64_t v;
    } rows[] = {
        {"consilium_store_commits_total", "counter", s.batches},
        {"consilium_store_transactions_total", "counter", s.txs},
        {"consilium_store_refused_total", "counter", s.failed_txs},
        {"consilium_store_audit_records_total", "counter", s.audits},
        {"consilium_store_apply_microseconds_total", "counter", s.write_us},
        {"consilium_store_sync_microseconds_total", "counter", s.sync_us},
        {"consilium_store_queue", "gauge", s.queued},
        {"consilium_store_wal_pages", "gauge", s.wal_pages},
        {"consilium_backup_last_timestamp_seconds", "gauge", (uint64_t)backup.at.ms / 1000},
        {"consilium_room_seats", "gauge", signals_n_seats(care->signals)},
        {"consilium_room_mailbox_bytes", "gauge", signals_bytes(care->signals)},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        BUF_LIT(b, "# TYPE ");
        buf_str(b, str_z(rows[i].name));
        buf_char(b, ' ');
        buf_str(b, str_z(rows[i].type));
        buf_char(b, '\n');
        buf_str(b, str_z(rows[i].name));
        buf_char(b, ' ');
        buf_u64(b, rows[i].v);
        buf_char(b, '\n');
    }
}

enum err system_metrics(struct http_req *h)
{
    struct buf b;
    buf_init(&b, h->rq.a, 4 * 1024 * 1024);
    struct http_server *server = app_of(h)->server;
    if (server == NULL) {
        return FAIL(&h->rq, E_BUSY, "starting");
    }
    http_server_metrics(server, &b);
    put_figures(&h->rq, &app_of(h)->web.care, &b);
    if (!buf_ok(&b)) {
        return FAIL(&h->rq, E_TOO_LARGE, "metrics");
    }
    return http_reply(h, 200, S("text/plain; version=0.0.4; charset=utf-8"), buf_get(&b));
}

enum err system_asset(struct http_req *h)
{
    return http_reply_asset(h, app_of(h)->assets, http_param(h, S("file")));
}
