/* api/subscription.c - what a subscriber asks of its subscription: $status, $events, $topics and the
 * event stream (hl7.fhir.uv.subscriptions 1.1.0). The Subscription itself is written like any resource:
 * api/write.c. */
#include "api/fhir_int.h"
#include "care/sub.h"
#include "codec/url.h"
#include "store/store.h"

enum { LIST_MAX = 1000, NAMES_MAX = 100, OUT_MAX = 64 << 20, HELLO_MAX = 16 << 10 };

/* Parameters of an operation: of the address, or of a Parameters resource. */
struct ask {
    struct http_req *h;
    struct url_pairs form;
    struct jv body;
};

static enum err ask_read(struct http_req *h, struct ask *ret_ask)
{
    struct json_doc *doc;
    *ret_ask = (struct ask){.h = h};
    TRY(form_parse(&h->rq, h->query, NAMES_MAX, &ret_ask->form));
    if (h->method != POST || http_body(h).n == 0) {
        return OK;
    }
    TRY(api_body(h, &doc));
    ret_ask->body = json_get(json_root(doc), S("parameter"));
    return json_is(json_get(json_root(doc), S("resourceType")), S("Parameters"))
               ? OK
               : FAIL(&h->rq, E_BAD_INPUT, "resourceType: Parameters is expected here");
}

/* The value of a parameter in a body, whatever its type: strings, codes, numbers. */
static struct str value_of(struct req *rq, struct jv p)
{
    static const struct str keys[] = {SI("valueString"), SI("valueCode"), SI("valueId"),
                                      SI("valueInteger"), SI("valueUnsignedInt"),
                                      SI("valuePositiveInt")};
    for (size_t i = 0; i < LEN(keys); i++) {
        struct jv v = json_get(p, keys[i]);
        if (json_has(v)) {
            return json_kind(v) == JSON_STRING ? json_str(rq->a, v) : json_raw(v);
        }
    }
    return (struct str){NULL, 0};
}

/* The i-th value of a name; p NULL past the last. Commas divide values of the address. */
static struct str ask_get(const struct ask *a, struct str name, size_t i)
{
    struct str v = {NULL, 0};
    for (size_t at = 0; at < a->form.n; at++) {
        struct str rest = a->form.v[at].value;
        struct str one;
        while (str_eq(a->form.v[at].name, name) && str_cut(&rest, ',', &one)) {
            if (i-- == 0) {
                return one;
            }
        }
    }
    for (struct jv p = json_first(a->body); json_has(p); p = json_next(p)) {
        if (json_is(json_get(p, S("name")), name) && i-- == 0) {
            v = value_of(&a->h->rq, p);
        }
    }
    return v;
}

static bool ask_allows(const struct ask *a, struct str name, struct str value)
{
    bool any = false;
    for (size_t i = 0; i < NAMES_MAX; i++) {
        struct str v = ask_get(a, name, i);
        if (v.p == NULL) {
            break;
        }
        any = true;
        if (str_eq(v, value)) {
            return true;
        }
    }
    return !any;
}

/* The row, the topic and the error text of a Subscription the caller may see. */
static enum err note_of(struct http_req *h, const struct res_row *res, struct sub_row *row,
                        struct sub_note *note)
{
    struct req *rq = &h->rq;
    struct json_doc doc;
    TRY(sub_find(rq, res->id, row));
    TRY(json_parse(rq, res->body, NULL, &doc));
    struct jv root = json_root(&doc);
    struct str error = json_str(rq->a, json_get(root, S("error")));
    struct str url = json_str(rq->a, json_get(root, S("criteria")));
    *note = (struct sub_note){.type = NOTE_QUERY_STATUS,
                              .base = api_base(h),
                              .row = row,
                              .topic = topic_find(care_of(rq)->content, url),
                              .content = SUB_ID_ONLY,
                              .error = arena_str(rq->a, error)};
    return OK;
}

