/* http/gate.c - what must hold before a handler runs, in a fixed order: limits, route, who, may,
 * origin. The first failure wins; no room above can add to it or leave any out. */
#include <inttypes.h>
#include <arpa/inet.h>
#include <sodium.h>
#include <string.h>

#include "http/http_int.h"
#include "os/clock.h"
#include "os/log.h"

struct framing {
    unsigned lengths;
    unsigned encodings;
    bool strange; /* a transfer coding that is not "chunked" alone */
    struct str length;
};

static enum MHD_Result note_framing(void *cls, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct framing *f = cls;
    (void)kind;
    struct str key = str_z(name);
    if (key.n == 14 && str_eq_nocase(key, S("Content-Length"))) {
        f->lengths++;
        f->length = str_z(value);
    } else if (key.n == 17 && str_eq_nocase(key, S("Transfer-Encoding"))) {
        f->encodings++;
        f->strange = !str_eq_nocase(str_trim(str_z(value)), S("chunked"));
    }
    return MHD_YES;
}

/* How long the body is. Two lengths, or a length beside a transfer coding, are how requests are
 * smuggled past proxies (RFC 9112 6.3): refused, and the connection is not used again. */
static enum err read_framing(struct call *c)
{
    struct framing f = {0};
    struct req *rq = &c->h.rq;
    MHD_get_connection_values(c->conn, MHD_HEADER_KIND, note_framing, &f);
    c->body_size = 0;
    if (f.lengths > 1 || f.encodings > 1 || (f.lengths > 0 && f.encodings > 0) || f.strange) {
        c->hang_up = true;
        c->body_size = UINT64_MAX;
        return FAIL(rq, E_BAD_INPUT, "length of the body");
    }
    if (f.encodings == 1) {
        c->body_size = UINT64_MAX;
    } else if (f.lengths == 1 && !str_u64(f.length, &c->body_size)) {
        c->hang_up = true;
        c->body_size = UINT64_MAX;
        return FAIL(rq, E_BAD_INPUT, "length of the body");
    }
    return OK;
}

/* The last address of X-Forwarded-For is what the nearest proxy saw. Whoever comes through a proxy is
 * not on this machine, trusted or not. */
static void read_proxy(struct call *c)
{
    struct str list = http_header(&c->h, "X-Forwarded-For");
    c->is_local = c->sock->is_local && list.p == NULL;
    c->h.is_https = c->w->s->front != NULL;
    if (!c->w->s->o.trust_proxy) {
        return;
    }
    struct str proto = http_header(&c->h, "X-Forwarded-Proto");
    if (proto.p != NULL) {
        c->h.is_https = str_eq_nocase(proto, S("https"));
    }
    struct str item = {NULL, 0};
    struct str rest = list;
    while (rest.p != NULL && str_cut(&rest, ',', &item)) {
        item = str_trim(item);
    }
    unsigned char raw[16];
    char z[sizeof(c->h.rq.peer)];
    if (item.n == 0 || item.n >= sizeof(z)) {
        return;
    }
    memcpy(z, item.p, item.n);
    z[item.n] = 0;
    if (inet_pton(AF_INET, z, raw) == 1 || inet_pton(AF_INET6, z, raw) == 1) {
        memcpy(c->h.rq.peer, z, item.n + 1);
    }
}

static enum err find_row(struct call *c, const char *method_name)
{
    struct http_req *h = &c->h;
    enum http_method method;
    TRY(router_find(c->w->s->router, &h->rq, h->path, &c->hit));
    c->has_hit = true;
    if (!http_method_find(str_z(method_name), &method)) {
        return FAIL(&h->rq, E_METHOD, "method");
    }
    h->is_head = method == HEAD;
    h->method = method == HEAD ? GET : method;
    if (method != OPTIONS) {
        h->route = c->hit.rows[h->method];
        if (h->route == NULL) {
            return FAIL(&h->rq, E_METHOD, "method");
        }
    }
    return OK;
}

