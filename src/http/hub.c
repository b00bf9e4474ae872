/* http/hub.c - who listens to what. See hub.h.
 *
 * A stream is an answer without end. While it has nothing to say its connection is suspended; an
 * event marks its topics and wakes it. Marks melt together, so a slow listener costs a few bits. */
#include "http/hub.h"

#include "http/http_int.h"
#include "os/clock.h"

enum { BUCKETS = 4096, EVENT_ROOM = 160, NAME_BYTES = 48, BLOCK = 4096 };

struct follow {
    struct follow *prev, *next; /* of its bucket */
    struct stream *stream;
    uint32_t kind;
    uint64_t id;
    uint32_t bit; /* of the topic in stream.marks */
};

struct stream {
    struct stream *prev, *next;
    struct call *c;
    const struct http_topic *topics;
    uint32_t n_topics;
    uint32_t marks;  /* topics that changed and were not told yet */
    uint64_t seq;    /* of the last mark */
    uint64_t joined_s;
    uint32_t beats;
    bool greet;      /* the opening lines are still to be said */
    struct str hello; /* and then this, as much as is left of it */
    struct str beat_name; /* heartbeats are events of this name; empty: blank lines */
    bool again;      /* a reconnect: look at everything again */
    bool beat;
    bool ending;
    bool look;       /* who is let in may have changed: ask again before the next word */
    bool asleep;     /* suspended */
    struct follow follows[HTTP_TOPICS_MAX];
};

struct hub {
    struct os_mutex lock;
    struct stream *streams;
    _Atomic uint32_t n;
    uint32_t max;
    uint64_t seq;
    bool stopped;
    struct follow *buckets[BUCKETS];
};

struct hub *hub_new(struct arena *a, unsigned max_streams)
{
    struct hub *hub = ARENA_NEW(a, struct hub);
    ASSERT(hub != NULL);
    os_mutex_init(&hub->lock);
    hub->max = max_streams;
    hub->seq = (uint64_t)os_now().ms; /* ids grow over restarts too */
    return hub;
}

uint32_t hub_streams(const struct hub *hub)
{
    return atomic_load(&hub->n);
}

static struct follow **bucket_of(struct hub *hub, uint32_t kind, uint64_t id)
{
    uint64_t x = (id ^ ((uint64_t)kind << 56)) * UINT64_C(0x9e3779b97f4a7c15);
    return &hub->buckets[x >> 52];
}

/* Under the lock. */
static void wake(struct stream *s)
{
    if (s->asleep) {
        s->asleep = false;
        MHD_resume_connection(s->c->conn);
    }
}

void hub_publish(struct hub *hub, const struct hub_event *events, size_t n)
{
    os_lock(&hub->lock);
    hub->seq++;
    for (size_t i = 0; i < n; i++) {
        struct follow *f = *bucket_of(hub, events[i].kind, events[i].id);
        for (; f != NULL; f = f->next) {
            if (f->kind == events[i].kind && f->id == events[i].id) {
                f->stream->marks |= UINT32_C(1) << f->bit;
                f->stream->seq = hub->seq;
                wake(f->stream);
            }
        }
    }
    os_unlock(&hub->lock);
}

static void follow_add(struct hub *hub, struct stream *s, uint32_t i)
{
    struct follow *f = &s->follows[i];
    struct follow **at = bucket_of(hub, s->topics[i].kind, s->topics[i].id);
    *f = (struct follow){.next = *at,
                         .stream = s,
                         .kind = s->topics[i].kind,
                         .id = s->topics[i].id,
                         .bit = i};
    if (f->next != NULL) {
        f->next->prev = f;
    }
    *at = f;
}

static void follow_remove(struct hub *hub, struct follow *f)
{
    if (f->prev != NULL) {
        f->prev->next = f->next;
    } else {
        *bucket_of(hub, f->kind, f->id) = f->next;
    }
    if (f->next != NULL) {
        f->next->prev = f->prev;
    }
}

enum err http_reply_events(struct http_req *h, const struct http_topic *topics, uint32_t n)
{
    struct call *c = call_of(h);
    struct hub *hub = c->w->s->hub;
    if (n > HTTP_TOPICS_MAX) {
        return FAIL(&h->rq, E_BAD_INPUT, "topics");
    }
    struct stream *s = ARENA_NEW(h->rq.a, struct stream);
    struct http_topic *own = ARENA_ARRAY(h->rq.a, n, struct http_topic);
    TRY_MEM(&h->rq, s);
    TRY_MEM(&h->rq, own);
    for (uint32_t i = 0; i < n; i++) {
        own[i] = topics[i];
        own[i].name = str_sub(topics[i].name, 0, NAME_BYTES);
    }
    *s = (struct stream){.c = c, .topics = own, .n_topics = n, .greet = true};
    s->joined_s = os_ticks_us() / 1000000;
    s->again = http_header(h, "Last-Event-ID").p != NULL;
    os_lock(&hub->lock);
    bool full = hub->stopped || atomic_load(&hub->n) >= hub->max;
    if (!full) {
        s->next = hub->streams;
        if (s->next != NULL) {
            s->next->prev = s;
        }
        hub->streams = s;
        s->seq = hub->seq;
        for (uint32_t i = 0; i < n; i++) {
            follow_add(hub, s, i);
        }
        atomic_fetch_add(&hub->n, 1);
    }
    os_unlock(&hub->lock);
    if (full) {
        return FAIL(&h->rq, E_BUSY, "streams");
    }
    TRY(http_reply(h, 200, S("text/event-stream; charset=utf-8"), S("")));
    c->reply.events = s;
    return OK;
}

