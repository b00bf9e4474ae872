/* fhir/defs_test.c - the compiled definitions: what R4 counts, and looking things up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fhir/defs_int.h"

static const struct {
    const char *type;
    const char *member;
    const char *path; /* "" when there must be none */
    const char *value;
} members[] = {
    {"Patient", "birthDate", "Patient.birthDate", "date"},
    {"Patient", "id", "Patient.id", "id"},
    {"Patient", "contact", "Patient.contact", "Patient.contact"},
    {"Patient.contact", "gender", "Patient.contact.gender", "code"},
    {"Patient.contact", "id", "Patient.contact.id", "string"},
    {"Patient", "deceasedBoolean", "Patient.deceased[x]", "boolean"},
    {"Patient", "deceased", "", ""},
    {"Patient", "deceasedString", "", ""},
    {"Patient", "nothing", "", ""},
    {"Patient", "resourceType", "", ""},
    {"Observation", "valueQuantity", "Observation.value[x]", "Quantity"},
    {"Observation", "component", "Observation.component", "Observation.component"},
    {"Observation.component", "referenceRange", "Observation.component.referenceRange",
     "Observation.referenceRange"},
    {"Questionnaire.item", "item", "Questionnaire.item.item", "Questionnaire.item"},
    {"Extension", "valueBase64Binary", "Extension.value[x]", "base64Binary"},
    {"Extension", "url", "Extension.url", "uri"},
    {"Age", "value", "Age.value", "decimal"},
    {"Timing.repeat", "boundsPeriod", "Timing.repeat.bounds[x]", "Period"},
    {"Bundle.entry", "resource", "Bundle.entry.resource", "Resource"},
    {"ResearchStudy.arm", "name", "ResearchStudy.arm.name", "string"},
    {"ResearchStudy", "label", "", ""},
    {"Meta", "project", "", ""},
    {"string", "value", "", ""},
    {"string", "extension", "string.extension", "Extension"},
};

static void members_are_found(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    for (size_t i = 0; i < LEN(members); i++) {
        uint16_t value = 0;
        uint16_t type = def_find(d, str_z(members[i].type));
        const struct def_elem *e = def_child(d, type, str_z(members[i].member), &value);
        struct str path = e != NULL ? def_str(d, e->path) : S("");
        if (type == 0 || !str_eq(path, str_z(members[i].path)) ||
            !str_eq(def_type_name(d, value), str_z(members[i].value))) {
            fail_msg("row %zu: %.*s of %.*s", i, STR_ARG(path), STR_ARG(def_type_name(d, value)));
        }
    }
}

static void stems_and_bases(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    uint16_t obs = def_find(d, S("Observation"));
    const struct def_elem *e = def_stem(d, obs, S("value"));
    assert_non_null(e);
    assert_int_equal(e->n_type, 11);
    assert_int_equal(def_stem(d, obs, S("valueQuantity")), NULL);
    assert_non_null(def_stem(d, obs, S("code")));
    assert_true(def_is_a(d, obs, def_find(d, S("Resource"))));
    assert_true(def_is_a(d, def_find(d, S("Age")), def_find(d, S("Quantity"))));
    assert_true(def_is_a(d, def_find(d, S("code")), def_find(d, S("string"))));
    assert_true(def_is_a(d, def_find(d, S("Patient.contact")), def_find(d, S("BackboneElement"))));
    assert_false(def_is_a(d, def_find(d, S("string")), def_find(d, S("code"))));
    assert_int_equal(def_find(d, S("System.Quantity")), DEF_SYS_QUANTITY);
    assert_int_equal(def_find(d, S("Bot")), 0);
    assert_int_equal(def_type_row(d, def_of_fhir_type(d, T_OBSERVATION))->fhir_type,
                     T_OBSERVATION);
    const struct def_elem *ref = def_stem(d, def_find(d, S("MeasureReport")), S("subject"));
    assert_int_equal(ref->n_target, 7);
}

/* R4 in numbers: 146 + 2 resources, 41 complex types, 20 primitives; 7675 elements in their
 * snapshots, roots included. */
