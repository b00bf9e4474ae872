/* care/provider_map.c - the file of roles that a provider's words stand for. See provider_map.h. */
#include "care/provider_map.h"

#include "care/content.h"
#include "care/directory.h"
#include "codec/utf8.h"

enum { SHOWN = 60 }; /* bytes of what a fault names */

/* What a line may be wrong in. */
#define WRONG(rq, line, place, what) FAIL(rq, E_BAD_INPUT, "line %u, %s: %s", line, place, what)

/* ---- reading ---- */

static bool is_text(struct str s)
{
    bool fine = utf8_is_valid(s);
    for (size_t i = 0; fine && i < s.n; i++) {
        fine = (unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f;
    }
    return fine;
}

static enum err read_services(struct req *rq, struct str rest, struct provider_line *l)
{
    struct str one;
    if (rest.n == 0 || rest.p[rest.n - 1] != ']') {
        return WRONG(rq, l->number, "services", "] is missing at the end");
    }
    rest.n--;
    if (str_trim(rest).n == 0) {
        return WRONG(rq, l->number, "services", "none stands between [ and ]");
    }
    while (str_cut(&rest, ',', &one)) {
        one = str_trim(one);
        if (one.n == 0) {
            return WRONG(rq, l->number, "services", "one is empty");
        }
        if (l->n_services == PROVIDER_SERVICES_MAX) {
            return WRONG(rq, l->number, "services", "more than 32");
        }
        for (uint32_t i = 0; i < l->n_services; i++) {
            if (str_eq(l->services[i], one)) {
                return WRONG(rq, l->number, "services", "one stands there twice");
            }
        }
        l->services[l->n_services++] = one;
    }
    return OK;
}

static enum err read_line(struct req *rq, struct str text, struct provider_line *l)
{
    size_t eq = str_find(text, S(" = "));
    if (eq == text.n) {
        return WRONG(rq, l->number, "=", "missing; write VALUE = ROLE @ ORGANISATION, with blanks around =");
    }
    struct str rest = str_sub(text, eq + 3, text.n);
    l->value = str_trim(str_sub(text, 0, eq));
    if (l->value.n == 0 || l->value.n > PROVIDER_VALUE_MAX) {
        return WRONG(rq, l->number, "value", "empty, or longer than 300 bytes");
    }
    size_t at = str_find_char(rest, '@');
    if (at == rest.n) {
        return WRONG(rq, l->number, "@", "missing; write ROLE @ ORGANISATION");
    }
    l->role = str_trim(str_sub(rest, 0, at));
    l->marked = str_ends(l->role, S("!"));
    l->role = l->marked ? str_trim(str_sub(l->role, 0, l->role.n - 1)) : l->role;
    rest = str_sub(rest, at + 1, rest.n);
    size_t open = str_find_char(rest, '[');
    l->org = str_trim(str_sub(rest, 0, open));
    if (l->role.n == 0) {
        return WRONG(rq, l->number, "role", "empty");
    }
    if (l->org.n == 0) {
        return WRONG(rq, l->number, "organisation", "empty");
    }
    return open < rest.n ? read_services(rq, str_trim(str_sub(rest, open + 1, rest.n)), l) : OK;
}

static bool same_services(const struct provider_line *a, const struct provider_line *b)
{
    uint32_t both = 0;
    for (uint32_t i = 0; i < a->n_services; i++) {
        for (uint32_t k = 0; k < b->n_services; k++) {
            both += str_eq(a->services[i], b->services[k]);
        }
    }
    return a->n_services == b->n_services && both == a->n_services;
}

static const struct provider_line *twin(const struct provider_line *lines, uint32_t n)
{
    const struct provider_line *l = &lines[n];
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(lines[i].value, l->value) && str_eq(lines[i].role, l->role)
            && str_eq(lines[i].org, l->org) && same_services(&lines[i], l)) {
            return &lines[i];
        }
    }
    return NULL;
}

static uint32_t lines_of(struct str text)
{
    uint32_t n = 1;
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == '\n';
    }
    return MIN(n, (uint32_t)PROVIDER_LINES_MAX);
}

