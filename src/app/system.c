/* app/system.c - the addresses of the program itself: health, figures, built files. */
#include "app/app.h"

enum err system_health(struct http_req *h)
{
    return http_reply(h, 200, S("text/plain; charset=utf-8"), S("ok\n"));
}

enum err system_metrics(struct http_req *h)
{
    struct buf b;
    buf_init(&b, h->rq.a, 4 * 1024 * 1024);
    http_server_metrics(app_of(h)->server, &b);
    if (!buf_ok(&b)) {
        return FAIL(&h->rq, E_TOO_LARGE, "metrics");
    }
    return http_reply(h, 200, S("text/plain; version=0.0.4; charset=utf-8"), buf_get(&b));
}

enum err system_asset(struct http_req *h)
{
    return http_reply_asset(h, app_of(h)->assets, http_param(h, S("file")));
}
