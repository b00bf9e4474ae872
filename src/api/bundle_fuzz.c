/* api/bundle_fuzz.c - any JSON as a batch or transaction: its entries are read, resolved, rewritten and
 * built into changes, or refused; nothing is committed. */
#include <stdio.h>
#include <stdlib.h>

#include "api/bundle.c"
#include "fhir/prepare.h"

enum { CALL_ROOM = 1 << 16 }; /* a request is the beginning of what the listener keeps of it */

static struct db *db;
static struct care care;
static union {
    struct http_req h;
    char room[CALL_ROOM];
} call;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_once(void)
{
    static struct req rq;
    char dir[] = "/tmp/bundle-fuzz.XXXXXX";
    if (db != NULL) {
        return;
    }
    ASSERT(mkdtemp(dir) != NULL);
    care_init(&care);
    req_init(&rq, 64u << 20, (struct instant){1});
    rq.app = (struct app *)&care;
    ASSERT(store_open(&rq, str_z(dir), NULL, &care.store) == OK);
    db = store_db_open(care.store);
    rq.db = db;
    struct tx *tx = tx_new(&rq);
    ASSERT(fhir_put(&rq, tx, S("{\"resourceType\":\"Patient\",\"id\":\"p\",\"identifier\":[{\"system\":"
                               "\"s\",\"value\":\"1\"}]}"), TX_ANY) == OK);
    ASSERT(store_commit(care.store, &rq, tx) == OK);
}

/* What the built changes and their entries say of each other. */
static void hold(const struct bundle *b)
{
    size_t n = tx_n_puts(b->tx);
    for (size_t i = 0; i < b->n; i++) {
        const struct entry *x = &b->v[i];
        ASSERT(x->skip ? x->err != OK : x->err == OK);
        ASSERT(x->tx == NULL || (!x->skip && x->put < n && x->verb != VERB_GET && x->id.n > 0));
        ASSERT(x->full_url.n == 0 || bundle_find(b, x->full_url) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_req *h = &call.h;
    struct json_doc doc;
    struct bundle b = {.base = S("http://localhost/fhir")};
    open_once();
    *h = (struct http_req){.method = POST};
    req_init(&h->rq, 64u << 20, (struct instant){1});
    h->rq.app = (struct app *)&care;
    h->rq.db = db;
    h->rq.who = &who_system;
    if (json_parse(&h->rq, (struct str){(const char *)data, size}, NULL, &doc) == OK) {
        b.is_transaction = json_is(json_get(json_root(&doc), S("type")), S("transaction"));
        b.tx = tx_new(&h->rq);
        ASSERT(b.tx != NULL);
        enum err e = entries_parse(h, json_root(&doc), &b);
        if (e == OK && b.is_transaction) {
            e = overlap_check(h, &b);
        }
        if (e == OK && writes_build(h, &b) == OK) {
            hold(&b);
        }
    }
    req_done(&h->rq);
    return 0;
}