static enum err status_entry(struct http_req *h, struct json_out *o, const struct res_row *res,
                             const struct ask *filter)
{
    struct sub_row row;
    struct sub_note note;
    enum err e = note_of(h, res, &row, &note);
    if (e == E_NOT_FOUND) { /* kept by another way than this interface: nobody follows it */
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    if (filter != NULL && !ask_allows(filter, S("status"), sub_state_name(row.state))) {
        return OK;
    }
    json_obj(o);
    sub_urn_write(o, S("fullUrl"));
    json_k(o, S("resource"));
    sub_status_write(&h->rq, o, &note);
    json_k(o, S("search"));
    json_v_raw(o, S("{\"mode\":\"match\"}"));
    json_obj_end(o);
    return OK;
}

static void bundle_begin(struct json_out *o, struct str type)
{
    json_obj(o);
    json_ks(o, S("resourceType"), S("Bundle"));
    json_ks(o, S("type"), type);
    json_k(o, S("entry"));
    json_arr(o);
}

static enum err bundle_reply(struct http_req *h, struct buf *b, struct json_out *o)
{
    json_arr_end(o);
    json_obj_end(o);
    return buf_ok(b) ? api_reply(h, 200, buf_get(b)) : FAIL(&h->rq, E_TOO_LARGE, "answer");
}

/* Subscription/:id/$status */
enum err api_sub_status(struct http_req *h)
{
    struct res_row res;
    struct json_out o;
    struct buf b;
    TRY(api_enter(h));
    TRY(api_may(h, T_SUBSCRIPTION, OP_READ));
    TRY(api_find(h, T_SUBSCRIPTION, http_param(h, S("id")), AUDIT_READ, &res));
    if (res.deleted) {
        return FAIL(&h->rq, E_GONE, "deleted");
    }
    buf_init(&b, h->rq.a, OUT_MAX);
    json_out_init(&o, &b);
    bundle_begin(&o, S("searchset"));
    TRY(status_entry(h, &o, &res, NULL));
    return bundle_reply(h, &b, &o);
}

/* Subscription/$status?id=&status=: all the caller may see. */
enum err api_sub_status_all(struct http_req *h)
{
    struct fhir_page page;
    struct json_out o;
    struct buf b;
    struct ask a;
    TRY(api_enter(h));
    TRY(api_may(h, T_SUBSCRIPTION, OP_SEARCH));
    TRY(ask_read(h, &a));
    TRY(api_search(h, T_SUBSCRIPTION, S("_count=1000"), false, OP_SEARCH, &page));
    buf_init(&b, h->rq.a, OUT_MAX);
    json_out_init(&o, &b);
    bundle_begin(&o, S("searchset"));
    for (size_t i = 0; i < page.n; i++) {
        if (ask_allows(&a, S("id"), page.v[i].row.id)) {
            TRY(status_entry(h, &o, &page.v[i].row, &a));
        }
    }
    return bundle_reply(h, &b, &o);
}

static enum err number_read(struct http_req *h, const struct ask *a, struct str name, int64_t *v)
{
    uint64_t n = 0;
    struct str text = ask_get(a, name, 0);
    if (text.p == NULL) {
        return OK;
    }
    if (!str_u64(text, &n) || n > INT64_MAX) {
        return FAIL(&h->rq, E_BAD_INPUT, "%.*s", STR_ARG(name));
    }
    *v = (int64_t)n;
    return OK;
}

static enum sub_content content_asked(const struct ask *a)
{
    struct str text = ask_get(a, S("content"), 0);
    return str_eq(text, S("full-resource")) ? SUB_FULL
           : str_eq(text, S("empty"))       ? SUB_EMPTY
                                            : SUB_ID_ONLY;
}

/* Subscription/:id/$events?eventsSinceNumber=&eventsUntilNumber=&content=: at most 200 of them. */
enum err api_sub_events(struct http_req *h)
{
    struct req *rq = &h->rq;
    struct fhir_access acc = api_access(h);
    struct sub_event *events = ARENA_ARRAY(rq->a, SUB_EVENTS_MAX, struct sub_event);
    struct res_row res;
    struct sub_row row;
    struct sub_note note;
    struct json_out o;
    struct buf b;
    struct ask a;
    int64_t from = 1;
    int64_t to = INT64_MAX;
    TRY_MEM(rq, events);
    TRY(api_enter(h));
    TRY(api_may(h, T_SUBSCRIPTION, OP_READ));
    TRY(ask_read(h, &a));
    TRY(number_read(h, &a, S("eventsSinceNumber"), &from));
    TRY(number_read(h, &a, S("eventsUntilNumber"), &to));
    TRY(api_find(h, T_SUBSCRIPTION, http_param(h, S("id")), AUDIT_READ, &res));
    if (res.deleted) {
        return FAIL(rq, E_GONE, "deleted");
    }
    TRY(note_of(h, &res, &row, &note));
    note.type = NOTE_QUERY_EVENTS;
    note.content = content_asked(&a);
    TRY(sub_events(rq, &row, &acc, from, to, events, SUB_EVENTS_MAX, &note.n));
    note.events = events;
    if (note.content != SUB_EMPTY) {
        TRY(sub_events_audit(rq, &row, events, note.n, 0, AUDIT_READ));
    }
    buf_init(&b, rq->a, OUT_MAX);
    json_out_init(&o, &b);
    sub_note_write(rq, &o, &note);
    return buf_ok(&b) ? api_reply(h, 200, buf_get(&b)) : FAIL(rq, E_TOO_LARGE, "events");
}

/* Subscription/$topics: what can be subscribed to. */
enum err api_sub_topics(struct http_req *h)
{
    const struct content *c = care_of(&h->rq)->content;
    struct json_out o;
    struct buf b;
    TRY(api_enter(h));
    TRY(api_may(h, T_SUBSCRIPTION, OP_ALL));
    buf_init(&b, h->rq.a, OUT_MAX);
    json_out_init(&o, &b);
    bundle_begin(&o, S("searchset"));
    for (uint32_t i = 0; i < c->n_topics; i++) {
        json_obj(&o);
        sub_urn_write(&o, S("fullUrl"));
        json_k(&o, S("resource"));
        topic_write(&o, &c->topics[i]);
        json_obj_end(&o);
    }
    return bundle_reply(h, &b, &o);
}

/* The handshake, as one event of the stream: how many events there are. */
static enum err hello(struct http_req *h, struct sub_note *note, struct str *ret_text)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, h->rq.a, HELLO_MAX);
    BUF_LIT(&b, "event: handshake\ndata: ");
    json_out_init(&o, &b);
    note->type = NOTE_HANDSHAKE;
    sub_note_write(&h->rq, &o, note);
    BUF_LIT(&b, "\n\n");
    *ret_text = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(&h->rq, E_TOO_LARGE, "handshake");
}

/* Subscription/:id/$stream: server-sent events named "handshake" (the first), "heartbeat" and "events".
 * The last says only that there are new ones; $events gives them by number. */
enum err api_sub_stream(struct http_req *h)
{
    struct req *rq = &h->rq;
    struct res_row res;
    struct sub_row row;
    struct sub_note note;
    struct str first;
    if (rq->who == NULL) {
        return FAIL(rq, E_SIGN_IN, "no bearer token");
    }
    TRY(api_may(h, T_SUBSCRIPTION, OP_READ));
    TRY(api_find(h, T_SUBSCRIPTION, http_param(h, S("id")), AUDIT_READ, &res));
    if (res.deleted) {
        return FAIL(rq, E_GONE, "deleted");
    }
    TRY(note_of(h, &res, &row, &note));
    if (row.channel != SUB_STREAM || row.state == SUB_OFF) {
        return FAIL(rq, E_CONFLICT, "no event stream, or it is off");
    }
    TRY(hello(h, &note, &first));
    const struct http_topic topic = {EVENT_SUB, store_hash(care_of(rq)->store, row.id),
                                     S("events")};
    TRY(http_reply_events(h, &topic, 1));
    http_events_hello(h, first, S("heartbeat"));
    return OK;
}
