/* work/janus.c - requests to Janus and what they answer. See janus.h. */
#include "work/janus.h"

#include "os/outgoing.h"

#define PLUGIN "janus.plugin.videoroom"

enum { REQUEST_MAX = 256 << 10, ANSWER_MAX = 1 << 20, WAIT_MS = 2000, URL_MAX = 512 };

enum err janus_send_http(struct req *rq, void *ctx, struct str url, struct str body,
                         struct str *ret_answer)
{
    const struct os_post p = {.url = url,
                              .type = S("application/json"),
                              .body = body,
                              .timeout_ms = WAIT_MS,
                              .plain = true};
    struct os_got got = {0};
    (void)ctx;
    TRY(os_post_ask(rq, &p, ANSWER_MAX, &got));
    if (got.status != 200) {
        return FAIL(rq, E_IO, "janus: status %u", got.status);
    }
    *ret_answer = got.body;
    return OK;
}

/* ---- the file of a server ---- */

static bool secret_fine(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
              || c == '_')) {
            return false;
        }
    }
    return s.n > 0;
}

static bool address_fine(struct str s)
{
    return str_starts(s, S("http://")) || str_starts(s, S("https://"));
}

enum err janus_server_read(struct req *rq, struct str text, struct janus_server *ret_server)
{
    struct janus_server s = {0};
    const struct {
        struct str key;
        struct str *at;
        bool (*fine)(struct str s);
    } keys[] = {
        {S("api_url"), &s.api_url, address_fine},
        {S("api_secret"), &s.api_secret, secret_fine},
        {S("admin_url"), &s.admin_url, address_fine},
        {S("admin_secret"), &s.admin_secret, secret_fine},
        {S("room_key"), &s.room_key, secret_fine},
    };
    struct str line;
    while (text.n > 0 && str_cut(&text, '\n', &line)) {
        size_t eq = str_find_char(line, '=');
        struct str key = str_trim(str_sub(line, 0, eq));
        size_t k = 0;
        if (key.n == 0 || key.p[0] == '#') {
            continue;
        }
        while (k < LEN(keys) && !str_eq(keys[k].key, key)) {
            k++;
        }
        if (k == LEN(keys)) {
            return FAIL(rq, E_BAD_INPUT, "a media server's file: unknown key");
        }
        *keys[k].at = str_trim(str_sub(line, eq + 1, line.n));
    }
    for (size_t k = 0; k < LEN(keys); k++) {
        if (!keys[k].fine(*keys[k].at)) {
            return FAIL(rq, E_BAD_INPUT, "a media server's file: %.*s", STR_ARG(keys[k].key));
        }
    }
    *ret_server = s;
    return OK;
}

/* ---- asking ---- */

/* A request under way: opened with what each has, closed and sent by ask_end(). */
struct ask {
    struct buf url;
    struct buf b;
    struct json_out o;
};

static void ask_begin(struct req *rq, struct ask *x, struct str base, const char *verb)
{
    buf_init(&x->url, rq->a, URL_MAX);
    buf_init(&x->b, rq->a, REQUEST_MAX);
    json_out_init(&x->o, &x->b);
    buf_str(&x->url, base);
    json_obj(&x->o);
    json_ks(&x->o, S("janus"), str_z(verb));
    json_ks(&x->o, S("transaction"), S("c"));
}

static void ask_api(struct req *rq, const struct janus *j, struct ask *x, struct janus_at at,
                    const char *verb)
{
    ask_begin(rq, x, j->server->api_url, verb);
    json_ks(&x->o, S("apisecret"), j->server->api_secret);
    if (at.session != 0) {
        buf_char(&x->url, '/');
        buf_u64(&x->url, at.session);
    }
    if (at.handle != 0) {
        buf_char(&x->url, '/');
        buf_u64(&x->url, at.handle);
    }
}

static void ask_admin(struct req *rq, const struct janus *j, struct ask *x, const char *verb)
{
    ask_begin(rq, x, j->server->admin_url, verb);
    json_ks(&x->o, S("admin_secret"), j->server->admin_secret);
}

enum err janus_err(int64_t code)
{
    switch (code) {
    case 403: /* wrong secret */
    case 433: /* wrong pin, secret or key of a room */
        return E_FORBIDDEN;
    case 426: /* no such room */
    case 428: /* nobody publishes under that number */
    case 458: /* no such session */
    case 459: /* no such handle */
        return E_NOT_FOUND;
    case 427: /* the room is there */
        return E_CONFLICT;
    case 432: /* as many publish as may */
        return E_FULL;
    default:
        return E_IO;
    }
}

