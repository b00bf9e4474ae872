/* fhir/defs_sets.c - rows of code systems, concepts and value sets. See defs_compile.h.
 *
 * Value sets are expanded here, so that the program looks codes up and computes nothing. A set of
 * which we cannot say all codes is marked, and judged softly.
 */
#include <string.h>

#include "fhir/defs_compile_int.h"
#include "fhir/nest.h"

enum { SETS_DEEP = 8, MARKS = 65536, OPEN_MAX = 64 };

static const enum def_file set_files[] = {DEF_FILE_SETS, DEF_FILE_V3, DEF_FILE_V2};

static const struct {
    const char *url;
    enum def_set_kind kind;
} grammars[] = {
    {"urn:ietf:bcp:13", DEF_SET_MIME},
    {"urn:ietf:bcp:47", DEF_SET_LANGUAGE},
    {"http://unitsofmeasure.org", DEF_SET_UCUM},
};

static struct str plain(struct str url)
{
    return str_sub(url, 0, str_find_char(url, '|'));
}

static void hash_put(struct dc *dc, enum def_part part, uint32_t hash, uint32_t row)
{
    uint16_t *slots = dc->rows[part].p;
    uint32_t mask = dc->rows[part].n - 1;
    uint32_t i = hash & mask;
    while (slots[i] != 0) {
        i = (i + 1) & mask;
    }
    slots[i] = (uint16_t)(row + 1);
}

static struct def_system_row *system_row(struct dc *dc, uint32_t row)
{
    return (struct def_system_row *)dc->rows[PART_SYSTEM].p + row;
}

static struct def_concept *concept_row(struct dc *dc, uint32_t row)
{
    return (struct def_concept *)dc->rows[PART_CONCEPT].p + row;
}

static uint16_t system_find(struct dc *dc, struct str url)
{
    const uint16_t *slots = dc->rows[PART_SYSTEM_HASH].p;
    uint32_t mask = dc->rows[PART_SYSTEM_HASH].n - 1;
    url = plain(url);
    for (uint32_t i = str_hash(url) & mask; slots[i] != 0; i = (i + 1) & mask) {
        if (str_eq(dc_pool(dc, system_row(dc, slots[i] - 1U)->url), url)) {
            return (uint16_t)(slots[i] - 1);
        }
    }
    return 0;
}

/* A new code system; its concepts follow at once. */
static enum err system_add(struct dc *dc, struct str url, struct str name, uint16_t *ret_system)
{
    struct def_system_row *row = dc_add(dc, PART_SYSTEM, 1);
    if (row == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many code systems");
    }
    TRY(dc_text(dc, plain(url), &row->url));
    TRY(dc_text(dc, name, &row->name));
    row->first = dc->rows[PART_CONCEPT].n;
    *ret_system = (uint16_t)(dc->rows[PART_SYSTEM].n - 1);
    hash_put(dc, PART_SYSTEM_HASH, str_hash(plain(url)), *ret_system);
    return OK;
}

static uint16_t concept_find(struct dc *dc, uint16_t system, struct str code)
{
    const uint16_t *slots = dc->rows[PART_CONCEPT_HASH].p;
    uint32_t mask = dc->rows[PART_CONCEPT_HASH].n - 1;
    for (uint32_t i = def_name_hash(system, code) & mask; slots[i] != 0; i = (i + 1) & mask) {
        const struct def_concept *c = concept_row(dc, slots[i] - 1U);
        if (c->system == system && str_eq(dc_pool(dc, c->code), code)) {
            return (uint16_t)(slots[i] - 1);
        }
    }
    return 0;
}

/* Members of an object as one text of JSON; none of them: nothing. */
static enum err more_write(struct dc *dc, struct jv v, const struct str *names, size_t n,
                           uint32_t *ret_off)
{
    struct buf b;
    bool any = false;
    buf_init(&b, dc->rq->a, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        struct jv one = json_get(v, names[i]);
        if (json_has(one)) {
            buf_char(&b, any ? ',' : '{');
            json_quote(&b, names[i]);
            buf_char(&b, ':');
            json_minify(&b, one);
            any = true;
        }
    }
    if (!any) {
        return OK;
    }
    buf_char(&b, '}');
    TRY_MEM(dc->rq, buf_ok(&b) ? b.p : NULL);
    return dc_text(dc, buf_get(&b), ret_off);
}

