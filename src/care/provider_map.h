/* care/provider_map.h - which roles the words of an identity provider stand for: a file of lines
 *
 *     VALUE = ROLE @ ORGANISATION [SERVICE, SERVICE]
 *
 * VALUE: one of the provider's, up to the first "=" with blanks around it, so that the name of a group
 * in a directory (CN=doctors,OU=x) may stand there. ROLE: a code of content/roles.json, with a ! after it
 * where the role administers or audits: else such a line is refused, since the provider then decides who
 * does. ORGANISATION: its code, else its identifier. SERVICE: a service of that organisation, by its
 * identifier or its name. A line that is empty or begins with # says nothing. A value may stand in
 * several lines. */
#pragma once

#include "base/req.h"

struct content;
struct directory;

enum { PROVIDER_MAP_BYTES = 64 << 10, PROVIDER_LINES_MAX = 500, PROVIDER_LINE_MAX = 1000,
    PROVIDER_VALUE_MAX = 300, PROVIDER_SERVICES_MAX = 32 };

struct provider_line {
    struct str value, role, org;
    struct str services[PROVIDER_SERVICES_MAX];
    uint32_t n_services;
    uint32_t number; /* in the file, from 1 */
    bool marked;
};
struct provider_map {
    const struct provider_line *lines;
    uint32_t n;
};

/* Reads such a text, which the map borrows.
 * errors  E_BAD_INPUT  "line N, PLACE: what"; too long, too many, twice the same, not UTF-8 */
MUST_USE enum err provider_map_read(struct req *rq, struct str text, struct provider_map *ret_map);
/* Are its roles there, and those marked that must be, and no others?
 * errors  E_BAD_INPUT  as above */
MUST_USE enum err provider_map_roles(struct req *rq, const struct content *c, const struct provider_map *map);
/* Are its organisations and services there? errors  E_BAD_INPUT  as above */
MUST_USE enum err provider_map_places(struct req *rq, const struct directory *d,
                                      const struct provider_map *map);
/* The organisation and services of a line as they are now. False: one of them is no more, or is closed.
 * ret_services: ids, in order, l->n_services of them */
bool provider_line_place(const struct directory *d, const struct provider_line *l, uint32_t *ret_org,
                         struct str ret_services[PROVIDER_SERVICES_MAX]);
