/* fhir/defs_compile.c - the compiler's tables and the block it writes. See defs_compile.h. */
#include "fhir/defs_compile.h"

#include <string.h>

#include "fhir/defs_compile_int.h"

static const struct {
    const char *name;
    bool own;
} files[DEF_FILE_COUNT] = {
    [DEF_FILE_TYPES] = {"profiles-types.json", false},
    [DEF_FILE_RESOURCES] = {"profiles-resources.json", false},
    [DEF_FILE_ELEMENTS] = {"dataelements.json", false},
    [DEF_FILE_PARAMS] = {"search-parameters.json", false},
    [DEF_FILE_SETS] = {"valuesets.json", false},
    [DEF_FILE_V3] = {"v3-codesystems.json", false},
    [DEF_FILE_V2] = {"v2-tables.json", false},
    [DEF_FILE_PROFILES] = {"profiles-others.json", false},
    [DEF_FILE_EXTENSIONS] = {"extension-definitions.json", false},
    [DEF_FILE_OVERLAY] = {"overlay.json", true},
    [DEF_FILE_NUMBERS] = {"params.txt", true},
};

const char *defs_file_name(enum def_file file, bool *ret_own)
{
    *ret_own = files[file].own;
    return files[file].name;
}

/* Rows a part may have; the numbers of rows are 16 bits wide but for texts and lists. */
static const struct {
    uint32_t size;
    uint32_t cap;
} parts[PART_COUNT] = {
    [PART_POOL] = {1, 32U << 20},
    [PART_TYPE] = {sizeof(struct def_type), 4096},
    [PART_TYPE_HASH] = {sizeof(uint16_t), 8192},
    [PART_FHIR] = {sizeof(uint16_t), 256},
    [PART_ELEM] = {sizeof(struct def_elem), 60000},
    [PART_NAME] = {sizeof(struct def_name), 60000},
    [PART_NAME_HASH] = {sizeof(uint16_t), 65536},
    [PART_LIST] = {sizeof(uint16_t), 1 << 20},
    [PART_INV] = {sizeof(struct def_invariant), 4096},
    [PART_PARAM] = {sizeof(struct def_param), 8192},
    [PART_PARAM_HASH] = {sizeof(uint16_t), 16384},
    [PART_PARAM_RUN] = {2 * sizeof(uint16_t), 256},
    [PART_COMP] = {sizeof(struct def_comp), 4096},
    [PART_MEMBER] = {sizeof(struct def_member), 4096},
    [PART_SYSTEM] = {sizeof(struct def_system_row), 4096},
    [PART_SYSTEM_HASH] = {sizeof(uint16_t), 4096},
    [PART_CONCEPT] = {sizeof(struct def_concept), 60000},
    [PART_CONCEPT_HASH] = {sizeof(uint16_t), 131072},
    [PART_SET] = {sizeof(struct def_set), 8192},
    [PART_SET_HASH] = {sizeof(uint16_t), 8192},
    [PART_SET_CODE] = {sizeof(uint16_t), 1 << 20},
    [PART_PROFILE] = {sizeof(struct def_profile), 2048},
    [PART_PROFILE_HASH] = {sizeof(uint16_t), 2048},
    [PART_ELEM_ABOUT] = {sizeof(struct def_about), 60000},
    [PART_TYPE_ABOUT] = {sizeof(struct def_about), 4096},
    [PART_SET_SLOT] = {sizeof(uint16_t), 1 << 21},
};

void *dc_add(struct dc *dc, enum def_part part, uint32_t n)
{
    struct dc_rows *r = &dc->rows[part];
    if (r->p == NULL || n > r->cap - r->n) {
        return NULL;
    }
    void *p = (char *)r->p + (size_t)r->n * r->size;
    r->n += n;
    return p;
}

static enum err tables_make(struct dc *dc)
{
    for (unsigned i = 0; i < PART_COUNT; i++) {
        dc->rows[i] = (struct dc_rows){.cap = parts[i].cap, .size = parts[i].size};
        dc->rows[i].p = arena_array(dc->rq->a, parts[i].cap, parts[i].size);
        TRY_MEM(dc->rq, dc->rows[i].p);
    }
    dc->seen = ARENA_ARRAY(dc->rq->a, DC_SEEN, uint32_t);
    TRY_MEM(dc->rq, dc->seen);
    uint32_t none;
    return dc_text(dc, S(""), &none);
}

