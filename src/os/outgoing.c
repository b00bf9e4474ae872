/* os/outgoing.c - calls to other servers. See outgoing.h. */
#include "os/outgoing.h"

#include "os/outgoing_int.h"

enum { ANSWER_MAX = 64 << 10, CONNECT_MS = 10000 };

struct post {
    CURL *curl;
    struct curl_slist *fields;
    size_t answered; /* bytes of the answer's body, which nobody reads */
};

void os_outgoing_init(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t pass_over(char *p, size_t size, size_t n, void *ctx)
{
    struct post *x = ctx;
    (void)p;
    x->answered += size * n;
    return x->answered <= ANSWER_MAX ? size * n : 0;
}

static void post_done(struct post *x)
{
    curl_slist_free_all(x->fields);
    if (x->curl != NULL) {
        curl_easy_cleanup(x->curl);
    }
}

/* One more field; what there was stays when there is no memory. */
static bool field_add(struct req *rq, struct post *x, struct str name, struct str value)
{
    struct buf b;
    buf_init(&b, rq->a, 16 << 10);
    buf_str(&b, name);
    buf_str(&b, value);
    buf_char(&b, 0);
    struct curl_slist *more = buf_ok(&b) ? curl_slist_append(x->fields, b.p) : NULL;
    if (more == NULL) {
        return false;
    }
    x->fields = more;
    return true;
}

static enum err fields_set(struct req *rq, const struct os_post *p, struct post *x)
{
    bool ok = p->get || (field_add(rq, x, S("Content-Type: "), p->type) &&
                         field_add(rq, x, S("Expect:"), S("")));
    for (size_t i = 0; ok && i < p->n_headers; i++) {
        ok = field_add(rq, x, p->headers[i], S(""));
    }
    return ok ? OK : FAIL(rq, E_TOO_LARGE, "fields of a call");
}

enum err outgoing_common(struct req *rq, CURL *c, struct str url, struct str ca_file,
                         const char *protocols, uint32_t timeout_ms)
{
    const char *address = arena_cstr(rq->a, url);
    const char *ca = arena_cstr(rq->a, ca_file);
    TRY_MEM(rq, address);
    bool ok = curl_easy_setopt(c, CURLOPT_URL, address) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_USERAGENT, "Consilium") == CURLE_OK;
    if (ok && ca_file.n > 0) {
        ok = ca != NULL && curl_easy_setopt(c, CURLOPT_CAINFO, ca) == CURLE_OK;
    }
    return ok ? OK : FAIL(rq, E_IO, "call: option");
}

static enum err options_set(struct req *rq, const struct os_post *p, struct post *x)
{
    CURL *c = x->curl;
    TRY(outgoing_common(rq, c, p->url, p->ca_file, p->plain ? "https,http" : "https",
                        p->timeout_ms));
    bool ok = p->get || (curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
                         curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                                          (curl_off_t)p->body.n) == CURLE_OK &&
                         curl_easy_setopt(c, CURLOPT_POSTFIELDS, p->body.p) == CURLE_OK);
    ok = ok && curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->fields) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, pass_over) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_WRITEDATA, x) == CURLE_OK;
    return ok ? OK : FAIL(rq, E_IO, "call: option");
}

static enum err perform(struct req *rq, CURL *c, unsigned *ret_status)
{
    long status = 0;
    CURLcode code = curl_easy_perform(c);
    if (code != CURLE_OK) {
        return FAIL(rq, E_IO, "call: %d", (int)code);
    }
    if (curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status < 100) {
        return FAIL(rq, E_IO, "call: status");
    }
    *ret_status = (unsigned)status;
    return OK;
}

/* Retry-After in seconds; a date is not read. */
static int64_t retry_after_of(CURL *c)
{
    struct curl_header *h = NULL;
    uint64_t seconds = 0;
    if (curl_easy_header(c, "Retry-After", 0, CURLH_HEADER, -1, &h) != CURLHE_OK
        || !str_u64(str_trim(str_z(h->value)), &seconds)) {
        return -1;
    }
    return (int64_t)MIN(seconds, (uint64_t)INT32_MAX);
}

enum err os_post(struct req *rq, const struct os_post *p, unsigned *ret_status)
{
    struct os_answer answer;
    TRY(os_post_answer(rq, p, &answer));
    *ret_status = answer.status;
    return OK;
}

