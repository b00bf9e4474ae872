/* care/sub_read.c - a Subscription resource, held to what this server does. See sub.h. */
#include "care/sub.h"

#include "base/text.h"
#include "codec/url.h"
#include "fhir/issue.h"
#include "fhir/meets.h"

static enum err wrong(struct req *rq, const char *text, struct str place)
{
    fhir_issue_add(rq, ISSUE_ERROR, "not-supported", text, S(""), place);
    return FAIL(rq, E_UNPROCESSED, "%.*s", STR_ARG(place));
}

static struct jv extension(struct jv element, struct str url)
{
    for (struct jv e = json_first(json_get(element, S("extension"))); json_has(e);
         e = json_next(e)) {
        if (json_is(json_get(e, S("url")), url)) {
            return e;
        }
    }
    return (struct jv){NULL, 0};
}

/* ---- topic and filters ---- */

/* "Type?name=value&...": names the topic offers, values that can be read. */
static enum err filter_check(struct req *rq, const struct topic *t, struct str filter)
{
    static const struct str place = SI("Subscription.criteria.extension");
    struct str rest = filter;
    struct str name = {NULL, 0};
    struct url_pairs form;
    struct fhir_query *q;
    (void)str_cut(&rest, '?', &name);
    enum fhir_type type = fhir_type_find(name);
    if (type == T_NONE || !topic_has_type(t, type) || rest.n == 0
        || form_parse(rq, rest, SUB_FILTERS_MAX * 4, &form) != OK) {
        err_clear(rq);
        return wrong(rq, T("A filter is Type?parameter=value, of a type of the topic."), place);
    }
    for (size_t i = 0; i < form.n; i++) {
        struct str colon = form.v[i].name;
        struct str bare = {NULL, 0};
        (void)str_cut(&colon, ':', &bare);
        if (!topic_has_filter(t, type, bare)) {
            return wrong(rq, T("The topic has no such filter."), place);
        }
    }
    if (fhir_plain_query(rq, type, rest, &q) != OK) {
        err_clear(rq);
        return wrong(rq, T("The filter cannot be read."), place);
    }
    return OK;
}

static enum err criteria_read(struct req *rq, struct jv root, struct sub_want *w)
{
    static const struct str place = SI("Subscription.criteria");
    struct str url = json_str(rq->a, json_get(root, S("criteria")));
    w->topic = url.n > 0 ? topic_find(care_of(rq)->content, url) : NULL;
    if (w->topic == NULL) {
        return wrong(rq, T("There is no such topic: see Subscription/$topics."), place);
    }
    struct jv list = json_get(json_get(root, S("_criteria")), S("extension"));
    for (struct jv e = json_first(list); json_has(e); e = json_next(e)) {
        if (!json_is(json_get(e, S("url")), S(SUB_EXT "backport-filter-criteria"))) {
            continue;
        }
        if (w->n_filters == SUB_FILTERS_MAX) {
            return wrong(rq, T("Too many filters."), place);
        }
        struct str filter = json_str(rq->a, json_get(e, S("valueString")));
        TRY(filter_check(rq, w->topic, filter));
        w->filters[w->n_filters++] = filter;
    }
    return OK;
}

/* ---- the channel ---- */

bool sub_host_may(const struct hook_policy *p, struct str url)
{
    struct url u;
    struct str rest = p->hosts;
    struct str one;
    if (!url_split(url, &u) || u.host.n == 0) {
        return false;
    }
    bool tls = str_eq_nocase(u.scheme, S("https"));
    if (!tls && !(p->plain && str_eq_nocase(u.scheme, S("http")))) {
        return false;
    }
    uint64_t own = u.port != 0 ? u.port : tls ? 443 : 80;
    while (str_cut(&rest, ',', &one)) {
        uint64_t port = tls ? 443 : 80;
        struct str name = str_trim(one);
        size_t colon = str_find_char(name, ':');
        if (colon < name.n) {
            if (!str_u64(str_sub(name, colon + 1, name.n), &port)) {
                continue;
            }
            name.n = colon;
        }
        if (name.n > 0 && str_eq_nocase(name, u.host) && port == own) {
            return true;
        }
    }
    return false;
}

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* "Name: value" in one line, and none of the fields that frame the message. */
static bool header_is_good(struct str h)
{
    static const struct str ours[] = {
        SI("host"), SI("content-length"), SI("content-type"), SI("transfer-encoding"),
        SI("connection"), SI("expect"), SI("upgrade"), SI("te"), SI("trailer"),
    };
    size_t colon = str_find_char(h, ':');
    if (colon == 0 || colon >= h.n || h.n > 4000) {
        return false;
    }
    for (size_t i = 0; i < h.n; i++) {
        if ((i < colon && !is_token_char(h.p[i])) || (unsigned char)h.p[i] < ' ' ||
            h.p[i] == 0x7f) {
            return false;
        }
    }
    for (size_t i = 0; i < LEN(ours); i++) {
        if (str_eq_nocase(str_sub(h, 0, colon), ours[i])) {
            return false;
        }
    }
    return true;
}

static enum err headers_read(struct req *rq, struct jv channel, struct sub_want *w)
{
    static const struct str place = SI("Subscription.channel.header");
    struct jv list = json_get(channel, S("header"));
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct str h = json_str(rq->a, v);
        if (w->n_headers == SUB_HEADERS_MAX || !header_is_good(h)) {
            return wrong(rq, T("A header is Name: value in one line; some are the server's own."),
                         place);
        }
        w->headers[w->n_headers++] = h;
    }
    return OK;
}

