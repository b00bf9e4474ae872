/* fhir/terms.c - code systems: their codes, how these stand to each other, their texts. See terms.h. */
#include "base/text.h"
#include "codec/utf8.h"
#include "fhir/nest.h"
#include "fhir/terms_int.h"

enum { EDGES_PASSES = 64 };

static const char system_kind = 0;

/* ---- reading a code system ---- */

static enum err index_make(struct req *rq, struct term_system *s)
{
    uint32_t size = 8;
    while (size < s->n * 2) {
        size *= 2;
    }
    s->index.slots = ARENA_ARRAY(rq->a, size, uint32_t);
    TRY_MEM(rq, s->index.slots);
    s->index.mask = size - 1;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t at = str_hash(s->v_terms[i].code) & s->index.mask;
        while (s->index.slots[at] != 0) {
            at = (at + 1) & s->index.mask;
        }
        s->index.slots[at] = i + 1;
    }
    return OK;
}

/* Walks the concepts of a resource, those within others after them; with v NULL they are only counted. */
static uint32_t concepts_walk(struct req *rq, struct term_system *s, struct term *v)
{
    struct nest w;
    uint32_t places[NEST_DEEP]; /* of the concept at hand and those around it */
    uint32_t n = 0;
    for (nest_begin(&w, json_get(s->v, S("concept"))); json_has(nest_at(&w)) && n < TERMS_MAX;
         nest_next(&w, json_get(nest_at(&w), S("concept")))) {
        places[w.depth] = n;
        if (v != NULL) {
            v[n] = (struct term){.system = s->url, .code = term_text(rq, nest_at(&w), S("code")),
                                 .display = term_text(rq, nest_at(&w), S("display")),
                                 .concept = nest_at(&w),
                                 .up = w.depth > 0 ? places[w.depth - 1] : TERM_NONE};
        }
        n++;
    }
    return n;
}

enum err terms_system_of(struct req *rq, struct jv resource, const struct term_system **ret_system)
{
    struct term_system *s = ARENA_NEW(rq->a, struct term_system);
    TRY_MEM(rq, s);
    s->v = resource;
    s->url = term_text(rq, resource, S("url"));
    s->name = term_text(rq, resource, S("name"));
    s->version = term_text(rq, resource, S("version"));
    s->complete = json_is(json_get(resource, S("content")), S("complete"));
    s->folded = json_kind(json_get(resource, S("caseSensitive"))) == JSON_FALSE;
    s->n = concepts_walk(rq, s, NULL);
    if (s->n >= TERMS_MAX) {
        return FAIL(rq, E_TOO_LARGE, "a code system of too many codes");
    }
    s->v_terms = ARENA_ARRAY(rq->a, s->n + 1, struct term);
    TRY_MEM(rq, s->v_terms);
    (void)concepts_walk(rq, s, s->v_terms);
    TRY(index_make(rq, s));
    *ret_system = s;
    return OK;
}

static struct jv more_of(struct req *rq, uint32_t off)
{
    struct str text = def_str(fhir_defs(), off);
    struct json_doc *doc = text.n > 0 ? ARENA_NEW(rq->a, struct json_doc) : NULL;
    return doc != NULL && json_parse(rq, text, NULL, doc) == OK ? json_root(doc) : (struct jv){0};
}

struct str terms_defined_version(struct req *rq, const struct def_system_row *row)
{
    return term_text(rq, more_of(rq, row->more), S("version"));
}

static enum err defined(struct req *rq, uint16_t system, const struct term_system **ret_system)
{
    const struct defs *d = fhir_defs();
    const struct def_system_row *row = def_code_system_row(d, system);
    struct term_system *s = ARENA_NEW(rq->a, struct term_system);
    TRY_MEM(rq, s);
    s->v = more_of(rq, row->more);
    s->url = def_str(d, row->url);
    s->name = def_str(d, row->name);
    s->version = term_text(rq, s->v, S("version"));
    s->complete = row->complete != 0;
    s->folded = row->folded != 0;
    s->n = row->n;
    s->v_terms = ARENA_ARRAY(rq->a, s->n + 1, struct term);
    TRY_MEM(rq, s->v_terms);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct def_concept *c = def_concept_row(d, row->first + i);
        s->v_terms[i] = (struct term){
            .system = s->url, .code = def_str(d, c->code), .display = def_str(d, c->display),
            .row = row->first + i, .up = c->parent != 0 ? c->parent - row->first : TERM_NONE};
    }
    TRY(index_make(rq, s));
    *ret_system = s;
    return OK;
}