enum err provider_map_read(struct req *rq, struct str text, struct provider_map *ret_map)
{
    struct str rest = str_starts(text, S("\xef\xbb\xbf")) ? str_sub(text, 3, text.n) : text;
    struct provider_line *lines = ARENA_ARRAY(rq->a, lines_of(text), struct provider_line);
    struct str one;
    uint32_t n = 0;
    TRY_MEM(rq, lines);
    if (text.n > PROVIDER_MAP_BYTES) {
        return FAIL(rq, E_BAD_INPUT, "longer than 64 KiB");
    }
    for (uint32_t number = 1; str_cut(&rest, '\n', &one); number++) {
        if (one.n > PROVIDER_LINE_MAX) {
            return WRONG(rq, number, "its end", "longer than 1000 bytes");
        }
        one = str_trim(one);
        if (one.n == 0 || one.p[0] == '#') {
            continue;
        }
        if (!is_text(one)) {
            return WRONG(rq, number, "its text", "not UTF-8, or a character that is not shown");
        }
        if (n == PROVIDER_LINES_MAX) {
            return WRONG(rq, number, "the file", "more than 500 lines");
        }
        lines[n] = (struct provider_line){.number = number};
        TRY(read_line(rq, one, &lines[n]));
        const struct provider_line *same = twin(lines, n++);
        if (same != NULL) {
            return FAIL(rq, E_BAD_INPUT, "line %u, all of it: the same as line %u", number, same->number);
        }
    }
    if (n == 0) {
        return FAIL(rq, E_BAD_INPUT, "no line names a role");
    }
    *ret_map = (struct provider_map){lines, n};
    return OK;
}

/* ---- against what is there ---- */

enum err provider_map_roles(struct req *rq, const struct content *c, const struct provider_map *map)
{
    for (uint32_t i = 0; i < map->n; i++) {
        const struct provider_line *l = &map->lines[i];
        const struct role *role = content_role(c, l->role);
        if (role == NULL) {
            return FAIL(rq, E_BAD_INPUT, "line %u, role: there is none with the code %.*s", l->number,
                        STR_ARG(utf8_cut(l->role, SHOWN)));
        }
        bool rules = (role->rights & (MAY_ADMIN | MAY_AUDIT)) != 0;
        if (rules && !l->marked) {
            return FAIL(rq, E_BAD_INPUT, "line %u, role: %.*s administers or audits: write %.*s! to let the "
                        "provider decide who does", l->number, STR_ARG(l->role), STR_ARG(l->role));
        }
        if (!rules && l->marked) {
            return FAIL(rq, E_BAD_INPUT, "line %u, role: %.*s neither administers nor audits: without !",
                        l->number, STR_ARG(l->role));
        }
    }
    return OK;
}

static uint32_t org_at(const struct directory *d, struct str name)
{
    for (uint32_t i = 0; i < d->n_orgs; i++) {
        if (str_eq(d->orgs[i].code, name)) {
            return i;
        }
    }
    return dir_org_at(d, name);
}

/* By its identifier, else by its name; DIR_NONE also when several have it. */
static uint32_t service_at(const struct directory *d, uint32_t org, struct str name)
{
    uint32_t at = dir_service_at(d, name);
    uint32_t n = 0;
    if (at != DIR_NONE && d->services[at].org == org) {
        return at;
    }
    for (uint32_t i = 0; i < d->n_services; i++) {
        if (d->services[i].org == org && d->services[i].active && str_eq(d->services[i].name, name)) {
            at = i;
            n++;
        }
    }
    return n == 1 ? at : DIR_NONE;
}

enum err provider_map_places(struct req *rq, const struct directory *d, const struct provider_map *map)
{
    for (uint32_t i = 0; i < map->n; i++) {
        const struct provider_line *l = &map->lines[i];
        uint32_t org = org_at(d, l->org);
        if (org == DIR_NONE) {
            return FAIL(rq, E_BAD_INPUT, "line %u, organisation: there is none with the code or identifier "
                        "%.*s", l->number, STR_ARG(utf8_cut(l->org, SHOWN)));
        }
        for (uint32_t k = 0; k < l->n_services; k++) {
            if (service_at(d, org, l->services[k]) == DIR_NONE) {
                return FAIL(rq, E_BAD_INPUT, "line %u, services: the organisation has none, or several, that "
                            "are called %.*s", l->number, STR_ARG(utf8_cut(l->services[k], SHOWN)));
            }
        }
    }
    return OK;
}

bool provider_line_place(const struct directory *d, const struct provider_line *l, uint32_t *ret_org,
                         struct str ret_services[PROVIDER_SERVICES_MAX])
{
    uint32_t org = org_at(d, l->org);
    if (org == DIR_NONE || !d->orgs[org].active) {
        return false;
    }
    for (uint32_t k = 0; k < l->n_services; k++) {
        uint32_t at = service_at(d, org, l->services[k]);
        if (at == DIR_NONE || !d->services[at].active) {
            return false;
        }
        ret_services[k] = d->services[at].id;
    }
    *ret_org = org;
    return true;
}