/* Closes the request, sends it, and gives the answer when it is no error. */
static enum err ask_end(struct req *rq, const struct janus *j, struct ask *x, struct jv *ret_root)
{
    struct str answer = {0};
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    int64_t code = 0;
    json_obj_end(&x->o);
    if (doc == NULL || !buf_ok(&x->b) || !buf_ok(&x->url)) {
        return FAIL(rq, E_TOO_LARGE, "janus: request");
    }
    TRY(j->send(rq, j->ctx, buf_get(&x->url), buf_get(&x->b), &answer));
    if (json_parse(rq, answer, NULL, doc) != OK) {
        err_clear(rq);
        return FAIL(rq, E_IO, "janus: no JSON");
    }
    struct jv root = json_root(doc);
    if (json_i64(json_path(root, S("error.code")), &code)
        || json_i64(json_path(root, S("response.error_code")), &code)) {
        return FAIL(rq, janus_err(code), "janus: error %d", (int)MIN(code, 9999));
    }
    *ret_root = root;
    return OK;
}

static enum err ask_only(struct req *rq, const struct janus *j, struct ask *x)
{
    struct jv root;
    return ask_end(rq, j, x, &root);
}

/* An answer that gives an id. */
static enum err ask_id(struct req *rq, const struct janus *j, struct ask *x, uint64_t *ret_id)
{
    struct jv root;
    int64_t id = 0;
    TRY(ask_end(rq, j, x, &root));
    if (!json_i64(json_path(root, S("data.id")), &id) || id <= 0) {
        return FAIL(rq, E_IO, "janus: no id");
    }
    *ret_id = (uint64_t)id;
    return OK;
}

enum err janus_ping(struct req *rq, const struct janus *j)
{
    struct ask x;
    /* Its ping asks for no secret; this does. */
    ask_admin(rq, j, &x, "get_status");
    return ask_only(rq, j, &x);
}

/* ---- rooms, by the admin interface ---- */

static void room_begin(struct req *rq, const struct janus *j, struct ask *x, const struct janus_room *r,
                       const char *request)
{
    ask_admin(rq, j, x, "message_plugin");
    json_ks(&x->o, S("plugin"), S(PLUGIN));
    json_k(&x->o, S("request"));
    json_obj(&x->o);
    json_ks(&x->o, S("request"), str_z(request));
    json_ki(&x->o, S("room"), (int64_t)r->number);
    json_ks(&x->o, S("secret"), r->secret);
}

enum err janus_room_create(struct req *rq, const struct janus *j, const struct janus_room *r)
{
    struct ask x;
    room_begin(rq, j, &x, r, "create");
    json_ks(&x.o, S("admin_key"), j->server->room_key);
    json_ks(&x.o, S("pin"), r->pin);
    json_ks(&x.o, S("description"), S("-"));
    json_kb(&x.o, S("is_private"), true);
    json_kb(&x.o, S("require_pvtid"), true);
    json_ki(&x.o, S("publishers"), r->places);
    json_ki(&x.o, S("bitrate"), r->bit_rate);
    json_ki(&x.o, S("fir_freq"), 0);
    json_ks(&x.o, S("audiocodec"), S("opus"));
    json_ks(&x.o, S("videocodec"), S("vp8"));
    json_kb(&x.o, S("opus_fec"), true);
    json_kb(&x.o, S("notify_joining"), false);
    json_kb(&x.o, S("lock_record"), true);
    json_kb(&x.o, S("record"), r->rec_dir.n > 0);
    if (r->rec_dir.n > 0) {
        json_ks(&x.o, S("rec_dir"), r->rec_dir);
    }
    json_obj_end(&x.o);
    return ask_only(rq, j, &x);
}

enum err janus_room_record(struct req *rq, const struct janus *j, const struct janus_room *r)
{
    bool on = r->rec_dir.n > 0;
    struct ask x;
    if (on) {
        room_begin(rq, j, &x, r, "edit");
        json_ks(&x.o, S("new_rec_dir"), r->rec_dir);
        json_obj_end(&x.o);
        TRY(ask_only(rq, j, &x));
    }
    room_begin(rq, j, &x, r, "enable_recording");
    json_kb(&x.o, S("record"), on);
    json_obj_end(&x.o);
    return ask_only(rq, j, &x);
}

enum err janus_room_destroy(struct req *rq, const struct janus *j, const struct janus_room *r)
{
    struct ask x;
    room_begin(rq, j, &x, r, "destroy");
    json_obj_end(&x.o);
    return ask_only(rq, j, &x);
}

/* ---- sessions and handles ---- */

enum err janus_session(struct req *rq, const struct janus *j, uint64_t *ret_session)
{
    struct ask x;
    ask_api(rq, j, &x, (struct janus_at){0}, "create");
    return ask_id(rq, j, &x, ret_session);
}

enum err janus_session_end(struct req *rq, const struct janus *j, uint64_t session)
{
    struct ask x;
    ask_api(rq, j, &x, (struct janus_at){.session = session}, "destroy");
    return ask_only(rq, j, &x);
}

enum err janus_attach(struct req *rq, const struct janus *j, uint64_t session, uint64_t *ret_handle)
{
    struct ask x;
    ask_api(rq, j, &x, (struct janus_at){.session = session}, "attach");
    json_ks(&x.o, S("plugin"), S(PLUGIN));
    return ask_id(rq, j, &x, ret_handle);
}

