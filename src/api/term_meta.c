/* api/term_meta.c - the TerminologyCapabilities of this server (R4 terminologycapabilities.html):
 * /fhir/metadata with mode=terminology. */
#include "api/term_int.h"

#include "fhir/validate.h"

static void system_write(struct json_out *o, struct str url, struct str version)
{
    json_obj(o);
    json_ks(o, S("uri"), url);
    if (version.n > 0) {
        json_k(o, S("version"));
        json_arr(o);
        json_obj(o);
        json_ks(o, S("code"), version);
        json_obj_end(o);
        json_arr_end(o);
    }
    json_kb(o, S("subsumption"), true);
    json_obj_end(o);
}

static void own_write(struct http_req *h, struct json_out *o, const struct fhir_library *lib)
{
    const struct fhir_extra *x = fhir_library_extra(lib);
    for (uint32_t i = 0; i < fhir_library_size(lib); i++) {
        struct jv v = fhir_library_at(lib, i);
        if (json_is(json_get(v, S("resourceType")), S("CodeSystem"))) {
            system_write(o, json_str(h->rq.a, json_get(v, S("url"))),
                         json_str(h->rq.a, json_get(v, S("version"))));
        }
    }
    if (x != NULL && x->size(&h->rq) > 0) {
        system_write(o, x->url, S(""));
    }
}

/* Those of R4 of which all codes are here. */
static void defined_write(struct http_req *h, struct json_out *o)
{
    const struct defs *d = fhir_defs();
    for (uint16_t i = 1; i < def_code_system_count(d); i++) {
        const struct def_system_row *row = def_code_system_row(d, i);
        if (row->complete != 0 && row->n > 0) {
            system_write(o, def_str(d, row->url), terms_defined_version(&h->rq, row));
        }
    }
}

static void operations_write(struct json_out *o)
{
    json_k(o, S("expansion"));
    json_v_raw(o, S("{\"hierarchical\":false,\"paging\":true,\"incomplete\":true,\"parameter\":["
                    "{\"name\":\"url\"},{\"name\":\"valueSet\"},{\"name\":\"valueSetVersion\"},"
                    "{\"name\":\"filter\"},{\"name\":\"offset\"},{\"name\":\"count\"},"
                    "{\"name\":\"includeDesignations\"},{\"name\":\"designation\"},"
                    "{\"name\":\"activeOnly\"},{\"name\":\"excludeNested\"},"
                    "{\"name\":\"excludeNotForUI\"},{\"name\":\"displayLanguage\"},"
                    "{\"name\":\"exclude-system\"},{\"name\":\"system-version\"},"
                    "{\"name\":\"check-system-version\"},{\"name\":\"force-system-version\"},"
                    "{\"name\":\"limitedExpansion\"}],"
                    "\"textFilter\":\"Every word of the filter stands in the code or its display; case, "
                    "and e for yo in Russian, do not count.\"}"));
    json_ks(o, S("codeSearch"), S("all"));
    json_k(o, S("validateCode"));
    json_v_raw(o, S("{\"translations\":true}"));
    json_k(o, S("translation"));
    json_v_raw(o, S("{\"needsMap\":true}"));
    json_k(o, S("closure"));
    json_v_raw(o, S("{\"translation\":false}"));
}

enum err term_capabilities(struct http_req *h)
{
    const struct fhir_library *lib = fhir_rules_library(db_rules(h->rq.db));
    struct buf b;
    struct buf date;
    struct json_out o;
    buf_init(&date, h->rq.a, 64);
    instant_write(&date, h->rq.now);
    buf_init(&b, h->rq.a, 8 << 20);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("resourceType"), S("TerminologyCapabilities"));
    json_ks(&o, S("name"), S("Consilium"));
    json_ks(&o, S("status"), S("active"));
    json_ks(&o, S("date"), buf_get(&date));
    json_ks(&o, S("description"),
            S("Code systems and value sets of the content, of R4, of ICD-10 as far as it was brought, "
              "and those stored here, which are not listed: CodeSystem?_elements=url,version."));
    json_ks(&o, S("kind"), S("instance"));
    json_k(&o, S("software"));
    json_v_raw(&o, S("{\"name\":\"Consilium\"}"));
    json_k(&o, S("implementation"));
    json_obj(&o);
    json_ks(&o, S("description"), S("Consilium"));
    json_ks(&o, S("url"), api_base(h));
    json_obj_end(&o);
    json_kb(&o, S("lockedDate"), false);
    json_k(&o, S("codeSystem"));
    json_arr(&o);
    own_write(h, &o, lib);
    defined_write(h, &o);
    json_arr_end(&o);
    operations_write(&o);
    json_obj_end(&o);
    return buf_ok(&b) ? api_reply(h, 200, buf_get(&b)) : FAIL(&h->rq, E_TOO_LARGE, "statement");
}
