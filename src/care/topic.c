/* care/topic.c - reading topics. See topic.h. */
#include "care/topic.h"

#include "fhir/path.h"

#define R5_TOPIC "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic."

static unsigned ops_read(struct req *rq, struct jv list)
{
    unsigned ops = 0;
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct str code = json_str(rq->a, v);
        ops |= str_eq(code, S("create"))   ? ON_CREATE
               : str_eq(code, S("update")) ? ON_UPDATE
               : str_eq(code, S("delete")) ? ON_DELETE
                                           : 0U;
    }
    return ops;
}

static enum err path_read(struct req *rq, struct jv v, struct topic_trigger *t)
{
    struct path_prog *prog = NULL;
    struct str expr = json_str(rq->a, json_get(v, S("fhirPathCriteria")));
    if (expr.n == 0) {
        return OK;
    }
    uint16_t type = def_find(fhir_defs(), fhir_type_name(t->type));
    TRY(path_compile(rq, fhir_defs(), expr, type, 0, &prog));
    t->path = prog;
    return OK;
}

static enum err trigger_read(struct req *rq, struct jv v, struct topic_trigger *ret_t)
{
    struct jv q = json_get(v, S("queryCriteria"));
    struct topic_trigger t = {
        .type = fhir_type_find(json_str(rq->a, json_get(v, S("resource")))),
        .ops = ops_read(rq, json_get(v, S("supportedInteraction"))),
        .current = json_str(rq->a, json_get(q, S("current"))),
        .previous = json_str(rq->a, json_get(q, S("previous"))),
        .both = json_true(json_get(q, S("requireBoth"))),
        .create_passes = !json_is(json_get(q, S("resultForCreate")), S("test-fails")),
        .delete_passes = !json_is(json_get(q, S("resultForDelete")), S("test-fails")),
    };
    if (t.type == T_NONE || t.type == T_SUBSCRIPTION || fhir_type_hangs(t.type) == NOT_KEPT
        || t.ops == 0) {
        return FAIL(rq, E_BAD_INPUT, "resource or supportedInteraction");
    }
    TRY(path_read(rq, v, &t));
    *ret_t = t;
    return OK;
}

static enum err triggers_read(struct req *rq, struct jv list, struct topic *t)
{
    uint32_t n = json_len(list);
    uint32_t i = 0;
    struct topic_trigger *all = ARENA_ARRAY(rq->a, n, struct topic_trigger);
    TRY_MEM(rq, all);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        TRY(trigger_read(rq, v, &all[i++]));
    }
    t->triggers = all;
    t->n_triggers = n;
    return n > 0 ? OK : FAIL(rq, E_BAD_INPUT, "resourceTrigger");
}

static enum err filters_read(struct req *rq, struct jv list, struct topic *t)
{
    uint32_t n = json_len(list);
    uint32_t i = 0;
    struct topic_filter *all = ARENA_ARRAY(rq->a, n, struct topic_filter);
    TRY_MEM(rq, all);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v), i++) {
        all[i].type = fhir_type_find(json_str(rq->a, json_get(v, S("resource"))));
        all[i].name = json_str(rq->a, json_get(v, S("filterParameter")));
        if (all[i].type == T_NONE || all[i].name.n == 0) {
            return FAIL(rq, E_BAD_INPUT, "canFilterBy");
        }
    }
    t->filters = all;
    t->n_filters = n;
    return OK;
}

static enum err topic_read(struct req *rq, struct jv v, struct topic *ret_topic)
{
    *ret_topic = (struct topic){.url = json_str(rq->a, json_get(v, S("url"))),
                                .title = json_str(rq->a, json_get(v, S("title"))),
                                .description = json_str(rq->a, json_get(v, S("description")))};
    if (ret_topic->url.n == 0 || ret_topic->title.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "url or title");
    }
    TRY(triggers_read(rq, json_get(v, S("resourceTrigger")), ret_topic));
    return filters_read(rq, json_get(v, S("canFilterBy")), ret_topic);
}

