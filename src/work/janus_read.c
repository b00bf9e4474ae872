/* work/janus_read.c - what Janus tells of its own accord: events of the poll, words of a room. */
#include "work/janus.h"

enum { POLL_URL_MAX = 512, EVENTS_MAX = 64, POLL_EVENTS = 16 };

struct str janus_poll_url(struct req *rq, const struct janus_server *s, uint64_t session)
{
    struct buf b;
    buf_init(&b, rq->a, POLL_URL_MAX);
    buf_str(&b, s->api_url);
    buf_char(&b, '/');
    buf_u64(&b, session);
    BUF_LIT(&b, "?maxev=");
    buf_u64(&b, POLL_EVENTS);
    BUF_LIT(&b, "&apisecret=");
    buf_str(&b, s->api_secret);
    return buf_get(&b);
}

static uint64_t number(struct jv v)
{
    int64_t n = 0;
    return json_i64(v, &n) && n > 0 ? (uint64_t)n : 0;
}

static enum janus_what what_of(struct jv e)
{
    static const struct {
        struct str name;
        enum janus_what what;
    } rows[] = {
        {SI("event"), JANUS_DATA},     {SI("webrtcup"), JANUS_UP}, {SI("hangup"), JANUS_HANGUP},
        {SI("detached"), JANUS_HANGUP}, {SI("timeout"), JANUS_ENDED},
    };
    struct jv name = json_get(e, S("janus"));
    for (size_t i = 0; i < LEN(rows); i++) {
        if (json_is(name, rows[i].name)) {
            return rows[i].what;
        }
    }
    return JANUS_OTHER;
}

static struct janus_event event_of(struct req *rq, struct jv e)
{
    struct jv jsep = json_get(e, S("jsep"));
    return (struct janus_event){
        .what = what_of(e),
        .handle = number(json_get(e, S("sender"))),
        .data = json_path(e, S("plugindata.data")),
        .sdp = {.offer = json_is(json_get(jsep, S("type")), S("offer")),
                .text = str_or_empty(json_str(rq->a, json_get(jsep, S("sdp"))))},
    };
}

enum err janus_events_read(struct req *rq, struct str answer, struct janus_events *ret_events)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct janus_event *v = ARENA_ARRAY(rq->a, EVENTS_MAX, struct janus_event);
    int64_t code = 0;
    size_t n = 0;
    TRY_MEM(rq, doc);
    TRY_MEM(rq, v);
    TRY(json_parse(rq, answer, NULL, doc));
    struct jv root = json_root(doc);
    if (json_i64(json_path(root, S("error.code")), &code)) {
        return FAIL(rq, janus_err(code), "janus: error %d", (int)MIN(code, 9999));
    }
    if (json_kind(root) == JSON_OBJECT) {
        v[n++] = event_of(rq, root);
    }
    for (struct jv e = json_kind(root) == JSON_ARRAY ? json_first(root) : (struct jv){0};
         json_has(e) && n < EVENTS_MAX; e = json_next(e)) {
        v[n++] = event_of(rq, e);
    }
    *ret_events = (struct janus_events){v, n};
    return OK;
}

/* ---- a room's words ---- */

static void people_read(struct jv list, struct janus_said *s)
{
    for (struct jv p = json_first(list); json_has(p) && s->n_people < JANUS_PEOPLE_MAX;
         p = json_next(p)) {
        uint64_t feed = number(json_get(p, S("id")));
        if (feed != 0) {
            s->people[s->n_people++] = feed;
        }
    }
}

static void streams_read(struct req *rq, struct jv list, struct janus_said *s)
{
    for (struct jv p = json_first(list); json_has(p) && s->n_streams < JANUS_STREAMS_MAX;
         p = json_next(p)) {
        bool active = json_true(json_get(p, S("active")));
        s->streams[s->n_streams++] = (struct janus_stream){
            .feed = active ? number(json_get(p, S("feed_id"))) : 0,
            .mid = str_or_empty(json_str(rq->a, json_get(p, S("mid")))),
            .kind = str_or_empty(json_str(rq->a, json_get(p, S("type"))))};
    }
}

/* "leaving" and "unpublished" name a feed, or say "ok" of ourselves. */
static uint64_t who_left(struct jv data)
{
    uint64_t feed = number(json_get(data, S("unpublished")));
    return feed != 0 ? feed : number(json_get(data, S("leaving")));
}

static enum janus_room_word event_word(const struct janus_event *e, struct janus_said *s)
{
    int64_t code = 0;
    if (json_i64(json_get(e->data, S("error_code")), &code)) {
        s->error = janus_err(code);
        return JANUS_REFUSED;
    }
    if (e->sdp.text.n > 0) {
        return e->sdp.offer ? JANUS_OFFERED : JANUS_ANSWERED;
    }
    if (json_has(json_get(e->data, S("kicked"))) && json_has(json_get(e->data, S("reason")))) {
        return JANUS_GONE;
    }
    s->feed = who_left(e->data);
    if (s->feed != 0) {
        return JANUS_LEFT;
    }
    people_read(json_get(e->data, S("publishers")), s);
    return s->n_people > 0                               ? JANUS_PEOPLE
           : json_has(json_get(e->data, S("started"))) ? JANUS_STARTED
                                                         : JANUS_WORD_OTHER;
}

void janus_said_read(struct req *rq, const struct janus_event *e, struct janus_said *ret_said)
{
    struct janus_said *s = ret_said;
    struct jv name = json_get(e->data, S("videoroom"));
    *s = (struct janus_said){.word = JANUS_WORD_OTHER};
    streams_read(rq, json_get(e->data, S("streams")), s);
    if (json_is(name, S("joined"))) {
        s->word = JANUS_JOINED;
        s->feed = number(json_get(e->data, S("id")));
        s->private_id = number(json_get(e->data, S("private_id")));
        people_read(json_get(e->data, S("publishers")), s);
    } else if (json_is(name, S("destroyed"))) {
        s->word = JANUS_GONE;
    } else if (json_is(name, S("attached")) || json_is(name, S("updated"))) {
        s->word = e->sdp.text.n > 0 ? JANUS_OFFERED : JANUS_STARTED;
    } else if (json_is(name, S("event"))) {
        s->word = event_word(e, s);
    }
}
