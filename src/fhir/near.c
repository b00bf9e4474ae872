/* fhir/near.c - see near.h. */
#include "fhir/near.h"

#include <math.h>

#include "base/text.h"
#include "fhir/extract.h"
#include "fhir/query_int.h"

#define EARTH_M 6371008.8 /* mean radius (IUGG) */
#define DEGREE (3.14159265358979323846 / 180)
#define DEFAULT_M 50000.0
#define FARTHEST_M 20100000.0 /* more than half way round */

static const struct {
    struct str name;
    double metres;
} units[] = {
    {SI("km"), 1000}, {SI("m"), 1}, {SI("cm"), 0.01}, {SI("[mi_i]"), 1609.344},
    {SI("[mi_us]"), 6336000.0 / 3937.0}, {SI("[ft_i]"), 0.3048},
};

bool near_is(const struct fhir_param *p)
{
    return p->kind == SP_SPECIAL && p->type == T_LOCATION && str_eq(p->name, S("near"));
}

double near_distance_m(double lat_a, double lon_a, double lat_b, double lon_b)
{
    double s = sin((lat_b - lat_a) * DEGREE / 2);
    double t = sin((lon_b - lon_a) * DEGREE / 2);
    double h = s * s + cos(lat_a * DEGREE) * cos(lat_b * DEGREE) * t * t;
    return 2 * EARTH_M * asin(sqrt(fmin(1, h)));
}

static bool degrees(struct str text, double most, double *ret_v)
{
    return fhir_decimal_key(text, ret_v) && *ret_v >= -most && *ret_v <= most;
}

static bool metres(struct str number, struct str unit, double *ret_m)
{
    double n = DEFAULT_M / 1000;
    double scale = 0;
    if (number.n > 0 && (!fhir_decimal_key(number, &n) || n < 0)) {
        return false;
    }
    for (size_t i = 0; i < LEN(units); i++) {
        scale = str_eq(units[i].name, unit.n > 0 ? unit : S("km")) ? units[i].metres : scale;
    }
    *ret_m = fmin(n * scale, FARTHEST_M);
    return scale > 0 && (number.n > 0 || unit.n == 0);
}

enum err near_parse(struct req *rq, const struct fhir_criterion *c, struct str text,
                    struct fhir_value *ret_v)
{
    struct str rest = text;
    struct str part[4] = {{NULL, 0}};
    size_t n = 0;
    while (n < LEN(part) && query_cut(&rest, '|', &part[n])) {
        part[n] = query_unescape(rq, part[n]);
        n++;
    }
    bool ok = n >= 2 && rest.p == NULL && degrees(part[0], 90, &ret_v->near.lat) &&
              degrees(part[1], 180, &ret_v->near.lon) &&
              metres(part[2], part[3], &ret_v->near.metres);
    return ok ? OK
              : query_refuse(rq, T("near takes latitude|longitude|distance|units: degrees, and km, m or "
                                   "[mi_i]."), c->param);
}

bool near_meets(const struct fhir_value *v, struct jv position)
{
    double lat = 0;
    double lon = 0;
    struct jv a = json_get(position, S("latitude"));
    struct jv b = json_get(position, S("longitude"));
    return json_kind(a) == JSON_NUMBER && json_kind(b) == JSON_NUMBER &&
           degrees(json_raw(a), 90, &lat) && degrees(json_raw(b), 180, &lon) &&
           near_distance_m(v->near.lat, v->near.lon, lat, lon) <= v->near.metres;
}
