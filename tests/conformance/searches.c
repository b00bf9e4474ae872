/* tests/conformance/searches.c - every answer of a search recomputed with the FHIRPath evaluator over all
 * resources: searches DATA [SECONDS SEED]
 *
 * Two ways, both over the Synthea records and the official examples: shapes.def holds searches beside the
 * FHIRPath that says what they mean; and each search parameter is asked for values its own expression
 * (of the definitions) finds. With SECONDS random questions of the second kind, two or three at once, are
 * asked until the time is over. searches DATA times COPIES: how long first pages of the written searches
 * take, with so many copies of the records more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/url.h"
#include "fhir/defs.h"
#include "fhir/path.h"
#include "fhir/prepare.h"
#include "fhir/search.h"
#include "searches.h"
#include "store/db.h"
#include "store/store.h"
#include "suite.h"

struct world w;

/* ---- loading ---- */

static uint32_t slot_of(enum fhir_type type, struct str id)
{
    return (str_hash(id) ^ (uint32_t)type * 0x9e3779b1u) & (SLOTS - 1);
}

struct doc *world_find(enum fhir_type type, struct str id)
{
    for (uint32_t i = slot_of(type, id); w.slots[i] != 0; i = (i + 1) & (SLOTS - 1)) {
        struct doc *d = &w.docs[w.slots[i] - 1];
        if (d->type == type && str_eq(d->id, id)) {
            return d;
        }
    }
    return NULL;
}

struct doc *world_edition(struct str canonical, const struct doc *after)
{
    size_t bar = str_find_char(canonical, '|');
    struct str version = str_sub(canonical, MIN(bar + 1, canonical.n), canonical.n);
    for (size_t i = after == NULL ? 0 : (size_t)(after - w.docs) + 1; i < w.n; i++) {
        struct jv root = json_root(w.docs[i].doc);
        if (json_is(json_get(root, S("url")), str_sub(canonical, 0, bar)) &&
            (version.n == 0 || json_is(json_get(root, S("version")), version))) {
            return &w.docs[i];
        }
    }
    return NULL;
}

static void remember(enum fhir_type type, struct str id, struct json_doc *doc)
{
    uint32_t i = slot_of(type, id);
    while (w.slots[i] != 0) {
        i = (i + 1) & (SLOTS - 1);
    }
    w.docs[w.n] = (struct doc){type, id, doc};
    w.slots[i] = (uint32_t)++w.n;
}

/* Stores a resource and keeps it in memory, unless it is no valid one or there already. */
static bool load_one(struct str json, struct str id)
{
    struct json_doc *doc = ARENA_NEW(w.rq.a, struct json_doc);
    struct req rq;
    bool fine = json_parse(&w.rq, json, NULL, doc) == OK;
    struct jv root = json_root(doc);
    enum fhir_type type = fine ? fhir_type_in(&w.rq, root) : T_NONE;
    id = id.n > 0 ? id : fine ? json_str(w.rq.a, json_get(root, S("id"))) : id;
    if (type == T_NONE || id.n == 0 || world_find(type, id) != NULL || w.n == DOCS_MAX) {
        return true;
    }
    req_init(&rq, (size_t)512 << 20, (struct instant){NOW_MS});
    rq.db = w.db;
    struct fhir_how how = {.id = id, .expect = TX_ANY};
    struct tx *tx = tx_new(&rq);
    struct tx_put put;
    bool stored = fhir_prepare(&rq, root, &how, &put) == OK && tx_put(tx, &put) == OK &&
                  store_commit(w.st, &rq, tx) == OK;
    req_done(&rq);
    if (stored && w.copy == 0) {
        remember(type, id, doc);
    }
    w.stored += stored ? 1 : 0;
    return stored;
}

bool world_load(struct str json)
{
    return load_one(json, S(""));
}

/* Copies of a record have ids of their own. */
static void copy_mark(struct buf *b)
{
    if (w.copy > 0) {
        buf_char(b, 'c');
        buf_u64(b, w.copy);
        buf_char(b, '-');
    }
}

