/* os/mail.c - one message by SMTP. See mail.h. */
#include "os/mail.h"

#include <string.h>

#include "os/outgoing_int.h"

enum { TAKEN = 250, REFUSALS = 400, REFUSALS_END = 600 };

struct mail {
    CURL *curl;
    struct curl_slist *to;
    struct str rest; /* of the message */
};

static void mail_done(struct mail *m)
{
    curl_slist_free_all(m->to);
    if (m->curl != NULL) {
        curl_easy_cleanup(m->curl);
    }
}

static size_t give(char *p, size_t size, size_t n, void *ctx)
{
    struct mail *m = ctx;
    size_t part = MIN(size * n, m->rest.n);
    memcpy(p, m->rest.p, part);
    m->rest = str_sub(m->rest, part, m->rest.n);
    return part;
}

static enum err sign_in_set(struct req *rq, CURL *c, const struct os_mail *m)
{
    const char *user = arena_cstr(rq->a, m->user);
    const char *password = arena_cstr(rq->a, m->password);
    TRY_MEM(rq, user);
    TRY_MEM(rq, password);
    return curl_easy_setopt(c, CURLOPT_USERNAME, user) == CURLE_OK
                   && curl_easy_setopt(c, CURLOPT_PASSWORD, password) == CURLE_OK
               ? OK
               : FAIL(rq, E_IO, "mail: option");
}

static enum err options_set(struct req *rq, const struct os_mail *m, struct mail *x)
{
    CURL *c = x->curl;
    const char *from = arena_cstr(rq->a, m->from);
    const char *to = arena_cstr(rq->a, m->to);
    TRY_MEM(rq, from);
    TRY_MEM(rq, to);
    TRY(outgoing_common(rq, c, m->url, m->ca_file, "smtp,smtps", m->timeout_ms));
    x->to = curl_slist_append(NULL, to);
    TRY_MEM(rq, x->to);
    bool ok = curl_easy_setopt(c, CURLOPT_USE_SSL, m->plain ? (long)CURLUSESSL_TRY
                                                            : (long)CURLUSESSL_ALL) == CURLE_OK
              && curl_easy_setopt(c, CURLOPT_MAIL_FROM, from) == CURLE_OK
              && curl_easy_setopt(c, CURLOPT_MAIL_RCPT, x->to) == CURLE_OK
              && curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) == CURLE_OK
              && curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->message.n) == CURLE_OK
              && curl_easy_setopt(c, CURLOPT_READFUNCTION, give) == CURLE_OK
              && curl_easy_setopt(c, CURLOPT_READDATA, x) == CURLE_OK;
    if (!ok) {
        return FAIL(rq, E_IO, "mail: option");
    }
    return m->user.n > 0 ? sign_in_set(rq, c, m) : OK;
}

enum err os_mail(struct req *rq, const struct os_mail *m, unsigned *ret_status)
{
    CLEANUP(mail_done) struct mail x = {.curl = curl_easy_init(), .rest = m->message};
    long status = 0;
    if (x.curl == NULL) {
        return FAIL(rq, E_IO, "mail: no handle");
    }
    TRY(options_set(rq, m, &x));
    CURLcode code = curl_easy_perform(x.curl);
    (void)curl_easy_getinfo(x.curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK) {
        *ret_status = TAKEN;
        return OK;
    }
    if (code != CURLE_OPERATION_TIMEDOUT && status >= REFUSALS && status < REFUSALS_END) {
        *ret_status = (unsigned)status;
        return OK;
    }
    return FAIL(rq, E_IO, "mail: %d", (int)code);
}
