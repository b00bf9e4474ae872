/* care/sub_note.c - notifications as Bundles. See sub.h.
 *
 * The profiles are backport-subscription-notification-r4 and backport-subscription-status-r4. */
#include "care/sub.h"

#include "os/random.h"

static struct str join(struct req *rq, struct str base, struct str type, struct str id,
                       struct str tail)
{
    struct buf b;
    buf_init(&b, rq->a, 2048);
    buf_str(&b, base);
    buf_str(&b, base.n > 0 ? S("/") : S(""));
    buf_str(&b, type);
    buf_char(&b, '/');
    buf_str(&b, id);
    buf_str(&b, tail);
    return buf_get(&b);
}

static struct str number_text(struct req *rq, int64_t v)
{
    struct buf b;
    buf_init(&b, rq->a, 32);
    buf_i64(&b, v);
    return buf_get(&b);
}

static struct str instant_text(struct req *rq, struct instant t)
{
    struct buf b;
    buf_init(&b, rq->a, 32);
    instant_write(&b, t);
    return buf_get(&b);
}

void sub_urn_write(struct json_out *o, struct str key)
{
    uint8_t raw[16];
    char text[9 + 36];
    static const char digits[] = "0123456789abcdef";
    static const struct str head = SI("urn:uuid:");
    size_t n = 0;
    os_random(raw, sizeof raw);
    raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
    raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < head.n; i++) {
        text[n++] = head.p[i];
    }
    for (size_t i = 0; i < sizeof raw; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[n++] = '-';
        }
        text[n++] = digits[raw[i] >> 4];
        text[n++] = digits[raw[i] & 15];
    }
    json_ks(o, key, (struct str){text, n});
}

static void param(struct json_out *o, struct str name, struct str key, struct str value)
{
    json_obj(o);
    json_ks(o, S("name"), name);
    json_ks(o, key, value);
    json_obj_end(o);
}

static void reference(struct json_out *o, struct str name, struct str target)
{
    json_obj(o);
    json_ks(o, S("name"), name);
    json_k(o, S("valueReference"));
    json_obj(o);
    json_ks(o, S("reference"), target);
    json_obj_end(o);
    json_obj_end(o);
}

static void event_write(struct req *rq, struct json_out *o, const struct sub_note *note,
                        const struct sub_event *e)
{
    json_obj(o);
    json_ks(o, S("name"), S("notificationEvent"));
    json_k(o, S("part"));
    json_arr(o);
    param(o, S("eventNumber"), S("valueString"), number_text(rq, e->number));
    param(o, S("timestamp"), S("valueInstant"), instant_text(rq, e->row.updated));
    if (note->content != SUB_EMPTY && e->shown) {
        reference(o, S("focus"),
                  join(rq, note->base, fhir_type_name((enum fhir_type)e->row.type), e->row.id,
                       S("")));
    }
    json_arr_end(o);
    json_obj_end(o);
}

static const struct str note_types[] = {
    [NOTE_HANDSHAKE] = SI("handshake"),
    [NOTE_HEARTBEAT] = SI("heartbeat"),
    [NOTE_EVENTS] = SI("event-notification"),
    [NOTE_QUERY_STATUS] = SI("query-status"),
    [NOTE_QUERY_EVENTS] = SI("query-event"),
};

void sub_status_write(struct req *rq, struct json_out *o, const struct sub_note *note)
{
    const struct sub_row *row = note->row;
    json_obj(o);
    json_ks(o, S("resourceType"), S("Parameters"));
    json_k(o, S("meta"));
    json_v_raw(o, S("{\"profile\":[\"" SUB_EXT "backport-subscription-status-r4\"]}"));
    json_k(o, S("parameter"));
    json_arr(o);
    reference(o, S("subscription"), join(rq, note->base, S("Subscription"), row->id, S("")));
    if (note->content != SUB_EMPTY && note->topic != NULL) {
        param(o, S("topic"), S("valueCanonical"), note->topic->url);
    }
    param(o, S("status"), S("valueCode"), sub_state_name(row->state));
    param(o, S("type"), S("valueCode"), note_types[note->type]);
    param(o, S("eventsSinceSubscriptionStart"), S("valueString"), number_text(rq, row->events));
    for (uint32_t i = 0; i < note->n; i++) {
        event_write(rq, o, note, &note->events[i]);
    }
    if (note->error.n > 0) {
        json_obj(o);
        json_ks(o, S("name"), S("error"));
        json_k(o, S("valueCodeableConcept"));
        json_obj(o);
        json_ks(o, S("text"), note->error);
        json_obj_end(o);
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

static void exchange(struct json_out *o, struct str method, struct str url, struct str status)
{
    json_k(o, S("request"));
    json_obj(o);
    json_ks(o, S("method"), method);
    json_ks(o, S("url"), url);
    json_obj_end(o);
    json_k(o, S("response"));
    json_obj(o);
    json_ks(o, S("status"), status);
    json_obj_end(o);
}

static void focus_write(struct req *rq, struct json_out *o, const struct sub_note *note,
                        const struct sub_event *e)
{
    struct str type = fhir_type_name((enum fhir_type)e->row.type);
    bool gone = e->row.op == VER_DELETE;
    json_obj(o);
    json_ks(o, S("fullUrl"), join(rq, note->base, type, e->row.id, S("")));
    if (note->content == SUB_FULL && !gone) {
        json_k(o, S("resource"));
        json_v_raw(o, e->row.body);
    }
    exchange(o, gone ? S("DELETE") : S("PUT"), join(rq, S(""), type, e->row.id, S("")),
             gone                           ? S("204")
             : e->row.op == VER_CREATE      ? S("201")
                                            : S("200"));
    json_obj_end(o);
}

void sub_note_write(struct req *rq, struct json_out *o, const struct sub_note *note)
{
    json_obj(o);
    json_ks(o, S("resourceType"), S("Bundle"));
    json_k(o, S("meta"));
    json_v_raw(o, S("{\"profile\":[\"" SUB_EXT "backport-subscription-notification-r4\"]}"));
    json_ks(o, S("type"), S("history"));
    json_ks(o, S("timestamp"), instant_text(rq, rq->now));
    json_k(o, S("entry"));
    json_arr(o);
    json_obj(o);
    sub_urn_write(o, S("fullUrl"));
    json_k(o, S("resource"));
    sub_status_write(rq, o, note);
    exchange(o, S("GET"), join(rq, note->base, S("Subscription"), note->row->id, S("/$status")),
             S("200"));
    json_obj_end(o);
    for (uint32_t i = 0; note->content != SUB_EMPTY && i < note->n; i++) {
        if (note->events[i].shown) {
            focus_write(rq, o, note, &note->events[i]);
        }
    }
    json_arr_end(o);
    json_obj_end(o);
}
