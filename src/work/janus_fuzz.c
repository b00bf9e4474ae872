/* work/janus_fuzz.c - lines of what pages say (a digit, the seat, begins them) and of what a server tells,
 * in any order: the bridge's rooms hold together, and every word to a page is one JSON object. */
#include "work/janus_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err fuzz_send(struct req *rq, void *ctx, struct str url, struct str body,
                          struct str *ret_answer)
{
    uint64_t *n = ctx;
    struct buf b;
    (void)url;
    (void)body;
    buf_init(&b, rq->a, 128);
    BUF_LIT(&b, "{\"janus\":\"success\",\"data\":{\"id\":");
    buf_u64(&b, ++*n);
    BUF_LIT(&b, "}}");
    *ret_answer = buf_get(&b);
    return OK;
}

static void fuzz_post(void *ctx, struct str room, uint32_t seat, struct str body)
{
    struct req *rq = ctx;
    struct json_doc doc;
    (void)room;
    ASSERT(seat < 10 && json_parse(rq, body, NULL, &doc) == OK);
}

static void line_run(struct req *rq, struct janus_bridge *b, struct str line)
{
    struct janus_events events = {0};
    enum err e = OK;
    if (line.n > 1 && line.p[0] >= '1' && line.p[0] <= '9') {
        uint32_t seat = (uint32_t)(line.p[0] - '0');
        e = media_said(rq, b, S("room"), seat, str_sub(line, 1, line.n));
    } else {
        e = janus_events_read(rq, line, &events);
        for (size_t i = 0; e == OK && i < events.n; i++) {
            e = media_event(rq, &b->servers[0], &events.v[i]);
        }
    }
    if (e != OK) {
        err_clear(rq);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct janus_server server = {.api_url = SI("http://127.0.0.1:1/janus"),
                                               .api_secret = SI("a"),
                                               .admin_url = SI("http://127.0.0.1:2/admin"),
                                               .admin_secret = SI("b"),
                                               .room_key = SI("c")};
    struct req rq;
    struct str rest = {(const char *)data, size};
    struct str line;
    uint64_t ids = 0;
    req_init(&rq, 64 << 20, (struct instant){0});
    struct janus_bridge *b = os_alloc(1, sizeof *b);
    b->mesh_most = 2;
    b->post = fuzz_post;
    b->ctx = &rq;
    b->n_servers = 1;
    struct media_server *s = &b->servers[0];
    s->bridge = b;
    s->janus = (struct janus){.server = &server, .send = fuzz_send, .ctx = &ids};
    s->up = true;
    s->session = 1;
    while (rest.n > 0 && str_cut(&rest, '\n', &line)) {
        line_run(&rq, b, line);
    }
    media_lost(&rq, s);
    ASSERT(media_over(&rq, b, S("room")) == OK && b->n_rooms == 0);
    os_free(b);
    req_done(&rq);
    return 0;
}
