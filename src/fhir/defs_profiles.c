/* fhir/defs_profiles.c - the profiles and extensions of R4, cut to what validation reads. See
 * defs_compile.h. */
#include <string.h>

#include "fhir/defs_compile_int.h"

static const enum def_file profile_files[] = {DEF_FILE_PROFILES, DEF_FILE_EXTENSIONS};

static bool is_kept(struct str key)
{
    static const struct str keys[] = {
        SI("id"), SI("path"), SI("sliceName"), SI("slicing"), SI("min"), SI("max"), SI("type"),
        SI("maxLength"), SI("contentReference"),
    };
    static const struct str begins[] = {SI("fixed"), SI("pattern"), SI("minValue"), SI("maxValue")};
    for (size_t i = 0; i < LEN(keys); i++) {
        if (str_eq(key, keys[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < LEN(begins); i++) {
        if (str_starts(key, begins[i])) {
            return true;
        }
    }
    return false;
}

static void constraints_write(struct json_out *o, struct jv list)
{
    static const struct str keys[] = {SI("key"), SI("severity"), SI("human"), SI("expression")};
    json_k(o, S("constraint"));
    json_arr(o);
    for (struct jv c = json_first(list); json_has(c); c = json_next(c)) {
        json_obj(o);
        for (size_t i = 0; i < LEN(keys); i++) {
            if (json_has(json_get(c, keys[i]))) {
                json_kv(o, keys[i], json_get(c, keys[i]));
            }
        }
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void element_write(struct dc *dc, struct json_out *o, struct jv e)
{
    json_obj(o);
    for (struct jv v = json_first(e); json_has(v); v = json_next(v)) {
        struct str key = json_key(dc->rq, v);
        if (is_kept(key)) {
            json_kv(o, key, v);
        }
    }
    struct jv binding = json_get(e, S("binding"));
    if (json_has(binding)) {
        json_k(o, S("binding"));
        json_obj(o);
        json_kv(o, S("strength"), json_get(binding, S("strength")));
        if (json_has(json_get(binding, S("valueSet")))) {
            json_kv(o, S("valueSet"), json_get(binding, S("valueSet")));
        }
        json_obj_end(o);
    }
    if (json_has(json_get(e, S("constraint")))) {
        constraints_write(o, json_get(e, S("constraint")));
    }
    json_obj_end(o);
}

static enum err profile_write(struct dc *dc, struct jv sd)
{
    static const struct str keys[] = {SI("resourceType"), SI("url"), SI("name"), SI("type"),
                                      SI("kind"), SI("derivation"), SI("baseDefinition"),
                                      SI("context")};
    struct arena_mark mark = arena_mark(dc->rq->a);
    struct def_profile *row = dc_add(dc, PART_PROFILE, 1);
    struct buf b;
    struct json_out o;
    if (row == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many profiles");
    }
    buf_init(&b, dc->rq->a, 4 << 20);
    json_out_init(&o, &b);
    json_obj(&o);
    for (size_t i = 0; i < LEN(keys); i++) {
        if (json_has(json_get(sd, keys[i]))) {
            json_kv(&o, keys[i], json_get(sd, keys[i]));
        }
    }
    json_k(&o, S("differential"));
    json_obj(&o);
    json_k(&o, S("element"));
    json_arr(&o);
    struct jv list = json_path(sd, S("differential.element"));
    for (struct jv e = json_first(list); json_has(e); e = json_next(e)) {
        element_write(dc, &o, e);
    }
    json_arr_end(&o);
    json_obj_end(&o);
    json_obj_end(&o);
    struct str url = dc_str(dc, sd, S("url"));
    TRY(dc_text(dc, url, &row->url));
    TRY(dc_text(dc, buf_get(&b), &row->json));
    uint16_t *slots = dc->rows[PART_PROFILE_HASH].p;
    uint32_t mask = dc->rows[PART_PROFILE_HASH].n - 1;
    uint32_t at = str_hash(url) & mask;
    while (slots[at] != 0) {
        at = (at + 1) & mask;
    }
    slots[at] = (uint16_t)dc->rows[PART_PROFILE].n;
    arena_back(dc->rq->a, mark);
    return buf_ok(&b) ? OK : FAIL(dc->rq, E_TOO_LARGE, "definitions: a profile is too large");
}

enum err dc_profiles_write(struct dc *dc)
{
    if (dc_add(dc, PART_PROFILE_HASH, dc->rows[PART_PROFILE_HASH].cap) == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: profiles");
    }
    for (size_t i = 0; i < LEN(profile_files); i++) {
        struct jv entries = json_get(json_root(&dc->docs[profile_files[i]]), S("entry"));
        for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
            struct jv sd = json_get(e, S("resource"));
            if (json_is(json_get(sd, S("resourceType")), S("StructureDefinition"))) {
                TRY(profile_write(dc, sd));
            }
        }
    }
    for (uint32_t i = 0; i < dc->n_types; i++) {
        if (dc->types[i].is_profile && !dc->types[i].gone &&
            json_is(json_get(dc->types[i].sd, S("derivation")), S("constraint"))) {
            TRY(profile_write(dc, dc->types[i].sd));
        }
    }
    return OK;
}