enum err dc_text(struct dc *dc, struct str s, uint32_t *ret_off)
{
    const char *pool = dc->rows[PART_POOL].p;
    uint32_t i = str_hash(s) & (DC_SEEN - 1);
    for (; dc->seen[i] != 0; i = (i + 1) & (DC_SEEN - 1)) {
        const char *p = pool + dc->seen[i] - 1;
        uint32_t n;
        memcpy(&n, p, sizeof(n));
        if (n == s.n && (n == 0 || memcmp(p + sizeof(n), s.p, s.n) == 0)) {
            *ret_off = dc->seen[i] - 1;
            return OK;
        }
    }
    uint32_t off = dc->rows[PART_POOL].n;
    uint32_t n = (uint32_t)s.n;
    char *p = dc_add(dc, PART_POOL, (uint32_t)(sizeof(n) + s.n + 4) & ~3U);
    if (p == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too much text");
    }
    memcpy(p, &n, sizeof(n));
    if (s.n > 0) {
        memcpy(p + sizeof(n), s.p, s.n);
    }
    dc->seen[i] = off + 1;
    *ret_off = off;
    return OK;
}

struct str dc_pool(const struct dc *dc, uint32_t off)
{
    const char *p = (const char *)dc->rows[PART_POOL].p + off;
    uint32_t n;
    memcpy(&n, p, sizeof(n));
    return (struct str){p + sizeof(n), n};
}

struct str dc_str(struct dc *dc, struct jv obj, struct str key)
{
    return json_str(dc->rq->a, json_get(obj, key));
}

enum err dc_list_write(struct dc *dc, const uint16_t *v, size_t n, uint32_t *ret_first)
{
    *ret_first = dc->rows[PART_LIST].n;
    uint16_t *p = dc_add(dc, PART_LIST, (uint32_t)n);
    if (p == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many lists");
    }
    if (n > 0) {
        memcpy(p, v, n * sizeof(*p));
    }
    return OK;
}

struct str dc_tail(struct str url)
{
    url = str_sub(url, 0, str_find_char(url, '|'));
    struct str tail = url;
    struct str part;
    while (str_cut(&url, '/', &part)) {
        tail = part;
    }
    return tail;
}

static enum err block_write(struct dc *dc, struct str *ret_block)
{
    size_t size = (sizeof(struct defs) + 15) & ~(size_t)15;
    for (unsigned i = 0; i < PART_COUNT; i++) {
        size += ((size_t)dc->rows[i].n * dc->rows[i].size + 15) & ~(size_t)15;
    }
    char *p = arena_alloc(dc->rq->a, size);
    TRY_MEM(dc->rq, p);
    struct defs head = {.magic = DEFS_MAGIC, .size = (uint32_t)size};
    size_t at = (sizeof(head) + 15) & ~(size_t)15;
    for (unsigned i = 0; i < PART_COUNT; i++) {
        size_t bytes = (size_t)dc->rows[i].n * dc->rows[i].size;
        head.part[i] = (struct def_span){(uint32_t)at, dc->rows[i].n};
        memcpy(p + at, dc->rows[i].p, bytes);
        at += (bytes + 15) & ~(size_t)15;
    }
    memcpy(p, &head, sizeof(head));
    *ret_block = (struct str){p, size};
    return OK;
}

enum err defs_compile(struct req *rq, const struct str texts[DEF_FILE_COUNT],
                      struct str *ret_block)
{
    static const struct json_limits lim = {256U << 20, 128, 8000000};
    struct dc *dc = ARENA_NEW(rq->a, struct dc);
    TRY_MEM(rq, dc);
    dc->rq = rq;
    for (unsigned i = 0; i < DEF_FILE_COUNT; i++) {
        if (i == DEF_FILE_NUMBERS) {
            dc->numbers = texts[i];
        } else {
            TRY(json_parse(rq, texts[i], &lim, &dc->docs[i]));
        }
    }
    TRY(tables_make(dc));
    dc->types = ARENA_ARRAY(rq->a, DC_TYPES_MAX, struct dc_type);
    TRY_MEM(rq, dc->types);
    TRY(dc_types_read(dc, DEF_FILE_TYPES));
    TRY(dc_types_read(dc, DEF_FILE_RESOURCES));
    TRY(dc_params_read(dc));
    TRY(dc_overlay(dc));
    TRY(dc_sets_write(dc));
    TRY(dc_types_write(dc));
    TRY(dc_params_write(dc));
    TRY(dc_profiles_write(dc));
    return block_write(dc, ret_block);
}