enum err os_post_answer(struct req *rq, const struct os_post *p, struct os_answer *ret_answer)
{
    CLEANUP(post_done) struct post x = {.curl = curl_easy_init()};
    if (x.curl == NULL) {
        return FAIL(rq, E_IO, "call: no handle");
    }
    TRY(fields_set(rq, p, &x));
    TRY(options_set(rq, p, &x));
    TRY(perform(rq, x.curl, &ret_answer->status));
    ret_answer->retry_after_s = retry_after_of(x.curl);
    return OK;
}

/* ---- fetching ---- */

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
    struct buf *b = ctx;
    buf_str(b, (struct str){p, size * n});
    return buf_ok(b) ? size * n : 0;
}

/* max-age of Cache-Control; 0 for no-store and no-cache. */
static int64_t max_age_of(CURL *c)
{
    struct curl_header *h = NULL;
    struct str one;
    int64_t age = -1;
    if (curl_easy_header(c, "Cache-Control", 0, CURLH_HEADER, -1, &h) != CURLHE_OK) {
        return -1;
    }
    struct str rest = str_z(h->value);
    while (str_cut(&rest, ',', &one)) {
        uint64_t seconds = 0;
        one = str_trim(one);
        if (str_eq_nocase(one, S("no-store")) || str_eq_nocase(one, S("no-cache"))) {
            return 0;
        }
        if (one.n > 8 && str_eq_nocase(str_sub(one, 0, 8), S("max-age="))
            && str_u64(str_sub(one, 8, one.n), &seconds)) {
            age = (int64_t)MIN(seconds, (uint64_t)INT32_MAX);
        }
    }
    return age;
}

/* libcurl asks while it waits; anything but 0 ends the call. */
static int stop_asked(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                      curl_off_t up)
{
    const struct os_get *g = ctx;
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    return g->should_stop(g->stop_ctx) ? 1 : 0;
}

static bool stop_set(CURL *c, const struct os_get *g)
{
    return g->should_stop == NULL
           || (curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, stop_asked) == CURLE_OK
               && curl_easy_setopt(c, CURLOPT_XFERINFODATA, (void *)(uintptr_t)g) == CURLE_OK
               && curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK);
}

static bool body_kept(CURL *c, struct buf *b)
{
    return curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take) == CURLE_OK
           && curl_easy_setopt(c, CURLOPT_WRITEDATA, b) == CURLE_OK;
}

/* The exchange, once its options are set. */
static enum err fetch(struct req *rq, CURL *c, struct buf *b, struct os_got *ret_got)
{
    struct os_got got = {.max_age_s = -1};
    TRY(perform(rq, c, &got.status));
    got.max_age_s = max_age_of(c);
    got.body = buf_get(b);
    *ret_got = got;
    return OK;
}

enum err os_get(struct req *rq, const struct os_get *g, struct os_got *ret_got)
{
    CLEANUP(post_done) struct post x = {.curl = curl_easy_init()};
    struct buf b;
    if (x.curl == NULL) {
        return FAIL(rq, E_IO, "call: no handle");
    }
    buf_init(&b, rq->a, g->max_bytes);
    TRY(outgoing_common(rq, x.curl, g->url, g->ca_file, g->plain ? "https,http" : "https",
                        g->timeout_ms));
    bool ok = field_add(rq, &x, S("Accept: "), S("application/json"))
              && curl_easy_setopt(x.curl, CURLOPT_HTTPHEADER, x.fields) == CURLE_OK
              && body_kept(x.curl, &b) && stop_set(x.curl, g);
    return ok ? fetch(rq, x.curl, &b, ret_got) : FAIL(rq, E_IO, "call: option");
}

enum err os_post_ask(struct req *rq, const struct os_post *p, size_t max_bytes,
                     struct os_got *ret_got)
{
    CLEANUP(post_done) struct post x = {.curl = curl_easy_init()};
    struct buf b;
    if (x.curl == NULL) {
        return FAIL(rq, E_IO, "call: no handle");
    }
    buf_init(&b, rq->a, max_bytes);
    TRY(fields_set(rq, p, &x));
    TRY(options_set(rq, p, &x));
    return body_kept(x.curl, &b) ? fetch(rq, x.curl, &b, ret_got)
                                 : FAIL(rq, E_IO, "call: option");
}
