/* care/sub_fuzz.c - any JSON as a Subscription, and as a list of topics: refused with its place, or within
 * the limits of what this server delivers. */
#include "care/sub.h"
#include "store/fuzz_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct sub_want *w)
{
    ASSERT(w->topic != NULL && w->n_filters <= SUB_FILTERS_MAX && w->n_headers <= SUB_HEADERS_MAX);
    ASSERT(w->heartbeat_s >= 0 && w->timeout_s > 0 && w->timeout_s <= SUB_TIMEOUT_MAX_S);
    ASSERT(w->max_count > 0 && w->max_count <= SUB_AT_ONCE);
    for (uint32_t i = 0; i < w->n_headers; i++) {
        ASSERT(str_find_char(w->headers[i], '\n') == w->headers[i].n
               && str_find_char(w->headers[i], '\r') == w->headers[i].n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct content *content;
    static struct care care;
    static struct db *db;
    static struct fuzz_store folder;
    struct req rq;
    struct json_doc doc;
    struct sub_want want;
    const struct topic *topics;
    uint32_t n = 0;
    req_init(&rq, 64u << 20, (struct instant){INT64_C(1795000000000)});
    if (content == NULL) {
        care_init(&care);
        ASSERT(content_load(&rq, S("content"), &content) == OK);
        fuzz_store_open(NULL, &folder);
        db = store_db_open(folder.st);
        care.content = content;
        care.hooks = (struct hook_policy){.hosts = S("a.example, b.example:8443"), .plain = true,
                                          .full = true, .most = 10, .keep_ms = MS_DAY};
    }
    rq.app = (struct app *)&care;
    rq.db = db;
    if (json_parse(&rq, (struct str){(const char *)data, size}, NULL, &doc) == OK) {
        struct jv root = json_root(&doc);
        if (json_kind(root) == JSON_ARRAY) {
            (void)!topics_load(&rq, root, &topics, &n);
        } else if (sub_read(&rq, root, &want) == OK) {
            check(&want);
        } else {
            ASSERT(rq.err.code == E_UNPROCESSED || rq.err.code == E_TOO_LARGE);
        }
    }
    db_idle(db);
    req_done(&rq);
    return 0;
}