static const struct str concept_more[] = {SI("definition"), SI("designation"), SI("property")};
static const struct str system_more[] = {SI("version"), SI("title"), SI("filter"), SI("property")};

static enum err concept_add(struct dc *dc, uint16_t system, struct jv v, uint16_t parent,
                            uint16_t *ret_row)
{
    struct def_concept *c = dc_add(dc, PART_CONCEPT, 1);
    struct str code = json_kind(v) == JSON_OBJECT ? dc_str(dc, v, S("code"))
                                                  : json_str(dc->rq->a, v);
    if (c == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many codes");
    }
    TRY(dc_text(dc, code, &c->code));
    TRY(dc_text(dc, dc_str(dc, v, S("display")), &c->display));
    TRY(more_write(dc, v, concept_more, LEN(concept_more), &c->more));
    c->system = system;
    c->parent = parent;
    *ret_row = (uint16_t)(dc->rows[PART_CONCEPT].n - 1);
    hash_put(dc, PART_CONCEPT_HASH, def_name_hash(system, code), *ret_row);
    return OK;
}

/* The concepts of a system, a hierarchy, without recursion. */
static enum err concepts_write(struct dc *dc, uint16_t system, struct jv list)
{
    struct nest w;
    uint16_t rows[NEST_DEEP]; /* of the concept at hand and those around it */
    for (nest_begin(&w, list); json_has(nest_at(&w));
         nest_next(&w, json_get(nest_at(&w), S("concept")))) {
        TRY(concept_add(dc, system, nest_at(&w), w.depth > 0 ? rows[w.depth - 1] : 0,
                        &rows[w.depth]));
    }
    system_row(dc, system)->n = dc->rows[PART_CONCEPT].n - system_row(dc, system)->first;
    return OK;
}

static enum err system_write(struct dc *dc, struct jv cs)
{
    struct str url = dc_str(dc, cs, S("url"));
    uint16_t system;
    if (url.n == 0 || system_find(dc, url) != 0) {
        return OK; /* an older version of one that is there */
    }
    TRY(system_add(dc, url, dc_str(dc, cs, S("name")), &system));
    struct jv sensitive = json_get(cs, S("caseSensitive"));
    system_row(dc, system)->complete = json_is(json_get(cs, S("content")), S("complete"));
    system_row(dc, system)->folded = json_kind(sensitive) == JSON_FALSE;
    TRY(more_write(dc, cs, system_more, LEN(system_more), &system_row(dc, system)->more));
    return concepts_write(dc, system, json_get(cs, S("concept")));
}

/* Calls fn for each resource of a type in the files of terminology. */
static enum err each(struct dc *dc, struct str type, enum err (*fn)(struct dc *, struct jv))
{
    for (size_t i = 0; i < LEN(set_files); i++) {
        struct jv entries = json_get(json_root(&dc->docs[set_files[i]]), S("entry"));
        for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
            struct jv v = json_get(e, S("resource"));
            if (json_is(json_get(v, S("resourceType")), type)) {
                TRY(fn(dc, v));
            }
        }
    }
    return OK;
}

static struct def_set *set_row(struct dc *dc, uint32_t row)
{
    return (struct def_set *)dc->rows[PART_SET].p + row;
}

static uint16_t set_find(struct dc *dc, struct str url)
{
    const uint16_t *slots = dc->rows[PART_SET_HASH].p;
    uint32_t mask = dc->rows[PART_SET_HASH].n - 1;
    for (uint32_t i = str_hash(url) & mask; slots[i] != 0; i = (i + 1) & mask) {
        if (str_eq(dc_pool(dc, set_row(dc, slots[i] - 1U)->url), url)) {
            return (uint16_t)(slots[i] - 1);
        }
    }
    return 0;
}