void http_events_hello(struct http_req *h, struct str hello, struct str beat_name)
{
    struct stream *s = call_of(h)->reply.events;
    s->hello = hello;
    s->beat_name = str_sub(beat_name, 0, NAME_BYTES);
}

void hub_leave(struct call *c)
{
    struct hub *hub = c->w->s->hub;
    struct stream *s = c->reply.events;
    os_lock(&hub->lock);
    if (s->prev != NULL) {
        s->prev->next = s->next;
    } else {
        hub->streams = s->next;
    }
    if (s->next != NULL) {
        s->next->prev = s->prev;
    }
    for (uint32_t i = 0; i < s->n_topics; i++) {
        follow_remove(hub, &s->follows[i]);
    }
    atomic_fetch_sub(&hub->n, 1);
    os_unlock(&hub->lock);
    c->reply.events = NULL;
}

/* Whether the person is still signed in: asked again about once a minute, and by hub_look(). */
static bool still_welcome(struct stream *s)
{
    struct http_req *h = &s->c->h;
    const struct http_hooks *hooks = s->c->w->s->o.hooks;
    if (h->caller.kind == CALLER_NOBODY || hooks->identify == NULL) {
        return true;
    }
    struct arena_mark mark = arena_mark(h->rq.a);
    const struct who *who = h->rq.who;
    struct http_caller caller = h->caller;
    h->rq.now = os_now();
    h->rq.who = NULL;
    h->caller = (struct http_caller){0};
    bool welcome = hooks->identify(h) == OK && h->caller.kind == caller.kind;
    h->rq.who = who;
    h->caller = caller;
    err_clear(&h->rq);
    arena_back(h->rq.a, mark);
    return welcome;
}

static size_t put_event(char *out, struct str name, uint64_t seq)
{
    /* id: SEQ, event: NAME, data: SEQ */
    static const struct str parts[] = {SI("id: "), SI("\nevent: "), SI("\ndata: "), SI("\n\n")};
    char digits[24];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + seq % 10);
        seq /= 10;
    } while (seq > 0);
    struct str number = {digits + at, sizeof(digits) - at};
    const struct str pieces[] = {parts[0], number, parts[1], name, parts[2], number, parts[3]};
    size_t n = 0;
    for (size_t i = 0; i < LEN(pieces); i++) {
        for (size_t k = 0; k < pieces[i].n; k++) {
            out[n++] = pieces[i].p[k];
        }
    }
    return n;
}

static size_t put_text(char *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        out[i] = text.p[i];
    }
    return text.n;
}

/* What there is to say, as much as fits. Under the lock. */
static size_t speak(struct stream *s, char *out, size_t max)
{
    size_t n = 0;
    if (s->greet) {
        s->greet = false;
        n += put_text(out, S("retry: 3000\n\n"));
    }
    size_t part = MIN(s->hello.n, max - n);
    n += put_text(out + n, str_sub(s->hello, 0, part));
    s->hello = str_sub(s->hello, part, s->hello.n);
    if (s->hello.n > 0) {
        return n;
    }
    if (s->again && max - n >= EVENT_ROOM) {
        s->again = false;
        n += put_event(out + n, S("again"), s->seq);
    }
    for (uint32_t i = 0; i < s->n_topics && s->marks != 0 && max - n >= EVENT_ROOM; i++) {
        if ((s->marks & (UINT32_C(1) << i)) != 0) {
            s->marks &= ~(UINT32_C(1) << i);
            n += put_event(out + n, s->topics[i].name, s->seq);
        }
    }
    if (n == 0 && s->beat) {
        n += s->beat_name.n > 0 ? put_event(out, s->beat_name, s->seq) : put_text(out, S(":\n\n"));
    }
    s->beat = false;
    return n;
}

static ssize_t on_read(void *cls, uint64_t pos, char *out, size_t max)
{
    struct stream *s = cls;
    struct hub *hub = s->c->w->s->hub;
    (void)pos;
    if (max < EVENT_ROOM) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    os_lock(&hub->lock);
    bool look = s->look || (s->beat && ++s->beats % REVALIDATE_BEATS == 0);
    s->look = false;
    os_unlock(&hub->lock);
    bool welcome = !look || still_welcome(s);
    os_lock(&hub->lock);
    if ((s->ending && !s->greet) || !welcome) { /* one that ends at once is greeted too: when to come again */
        os_unlock(&hub->lock);
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    size_t n = speak(s, out, max);
    if (n == 0) {
        s->asleep = true;
        MHD_suspend_connection(s->c->conn);
    }
    os_unlock(&hub->lock);
    return (ssize_t)n;
}

struct MHD_Response *hub_response(struct call *c)
{
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, c->reply.events,
                                             NULL);
}

void hub_tick(struct hub *hub)
{
    uint64_t now_s = os_ticks_us() / 1000000;
    os_lock(&hub->lock);
    for (struct stream *s = hub->streams; s != NULL; s = s->next) {
        if (s->asleep && (now_s - s->joined_s) % HEARTBEAT_S == 0) {
            s->beat = true;
            wake(s);
        }
    }
    os_unlock(&hub->lock);
}

void hub_look(struct hub *hub)
{
    os_lock(&hub->lock);
    for (struct stream *s = hub->streams; s != NULL; s = s->next) {
        s->look = true;
        wake(s);
    }
    os_unlock(&hub->lock);
}

void hub_stop(struct hub *hub)
{
    os_lock(&hub->lock);
    hub->stopped = true;
    for (struct stream *s = hub->streams; s != NULL; s = s->next) {
        s->ending = true;
        wake(s);
    }
    os_unlock(&hub->lock);
}
