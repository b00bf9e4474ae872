/* tests/conformance/examples.c - the official examples: each is accepted, stored, and read back with the
 * same elements in the same order of arrays, and the same text of every number. */
#include <stdio.h>
#include <stdlib.h>

#include "fhir/prepare.h"
#include "store/db.h"
#include "store/store.h"
#include "suite.h"

/* Whether b says all that a says, but for what the server assigns; numbers by their text. */
static bool same(struct req *rq, struct jv a, struct jv b, bool top)
{
    if (json_kind(a) != json_kind(b)) {
        return false;
    }
    if (json_kind(a) == JSON_ARRAY) {
        struct jv y = json_first(b);
        for (struct jv x = json_first(a); json_has(x); x = json_next(x), y = json_next(y)) {
            if (!same(rq, x, y, false)) {
                return false;
            }
        }
        return !json_has(y);
    }
    if (json_kind(a) == JSON_OBJECT) {
        for (struct jv x = json_first(a); json_has(x); x = json_next(x)) {
            struct str key = json_key(rq, x);
            struct jv y = json_get(b, key);
            bool is_meta = top && str_eq(key, S("meta"));
            bool ours = str_eq(key, S("versionId")) || str_eq(key, S("lastUpdated"));
            if (!ours && !(is_meta && !json_has(y)) && !same(rq, x, y, is_meta)) {
                return false;
            }
        }
        return true;
    }
    return json_kind(a) == JSON_STRING ? str_eq(json_str(rq->a, a), json_str(rq->a, b))
                                       : str_eq(json_raw(a), json_raw(b));
}

static void told(struct str name, struct req *rq)
{
    const struct fhir_issues *all = rq->issues;
    if (all == NULL || all->n == 0) {
        suite_fail(name, "%s", rq->err.detail);
        return;
    }
    const struct fhir_issue *i = &all->items[0];
    suite_fail(name, "%u errors, at %.*s: %s %.*s", all->n_errors, STR_ARG(i->expression), i->text,
               STR_ARG(i->subject));
}

static bool read_back(struct req *rq, struct store *st, struct jv root, enum fhir_type type,
                      struct str id)
{
    struct fhir_how how = {.id = id, .expect = TX_ANY};
    struct tx *tx = tx_new(rq);
    struct res_row row;
    struct json_doc again;
    struct tx_put put;
    return fhir_prepare(rq, root, &how, &put) == OK && tx_put(tx, &put) == OK &&
           store_commit(st, rq, tx) == OK && db_read(rq, (uint16_t)type, id, &row) == OK &&
           json_parse(rq, row.body, NULL, &again) == OK &&
           same(rq, root, json_root(&again), true);
}

static void example(struct store *st, struct db *db, struct str line)
{
    struct req rq;
    struct json_doc doc;
    req_init(&rq, (size_t)256 << 20, (struct instant){1});
    rq.db = db;
    if (json_parse(&rq, line, NULL, &doc) != OK) {
        suite_fail(S("?"), "not JSON: %s", rq.err.detail);
        req_done(&rq);
        return;
    }
    struct jv root = json_root(&doc);
    struct str kind = suite_text(&rq, root, S("resourceType"));
    struct str id = suite_text(&rq, root, S("id"));
    enum fhir_type type = fhir_type_find(kind);
    struct buf b;
    buf_init(&b, rq.a, 200);
    buf_str(&b, kind);
    buf_char(&b, '/');
    buf_str(&b, id);
    struct str name = buf_get(&b);
    if (fhir_validate(&rq, root, type) != OK) {
        told(name, &rq);
    } else if (fhir_type_hangs(type) != NOT_KEPT &&
               !read_back(&rq, st, root, type, id.n > 0 ? id : S("x"))) {
        suite_fail(name, "not read back as it was: %s", rq.err.detail);
    } else {
        suite_ok(name);
    }
    req_done(&rq);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/examples.XXXXXX";
    struct store *st;
    struct req rq;
    int status = 0;
    if (argc != 2 || mkdtemp(dir) == NULL) {
        return 2;
    }
    req_init(&rq, (size_t)512 << 20, (struct instant){1});
    if (store_open(&rq, str_z(dir), NULL, &st) != OK) {
        fprintf(stderr, "%s\n", rq.err.detail);
        return 1;
    }
    struct db *db = store_db_open(st);
    for (unsigned t = 1; t < T_COUNT; t++) {
        struct buf b;
        struct str rest;
        struct str line;
        struct arena_mark mark = arena_mark(rq.a);
        buf_init(&b, rq.a, 200);
        BUF_LIT(&b, "examples/");
        buf_str(&b, fhir_type_name((enum fhir_type)t));
        buf_bytes(&b, ".ndjson.gz", sizeof(".ndjson.gz"));
        const char *file = buf_get(&b).p;
        if (!suite_has(argv[1], file)) {
            continue;
        }
        status += suite_read(&rq, argv[1], file, &rest) ? 0 : 1;
        while (status == 0 && str_cut(&rest, '\n', &line)) {
            if (line.n > 0) {
                example(st, db, line);
            }
        }
        arena_back(rq.a, mark);
    }
    store_db_close(db);
    store_close(st);
    req_done(&rq);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) == 0 && status == 0 ? 0 : 1;
}