enum err dc_set(struct dc *dc, struct str canonical, uint16_t *ret_set)
{
    struct str url = plain(canonical);
    *ret_set = set_find(dc, url);
    if (*ret_set != 0) {
        return OK;
    }
    struct def_set *row = dc_add(dc, PART_SET, 1);
    if (row == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many value sets");
    }
    row->kind = DEF_SET_PARTLY;
    row->n_open = DEF_MANY;
    *ret_set = (uint16_t)(dc->rows[PART_SET].n - 1);
    hash_put(dc, PART_SET_HASH, str_hash(url), *ret_set);
    return dc_text(dc, url, &row->url);
}

/* One expansion at work: what is in, as a mark for each concept and the order of their coming. */
struct expansion {
    struct dc *dc;
    uint8_t *in;     /* by concept row */
    uint16_t *order;
    uint32_t n;
    uint16_t open[OPEN_MAX]; /* systems of which not all codes are here */
    uint16_t n_open;         /* DEF_MANY: any system */
    enum def_set_kind kind;
};

static void put(struct expansion *x, uint32_t concept, bool in)
{
    if (in && x->in[concept] == 0 && x->n < MARKS) {
        x->order[x->n++] = (uint16_t)concept;
    }
    x->in[concept] = in ? 1 : 2; /* 2: was in, was taken out */
}

static bool is_below(struct dc *dc, uint32_t concept, uint16_t top)
{
    while (concept != 0 && concept != top) {
        concept = concept_row(dc, concept)->parent;
    }
    return concept == top && top != 0;
}

/* Whether a concept meets a filter; *ret_known false when it is one we cannot judge. */
static bool filter_ok(struct dc *dc, uint16_t system, uint32_t concept, struct jv f,
                      bool *ret_known)
{
    struct str op = dc_str(dc, f, S("op"));
    uint16_t top = concept_find(dc, system, dc_str(dc, f, S("value")));
    bool is_a = is_below(dc, concept, top);
    *ret_known = json_is(json_get(f, S("property")), S("concept")) && top != 0 &&
                 (str_eq(op, S("is-a")) || str_eq(op, S("is-not-a")) ||
                  str_eq(op, S("descendent-of")));
    return str_eq(op, S("is-not-a"))        ? !is_a
           : str_eq(op, S("descendent-of")) ? is_a && concept != top
                                            : is_a;
}

/* Not all codes of a system, or of what it stands for, are known. system 0: of any. */
static void open_put(struct expansion *x, uint16_t system)
{
    x->kind = DEF_SET_PARTLY;
    if (system == 0 || x->n_open >= OPEN_MAX) {
        x->n_open = DEF_MANY;
    } else {
        x->open[x->n_open++] = system;
    }
}

static void system_put(struct expansion *x, uint16_t system, struct jv filters, bool in)
{
    const struct def_system_row *row = system_row(x->dc, system);
    for (uint32_t i = 0; i < row->n; i++) {
        bool ok = true;
        for (struct jv f = json_first(filters); json_has(f); f = json_next(f)) {
            bool known;
            ok = filter_ok(x->dc, system, row->first + i, f, &known) && ok;
            if (!known) {
                open_put(x, system);
                return;
            }
        }
        if (ok) {
            put(x, row->first + i, in);
        }
    }
    if (row->complete == 0 && in) {
        open_put(x, system);
    }
}

/* The codes an include lists itself; a system we do not have begins with them. */
static enum err listed_put(struct expansion *x, struct str url, struct jv list, bool in)
{
    uint16_t system = system_find(x->dc, url);
    for (struct jv c = json_first(list); json_has(c); c = json_next(c)) {
        struct str code = json_kind(c) == JSON_OBJECT ? dc_str(x->dc, c, S("code"))
                                                      : json_str(x->dc->rq->a, c);
        uint16_t row = system != 0 ? concept_find(x->dc, system, code) : 0;
        if (system == 0) {
            TRY(system_add(x->dc, url, S(""), &system));
        }
        if (row == 0 && in) {
            TRY(concept_add(x->dc, system, c, 0, &row));
        }
        if (row != 0) {
            put(x, row, in);
        }
    }
    return OK;
}