static enum err gate_limits(struct call *c)
{
    static const struct {
        uint64_t body;
        size_t arena;
    } limits[] = {
#define MIB(n) (UINT64_C(1048576) * (n))
#define X(name, body_bytes, arena_bytes, what) [name] = {body_bytes, arena_bytes},
#include "http/limits.def"
#undef X
#undef MIB
    };
    struct http_req *h = &c->h;
    enum http_limit l = h->route->limit;
    arena_set_cap(h->rq.a, limits[l].arena);
    c->body_max = (h->route->flags & STREAM) ? c->w->s->o.stream_max_bytes : limits[l].body;
    if (c->body_size != UINT64_MAX && c->body_size > c->body_max) {
        return FAIL(&h->rq, E_TOO_LARGE, "a body of more than %" PRIu64 " bytes",
                    (uint64_t)c->body_max);
    }
    if ((h->route->flags & NO_BUSY) == 0 && atomic_load(&c->w->s->draining)) {
        c->close_after = true;
        return FAIL(&h->rq, E_BUSY, "stopping");
    }
    return OK;
}

static enum err gate_who(struct call *c)
{
    struct http_req *h = &c->h;
    const struct http_hooks *hooks = c->w->s->o.hooks;
    if (hooks->identify != NULL) {
        TRY(hooks->identify(h));
    }
    enum http_caller_kind kind = h->caller.kind;
    switch (h->route->who) {
    case WHO_ANY: return OK;
    case WHO_SIGNED_IN:
        return kind != CALLER_NOBODY ? OK : FAIL(&h->rq, E_SIGN_IN, "nobody is signed in");
    case WHO_SESSION:
        return kind == CALLER_SESSION ? OK : FAIL(&h->rq, E_SIGN_IN, "needs a session");
    case WHO_TOKEN:
        return kind == CALLER_TOKEN ? OK : FAIL(&h->rq, E_SIGN_IN, "needs a token");
    case WHO_LOCAL:
        return kind != CALLER_NOBODY || c->is_local
                   ? OK
                   : FAIL(&h->rq, E_SIGN_IN, "nobody is signed in");
    }
    return FAIL(&h->rq, E_INTERNAL, "who");
}

/* Whether they come too often: a person, a program, an address nobody is known at; and each of them at one
 * row. Whoever is on this machine and the program's own tokens come as often as they like. */
static enum err gate_rate(struct call *c)
{
    const struct http_caller *caller = &c->h.caller;
    const struct http_route *route = c->h.route;
    struct http_server *s = c->w->s;
    enum rate_kind kind = caller->kind == CALLER_SESSION ? RATE_PERSON
                          : caller->kind == CALLER_TOKEN ? RATE_PROGRAM
                                                         : RATE_ADDRESS;
    uint64_t who = kind == RATE_ADDRESS ? rate_address(s->rates, c->h.rq.peer) : caller->account;
    uint64_t now_us = os_ticks_us();
    bool first = false;
    if (kind == RATE_ADDRESS ? c->is_local : who == 0) {
        return OK;
    }
    uint32_t wait_s = rate_take(s->rates, kind, who, 0, s->o.rate[kind], now_us, &first);
    if (wait_s == 0 && kind != RATE_PROGRAM && route != NULL && (route->flags & OFTEN) == 0) {
        uint64_t row = (uint64_t)(route - s->o.routes) * RATE_KINDS + kind;
        kind = RATE_ROUTE;
        wait_s = rate_take(s->rates, kind, who, row, s->o.rate[kind], now_us, &first);
    }
    if (wait_s == 0) {
        return OK;
    }
    if (first) {
        LOG(LOG_RATE, log_u64(c->h.rq.id), log_ip(c->h.rq.peer), log_name(rate_names[kind]),
            log_name(route != NULL ? route->path : "-"));
    }
    err_clear(&c->h.rq);
    return FAIL(&c->h.rq, E_LOCKED, "too many requests: wait %" PRIu32 " s", wait_s);
}

/* Who it is, and whether they come too often: also when they are nobody we know. */
static enum err gate_known(struct call *c)
{
    enum err known = gate_who(c);
    TRY(gate_rate(c));
    return known;
}

