/* fhir/profile_fuzz.c - any profile over any resource: validation ends with issues within their limit. The
 * input is an array: the profile (a StructureDefinition, or a Bundle with value sets and code systems
 * beside it), then the resource. */
#include "fhir/fuzz_int.h"
#include "fhir/library.h"
#include "fhir/profile.h"
#include "fhir/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct req once;
    static const struct fhir_rules *rules;
    struct req rq;
    struct json_doc doc;
    struct profile p;
    if (rules == NULL) {
        req_init(&once, (size_t)256 << 20, (struct instant){0});
        ASSERT(fhir_rules_new(&once, NULL, &rules) == OK);
    }
    req_init(&rq, 64u << 20, (struct instant){INT64_C(1790000000000)});
    struct fhir_library *lib = fhir_library_new(rq.a);
    if (json_parse(&rq, (struct str){(const char *)data, size}, NULL, &doc) == OK) {
        struct jv profile = json_at(json_root(&doc), 0);
        struct jv resource = json_at(json_root(&doc), 1);
        if (json_kind(profile) == JSON_OBJECT && json_kind(resource) == JSON_OBJECT
            && fhir_library_add(&rq, lib, profile) == OK) {
            if (profile_read(&rq, profile, &p) == OK) {
                ASSERT(p.n > 0 && p.n <= PROFILE_ELEMENTS_MAX);
            }
            err_clear(&rq);
            enum fhir_type type =
                fhir_type_find(json_str(rq.a, json_get(resource, S("resourceType"))));
            struct fhir_check check = {.lib = lib, .rules = rules, .flags = FHIR_WARNINGS,
                                       .profile = json_str(rq.a, json_get(profile, S("url")))};
            enum err e = type != T_NONE ? fhir_validate_as(&rq, resource, type, &check) : OK;
            ASSERT(e == OK || e == E_UNPROCESSED || e == E_TOO_LARGE);
            ASSERT(rq.issues == NULL || rq.issues->n <= FHIR_ISSUES_MAX);
        }
    }
    req_done(&rq);
    return 0;
}
