/* care/patient.h - finding and registering patients.
 *
 * Who may find whom: with a complete identifier anybody who may ask or register finds the patient,
 * sees name, birth date and sex to be sure of the person, and no more; the look is on record. By name
 * and birth date one finds the patients of the own organisation and those one has a case with. */
#pragma once

#include "care/form.h"
#include "codec/ident.h"
#include "codec/json.h"

struct tx;

/* A kind of patient identifier: rows of the table in patient.c. */
struct id_kind {
    struct str code;      /* "iin", as in policy profiles and forms */
    struct str system;    /* identifier system in Patient.identifier */
    const char *title;    /* msgid */
    enum ident_kind check; /* IDENT_KIND_COUNT: digits only, n_digits of them */
    unsigned n_digits;
};
const struct id_kind *id_kind_find(struct str code);
const struct id_kind *id_kind_of_system(struct str system);
/* The i-th kind; NULL past the end. */
const struct id_kind *id_kind_at(unsigned i);

/* A number as people write it: a SNILS as 112-233-445 95, others as they are. p NULL past the cap. */
struct patient_id;
struct str patient_id_shown(struct arena *a, const struct patient_id *id);

struct patient_id {
    const struct id_kind *kind; /* NULL: a system we do not know */
    struct str system, value;
};

/* A patient for showing. */
struct patient {
    struct str id;
    int64_t rid;
    uint64_t version;
    struct str name;       /* family, given, middle; empty when unidentified */
    struct str family, given, middle;
    struct str sex;        /* FHIR administrative-gender: male, female, other, unknown */
    struct str birth_date; /* YYYY-MM-DD, YYYY or empty */
    int age_years;         /* -1 when unknown */
    int age_months;        /* for children under 3 years: months in all; else -1 */
    struct patient_id ids[6];
    uint32_t n_ids;
    struct str phone, address;
    struct str org;        /* Organization that registered */
    bool unidentified;
    bool deceased;
    bool may_see;          /* false: only name, birth date, sex and the identifier typed are given */
};

/* Reads a Patient's JSON. */
void patient_read(struct req *rq, struct jv v, struct patient *ret_patient);
/* By its row, without putting a look on record: for comparing with. errors  E_NOT_FOUND, E_GONE */
MUST_USE enum err patient_load(struct req *rq, int64_t rid, struct patient *ret_patient);
/* For the page of a patient or a case; the look is put on record.
 * errors  E_NOT_FOUND */
MUST_USE enum err patient_get(struct req *rq, struct str id, struct patient *ret_patient);

/* The patient of an own draft: chosen after a complete number or from those one may see. Who may not
 * see more gets who it is and no more. ret_json (may be NULL): the resource, to compare files with.
 * The look is put on record.
 * errors  E_NOT_FOUND */
MUST_USE enum err patient_asked(struct req *rq, struct str id, struct patient *ret_patient,
                                struct patient *ret_whole);

/* By a complete identifier as typed (blanks and dashes are passed over).
 * ret_patient is untouched when nobody is found. The search is put on record.
 * errors  E_BAD_INPUT  not a right number of that kind (detail: "id: shape" or "id: check digit")
 *         E_NOT_FOUND  nobody has it; E_FORBIDDEN  may neither ask nor register */
MUST_USE enum err patient_find_id(struct req *rq, struct str kind, struct str typed,
                                  struct patient *ret_patient);
/* By the beginning of the name (any parts, in any case, е for ё, without special letters) and the
 * birth date (empty: any). At most n; only those the person may see. */
MUST_USE enum err patient_find_name(struct req *rq, struct str name, struct str birth_date,
                                    struct patient *ret_patients, uint32_t n, uint32_t *ret_n);

/* Registers a patient from form fields: family, given, middle, birth-date, sex, id-kind, id, phone,
 * address; or unidentified=true with sex, age (years, about) and note. Faults go to ret_problems and
 * nothing is written. What the number says of birth date and sex is compared with what was typed: a
 * difference is a problem until confirm=true is among the fields.
 * ret_id: the new patient; or, with E_CONFLICT, the one who has this number already.
 * errors  E_BAD_INPUT see ret_problems; E_FORBIDDEN; E_CONFLICT (also from the commit) */
MUST_USE enum err patient_register(struct req *rq, struct tx *tx, const struct fields *typed,
                                   struct problems *ret_problems, struct str *ret_id);
