/* app/system.c - the addresses of the program itself: health, figures, built files. */
#include "app/app.h"

#include <stdatomic.h>

#include "care/notify.h"
#include "care/scan.h"
#include "care/signal.h"
#include "care/spray.h"
#include "os/file.h"
#include "store/db.h"

/* What figures and health are made from, beside counters in memory. */
struct state {
    uint64_t base_bytes;  /* of the database */
    uint64_t free_bytes;  /* on the disk of the data folder */
    uint64_t floor_bytes; /* nothing is written below this */
    uint64_t notices;     /* that wait to be sent */
};

static enum err look(struct http_req *h, struct state *ret_state)
{
    struct req *rq = &h->rq;
    struct state s = {.floor_bytes = app_of(h)->config->free_floor * UINT64_C(1048576)};
    {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        TRY(DB_ONE(rq, &q, Q_BASE_SIZE, sql_i64(1)));
        s.base_bytes = db_u64(&q, 0);
    }
    for (enum notify_channel c = CHANNEL_MAIL; c < CHANNEL_COUNT; c++) {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        TRY(DB_ONE(rq, &q, Q_POST_WAITS, sql_i64(c), sql_i64(rq->now.ms)));
        s.notices += db_u64(&q, 0);
    }
    TRY(os_free_bytes(rq, store_dir(care_of(rq)->store), &s.free_bytes));
    *ret_state = s;
    return OK;
}

/* "ok"; or 200 all the same, for a proxy that it must stay behind, with what it cannot do now. One that
 * cannot read its data answers 503. */
enum err system_health(struct http_req *h)
{
    struct state s;
    TRY(look(h, &s));
    return http_reply(h, 200, S("text/plain; charset=utf-8"),
                      s.free_bytes >= s.floor_bytes
                          ? S("ok\n")
                          : S("reading only: the disk of the data folder has no room\n"));
}

/* Figures of the rooms below, as Prometheus reads them: numbers of the whole program, of nobody alone. */
static void put_figures(struct req *rq, const struct care *care, const struct http_server *server,
                        const struct state *state, struct buf *b)
{
    struct store_stats s = store_stats(care->store);
    struct store_backup backup = store_backup_last(rq, care->store);
    uint64_t waiting = 0;
    uint64_t waits = 0;
    spray_figures(rq, &waiting, &waits);
    int64_t tls_until_ms = http_server_tls_until(server).ms;
    struct scan_counts scans = scanner_counts(care->scanner);
    const struct {
        const char *name;
        const char *type;
        uint64_t v;
    } rows[] = {
        {"consilium_scanned_files_total", "counter", scans.files},
        {"consilium_viruses_found_total", "counter", scans.found},
        {"consilium_not_scanned_files_total", "counter", scans.missed},
        {"consilium_store_commits_total", "counter", s.batches},
        {"consilium_store_transactions_total", "counter", s.txs},
        {"consilium_store_refused_total", "counter", s.failed_txs},
        {"consilium_store_audit_records_total", "counter", s.audits},
        {"consilium_store_apply_microseconds_total", "counter", s.write_us},
        {"consilium_store_sync_microseconds_total", "counter", s.sync_us},
        {"consilium_store_queue", "gauge", s.queued},
        {"consilium_store_wal_pages", "gauge", s.wal_pages},
        {"consilium_backup_last_timestamp_seconds", "gauge", (uint64_t)backup.at.ms / 1000},
        {"consilium_tls_certificate_end_timestamp_seconds", "gauge", (uint64_t)tls_until_ms / 1000},
        {"consilium_database_bytes", "gauge", state->base_bytes},
        {"consilium_disk_free_bytes", "gauge", state->free_bytes},
        {"consilium_disk_floor_bytes", "gauge", state->floor_bytes},
        {"consilium_notices_waiting", "gauge", state->notices},
        {"consilium_sign_in_addresses_waiting", "gauge", waiting},
        {"consilium_sign_in_address_waits_total", "counter", waits},
        {"consilium_threads_without_database", "gauge", atomic_load(&care->no_handle)},
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
    struct state state;
    TRY(look(h, &state));
    buf_init(&b, h->rq.a, 4 * 1024 * 1024);
    BUF_LIT(&b, "# TYPE consilium_build_info gauge\n"
                "consilium_build_info{version=\"" CONSILIUM_VERSION "\"} 1\n");
    struct http_server *server = app_of(h)->web.server;
    if (server == NULL) {
        return FAIL(&h->rq, E_BUSY, "starting");
    }
    http_server_metrics(server, &b);
    put_figures(&h->rq, &app_of(h)->web.care, server, &state, &b);
    if (!buf_ok(&b)) {
        return FAIL(&h->rq, E_TOO_LARGE, "metrics");
    }
    return http_reply(h, 200, S("text/plain; version=0.0.4; charset=utf-8"), buf_get(&b));
}

enum err system_asset(struct http_req *h)
{
    return http_reply_asset(h, app_of(h)->assets, http_param(h, S("file")));
}