static enum err extra(struct req *rq, const struct fhir_extra *x, uint32_t n,
                      const struct term_system **ret_system)
{
    struct term_system *s = ARENA_NEW(rq->a, struct term_system);
    TRY_MEM(rq, s);
    s->url = x->url;
    s->name = x->name;
    s->n = n;
    s->v_terms = ARENA_ARRAY(rq->a, n, struct term);
    struct str *above = ARENA_ARRAY(rq->a, n, struct str);
    TRY_MEM(rq, s->v_terms);
    TRY_MEM(rq, above);
    for (uint32_t i = 0; i < n; i++) {
        struct term *t = &s->v_terms[i];
        *t = (struct term){.system = x->url, .up = TERM_NONE};
        t->code = x->code(rq, i, &t->titles, &above[i]);
        t->display = t->titles[LANG_EN];
    }
    TRY(index_make(rq, s));
    for (uint32_t i = 0; i < n; i++) {
        const struct term *up = above[i].n > 0 ? term_find(s, above[i]) : NULL;
        s->v_terms[i].up = up != NULL && up != &s->v_terms[i] ? (uint32_t)(up - s->v_terms) : TERM_NONE;
    }
    *ret_system = s;
    return OK;
}

/* ---- versions asked for ---- */

static const char versions_kind = 0;

void terms_versions_set(struct req *rq, const struct fhir_library *lib, const struct term_versions *v)
{
    fhir_library_memo_set(rq, lib, &versions_kind, S(""), v);
}

/* The canonical of a list that is about a code system; p NULL. */
static struct str version_in(const struct str *list, size_t n, struct str url)
{
    for (size_t i = 0; i < n; i++) {
        size_t bar = str_find_char(list[i], '|');
        if (bar < list[i].n && str_eq(str_sub(list[i], 0, bar), url)) {
            return list[i];
        }
    }
    return (struct str){NULL, 0};
}

static struct str version_meant(const struct fhir_library *lib, struct str canonical)
{
    const struct term_versions *v = fhir_library_memo(lib, &versions_kind, S(""));
    size_t bar = str_find_char(canonical, '|');
    if (v == NULL) {
        return canonical;
    }
    struct str forced = version_in(v->forced, LEN(v->forced), str_sub(canonical, 0, bar));
    struct str usual = version_in(v->usual, LEN(v->usual), str_sub(canonical, 0, bar));
    return forced.n > 0 ? forced : bar == canonical.n && usual.n > 0 ? usual : canonical;
}

static enum err version_check(struct req *rq, const struct fhir_library *lib,
                              const struct term_system *s)
{
    const struct term_versions *v = fhir_library_memo(lib, &versions_kind, S(""));
    struct str must = v != NULL ? version_in(v->checked, LEN(v->checked), s->url)
                                : (struct str){NULL, 0};
    bool ok = must.n == 0 || str_eq(str_sub(must, s->url.n + 1, must.n), s->version);
    return ok ? OK : FAIL(rq, E_UNPROCESSED, "check-system-version: another version is used");
}

static enum err system_look(struct req *rq, const struct fhir_library *lib, struct str canonical,
                            const struct term_system **ret_system)
{
    const struct str type = SI("CodeSystem");
    const struct defs *d = fhir_defs();
    struct str url = str_sub(canonical, 0, str_find_char(canonical, '|'));
    const struct fhir_extra *x = fhir_library_extra(lib);
    uint16_t row = def_code_system_find(d, url);
    bool whole = row != 0 && def_code_system_row(d, row)->complete != 0;
    struct jv v = fhir_library_own(lib, type, canonical);
    if (!json_has(v) && (!whole || url.n < canonical.n)) {
        v = fhir_library_kept(rq, lib, type, canonical);
    }
    if (json_has(v)) {
        return terms_system_of(rq, v, ret_system);
    }
    uint32_t n = !whole && x != NULL && str_eq(url, x->url) ? x->size(rq) : 0;
    if (n > 0) {
        return extra(rq, x, n, ret_system);
    }
    /* one that is only named holds no more than its name */
    bool any = row != 0 && (whole || def_code_system_row(d, row)->n > 0);
    return any ? defined(rq, row, ret_system) : OK;
}