static enum err gate_may(struct call *c)
{
    struct http_req *h = &c->h;
    uint32_t may = h->route->may;
    if (h->caller.held != NULL && h->route->who != WHO_ANY && (h->route->flags & HELD_TOO) == 0) {
        return FAIL(&h->rq, E_FORBIDDEN, "%s", h->caller.held);
    }
    if (h->caller.apart && h->route->who != WHO_ANY && (h->route->flags & PATIENT_TOO) == 0) {
        return FAIL(&h->rq, E_FORBIDDEN, "not a page of patients");
    }
    if (may == 0 || (h->caller.rights & may) != 0
        || (h->route->who == WHO_LOCAL && h->caller.kind == CALLER_NOBODY)) {
        return OK;
    }
    return FAIL(&h->rq, E_FORBIDDEN, "role");
}

static bool is_unsafe(enum http_method m)
{
    return m == POST || m == PUT || m == PATCH || m == DELETE;
}

/* Whether the browser says the request came from our own page: Sec-Fetch-Site where it is sent
 * (Fetch Metadata), else Origin against Host and the address of the settings. Callers that send
 * neither are not browsers of today; the form token still holds them. */
static bool is_same_origin(struct call *c)
{
    struct str site = http_header(&c->h, "Sec-Fetch-Site");
    if (site.p != NULL) {
        return str_eq(site, S("same-origin"));
    }
    struct str origin = http_header(&c->h, "Origin");
    if (origin.p == NULL || http_is_own_origin(&c->h, origin)) {
        return true;
    }
    struct str host = http_header(&c->h, "Host");
    struct url u;
    size_t scheme = str_find(origin, S("://"));
    return scheme < origin.n && url_split(origin, &u)
           && str_eq_nocase(str_sub(origin, scheme + 3, origin.n), host);
}

bool gate_needs_token(const struct call *c)
{
    return c->h.caller.kind == CALLER_SESSION && is_unsafe(c->h.method)
           && (c->h.route->flags & NO_ORIGIN) == 0;
}

bool gate_token_ok(struct call *c, struct str token)
{
    struct str want = c->h.caller.csrf;
    return want.n > 0 && token.n == want.n && sodium_memcmp(token.p, want.p, want.n) == 0;
}

static enum err gate_origin(struct call *c)
{
    struct http_req *h = &c->h;
    if (!is_unsafe(h->method) || (h->route->flags & NO_ORIGIN) != 0
        || h->caller.kind == CALLER_TOKEN) {
        return OK;
    }
    if (!is_same_origin(c)) {
        return FAIL(&h->rq, E_FORBIDDEN, "origin");
    }
    struct str token = http_header(h, "X-CSRF-Token");
    if (gate_needs_token(c) && token.p != NULL && !gate_token_ok(c, token)) {
        return FAIL(&h->rq, E_FORBIDDEN, "form token");
    }
    return OK;
}

enum err gate_form(struct call *c)
{
    struct http_req *h = &c->h;
    if (!gate_needs_token(c) || http_header(h, "X-CSRF-Token").p != NULL) {
        return OK; /* not needed, or looked at by gate_origin */
    }
    if ((h->route->flags & STREAM) != 0) {
        return OK; /* http_stream refuses, http_stream_form looks at the first file */
    }
    return gate_token_ok(c, http_form(h, S("csrf"))) ? OK : FAIL(&h->rq, E_FORBIDDEN, "form token");
}

enum err gate_head(struct call *c, const char *method)
{
    typedef enum err (*gate_fn)(struct call *c);
    static const gate_fn gates[] = {gate_limits, gate_known, gate_may, gate_origin};
    read_proxy(c);
    enum err framed = read_framing(c);
    enum err found = find_row(c, method);
    if (found != OK) {
        /* Who it is does not matter any more, but the answer speaks their language. */
        struct err_rec rec = c->h.rq.err;
        if (c->w->s->o.hooks->identify != NULL && c->w->s->o.hooks->identify(&c->h) != OK) {
            c->h.rq.who = NULL;
        }
        c->h.rq.err = rec;
        TRY(gate_rate(c));
        return found;
    }
    TRY(framed);
    if (c->h.route == NULL) { /* OPTIONS */
        return OK;
    }
    for (size_t i = 0; i < LEN(gates); i++) {
        TRY(gates[i](c));
    }
    return OK;
}