/* "urn:uuid:X" becomes "Type/X": the references of a transaction as it would store them. */
static struct str references_set(struct str text)
{
    struct buf b;
    buf_init(&b, w.rq.a, text.n * 2 + 1024);
    while (text.n > 0) {
        size_t at = str_find(text, S("urn:uuid:"));
        buf_str(&b, str_sub(text, 0, at));
        if (at == text.n) {
            break;
        }
        struct str uuid = str_sub(text, at + 9, 36);
        enum fhir_type type = T_NONE;
        for (unsigned t = 1; t < T_COUNT && type == T_NONE; t++) {
            for (uint32_t i = (str_hash(uuid) ^ t * 0x9e3779b1u) & (SLOTS - 1); w.named[i].n > 0;
                 i = (i + 1) & (SLOTS - 1)) {
                if (str_eq(w.named[i], uuid) && w.named_type[i] == t) {
                    type = (enum fhir_type)t;
                }
            }
        }
        if (type == T_NONE) {
            buf_str(&b, S("urn:uuid:"));
        } else {
            buf_str(&b, fhir_type_name(type));
            buf_char(&b, '/');
        }
        copy_mark(&b);
        buf_str(&b, uuid);
        text = str_sub(text, at + 45, text.n);
    }
    return buf_get(&b);
}

/* The resource's own id, the first place its uuid stands at. */
static struct str own_id_set(struct str json, struct str uuid)
{
    struct buf b;
    size_t at = str_find(json, uuid);
    if (w.copy == 0 || at == json.n) {
        return json;
    }
    buf_init(&b, w.rq.a, json.n + 64);
    buf_str(&b, str_sub(json, 0, at));
    copy_mark(&b);
    buf_str(&b, str_sub(json, at, json.n));
    return buf_get(&b);
}

static void name_entry(enum fhir_type type, struct str uuid)
{
    uint32_t i = slot_of(type, uuid);
    while (w.named[i].n > 0) {
        i = (i + 1) & (SLOTS - 1);
    }
    w.named[i] = uuid;
    w.named_type[i] = (uint16_t)type;
}

static void load_bundle(const char *dir, struct str file)
{
    struct str text;
    struct json_doc *doc = ARENA_NEW(w.rq.a, struct json_doc);
    struct buf name;
    buf_init(&name, w.rq.a, 256);
    BUF_LIT(&name, "synthea/");
    buf_str(&name, file);
    buf_bytes(&name, ".json.gz", sizeof(".json.gz"));
    if (!suite_read(&w.rq, dir, buf_get(&name).p, &text) ||
        json_parse(&w.rq, text, NULL, doc) != OK) {
        suite_fail(file, "cannot be read");
        return;
    }
    struct jv entries = json_get(json_root(doc), S("entry"));
    for (struct jv e = json_first(entries); json_has(e) && w.copy == 0; e = json_next(e)) {
        struct str url = json_str(w.rq.a, json_get(e, S("fullUrl")));
        name_entry(fhir_type_in(&w.rq, json_get(e, S("resource"))), str_sub(url, 9, url.n));
    }
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        struct str url = json_str(w.rq.a, json_get(e, S("fullUrl")));
        struct str json = references_set(json_raw(json_get(e, S("resource"))));
        struct buf id;
        buf_init(&id, w.rq.a, 80);
        copy_mark(&id);
        buf_str(&id, str_sub(url, 9, url.n));
        json = own_id_set(json, str_sub(url, 9, url.n));
        if (!load_one(json, buf_get(&id))) {
            w.refused++;
        }
    }
}

static void load_examples(const char *dir)
{
    for (unsigned t = 1; t < T_COUNT; t++) {
        struct buf b;
        struct str rest;
        struct str line;
        buf_init(&b, w.rq.a, 200);
        BUF_LIT(&b, "examples/");
        buf_str(&b, fhir_type_name((enum fhir_type)t));
        buf_bytes(&b, ".ndjson.gz", sizeof(".ndjson.gz"));
        if (!suite_has(dir, buf_get(&b).p) || !suite_read(&w.rq, dir, buf_get(&b).p, &rest)) {
            continue;
        }
        while (str_cut(&rest, '\n', &line)) {
            if (line.n > 0 && !load_one(line, S(""))) {
                w.refused++;
            }
        }
    }
}

