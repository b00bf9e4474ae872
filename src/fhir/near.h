/* fhir/near.h - Location?near=latitude|longitude|distance|units (R4 location.html#positional): by the great
 * circle between two places on a sphere. No index rows: Locations are few, and a search that looks at too
 * many of them answers in pages. */
#pragma once

#include "fhir/query.h"

/* Is p that parameter? */
bool near_is(const struct fhir_param *p);
/* Reads "lat|lon", "lat|lon|distance", "lat|lon|distance|units": UCUM km (the default), m, cm, [mi_i],
 * [mi_us], [ft_i]. Without a distance: 50 km. errors E_BAD_INPUT, with an issue */
MUST_USE enum err near_parse(struct req *rq, const struct fhir_criterion *c, struct str text,
                             struct fhir_value *ret_v);
/* Is a Location.position within the distance? */
bool near_meets(const struct fhir_value *v, struct jv position);
/* Metres between two places given in degrees. */
double near_distance_m(double lat_a, double lon_a, double lat_b, double lon_b);
