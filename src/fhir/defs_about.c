/* fhir/defs_about.c - what people read of elements, kept beside their rows for elementDefinition() of
 * FHIRPath. See defs_compile.h.
 *
 * Members are kept as they are written, each text once. What a row of the element or its invariants says
 * is left to that row, so that the overlay's edits count here too. */
#include "fhir/defs_compile_int.h"

uint16_t dc_max(struct str text)
{
    uint64_t v;
    return str_u64(text, &v) && v < DEF_MANY ? (uint16_t)v : DEF_MANY;
}

static enum err member(struct dc *dc, struct jv v, uint32_t *ret_off)
{
    struct buf b;
    buf_init(&b, dc->rq->a, 1 << 20);
    if (!json_has(v)) {
        return dc_text(dc, S(""), ret_off);
    }
    json_minify(&b, v);
    TRY_MEM(dc->rq, buf_ok(&b) ? b.p : NULL);
    return dc_text(dc, buf_get(&b), ret_off);
}

static bool is_elsewhere(struct str key)
{
    static const struct str names[] = {
        SI("id"),      SI("path"), SI("short"), SI("definition"), SI("comment"),   SI("min"),
        SI("max"),     SI("base"), SI("type"),  SI("binding"),    SI("constraint"), SI("mapping"),
    };
    for (size_t i = 0; i < LEN(names); i++) {
        if (str_eq(key, names[i])) {
            return true;
        }
    }
    return false;
}

static enum err others(struct dc *dc, struct jv elem, uint32_t *ret_off)
{
    struct buf b;
    buf_init(&b, dc->rq->a, 1 << 20);
    for (struct jv v = json_first(elem); json_has(v); v = json_next(v)) {
        struct str key = json_key(dc->rq, v);
        if (is_elsewhere(key)) {
            continue;
        }
        buf_str(&b, b.n > 0 ? S(",") : S(""));
        json_quote(&b, key);
        buf_char(&b, ':');
        json_minify(&b, v);
    }
    if (b.n == 0) {
        return dc_text(dc, S(""), ret_off);
    }
    TRY_MEM(dc->rq, buf_ok(&b) ? b.p : NULL);
    return dc_text(dc, buf_get(&b), ret_off);
}

enum err dc_about(struct dc *dc, const struct dc_elem *e, struct def_about *row)
{
    struct jv base = json_get(e->v, S("base"));
    bool edited = e->type.p != NULL || json_has(e->targets);
    int64_t min = 0;
    TRY(member(dc, json_get(e->v, S("short")), &row->brief));
    TRY(member(dc, json_get(e->v, S("definition")), &row->definition));
    TRY(member(dc, json_get(e->v, S("comment")), &row->comment));
    TRY(member(dc, edited ? (struct jv){0} : json_get(e->v, S("type")), &row->type));
    TRY(member(dc, json_get(e->v, S("binding")), &row->binding));
    TRY(others(dc, e->v, &row->more));
    TRY(dc_text(dc, dc_str(dc, base, S("path")), &row->base_path));
    if (json_i64(json_get(base, S("min")), &min) && min > 0) {
        row->base_min = (uint16_t)min;
    }
    row->base_max = dc_max(dc_str(dc, base, S("max")));
    return OK;
}