static struct jv value_set(struct dc *dc, struct str url)
{
    for (size_t i = 0; i < LEN(set_files); i++) {
        struct jv entries = json_get(json_root(&dc->docs[set_files[i]]), S("entry"));
        for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
            struct jv v = json_get(e, S("resource"));
            if (json_is(json_get(v, S("resourceType")), S("ValueSet")) &&
                json_is(json_get(v, S("url")), url)) {
                return v;
            }
        }
    }
    return (struct jv){0};
}

static enum err part_put(struct expansion *x, struct jv part, bool in)
{
    struct str url = plain(dc_str(x->dc, part, S("system")));
    struct jv list = json_get(part, S("concept"));
    uint16_t system = url.n > 0 ? system_find(x->dc, url) : 0;
    if (json_has(list)) {
        return listed_put(x, url, list, in);
    }
    if (system != 0 && system_row(x->dc, system)->n > 0) {
        system_put(x, system, json_get(part, S("filter")), in);
    } else if (url.n > 0) {
        for (size_t i = 0; i < LEN(grammars); i++) {
            if (str_eq(url, str_z(grammars[i].url)) && !json_has(json_get(part, S("filter")))) {
                x->kind = grammars[i].kind;
                return OK;
            }
        }
        if (system == 0) {
            TRY(system_add(x->dc, url, S(""), &system));
        }
        open_put(x, system);
    }
    return OK;
}

/* The parts of a value set, those of the sets it includes among them. */
static enum err compose_put(struct expansion *x, struct jv vs)
{
    struct jv stack[SETS_DEEP * 8];
    unsigned n = 0;
    stack[n++] = vs;
    for (unsigned at = 0; at < n; at++) {
        struct jv compose = json_get(stack[at], S("compose"));
        struct jv list = json_get(compose, S("include"));
        for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
            struct jv sets = json_get(p, S("valueSet"));
            TRY(part_put(x, p, true));
            if (json_len(sets) > 1 || (json_has(sets) && json_has(json_get(p, S("system"))))) {
                open_put(x, 0); /* an intersection */
                continue;
            }
            for (struct jv u = json_first(sets); json_has(u); u = json_next(u)) {
                struct jv other = value_set(x->dc, plain(json_str(x->dc->rq->a, u)));
                if (!json_has(other) || n == LEN(stack)) {
                    open_put(x, 0);
                } else {
                    stack[n++] = other;
                }
            }
        }
    }
    struct jv out = json_path(vs, S("compose.exclude"));
    for (struct jv p = json_first(out); json_has(p); p = json_next(p)) {
        TRY(part_put(x, p, false));
    }
    return OK;
}

static enum err codes_write(struct expansion *x, uint32_t row)
{
    struct dc *dc = x->dc;
    struct def_set *s = set_row(dc, row);
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->n; i++) {
        n += x->in[x->order[i]] == 1 ? 1 : 0;
    }
    s->kind = (uint8_t)x->kind;
    s->n_open = x->n_open;
    TRY(dc_list_write(dc, x->open, MIN(x->n_open, OPEN_MAX), &s->first_open));
    s->first = dc->rows[PART_SET_CODE].n;
    s->n = n;
    s->first_slot = dc->rows[PART_SET_SLOT].n;
    s->n_slot = n > 0 ? 2 : 0;
    while (s->n_slot > 0 && s->n_slot < n + n / 2 + 1) {
        s->n_slot *= 2;
    }
    uint16_t *list = dc_add(dc, PART_SET_CODE, n);
    uint16_t *slots = dc_add(dc, PART_SET_SLOT, s->n_slot);
    if (list == NULL || slots == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too large value sets");
    }
    for (uint32_t i = 0, k = 0; i < x->n; i++) {
        if (x->in[x->order[i]] != 1) {
            continue;
        }
        list[k++] = x->order[i];
        uint32_t at = str_hash(dc_pool(dc, concept_row(dc, x->order[i])->code)) & (s->n_slot - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (s->n_slot - 1);
        }
        slots[at] = (uint16_t)(x->order[i] + 1);
    }
    return OK;
}