static void load(const char *dir)
{
    struct str text;
    struct json_doc doc;
    if (!suite_read(&w.rq, dir, "synthea/index.json", &text) ||
        json_parse(&w.rq, text, NULL, &doc) != OK) {
        suite_fail(S("synthea"), "no index");
        return;
    }
    struct jv list = json_root(&doc);
    struct jv inner = json_kind(list) == JSON_ARRAY ? list : json_first(list);
    for (struct jv v = json_first(inner); json_has(v); v = json_next(v)) {
        struct arena_mark m = arena_mark(w.rq.a);
        struct str id = json_kind(v) == JSON_STRING ? json_str(w.rq.a, v)
                                                    : json_str(w.rq.a, json_get(v, S("id")));
        id = id.n > 0 ? id : json_str(w.rq.a, json_get(v, S("file")));
        id = id.n > 0 ? id : json_key(&w.rq, v);
        load_bundle(dir, str_sub(id, 0, str_find(id, S(".json"))));
        if (w.copy > 0) {
            arena_back(w.rq.a, m);
        }
    }
    if (w.copy == 0) {
        load_examples(dir);
        made_load();
    }
}

/* ---- asking ---- */

bool world_ask(struct req *rq, enum fhir_type type, struct str query, struct str name, bool *got,
               size_t *ret_n)
{
    const struct fhir_access all = {.all = true};
    struct str cursor = {NULL, 0};
    size_t n = 0;
    memset(got, 0, w.n);
    for (unsigned page = 0; page < 2000; page++) {
        struct fhir_page p;
        struct buf b;
        buf_init(&b, rq->a, query.n + cursor.n + 64);
        buf_str(&b, query);
        if (cursor.n > 0) {
            form_add(&b, S("_cursor"), cursor);
        }
        if (fhir_search_text(rq, type, buf_get(&b), &all, &p) != OK) {
            suite_fail(name, "%s", rq->err.detail);
            return false;
        }
        for (size_t i = 0; i < p.n_matches; i++) {
            const struct doc *d = world_find((enum fhir_type)p.v[i].row.type, p.v[i].row.id);
            if (d == NULL || got[d - w.docs]) {
                suite_fail(name, "%.*s twice or unknown", STR_ARG(p.v[i].row.id));
                return false;
            }
            got[d - w.docs] = true;
            w.order[n++] = (uint32_t)(d - w.docs);
        }
        cursor = p.next;
        if (cursor.n == 0) {
            *ret_n = n;
            return true;
        }
    }
    suite_fail(name, "no last page");
    return false;
}

bool world_same(const bool *want, const bool *got, struct str name)
{
    size_t missed = 0;
    size_t extra = 0;
    struct str one = {NULL, 0};
    for (size_t i = 0; i < w.n; i++) {
        missed += want[i] && !got[i] ? 1 : 0;
        extra += got[i] && !want[i] ? 1 : 0;
        one = want[i] != got[i] ? w.docs[i].id : one;
    }
    if (missed + extra > 0) {
        suite_fail(name, "%zu missed, %zu too many, such as %.*s", missed, extra, STR_ARG(one));
    } else {
        suite_ok(name);
    }
    return missed + extra == 0;
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/searches.XXXXXX";
    if (argc < 2 || mkdtemp(dir) == NULL) {
        return 2;
    }
    req_init(&w.rq, (size_t)8 << 30, (struct instant){NOW_MS});
    w.docs = ARENA_ARRAY(w.rq.a, DOCS_MAX, struct doc);
    w.slots = ARENA_ARRAY(w.rq.a, SLOTS, uint32_t);
    w.named = ARENA_ARRAY(w.rq.a, SLOTS, struct str);
    w.named_type = ARENA_ARRAY(w.rq.a, SLOTS, uint16_t);
    w.order = ARENA_ARRAY(w.rq.a, DOCS_MAX, uint32_t);
    if (store_open(&w.rq, str_z(dir), NULL, &w.st) != OK) {
        fprintf(stderr, "%s\n", w.rq.err.detail);
        return 1;
    }
    w.db = store_db_open(w.st);
    load(argv[1]);
    fprintf(stderr, "%zu resources, %zu refused\n", w.n, w.refused);
    if (argc == 4 && strcmp(argv[2], "times") == 0) {
        uint64_t copies = strtoull(argv[3], NULL, 10);
        shapes_times();
        for (w.copy = 1; w.copy <= copies; w.copy++) {
            load(argv[1]);
        }
        printf("%zu resources\n", w.stored);
        shapes_times();
    } else if (argc < 4) {
        shapes_run();
        params_run();
    } else {
        soak_run((unsigned)strtoull(argv[2], NULL, 10), (uint32_t)strtoull(argv[3], NULL, 10));
    }
    store_db_close(w.db);
    store_close(w.st);
    req_done(&w.rq);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) == 0 ? 0 : 1;
}
