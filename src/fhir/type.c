/* fhir/type.c - the resource types. See type.h. */
#include "fhir/type.h"

static const struct {
    struct str name;
    struct str date;
    enum fhir_hangs hangs;
} rows[T_COUNT] = {
    [T_NONE] = {SI(""), SI(""), NOT_KEPT},
#define X(type, text, date, hangs) [type] = {SI(text), SI(date), hangs},
#include "fhir/type.def"
#undef X
};

struct str fhir_type_name(enum fhir_type type)
{
    return rows[type < T_COUNT ? type : T_NONE].name;
}

enum fhir_type fhir_type_find(struct str name)
{
    for (unsigned i = 1; i < T_COUNT; i++) {
        if (str_eq(rows[i].name, name)) {
            return (enum fhir_type)i;
        }
    }
    return T_NONE;
}

struct str fhir_type_date(enum fhir_type type)
{
    return rows[type < T_COUNT ? type : T_NONE].date;
}

enum fhir_hangs fhir_type_hangs(enum fhir_type type)
{
    return rows[type < T_COUNT ? type : T_NONE].hangs;
}

bool fhir_type_is_clinical(enum fhir_type type)
{
    enum fhir_hangs hangs = fhir_type_hangs(type);
    return hangs == HANGS_ON_ITSELF || hangs == HANGS_ON_CASE || type == T_AUDIT_EVENT;
}

bool fhir_id_is_valid(struct str id)
{
    if (id.n < 1 || id.n > 64) {
        return false;
    }
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.';
        if (!ok) {
            return false;
        }
    }
    return true;
}