enum err janus_detach(struct req *rq, const struct janus *j, uint64_t session, uint64_t handle)
{
    struct ask x;
    ask_api(rq, j, &x, (struct janus_at){session, handle}, "detach");
    return ask_only(rq, j, &x);
}

/* ---- a handle's word to its room ---- */

static void say_begin(struct req *rq, const struct janus *j, struct ask *x, struct janus_at at,
                      const char *request)
{
    ask_api(rq, j, x, at, "message");
    json_k(&x->o, S("body"));
    json_obj(&x->o);
    json_ks(&x->o, S("request"), str_z(request));
}

/* The end of the body, and the SDP beside it. */
static enum err say_end(struct req *rq, const struct janus *j, struct ask *x, struct janus_sdp sdp)
{
    json_obj_end(&x->o);
    if (sdp.text.n > 0) {
        json_k(&x->o, S("jsep"));
        json_obj(&x->o);
        json_ks(&x->o, S("type"), sdp.offer ? S("offer") : S("answer"));
        json_ks(&x->o, S("sdp"), sdp.text);
        json_obj_end(&x->o);
    }
    return ask_only(rq, j, x);
}

enum err janus_join(struct req *rq, const struct janus *j, struct janus_at at,
                    const struct janus_room *r, uint64_t feed)
{
    struct ask x;
    say_begin(rq, j, &x, at, "join");
    json_ks(&x.o, S("ptype"), S("publisher"));
    json_ki(&x.o, S("room"), (int64_t)r->number);
    json_ki(&x.o, S("id"), (int64_t)feed);
    json_ks(&x.o, S("pin"), r->pin);
    return say_end(rq, j, &x, (struct janus_sdp){0});
}

enum err janus_publish(struct req *rq, const struct janus *j, struct janus_at at, struct str offer)
{
    struct ask x;
    /* configure publishes the first time as publish does, and may be said again. */
    say_begin(rq, j, &x, at, "configure");
    return say_end(rq, j, &x, (struct janus_sdp){true, offer});
}

enum err janus_subscribe(struct req *rq, const struct janus *j, struct janus_at at,
                         const struct janus_room *r, uint64_t private_id, bool again,
                         const uint64_t *feeds, size_t n)
{
    struct ask x;
    say_begin(rq, j, &x, at, again ? "subscribe" : "join");
    if (!again) {
        json_ks(&x.o, S("ptype"), S("subscriber"));
        json_ki(&x.o, S("room"), (int64_t)r->number);
        json_ks(&x.o, S("pin"), r->pin);
        json_ki(&x.o, S("private_id"), (int64_t)private_id);
    }
    json_k(&x.o, S("streams"));
    json_arr(&x.o);
    for (size_t i = 0; i < n; i++) {
        json_obj(&x.o);
        json_ki(&x.o, S("feed"), (int64_t)feeds[i]);
        json_obj_end(&x.o);
    }
    json_arr_end(&x.o);
    return say_end(rq, j, &x, (struct janus_sdp){0});
}

enum err janus_start(struct req *rq, const struct janus *j, struct janus_at at, struct str answer)
{
    struct ask x;
    say_begin(rq, j, &x, at, "start");
    return say_end(rq, j, &x, (struct janus_sdp){false, answer});
}

enum err janus_send(struct req *rq, const struct janus *j, struct janus_at at, const struct str *mids,
                    size_t n, bool on)
{
    struct ask x;
    say_begin(rq, j, &x, at, "configure");
    json_k(&x.o, S("streams"));
    json_arr(&x.o);
    for (size_t i = 0; i < n; i++) {
        json_obj(&x.o);
        json_ks(&x.o, S("mid"), mids[i]);
        json_kb(&x.o, S("send"), on);
        json_obj_end(&x.o);
    }
    json_arr_end(&x.o);
    return say_end(rq, j, &x, (struct janus_sdp){0});
}

enum err janus_restart(struct req *rq, const struct janus *j, struct janus_at at)
{
    struct ask x;
    say_begin(rq, j, &x, at, "configure");
    json_kb(&x.o, S("restart"), true);
    return say_end(rq, j, &x, (struct janus_sdp){0});
}

enum err janus_trickle(struct req *rq, const struct janus *j, struct janus_at at, struct jv candidate)
{
    struct ask x;
    bool several = json_kind(candidate) == JSON_ARRAY;
    ask_api(rq, j, &x, at, "trickle");
    json_k(&x.o, several ? S("candidates") : S("candidate"));
    if (several || json_kind(candidate) == JSON_OBJECT) {
        json_v_jv(&x.o, candidate);
    } else {
        json_obj(&x.o);
        json_kb(&x.o, S("completed"), true);
        json_obj_end(&x.o);
    }
    return ask_only(rq, j, &x);
}