enum err terms_system(struct req *rq, const struct fhir_library *lib, struct str canonical,
                      const struct term_system **ret_system)
{
    canonical = version_meant(lib, canonical);
    const struct term_system *s = fhir_library_memo(lib, &system_kind, canonical);
    if (s == NULL) {
        TRY(system_look(rq, lib, canonical, &s));
        TRY(fhir_library_err(lib));
        if (s != NULL) {
            TRY(version_check(rq, lib, s));
            fhir_library_memo_set(rq, lib, &system_kind, canonical, s);
        }
    }
    *ret_system = s;
    return OK;
}

/* ---- looking ---- */

const struct term *term_find(const struct term_system *s, struct str code)
{
    for (uint32_t i = str_hash(code) & s->index.mask; s->index.slots[i] != 0;
         i = (i + 1) & s->index.mask) {
        const struct term *t = &s->v_terms[s->index.slots[i] - 1];
        if (str_eq(t->code, code)) {
            return t;
        }
    }
    for (uint32_t i = 0; s->folded && i < s->n; i++) {
        if (str_eq_nocase(s->v_terms[i].code, code)) {
            return &s->v_terms[i];
        }
    }
    return NULL;
}

struct jv term_concept(struct req *rq, const struct term *t)
{
    const struct def_concept *c = t->row != 0 ? def_concept_row(fhir_defs(), t->row) : NULL;
    return json_has(t->concept) || c == NULL ? t->concept : more_of(rq, c->more);
}

/* A property of a concept that is true, or one of two words. */
static bool has_property(struct req *rq, const struct term *t, struct str name, struct str word,
                         struct str other)
{
    struct arena_mark mark = arena_mark(rq->a);
    struct jv list = json_get(term_concept(rq, t), S("property"));
    bool has = false;
    for (struct jv p = json_first(list); json_has(p) && !has; p = json_next(p)) {
        struct jv v = json_get(p, S("valueBoolean"));
        v = json_has(v) ? v : json_get(p, S("valueCode"));
        v = json_has(v) ? v : json_get(p, S("valueString"));
        has = json_is(json_get(p, S("code")), name) &&
              (json_true(v) || json_is(v, word) || json_is(v, other));
    }
    arena_back(rq->a, mark);
    return has;
}

bool term_is_abstract(struct req *rq, const struct term *t)
{
    return has_property(rq, t, S("notSelectable"), S("true"), S("true")) ||
           has_property(rq, t, S("abstract"), S("true"), S("true"));
}

bool term_is_inactive(struct req *rq, const struct term *t)
{
    return has_property(rq, t, S("inactive"), S("true"), S("true")) ||
           has_property(rq, t, S("status"), S("retired"), S("inactive"));
}

/* The first subtag: "ru" of "ru-RU". */
static struct str primary(struct str lang)
{
    return str_sub(lang, 0, str_find_char(lang, '-'));
}

static struct str designation_in(struct req *rq, struct jv from, struct str lang)
{
    struct jv list = json_get(from, S("designation"));
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct str in = json_str(rq->a, json_get(v, S("language")));
        if (in.n > 0 && str_eq_nocase(primary(in), primary(lang))) {
            return json_str(rq->a, json_get(v, S("value")));
        }
    }
    return (struct str){NULL, 0};
}

struct str term_display(struct req *rq, const struct term *t, struct str lang)
{
    enum lang known;
    struct str s = designation_in(rq, t->listed, lang);
    s = s.n > 0 ? s : designation_in(rq, term_concept(rq, t), lang);
    if (s.n == 0 && t->titles != NULL && lang_parse(lang, &known)) {
        s = t->titles[known];
    }
    struct str own = term_text(rq, t->listed, S("display"));
    return s.n > 0 ? s : own.n > 0 ? own : t->display;
}