enum err topics_load(struct req *rq, struct jv items, const struct topic **ret_topics,
                     uint32_t *ret_n)
{
    uint32_t n = json_len(items);
    uint32_t i = 0;
    struct topic *all = ARENA_ARRAY(rq->a, n, struct topic);
    TRY_MEM(rq, all);
    for (struct jv v = json_first(items); json_has(v); v = json_next(v), i++) {
        TRY(topic_read(rq, v, &all[i]));
    }
    *ret_topics = all;
    *ret_n = n;
    return OK;
}

const struct topic *topic_find(const struct content *c, struct str url)
{
    for (uint32_t i = 0; i < c->n_topics; i++) {
        if (str_eq(c->topics[i].url, url)) {
            return &c->topics[i];
        }
    }
    return NULL;
}

bool topic_has_filter(const struct topic *t, enum fhir_type type, struct str name)
{
    for (uint32_t i = 0; i < t->n_filters; i++) {
        if (t->filters[i].type == type && str_eq(t->filters[i].name, name)) {
            return true;
        }
    }
    return false;
}

bool topic_has_type(const struct topic *t, enum fhir_type type)
{
    for (uint32_t i = 0; i < t->n_triggers; i++) {
        if (t->triggers[i].type == type) {
            return true;
        }
    }
    return false;
}

static void part(struct json_out *o, struct str url, struct str value_key, struct str value)
{
    json_obj(o);
    json_ks(o, S("url"), url);
    json_ks(o, value_key, value);
    json_obj_end(o);
}

static void type_part(struct json_out *o, enum fhir_type type)
{
    static const struct str base = SI("http://hl7.org/fhir/StructureDefinition/");
    char text[128];
    struct str name = fhir_type_name(type);
    size_t n = 0;
    for (size_t i = 0; i < base.n; i++) {
        text[n++] = base.p[i];
    }
    for (size_t i = 0; i < name.n && n < sizeof text; i++) {
        text[n++] = name.p[i];
    }
    part(o, S("resource"), S("valueUri"), (struct str){text, n});
}

static void trigger_write(struct json_out *o, const struct topic_trigger *t)
{
    static const struct {
        unsigned op;
        struct str code;
    } ops[] = {{ON_CREATE, SI("create")}, {ON_UPDATE, SI("update")}, {ON_DELETE, SI("delete")}};
    json_obj(o);
    json_k(o, S("extension"));
    json_arr(o);
    type_part(o, t->type);
    for (size_t i = 0; i < LEN(ops); i++) {
        if ((t->ops & ops[i].op) != 0) {
            part(o, S("supportedInteraction"), S("valueCode"), ops[i].code);
        }
    }
    if (t->path != NULL) {
        part(o, S("fhirPathCriteria"), S("valueString"), path_prog_expr(t->path));
    }
    json_arr_end(o);
    json_ks(o, S("url"), S(R5_TOPIC "resourceTrigger"));
    json_obj_end(o);
}

void topic_write(struct json_out *o, const struct topic *t)
{
    json_obj(o);
    json_ks(o, S("resourceType"), S("Basic"));
    json_k(o, S("extension"));
    json_arr(o);
    part(o, S(R5_TOPIC "url"), S("valueUri"), t->url);
    part(o, S(R5_TOPIC "title"), S("valueString"), t->title);
    part(o, S(R5_TOPIC "status"), S("valueCode"), S("active"));
    if (t->description.n > 0) {
        part(o, S(R5_TOPIC "description"), S("valueMarkdown"), t->description);
    }
    for (uint32_t i = 0; i < t->n_triggers; i++) {
        trigger_write(o, &t->triggers[i]);
    }
    for (uint32_t i = 0; i < t->n_filters; i++) {
        json_obj(o);
        json_k(o, S("extension"));
        json_arr(o);
        type_part(o, t->filters[i].type);
        part(o, S("filterParameter"), S("valueString"), t->filters[i].name);
        json_arr_end(o);
        json_ks(o, S("url"), S(R5_TOPIC "canFilterBy"));
        json_obj_end(o);
    }
    json_arr_end(o);
    json_k(o, S("code"));
    json_v_raw(o, S("{\"coding\":[{\"system\":\"http://hl7.org/fhir/fhir-types\","
                    "\"code\":\"SubscriptionTopic\"}]}"));
    json_obj_end(o);
}