static enum err expansion_init(struct dc *dc, struct expansion *x)
{
    *x = (struct expansion){.dc = dc, .kind = DEF_SET_LISTED};
    x->in = arena_alloc(dc->rq->a, MARKS);
    x->order = ARENA_ARRAY(dc->rq->a, MARKS, uint16_t);
    TRY_MEM(dc->rq, x->in);
    TRY_MEM(dc->rq, x->order);
    return OK;
}

static enum err set_write(struct dc *dc, struct jv vs)
{
    struct str url = dc_str(dc, vs, S("url"));
    struct arena_mark mark = arena_mark(dc->rq->a);
    struct expansion x;
    uint16_t row;
    if (url.n == 0 || set_find(dc, url) != 0) {
        return OK;
    }
    TRY(dc_set(dc, url, &row));
    TRY(dc_text(dc, dc_str(dc, vs, S("name")), &set_row(dc, row)->name));
    TRY(expansion_init(dc, &x));
    TRY(compose_put(&x, vs));
    TRY(codes_write(&x, row));
    arena_back(dc->rq->a, mark);
    return OK;
}

/* {"op":"codes","value_set":URL,"system":URL,"complete":true,"codes":["A B","C"]}: codes the
 * package only names the system of */
static enum err codes_entry(struct dc *dc, struct jv e)
{
    struct str url = dc_str(dc, e, S("system"));
    struct str set = dc_str(dc, e, S("value_set"));
    struct expansion x;
    uint16_t system = system_find(dc, url);
    uint16_t row;
    if (system != 0 && json_true(json_get(e, S("complete")))) {
        return DC_FAIL(dc, "overlay: codes: the package has the system now", url);
    }
    TRY(expansion_init(dc, &x));
    if (system == 0) {
        TRY(system_add(dc, url, S(""), &system));
    }
    if (!json_true(json_get(e, S("complete")))) {
        open_put(&x, system);
    }
    system_row(dc, system)->complete = x.kind == DEF_SET_LISTED ? 1 : 0;
    struct jv lines = json_get(e, S("codes"));
    for (struct jv l = json_first(lines); json_has(l); l = json_next(l)) {
        struct str rest = json_str(dc->rq->a, l);
        struct str code;
        while (str_cut(&rest, ' ', &code)) {
            struct def_concept *c = dc_add(dc, PART_CONCEPT, 1);
            if (c == NULL) {
                return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many codes");
            }
            TRY(dc_text(dc, code, &c->code));
            c->system = system;
            uint32_t at = dc->rows[PART_CONCEPT].n - 1;
            hash_put(dc, PART_CONCEPT_HASH, def_name_hash(system, code), at);
            put(&x, at, true);
        }
    }
    system_row(dc, system)->n = dc->rows[PART_CONCEPT].n - system_row(dc, system)->first;
    TRY(dc_set(dc, set, &row));
    return codes_write(&x, row);
}

enum err dc_sets_write(struct dc *dc)
{
    bool all = dc_add(dc, PART_SYSTEM, 1) != NULL && dc_add(dc, PART_CONCEPT, 1) != NULL &&
               dc_add(dc, PART_SET, 1) != NULL &&
               dc_add(dc, PART_SYSTEM_HASH, dc->rows[PART_SYSTEM_HASH].cap) != NULL &&
               dc_add(dc, PART_CONCEPT_HASH, dc->rows[PART_CONCEPT_HASH].cap) != NULL &&
               dc_add(dc, PART_SET_HASH, dc->rows[PART_SET_HASH].cap) != NULL;
    ASSERT(all);
    TRY(each(dc, S("CodeSystem"), system_write));
    struct jv entries = json_get(json_root(&dc->docs[DEF_FILE_OVERLAY]), S("entries"));
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("op")), S("codes"))) {
            TRY(codes_entry(dc, e));
        }
    }
    return each(dc, S("ValueSet"), set_write);
}
