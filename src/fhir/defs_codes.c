/* fhir/defs_codes.c - looking up value sets, code systems, concepts and profiles. See defs.h. */
#include <string.h>

#include "codec/ucum.h"
#include "fhir/defs_int.h"

static bool letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* RFC 6838: type "/" subtype [";" parameters]; and the short words that R4 itself takes for them
 * (http.html#mime-type, CapabilityStatement.format). */
static bool mime_ok(struct str s)
{
    struct str rest = s;
    struct str type;
    if (str_eq(s, S("json")) || str_eq(s, S("xml")) || str_eq(s, S("ttl"))) {
        return true;
    }
    if (!str_cut(&rest, '/', &type) || type.n == 0 || rest.n == 0) {
        return false;
    }
    for (size_t i = 0; i < type.n; i++) {
        if (!letter_or_digit(type.p[i]) && memchr("!#$&-^_.+", type.p[i], 9) == NULL) {
            return false;
        }
    }
    return letter_or_digit(rest.p[0]) || rest.p[0] == '*';
}

/* BCP 47, its form only: 2 to 8 letters, then parts of 1 to 8 letters or digits. */
static bool language_ok(struct str s)
{
    struct str part;
    unsigned n = 0;
    while (str_cut(&s, '-', &part)) {
        if (part.n < 1 || part.n > 8 || (n == 0 && part.n < 2 && part.p[0] != 'x' && part.p[0] != 'i')) {
            return false;
        }
        for (size_t i = 0; i < part.n; i++) {
            if (!letter_or_digit(part.p[i]) || (n == 0 && part.p[i] <= '9')) {
                return false;
            }
        }
        n++;
    }
    return n > 0;
}

/* The number of a row by its url, plus 1; 0 when there is none. Its kind of row begins with the url. */
static uint16_t slot_by_url(const struct defs *d, enum def_part hash, enum def_part table,
                            size_t row_size, struct str url)
{
    const uint16_t *slots = def_rows(d, hash);
    const char *rows = def_rows(d, table);
    uint32_t mask = d->part[hash].n - 1;
    url = str_sub(url, 0, str_find_char(url, '|')); /* without its version */
    for (uint32_t i = str_hash(url) & mask; slots[i] != 0; i = (i + 1) & mask) {
        const uint32_t *off = (const void *)(rows + (slots[i] - 1) * row_size);
        if (str_eq(def_str(d, *off), url)) {
            return slots[i];
        }
    }
    return 0;
}
_Static_assert(offsetof(struct def_set, url) == 0 && offsetof(struct def_system_row, url) == 0 &&
                   offsetof(struct def_profile, url) == 0, "slot_by_url");

uint16_t def_set_find(const struct defs *d, struct str url)
{
    uint16_t slot = slot_by_url(d, PART_SET_HASH, PART_SET, sizeof(struct def_set), url);
    return slot > 0 ? (uint16_t)(slot - 1) : 0;
}

const struct def_set *def_set_row(const struct defs *d, uint16_t set)
{
    const struct def_set *rows = def_rows(d, PART_SET);
    return set > 0 && set < d->part[PART_SET].n ? &rows[set] : NULL;
}

const struct def_concept *def_concept_row(const struct defs *d, uint32_t row)
{
    const struct def_concept *rows = def_rows(d, PART_CONCEPT);
    return row > 0 && row < d->part[PART_CONCEPT].n ? &rows[row] : NULL;
}

uint32_t def_concept_number(const struct defs *d, const struct def_concept *c)
{
    return (uint32_t)(c - (const struct def_concept *)def_rows(d, PART_CONCEPT));
}

const struct def_concept *def_set_concept(const struct defs *d, const struct def_set *s, unsigned i)
{
    const uint16_t *list = def_rows(d, PART_SET_CODE);
    return i < s->n ? def_concept_row(d, list[s->first + i]) : NULL;
}

static bool system_is(const struct defs *d, uint16_t system, struct str url)
{
    return url.p == NULL || str_eq(def_str(d, def_code_system_row(d, system)->url), url);
}

/* Whether codes of a system may be among those of a set that are not known. */
static bool may_hold(const struct defs *d, const struct def_set *s, struct str system)
{
    const uint16_t *list = def_rows(d, PART_LIST);
    for (unsigned i = 0; i < s->n_open && s->n_open != DEF_MANY && system.p != NULL; i++) {
        if (system_is(d, list[s->first_open + i], system)) {
            return true;
        }
    }
    return s->n_open == DEF_MANY || system.p == NULL;
}

enum def_in def_set_has(const struct defs *d, uint16_t set, struct str system, struct str code)
{
    const struct def_set *s = def_set_row(d, set);
    const uint16_t *slots = def_rows(d, PART_SET_SLOT);
    if (s == NULL) {
        return DEF_UNSURE;
    }
    slots += s->first_slot;
    for (uint32_t i = str_hash(code) & (s->n_slot - 1); s->n_slot > 0 && slots[i] != 0;
         i = (i + 1) & (s->n_slot - 1)) {
        const struct def_concept *c = def_concept_row(d, (uint32_t)slots[i] - 1);
        if (str_eq(def_str(d, c->code), code) && system_is(d, c->system, system)) {
            return DEF_IN;
        }
    }
    if (s->kind == DEF_SET_PARTLY) {
        return may_hold(d, s, system) ? DEF_UNSURE : DEF_OUT;
    }
    return def_grammar_has((enum def_set_kind)s->kind, code) ? DEF_IN : DEF_OUT;
}

bool def_grammar_has(enum def_set_kind kind, struct str code)
{
    switch (kind) {
    case DEF_SET_LISTED:
    case DEF_SET_PARTLY: return false;
    case DEF_SET_MIME: return mime_ok(code);
    case DEF_SET_LANGUAGE: return language_ok(code);
    case DEF_SET_UCUM: return ucum_validate(code);
    }
    return false;
}

enum def_set_kind def_grammar_of(struct str system)
{
    return str_eq(system, S("urn:ietf:bcp:13"))            ? DEF_SET_MIME
           : str_eq(system, S("urn:ietf:bcp:47"))          ? DEF_SET_LANGUAGE
           : str_eq(system, S("http://unitsofmeasure.org")) ? DEF_SET_UCUM
                                                            : DEF_SET_LISTED;
}

struct str def_set_open(const struct defs *d, const struct def_set *s, unsigned i)
{
    const uint16_t *list = def_rows(d, PART_LIST);
    if (s->n_open == DEF_MANY || i >= s->n_open) {
        return S("");
    }
    return def_str(d, def_code_system_row(d, list[s->first_open + i])->url);
}

uint16_t def_code_system_count(const struct defs *d)
{
    return (uint16_t)d->part[PART_SYSTEM].n;
}

uint16_t def_code_system_find(const struct defs *d, struct str url)
{
    uint16_t slot = slot_by_url(d, PART_SYSTEM_HASH, PART_SYSTEM, sizeof(struct def_system_row), url);
    return slot > 0 ? (uint16_t)(slot - 1) : 0;
}

const struct def_system_row *def_code_system_row(const struct defs *d, uint16_t system)
{
    const struct def_system_row *rows = def_rows(d, PART_SYSTEM);
    return system > 0 && system < d->part[PART_SYSTEM].n ? &rows[system] : NULL;
}

const struct def_concept *def_concept_find(const struct defs *d, struct str system, struct str code)
{
    const uint16_t *slots = def_rows(d, PART_CONCEPT_HASH);
    uint32_t mask = d->part[PART_CONCEPT_HASH].n - 1;
    uint16_t row = def_code_system_find(d, system);
    for (uint32_t i = def_name_hash(row, code) & mask; row != 0 && slots[i] != 0;
         i = (i + 1) & mask) {
        const struct def_concept *c = def_concept_row(d, (uint32_t)slots[i] - 1);
        if (c->system == row && str_eq(def_str(d, c->code), code)) {
            return c;
        }
    }
    return NULL;
}

struct str def_profile_json(const struct defs *d, struct str url)
{
    const struct def_profile *rows = def_rows(d, PART_PROFILE);
    uint16_t slot = slot_by_url(d, PART_PROFILE_HASH, PART_PROFILE, sizeof *rows, url);
    return slot > 0 ? def_str(d, rows[slot - 1].json) : (struct str){NULL, 0};
}