static enum err type_read(struct req *rq, struct jv channel, struct sub_want *w)
{
    static const struct str place = SI("Subscription.channel.type");
    struct str code = json_str(rq->a, json_get(channel, S("type")));
    struct jv ext = extension(json_get(channel, S("_type")), S(SUB_EXT "backport-channel-type"));
    struct jv coding = json_get(ext, S("valueCoding"));
    if (json_has(ext)) {
        struct str custom = json_str(rq->a, json_get(coding, S("code")));
        if (json_is(json_get(coding, S("system")), S(CS_CHANNEL)) &&
            str_eq(custom, S("event-stream"))) {
            w->channel = SUB_STREAM;
            return OK;
        }
        if (!str_eq(custom, code)) {
            return wrong(rq, T("This kind of channel is not offered here."), place);
        }
    }
    if (!str_eq(code, S("rest-hook"))) {
        return wrong(rq, T("This kind of channel is not offered here."), place);
    }
    w->channel = SUB_HOOK;
    w->endpoint = json_str(rq->a, json_get(channel, S("endpoint")));
    return sub_host_may(&care_of(rq)->hooks, w->endpoint)
               ? OK
               : wrong(rq, T("Nothing may be sent to this address: see the settings hook_hosts and "
                             "hook_http."),
                       S("Subscription.channel.endpoint"));
}

/* ---- the payload ---- */

/* application/fhir+json, of R4 if a version is named. */
static bool mime_is_good(struct str mime)
{
    struct str rest = mime;
    struct str one;
    (void)str_cut(&rest, ';', &one);
    one = str_trim(one);
    if (!str_eq(one, S("application/fhir+json")) && !str_eq(one, S("application/json"))) {
        return false;
    }
    while (str_cut(&rest, ';', &one)) {
        one = str_trim(one);
        if (!str_eq(one, S("fhirVersion=4.0")) && !str_eq(one, S("fhirVersion=4.0.1")) &&
            !str_eq_nocase(one, S("charset=utf-8"))) {
            return false;
        }
    }
    return mime.n < 200;
}

static enum err payload_read(struct req *rq, struct jv channel, struct sub_want *w)
{
    static const struct str place = SI("Subscription.channel.payload");
    struct str mime = json_str(rq->a, json_get(channel, S("payload")));
    struct jv ext = extension(json_get(channel, S("_payload")),
                              S(SUB_EXT "backport-payload-content"));
    struct str content = json_str(rq->a, json_get(ext, S("valueCode")));
    w->mime = mime.n > 0 ? mime : S("application/fhir+json");
    if (!mime_is_good(w->mime)) {
        return wrong(rq, T("Notifications are application/fhir+json of FHIR 4.0."), place);
    }
    if (content.n == 0 || str_eq(content, S("empty"))) {
        w->content = SUB_EMPTY;
    } else if (str_eq(content, S("id-only"))) {
        w->content = SUB_ID_ONLY;
    } else if (str_eq(content, S("full-resource"))) {
        w->content = SUB_FULL;
    } else {
        return wrong(rq, T("The content is empty, id-only or full-resource."), place);
    }
    if (w->content == SUB_FULL && w->channel == SUB_HOOK && !care_of(rq)->hooks.full) {
        return wrong(rq, T("Whole records are not sent to this address."), place);
    }
    return OK;
}

static enum err number_read(struct req *rq, struct jv channel, struct str url, struct str key,
                            int64_t most, int64_t *ret_v)
{
    struct jv ext = extension(channel, url);
    int64_t v = 0;
    if (!json_has(ext)) {
        return OK;
    }
    if (!json_i64(json_get(ext, key), &v) || v < 1) {
        return wrong(rq, T("A whole number above zero is expected."),
                     S("Subscription.channel.extension"));
    }
    *ret_v = MIN(v, most);
    return OK;
}

static enum err channel_read(struct req *rq, struct jv channel, struct sub_want *w)
{
    TRY(type_read(rq, channel, w));
    TRY(headers_read(rq, channel, w));
    TRY(payload_read(rq, channel, w));
    TRY(number_read(rq, channel, S(SUB_EXT "backport-heartbeat-period"), S("valueUnsignedInt"),
                    INT32_MAX, &w->heartbeat_s));
    TRY(number_read(rq, channel, S(SUB_EXT "backport-timeout"), S("valueUnsignedInt"),
                    SUB_TIMEOUT_MAX_S, &w->timeout_s));
    return number_read(rq, channel, S(SUB_EXT "backport-max-count"), S("valuePositiveInt"),
                       SUB_AT_ONCE, &w->max_count);
}

static enum err end_read(struct req *rq, struct jv root, struct sub_want *w)
{
    struct str text = json_str(rq->a, json_get(root, S("end")));
    struct instant t;
    if (text.n > 0 && instant_parse(text, &t)) {
        w->end_ms = t.ms;
    }
    return OK;
}

enum err sub_read(struct req *rq, struct jv root, struct sub_want *ret_want)
{
    struct sub_want w = {.timeout_s = SUB_TIMEOUT_S, .max_count = SUB_AT_ONCE};
    w.state = json_is(json_get(root, S("status")), S("off")) ? SUB_OFF : SUB_REQUESTED;
    TRY(criteria_read(rq, root, &w));
    TRY(channel_read(rq, json_get(root, S("channel")), &w));
    TRY(end_read(rq, root, &w));
    *ret_want = w;
    return OK;
}