/* As people write the same text: case, and accents of Cyrillic, do not count. */
static bool same_text(struct req *rq, struct str a, struct str b)
{
    struct buf x;
    struct buf y;
    buf_init(&x, rq->a, a.n * 4 + 16);
    buf_init(&y, rq->a, b.n * 4 + 16);
    utf8_fold(&x, a);
    utf8_fold(&y, b);
    return b.n > 0 && buf_ok(&x) && buf_ok(&y) && str_eq(buf_get(&x), buf_get(&y));
}

static bool designation_is(struct req *rq, struct jv from, struct str text)
{
    struct jv list = json_get(from, S("designation"));
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        if (same_text(rq, term_text(rq, v, S("value")), text)) {
            return true;
        }
    }
    return same_text(rq, term_text(rq, from, S("display")), text);
}

bool term_is_called(struct req *rq, const struct term *t, struct str text)
{
    for (unsigned i = 0; t->titles != NULL && i < LANG_COUNT; i++) {
        if (same_text(rq, t->titles[i], text)) {
            return true;
        }
    }
    return same_text(rq, t->display, text) || designation_is(rq, t->listed, text) ||
           designation_is(rq, term_concept(rq, t), text);
}

/* ---- branches ---- */

struct edges {
    uint32_t (*v)[2]; /* the one below, the one above */
    uint32_t n;
    uint32_t size;
};

static enum err edge_add(struct req *rq, struct edges *e, uint32_t below, uint32_t above)
{
    if (e->n == e->size) {
        uint32_t size = MAX(e->size * 2, 64U);
        uint32_t(*v)[2] = arena_array(rq->a, size, sizeof(*v));
        TRY_MEM(rq, v);
        for (uint32_t i = 0; i < e->n; i++) {
            v[i][0] = e->v[i][0];
            v[i][1] = e->v[i][1];
        }
        e->v = v;
        e->size = size;
    }
    e->v[e->n][0] = below;
    e->v[e->n++][1] = above;
    return OK;
}

/* What properties say of a hierarchy beside the nesting (R4 codesystem.html#hierarchy). */
static enum err edges_read(struct req *rq, const struct term_system *s, struct edges *e)
{
    for (uint32_t i = 0; i < s->n; i++) {
        struct jv list = json_get(term_concept(rq, &s->v_terms[i]), S("property"));
        for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
            struct jv name = json_get(p, S("code"));
            bool up = json_is(name, S("parent")) || json_is(name, S("subsumedBy"));
            bool down = json_is(name, S("child"));
            const struct term *other = up || down ? term_find(s, term_text(rq, p, S("valueCode"))) : NULL;
            if (other != NULL) {
                uint32_t at = (uint32_t)(other - s->v_terms);
                TRY(edge_add(rq, e, up ? i : at, up ? at : i));
            }
        }
    }
    return OK;
}

/* Marks what an edge leads to; whether it was not marked before. */
static bool spread(uint8_t *marks, uint32_t below, uint32_t above, bool down)
{
    uint32_t from = down ? above : below;
    uint32_t to = down ? below : above;
    bool is_new = marks[from] != 0 && marks[to] == 0;
    marks[to] |= marks[from];
    return is_new;
}

uint8_t *terms_branch(struct req *rq, const struct term_system *s, const struct term *from, bool below)
{
    uint8_t *marks = arena_alloc(rq->a, s->n + 1);
    struct edges e = {0};
    bool more = true;
    if (marks == NULL || edges_read(rq, s, &e) != OK) {
        return NULL;
    }
    marks[from - s->v_terms] = 1;
    for (unsigned pass = 0; more && pass < EDGES_PASSES; pass++) {
        more = false;
        for (uint32_t i = 0; i < s->n; i++) {
            uint32_t at = below ? i : s->n - 1 - i; /* what is nested comes after what it is nested in */
            if (s->v_terms[at].up != TERM_NONE) {
                more = spread(marks, at, s->v_terms[at].up, below) || more;
            }
        }
        for (uint32_t i = 0; i < e.n; i++) {
            more = spread(marks, e.v[i][0], e.v[i][1], below) || more;
        }
    }
    return marks;
}
