/* http/request.c - the parts of a request, read when asked for. */
#include <string.h>

#include "codec/field.h"
#include "http/http_int.h"

struct str http_param(const struct http_req *h, struct str name)
{
    const struct call *c = call_of_const(h);
    return h->route != NULL ? route_param(h->route, c->hit.params, name) : (struct str){NULL, 0};
}

static const struct url_pairs *query_of(struct http_req *h)
{
    struct call *c = call_of(h);
    if (!c->query_done) {
        c->query_done = true;
        struct err_rec kept = h->rq.err;
        c->query = (struct url_pairs){0};
        if (h->query.p != NULL && form_parse(&h->rq, h->query, FIELDS_MAX, &c->query) != OK) {
            c->query = (struct url_pairs){0};
            h->rq.err = kept;
        }
    }
    return &c->query;
}

struct str http_query(struct http_req *h, struct str name)
{
    return form_find(query_of(h), name);
}

struct str http_header(const struct http_req *h, const char *name)
{
    const char *value = NULL;
    size_t n = 0;
    if (MHD_lookup_connection_value_n(call_of_const(h)->conn, MHD_HEADER_KIND, name, strlen(name),
                                      &value, &n) != MHD_YES
        || value == NULL) {
        return (struct str){NULL, 0};
    }
    return str_trim((struct str){value, n});
}

struct str cookie_name(const struct http_req *h, struct str name)
{
    struct buf b;
    if (!h->is_https) {
        return name;
    }
    buf_init(&b, h->rq.a, 100);
    BUF_LIT(&b, "__Host-");
    buf_str(&b, name);
    return buf_get(&b);
}

struct str http_cookie(struct http_req *h, struct str name)
{
    struct str cookies = http_header(h, "Cookie");
    return cookies.p != NULL ? field_cookie(cookies, cookie_name(h, name)) : cookies;
}

struct str http_body(const struct http_req *h)
{
    const struct call *c = call_of_const(h);
    return (struct str){c->body != NULL ? c->body : "", c->body_n};
}

uint64_t http_body_size(const struct http_req *h)
{
    return call_of_const(h)->body_size;
}

struct str http_body_type(struct http_req *h)
{
    struct str type = http_header(h, "Content-Type");
    if (type.p == NULL) {
        return S("");
    }
    type = str_trim(str_sub(type, 0, str_find_char(type, ';')));
    char *low = arena_alloc_raw(h->rq.a, type.n);
    if (low == NULL) {
        return S("");
    }
    for (size_t i = 0; i < type.n; i++) {
        char ch = type.p[i];
        low[i] = (char)(ch >= 'A' && ch <= 'Z' ? ch + 32 : ch);
    }
    return (struct str){low, type.n};
}

bool http_wants_html(const struct http_req *h)
{
    struct str accept = http_header(h, "Accept");
    if (accept.p == NULL) {
        return false;
    }
    static const struct str offers[] = {SI("application/fhir+json"), SI("application/json"),
                                        SI("text/html")};
    return field_accept(accept, offers, LEN(offers)) == 2;
}

struct str http_public_url(struct http_req *h)
{
    const struct worker *w = call_of(h)->w; /* NULL: made by hand, for a test */
    return w != NULL && w->s->o.public_url.n > 0 ? w->s->o.public_url : http_base_url(h);
}

bool http_is_own_origin(struct http_req *h, struct str origin)
{
    return str_eq_nocase(origin, http_base_url(h)) || str_eq_nocase(origin, http_public_url(h));
}

struct str http_base_url(struct http_req *h)
{
    struct buf b;
    struct str host = http_header(h, "Host");
    buf_init(&b, h->rq.a, 512);
    buf_str(&b, h->is_https ? S("https://") : S("http://"));
    bool plain = host.p != NULL && host.n > 0;
    for (size_t i = 0; plain && i < host.n; i++) {
        char ch = host.p[i];
        plain = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
                || ch == '.' || ch == '-' || ch == ':' || ch == '[' || ch == ']';
    }
    buf_str(&b, plain ? host : S("localhost"));
    return buf_get(&b);
}