static void counts_of_r4(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    unsigned kinds[DEF_ABSTRACT + 1] = {0};
    unsigned elements = 0;
    unsigned choices = 0;
    unsigned same = 0;
    for (uint16_t i = 1; i < def_type_count(d); i++) {
        const struct def_type *t = def_type_row(d, i);
        kinds[t->kind]++;
        elements += t->n_elem + (t->kind != DEF_BACKBONE && t->kind != DEF_SYSTEM ? 1 : 0);
    }
    for (uint32_t i = 1; i < def_elem_count(d); i++) {
        const struct def_elem *e = def_elem_row(d, i);
        choices += (e->flags & DEF_CHOICE) != 0 ? 1 : 0;
        same += (e->flags & DEF_CONTENT_REF) != 0 ? 1 : 0;
        assert_true(e->n_type == 1 || (e->flags & DEF_CHOICE) != 0);
    }
    assert_int_equal(kinds[DEF_RESOURCE], 146);
    assert_int_equal(kinds[DEF_PRIMITIVE], 20);
    assert_int_equal(kinds[DEF_COMPLEX] + kinds[DEF_ABSTRACT], 41 + 2);
    assert_int_equal(elements, 7675);
    assert_int_equal(choices, 186);
    assert_int_equal(same, 55);
    assert_int_equal(def_inv_count(d), 239 + 1); /* one of SimpleQuantity, a profile */
}

static void first_invariants(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    assert_true(str_eq(def_str(d, def_inv_row(d, DEF_INV_ELE_1)->key), S("ele-1")));
    assert_true(str_eq(def_str(d, def_inv_row(d, DEF_INV_EXT_1)->key), S("ext-1")));
}

static const struct {
    enum fhir_type type;
    const char *name;
    uint16_t sp;
    enum def_param_kind kind;
    const char *expr;
    unsigned targets;
} params[] = {
    {T_PATIENT, "identifier", 101, DEF_SP_TOKEN, "Patient.identifier", 0},
    {T_PATIENT, "phone", 107, DEF_SP_TOKEN, "Patient.telecom.where(system='phone')", 0},
    {T_PATIENT, "_tag", 30010, DEF_SP_TOKEN, "Resource.meta.tag", 0},
    {T_PATIENT, "_id", 0, DEF_SP_TOKEN, "Resource.id", 0},
    {T_OBSERVATION, "patient", 1903, DEF_SP_REFERENCE,
     "Observation.subject.where(resolve() is Patient)", 2},
    {T_OBSERVATION, "value-quantity", 1908, DEF_SP_QUANTITY,
     "(Observation.value.ofType(Quantity)) | (Observation.value.ofType(SampledData))", 0},
    {T_TASK, "subject", 1002, DEF_SP_REFERENCE, "Task.for", 0},
};

static void search_parameters(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    for (size_t i = 0; i < LEN(params); i++) {
        const struct def_param *p = def_param_find(d, params[i].type, str_z(params[i].name));
        if (p == NULL || def_param_sp(p, params[i].type) != params[i].sp ||
            p->kind != params[i].kind || p->n_target != params[i].targets ||
            !str_eq(def_str(d, p->expr), str_z(params[i].expr))) {
            fail_msg("row %zu %.*s", i, STR_ARG(def_str(d, p != NULL ? p->expr : 0)));
        }
    }
    assert_null(def_param_find(d, T_DETECTED_ISSUE, S("status")));
    const struct def_param *c = def_param_find(d, T_OBSERVATION, S("code-value-quantity"));
    assert_int_equal(c->n_comp, 2);
    assert_true(str_eq(def_str(d, def_param_comp(d, c, 1)->expr), S("value.ofType(Quantity)")));
    assert_int_equal(def_param_row(d, def_param_comp(d, c, 1)->param)->kind, DEF_SP_QUANTITY);
    size_t n;
    size_t all = 0;
    for (unsigned t = 0; t < T_COUNT; t++) {
        const struct def_param *run = def_params(d, (enum fhir_type)t, &n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(run[i].fhir_type, t);
        }
        all += n;
    }
    assert_int_equal(all, 1706);
}

static const struct {
    const char *set;
    const char *system; /* "" any */
    const char *code;
    enum def_in in;
} codes[] = {
    {"administrative-gender", "", "male", DEF_IN},
    {"administrative-gender", "", "m", DEF_OUT},
    {"administrative-gender", "http://hl7.org/fhir/administrative-gender", "other", DEF_IN},
    {"administrative-gender", "http://other", "other", DEF_OUT},
    {"mimetypes", "", "application/fhir+json", DEF_IN},
    {"mimetypes", "", "text", DEF_OUT},
    {"currencies", "", "KZT", DEF_IN},
    {"currencies", "", "tenge", DEF_OUT},
    {"all-languages", "", "kk-KZ", DEF_IN},
    {"all-languages", "", "k z", DEF_OUT},
    {"units-of-time", "", "min", DEF_IN},
    {"units-of-time", "", "minute", DEF_OUT},
    {"ucum-units", "", "mg", DEF_IN},
    {"ucum-units", "", "milligram", DEF_OUT},
    {"observation-codes", "", "8867-4", DEF_UNSURE},
    {"resource-types", "", "Patient", DEF_IN},
    {"condition-clinical", "", "active", DEF_IN},
    {"condition-clinical", "", "on", DEF_OUT},
    {"jurisdiction", "http://unitsofmeasure.org", "km", DEF_OUT},
    {"jurisdiction", "urn:iso:std:iso:3166", "KZ", DEF_UNSURE},
    {"nothing", "", "x", DEF_UNSURE},
};

