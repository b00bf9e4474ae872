/* codec/json_fuzz.c - what parses survives minifying and rewriting unchanged. */
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes v anew through the writer, without recursion: members and elements in order. */
static void rewrite(struct req *rq, struct json_out *o, struct jv v)
{
    struct jv open[JSON_MAX_DEPTH];
    uint32_t depth = 0;
    while (json_has(v)) {
        if (json_key_node(v) != NULL) {
            json_k(o, json_key(rq, v));
        }
        enum json_kind kind = json_kind(v);
        struct jv next = {NULL, 0};
        if (kind == JSON_OBJECT || kind == JSON_ARRAY) {
            kind == JSON_OBJECT ? json_obj(o) : json_arr(o);
            open[depth++] = v;
            next = json_first(v);
        } else {
            kind == JSON_STRING ? json_v_str(o, json_str(rq->a, v)) : json_v_raw(o, json_raw(v));
            next = json_next(v);
        }
        while (!json_has(next) && depth > 0) {
            struct jv done = open[--depth];
            json_kind(done) == JSON_OBJECT ? json_obj_end(o) : json_arr_end(o);
            next = json_next(done);
        }
        v = next;
    }
}

static void same(const struct json_doc *a, const struct json_doc *b)
{
    ASSERT(a->n == b->n);
    for (uint32_t i = 0; i < a->n; i++) {
        ASSERT(a->nodes[i].kind == b->nodes[i].kind && a->nodes[i].end == b->nodes[i].end);
        ASSERT((a->nodes[i].flags & JSON_LAST) == (b->nodes[i].flags & JSON_LAST));
    }
}

/* Each member cut out of the minified text is the one the parser finds. */
static void cut(struct req *rq, const struct json_doc *min)
{
    struct jv root = json_root(min);
    int tests = 0;
    if (json_kind(root) != JSON_OBJECT) {
        return;
    }
    for (struct jv v = json_first(root); json_has(v) && tests < 8; v = json_next(v), tests++) {
        const struct str name = json_key(rq, v);
        struct json_doc doc;
        struct buf out;
        buf_init(&out, rq->a, min->src.n + 2);
        if (json_cut(min->src, &name, 1, &out)) {
            ASSERT(json_parse(rq, buf_get(&out), NULL, &doc) == OK);
            ASSERT(str_eq(json_raw(json_get(json_root(&doc), name)), json_raw(v)));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    req_init(&rq, 64u << 20, (struct instant){0});
    struct json_doc doc;
    if (json_parse(&rq, (struct str){(const char *)data, size}, NULL, &doc) == OK) {
        struct buf once;
        buf_init(&once, rq.a, size + 1);
        json_minify(&once, json_root(&doc));
        ASSERT(buf_ok(&once) && once.n <= size);
        struct json_doc min;
        ASSERT(json_parse(&rq, buf_get(&once), NULL, &min) == OK && min.tight);
        same(&doc, &min);
        cut(&rq, &min);
        struct buf anew;
        buf_init(&anew, rq.a, size * 6 + 16);
        struct json_out o;
        json_out_init(&o, &anew);
        rewrite(&rq, &o, json_root(&doc));
        struct json_doc third;
        ASSERT(buf_ok(&anew) && json_parse(&rq, buf_get(&anew), NULL, &third) == OK);
        same(&doc, &third);
    }
    req_done(&rq);
    return 0;
}
