/* fhir/terms_fuzz.c - any value set over any code system: a list, or the reason why there is none, within the
 * limits; what is listed is in the set. The input is a ValueSet, a zero byte, and a CodeSystem; without one
 * a fixed one stands in. */
#include "fhir/terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fixed[] =
    "{\"resourceType\":\"CodeSystem\",\"url\":\"urn:s\",\"content\":\"complete\",\"caseSensitive\":false,"
    "\"concept\":[{\"code\":\"a\",\"property\":[{\"code\":\"p\",\"valueInteger\":1}],\"concept\":[{\"code\":"
    "\"b\",\"property\":[{\"code\":\"child\",\"valueCode\":\"a\"}]}]},{\"code\":\"c\",\"display\":\"C\"}]}";

static void run(struct req *rq, const struct fhir_library *lib, struct jv resource)
{
    const struct term_set *set = NULL;
    struct term_list list;
    if (terms_set_of(rq, lib, resource, &set) != OK || term_set_list(rq, set, &list) != OK) {
        return;
    }
    for (size_t i = 0; i < list.n && i < 100; i++) {
        enum def_in in = DEF_OUT;
        const struct term *t = list.v[i];
        enum err e = term_set_has(rq, set, t->system, t->code, &in, NULL);
        ASSERT(e != OK || in == DEF_IN);
        (void)term_display(rq, t, S("ru"));
        (void)term_is_called(rq, t, t->code);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str definition = {(const char *)data, size};
    size_t end = str_find_char(definition, '\0');
    struct str text = str_sub(definition, end + 1, size);
    struct json_doc doc;
    struct json_doc system;
    struct req rq;
    definition.n = end;
    req_init(&rq, 32 << 20, (struct instant){1790000000000});
    struct fhir_library *lib = fhir_library_new(rq.a);
    text = text.n == 0 ? str_z(fixed) : text;
    if (lib != NULL && json_parse(&rq, definition, NULL, &doc) == OK &&
        json_parse(&rq, text, NULL, &system) == OK &&
        fhir_library_add(&rq, lib, json_root(&system)) == OK &&
        fhir_library_add(&rq, lib, json_root(&doc)) == OK) {
        lib = fhir_library_over(&rq, lib, NULL, NULL);
        if (lib != NULL) {
            run(&rq, lib, json_root(&doc));
        }
    }
    req_done(&rq);
    return 0;
}