static void value_sets(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    for (size_t i = 0; i < LEN(codes); i++) {
        char url[128];
        snprintf(url, sizeof(url), "http://hl7.org/fhir/ValueSet/%s|4.0.1", codes[i].set);
        struct str system = codes[i].system[0] != 0 ? str_z(codes[i].system) : (struct str){NULL, 0};
        if (def_set_has(d, def_set_find(d, str_z(url)), system, str_z(codes[i].code)) != codes[i].in) {
            fail_msg("row %zu: %s in %s", i, codes[i].code, codes[i].set);
        }
    }
    const struct def_concept *c = def_concept_find(d, S("http://hl7.org/fhir/administrative-gender"),
                                                   S("female"));
    assert_true(str_eq(def_str(d, c->display), S("Female")));
}

/* Every required binding is known in full, but for the units of UCUM and one list of LOINC. */
static void required_bindings_are_known(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    unsigned n = 0;
    uint16_t unknown[8] = {0};
    for (uint32_t i = 1; i < def_elem_count(d); i++) {
        const struct def_elem *e = def_elem_row(d, i);
        const struct def_set *s = def_set_row(d, e->binding);
        bool fresh = e->strength == DEF_REQUIRED && s->kind == DEF_SET_PARTLY;
        for (unsigned k = 0; k < n; k++) {
            fresh = fresh && unknown[k] != e->binding;
        }
        if (fresh) {
            assert_true(n < LEN(unknown));
            unknown[n++] = e->binding;
        }
    }
    assert_int_equal(n, 1);
    assert_true(str_eq(def_str(d, def_set_row(d, unknown[0])->url), S("http://loinc.org/vs/LL379-9")));
}

/* No required binding takes a code system of HL7 v2 or v3 as a whole, so that where the package differs
 * from R4 there (overlay.json, keep-codes) nothing that is written is judged by it. */
static void required_bindings_take_no_v2_or_v3_systems(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    const struct str v2 = SI("http://terminology.hl7.org/CodeSystem/v2-");
    const struct str v3 = SI("http://terminology.hl7.org/CodeSystem/v3-");
    for (uint32_t i = 1; i < def_elem_count(d); i++) {
        const struct def_elem *e = def_elem_row(d, i);
        const struct def_set *s = def_set_row(d, e->binding);
        for (uint32_t k = 0; e->strength == DEF_REQUIRED && k < s->n; k++) {
            struct str url = def_str(d, def_code_system_row(d, def_set_concept(d, s, k)->system)->url);
            bool listed = str_eq(def_str(d, s->url), S("http://hl7.org/fhir/ValueSet/event-timing")) ||
                          str_ends(def_str(d, s->url), S("/v3-ConfidentialityClassification"));
            assert_true(listed || !(str_starts(url, v2) || str_starts(url, v3)));
        }
    }
    uint16_t set = def_set_find(d, S("http://terminology.hl7.org/ValueSet/v3-ConfidentialityClassification"));
    assert_int_equal(def_set_row(d, set)->kind, DEF_SET_LISTED);
    assert_int_equal(def_set_row(d, set)->n, 6); /* L M N R U V */
}

static void compartments(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    bool itself;
    assert_true(def_is_compartment(d, T_PATIENT));
    assert_false(def_is_compartment(d, T_GROUP));
    const struct def_param *p = def_compartment_param(d, T_PATIENT, T_OBSERVATION, 0, &itself);
    assert_true(str_eq(def_str(d, p->name), S("subject")));
    assert_non_null(def_compartment_param(d, T_PATIENT, T_OBSERVATION, 1, &itself));
    assert_null(def_compartment_param(d, T_PATIENT, T_OBSERVATION, 2, &itself));
    assert_false(itself);
    assert_non_null(def_compartment_param(d, T_PATIENT, T_PATIENT, 0, &itself));
    assert_null(def_compartment_param(d, T_PATIENT, T_PATIENT, 1, &itself));
    assert_null(def_compartment_param(d, T_ENCOUNTER, T_ENCOUNTER, 0, &itself));
    assert_true(itself);
    assert_null(def_compartment_param(d, T_PATIENT, T_VALUE_SET, 0, &itself));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(stems_and_bases),
        cmocka_unit_test(counts_of_r4),
        cmocka_unit_test(first_invariants),
        cmocka_unit_test(search_parameters),
        cmocka_unit_test(value_sets),
        cmocka_unit_test(required_bindings_are_known),
        cmocka_unit_test(required_bindings_take_no_v2_or_v3_systems),
        cmocka_unit_test(compartments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
