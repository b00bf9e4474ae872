/* fhir/extract.h - what the index keeps of a resource: tuples, by the search parameter table. */
#pragma once

#include "codec/decimal.h"
#include "codec/json.h"
#include "fhir/param.h"
#include "store/tx.h"

struct fhir_tuples {
    struct tuple *v;
    size_t n;
    size_t size; /* allocated */
};

enum { FHIR_TUPLES_MAX = 128 * 1024 }; /* of one resource */

/* Adds the tuples of every parameter of the type. Texts live in rq->a; hashes are those of rq->db.
 * errors   E_TOO_LARGE  more than FHIR_TUPLES_MAX, or the arena's cap */
MUST_USE enum err fhir_extract(struct req *rq, struct jv root, enum fhir_type type,
                               struct fhir_tuples *ret_tuples);
/* The same for one parameter (not an alias). */
MUST_USE enum err fhir_extract_param(struct req *rq, struct jv root, const struct fhir_param *p,
                                     struct fhir_tuples *ret_tuples);

/* Fills in the rows of references, as the store does: of a resource nobody has named yet 0. */
MUST_USE enum err fhir_tuples_resolve(struct req *rq, struct fhir_tuples *tuples);

/* Calls fn for every value at the parameter's paths. */
typedef enum err (*fhir_value_fn)(struct jv v, void *ctx);
MUST_USE enum err fhir_param_each(struct jv root, const struct fhir_param *p, fhir_value_fn fn,
                                  void *ctx);

/* The tuples of one value of a parameter, as fhir_extract makes them. */
MUST_USE enum err fhir_extract_value(struct req *rq, struct jv v, const struct fhir_param *p,
                                     struct fhir_tuples *ret_tuples);
/* Calls fn for every value of the i-th component of an element a composite parameter is about. */
MUST_USE enum err fhir_composite_values(struct jv element, const struct fhir_param *p, size_t i,
                                        fhir_value_fn fn, void *ctx);
/* Calls fn for every element a composite parameter is about, with the tuples of each component. */
typedef enum err (*fhir_composite_fn)(struct jv element, const struct fhir_tuples *parts, size_t n,
                                      void *ctx);
MUST_USE enum err fhir_composite_each(struct req *rq, struct jv root, const struct fhir_param *p,
                                      fhir_composite_fn fn, void *ctx);
/* Composites of a code and a quantity have rows of their own: each code with each number of one element, as
 * a quantity whose unit is this key. code, sys: of the code; unit: of the quantity, 0: none asked for. */
uint64_t fhir_pair_key(uint64_t code, uint32_t sys, uint64_t unit);
/* The unit under which a quantity is kept, and the index keys of its numbers in that unit: values in UCUM
 * units that convert into each other meet (on their base units), others by their code. system and code as
 * in Quantity, code not empty; n is at most 3. */
void fhir_quantity_key(struct req *rq, struct str system, struct str code,
                       const struct decimal *values, size_t n, uint64_t *ret_unit,
                       double *ret_keys);
/* The index key of a number. */
double fhir_decimal_double(struct req *rq, const struct decimal *d);

/* The span a date, dateTime, instant, Period or Timing covers; false when it has none. */
bool fhir_date_span(struct arena *a, struct jv v, int64_t *ret_lo_ms, int64_t *ret_hi_ms);
/* Open ends of periods. */
#define FHIR_TIME_MIN (INT64_MIN / 4)
#define FHIR_TIME_MAX (INT64_MAX / 4)
/* An index key of a decimal's text; false when it is none. Not for display or arithmetic. */
bool fhir_decimal_key(struct str text, double *ret_value);
/* "Type/id", "http.../Type/id", with or without /_history/v: type and id. T_NONE when it names no
 * type of this server. */
enum fhir_type fhir_ref_split(struct str ref, struct str *ret_id);
/* Folded form under which strings are compared; in rq->a. */
struct str fhir_fold(struct req *rq, struct str text);
/* A phone number or address of mail without blanks, dashes and brackets, in lower case. */
struct str fhir_contact_key(struct req *rq, struct str text);
