/* os/outgoing.c - calls to other servers. See outgoing.h. */
#include "os/outgoing.h"

#include <curl/curl.h>

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
    bool ok = field_add(rq, x, S("Content-Type: "), p->type) &&
              field_add(rq, x, S("Expect:"), S(""));
    for (size_t i = 0; ok && i < p->n_headers; i++) {
        ok = field_add(rq, x, p->headers[i], S(""));
    }
    return ok ? OK : FAIL(rq, E_TOO_LARGE, "fields of a call");
}

/* What every call keeps to. */
static enum err common_set(struct req *rq, CURL *c, struct str url, struct str ca_file, bool plain,
                           uint32_t timeout_ms)
{
    const char *address = arena_cstr(rq->a, url);
    const char *ca = arena_cstr(rq->a, ca_file);
    TRY_MEM(rq, address);
    bool ok = curl_easy_setopt(c, CURLOPT_URL, address) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, plain ? "https,http" : "https") ==
                  CURLE_OK &&
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
    TRY(common_set(rq, c, p->url, p->ca_file, p->plain, p->timeout_ms));
    bool ok = curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->body.n) ==
                  CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_POSTFIELDS, p->body.p) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->fields) == CURLE_OK &&
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

enum err os_post(struct req *rq, const struct os_post *p, unsigned *ret_status)
{
    CLEANUP(post_done) struct post x = {.curl = curl_easy_init()};
    if (x.curl == NULL) {
        return FAIL(rq, E_IO, "call: no handle");
    }
    TRY(fields_set(rq, p, &x));
    TRY(options_set(rq, p, &x));
    return perform(rq, x.curl, ret_status);
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

enum err os_get(struct req *rq, const struct os_get *g, struct os_got *ret_got)
{
    CLEANUP(post_done) struct post x = {.curl = curl_easy_init()};
    struct os_got got = {.max_age_s = -1};
    struct buf b;
    if (x.curl == NULL) {
        return FAIL(rq, E_IO, "call: no handle");
    }
    buf_init(&b, rq->a, g->max_bytes);
    TRY(common_set(rq, x.curl, g->url, g->ca_file, g->plain, g->timeout_ms));
    bool ok = field_add(rq, &x, S("Accept: "), S("application/json"))
              && curl_easy_setopt(x.curl, CURLOPT_HTTPHEADER, x.fields) == CURLE_OK
              && curl_easy_setopt(x.curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK
              && curl_easy_setopt(x.curl, CURLOPT_WRITEDATA, &b) == CURLE_OK;
    if (!ok) {
        return FAIL(rq, E_IO, "call: option");
    }
    TRY(perform(rq, x.curl, &got.status));
    got.max_age_s = max_age_of(x.curl);
    got.body = buf_get(&b);
    *ret_got = got;
    return OK;
}
